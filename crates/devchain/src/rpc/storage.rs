//! Raw storage.

use super::{
    Answer, Module, UNIQUE,
    failure::{bad_parameter, failure, too_many},
    tell,
};
use crate::{Error, node::engine::Engine};
use jsonrpsee::{core::server::PendingSubscriptionSink, types::params::ParamsSequence};
use serde::Serialize;
use sp_core::{Bytes, H256};
use sp_state_machine::{Backend, IterArgs};
use std::sync::Arc;

/// Keys on one page, as real nodes have it.
const PAGE: usize = 1_000;
/// Keys whose values are told at once.
const VALUES: usize = 8_192;
/// Keys that one subscription follows.
const FOLLOWED: usize = 256;
/// Blocks that are compared at once.
const BLOCKS: u32 = 256;

type Pair = (Bytes, Option<Bytes>);

/// The values of some keys at a block.
#[derive(Clone, Serialize)]
struct Changes {
    block: H256,
    changes: Vec<Pair>,
}

pub(super) fn register(module: &mut Module) {
    module.method(
        &["state_getStorage", "state_getStorageAt"],
        |engine, parameters| Ok(value(engine, parameters)?.map(Bytes)),
    );
    module.method(
        &["state_getStorageHash", "state_getStorageHashAt"],
        |engine, parameters| {
            Ok(value(engine, parameters)?.map(|value| H256(sp_io::hashing::blake2_256(&value))))
        },
    );
    module.method(
        &["state_getStorageSize", "state_getStorageSizeAt"],
        |engine, parameters| Ok(value(engine, parameters)?.map(|value| value.len())),
    );
    module.method(&["state_getKeysPaged", "state_getKeysPagedAt"], keys);
    module.method(&["state_queryStorageAt"], query_at);
    module.method(&["state_queryStorage"], query);
    let follow = async move |parameters: jsonrpsee::types::Params<'static>, pending, engine, _| {
        let keys = parameters.one::<Vec<Bytes>>();
        follow(
            keys.map_err(|_| bad_parameter("the keys to follow are missing")),
            pending,
            engine,
        )
        .await;
    };
    let (subscribe, unsubscribe) = ("state_subscribeStorage", "state_unsubscribeStorage");
    module
        .0
        .register_subscription(subscribe, "state_storage", unsubscribe, follow)
        .expect(UNIQUE);
}

fn value(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<Option<Vec<u8>>> {
    let key: Bytes = parameters.next()?;
    Ok(engine.value(parameters.optional_next()?, &key)?)
}

fn keys(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<Vec<Bytes>> {
    let prefix: Option<Bytes> = parameters.optional_next()?;
    let count: usize = parameters.next()?;
    let after: Option<Bytes> = parameters.optional_next()?;
    let at: Option<H256> = parameters.optional_next()?;
    if count > PAGE {
        return Err(too_many(count, PAGE));
    }
    let mut page = IterArgs::default();
    page.prefix = prefix.as_ref().map(|prefix| &prefix[..]);
    page.start_at = after.as_ref().map(|after| &after[..]);
    page.start_at_exclusive = true;
    let unreadable = |reason| Error::Unreadable { reason };
    let state = engine.state(at)?;
    let keys = state.keys(page).map_err(unreadable)?.take(count);
    Ok(keys
        .map(|key| key.map(Bytes))
        .collect::<Result<_, _>>()
        .map_err(unreadable)?)
}

/// The values of these keys at one block.
fn read(engine: &Engine, keys: &[Bytes], block: H256) -> Result<Vec<Pair>, Error> {
    let state = engine.state(Some(block))?;
    let read = |key: &Bytes| {
        let value = state
            .storage(key)
            .map_err(|reason| Error::Unreadable { reason })?;
        Ok((key.clone(), value.map(Bytes)))
    };
    keys.iter().map(read).collect()
}

fn query_at(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<Vec<Changes>> {
    let (keys, at): (Vec<Bytes>, Option<H256>) = (parameters.next()?, parameters.optional_next()?);
    if keys.len() > VALUES {
        return Err(too_many(keys.len(), VALUES));
    }
    let block = at.unwrap_or_else(|| engine.ledger().head().hash);
    Ok(vec![Changes {
        block,
        changes: read(engine, &keys, block)?,
    }])
}

/// The values at the first block, and then what changed, block by block.
fn query(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<Vec<Changes>> {
    let (keys, from): (Vec<Bytes>, H256) = (parameters.next()?, parameters.next()?);
    let until: Option<H256> = parameters.optional_next()?;
    if keys.len() > FOLLOWED {
        return Err(too_many(keys.len(), FOLLOWED));
    }
    let number = |hash| -> Answer<u32> {
        let block = engine.ledger().find(&hash).ok_or(Error::UnknownBlock { hash })?;
        Ok(block.header.number)
    };
    let (first, last) = (number(from)?, until.map_or(Ok(engine.ledger().height()), number)?);
    if last < first || last - first >= BLOCKS {
        let range =
            format!("Cannot resolve a block range ['{from:?}' ... '{until:?}]. at most {BLOCKS} blocks");
        return Err(failure(4001, range));
    }
    let mut steps = Vec::new();
    let mut known = Vec::new();
    for number in first..=last {
        let Some(block) = engine.ledger().block(number) else {
            break;
        };
        let values = read(engine, &keys, block.hash)?;
        let changes: Vec<_> = values
            .iter()
            .filter(|pair| !known.contains(*pair))
            .cloned()
            .collect();
        if !changes.is_empty() {
            steps.push(Changes {
                block: block.hash,
                changes,
            });
        }
        known = values;
    }
    Ok(steps)
}

/// Tells the values of some keys, and from then on those that change.
async fn follow(keys: Answer<Vec<Bytes>>, pending: PendingSubscriptionSink, engine: Arc<Engine>) {
    let keys = match keys {
        Ok(keys) if keys.len() <= FOLLOWED => keys,
        Ok(keys) => return pending.reject(too_many(keys.len(), FOLLOWED)).await,
        Err(error) => return pending.reject(error).await,
    };
    let mut heights = engine.heights();
    let Ok(sink) = pending.accept().await else { return };
    let mut known = None;
    loop {
        heights.mark_unchanged();
        let block = engine.ledger().head().hash;
        let Ok(values) = read(&engine, &keys, block) else {
            return;
        };
        let is_new = |pair: &&Pair| {
            known
                .as_ref()
                .is_none_or(|known: &Vec<Pair>| !known.contains(pair))
        };
        let changes: Vec<_> = values.iter().filter(is_new).cloned().collect();
        if !changes.is_empty() && !tell(&sink, &Changes { block, changes }).await {
            return;
        }
        known = Some(values);
        tokio::select! {
            () = sink.closed() => return,
            changed = heights.changed() => if changed.is_err() { return },
        }
    }
}
