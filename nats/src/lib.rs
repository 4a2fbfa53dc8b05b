#![doc = include_str!("../README.md")]

mod advisory;
mod bus;
mod config;
mod deliveries;
mod delivery;
mod error;
mod publish;
mod report;
mod results;

pub use advisory::{Advisories, Advisory, AdvisoryKind, Stored};
pub use bus::{Backlog, Bus};
pub use config::{Config, Secret};
pub use deliveries::Deliveries;
pub use delivery::Delivery;
pub use error::{Error, Result};
pub use publish::{Publication, Published};
pub use report::{Asset, Change, Difference, Report};
pub use results::Results;
