//! The pallet's storage, by what it is about.

pub(in super::super) mod hyperparameters;
pub(in super::super) mod neurons;
pub(in super::super) mod subnet;
pub(in super::super) mod weights;
