//! Sending, and finding out what became of it: until a final block holds it, or none ever can.

use super::{Inclusion, Prepared, outcome, prepare, refusal};
use crate::{
    Chain, Error, Hash, Result,
    account::account,
    client::{View, wait},
};
use kinitro_proto::{BlockNumber, Hotkey};
use refusal::Refusal;
use std::time::Duration;
use subxt::{
    config::Header as _,
    rpcs::{self, client::RpcSubscription, methods::legacy::TransactionStatus},
    utils::{AccountId32, H256},
};
use tokio::time::timeout;

/// The pauses between two looks at the chain, if nothing wakes us up.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// A pool that says nothing for longer is asked again.
const SILENCE: Duration = Duration::from_secs(30);

type Statuses = RpcSubscription<TransactionStatus<H256>>;

/// An extrinsic under way.
#[derive(Debug)]
pub(super) struct Sent<'a> {
    pub(super) genesis: Hash,
    pub(super) netuid: u16,
    pub(super) hotkey: &'a Hotkey,
    pub(super) version_key: u64,
    pub(super) hash: Hash,
    pub(super) expires_at: BlockNumber,
    pub(super) bytes: &'a [u8],
    account: AccountId32,
    nonce: u32,
    signed_at: BlockNumber,
}

impl<'a> Sent<'a> {
    pub(super) fn of(prepared: &'a Prepared) -> Result<Self> {
        Ok(Self {
            genesis: prepared.genesis,
            netuid: prepared.netuid,
            hotkey: &prepared.hotkey,
            version_key: prepared.version_key,
            hash: prepared.hash,
            expires_at: prepared.expires_at,
            bytes: &prepared.bytes,
            account: account(&prepared.hotkey)?,
            nonce: prepared.nonce,
            signed_at: prepared.signed_at,
        })
    }
}

/// What is known so far.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// No block up to this one holds it.
    looked: BlockNumber,
    /// It was refused when this was the best block: once that is final, the refusal is.
    refused_at: Option<u64>,
}

enum Step {
    Included(Inclusion),
    /// A pool has it, and tells what happens to it.
    Taken(Statuses, Known),
    Wait(Known),
}

/// Sends the extrinsic until its fate is known, within the deadline for finality.
pub(super) async fn settle(chain: &Chain, sent: &Sent<'_>) -> Result<Inclusion> {
    let mut is_taken = false;
    match timeout(chain.link.limits.finality, steps(chain, sent, &mut is_taken)).await {
        Ok(result) => result,
        Err(_) => Err(Error::Undecided { extrinsic: sent.hash }),
    }
}

async fn steps(chain: &Chain, sent: &Sent<'_>, is_taken: &mut bool) -> Result<Inclusion> {
    let mut pause = PAUSE.0;
    let mut known = Known {
        looked: sent.signed_at,
        refused_at: None,
    };
    loop {
        let look = async |view: View| step(chain, &view, sent, known).await;
        match chain.read("an extrinsic's fate", look).await {
            Ok(Step::Included(inclusion)) => return Ok(inclusion),
            Ok(Step::Taken(statuses, now)) => {
                known = now;
                *is_taken = true;
                // Whatever the pool says or does not say, the chain is asked then.
                if timeout(SILENCE, ended(statuses)).await.unwrap_or_default() {
                    continue;
                }
            }
            Ok(Step::Wait(now)) => known = now,
            Err(error @ (Error::Unreachable { .. } | Error::TimedOut { .. })) if *is_taken => {
                tracing::debug!(extrinsic = %sent.hash, error = ?error, "the link broke while an extrinsic was under way");
            }
            Err(error) => return Err(error),
        }
        wait(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

/// One look at the chain: is it included, can it be, and if so is it in the pool?
async fn step(chain: &Chain, view: &View, sent: &Sent<'_>, known: Known) -> Result<Step> {
    let (was, is) = (sent.genesis, view.config.genesis());
    if was != is {
        return Err(Error::OtherGenesis { was, is });
    }
    if let Some(inclusion) = outcome::outcome(chain, view, sent, known.looked).await? {
        return Ok(Step::Included(inclusion));
    }
    let at = sent.expires_at;
    if view.number.0.saturating_add(1) >= at.0 {
        return Err(Error::Expired { at });
    }
    let nonce = sent.nonce;
    if prepare::nonce(view, &sent.account).await? > nonce {
        return Err(Error::NonceUsed { nonce });
    }
    let known = Known {
        looked: view.number,
        ..known
    };
    match view.rpc.author_submit_and_watch_extrinsic(sent.bytes).await {
        Ok(statuses) => Ok(Step::Taken(statuses, known)),
        Err(rpcs::Error::User(error)) => match refusal::of_pool(sent, &error) {
            Refusal::Passing => Ok(Step::Wait(known)),
            Refusal::Sure(error) => Err(error),
            Refusal::Unsure(error) => unsure(view, known, error).await,
        },
        Err(error) => Err(view.fault("an extrinsic", error)),
    }
}

/// A refusal stands once all blocks are final that there were when it was given.
async fn unsure(view: &View, known: Known, error: Error) -> Result<Step> {
    const WHAT: &str = "the best block";
    let best = match known.refused_at {
        Some(best) => best,
        None => {
            let fault = |error| view.fault(WHAT, error);
            let header = view.rpc.chain_get_header(None).await.map_err(fault)?;
            header.map_or(view.number.0, |header| header.number())
        }
    };
    if view.number.0 >= best {
        return Err(error);
    }
    Ok(Step::Wait(Known {
        refused_at: Some(best),
        ..known
    }))
}

/// Whether the pool says that the extrinsic is final; if not, the pool has lost it.
async fn ended(mut statuses: Statuses) -> bool {
    while let Some(Ok(status)) = statuses.next().await {
        match status {
            TransactionStatus::Finalized(_) => return true,
            TransactionStatus::Future
            | TransactionStatus::Ready
            | TransactionStatus::Broadcast(_)
            | TransactionStatus::InBlock(_)
            | TransactionStatus::Retracted(_) => {}
            TransactionStatus::FinalityTimeout(_)
            | TransactionStatus::Usurped(_)
            | TransactionStatus::Dropped
            | TransactionStatus::Invalid => return false,
        }
    }
    false
}
