//! What miners commit, as text: one reader for every format there ever was, one writer, and the way to an endpoint.
//!
//! A scheduler needs one function, [`resolve`]: text in, endpoint and lineage out, or everything that is wrong.
//!
//! | text | since | is |
//! |---|---|---|
//! | `repo:rev:dep[:ignored]` | v2, all versions | a deployment id |
//! | `repo:rev:e:blob` | v2, February 2026 | sealed, version 1 |
//! | `repo:rev:e2:blob` | here | sealed, version 2 |
//! | `repo:rev:http(s)://…` | here | a plain URL |
//! | `dep`, `e:blob`, `e2:blob`, `http(s)://…` | v2's pull request 42, and here | the same without repository |
//! | `{"m":…,"r":…,"d":…}`, `{"model":…,"revision":…,"deployment_id":…}` | v2, January 2026 | a deployment id or URL |
//! | the same with `c` or `chute_id` | v2, January 2026 | the chute's id; a `d` beside it is an image, ignored |
//! | `{"m":…,"r":…,"e":…}` | v2, one day | sealed, version 1 (then of 76 bytes, which does not open) |
//! | `{"t":"pk","k":…}`, `{"type":"backend_pubkey","key":…}` | v2 | the operator's public key |
//!
//! Text that starts with `{` is JSON and nothing else: read by its colons, v2 took the operator's key for a miner.

mod build;
mod endpoint;
mod json;
mod lineage;
mod parse;
mod refused;
#[cfg(test)]
mod tests;

pub use build::{Built, Draft, MAX_COMMITMENT, Seal, build, build_operator_key};
pub use endpoint::Endpoint;
pub use kinitro_sealing::{Envelope, PublicKey, SecretKey, read_secret_key};
pub use lineage::lineage;
pub use parse::{Committed, Parsed, parse};
pub use refused::{Fault, Refused};

use crate::account::account;
use kinitro_proto::Hotkey;
use kinitro_sealing::Context;
use std::fmt;

/// Whether endpoints that everyone can read are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlainEndpoints {
    /// They are: for local networks.
    Allowed,
    /// They are not: a miner's address in the open invites attacks on it. Deployment ids are no addresses, and stay.
    #[default]
    Refused,
}

/// What an operator takes.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The key that opens sealed endpoints; without it none is.
    pub secret_key: Option<SecretKey>,
    /// The subnet whose commitments are read: an envelope of version 2 opens in its own only.
    pub netuid: u16,
    /// Whether plain URLs are called.
    pub plain_endpoints: PlainEndpoints,
}

/// A commitment that leads to a policy.
#[derive(Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The repository, if one is named.
    pub repo: Option<String>,
    /// The revision, if one is named: 8 characters as we write it, more in old JSON.
    pub revision: Option<String>,
    /// Where the policy is: `http(s)://…` without slashes at its end. Well-formed; its addresses are yet to be judged.
    pub endpoint: String,
    /// The envelope it came in, if it was sealed: then the endpoint is a secret between miner and operator.
    pub envelope: Option<Envelope>,
    /// What was committed, whichever way it is written and sealed; see [`lineage`]. As secret as the endpoint.
    pub lineage: [u8; 32],
}

/// From what a hotkey committed to its policy's endpoint.
///
/// # Errors
///
/// [`Refused`] lists what is wrong: with the text, with the envelope, with what it held, or by the policy. The
/// operator's own key is refused too, and [`Refused::is_operator_key`] tells.
pub fn resolve(text: &str, policy: &Policy, hotkey: &Hotkey) -> Result<Resolved, Refused> {
    let committed = match parse(text)? {
        Parsed::Miner(committed) => committed,
        Parsed::OperatorKey(_) => return Err(Fault::OperatorKey.into()),
    };
    let (endpoint, envelope) = match committed.endpoint {
        Endpoint::Sealed { envelope, blob } => {
            let text = open(&blob, envelope, policy, hotkey)?;
            (Endpoint::of(&text)?, Some(envelope))
        }
        Endpoint::Url(_) if policy.plain_endpoints == PlainEndpoints::Refused => {
            return Err(Fault::PlainEndpoint.into());
        }
        plain => (plain, None),
    };
    // An envelope holds no other envelope: `Endpoint::of` makes none.
    let endpoint = endpoint.url().ok_or(Fault::Missing { part: "endpoint" })?;
    Ok(Resolved {
        lineage: lineage(
            committed.repo.as_deref(),
            committed.revision.as_deref(),
            &endpoint,
        ),
        repo: committed.repo,
        revision: committed.revision,
        endpoint,
        envelope,
    })
}

fn open(blob: &str, envelope: Envelope, policy: &Policy, hotkey: &Hotkey) -> Result<String, Refused> {
    let secret = policy.secret_key.as_ref().ok_or(Fault::NoSecretKey)?;
    let context = context(policy.netuid, hotkey)?;
    kinitro_sealing::open(blob, envelope, secret, &context).map_err(|error| Fault::Sealed(error).into())
}

/// Whose an envelope of version 2 is: the account behind the hotkey's text.
fn context(netuid: u16, hotkey: &Hotkey) -> Result<Context, Refused> {
    let account = account(hotkey).map_err(|_| Fault::Hotkey)?.0;
    Ok(Context { netuid, account })
}

/// Without what was sealed.
impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = match self.envelope {
            Some(_) => "***",
            None => &self.endpoint,
        };
        f.debug_struct("Resolved")
            .field("repo", &self.repo)
            .field("revision", &self.revision)
            .field("endpoint", &endpoint)
            .field("envelope", &self.envelope)
            .finish_non_exhaustive()
    }
}
