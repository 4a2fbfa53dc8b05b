#![doc = include_str!("../README.md")]
#![expect(
    missing_docs,
    reason = "construct_runtime! writes items without documentation, and at the root"
)]

#[warn(missing_docs)]
mod error;
#[warn(missing_docs)]
pub mod genesis;
#[warn(missing_docs)]
mod node;
#[warn(missing_docs)]
mod options;
#[warn(missing_docs)]
pub mod pallets;
#[warn(missing_docs)]
mod rpc;
#[warn(missing_docs)]
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
