//! Weights that are committed first: by hash, revealed by hand, or encrypted until a round of the beacon.

use codec::Encode;
use frame_support::pallet_prelude::{ConstU32, DispatchResult};
use frame_support::{BoundedVec, ensure};
use sp_core::H256;
use sp_io::hashing::blake2_256;

use super::pallet::*;
use crate::pallets::numbers::{MechId, NetUid, NetUidStorageIndex};
use crate::runtime::AccountId;

/// How many commits one hotkey may leave waiting.
const MAX_WAITING: usize = 10;

/// What is revealed, all of it part of the committed hash.
#[derive(Clone, Debug)]
pub struct Reveal {
    /// The neurons weighed.
    pub uids: Vec<u16>,
    /// Their weights.
    pub values: Vec<u16>,
    /// Numbers that keep the hash from being guessed.
    pub salt: Vec<u16>,
    /// As in a plain submission.
    pub version_key: u64,
}

impl Reveal {
    /// The hash a hotkey commits to.
    #[must_use]
    pub fn hash(&self, hotkey: &AccountId, index: NetUidStorageIndex) -> H256 {
        let parts = (
            hotkey,
            index,
            &self.uids,
            &self.values,
            &self.salt,
            self.version_key,
        );
        H256(blake2_256(&parts.encode()))
    }
}

impl<T: Config> Pallet<T> {
    /// Commits to weights by their hash.
    pub fn do_commit_weights(
        hotkey: &AccountId,
        netuid: NetUid,
        mechanism: MechId,
        hash: H256,
    ) -> DispatchResult {
        Self::ensure_mechanism_exists(netuid, mechanism)?;
        let index = NetUidStorageIndex::new(netuid, mechanism);
        ensure!(
            CommitRevealWeightsEnabled::<T>::get(netuid),
            Error::<T>::CommitRevealDisabled
        );
        let uid = Uids::<T>::get(netuid, hotkey).ok_or(Error::<T>::HotKeyNotRegisteredInSubNet)?;
        ensure!(
            Self::passes_rate_limit(index, uid),
            Error::<T>::CommittingWeightsTooFast
        );
        let epoch = Self::commit_epoch(netuid);
        let mut commits = WeightCommits::<T>::get(index, hotkey).unwrap_or_default();
        commits.retain(|(_, committed, _, _)| !Self::is_expired(netuid, *committed));
        ensure!(commits.len() < MAX_WAITING, Error::<T>::TooManyUnrevealedCommits);
        commits.push((hash, epoch, Self::current_block(), 0));
        WeightCommits::<T>::insert(index, hotkey, commits);
        Self::touch(index, uid);
        Self::deposit_event(Event::WeightsCommitted(hotkey.clone(), index, hash));
        Ok(())
    }

    /// Sets weights that were committed by their hash, in the epoch for that.
    pub fn do_reveal_weights(
        hotkey: &AccountId,
        netuid: NetUid,
        mechanism: MechId,
        reveal: &Reveal,
    ) -> DispatchResult {
        let index = NetUidStorageIndex::new(netuid, mechanism);
        ensure!(
            CommitRevealWeightsEnabled::<T>::get(netuid),
            Error::<T>::CommitRevealDisabled
        );
        let commits = WeightCommits::<T>::get(index, hotkey).ok_or(Error::<T>::NoWeightsCommitFound)?;
        let hash = reveal.hash(hotkey, index);
        let fresh = |committed: u64| !Self::is_expired(netuid, committed);
        ensure!(
            !commits
                .iter()
                .any(|(old, committed, _, _)| *old == hash && !fresh(*committed)),
            Error::<T>::ExpiredWeightCommit
        );
        let mut commits: Vec<_> = commits
            .into_iter()
            .filter(|(_, committed, _, _)| fresh(*committed))
            .collect();
        ensure!(!commits.is_empty(), Error::<T>::NoWeightsCommitFound);
        let place = commits
            .iter()
            .position(|(committed, ..)| *committed == hash)
            .ok_or(Error::<T>::InvalidRevealCommitHashNotMatch)?;
        ensure!(
            Self::is_time_to_reveal(netuid, commits[place].1),
            Error::<T>::RevealTooEarly
        );
        // Older commits are overtaken by this one.
        commits.drain(..=place);
        if commits.is_empty() {
            WeightCommits::<T>::remove(index, hotkey);
        } else {
            WeightCommits::<T>::insert(index, hotkey, commits);
        }
        let Reveal {
            uids,
            values,
            version_key,
            ..
        } = reveal.clone();
        Self::do_set_weights(hotkey, netuid, mechanism, uids, values, version_key)?;
        Self::deposit_event(Event::WeightsRevealed(hotkey.clone(), index, hash));
        Ok(())
    }

    /// Stores weights that nobody can read before the round.
    pub fn do_commit_timelocked_weights(
        hotkey: &AccountId,
        (netuid, mechanism): (NetUid, MechId),
        commit: BoundedVec<u8, ConstU32<5000>>,
        reveal_round: u64,
        version: u16,
    ) -> DispatchResult {
        Self::ensure_mechanism_exists(netuid, mechanism)?;
        let index = NetUidStorageIndex::new(netuid, mechanism);
        ensure!(
            CommitRevealWeightsEnabled::<T>::get(netuid),
            Error::<T>::CommitRevealDisabled
        );
        let wanted = CommitRevealWeightsVersion::<T>::get();
        ensure!(version == wanted, Error::<T>::IncorrectCommitRevealVersion);
        let uid = Uids::<T>::get(netuid, hotkey).ok_or(Error::<T>::HotKeyNotRegisteredInSubNet)?;
        ensure!(
            Self::passes_rate_limit(index, uid),
            Error::<T>::CommittingWeightsTooFast
        );
        let epoch = Self::commit_epoch(netuid);
        let mut commits = TimelockedWeightCommits::<T>::get(index, epoch);
        let waiting = commits.iter().filter(|(who, ..)| who == hotkey).count();
        ensure!(waiting < MAX_WAITING, Error::<T>::TooManyUnrevealedCommits);
        let hash = H256(blake2_256(&commit));
        commits.push((hotkey.clone(), Self::current_block(), commit, reveal_round));
        TimelockedWeightCommits::<T>::insert(index, epoch, commits);
        Self::touch(index, uid);
        Self::deposit_event(Event::TimelockedWeightsCommitted(
            hotkey.clone(),
            index,
            hash,
            reveal_round,
        ));
        Ok(())
    }

    /// Whether a commit of that epoch is to be revealed in this one.
    pub fn is_time_to_reveal(netuid: NetUid, committed: u64) -> bool {
        Self::commit_epoch(netuid) == committed.saturating_add(RevealPeriodEpochs::<T>::get(netuid))
    }

    fn is_expired(netuid: NetUid, committed: u64) -> bool {
        Self::commit_epoch(netuid) > committed.saturating_add(RevealPeriodEpochs::<T>::get(netuid))
    }
}
