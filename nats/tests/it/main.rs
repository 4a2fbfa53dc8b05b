//! Against real servers: what we ship (2.15) and the oldest we support (2.11).
#![expect(clippy::unwrap_used, reason = "tests")]

mod deliveries;
mod faults;
mod operator;
mod publish;
mod rates;
mod reaper;
mod results;
mod setup;
mod support;
