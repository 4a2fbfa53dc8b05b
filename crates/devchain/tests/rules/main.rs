//! The runtime's rules, called without a node around it.
#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod chain;
mod commitments;
mod commits;
mod inclusion;
mod neurons;
mod weights;
