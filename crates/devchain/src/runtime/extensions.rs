//! Transaction extensions of the real chain that FRAME does not bring, with its names and encodings.

mod metadata_hash;
mod nonce;
mod subtensor;

use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use sp_runtime::impl_tx_ext_default;
use sp_runtime::traits::TransactionExtension;

pub use self::metadata_hash::{CheckMetadataHash, Mode};
pub use self::nonce::CheckNonce;
pub use self::subtensor::{CustomTransactionError, SubtensorTransactionExtension};
use crate::RuntimeCall;

/// Declares an extension that is there for its place in the list only: it encodes to nothing, checks nothing.
macro_rules! place_holder {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Encode, Decode, DecodeWithMemTracking, Clone, Debug, Default, Eq, PartialEq, TypeInfo)]
        pub struct $name;

        impl TransactionExtension<RuntimeCall> for $name {
            const IDENTIFIER: &'static str = stringify!($name);
            type Implicit = ();
            type Pre = ();
            type Val = ();
            impl_tx_ext_default!(RuntimeCall; weight validate prepare);
        }
    };
}

place_holder!(
    /// Lets only the sudo key send sudo calls, on the real chain; here the call itself refuses.
    SudoTransactionExtension
);
place_holder!(
    /// Looks at encrypted transactions, on the real chain.
    CheckShieldedTxValidity
);
place_holder!(
    /// Lets randomness pulses go first, on the real chain.
    DrandPriority
);
