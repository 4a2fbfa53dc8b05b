//! What the RPC client's errors mean.

use crate::{Error, Hash};
use subxt::rpcs::{self, client::reconnecting_rpc_client as reconnecting};

/// How much of a node's words is kept.
const MESSAGE: usize = 200;

/// The error of a request about that block, if it was about one.
pub(super) fn of(url: &str, what: &'static str, block: Option<Hash>, error: rpcs::Error) -> Error {
    match error {
        rpcs::Error::User(user) => match block {
            Some(block)
                if is_pruned(&user.message) || user.data.as_ref().is_some_and(|d| is_pruned(d.get())) =>
            {
                Error::Pruned { block }
            }
            _ => Error::Refused {
                what,
                code: user.code,
                message: line(&user.message),
            },
        },
        rpcs::Error::Client(source) if is_answer(source.as_ref()) => Error::BadAnswer { what, source },
        error @ (rpcs::Error::Client(_) | rpcs::Error::DisconnectedWillReconnect(_)) => Error::Unreachable {
            url: url.to_owned(),
            source: error.into(),
        },
        error => Error::BadAnswer {
            what,
            source: error.into(),
        },
    }
}

/// Nodes have one code for every fault of the state; these are the words of the database and of the client.
fn is_pruned(message: &str) -> bool {
    ["discarded", "UnknownBlock", "unknown Block", "Unknown block"]
        .iter()
        .any(|words| message.contains(words))
}

/// Whether the link is fine and the answer is not.
fn is_answer(source: &(dyn std::error::Error + 'static)) -> bool {
    source.downcast_ref::<reconnecting::Error>().is_none_or(|error| {
        matches!(
            error,
            reconnecting::Error::RpcError(reconnecting::RpcError::ParseError(_))
        )
    })
}

/// A node's words in one line, not too long.
pub(crate) fn line(message: &str) -> String {
    let clean = message.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(MESSAGE).collect()
}
