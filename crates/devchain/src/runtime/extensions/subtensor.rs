//! What the real chain refuses before inclusion, with the numbers clients see as `Custom error: N`.

use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::pallet_prelude::TransactionSource;
use frame_support::traits::IsSubType;
use frame_support::weights::Weight;
use scale_info::TypeInfo;
use sp_runtime::impl_tx_ext_default;
use sp_runtime::traits::{AsSystemOriginSigner, DispatchInfoOf, TransactionExtension, ValidateResult};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError, ValidTransaction};

use crate::subtensor::{self, Error, Pallet};
use crate::{Runtime, RuntimeCall, RuntimeOrigin};

/// Why the chain does not even include an extrinsic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum CustomTransactionError {
    /// The hotkey's stake does not allow it to set weights.
    StakeAmountTooLow = 1,
    /// There is no such subnet.
    SubnetNotExists = 3,
    /// Too soon after the last time.
    RateLimitExceeded = 6,
    /// The hotkey has no place on the subnet.
    HotKeyNotRegisteredInNetwork = 10,
    /// An axon's address is none.
    InvalidIpAddress = 11,
    /// An axon was announced too soon after the last time.
    ServingRateLimitExceeded = 12,
    /// An axon's port is 0.
    InvalidPort = 13,
    /// The round to reveal at has passed.
    InvalidRevealRound = 15,
    /// Nothing was committed with this hash.
    CommitNotFound = 16,
    /// It is not yet, or no longer, the time to reveal.
    CommitBlockNotInRevealRange = 17,
    /// Lists that must be equally long are not.
    InputLengthsUnequal = 18,
    /// The hotkey has no uid.
    UidNotFound = 19,
    /// Everything else.
    BadRequest = 255,
}

impl From<CustomTransactionError> for TransactionValidityError {
    fn from(error: CustomTransactionError) -> Self {
        Self::Invalid(InvalidTransaction::Custom(error as u8))
    }
}

impl From<Error<Runtime>> for CustomTransactionError {
    fn from(error: Error<Runtime>) -> Self {
        match error {
            Error::AmountTooLow | Error::NotEnoughStakeToSetWeights => Self::StakeAmountTooLow,
            Error::SubnetNotExists => Self::SubnetNotExists,
            Error::CommittingWeightsTooFast
            | Error::SettingWeightsTooFast
            | Error::NetworkTxRateLimitExceeded => Self::RateLimitExceeded,
            Error::HotKeyNotRegisteredInNetwork => Self::HotKeyNotRegisteredInNetwork,
            Error::InvalidIpAddress => Self::InvalidIpAddress,
            Error::ServingRateLimitExceeded => Self::ServingRateLimitExceeded,
            Error::InvalidPort => Self::InvalidPort,
            Error::InvalidRevealRound => Self::InvalidRevealRound,
            Error::NoWeightsCommitFound => Self::CommitNotFound,
            Error::RevealTooEarly => Self::CommitBlockNotInRevealRange,
            Error::InputLengthsUnequal => Self::InputLengthsUnequal,
            Error::HotKeyNotRegisteredInSubNet => Self::UidNotFound,
            _ => Self::BadRequest,
        }
    }
}

/// Refuses calls of [`subtensor`] that cannot succeed, before they take a place in a block.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Debug, Default, Eq, PartialEq, TypeInfo)]
pub struct SubtensorTransactionExtension;

impl TransactionExtension<RuntimeCall> for SubtensorTransactionExtension {
    const IDENTIFIER: &'static str = "SubtensorTransactionExtension";
    type Implicit = ();
    type Pre = ();
    type Val = ();

    fn weight(&self, _call: &RuntimeCall) -> Weight {
        Weight::zero()
    }

    fn validate(
        &self,
        origin: RuntimeOrigin,
        call: &RuntimeCall,
        _info: &DispatchInfoOf<RuntimeCall>,
        _len: usize,
        _implicit: Self::Implicit,
        _implication: &impl Encode,
        _source: TransactionSource,
    ) -> ValidateResult<Self::Val, RuntimeCall> {
        let call: Option<&subtensor::Call<Runtime>> = call.is_sub_type();
        if let (Some(who), Some(call)) = (origin.as_system_origin_signer(), call) {
            Pallet::<Runtime>::check_before_inclusion(who, call).map_err(CustomTransactionError::from)?;
        }
        Ok((ValidTransaction::default(), (), origin))
    }

    impl_tx_ext_default!(RuntimeCall; prepare);
}
