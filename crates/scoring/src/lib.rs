#![doc = include_str!("../README.md")]

pub mod confidence;
mod error;
pub mod exact;
pub mod explain;
pub mod frontier;
mod pareto;
mod settings;
pub mod subset;
pub mod threshold;
pub mod weights;

pub use error::{Error, Result};
pub use pareto::{Candidate, MAX_ENVIRONMENTS, Scored, UNCOMMITTED_BLOCK, score, score_on};
pub use settings::{Law, MissingCell, Settings};
pub use threshold::success_rate;
