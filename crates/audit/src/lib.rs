#![doc = include_str!("../README.md")]

pub mod bundle;
mod canonical;
mod document;
mod error;
mod judge;
pub mod keys;
mod seed;
mod tally;
pub mod verify;

pub use document::{Content, Document, MAX_DOCUMENT, SCHEMA, WeightEntry};
pub use error::{Error, Result};
pub use judge::{CellScore, Judged, MinerWeight, STRATEGY, Verdict, judge};
pub use kinitro_scoring::confidence::Stability;
pub use seed::{commitment, seed};
pub use tally::{MAX_CELLS, MAX_MINERS, MAX_TASKS, Tally};
