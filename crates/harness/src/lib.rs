#![doc = include_str!("../README.md")]

mod daemon;
mod eventually;
mod nats;
mod postgres;
mod workspace;

pub use eventually::{Probe, eventually};
pub use nats::Nats;
pub use postgres::{Cluster, Database, Postgres};
