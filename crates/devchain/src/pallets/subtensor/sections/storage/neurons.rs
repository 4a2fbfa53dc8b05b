//! Who sits on a subnet.

use frame_support::pallet_macros::pallet_section;

/// Storage items; names, hashers and defaults are the real chain's.
#[pallet_section]
mod neurons {
    /// The uid of a hotkey.
    #[pallet::storage]
    pub type Uids<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Blake2_128Concat, AccountId, u16, OptionQuery>;

    /// The hotkey of a uid; of a free one the zero account.
    #[pallet::storage]
    pub type Keys<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Identity, u16, AccountId, ValueQuery, ZeroAccount>;

    /// The coldkey of a hotkey.
    #[pallet::storage]
    pub type Owner<T: Config> =
        StorageMap<_, Blake2_128Concat, AccountId, AccountId, ValueQuery, ZeroAccount>;

    /// The hotkeys of a coldkey.
    #[pallet::storage]
    pub type OwnedHotkeys<T: Config> = StorageMap<_, Blake2_128Concat, AccountId, Vec<AccountId>, ValueQuery>;

    /// The hotkeys a coldkey has stake with.
    #[pallet::storage]
    pub type StakingHotkeys<T: Config> =
        StorageMap<_, Blake2_128Concat, AccountId, Vec<AccountId>, ValueQuery>;

    /// Whether a hotkey sits on a subnet.
    #[pallet::storage]
    pub type IsNetworkMember<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, AccountId, Identity, NetUid, bool, ValueQuery>;

    /// The block a uid was given at.
    #[pallet::storage]
    pub type BlockAtRegistration<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Identity, u16, u64, ValueQuery>;

    /// Where a hotkey's server listens.
    #[pallet::storage]
    pub type Axons<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Blake2_128Concat, AccountId, AxonInfo, OptionQuery>;

    /// Where a hotkey's metrics are served.
    #[pallet::storage]
    pub type Prometheus<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Blake2_128Concat, AccountId, PrometheusInfo, OptionQuery>;

    /// A hotkey's TLS key.
    #[pallet::storage]
    pub type NeuronCertificates<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Blake2_128Concat, AccountId, NeuronCertificate, OptionQuery>;

    /// Who a coldkey says it is.
    #[pallet::storage]
    pub type IdentitiesV2<T: Config> =
        StorageMap<_, Blake2_128Concat, AccountId, ChainIdentityV2, OptionQuery>;

    /// Whether a neuron was heard of lately, by uid.
    #[pallet::storage]
    pub type Active<T: Config> = StorageMap<_, Identity, NetUid, Vec<bool>, ValueQuery>;

    /// Whether a neuron may set weights, by uid.
    #[pallet::storage]
    pub type ValidatorPermit<T: Config> = StorageMap<_, Identity, NetUid, Vec<bool>, ValueQuery>;

    /// The block a uid last set or committed weights at; 0 for never.
    #[pallet::storage]
    pub type LastUpdate<T: Config> = StorageMap<_, Identity, NetUidStorageIndex, Vec<u64>, ValueQuery>;

    /// What miners earn, by uid.
    #[pallet::storage]
    pub type Incentive<T: Config> = StorageMap<_, Identity, NetUidStorageIndex, Vec<PerU16>, ValueQuery>;

    /// The consensus weight, by uid.
    #[pallet::storage]
    pub type Consensus<T: Config> = StorageMap<_, Identity, NetUid, Vec<PerU16>, ValueQuery>;

    /// What validators earn, by uid.
    #[pallet::storage]
    pub type Dividends<T: Config> = StorageMap<_, Identity, NetUid, Vec<PerU16>, ValueQuery>;

    /// What was paid at the last epoch, by uid.
    #[pallet::storage]
    pub type Emission<T: Config> = StorageMap<_, Identity, NetUid, Vec<AlphaBalance>, ValueQuery>;

    /// How far validators agree with consensus, by uid.
    #[pallet::storage]
    pub type ValidatorTrust<T: Config> = StorageMap<_, Identity, NetUid, Vec<PerU16>, ValueQuery>;

    /// The stake that counts, by uid.
    #[pallet::storage]
    pub type StakeWeight<T: Config> = StorageMap<_, Identity, NetUid, Vec<u16>, ValueQuery>;

    /// The stake of a hotkey on a subnet.
    #[pallet::storage]
    pub type TotalHotkeyAlpha<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, AccountId, Identity, NetUid, AlphaBalance, ValueQuery>;

    /// All that is staked.
    #[pallet::storage]
    pub type TotalStake<T: Config> = StorageValue<_, TaoBalance, ValueQuery>;

    /// All there is.
    #[pallet::storage]
    pub type TotalIssuance<T: Config> = StorageValue<_, TaoBalance, ValueQuery>;

    /// The share a hotkey keeps of what its delegators earn.
    #[pallet::storage]
    pub type Delegates<T: Config> =
        StorageMap<_, Blake2_128Concat, AccountId, PerU16, ValueQuery, DefaultDelegates>;

    /// Hotkeys a hotkey hands stake to: share, child.
    #[pallet::storage]
    pub type ChildKeys<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, AccountId, Identity, NetUid, Vec<(u64, AccountId)>, ValueQuery>;

    /// Hotkeys that hand stake to this one: share, parent.
    #[pallet::storage]
    pub type ParentKeys<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, AccountId, Identity, NetUid, Vec<(u64, AccountId)>, ValueQuery>;
}
