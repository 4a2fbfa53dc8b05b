use super::{
    Committed, Endpoint, Parsed, context,
    lineage::cut,
    parse,
    refused::{Fault, Refused},
};
use kinitro_proto::Hotkey;
use kinitro_sealing::{Envelope, PublicKey};

/// The most bytes a commitment may have: what one field of the chain holds. v2 counted characters, and was refused by
/// the chain for those that have more bytes than one.
pub const MAX_COMMITMENT: usize = 128;

/// What is to be committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draft<'a> {
    /// The repository, with a revision.
    pub repo: Option<&'a str>,
    /// The revision; its first 8 characters are committed.
    pub revision: Option<&'a str>,
    /// A deployment id, or `http(s)://…`.
    pub endpoint: &'a str,
}

/// How it is sealed.
#[derive(Debug, Clone, Copy)]
pub struct Seal<'a> {
    /// The operator's key.
    pub to: &'a PublicKey,
    /// The version; none takes the newer one, or the older where only that fits.
    pub envelope: Option<Envelope>,
    /// The subnet it is for.
    pub netuid: u16,
    /// The hotkey that will commit it.
    pub hotkey: &'a Hotkey,
}

/// A commitment, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Its text.
    pub text: String,
    /// The envelope it has, if it is sealed.
    pub envelope: Option<Envelope>,
}

/// Writes a commitment: plain, or sealed for the operator.
///
/// # Errors
///
/// [`Refused`] with everything that is wrong with the draft, or if it does not fit.
pub fn build(draft: &Draft<'_>, seal: Option<&Seal<'_>>) -> Result<Built, Refused> {
    let endpoint = check(draft)?;
    let Some(seal) = seal else {
        let text = format!("{}{}", prefix(draft), draft.endpoint);
        return fit(&text, draft, &endpoint).map(|()| Built { text, envelope: None });
    };
    let envelope = seal.envelope.unwrap_or_else(|| newest(draft));
    let context = context(seal.netuid, seal.hotkey)?;
    let blob = kinitro_sealing::seal(draft.endpoint, seal.to, envelope, &context).map_err(Fault::Sealed)?;
    let text = format!("{}{}:{blob}", prefix(draft), mark(envelope));
    fit(&text, draft, &Endpoint::Sealed { envelope, blob })?;
    Ok(Built {
        text,
        envelope: Some(envelope),
    })
}

/// The operator's public key, as v2's miners look for it.
#[must_use]
pub fn build_operator_key(key: &PublicKey) -> String {
    format!("{{\"t\":\"pk\",\"k\":\"{key}\"}}")
}

/// Every fault of the draft; else what its endpoint is.
fn check(draft: &Draft<'_>) -> Result<Endpoint, Refused> {
    let mut faults = Vec::new();
    if draft.repo.is_some() != draft.revision.is_some() {
        faults.push(Fault::Half);
    }
    for (part, text) in [("repository", draft.repo), ("revision", draft.revision.map(cut))] {
        let Some(text) = text else { continue };
        if text.is_empty() {
            faults.push(Fault::Missing { part });
        }
        if text.contains(':') {
            faults.push(Fault::Colon { part });
        }
        if text.contains(char::is_control) {
            faults.push(Fault::Control { part });
        }
    }
    match Endpoint::of(draft.endpoint) {
        Ok(endpoint) if faults.is_empty() => Ok(endpoint),
        Ok(_) => Err(Refused::all(faults)),
        Err(fault) => {
            faults.push(fault);
            Err(Refused::all(faults))
        }
    }
}

/// The newer envelope, unless only the older fits and can hold it.
fn newest(draft: &Draft<'_>) -> Envelope {
    let fits = |envelope| {
        let blob = kinitro_sealing::sealed_len(draft.endpoint, envelope);
        blob.is_some_and(|blob| prefix(draft).len() + mark(envelope).len() + 1 + blob <= MAX_COMMITMENT)
    };
    if !fits(Envelope::Bound) && fits(Envelope::Legacy) {
        Envelope::Legacy
    } else {
        Envelope::Bound
    }
}

const fn mark(envelope: Envelope) -> &'static str {
    match envelope {
        Envelope::Legacy => "e",
        Envelope::Bound => "e2",
    }
}

fn prefix(draft: &Draft<'_>) -> String {
    match (draft.repo, draft.revision) {
        (Some(repo), Some(revision)) => format!("{repo}:{}:", cut(revision)),
        _ => String::new(),
    }
}

/// Checks that it fits, and that it reads as it was meant: a repository `http` and a revision `//h` would be a URL.
fn fit(text: &str, draft: &Draft<'_>, endpoint: &Endpoint) -> Result<(), Refused> {
    if text.len() > MAX_COMMITMENT {
        return Err(Fault::DoesNotFit {
            bytes: text.len(),
            max: MAX_COMMITMENT,
        }
        .into());
    }
    let meant = Parsed::Miner(Committed {
        repo: draft.repo.map(str::to_owned),
        revision: draft.revision.map(|revision| cut(revision).to_owned()),
        endpoint: endpoint.clone(),
    });
    match parse(text) {
        Ok(read) if read == meant => Ok(()),
        _ => Err(Fault::Ambiguous.into()),
    }
}
