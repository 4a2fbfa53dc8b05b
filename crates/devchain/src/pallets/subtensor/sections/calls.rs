//! What accounts can ask for, each call at its index in the real chain. All but the registration cost nothing.

use frame_support::pallet_macros::pallet_section;

/// The calls; their rules are in the files beside this one.
#[pallet_section]
mod calls {
    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Sets a validator's weights.
        #[pallet::call_index(0)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn set_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            dests: Vec<u16>,
            weights: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            ensure!(
                !CommitRevealWeightsEnabled::<T>::get(netuid),
                Error::<T>::CommitRevealEnabled
            );
            Self::do_set_weights(&hotkey, netuid, MechId::MAIN, dests, weights, version_key)
        }

        /// Announces where a hotkey's server listens.
        #[pallet::call_index(4)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn serve_axon(
            origin: OriginFor<T>,
            netuid: NetUid,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
            protocol: u8,
            placeholder1: u8,
            placeholder2: u8,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            let block = Self::current_block();
            let axon = AxonInfo {
                block,
                version,
                ip,
                port,
                ip_type,
                protocol,
                placeholder1,
                placeholder2,
            };
            Self::do_serve_axon(&hotkey, netuid, axon)
        }

        /// Registers a hotkey, signed by its coldkey, for the subnet's price.
        #[pallet::call_index(7)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn burned_register(origin: OriginFor<T>, netuid: NetUid, hotkey: AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_burned_register(&coldkey, netuid, &hotkey)
        }

        /// Commits to weights by their hash.
        #[pallet::call_index(96)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn commit_weights(origin: OriginFor<T>, netuid: NetUid, commit_hash: H256) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Self::do_commit_weights(&hotkey, netuid, MechId::MAIN, commit_hash)
        }

        /// Reveals weights committed by their hash.
        #[pallet::call_index(97)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn reveal_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            uids: Vec<u16>,
            values: Vec<u16>,
            salt: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Self::do_reveal_weights(
                &hotkey,
                netuid,
                MechId::MAIN,
                &Reveal {
                    uids,
                    values,
                    salt,
                    version_key,
                },
            )
        }

        /// Commits weights encrypted until a round of the beacon.
        #[pallet::call_index(113)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn commit_timelocked_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            commit: BoundedVec<u8, ConstU32<5000>>,
            reveal_round: u64,
            commit_reveal_version: u16,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            let index = (netuid, MechId::MAIN);
            Self::do_commit_timelocked_weights(&hotkey, index, commit, reveal_round, commit_reveal_version)
        }

        /// Commits by hash to one mechanism's weights.
        #[pallet::call_index(115)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn commit_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            commit_hash: H256,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Self::do_commit_weights(&hotkey, netuid, mecid, commit_hash)
        }

        /// Reveals one mechanism's weights committed by their hash.
        #[pallet::call_index(116)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn reveal_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            uids: Vec<u16>,
            values: Vec<u16>,
            salt: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Self::do_reveal_weights(
                &hotkey,
                netuid,
                mecid,
                &Reveal {
                    uids,
                    values,
                    salt,
                    version_key,
                },
            )
        }

        /// Commits one mechanism's weights encrypted until a round of the beacon.
        #[pallet::call_index(118)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn commit_timelocked_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            commit: BoundedVec<u8, ConstU32<5000>>,
            reveal_round: u64,
            commit_reveal_version: u16,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            let index = (netuid, mecid);
            Self::do_commit_timelocked_weights(&hotkey, index, commit, reveal_round, commit_reveal_version)
        }

        /// Sets a validator's weights for one mechanism.
        #[pallet::call_index(119)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn set_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            dests: Vec<u16>,
            weights: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            ensure!(
                !CommitRevealWeightsEnabled::<T>::get(netuid),
                Error::<T>::CommitRevealEnabled
            );
            Self::do_set_weights(&hotkey, netuid, mecid, dests, weights, version_key)
        }
    }
}
