//! What this crate encodes and decodes, compared byte for byte with what the real chain and the official
//! client do. `tests/fixtures/README.md` says where the data come from.

mod calls;
mod corpus;
mod data;
mod events;
mod plain;
mod storage;

pub(crate) use data::{cases, finney, golden, hex, runtimes};
