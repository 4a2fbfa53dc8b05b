use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A hash of the chain: of a block, of its genesis, of an extrinsic. As text `0x` and 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut bytes = [0; 32];
        text.strip_prefix("0x")
            .filter(|digits| hex::decode_to_slice(digits, &mut bytes).is_ok())
            .map(|_| Self(bytes))
            .ok_or_else(|| Error::BadHash {
                text: text.chars().take(80).collect(),
            })
    }
}

impl TryFrom<String> for Hash {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

impl From<subxt::utils::H256> for Hash {
    fn from(hash: subxt::utils::H256) -> Self {
        Self(hash.0)
    }
}

impl From<Hash> for subxt::utils::H256 {
    fn from(hash: Hash) -> Self {
        Self(hash.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_its_text() {
        let text = format!("0x{}", "ab".repeat(32));
        let hash: Hash = text.parse().unwrap();
        assert_eq!(hash.to_string(), text);
        assert_eq!(serde_json::to_string(&hash).unwrap(), format!("\"{text}\""));
        assert_eq!(
            serde_json::from_str::<Hash>(&format!("\"{text}\"")).unwrap(),
            hash
        );
        assert!("ab".repeat(32).parse::<Hash>().is_err());
        assert!("0xab".parse::<Hash>().is_err());
    }
}
