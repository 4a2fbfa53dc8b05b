//! The nonce check, which unlike FRAME's lets an account without money send calls that cost none.

use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::dispatch::{DispatchInfo, Pays};
use frame_support::pallet_prelude::TransactionSource;
use frame_support::weights::Weight;
use scale_info::TypeInfo;
use sp_runtime::traits::{AsSystemOriginSigner, DispatchInfoOf, TransactionExtension, ValidateResult};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError, ValidTransaction};

use crate::runtime::{AccountId, Nonce};
use crate::{Runtime, RuntimeCall, RuntimeOrigin};

/// Checks and raises the sender's nonce.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Debug, Eq, PartialEq, TypeInfo)]
pub struct CheckNonce(#[codec(compact)] pub Nonce);

impl TransactionExtension<RuntimeCall> for CheckNonce {
    const IDENTIFIER: &'static str = "CheckNonce";
    type Implicit = ();
    type Pre = ();
    type Val = Option<(AccountId, Nonce)>;

    fn weight(&self, _call: &RuntimeCall) -> Weight {
        Weight::zero()
    }

    fn validate(
        &self,
        origin: RuntimeOrigin,
        _call: &RuntimeCall,
        info: &DispatchInfoOf<RuntimeCall>,
        _len: usize,
        _implicit: Self::Implicit,
        _implication: &impl Encode,
        _source: TransactionSource,
    ) -> ValidateResult<Self::Val, RuntimeCall> {
        let Some(who) = origin.as_system_origin_signer().cloned() else {
            return Ok((ValidTransaction::default(), None, origin));
        };
        let account = frame_system::Account::<Runtime>::get(&who);
        if info.pays_fee == Pays::Yes && account.providers == 0 && account.sufficients == 0 {
            return Err(InvalidTransaction::Payment.into());
        }
        if self.0 < account.nonce {
            return Err(InvalidTransaction::Stale.into());
        }
        let mut validity = ValidTransaction {
            provides: vec![(&who, self.0).encode()],
            ..Default::default()
        };
        if account.nonce < self.0 {
            validity.requires = vec![(&who, self.0 - 1).encode()];
        }
        Ok((validity, Some((who, account.nonce)), origin))
    }

    fn prepare(
        self,
        val: Self::Val,
        _origin: &RuntimeOrigin,
        _call: &RuntimeCall,
        _info: &DispatchInfo,
        _len: usize,
    ) -> Result<Self::Pre, TransactionValidityError> {
        let Some((who, nonce)) = val else { return Ok(()) };
        if self.0 > nonce {
            return Err(InvalidTransaction::Future.into());
        }
        frame_system::Account::<Runtime>::mutate(who, |account| account.nonce = nonce.wrapping_add(1));
        Ok(())
    }
}
