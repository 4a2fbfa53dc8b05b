//! Hotkey files of Bittensor wallets: JSON, not encrypted as a rule.

use super::{Key, Signer};
use kinitro_proto::Hotkey;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// How the files begin that wallets have encrypted, by wallet version.
const ENCRYPTED: [&str; 3] = ["$NACL", "$ANSIBLE_VAULT", "gAAAAA"];

/// sr25519, in `cryptoType`.
const SR25519: u8 = 1;

/// What a hotkey file may hold. Which fields are there depends on how the key was made.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase")]
struct Keyfile {
    crypto_type: Option<u8>,
    private_key: Option<String>,
    secret_seed: Option<String>,
    secret_phrase: Option<String>,
    public_key: Option<String>,
    ss58_address: Option<String>,
}

pub(super) fn path(dir: &Path, wallet: &str, hotkey: &str) -> PathBuf {
    let dir = match dir.strip_prefix("~") {
        Ok(rest) => std::env::home_dir().unwrap_or_default().join(rest),
        Err(_) => dir.to_owned(),
    };
    dir.join(wallet).join("hotkeys").join(hotkey)
}

pub(super) fn is_encrypted(text: &str) -> bool {
    ENCRYPTED.iter().any(|mark| text.starts_with(mark))
}

/// The key in the file's text; the error says nothing of its content.
pub(super) fn key(text: &str) -> Result<Signer, &'static str> {
    if is_encrypted(text) {
        return Err("it is encrypted; a service needs the hotkey unencrypted, as wallets keep it by default");
    }
    let file: Keyfile = serde_json::from_str(text).map_err(|_| "it is no hotkey of a Bittensor wallet")?;
    if file.crypto_type.is_some_and(|kind| kind != SR25519) {
        return Err("it is not of the kind sr25519, which hotkeys are");
    }
    let mut found = None;
    for signer in file.keys() {
        if file.is_of(&signer) {
            return Ok(signer);
        }
        found = Some("its secret does not belong to its `publicKey` or `ss58Address`");
    }
    Err(found.unwrap_or("it holds no secret: is it the public half?"))
}

impl Keyfile {
    /// Every way to the key that the file offers. Not each is sound: some wallets write a `secretSeed` that is no hex.
    fn keys(&self) -> impl Iterator<Item = Signer> {
        let private = self.private_key.as_deref().into_iter().flat_map(expanded);
        let seed = self
            .secret_seed
            .as_deref()
            .filter(|seed| unhex(seed).is_some_and(|bytes| bytes.len() == 32));
        let texts = [
            seed,
            self.secret_phrase
                .as_deref()
                .filter(|phrase| !phrase.contains('/')),
        ];
        private.chain(
            texts
                .into_iter()
                .flatten()
                .filter_map(|text| Signer::parse(text).ok()),
        )
    }

    /// Whether the key is the one the file says it holds.
    fn is_of(&self, signer: &Signer) -> bool {
        let public = self.public_key.as_ref();
        let address = self.ss58_address.as_deref();
        public.is_none_or(|public| unhex(public).is_some_and(|public| **public == signer.account()))
            && address.is_none_or(|address| address == Hotkey::as_str(&signer.hotkey))
    }
}

/// The key of 64 bytes, which Substrate writes in one way and some wallets in another.
fn expanded(text: &str) -> Vec<Signer> {
    let Some(bytes) = unhex(text) else {
        return Vec::new();
    };
    let ways = [
        schnorrkel::SecretKey::from_bytes(&bytes),
        schnorrkel::SecretKey::from_ed25519_bytes(&bytes),
    ];
    let keys = ways
        .into_iter()
        .flatten()
        .map(|secret| Key::Expanded(secret.to_keypair()));
    keys.map(Signer::of).collect()
}

fn unhex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    hex::decode(text.strip_prefix("0x").unwrap_or(text))
        .ok()
        .map(Zeroizing::new)
}
