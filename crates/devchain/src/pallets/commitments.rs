//! What hotkeys publish about themselves, by the real chain's rules. What is encrypted stays so until revealed.

mod data;
mod reveal;

pub use self::data::{CommitmentInfo, Data, Registration, UsageTracker};
pub use self::pallet::*;

/// The least a call takes of its epoch's space.
const MIN_SPACE: u64 = 100;

#[frame_support::pallet]
pub mod pallet {
    use std::collections::BTreeSet;

    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;

    use super::{CommitmentInfo, Data, MIN_SPACE, Registration, UsageTracker};
    use crate::pallets::numbers::{NetUid, TaoBalance};
    use crate::pallets::subtensor::{self, WEIGHT};
    use crate::runtime::AccountId;

    #[pallet::pallet]
    #[pallet::without_storage_info]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<AccountId = AccountId> + subtensor::Config {
        /// How many fields a commitment may have.
        #[pallet::constant]
        type MaxFields: Get<u32> + 'static;
        /// What a commitment costs while it stands.
        #[pallet::constant]
        type InitialDeposit: Get<TaoBalance>;
        /// What each of its fields costs.
        #[pallet::constant]
        type FieldDeposit: Get<TaoBalance>;
    }

    /// What a hotkey published last.
    #[pallet::storage]
    pub type CommitmentOf<T: Config> = StorageDoubleMap<
        _,
        Identity,
        NetUid,
        Twox64Concat,
        AccountId,
        Registration<<T as Config>::MaxFields>,
        OptionQuery,
    >;

    /// The block of a hotkey's last commitment.
    #[pallet::storage]
    pub type LastCommitment<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Twox64Concat, AccountId, u32, OptionQuery>;

    /// The block a hotkey last asked for its bonds to be reset at.
    #[pallet::storage]
    pub type LastBondsReset<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Twox64Concat, AccountId, u32, OptionQuery>;

    /// What was encrypted and has been revealed, with the block, newest last.
    #[pallet::storage]
    pub type RevealedCommitments<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Twox64Concat, AccountId, Vec<(Vec<u8>, u64)>, OptionQuery>;

    /// The space a hotkey has used in an epoch.
    #[pallet::storage]
    pub type UsedSpaceOf<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Twox64Concat, AccountId, UsageTracker, OptionQuery>;

    /// The space a hotkey may use in an epoch.
    #[pallet::storage]
    pub type MaxSpace<T: Config> = StorageValue<_, u32, ValueQuery, ConstU32<3100>>;

    /// Whose commitment has something to reveal.
    #[pallet::storage]
    pub type TimelockedIndex<T: Config> = StorageValue<_, BTreeSet<(NetUid, AccountId)>, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A hotkey published something.
        Commitment {
            /// On which subnet.
            netuid: NetUid,
            /// Who.
            who: AccountId,
        },
        /// A hotkey published something encrypted.
        TimelockCommitment {
            /// On which subnet.
            netuid: NetUid,
            /// Who.
            who: AccountId,
            /// Until which round.
            reveal_round: u64,
        },
        /// Something encrypted was revealed.
        CommitmentRevealed {
            /// On which subnet.
            netuid: NetUid,
            /// Whose.
            who: AccountId,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The commitment has more fields than are allowed.
        TooManyFieldsInCommitmentInfo,
        /// The account has no uid on this subnet.
        AccountNotAllowedCommit,
        /// The epoch's space is used up.
        SpaceLimitExceeded,
        /// A deposit could not be given back.
        UnexpectedUnreserveLeftover,
        /// Only the chain marks a reveal as failed.
        TimelockRevealFailedNotAllowed,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_block: BlockNumberFor<T>) -> Weight {
            Self::reveal_fields();
            Weight::zero()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Publishes a hotkey's commitment on a subnet, in place of its last one.
        #[pallet::call_index(0)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn set_commitment(
            origin: OriginFor<T>,
            netuid: NetUid,
            info: Box<CommitmentInfo<T::MaxFields>>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            ensure!(
                subtensor::Uids::<T>::contains_key(netuid, &who),
                Error::<T>::AccountNotAllowedCommit
            );
            Self::publish(&who, netuid, *info)
        }

        /// Sets the space a hotkey may use in an epoch.
        #[pallet::call_index(2)]
        #[pallet::weight(WEIGHT)]
        pub fn set_max_space(origin: OriginFor<T>, new_limit: u32) -> DispatchResult {
            ensure_root(origin)?;
            MaxSpace::<T>::set(new_limit);
            Ok(())
        }
    }

    impl<T: Config> Pallet<T> {
        /// Stores a commitment if there is room for it.
        pub fn publish(
            who: &AccountId,
            netuid: NetUid,
            info: CommitmentInfo<T::MaxFields>,
        ) -> DispatchResult {
            ensure!(
                !info
                    .fields
                    .iter()
                    .any(|field| matches!(field, Data::TimelockRevealFailed { .. })),
                Error::<T>::TimelockRevealFailedNotAllowed
            );
            Self::use_space(who, netuid, info.fields.iter().map(Data::space).sum())?;
            let block =
                sp_runtime::SaturatedConversion::saturated_into(frame_system::Pallet::<T>::block_number());
            if info.fields.contains(&Data::ResetBondsFlag) {
                LastBondsReset::<T>::insert(netuid, who, block);
            }
            let reveal_round = info.fields.iter().find_map(Data::reveal_round);
            let registration = Registration {
                deposit: TaoBalance(0),
                block,
                info,
            };
            CommitmentOf::<T>::insert(netuid, who, registration);
            LastCommitment::<T>::insert(netuid, who, block);
            let key = (netuid, who.clone());
            TimelockedIndex::<T>::mutate(|index| match reveal_round {
                Some(_) => index.insert(key),
                None => index.remove(&key),
            });
            let who = who.clone();
            Self::deposit_event(match reveal_round {
                Some(reveal_round) => Event::TimelockCommitment {
                    netuid,
                    who,
                    reveal_round,
                },
                None => Event::Commitment { netuid, who },
            });
            Ok(())
        }

        /// All commitments on a subnet.
        pub fn all(netuid: NetUid) -> Vec<(AccountId, Registration<<T as Config>::MaxFields>)> {
            CommitmentOf::<T>::iter_prefix(netuid).collect()
        }

        fn use_space(who: &AccountId, netuid: NetUid, bytes: u64) -> DispatchResult {
            let epoch = subtensor::SubnetEpochIndex::<T>::get(netuid);
            let used = UsedSpaceOf::<T>::get(netuid, who).filter(|usage| usage.last_epoch == epoch);
            let used_space = used
                .map_or(0, |usage| usage.used_space)
                .saturating_add(bytes.max(MIN_SPACE));
            ensure!(
                used_space <= u64::from(MaxSpace::<T>::get()),
                Error::<T>::SpaceLimitExceeded
            );
            UsedSpaceOf::<T>::insert(
                netuid,
                who,
                UsageTracker {
                    last_epoch: epoch,
                    used_space,
                },
            );
            Ok(())
        }
    }
}
