//! The whole system: real `kinitro` processes on a NATS server and a database of the test's own, killed and
//! started again. Whatever happens, a cycle settles, every task counts once, and the weights sum to one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken fixture should stop its test"
)]

mod chain;
mod command_line;
mod commitments;
mod devchain;
mod faults;
mod flow;
mod keys;
mod kills;
mod score;
mod stack;
mod traces;
mod validate;
mod verify;
