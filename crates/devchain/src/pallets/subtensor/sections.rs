//! What the pallet declares, in sections that [`super::pallet`] takes in: each would fill a file of its own.

pub(super) mod calls;
pub(super) mod errors;
pub(super) mod events;
pub(super) mod storage;
