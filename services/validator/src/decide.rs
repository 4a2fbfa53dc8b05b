//! What to do: pure, from the weights, the memory, the chain's terms and the time.

mod plan;
mod reason;
mod rehearsal;

pub(crate) use plan::{Plan, plan};
pub use reason::Reason;
pub use rehearsal::Rehearsal;

use crate::{
    gateway::Weights,
    memory::{Intent, Last},
};
use jiff::Timestamp;
use kinitro_chain::{Terms, WeightRow};
use kinitro_proto::BlockNumber;
use std::time::Duration;

/// A validator's clock that runs slow or fast by more than this is noticed, and refused.
const CLOCK_SLACK: Duration = Duration::from_secs(300);
/// Blocks beyond the expiry until an extrinsic counts as never included: behind one address there may be several
/// nodes, and not all are at the same block.
const EXPIRY_SLACK: u64 = 8;

/// What the operator of this validator lays down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// Weights older than this are not submitted.
    pub(crate) max_age: Duration,
    /// What weights are submitted with.
    pub(crate) version_key: u64,
}

/// What can be said of weights without asking the chain more than its head.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outset {
    /// Worth asking the chain for its terms.
    New,
    /// They, and no others, were put on the chain last.
    Done,
    /// They are not submitted.
    Skip(Reason),
}

/// What to do with weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    /// Submit this.
    Submit(Plan),
    /// Submit this when the chain is at that block.
    Wait { plan: Plan, until: BlockNumber },
    /// Do not submit.
    Skip(Reason),
}

/// What may become of an extrinsic whose inclusion was not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It may still be included: its nonce is free, its time is not over.
    Open,
    /// It was not included, and its time is over.
    Expired,
    /// Its nonce is used up: it had its turn, or something else took its place. The blocks tell.
    Used,
}

/// What the hotkey's weights tell of an extrinsic whose nonce is used up, if the blocks are not there to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trace {
    /// Weights were set after it was signed.
    Included {
        /// The block of the hotkey's last weights.
        at: BlockNumber,
    },
    /// None were set as long as it could have been included.
    Lost,
    /// None were set so far.
    Unclear,
}

/// How old weights are; `None` if they are of the future.
pub(crate) fn age(weights: &Weights, now: Timestamp) -> Option<Duration> {
    let age = now.duration_since(weights.settled_at);
    let slack = jiff::SignedDuration::try_from(CLOCK_SLACK).expect("minutes fit");
    (age >= -slack).then(|| Duration::try_from(age).unwrap_or_default())
}

/// What can be said before the terms are asked for.
pub(crate) fn outset(
    weights: &Weights,
    last: Option<&Last>,
    head: BlockNumber,
    now: Timestamp,
    rules: &Rules,
) -> Outset {
    let Weights { cycle, block, .. } = *weights;
    if let Some(last) = last {
        let (of, than) = ((block, cycle), (last.block, last.cycle));
        if of == than {
            return Outset::Done;
        }
        if of < than {
            let (last_cycle, last_block) = (last.cycle, last.block);
            return Outset::Skip(Reason::Older {
                cycle,
                block,
                last_cycle,
                last_block,
            });
        }
    }
    if weights.stale {
        return Outset::Skip(Reason::Stale { cycle });
    }
    let (settled_at, max) = (weights.settled_at, rules.max_age);
    match age(weights, now) {
        None => return Outset::Skip(Reason::OfTheFuture { cycle, settled_at }),
        Some(age) if age > max => {
            return Outset::Skip(Reason::TooOld {
                cycle,
                settled_at,
                max,
            });
        }
        Some(_) => {}
    }
    if block > head {
        return Outset::Skip(Reason::OtherChain { cycle, block, head });
    }
    Outset::New
}

/// What to do with weights of which [`outset`] says that they are new.
pub(crate) fn decide(weights: &Weights, terms: &Terms, rules: &Rules) -> Decision {
    let Weights { cycle, block, .. } = *weights;
    let head = terms.head;
    if block > head {
        return Decision::Skip(Reason::OtherChain { cycle, block, head });
    }
    if terms.uid.is_none() {
        return Decision::Skip(Reason::NotRegistered);
    }
    if !terms.permit && !terms.is_owner {
        return Decision::Skip(Reason::NoPermit);
    }
    if terms.version_key > rules.version_key {
        let (given, required) = (rules.version_key, terms.version_key);
        return Decision::Skip(Reason::VersionKey { given, required });
    }
    match plan(weights, terms) {
        Err(reason) => Decision::Skip(reason),
        Ok(plan) if terms.wait() > 0 => Decision::Wait {
            plan,
            until: BlockNumber(head.0.saturating_add(terms.wait())),
        },
        Ok(plan) => Decision::Submit(plan),
    }
}

/// The block at which the weights' cycle settled, as far as the clocks can tell: never before the weights' own.
pub(crate) fn settled_at(weights: &Weights, terms: &Terms, now: Timestamp) -> BlockNumber {
    let age = age(weights, now).unwrap_or_default().as_millis();
    let block_time = terms.block_time.as_millis().max(1);
    let blocks = u64::try_from(age.div_ceil(block_time)).unwrap_or(u64::MAX);
    BlockNumber(terms.head.0.saturating_sub(blocks)).max(weights.block)
}

/// Whether the chain holds exactly these weights of ours, set since that block: then they need not be set again.
pub(crate) fn holds(
    plan: &Plan,
    terms: &Terms,
    rows: &[WeightRow],
    since: BlockNumber,
) -> Option<BlockNumber> {
    let at = terms.last_update.filter(|at| *at >= since)?;
    let row = rows.iter().find(|row| Some(row.uid) == terms.uid)?;
    let mut there: Vec<_> = row.weights.iter().map(|(uid, value)| (uid.0, *value)).collect();
    there.sort_unstable();
    let ours = plan
        .weights
        .uids
        .iter()
        .copied()
        .zip(plan.weights.values.iter().copied());
    let mut ours: Vec<_> = ours.collect();
    ours.sort_unstable();
    (there == ours).then_some(at)
}

/// What may become of what was sent. `nonce` was read after `head`.
pub(crate) fn fate(intent: &Intent, head: BlockNumber, nonce: u32) -> Fate {
    if nonce > intent.prepared.nonce {
        Fate::Used
    } else if is_over(intent, head) {
        Fate::Expired
    } else {
        Fate::Open
    }
}

/// What the hotkey's weights tell of what was sent. `weights_set`, their block, was read after the nonce was used up.
pub(crate) fn trace(intent: &Intent, head: BlockNumber, weights_set: Option<BlockNumber>) -> Trace {
    match weights_set.filter(|at| *at > intent.prepared.signed_at) {
        Some(at) => Trace::Included { at },
        None if is_over(intent, head) => Trace::Lost,
        None => Trace::Unclear,
    }
}

fn is_over(intent: &Intent, head: BlockNumber) -> bool {
    head.0 >= intent.prepared.expires_at.0.saturating_add(EXPIRY_SLACK)
}

#[cfg(test)]
pub(crate) mod tests;
