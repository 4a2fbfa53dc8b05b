//! Revealing what was encrypted until a round of the beacon.

use codec::Decode;

use super::pallet::*;
use crate::pallets::drand::{Pulses, open};
use crate::pallets::numbers::{NetUid, NetUidStorageIndex};
use crate::runtime::AccountId;

/// What validators encrypt.
#[derive(Decode)]
struct Payload {
    hotkey: Vec<u8>,
    uids: Vec<u16>,
    values: Vec<u16>,
    version_key: u64,
}

impl<T: Config> Pallet<T> {
    /// Sets the weights whose epoch has come and whose round is known. What has no round yet waits until the epoch ends; what cannot
    /// be read or set is dropped without a word to its sender.
    pub fn reveal_timelocked_weights() {
        let waiting: Vec<_> = TimelockedWeightCommits::<T>::iter_keys().collect();
        for (index, epoch) in waiting {
            let (netuid, _) = index.parts();
            let due = SubnetEpochIndex::<T>::get(netuid).checked_sub(RevealPeriodEpochs::<T>::get(netuid));
            match due.map(|due| epoch.cmp(&due)) {
                None | Some(std::cmp::Ordering::Greater) => {}
                Some(std::cmp::Ordering::Less) => TimelockedWeightCommits::<T>::remove(index, epoch),
                Some(std::cmp::Ordering::Equal) => Self::reveal_epoch(index, netuid, epoch),
            }
        }
    }

    fn reveal_epoch(index: NetUidStorageIndex, netuid: NetUid, epoch: u64) {
        let mut waiting = TimelockedWeightCommits::<T>::take(index, epoch);
        waiting.retain(|(who, _, commit, round)| {
            let Some(pulse) = Pulses::<T>::get(round) else {
                return true;
            };
            let payload =
                open(commit, &pulse.signature).and_then(|bytes| Payload::decode(&mut &bytes[..]).ok());
            let is_set = payload.is_some_and(|payload| Self::set_revealed(who, index, netuid, payload));
            tracing::debug!(
                netuid = netuid.0,
                epoch,
                round,
                is_set,
                "timelocked weights were revealed"
            );
            false
        });
        if !waiting.is_empty() {
            TimelockedWeightCommits::<T>::insert(index, epoch, waiting);
        }
    }

    /// Sets them if they are the hotkey's own, not another's that it copied.
    fn set_revealed(who: &AccountId, index: NetUidStorageIndex, netuid: NetUid, payload: Payload) -> bool {
        let Payload {
            hotkey,
            uids,
            values,
            version_key,
        } = payload;
        let account: &[u8] = who.as_ref();
        let (_, mechanism) = index.parts();
        let is_set = hotkey == account
            && Self::do_set_weights(who, netuid, mechanism, uids, values, version_key).is_ok();
        if is_set {
            Self::deposit_event(Event::TimelockedWeightsRevealed(index, who.clone()));
        }
        is_set
    }
}
