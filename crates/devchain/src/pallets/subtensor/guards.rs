//! What is refused before it takes a place in a block.

use frame_support::ensure;

use super::commits::Reveal;
use super::pallet::*;
use crate::pallets::drand::LastStoredRound;
use crate::pallets::numbers::{MechId, NetUid, NetUidStorageIndex};
use crate::runtime::AccountId;

impl<T: Config> Pallet<T> {
    /// Checks a call as its sender's transaction is validated, the real chain's guards in their order: stake,
    /// what is revealed, rate limits, axons. A hotkey without a uid passes; the call itself refuses it.
    pub fn check_before_inclusion(who: &AccountId, call: &Call<T>) -> Result<(), Error<T>> {
        if let Some(netuid) = weights_of(call) {
            ensure!(
                Self::has_stake_for_weights(who, netuid),
                Error::<T>::NotEnoughStakeToSetWeights
            );
        }
        Self::check_reveal(who, call)?;
        Self::check_rate_limits(who, call)?;
        if let Call::serve_axon {
            netuid,
            ip,
            port,
            ip_type,
            ..
        } = call
        {
            Self::check_axon(who, *netuid, *ip, *port, *ip_type)?;
        }
        Ok(())
    }

    fn check_reveal(who: &AccountId, call: &Call<T>) -> Result<(), Error<T>> {
        let (netuid, mechanism, reveal) = match call.clone() {
            Call::reveal_weights {
                netuid,
                uids,
                values,
                salt,
                version_key,
            } => (
                netuid,
                MechId::MAIN,
                Reveal {
                    uids,
                    values,
                    salt,
                    version_key,
                },
            ),
            Call::reveal_mechanism_weights {
                netuid,
                mecid,
                uids,
                values,
                salt,
                version_key,
            } => (
                netuid,
                mecid,
                Reveal {
                    uids,
                    values,
                    salt,
                    version_key,
                },
            ),
            Call::commit_timelocked_weights { reveal_round, .. }
            | Call::commit_timelocked_mechanism_weights { reveal_round, .. } => {
                ensure!(
                    reveal_round >= LastStoredRound::<T>::get(),
                    Error::<T>::InvalidRevealRound
                );
                return Ok(());
            }
            _ => return Ok(()),
        };
        let index = NetUidStorageIndex::new(netuid, mechanism);
        let hash = reveal.hash(who, index);
        let commits = WeightCommits::<T>::get(index, who).ok_or(Error::<T>::NoWeightsCommitFound)?;
        let found = commits.iter().find(|(committed, ..)| *committed == hash);
        let (_, epoch, ..) = found.ok_or(Error::<T>::NoWeightsCommitFound)?;
        ensure!(
            Self::is_time_to_reveal(netuid, *epoch),
            Error::<T>::RevealTooEarly
        );
        Ok(())
    }

    fn check_rate_limits(who: &AccountId, call: &Call<T>) -> Result<(), Error<T>> {
        // Timelocked commits are rate-limited when they run, not here.
        let (netuid, mechanism, error) = match call {
            Call::commit_weights { netuid, .. } => {
                (*netuid, MechId::MAIN, Error::<T>::CommittingWeightsTooFast)
            }
            Call::commit_mechanism_weights { netuid, mecid, .. } => {
                (*netuid, *mecid, Error::<T>::CommittingWeightsTooFast)
            }
            Call::set_weights { netuid, .. } => (*netuid, MechId::MAIN, Error::<T>::SettingWeightsTooFast),
            Call::set_mechanism_weights { netuid, mecid, .. } => {
                (*netuid, *mecid, Error::<T>::SettingWeightsTooFast)
            }
            _ => return Ok(()),
        };
        let sets = matches!(error, Error::<T>::SettingWeightsTooFast);
        if sets && CommitRevealWeightsEnabled::<T>::get(netuid) {
            return Ok(());
        }
        let Some(uid) = Uids::<T>::get(netuid, who) else {
            return Ok(());
        };
        if Self::passes_rate_limit(NetUidStorageIndex::new(netuid, mechanism), uid) {
            Ok(())
        } else {
            Err(error)
        }
    }
}

/// The subnet a call is to change the weights of.
fn weights_of<T: Config>(call: &Call<T>) -> Option<NetUid> {
    match call {
        Call::set_weights { netuid, .. }
        | Call::set_mechanism_weights { netuid, .. }
        | Call::commit_weights { netuid, .. }
        | Call::commit_mechanism_weights { netuid, .. }
        | Call::reveal_weights { netuid, .. }
        | Call::reveal_mechanism_weights { netuid, .. }
        | Call::commit_timelocked_weights { netuid, .. }
        | Call::commit_timelocked_mechanism_weights { netuid, .. } => Some(*netuid),
        _ => None,
    }
}
