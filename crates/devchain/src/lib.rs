#![doc = include_str!("../README.md")]
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    clippy::too_many_arguments,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "FRAME's macros write code that breaks these; they cannot be told to annotate it"
)]

pub mod genesis;
mod error;
mod node;
mod options;
pub mod pallets;
mod rpc;
pub mod runtime;

pub use error::{Error, Result};
pub use node::{Devchain, FIRST_SHIFTED_ERROR, Head, SEQUENCED_TAG, Setting};
pub use options::{Blocks, Options, Seat, Subnet, account};

use pallets::{aura, commitments, drand, subtensor};

// At the crate's root: Python's SCALE library finds the event type by a path of two segments.
frame_support::construct_runtime!(
    pub enum Runtime {
        System: frame_system = 0,
        Timestamp: pallet_timestamp = 2,
        Aura: aura = 3,
        Balances: pallet_balances = 5,
        TransactionPayment: pallet_transaction_payment = 6,
        SubtensorModule: subtensor = 7,
        Utility: pallet_utility = 11,
        Sudo: pallet_sudo = 12,
        Commitments: commitments = 18,
        Drand: drand = 26,
    }
);
