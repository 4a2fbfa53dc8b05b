//! The pallets of the real chain that clients talk to, as far as they do.

pub mod aura;
pub mod commitments;
pub mod drand;
pub mod numbers;
pub mod subtensor;
