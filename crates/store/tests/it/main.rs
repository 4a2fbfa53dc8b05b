//! Every question to the ledger, asked of a real PostgreSQL. Each test has a database of its own.
#![expect(clippy::unwrap_used, reason = "a broken fixture should stop its test")]

mod chain;
mod constraints;
mod documents;
mod episodes;
mod keys;
mod ledger;
mod open;
mod publish;
mod read;
mod record;
mod schema;
mod settle;
mod speed;
mod upgrade;
