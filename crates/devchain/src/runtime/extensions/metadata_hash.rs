//! The extension that can bind a signature to the metadata it was made with.

use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use sp_runtime::impl_tx_ext_default;
use sp_runtime::traits::TransactionExtension;
use sp_runtime::transaction_validity::{TransactionValidityError, UnknownTransaction};

use crate::RuntimeCall;

/// Whether the signer signed the metadata's hash too.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Copy, Debug, Default, Eq, PartialEq, TypeInfo)]
pub enum Mode {
    /// It did not.
    #[default]
    Disabled,
    /// It did.
    Enabled,
}

/// Refuses signers who signed the metadata's hash, as a runtime built without that hash does.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Debug, Default, Eq, PartialEq, TypeInfo)]
pub struct CheckMetadataHash {
    /// What the signer says.
    pub mode: Mode,
}

impl TransactionExtension<RuntimeCall> for CheckMetadataHash {
    const IDENTIFIER: &'static str = "CheckMetadataHash";
    type Implicit = Option<[u8; 32]>;
    type Pre = ();
    type Val = ();

    fn implicit(&self) -> Result<Self::Implicit, TransactionValidityError> {
        match self.mode {
            Mode::Disabled => Ok(None),
            Mode::Enabled => Err(UnknownTransaction::CannotLookup.into()),
        }
    }

    impl_tx_ext_default!(RuntimeCall; weight validate prepare);
}
