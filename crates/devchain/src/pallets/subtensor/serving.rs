//! Axons: where a neuron's server listens.

use frame_support::ensure;
use frame_support::pallet_prelude::DispatchResult;

use super::pallet::*;
use super::types::AxonInfo;
use crate::pallets::numbers::NetUid;
use crate::runtime::AccountId;

impl<T: Config> Pallet<T> {
    /// Announces a hotkey's axon.
    pub fn do_serve_axon(hotkey: &AccountId, netuid: NetUid, axon: AxonInfo) -> DispatchResult {
        Self::check_axon(hotkey, netuid, axon.ip, axon.port, axon.ip_type)?;
        Axons::<T>::insert(netuid, hotkey, axon);
        Self::deposit_event(Event::AxonServed(netuid, hotkey.clone()));
        Ok(())
    }

    /// Whether a hotkey may announce this now.
    pub fn check_axon(
        hotkey: &AccountId,
        netuid: NetUid,
        ip: u128,
        port: u16,
        ip_type: u8,
    ) -> Result<(), Error<T>> {
        ensure!(
            Uids::<T>::contains_key(netuid, hotkey),
            Error::<T>::HotKeyNotRegisteredInNetwork
        );
        ensure!(matches!(ip_type, 4 | 6), Error::<T>::InvalidIpType);
        let own = if ip_type == 4 {
            ip == 0x7f00_0001 || ip >= u128::from(u32::MAX)
        } else {
            ip == 1 || ip == u128::MAX
        };
        ensure!(!own, Error::<T>::InvalidIpAddress);
        let last = Axons::<T>::get(netuid, hotkey).map_or(0, |axon| axon.block);
        let limit = ServingRateLimit::<T>::get(netuid);
        ensure!(
            limit == 0 || last == 0 || Self::current_block().saturating_sub(last) >= limit,
            Error::<T>::ServingRateLimitExceeded
        );
        ensure!(port != 0, Error::<T>::InvalidPort);
        Ok(())
    }
}
