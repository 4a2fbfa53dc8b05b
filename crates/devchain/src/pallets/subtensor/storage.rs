//! The pallet's storage, in sections that [`super::pallet`] takes in.

pub mod hyperparameters;
pub mod neurons;
pub mod subnet;
pub mod weights;
