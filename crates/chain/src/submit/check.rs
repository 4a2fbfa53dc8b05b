//! What the chain would refuse by the terms at hand, in the order in which it would, before anything is signed.
//!
//! Timelocked weights are checked by the chain only when they are revealed, and then fail without a word.

use super::prepare::Wanted;
use crate::{Error, Quantised, Result, Terms};
use kinitro_proto::Hotkey;

pub(super) fn check(hotkey: &Hotkey, wanted: &Wanted<'_>) -> Result<()> {
    let Wanted {
        netuid,
        weights,
        version_key,
        terms,
    } = *wanted;
    let Some(uid) = terms.uid else {
        let hotkey = hotkey.clone();
        return Err(Error::NotRegistered { netuid, hotkey });
    };
    if version_key < terms.version_key {
        return Err(Error::VersionKey {
            given: version_key,
            required: Some(terms.version_key),
        });
    }
    let wait = terms.wait();
    if wait > 0 {
        return Err(Error::RateLimited { blocks: Some(wait) });
    }
    // Weights on nobody but oneself need no permit and follow no limits.
    let is_own = weights.uids == [uid.0];
    if !is_own && !terms.permit && !terms.is_owner {
        let hotkey = hotkey.clone();
        return Err(Error::NoPermit { netuid, hotkey });
    }
    match fault(weights, terms, is_own) {
        Some(reason) => Err(Error::Weights { reason }),
        None => Ok(()),
    }
}

/// Which law of the subnet the weights break.
fn fault(weights: &Quantised, terms: &Terms, is_own: bool) -> Option<String> {
    let Quantised { uids, values } = weights;
    if uids.len() != values.len() {
        return Some(format!("{} uids and {} weights", uids.len(), values.len()));
    }
    if !uids.is_sorted_by(|a, b| a < b) {
        return Some("the uids do not ascend".to_owned());
    }
    let stranger = |uid: &&u16| !terms.neurons.iter().any(|neuron| neuron.uid.0 == **uid);
    if let Some(uid) = uids.iter().find(stranger) {
        return Some(format!("uid `{uid}` is not registered"));
    }
    let least = usize::from(terms.min_weights).min(terms.neurons.len());
    if !is_own && uids.len() < least {
        return Some(format!(
            "{} are fewer than the subnet's least, {least}",
            uids.len()
        ));
    }
    let total: u64 = values.iter().copied().map(u64::from).sum();
    let largest = u64::from(values.iter().copied().max().unwrap_or(0));
    if largest == 0 {
        return Some("all are zero".to_owned());
    }
    let share = largest * u64::from(u16::MAX);
    if !is_own && terms.max_weight < u16::MAX && share > u64::from(terms.max_weight) * total {
        return Some("the largest share is above the subnet's maximum".to_owned());
    }
    None
}
