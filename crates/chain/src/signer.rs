use crate::{Error, Result};
use kinitro_proto::Hotkey;
use std::{fmt, path::Path};

/// The hotkey that signs: sr25519. Shows its public half only.
#[derive(Clone)]
pub struct Signer {
    hotkey: Hotkey,
}

impl Signer {
    /// From a secret URI: `//Alice`, a mnemonic, `0x` and a seed.
    ///
    /// # Errors
    /// When the text is no secret URI.
    pub fn from_uri(uri: &str) -> Result<Self> {
        let _ = uri;
        unwritten()
    }

    /// From a Bittensor wallet: `<dir>/<wallet>/hotkeys/<hotkey>`.
    ///
    /// # Errors
    /// When the file cannot be read or holds no usable key.
    pub fn from_wallet(dir: &Path, wallet: &str, hotkey: &str) -> Result<Self> {
        let _ = (dir, wallet, hotkey);
        unwritten()
    }

    /// From a file: a Bittensor hotkey, or a secret URI alone.
    ///
    /// # Errors
    /// When the file cannot be read or holds no usable key.
    pub fn from_file(path: &Path) -> Result<Self> {
        let _ = path;
        unwritten()
    }

    /// The public half.
    #[must_use]
    pub fn hotkey(&self) -> &Hotkey {
        &self.hotkey
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.hotkey).finish()
    }
}

fn unwritten() -> Result<Signer> {
    Err(Error::BadKey {
        origin: "a key".to_owned(),
        reason: "not written yet",
    })
}
