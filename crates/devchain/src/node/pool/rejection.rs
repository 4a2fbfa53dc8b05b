//! Why a transaction is not taken.

use crate::Error;
use sp_core::H256;
use sp_runtime::transaction_validity::{
    InvalidTransaction, TransactionPriority, TransactionValidityError, UnknownTransaction,
};

/// Why a transaction is not taken, in the words of a real node's pool.
#[derive(Debug, Clone)]
pub(crate) enum Rejection {
    /// The bytes are no extrinsic.
    BadFormat,
    /// The runtime could not judge it.
    Crashed(Error),
    /// The runtime refuses it.
    Invalid(InvalidTransaction),
    /// The runtime cannot tell.
    Unknown(UnknownTransaction),
    /// These very bytes were included or refused lately.
    Banned,
    /// These very bytes wait already.
    Known(H256),
    /// Another one of the same account and nonce waits, and is worth as much.
    TooLowPriority {
        old: TransactionPriority,
        new: TransactionPriority,
    },
    /// No room.
    Full,
}

impl From<TransactionValidityError> for Rejection {
    fn from(error: TransactionValidityError) -> Self {
        match error {
            TransactionValidityError::Invalid(reason) => Self::Invalid(reason),
            TransactionValidityError::Unknown(reason) => Self::Unknown(reason),
        }
    }
}
