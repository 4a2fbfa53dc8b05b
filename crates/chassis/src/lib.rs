#![doc = include_str!("../README.md")]

pub mod backoff;
mod error;
pub mod health;
mod report;
pub mod shutdown;
pub mod telemetry;
pub mod tls;
pub mod trace;

pub use error::{Error, Result};
pub use report::report;
