//! Setting weights: the checks in the real chain's order, and what is stored.

use frame_support::ensure;
use frame_support::pallet_prelude::DispatchResult;

use super::pallet::*;
use crate::pallets::numbers::{MechId, NetUid, NetUidStorageIndex};
use crate::runtime::AccountId;

/// One, with 32 fractional bits: the chain scales in this format, and its roundings are kept.
const ONE: u64 = 1 << 32;

impl<T: Config> Pallet<T> {
    /// Sets the weights of the hotkey's row. The caller has looked whether the subnet wants commits instead,
    /// or reveals one.
    pub fn do_set_weights(
        hotkey: &AccountId,
        netuid: NetUid,
        mechanism: MechId,
        uids: Vec<u16>,
        values: Vec<u16>,
        version_key: u64,
    ) -> DispatchResult {
        let index = NetUidStorageIndex::new(netuid, mechanism);
        ensure!(netuid != NetUid::ROOT, Error::<T>::CanNotSetRootNetworkWeights);
        ensure!(uids.len() == values.len(), Error::<T>::WeightVecNotEqualSize);
        Self::ensure_mechanism_exists(netuid, mechanism)?;
        let neurons = SubnetworkN::<T>::get(netuid);
        ensure!(
            uids.len() <= usize::from(neurons),
            Error::<T>::UidsLengthExceedUidsInSubNet
        );
        let uid = Uids::<T>::get(netuid, hotkey).ok_or(Error::<T>::HotKeyNotRegisteredInSubNet)?;
        ensure!(
            Self::has_stake_for_weights(hotkey, netuid),
            Error::<T>::NotEnoughStakeToSetWeights
        );
        let wanted = WeightsVersionKey::<T>::get(netuid);
        ensure!(
            wanted == 0 || version_key >= wanted,
            Error::<T>::IncorrectWeightVersionKey
        );
        let at_once = !CommitRevealWeightsEnabled::<T>::get(netuid);
        if at_once {
            // A reveal was rate-limited when it was committed.
            ensure!(
                Self::passes_rate_limit(index, uid),
                Error::<T>::SettingWeightsTooFast
            );
        }
        let of_itself = uids == [uid];
        ensure!(
            of_itself || Self::may_set_weights(netuid, uid),
            Error::<T>::NeuronNoValidatorPermit
        );
        ensure!(!has_duplicates(&uids), Error::<T>::DuplicateUids);
        ensure!(
            uids.iter().all(|uid| *uid < neurons),
            Error::<T>::UidVecContainInvalidOne
        );
        let least = MinAllowedWeights::<T>::get(netuid).min(neurons);
        ensure!(
            of_itself || values.len() >= usize::from(least),
            Error::<T>::WeightVecLengthIsLow
        );
        let values = upscaled(&values);
        let limit = MaxWeightsLimit::<T>::get(netuid);
        ensure!(
            of_itself || limit == u16::MAX || is_within(&values, limit),
            Error::<T>::MaxWeightExceeded
        );

        Weights::<T>::insert(index, uid, uids.into_iter().zip(values).collect::<Vec<_>>());
        if at_once {
            Self::touch(index, uid);
        }
        Self::deposit_event(Event::WeightsSet(index, uid));
        Ok(())
    }

    /// Whether the subnet and this mechanism of it are there.
    pub fn ensure_mechanism_exists(netuid: NetUid, mechanism: MechId) -> DispatchResult {
        ensure!(
            NetworksAdded::<T>::get(netuid) && MechanismCountCurrent::<T>::get(netuid) > mechanism,
            Error::<T>::MechanismDoesNotExist
        );
        Ok(())
    }

    /// Whether the hotkey has the stake that setting weights takes; the owner's needs none.
    pub fn has_stake_for_weights(hotkey: &AccountId, netuid: NetUid) -> bool {
        SubnetOwnerHotkey::<T>::try_get(netuid).as_ref() == Ok(hotkey)
            || TotalHotkeyAlpha::<T>::get(hotkey, netuid).0 >= StakeThreshold::<T>::get()
    }

    /// Whether the subnet's blocks between two submissions have passed for this uid.
    pub fn passes_rate_limit(index: NetUidStorageIndex, uid: u16) -> bool {
        let (netuid, _) = index.parts();
        let last = LastUpdate::<T>::get(index)
            .get(usize::from(uid))
            .copied()
            .unwrap_or(0);
        last == 0 || Self::current_block().saturating_sub(last) >= WeightsSetRateLimit::<T>::get(netuid)
    }

    /// Notes that a uid has set or committed weights now.
    pub fn touch(index: NetUidStorageIndex, uid: u16) {
        let block = Self::current_block();
        LastUpdate::<T>::mutate(index, |blocks| {
            if let Some(last) = blocks.get_mut(usize::from(uid)) {
                *last = block;
            }
        });
    }

    /// The block being made.
    pub fn current_block() -> u64 {
        sp_runtime::SaturatedConversion::saturated_into(frame_system::Pallet::<T>::block_number())
    }

    fn may_set_weights(netuid: NetUid, uid: u16) -> bool {
        let owner = SubnetOwnerHotkey::<T>::try_get(netuid).ok();
        owner.and_then(|hotkey| Uids::<T>::get(netuid, hotkey)) == Some(uid)
            || ValidatorPermit::<T>::get(netuid).get(usize::from(uid)) == Some(&true)
    }
}

fn has_duplicates(uids: &[u16]) -> bool {
    let mut sorted = uids.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

/// Scales so that the largest becomes 65535, zeros staying zero.
fn upscaled(values: &[u16]) -> Vec<u16> {
    let Some(max) = values
        .iter()
        .copied()
        .max()
        .filter(|max| *max != 0)
        .map(u64::from)
    else {
        return values.to_vec();
    };
    let full = u64::from(u16::MAX);
    // Multiplied first while that fits 31 bits, divided first when not.
    let scale = |value: u64| match max {
        ..=32_768 => ((value * full) << 32) / max,
        _ => value * ((full << 32) / max),
    };
    let round = |scaled: u64| u16::try_from((scaled + ONE / 2) >> 32).unwrap_or(u16::MAX);
    values
        .iter()
        .map(|value| round(scale(u64::from(*value))))
        .collect()
}

/// Whether the largest share is at most `limit` of 65535.
fn is_within(values: &[u16], limit: u16) -> bool {
    let sum: u64 = values.iter().copied().map(u64::from).sum();
    let max = values.iter().copied().max().map_or(0, u64::from);
    sum == 0 || (max << 32) / sum <= (u64::from(limit) << 32) / u64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_weight_becomes_65535() {
        assert_eq!(upscaled(&[1, 2, 0]), [32_768, 65_535, 0]);
        // Half of 65535 is 32767.5, but the quotient was cut off before it was multiplied.
        assert_eq!(upscaled(&[40_000, 20_000]), [65_535, 32_767]);
        assert_eq!(upscaled(&[65_535, 7]), [65_535, 7]);
        assert_eq!(upscaled(&[0, 0]), [0, 0]);
        assert_eq!(upscaled(&[]), [] as [u16; 0]);
    }

    #[test]
    fn a_share_above_the_limit_is_seen() {
        assert!(is_within(&[65_535, 65_535], 32_768));
        assert!(!is_within(&[65_535, 65_535], 32_767));
        assert!(is_within(&[0, 0], 1));
    }
}
