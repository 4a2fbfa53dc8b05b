//! The two envelopes behind one face: version 1 as Kinitro v2 wrote it, version 2 bound to its owner.

mod bound;
mod legacy;

use crate::{Error, PublicKey, Result, SecretKey, base85};
use std::{fmt, str::FromStr};

/// The most bytes of text an envelope takes. A commitment's 128 bytes leave room for about 50.
pub const MAX_TEXT: usize = 256;

/// The most bytes that an envelope can have: key, tag, kind and text. Nothing longer is decoded.
const MAX_PACKAGE: usize = 32 + 16 + 1 + MAX_TEXT;

/// A version of the sealed endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Envelope {
    /// Version 1, Kinitro v2's: holds a UUID, bound to nothing. Another miner may copy it and is taken for its owner.
    Legacy,
    /// Version 2: holds a UUID or a text, opens for one hotkey of one subnet only.
    Bound,
}

/// To whom an envelope of version 2 belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The subnet.
    pub netuid: u16,
    /// The hotkey's 32 bytes, what its SS58 text stands for: one account has several texts, and one of these.
    pub account: [u8; 32],
}

/// Seals a deployment id or URL for the operator; the text has no colon. The context counts for version 2 only.
///
/// # Errors
///
/// If the public key is of low order, the text is empty or too long or, for version 1, no UUID; or if the system has
/// no randomness.
pub fn seal(text: &str, to: &PublicKey, envelope: Envelope, context: &Context) -> Result<String> {
    seal_with(&SecretKey::generate()?, text, to, envelope, context)
}

/// As [`seal`], with a key of the caller's: one that is used twice gives both texts away. For tests against vectors.
pub(crate) fn seal_with(
    ephemeral: &SecretKey,
    text: &str,
    to: &PublicKey,
    envelope: Envelope,
    context: &Context,
) -> Result<String> {
    let package = match envelope {
        Envelope::Legacy => legacy::seal(ephemeral, text, to)?,
        Envelope::Bound => bound::seal(ephemeral, text, to, context)?,
    };
    Ok(base85::encode(&package))
}

/// Opens what [`seal`] sealed: gives the deployment id or URL, whatever the envelope held. Not checked beyond UTF-8.
///
/// # Errors
///
/// If it was sealed for another key or, in version 2, for another hotkey or subnet; if it was changed; if it is no
/// envelope. Any text is safe to try.
pub fn open(blob: &str, envelope: Envelope, secret: &SecretKey, context: &Context) -> Result<String> {
    if blob.len() > base85::encoded_len(MAX_PACKAGE) {
        return Err(Error::Base85 {
            fault: "it is longer than any",
        });
    }
    let package = base85::decode(blob)?;
    match envelope {
        Envelope::Legacy => legacy::open(&package, secret),
        Envelope::Bound => bound::open(&package, secret, context),
    }
}

/// How many characters the sealed text will have; none if the envelope cannot hold it.
#[must_use]
pub fn sealed_len(text: &str, envelope: Envelope) -> Option<usize> {
    let package = match envelope {
        Envelope::Legacy => legacy::package_len(text),
        Envelope::Bound => bound::package_len(text),
    };
    package.map(base85::encoded_len)
}

/// The version's number.
impl fmt::Display for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Legacy => "1",
            Self::Bound => "2",
        })
    }
}

/// From the version's number.
impl FromStr for Envelope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "1" => Ok(Self::Legacy),
            "2" => Ok(Self::Bound),
            _ => Err(Error::Version),
        }
    }
}
