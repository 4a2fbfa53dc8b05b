//! Whether an extrinsic is in a final block, and how it went there.

use super::{Inclusion, refusal, send::Sent};
use crate::{Chain, Error, Hash, Result, client::View};
use futures::{StreamExt, TryStreamExt, stream};
use kinitro_proto::BlockNumber;
use subxt::{error::DispatchError, events::Phase, utils::H256};

/// Blocks asked for at once.
const AT_ONCE: usize = 8;

/// Where an extrinsic is.
struct Found {
    block: Hash,
    index: u32,
}

/// What became of the extrinsic, if it is in one of the blocks after `looked` that are final in this view.
pub(super) async fn outcome(
    chain: &Chain,
    view: &View,
    sent: &Sent<'_>,
    looked: BlockNumber,
) -> Result<Option<Inclusion>> {
    let Some(Found { block, index }) = find(view, sent, looked).await? else {
        return Ok(None);
    };
    let view = chain.link.block(&view.rpc, view.config.genesis(), block).await?;
    succeeded(&view, sent, index).await?;
    Ok(Some(Inclusion {
        block: view.number,
        block_hash: block,
        extrinsic: sent.hash,
    }))
}

async fn find(view: &View, sent: &Sent<'_>, looked: BlockNumber) -> Result<Option<Found>> {
    let last = view.number.0.min(sent.expires_at.0.saturating_sub(1));
    let numbers = looked.0.saturating_add(1)..=last;
    stream::iter(numbers)
        .map(|number| in_block(view, sent, number))
        .buffered(AT_ONCE)
        .try_filter_map(async |found| Ok(found))
        .boxed()
        .try_next()
        .await
}

async fn in_block(view: &View, sent: &Sent<'_>, number: u64) -> Result<Option<Found>> {
    const WHAT: &str = "a block's extrinsics";
    let missing = || Error::BadAnswer {
        what: WHAT,
        source: format!("there is no block `{number}` before the head").into(),
    };
    let fault = |error| view.fault(WHAT, error);
    let number = u32::try_from(number).map_err(|_| missing())?;
    let hash: H256 = view
        .rpc
        .chain_get_block_hash(Some(number.into()))
        .await
        .map_err(fault)?
        .ok_or_else(missing)?;
    let details = view.rpc.chain_get_block(Some(hash)).await.map_err(fault)?;
    let extrinsics = details.ok_or_else(missing)?.block.extrinsics;
    let index = extrinsics.iter().position(|extrinsic| extrinsic.0 == sent.bytes);
    Ok(index.map(|index| Found {
        block: hash.into(),
        index: u32::try_from(index).expect("a block holds fewer extrinsics"),
    }))
}

/// Reads from the block's events how its extrinsic went.
async fn succeeded(view: &View, sent: &Sent<'_>, index: u32) -> Result<()> {
    const WHAT: &str = "a block's events";
    let key = view.entry("System", "Events")?.key(())?;
    let bytes = view.stored(&[key]).await?.remove(0).unwrap_or_default();
    let bad = |source: crate::Source| Error::BadAnswer { what: WHAT, source };
    let offline = view.config.offline();
    for event in offline.events().from_bytes(bytes).iter() {
        let event = event.map_err(|error| bad(error.into()))?;
        let is_ours = event.phase() == Phase::ApplyExtrinsic(index) && event.pallet_name() == "System";
        match event.event_name() {
            "ExtrinsicSuccess" if is_ours => return Ok(()),
            "ExtrinsicFailed" if is_ours => {
                let error = DispatchError::decode_from(event.field_bytes(), view.config.arc())
                    .map_err(|error| bad(error.into()))?;
                return Err(failed(sent, &error));
            }
            _ => {}
        }
    }
    Err(bad("they do not say how an extrinsic went".into()))
}

fn failed(sent: &Sent<'_>, error: &DispatchError) -> Error {
    if let DispatchError::Module(module) = error
        && let Ok(details) = module.details()
    {
        return refusal::of_dispatch(sent, details.pallet.name(), &details.variant.name);
    }
    // Its debug text is the variant's name: `BadOrigin`, `Exhausted`, `Token(..)`.
    refusal::of_dispatch(sent, "System", &format!("{error:?}"))
}
