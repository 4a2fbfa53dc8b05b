//! The runtime: how the pallets are put together, as the real chain (spec 461) does it.

pub mod apis;
pub mod declared;
pub mod extensions;
pub mod version;
pub mod views;

use frame_support::derive_impl;
use frame_support::dispatch::DispatchClass;
use frame_support::traits::{ConstU8, ConstU16, ConstU32, ConstU64, VariantCountOf};
use frame_support::weights::constants::{RocksDbWeight, WEIGHT_REF_TIME_PER_SECOND};
use frame_support::weights::{ConstantMultiplier, IdentityFee, Weight};
use frame_system::limits::{BlockLength, BlockWeights};
use pallet_transaction_payment::{ChargeTransactionPayment, FungibleAdapter};
use sp_runtime::traits::{AccountIdLookup, BlakeTwo256, IdentifyAccount, Verify};
use sp_runtime::{MultiAddress, MultiSignature, Perbill, generic};

use crate::pallets::numbers::ConstRao;
use crate::{
    Balances, OriginCaller, PalletInfo, Runtime, RuntimeCall, RuntimeEvent, RuntimeFreezeReason,
    RuntimeHoldReason, RuntimeOrigin, RuntimeTask, System,
};

/// A signature by any of the chain's key types; hotkeys sign with sr25519.
pub type Signature = MultiSignature;
/// The 32 bytes behind an ss58 address.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// Who a call is about, as it stands in an extrinsic.
pub type Address = MultiAddress<AccountId, ()>;
/// Rao: a billionth of a TAO.
pub type Balance = u64;
/// A block's number.
pub type BlockNumber = u32;
/// How many extrinsics an account has sent.
pub type Nonce = u32;
/// The hash of blocks, extrinsics and state.
pub type Hash = sp_core::H256;
/// A block's header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// What clients sign besides the call, in the real chain's order and nesting.
pub type TransactionExtensions = (
    (
        frame_system::CheckNonZeroSender<Runtime>,
        frame_system::CheckSpecVersion<Runtime>,
        frame_system::CheckTxVersion<Runtime>,
        frame_system::CheckGenesis<Runtime>,
        frame_system::CheckEra<Runtime>,
        extensions::CheckNonce,
        frame_system::CheckWeight<Runtime>,
    ),
    (
        ChargeTransactionPayment<Runtime>,
        extensions::SudoTransactionExtension,
        extensions::CheckShieldedTxValidity,
        extensions::SubtensorTransactionExtension,
        extensions::DrandPriority,
        extensions::CheckMetadataHash,
    ),
);
/// An extrinsic as it travels.
pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TransactionExtensions>;
/// Runs blocks.
pub type Executive = frame_executive::Executive<
    Runtime,
    Block,
    frame_system::ChainContext<Runtime>,
    Runtime,
    crate::AllPalletsWithSystem,
>;

frame_support::parameter_types! {
    /// What a block may weigh.
    pub Weights: BlockWeights = BlockWeights::with_sensible_defaults(
        Weight::from_parts(WEIGHT_REF_TIME_PER_SECOND.saturating_mul(4), u64::MAX),
        Perbill::from_percent(75),
    );
    /// How long it may be.
    pub Length: BlockLength = BlockLength::builder()
        .max_length(10 * 1024 * 1024)
        .modify_max_length_for_class(DispatchClass::Normal, |length| *length = 7 * 1024 * 1024 + 512 * 1024)
        .build();
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type AccountData = pallet_balances::AccountData<Balance>;
    type AccountId = AccountId;
    type Block = Block;
    type BlockHashCount = ConstU32<2400>;
    type BlockLength = Length;
    type BlockWeights = Weights;
    type DbWeight = RocksDbWeight;
    type Hash = Hash;
    type Lookup = AccountIdLookup<AccountId, ()>;
    type MaxConsumers = ConstU32<16>;
    type Nonce = Nonce;
    type SS58Prefix = ConstU16<42>;
    type Version = version::StoredVersion;
}

impl pallet_timestamp::Config for Runtime {
    // A test makes blocks as fast as it likes.
    type MinimumPeriod = ConstU64<0>;
    type Moment = u64;
    type OnTimestampSet = ();
    type WeightInfo = ();
}

impl crate::aura::Config for Runtime {
    type SlotDuration = version::StoredSlotDuration;
}

impl pallet_balances::Config for Runtime {
    type AccountStore = System;
    type Balance = Balance;
    type DoneSlashHandler = ();
    type DustRemoval = ();
    type ExistentialDeposit = ConstU64<500>;
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
    type MaxLocks = ConstU32<50>;
    type MaxReserves = ConstU32<50>;
    type ReserveIdentifier = [u8; 8];
    type RuntimeEvent = RuntimeEvent;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = ();
}

impl pallet_transaction_payment::Config for Runtime {
    type FeeMultiplierUpdate = ();
    type LengthToFee = ConstantMultiplier<Balance, ConstU64<1>>;
    type OnChargeTransaction = FungibleAdapter<Balances, ()>;
    type OperationalFeeMultiplier = ConstU8<5>;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
    type WeightToFee = IdentityFee<Balance>;
}

impl pallet_utility::Config for Runtime {
    type PalletsOrigin = OriginCaller;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
}

impl pallet_sudo::Config for Runtime {
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
}

impl crate::drand::Config for Runtime {}

impl crate::subtensor::Config for Runtime {
    type Currency = Balances;
}

impl crate::commitments::Config for Runtime {
    type FieldDeposit = ConstRao<0>;
    type InitialDeposit = ConstRao<0>;
    type MaxFields = ConstU32<3>;
}
