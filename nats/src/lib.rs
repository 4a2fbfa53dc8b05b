#![doc = include_str!("../README.md")]

mod advisory;
mod api;
mod apply;
mod bus;
mod config;
mod connection;
mod deliveries;
mod delivery;
mod error;
mod inspect;
mod publish;
mod report;
mod results;
mod setup;

pub use advisory::{Advisories, Advisory, AdvisoryKind, Stored};
pub use bus::Bus;
pub use config::{Config, Secret};
pub use deliveries::Deliveries;
pub use delivery::Delivery;
pub use error::{Error, Result};
pub use inspect::Backlog;
pub use publish::{Publication, Published};
pub use report::{Asset, Change, Difference, Report};
pub use results::Results;
