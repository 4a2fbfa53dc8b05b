//! Weights as the chain takes them: whole numbers up to 65535, the largest of them 65535.
//!
//! The arithmetic is that of the official SDK, operation by operation, so that a validator of ours and one of theirs
//! put the same numbers on the chain. Only where the chain would refuse theirs, ours differ.

use crate::{Error, Result};
use kinitro_proto::Uid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// Weights as the chain takes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantised {
    /// The miners, ascending.
    pub uids: Vec<u16>,
    /// Their weights; the largest is 65535, none is 0.
    pub values: Vec<u16>,
}

/// Turns weights into what the chain takes: the largest becomes 65535, halves are rounded to even, zeros are dropped.
///
/// Where the subnet has a maximum (`max_weight` below 65535), what lies above it is cut first, so that the largest
/// share is the maximum. If no cut can do that because there are too few miners, all get the same; the chain refuses
/// that.
///
/// # Errors
/// When a weight is negative or no number, or all are zero.
pub fn quantise(weights: &BTreeMap<Uid, f64>, max_weight: u16) -> Result<Quantised> {
    if let Some((uid, weight)) = weights.iter().find(|(_, w)| !w.is_finite() || **w < 0.0) {
        let reason = format!("the weight of uid `{uid}` is `{weight}`");
        return Err(Error::Weights { reason });
    }
    // The SDK keeps zeros until the end. Without them the result is the same, save where too few miners make all
    // equal: a miner without a weight must not get one that way.
    let (uids, mut shares): (Vec<Uid>, Vec<f64>) = weights.iter().filter(|(_, w)| **w > 0.0).unzip();
    if max_weight < u16::MAX && !shares.is_empty() {
        shares = clip(&shares, f64::from(max_weight) / f64::from(u16::MAX));
    }
    let largest = shares.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        let reason = "all are zero".to_owned();
        return Err(Error::Weights { reason });
    }
    let (uids, mut values): (Vec<u16>, Vec<u16>) = uids
        .iter()
        .zip(&shares)
        .map(|(uid, share)| (uid.0, to_u16(share / largest)))
        .filter(|(_, value)| *value != 0)
        .unzip();
    make_room(&mut values, max_weight);
    Ok(Quantised { uids, values })
}

/// Rounding may leave the largest share a trace above the maximum, and the chain then refuses all of the SDK's
/// weights. Here as many of the others as it takes, the largest first, are one higher.
fn make_room(values: &mut [u16], max_weight: u16) {
    let total: u64 = values.iter().copied().map(u64::from).sum();
    let all = u64::from(u16::MAX);
    let needed = (all * all).div_ceil(u64::from(max_weight.max(1)));
    let missing = usize::try_from(needed.saturating_sub(total)).unwrap_or(usize::MAX);
    let mut others: Vec<&mut u16> = values.iter_mut().filter(|value| **value < u16::MAX).collect();
    if missing > others.len() {
        return;
    }
    others.sort_by_key(|value| std::cmp::Reverse(**value));
    for value in others.into_iter().take(missing) {
        *value += 1;
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a share of the largest is from 0 to 1"
)]
#[expect(clippy::cast_sign_loss, reason = "a share of the largest is from 0 to 1")]
fn to_u16(share: f64) -> u16 {
    (share * f64::from(u16::MAX)).round_ties_even() as u16
}

/// Shares that sum to 1, none above `limit`: what lies above one cutoff is cut to it.
fn clip(weights: &[f64], limit: f64) -> Vec<f64> {
    /// The SDK's: keeps the largest share below the limit in spite of rounding.
    const EPSILON: f64 = 1e-7;
    let n = count(weights.len());
    let total: f64 = weights.iter().sum();
    if n * limit <= 1.0 {
        return vec![1.0 / n; weights.len()];
    }
    let mut sorted: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.last().is_some_and(|largest| *largest <= limit) {
        return weights.iter().map(|weight| weight / total).collect();
    }
    let sums: Vec<f64> = sorted
        .iter()
        .scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        })
        .collect();
    // How many shares stay as they are: those that would be within the limit if all above were cut to them.
    let kept = sorted
        .iter()
        .zip(&sums)
        .zip(1..)
        .filter(|((share, sum), rank)| {
            let above = count(weights.len() - rank);
            **share / (above * **share + **sum + EPSILON) < limit
        })
        .count();
    let below = kept.checked_sub(1).map_or(0.0, |last| sums[last]);
    let cut = count(weights.len() - kept);
    let cutoff = (limit * below - EPSILON) / (1.0 - limit * cut) * total;
    let clipped: Vec<f64> = weights.iter().map(|weight| weight.min(cutoff)).collect();
    let total: f64 = clipped.iter().sum();
    clipped.iter().map(|weight| weight / total).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a subnet has at most 65536 uids")]
fn count(n: usize) -> f64 {
    n as f64
}
