//! Subnets, the neurons on them and the weights validators give, by the real chain's rules.

mod commits;
mod epoch;
mod guards;
mod registration;
mod reveal;
mod sections;
mod serving;
mod types;
mod weights;

use frame_support::pallet_macros::import_section;
use frame_support::weights::Weight;

pub use self::commits::Reveal;
pub use self::pallet::*;
pub use self::types::*;

/// What a call is said to weigh: little, so that a block holds all validators' calls.
pub const WEIGHT: Weight = Weight::from_parts(10_000_000, 0);

#[import_section(sections::calls::calls)]
#[import_section(sections::errors::errors)]
#[import_section(sections::events::events)]
#[import_section(sections::storage::hyperparameters::hyperparameters)]
#[import_section(sections::storage::neurons::neurons)]
#[import_section(sections::storage::subnet::subnet)]
#[import_section(sections::storage::weights::weights)]
#[frame_support::pallet]
pub mod pallet {
    use frame_support::pallet_prelude::*;
    use frame_support::traits::tokens::fungible::Mutate;
    use frame_support::traits::{ConstBool, ConstI16, ConstU8, ConstU16, ConstU32, ConstU64};
    use frame_system::pallet_prelude::*;
    use sp_core::H256;
    use sp_runtime::PerU16;

    use super::{
        AxonInfo, ChainIdentityV2, DefaultAlphaValues, DefaultDelegates, DefaultTokenSymbol, EpochConsensus,
        NeuronCertificate, PrometheusInfo, Reveal, SubnetIdentityV3, WEIGHT, ZeroAccount,
    };
    use crate::pallets::numbers::{
        AlphaBalance, ConstFixedU128, ConstMechId, ConstRao, FixedI128, FixedU128, MechId, NetUid,
        NetUidStorageIndex, TaoBalance,
    };
    use crate::runtime::{AccountId, Balance};

    #[pallet::pallet]
    #[pallet::without_storage_info]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<AccountId = AccountId, RuntimeEvent: From<Event<Self>>> + crate::drand::Config
    {
        /// What registrations are paid with.
        type Currency: Mutate<AccountId, Balance = Balance>;
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_block: BlockNumberFor<T>) -> Weight {
            Self::run_epochs();
            Self::reveal_timelocked_weights();
            Weight::zero()
        }
    }
}
