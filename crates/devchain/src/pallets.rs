//! The pallets of the real chain that clients talk to, as far as they do.
#![expect(
    clippy::cast_possible_truncation,
    clippy::too_many_arguments,
    missing_debug_implementations,
    unused_qualifications,
    reason = "FRAME's macros write it, and calls have the chain's arguments"
)]

pub mod aura;
pub mod commitments;
pub mod drand;
pub mod numbers;
pub mod subtensor;
