//! What the pallet tells, each event at its place in the real chain's list.

use frame_support::pallet_macros::pallet_section;

/// The events this chain sends.
#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A subnet was made: netuid, kind.
        #[codec(index = 0)]
        NetworkAdded(NetUid, u16),
        /// A validator's weights were set: storage index, uid.
        #[codec(index = 5)]
        WeightsSet(NetUidStorageIndex, u16),
        /// A hotkey got a uid: netuid, uid, hotkey.
        #[codec(index = 7)]
        NeuronRegistered(NetUid, u16, AccountId),
        /// A hotkey announced its server: netuid, hotkey.
        #[codec(index = 29)]
        AxonServed(NetUid, AccountId),
        /// A hash of weights was committed: hotkey, storage index, hash.
        #[codec(index = 86)]
        WeightsCommitted(AccountId, NetUidStorageIndex, H256),
        /// Weights were revealed by hand: hotkey, storage index, hash.
        #[codec(index = 87)]
        WeightsRevealed(AccountId, NetUidStorageIndex, H256),
        /// Encrypted weights were committed: hotkey, storage index, hash, round.
        #[codec(index = 108)]
        TimelockedWeightsCommitted(AccountId, NetUidStorageIndex, H256, u64),
        /// Encrypted weights were revealed: storage index, hotkey.
        #[codec(index = 109)]
        TimelockedWeightsRevealed(NetUidStorageIndex, AccountId),
    }
}
