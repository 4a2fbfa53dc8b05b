#![doc = include_str!("../README.md")]

mod api;
mod bus;
mod config;
mod connection;
mod deliveries;
mod error;
mod inspect;
mod publish;
mod setup;

pub use bus::Bus;
pub use config::{Config, Secret};
pub use deliveries::{Advisories, Advisory, AdvisoryKind, Deliveries, Delivery, Results, Stored};
pub use error::{Error, Result};
pub use inspect::{Backlog, Recorded};
pub use publish::{Publication, Published};
pub use setup::{Asset, Change, Difference, Report};
