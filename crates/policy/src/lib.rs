#![doc = include_str!("../README.md")]

mod client;
mod config;
mod endpoint;
mod error;
mod names;
mod session;
mod wire;

pub use client::Client;
pub use config::{Config, Ranges};
pub use error::Error;
pub use names::{Lookup, LookupError, SystemLookup};
pub use session::{Session, Timings};
