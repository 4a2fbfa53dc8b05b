use super::{
    endpoint::{Endpoint, is_url},
    json,
    refused::{Fault, Refused},
};
use kinitro_sealing::{Envelope, PublicKey};

/// The most bytes that are looked at: three fields of the largest kind there is.
const MAX_TEXT: usize = 3 * 512;

/// What a commitment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// A miner's.
    Miner(Committed),
    /// The operator's public key, for miners to seal their endpoints with.
    OperatorKey(PublicKey),
}

/// What a miner has committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The repository; if there is one, there is a revision.
    pub repo: Option<String>,
    /// The revision.
    pub revision: Option<String>,
    /// Where its policy is.
    pub endpoint: Endpoint,
}

/// Reads a commitment of any format; nothing is trimmed, as v2 trimmed nothing.
///
/// # Errors
///
/// [`Refused`] with everything that is wrong with it.
pub fn parse(text: &str) -> Result<Parsed, Refused> {
    if text.len() > MAX_TEXT {
        return Err(Fault::TooLong { bytes: text.len() }.into());
    }
    if text.trim_start().is_empty() {
        return Err(Fault::Empty.into());
    }
    if text.trim_start().starts_with('{') {
        return json::parse(text);
    }
    if is_url(text) {
        return named(None, None, Endpoint::of(text)).map(Parsed::Miner);
    }
    let parts: Vec<&str> = text.splitn(3, ':').collect();
    let committed = match parts.as_slice() {
        [id] => named(None, None, Endpoint::of(id)),
        [mark, blob] => match envelope(mark) {
            Some(envelope) => named(None, None, sealed(envelope, blob)),
            None => Err(Fault::Shape.into()),
        },
        [repo, revision, rest] => named(Some(repo), Some(revision), place(rest)),
        // `splitn` gives one to three parts.
        _ => Err(Fault::Shape.into()),
    };
    committed.map(Parsed::Miner)
}

/// All faults of the parts, or what they say.
pub(super) fn named(
    repo: Option<&str>,
    revision: Option<&str>,
    endpoint: Result<Endpoint, Fault>,
) -> Result<Committed, Refused> {
    let mut faults = Vec::new();
    for (part, text) in [("repository", repo), ("revision", revision)] {
        if text.is_some_and(str::is_empty) {
            faults.push(Fault::Missing { part });
        }
        if text.is_some_and(|text| text.contains(char::is_control)) {
            faults.push(Fault::Control { part });
        }
    }
    match endpoint {
        Ok(endpoint) if faults.is_empty() => Ok(Committed {
            repo: repo.map(str::to_owned),
            revision: revision.map(str::to_owned),
            endpoint,
        }),
        Ok(_) => Err(Refused::all(faults)),
        Err(fault) => {
            faults.push(fault);
            Err(Refused::all(faults))
        }
    }
}

/// What follows repository and revision.
fn place(text: &str) -> Result<Endpoint, Fault> {
    if is_url(text) {
        return Endpoint::of(text);
    }
    match text.split_once(':') {
        None => Endpoint::of(text),
        Some((mark, rest)) => match envelope(mark) {
            Some(envelope) => sealed(envelope, rest),
            // The oldest format named an image here, later ones something or other.
            None => Endpoint::of(mark),
        },
    }
}

fn sealed(envelope: Envelope, blob: &str) -> Result<Endpoint, Fault> {
    if blob.is_empty() {
        return Err(Fault::Missing {
            part: "sealed endpoint",
        });
    }
    Ok(Endpoint::Sealed {
        envelope,
        blob: blob.to_owned(),
    })
}

/// The mark that stands before an envelope.
fn envelope(mark: &str) -> Option<Envelope> {
    match mark {
        "e" => Some(Envelope::Legacy),
        "e2" => Some(Envelope::Bound),
        _ => None,
    }
}
