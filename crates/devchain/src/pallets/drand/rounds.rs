//! Bringing the rounds of this chain's own beacon on chain, as the real chain's validators bring the public one's.

use std::collections::BTreeSet;

use frame_support::BoundedVec;
use sp_io::hashing::sha2_256;

use super::{BeaconConfig, Pallet, Pulse, Pulses, beacon};
use crate::Runtime;
use crate::pallets::commitments::{CommitmentOf, TimelockedIndex};
use crate::pallets::subtensor::TimelockedWeightCommits;

/// Brings those rounds that are over and that something on chain waits for. Runs inside the runtime.
pub(crate) fn bring_rounds() {
    let config = BeaconConfig::<Runtime>::get();
    if config.public_key[..] != *beacon::public_key() {
        return;
    }
    let now = pallet_timestamp::Now::<Runtime>::get() / 1000;
    let elapsed = now.checked_sub(config.genesis_time.into());
    let Some(newest) = elapsed.and_then(|elapsed| elapsed.checked_div(config.period.into())) else {
        return;
    };
    // The first round is the first, not the zeroth.
    let is_over = |round: &u64| *round <= newest + 1 && !Pulses::<Runtime>::contains_key(round);
    for round in awaited().into_iter().filter(is_over) {
        let signature = beacon::sign(round);
        Pallet::<Runtime>::store_pulse(Pulse {
            round,
            randomness: BoundedVec::truncate_from(sha2_256(&signature).to_vec()),
            signature: BoundedVec::truncate_from(signature),
        });
    }
}

fn awaited() -> BTreeSet<u64> {
    let weights = TimelockedWeightCommits::<Runtime>::iter_values();
    let mut rounds: BTreeSet<_> = weights.flatten().map(|(.., round)| round).collect();
    for (netuid, who) in TimelockedIndex::<Runtime>::get() {
        let registration = CommitmentOf::<Runtime>::get(netuid, who);
        let fields = registration
            .into_iter()
            .flat_map(|registration| registration.info.fields);
        rounds.extend(fields.filter_map(|field| field.reveal_round()));
    }
    rounds
}
