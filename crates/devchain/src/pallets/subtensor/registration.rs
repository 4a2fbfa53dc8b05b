//! Who gets a uid, and what becomes of the one who had it.

use frame_support::ensure;
use frame_support::pallet_prelude::DispatchResult;
use frame_support::traits::tokens::fungible::Mutate;
use frame_support::traits::tokens::{Fortitude, Precision, Preservation};
use sp_runtime::PerU16;

use super::pallet::*;
use super::types::ZeroAccount;
use crate::pallets::numbers::{AlphaBalance, NetUid, NetUidStorageIndex};
use crate::runtime::AccountId;
use frame_support::traits::Get;

impl<T: Config> Pallet<T> {
    /// Makes a subnet without neurons.
    pub fn create_subnet(netuid: NetUid, owner: &AccountId, owner_hotkey: &AccountId) {
        NetworksAdded::<T>::insert(netuid, true);
        SubnetOwner::<T>::insert(netuid, owner);
        SubnetOwnerHotkey::<T>::insert(netuid, owner_hotkey);
        SubnetworkN::<T>::insert(netuid, 0);
        SubnetMechanism::<T>::insert(netuid, 1);
        SubtokenEnabled::<T>::insert(netuid, true);
        let block = Self::current_block();
        NetworkRegisteredAt::<T>::insert(netuid, block);
        LastEpochBlock::<T>::insert(netuid, block);
        TotalNetworks::<T>::mutate(|count| *count = count.saturating_add(1));
        Self::deposit_event(Event::NetworkAdded(netuid, 1));
    }

    /// Registers a hotkey for the subnet's price, paid by its coldkey.
    pub fn do_burned_register(coldkey: &AccountId, netuid: NetUid, hotkey: &AccountId) -> DispatchResult {
        ensure!(
            netuid != NetUid::ROOT,
            Error::<T>::RegistrationNotPermittedOnRootSubnet
        );
        ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::SubnetNotExists);
        ensure!(
            NetworkRegistrationAllowed::<T>::get(netuid),
            Error::<T>::SubNetRegistrationDisabled
        );
        ensure!(
            !Uids::<T>::contains_key(netuid, hotkey),
            Error::<T>::HotKeyAlreadyRegisteredInSubNet
        );
        let owner = Owner::<T>::try_get(hotkey).unwrap_or_else(|()| coldkey.clone());
        ensure!(owner == *coldkey, Error::<T>::NonAssociatedColdKey);
        let price = Burn::<T>::get(netuid).0;
        T::Currency::burn_from(
            coldkey,
            price,
            Preservation::Preserve,
            Precision::Exact,
            Fortitude::Polite,
        )?;
        Self::register(netuid, hotkey, coldkey)?;
        Ok(())
    }

    /// Gives a hotkey a uid: a new one, or when the subnet is full that of the oldest neuron without a permit.
    pub fn register(netuid: NetUid, hotkey: &AccountId, coldkey: &AccountId) -> Result<u16, Error<T>> {
        ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::SubnetNotExists);
        ensure!(
            !Uids::<T>::contains_key(netuid, hotkey),
            Error::<T>::HotKeyAlreadyRegisteredInSubNet
        );
        let neurons = SubnetworkN::<T>::get(netuid);
        let uid = if neurons < MaxAllowedUids::<T>::get(netuid) {
            SubnetworkN::<T>::insert(netuid, neurons + 1);
            neurons
        } else {
            let uid = Self::replaceable(netuid, neurons).ok_or(Error::<T>::NoNeuronIdAvailable)?;
            Self::forget(netuid, uid);
            uid
        };
        Self::seat(netuid, uid, hotkey, coldkey);
        Ok(uid)
    }

    /// Puts another hotkey on a uid, as happens to a neuron that is pushed out.
    pub fn replace(netuid: NetUid, uid: u16, hotkey: &AccountId, coldkey: &AccountId) {
        Self::forget(netuid, uid);
        Self::seat(netuid, uid, hotkey, coldkey);
    }

    /// Takes the uid from the hotkey that has it. Its commitment stays, as on the real chain. The uid is left to
    /// the zero account until it is given anew.
    pub fn forget(netuid: NetUid, uid: u16) {
        let hotkey = Keys::<T>::get(netuid, uid);
        Uids::<T>::remove(netuid, &hotkey);
        IsNetworkMember::<T>::remove(&hotkey, netuid);
        Axons::<T>::remove(netuid, &hotkey);
        Prometheus::<T>::remove(netuid, &hotkey);
        NeuronCertificates::<T>::remove(netuid, &hotkey);
        Keys::<T>::remove(netuid, uid);
        Weights::<T>::remove(NetUidStorageIndex::from(netuid.0), uid);
        Bonds::<T>::remove(NetUidStorageIndex::from(netuid.0), uid);
        ValidatorPermit::<T>::mutate(netuid, |permits| set_at(permits, uid, false));
    }

    /// Gives a neuron stake, and a permit when it is to validate.
    pub fn endow(netuid: NetUid, hotkey: &AccountId, stake: u64, permit: bool) {
        let Some(uid) = Uids::<T>::get(netuid, hotkey) else {
            return;
        };
        TotalHotkeyAlpha::<T>::insert(hotkey, netuid, AlphaBalance(stake));
        ValidatorPermit::<T>::mutate(netuid, |permits| set_at(permits, uid, permit));
    }

    fn seat(netuid: NetUid, uid: u16, hotkey: &AccountId, coldkey: &AccountId) {
        let block = Self::current_block();
        Keys::<T>::insert(netuid, uid, hotkey);
        Uids::<T>::insert(netuid, hotkey, uid);
        IsNetworkMember::<T>::insert(hotkey, netuid, true);
        BlockAtRegistration::<T>::insert(netuid, uid, block);
        if !Owner::<T>::contains_key(hotkey) {
            Owner::<T>::insert(hotkey, coldkey);
            OwnedHotkeys::<T>::append(coldkey, hotkey);
            StakingHotkeys::<T>::append(coldkey, hotkey);
        }
        let index = NetUidStorageIndex::from(netuid.0);
        Active::<T>::mutate(netuid, |active| set_at(active, uid, true));
        ValidatorPermit::<T>::mutate(netuid, |permits| set_at(permits, uid, false));
        LastUpdate::<T>::mutate(index, |blocks| set_at(blocks, uid, block));
        Incentive::<T>::mutate(index, |values| set_at(values, uid, PerU16::default()));
        Consensus::<T>::mutate(netuid, |values| set_at(values, uid, PerU16::default()));
        Dividends::<T>::mutate(netuid, |values| set_at(values, uid, PerU16::default()));
        ValidatorTrust::<T>::mutate(netuid, |values| set_at(values, uid, PerU16::default()));
        Emission::<T>::mutate(netuid, |values| set_at(values, uid, AlphaBalance::default()));
        Self::deposit_event(Event::NeuronRegistered(netuid, uid, hotkey.clone()));
    }

    fn replaceable(netuid: NetUid, neurons: u16) -> Option<u16> {
        let permits = ValidatorPermit::<T>::get(netuid);
        let owner = SubnetOwnerHotkey::<T>::get(netuid);
        let zero = ZeroAccount::get();
        (0..neurons)
            .filter(|uid| permits.get(usize::from(*uid)) != Some(&true))
            .filter(|uid| owner == zero || Keys::<T>::get(netuid, uid) != owner)
            .min_by_key(|uid| BlockAtRegistration::<T>::get(netuid, uid))
    }
}

/// Sets one neuron's entry in a list by uid, which grows as needed.
fn set_at<V: Clone + Default>(values: &mut Vec<V>, uid: u16, value: V) {
    let place = usize::from(uid);
    if values.len() <= place {
        values.resize(place + 1, V::default());
    }
    values[place] = value;
}
