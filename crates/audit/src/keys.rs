//! Ed25519 (RFC 8032): whoever holds an operator's key signs, everyone can tell.
//!
//! Keys, key ids and signatures are lower-case hexadecimal digits wherever people see them.

mod file;
#[cfg(test)]
mod tests;

use crate::{Error, Result};
use ed25519_dalek::{Signer, VerifyingKey};
use rand::{TryRngCore, rngs::OsRng};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// The name of the algorithm, where a key or a signature says its own.
pub const ALGORITHM: &str = "ed25519";

/// A private key. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// A public key: a point of the curve, written in its one way, and none of the few that verify signatures of nobody.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// A key's name: the first 8 bytes of SHA-256 of the public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

/// A signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl SigningKey {
    /// A new key, from the system's randomness.
    ///
    /// # Errors
    ///
    /// If the system gives none.
    pub fn generate() -> Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        OsRng.try_fill_bytes(bytes.as_mut()).map_err(Error::Random)?;
        Ok(Self::from_bytes(&bytes))
    }

    /// The key that these bytes are. Any 32 bytes are one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(bytes))
    }

    /// The public key that belongs to it.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The signature of exactly these bytes: always the same.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Signature {
        Signature(self.0.sign(bytes).to_bytes())
    }

    /// 64 digits, for a key file. The text is wiped when dropped.
    fn to_hex(&self) -> Zeroizing<String> {
        // As long as it gets: a string that grows would leave copies of the key behind.
        let mut text = Zeroizing::new(vec![0; 64]);
        let bytes = Zeroizing::new(self.0.to_bytes());
        hex::encode_to_slice(*bytes, &mut text).expect("64 digits are 32 bytes");
        let text = std::mem::take(&mut *text);
        Zeroizing::new(String::from_utf8(text).expect("digits are ASCII"))
    }
}

impl PublicKey {
    /// The key that these bytes are.
    ///
    /// # Errors
    ///
    /// If they are no point, one written in another way than its own, or one of low order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self> {
        let fault = |fault| Error::Key { fault };
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| fault("not a point of the curve"))?;
        if key.to_edwards().compress().as_bytes() != bytes {
            return Err(fault("a point that is not written in its one way"));
        }
        if key.is_weak() {
            return Err(fault("a point of low order: it would verify what nobody signed"));
        }
        Ok(Self(key))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let digest = Sha256::digest(self.as_bytes());
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        KeyId(id)
    }

    /// Checks that the signature is this key's, of exactly these bytes; as strictly as there is.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub fn verify(&self, bytes: &[u8], signature: &Signature) -> Result<()> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0
            .verify_strict(bytes, &signature)
            .map_err(|_| Error::Signature {
                key: self.id().to_string(),
            })
    }
}

impl Signature {
    /// The signature that these bytes are; whether it is anybody's is another question.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// White space around the digits is taken, as key files may end with a line's end.
impl FromStr for SigningKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bytes = Zeroizing::new(unhex(text.trim()).ok_or(NOT_KEY)?);
        Ok(Self::from_bytes(&bytes))
    }
}

/// As for a [`SigningKey`].
impl FromStr for PublicKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::from_bytes(&unhex(text.trim()).ok_or(NOT_KEY)?)
    }
}

impl FromStr for KeyId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        unhex(text).map(Self).ok_or(Error::KeyIdText)
    }
}

impl FromStr for Signature {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        unhex(text).map(Self).ok_or(Error::SignatureText)
    }
}

const NOT_KEY: Error = Error::Key {
    fault: "not 64 hexadecimal digits in lower case",
};

/// The bytes of so many digits, of which there is one text.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_lower = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
    let mut bytes = [0; N];
    (is_lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
