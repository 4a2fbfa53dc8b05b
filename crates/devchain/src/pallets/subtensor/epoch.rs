//! The epoch clock. Nothing is paid out here; only the counters go on, as commits and space limits need them.

use super::pallet::*;
use crate::pallets::numbers::NetUid;

/// The longest tempo; a subnet whose epoch is this late runs it at once.
const MAX_TEMPO: u64 = 50_400;

impl<T: Config> Pallet<T> {
    /// Lets the epochs run that are due in the block being made.
    pub fn run_epochs() {
        let block = Self::current_block();
        for netuid in Self::subnets() {
            BlocksSinceLastStep::<T>::mutate(netuid, |blocks| *blocks = blocks.saturating_add(1));
            if !Self::is_epoch_due(netuid, block) {
                continue;
            }
            BlocksSinceLastStep::<T>::insert(netuid, 0);
            LastMechansimStepBlock::<T>::insert(netuid, block);
            LastEpochBlock::<T>::insert(netuid, block);
            PendingEpochAt::<T>::insert(netuid, 0);
            SubnetEpochIndex::<T>::mutate(netuid, |index| *index = index.saturating_add(1));
        }
    }

    /// The subnets there are, in order.
    pub fn subnets() -> Vec<NetUid> {
        let mut subnets: Vec<_> = NetworksAdded::<T>::iter()
            .filter(|(_, added)| *added)
            .map(|(id, _)| id)
            .collect();
        subnets.sort_unstable();
        subnets
    }

    /// Whether the subnet's epoch runs in this block.
    pub fn is_epoch_due(netuid: NetUid, block: u64) -> bool {
        let tempo = u64::from(Tempo::<T>::get(netuid));
        let pending = PendingEpochAt::<T>::get(netuid);
        tempo != 0
            && ((pending > 0 && block >= pending)
                || BlocksSinceLastStep::<T>::get(netuid) > MAX_TEMPO
                || block.saturating_sub(LastEpochBlock::<T>::get(netuid)) >= tempo)
    }

    /// The epoch that what is committed in this block belongs to.
    pub fn commit_epoch(netuid: NetUid) -> u64 {
        let due = Self::is_epoch_due(netuid, Self::current_block());
        SubnetEpochIndex::<T>::get(netuid).saturating_add(u64::from(due))
    }

    /// The block the next epoch runs at; none for a subnet that has stopped.
    pub fn next_epoch_block(netuid: NetUid) -> Option<u64> {
        let tempo = u64::from(Tempo::<T>::get(netuid));
        let next = LastEpochBlock::<T>::get(netuid).saturating_add(tempo);
        let pending = Some(PendingEpochAt::<T>::get(netuid)).filter(|block| *block > 0);
        (tempo != 0).then(|| pending.map_or(next, |pending| next.min(pending)))
    }
}
