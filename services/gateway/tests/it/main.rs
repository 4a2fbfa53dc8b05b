//! The real gateway over a real PostgreSQL: what clients of version 2 see, and what is left when the ledger
//! is away.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod api;
mod bundle;
mod bus;
mod checks;
mod client;
mod evidence;
mod golden;
mod ledger;
mod limits;
mod outage;
