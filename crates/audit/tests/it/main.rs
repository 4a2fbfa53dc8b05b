//! The formats and what verifies them, from outside: a real cycle is written, signed, tampered with and checked.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod garbage;
mod golden;
mod json;
mod judge;
mod limits;
mod made;
mod same;
mod tamper;
