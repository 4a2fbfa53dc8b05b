//! Errors with the codes and words of a real node, by which clients tell them apart.

use crate::{Error, node::pool::Rejection};
use jsonrpsee::types::{ErrorObject, ErrorObjectOwned};

/// An error without data.
pub(super) fn failure(code: i32, message: impl Into<String>) -> ErrorObjectOwned {
    ErrorObject::owned(code, message.into(), None::<()>)
}

/// A parameter that cannot be used.
pub(super) fn bad_parameter(message: impl Into<String>) -> ErrorObjectOwned {
    failure(-32602, message)
}

/// More was asked for than is answered at once.
pub(super) fn too_many(asked: usize, most: usize) -> ErrorObjectOwned {
    failure(
        4002,
        format!("count exceeds maximum value. value: {asked}, max: {most}"),
    )
}

impl From<Error> for ErrorObjectOwned {
    fn from(error: Error) -> Self {
        failure(4003, format!("Client error: {}", text(&error)))
    }
}

fn text(error: &Error) -> String {
    match error {
        Error::Discarded { hash } => format!("UnknownBlock: State already discarded for {hash:?}"),
        Error::UnknownBlock { hash } => {
            format!("UnknownBlock: Header was not found in the database: {hash:?}")
        }
        Error::UnknownMethod { method } => {
            format!("Execution failed: Other: Exported method {method} is not found")
        }
        Error::Panicked { message, .. } => {
            format!("Execution failed: Execution aborted due to panic: {message}")
        }
        Error::Undecodable { source, .. } => format!("Bad call result: {source}"),
        Error::Listen { .. }
        | Error::Options { .. }
        | Error::Inherent { .. }
        | Error::Unreadable { .. }
        | Error::Stopped => error.to_string(),
    }
}

impl From<Rejection> for ErrorObjectOwned {
    fn from(rejection: Rejection) -> Self {
        let with = |code, message: &str, data: String| ErrorObject::owned(code, message, Some(data));
        match rejection {
            Rejection::BadFormat => failure(
                1001,
                "Extrinsic has invalid format: not one length-prefixed extrinsic",
            ),
            Rejection::Crashed(error) => with(
                1002,
                &format!("Verification Error: {}", text(&error)),
                format!("{error:?}"),
            ),
            Rejection::Invalid(reason) => {
                // The number is all that a real node tells of its own runtime's reasons.
                with(
                    1010,
                    "Invalid Transaction",
                    custom(reason).unwrap_or_else(|| <&str>::from(reason).to_owned()),
                )
            }
            Rejection::Unknown(reason) => with(
                1011,
                "Unknown Transaction Validity",
                <&str>::from(reason).to_owned(),
            ),
            Rejection::Banned => failure(1012, "Transaction is temporarily banned"),
            Rejection::Known(hash) => with(1013, "Transaction Already Imported", format!("{hash:?}")),
            Rejection::TooLowPriority { old, new } => with(
                1014,
                &format!("Priority is too low: ({old} vs {new})"),
                "The transaction has too low priority to replace another transaction already in the pool."
                    .to_owned(),
            ),
            Rejection::Full => with(
                1016,
                "Immediately Dropped",
                "The transaction couldn't enter the pool because of the limit".to_owned(),
            ),
        }
    }
}

fn custom(reason: sp_runtime::transaction_validity::InvalidTransaction) -> Option<String> {
    match reason {
        sp_runtime::transaction_validity::InvalidTransaction::Custom(number) => {
            Some(format!("Custom error: {number}"))
        }
        _ => None,
    }
}
