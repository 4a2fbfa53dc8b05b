//! The key that signs, and where it comes from.

mod file;
mod wallet;

use crate::{Error, Result};
use kinitro_proto::Hotkey;
use std::{fmt, path::Path, str::FromStr};
use subxt_signer::{SecretUri, sr25519};

#[cfg(test)]
mod tests;

/// The hotkey that signs: sr25519. Shows its public half only.
#[derive(Clone)]
pub struct Signer {
    hotkey: Hotkey,
    key: Key,
}

/// Both wipe themselves when dropped.
#[derive(Clone)]
enum Key {
    /// Derived from a seed or a mnemonic.
    Derived(sr25519::Keypair),
    /// The 64 bytes that such a derivation ends in, which is all that some wallet files hold.
    Expanded(schnorrkel::Keypair),
}

impl Signer {
    /// From a secret URI: `//Alice`, a mnemonic, `0x` and a seed, each with `//derivations`.
    ///
    /// # Errors
    /// When the text is no secret URI.
    pub fn from_uri(uri: &str) -> Result<Self> {
        Self::parse(uri).map_err(|reason| bad("the secret URI", reason))
    }

    /// From a Bittensor wallet: `<dir>/<wallet>/hotkeys/<hotkey>`; a `~` at the start of `dir` is the user's home.
    ///
    /// # Errors
    /// When the file cannot be read or holds no usable key.
    pub fn from_wallet(dir: &Path, wallet: &str, hotkey: &str) -> Result<Self> {
        let path = wallet::path(dir, wallet, hotkey);
        let secret = file::read(&path)?;
        if secret.is_shared() {
            let path = path.display();
            tracing::warn!(%path, "others on this machine can read the wallet's hotkey: chmod 600");
        }
        wallet::key(&secret.text).map_err(|reason| bad_file(&path, reason))
    }

    /// From a file that its owner alone may read: a Bittensor hotkey, a secret URI, or a seed in hex.
    ///
    /// # Errors
    /// When the file cannot be read, is open to others, or holds no usable key.
    pub fn from_file(path: &Path) -> Result<Self> {
        let secret = file::read(path)?;
        if secret.is_shared() {
            return Err(bad_file(
                path,
                "others on this machine can read it; run `chmod 600` on it",
            ));
        }
        let text = secret.text.trim();
        let is_wallet = text.starts_with(['{', '$']) || wallet::is_encrypted(text);
        let key = if is_wallet {
            wallet::key(text)
        } else {
            Self::parse(text)
        };
        key.map_err(|reason| bad_file(path, reason))
    }

    /// The public half.
    #[must_use]
    pub fn hotkey(&self) -> &Hotkey {
        &self.hotkey
    }

    /// The public half as the chain has it.
    pub(crate) fn account(&self) -> [u8; 32] {
        self.key.public()
    }

    /// Signs a payload as it is.
    pub(crate) fn sign_bytes(&self, payload: &[u8]) -> [u8; 64] {
        match &self.key {
            Key::Derived(pair) => pair.sign(payload).0,
            Key::Expanded(pair) => pair.sign_simple(b"substrate", payload).to_bytes(),
        }
    }

    fn parse(text: &str) -> std::result::Result<Self, &'static str> {
        let text = text.trim();
        let is_hex = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let hex = zeroize::Zeroizing::new(format!("0x{text}"));
        // What is left out before a derivation is the phrase that everybody knows. Only `//name` may mean that: a
        // path or an empty file must not become a public key pair.
        let uri = match text {
            "" => return Err("it is empty"),
            _ if is_hex => &hex,
            _ if text.starts_with('/') && !text.starts_with("//") => return Err("it looks like a path"),
            _ if text.starts_with("///") => return Err("it has no phrase"),
            _ => text,
        };
        let uri = SecretUri::from_str(uri).map_err(|_| "it is no secret URI")?;
        let pair = sr25519::Keypair::from_uri(&uri).map_err(|_| "it is neither a mnemonic nor a seed")?;
        Ok(Self::of(Key::Derived(pair)))
    }

    fn of(key: Key) -> Self {
        let hotkey = address(key.public());
        Self { hotkey, key }
    }
}

impl Key {
    fn public(&self) -> [u8; 32] {
        match self {
            Self::Derived(pair) => pair.public_key().0,
            Self::Expanded(pair) => pair.public.to_bytes(),
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.hotkey).finish()
    }
}

fn bad(origin: &str, reason: &'static str) -> Error {
    let origin = origin.to_owned();
    Error::BadKey { origin, reason }
}

fn bad_file(path: &Path, reason: &'static str) -> Error {
    bad(&format!("`{}`", path.display()), reason)
}

fn address(public: [u8; 32]) -> Hotkey {
    let text = subxt::utils::AccountId32(public).to_string();
    text.parse().expect("an address in SS58 is a hotkey")
}
