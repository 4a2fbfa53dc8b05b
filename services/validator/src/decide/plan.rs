//! From a cycle's shares to what the chain takes.

use super::Reason;
use crate::gateway::Weights;
use kinitro_chain::{Neuron, Quantised, Terms, quantise};
use kinitro_proto::{BlockNumber, CycleId, Uid};
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fmt,
};

/// How far from 1 the sum of shares may be: the gateway's are divided by their sum, in double precision.
const SUM_SLACK: f64 = 1e-6;

/// What is to be put on the chain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// The cycle that made it.
    pub(crate) cycle: CycleId,
    /// Its block.
    pub(crate) block: BlockNumber,
    /// What the chain gets.
    pub(crate) weights: Quantised,
    /// Who earned a weight and does not get it.
    pub(crate) dropped: Vec<Dropped>,
}

/// A uid that has changed hands since the cycle read its miners: its share is not paid to whoever has it now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dropped {
    /// The uid.
    pub(crate) uid: Uid,
    /// The share the cycle gave it.
    pub(crate) share: f64,
    /// When it was registered again; none if it is nobody's now.
    pub(crate) registered_at: Option<BlockNumber>,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uid, share, .. } = self;
        match self.registered_at {
            Some(at) => write!(
                f,
                "uid {uid} (share {share}): registered to somebody else at block {at}"
            ),
            None => write!(f, "uid {uid} (share {share}): not registered any more"),
        }
    }
}

/// What would be put on the chain under these terms, whether or not it is allowed now.
pub(crate) fn plan(weights: &Weights, terms: &Terms) -> Result<Plan, Reason> {
    let Weights { cycle, block, .. } = *weights;
    check(weights, terms)?;
    let (kept, dropped) = current(weights, terms);
    if !kept.values().any(|share| *share > 0.0) {
        return Err(Reason::NobodyLeft { cycle });
    }
    let quantised = quantise(&kept, terms.max_weight).map_err(|error| Reason::Unfit {
        cycle,
        why: cause(&error),
    })?;
    let least = usize::from(terms.min_weights).min(terms.neurons.len());
    let is_self = terms.uid.is_some_and(|Uid(own)| quantised.uids == [own]);
    if quantised.uids.len() < least && !is_self {
        let weights = quantised.uids.len();
        return Err(Reason::TooFew {
            cycle,
            weights,
            least,
        });
    }
    Ok(Plan {
        cycle,
        block,
        weights: quantised,
        dropped,
    })
}

/// The laws of shares.
fn check(weights: &Weights, terms: &Terms) -> Result<(), Reason> {
    let Weights { cycle, weights, .. } = weights;
    let (cycle, uids) = (*cycle, terms.neurons.len());
    if weights.len() > uids {
        let weights = weights.len();
        return Err(Reason::TooMany { cycle, weights, uids });
    }
    if let Some((uid, weight)) = weights
        .iter()
        .find(|(_, weight)| !weight.is_finite() || **weight < 0.0)
    {
        let (uid, weight) = (*uid, *weight);
        return Err(Reason::BadWeight { cycle, uid, weight });
    }
    let sum: f64 = weights.values().sum();
    if (sum - 1.0).abs() > SUM_SLACK {
        return Err(Reason::BadSum { cycle, sum });
    }
    Ok(())
}

/// The shares of those who have their uid since before the cycle's block, under the hotkey that was signed if one was, and
/// the others who earned something.
fn current(weights: &Weights, terms: &Terms) -> (BTreeMap<Uid, f64>, Vec<Dropped>) {
    let registered: BTreeMap<Uid, &Neuron> =
        terms.neurons.iter().map(|neuron| (neuron.uid, neuron)).collect();
    let is_meant = |neuron: &Neuron| {
        let hotkeys = weights.hotkeys.as_ref();
        hotkeys.is_none_or(|hotkeys| hotkeys.get(&neuron.uid) == Some(&neuron.hotkey))
    };
    let is_current = |uid: &Uid| {
        let neuron = registered.get(uid);
        neuron.is_some_and(|neuron| neuron.registered_at <= weights.block && is_meant(neuron))
    };
    let gone: BTreeSet<Uid> = weights
        .weights
        .keys()
        .filter(|uid| !is_current(uid))
        .copied()
        .collect();
    let kept = weights.weights.iter().filter(|(uid, _)| !gone.contains(uid));
    let earned = gone
        .iter()
        .map(|uid| (*uid, weights.weights[uid]))
        .filter(|(_, share)| *share > 0.0);
    let dropped = earned.map(|(uid, share)| Dropped {
        uid,
        share,
        registered_at: registered.get(&uid).map(|neuron| neuron.registered_at),
    });
    (
        kept.map(|(uid, share)| (*uid, *share)).collect(),
        dropped.collect(),
    )
}

/// The reason within, where the chain crate gives one.
fn cause(error: &kinitro_chain::Error) -> String {
    match error {
        kinitro_chain::Error::Weights { reason } => reason.clone(),
        other => other
            .source()
            .map_or_else(|| other.to_string(), ToString::to_string),
    }
}
