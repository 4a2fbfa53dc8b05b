//! X25519 keys, as 64 hexadecimal digits wherever people see them.

use crate::{Error, Result, uuid::nibble};
use rand::{TryRngCore, rngs::OsRng};
use std::{fmt, str::FromStr};
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

/// The operator's private key: opens what miners sealed. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct SecretKey(StaticSecret);

/// The operator's public key: miners seal their endpoints for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl SecretKey {
    /// A new key, from the system's randomness.
    ///
    /// # Errors
    ///
    /// If the system gives none.
    pub fn generate() -> Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        OsRng
            .try_fill_bytes(bytes.as_mut())
            .map_err(|source| Error::Random { source })?;
        Ok(Self::from_bytes(&bytes))
    }

    /// The key that these bytes are. Any 32 bytes are one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(StaticSecret::from(*bytes))
    }

    /// The public key that belongs to it.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(x25519_dalek::PublicKey::from(&self.0).to_bytes())
    }

    /// 64 lower-case digits, for a key file. The text is wiped when dropped.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex(self.0.as_bytes()))
    }

    /// What this key and that public key share, unless it is what low-order points make of every key.
    pub(crate) fn shared_with(&self, public: &PublicKey) -> Result<Zeroizing<[u8; 32]>> {
        let shared = self.0.diffie_hellman(&x25519_dalek::PublicKey::from(public.0));
        if shared.was_contributory() {
            Ok(Zeroizing::new(shared.to_bytes()))
        } else {
            Err(Error::LowOrder)
        }
    }
}

impl PublicKey {
    /// The key that these bytes are. Points of low order are refused where they are used, as v2 did.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// White space around the digits and between bytes, and either case, are taken, as v2 took them; `0x` is not.
impl FromStr for SecretKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(Self::from_bytes(&*unhex(text)?))
    }
}

/// The same text as for a [`SecretKey`].
impl FromStr for PublicKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(Self(*unhex(text)?))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// 64 lower-case digits.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    // As long as it gets: a string that grows would leave copies of a private key behind.
    let mut text = String::with_capacity(64);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    text
}

fn unhex(text: &str) -> Result<Zeroizing<[u8; 32]>> {
    let fault = |fault| Error::Key { fault };
    let mut bytes = Zeroizing::new([0; 32]);
    let mut rest = text.trim().as_bytes();
    let mut filled = 0;
    loop {
        rest = rest.trim_ascii_start();
        let [high, after @ ..] = rest else { break };
        let high = nibble(*high).ok_or_else(|| fault("not hexadecimal"))?;
        let [low, after @ ..] = after else {
            return Err(fault("an odd number of digits"));
        };
        let low = nibble(*low).ok_or_else(|| fault("not hexadecimal"))?;
        let slot = bytes.get_mut(filled).ok_or_else(|| fault("longer"))?;
        *slot = high << 4 | low;
        filled += 1;
        rest = after;
    }
    match filled {
        32 => Ok(bytes),
        0 => Err(fault("empty")),
        _ => Err(fault("shorter")),
    }
}
