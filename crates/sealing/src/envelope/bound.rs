//! Version 2: key and nonce come from the shared secret *and* from whose envelope it is.

use super::{Context, MAX_TEXT};
use crate::{Error, PublicKey, Result, SecretKey, uuid};
use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Says what the derived key is for, and that no other protocol's is the same.
const LABEL: &[u8; 17] = b"kinitro/sealing/2";

/// The label, the subnet, the account: all of fixed length, so no two contexts are written alike.
type Info = [u8; 17 + 2 + 32];

/// The kinds of content: a UUID's 16 bytes, or UTF-8 text.
const UUID: u8 = 0;
const TEXT: u8 = 1;

/// Ephemeral public key and tag.
const AROUND: usize = 32 + 16;

pub(super) fn package_len(text: &str) -> Option<usize> {
    is_sealable(text).then(|| AROUND + plain(text).len())
}

const fn is_sealable(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT
}

pub(super) fn seal(ephemeral: &SecretKey, text: &str, to: &PublicKey, context: &Context) -> Result<Vec<u8>> {
    if !is_sealable(text) {
        return Err(Error::Text {
            found: text.len(),
            max: MAX_TEXT,
        });
    }
    let public = ephemeral.public_key();
    let shared = ephemeral.shared_with(to)?;
    let info = info(context);
    let (cipher, nonce) = cipher(&shared, &public, to, &info);
    let payload = Payload {
        msg: &plain(text),
        aad: &info,
    };
    let sealed = cipher
        .encrypt(&nonce.into(), payload)
        .expect("a few hundred bytes are far from the cipher's limit");
    Ok([public.as_bytes().as_slice(), &sealed].concat())
}

pub(super) fn open(package: &[u8], secret: &SecretKey, context: &Context) -> Result<String> {
    let length = || Error::Length {
        version: 2,
        found: package.len(),
        expected: "50 or more",
    };
    // A kind and one byte at least.
    if package.len() < AROUND + 2 {
        return Err(length());
    }
    let (public, sealed) = package.split_first_chunk::<32>().ok_or_else(length)?;
    let public = PublicKey::from_bytes(*public);
    let shared = secret.shared_with(&public)?;
    let info = info(context);
    let (cipher, nonce) = cipher(&shared, &public, &secret.public_key(), &info);
    let payload = Payload {
        msg: sealed,
        aad: &info,
    };
    let plain = cipher
        .decrypt(&nonce.into(), payload)
        .map_err(|_| Error::Unopened { is_bound: true })?;
    content(&plain)
}

/// A UUID is packed only if it is written the usual way: so every text opens to exactly what was sealed.
fn plain(text: &str) -> Vec<u8> {
    match uuid::bytes(text) {
        Ok(bytes) if uuid::text(bytes) == text => [&[UUID], bytes.as_slice()].concat(),
        _ => [&[TEXT], text.as_bytes()].concat(),
    }
}

fn content(plain: &[u8]) -> Result<String> {
    let fault = |fault| Error::Content { fault };
    match plain {
        [UUID, bytes @ ..] => {
            let bytes = bytes.try_into().map_err(|_| fault("a UUID has 16 bytes"))?;
            Ok(uuid::text(bytes))
        }
        [TEXT, text @ ..] => String::from_utf8(text.to_vec()).map_err(|_| fault("the text is not UTF-8")),
        _ => Err(fault("its kind is not known")),
    }
}

fn info(context: &Context) -> Info {
    let mut info = [0; 51];
    info[..17].copy_from_slice(LABEL);
    info[17..19].copy_from_slice(&context.netuid.to_le_bytes());
    info[19..].copy_from_slice(&context.account);
    info
}

/// Key and nonce: both public keys are salt, so that neither can be swapped for another with the same shared secret.
fn cipher(
    shared: &[u8; 32],
    ephemeral: &PublicKey,
    operator: &PublicKey,
    info: &Info,
) -> (ChaCha20Poly1305, [u8; 12]) {
    let salt = [*ephemeral.as_bytes(), *operator.as_bytes()].concat();
    let mut derived = Zeroizing::new([0; 32 + 12]);
    Hkdf::<Sha256>::new(Some(&salt), shared)
        .expand(info, derived.as_mut())
        .expect("44 bytes are far below HKDF's 8,160");
    let (key, nonce) = derived.split_at(32);
    let mut own = [0; 12];
    own.copy_from_slice(nonce);
    (
        ChaCha20Poly1305::new_from_slice(key).expect("a key has 32 bytes"),
        own,
    )
}
