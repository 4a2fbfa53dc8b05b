//! What only a development chain can do.

use super::{Answer, Module, failure::too_many};
use crate::node::engine::Engine;
use jsonrpsee::types::params::ParamsSequence;
use serde::Deserialize;
use sp_core::H256;

/// Blocks made by one call.
const BLOCKS: u32 = 1_000;

/// How many blocks, as `4` or as `{"count": 4}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Plain(u32),
    Named { count: Option<u32> },
}

pub(super) fn register(module: &mut Module) {
    module.method(&["dev_newBlock"], new_block);
}

/// Makes blocks at once, whatever else makes them; gives the hash of the last.
fn new_block(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<H256> {
    let count = match parameters.optional_next()? {
        None => 1,
        Some(Count::Plain(count)) => count,
        Some(Count::Named { count }) => count.unwrap_or(1),
    };
    if count > BLOCKS {
        return Err(too_many(count as usize, BLOCKS as usize));
    }
    for _ in 0..count {
        engine.make_block()?;
    }
    Ok(engine.ledger().head().hash)
}
