#![doc = include_str!("../README.md")]

mod account;
mod client;
pub mod commitment;
mod config;
mod error;
#[cfg(test)]
mod golden;
mod hash;
mod network;
mod quantise;
mod signer;
mod snapshot;
mod submit;
mod terms;
mod timelock;

pub use client::{Chain, Head, Limits};
pub use error::{Error, Result, Source};
pub use hash::Hash;
pub use network::Network;
pub use quantise::{Quantised, quantise};
pub use signer::Signer;
pub use snapshot::{Commitment, Field, Neuron, Snapshot, Unreadable, WeightRow};
pub use submit::{Inclusion, Prepared, PreparedKind, TimelockedCommit};
pub use terms::{EpochClock, Terms};
