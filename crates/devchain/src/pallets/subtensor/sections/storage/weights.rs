//! What validators said.

use frame_support::pallet_macros::pallet_section;

/// Storage items; names, hashers and defaults are the real chain's.
#[pallet_section]
mod weights {
    /// A validator's weights: uid, value; the largest is 65535.
    #[pallet::storage]
    pub type Weights<T: Config> =
        StorageDoubleMap<_, Identity, NetUidStorageIndex, Identity, u16, Vec<(u16, u16)>, ValueQuery>;

    /// A validator's bonds: uid, value.
    #[pallet::storage]
    pub type Bonds<T: Config> =
        StorageDoubleMap<_, Identity, NetUidStorageIndex, Identity, u16, Vec<(u16, u16)>, ValueQuery>;

    /// Hashes of weights to be revealed by hand: hash, epoch, block, nothing.
    #[pallet::storage]
    pub type WeightCommits<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        NetUidStorageIndex,
        Twox64Concat,
        AccountId,
        Vec<(H256, u64, u64, u64)>,
        OptionQuery,
    >;

    /// Weights encrypted until a round: who, block, ciphertext, round; by the epoch they were committed in.
    #[pallet::storage]
    pub type TimelockedWeightCommits<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        NetUidStorageIndex,
        Twox64Concat,
        u64,
        Vec<(AccountId, u64, BoundedVec<u8, ConstU32<5000>>, u64)>,
        ValueQuery,
    >;
}
