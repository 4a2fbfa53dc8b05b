//! The servers are real, survive what they should and die when they should.
#![expect(clippy::unwrap_used, reason = "tests")]

mod nats;
mod postgres;
