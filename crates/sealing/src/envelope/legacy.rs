//! Version 1, byte for byte as Kinitro v2: the shared secret is the key, nothing is bound.

use crate::{Error, PublicKey, Result, SecretKey, uuid};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, aead::Aead};
use sha2::{Digest, Sha256};

/// Ephemeral public key, 16 bytes, tag.
const LENGTH: usize = 32 + 16 + 16;

pub(super) fn package_len(text: &str) -> Option<usize> {
    uuid::bytes(text).ok().map(|_| LENGTH)
}

pub(super) fn seal(ephemeral: &SecretKey, text: &str, to: &PublicKey) -> Result<Vec<u8>> {
    let plain = uuid::bytes(text)?;
    let public = ephemeral.public_key();
    let sealed = cipher(ephemeral, to)?
        .encrypt(&nonce(&public).into(), plain.as_slice())
        .expect("16 bytes are far from the cipher's limit");
    Ok([public.as_bytes().as_slice(), &sealed].concat())
}

pub(super) fn open(package: &[u8], secret: &SecretKey) -> Result<String> {
    let length = || Error::Length {
        version: 1,
        found: package.len(),
        expected: "64",
    };
    if package.len() != LENGTH {
        return Err(length());
    }
    let (public, sealed) = package.split_first_chunk::<32>().ok_or_else(length)?;
    let public = PublicKey::from_bytes(*public);
    let plain = cipher(secret, &public)?
        .decrypt(&nonce(&public).into(), sealed)
        .map_err(|_| Error::Unopened { is_bound: false })?;
    let plain = plain.try_into().map_err(|_| length())?;
    Ok(uuid::text(plain))
}

fn cipher(secret: &SecretKey, public: &PublicKey) -> Result<ChaCha20Poly1305> {
    let shared = secret.shared_with(public)?;
    Ok(ChaCha20Poly1305::new((&*shared).into()))
}

/// From the ephemeral key, which is used once: so the nonce is, too.
fn nonce(ephemeral: &PublicKey) -> [u8; 12] {
    let hash: [u8; 32] = Sha256::digest(ephemeral.as_bytes()).into();
    *hash.first_chunk().expect("a hash has 32 bytes")
}
