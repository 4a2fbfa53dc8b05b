//! Blocks.

use super::{Answer, Module, failure::bad_parameter};
use crate::{
    node::{engine::Engine, ledger::Block},
    runtime::Header,
};
use jsonrpsee::types::params::ParamsSequence;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sp_core::{Bytes, H256};
use std::sync::Arc;

/// How many hashes are told at once.
const HASHES: usize = 1_000;

pub(super) fn register(module: &mut Module) {
    module.method(&["chain_getBlockHash", "chain_getHead"], hashes);
    module.method(
        &["chain_getFinalizedHead", "chain_getFinalisedHead"],
        |engine, _| Ok(engine.ledger().head().hash),
    );
    module.method(&["chain_getHeader"], header);
    module.method(&["chain_getBlock"], block);
}

/// A block's number, as a number or in hex.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Plain(u64),
    Hex(sp_core::U256),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(Number),
    Many(Vec<Number>),
}

#[derive(Clone, Serialize)]
#[serde(untagged)]
enum Hashes {
    One(Option<H256>),
    Many(Vec<Option<H256>>),
}

fn hashes(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<Hashes> {
    let of = |number: Number| {
        let number = match number {
            Number::Plain(number) => u32::try_from(number).ok(),
            Number::Hex(number) => u32::try_from(number).ok(),
        };
        number
            .and_then(|number| engine.ledger().block(number))
            .map(|block| block.hash)
    };
    match parameters.optional_next()? {
        None => Ok(Hashes::One(Some(engine.ledger().head().hash))),
        Some(Numbers::One(number)) => Ok(Hashes::One(of(number))),
        Some(Numbers::Many(numbers)) if numbers.len() > HASHES => Err(bad_parameter(format!(
            "at most {HASHES} numbers are answered at once"
        ))),
        Some(Numbers::Many(numbers)) => Ok(Hashes::Many(numbers.into_iter().map(of).collect())),
    }
}

fn find(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<Option<Arc<Block>>> {
    let ledger = engine.ledger();
    Ok(match parameters.optional_next()? {
        None => Some(ledger.head()),
        Some(hash) => ledger.find(&hash),
    })
}

fn header(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<Option<Header>> {
    Ok(find(engine, parameters)?.map(|block| block.header.clone()))
}

fn block(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<Option<Value>> {
    let block = find(engine, parameters)?;
    Ok(block.and_then(|block| {
        let extrinsics = block.extrinsics.as_ref()?;
        let extrinsics: Vec<Bytes> = extrinsics.iter().cloned().map(Bytes).collect();
        Some(json!({ "block": { "header": block.header, "extrinsics": extrinsics }, "justifications": null }))
    }))
}
