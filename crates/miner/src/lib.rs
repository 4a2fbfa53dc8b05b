#![doc = include_str!("../README.md")]

mod config;
mod error;
mod misbehaviour;
mod policy;
mod server;
mod wire;

pub use config::Config;
pub use error::{Error, Result};
pub use misbehaviour::Misbehaviour;
pub use policy::{Act, Policy, Seen};
pub use server::Server;
