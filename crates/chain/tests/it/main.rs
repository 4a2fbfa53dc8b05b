//! A real node, read and written to: the development chain over its socket, and a link that breaks when it is told to.

#![expect(clippy::unwrap_used, reason = "a test's set-up may fail loudly")]

mod faults;
mod genesis;
mod proxy;
mod reading;
mod rows;
mod subnet;
mod tls;
mod upgrade;
mod writing;
