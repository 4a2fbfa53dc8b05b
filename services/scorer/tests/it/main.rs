//! The real scorer between a real NATS and a real PostgreSQL: what a cycle's results come to, and what anyone can check it by.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod bytes;
mod cycle;
mod kept;
mod keys;
mod missing;
mod scene;
mod secret;
mod stuck;
mod twice;
