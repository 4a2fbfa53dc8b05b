//! The gateway's answer, as far as it is checked. Keys that are not known here are a newer gateway's, and let be.

use crate::{Error, Result};
use kinitro_proto::{BlockNumber, CycleId, Uid};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use std::{collections::BTreeMap, fmt};

/// The most bytes of an answer: more than those with a document of 65536 miners.
pub const MAX_ANSWER: usize = 48 * 1024 * 1024;

/// The most signatures: each costs a check, and nobody rotates among more keys.
pub const MAX_SIGNATURES: usize = 32;

#[derive(Debug, Deserialize)]
pub(super) struct Body {
    pub(super) cycle_id: CycleId,
    pub(super) block_number: BlockNumber,
    pub(super) block: BlockNumber,
    #[serde(deserialize_with = "by_uid")]
    pub(super) weights: BTreeMap<Uid, f64>,
    pub(super) weights_u16: WeightsU16,
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) signed: Option<Signed>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WeightsU16 {
    pub(super) uids: Vec<Uid>,
    pub(super) values: Vec<u16>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) n_miners_evaluated: u32,
    pub(super) n_environments: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct Signed {
    pub(super) document: String,
    pub(super) sha256: String,
    pub(super) evidence: Evidence,
    #[serde(deserialize_with = "few")]
    pub(super) signatures: Vec<SignatureEntry>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Evidence {
    pub(super) sha256: String,
    pub(super) bytes: u64,
    pub(super) url: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct SignatureEntry {
    pub(super) key_id: String,
    pub(super) algorithm: String,
    pub(super) signature: String,
}

pub(super) fn read(body: &[u8]) -> Result<Body> {
    if body.len() > MAX_ANSWER {
        return Err(Error::TooMuch {
            what: "the answer's length",
            limit: MAX_ANSWER as u64,
        });
    }
    serde_json::from_slice(body).map_err(|source| Error::Unreadable {
        what: "the answer",
        source,
    })
}

/// Reads weights by uid, in which no uid stands twice and every uid is written in one way: for `deserialize_with`.
///
/// # Errors
///
/// If a key is no such uid, or stands twice.
pub fn by_uid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Uid, f64>, D::Error> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = BTreeMap<Uid, f64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("weights by uid")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut weights = BTreeMap::new();
            while let Some((key, weight)) = map.next_entry::<String, f64>()? {
                let uid = key.parse::<u16>().ok().filter(|uid| uid.to_string() == key);
                let uid = uid.ok_or_else(|| {
                    let start: String = key.chars().take(32).collect();
                    de::Error::custom(format_args!("`{start}` is no uid"))
                })?;
                if weights.insert(Uid(uid), weight).is_some() {
                    return Err(de::Error::custom(format_args!("uid `{uid}` has two weights")));
                }
            }
            Ok(weights)
        }
    }

    deserializer.deserialize_map(Entries)
}

/// No more signatures than there may be.
fn few<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SignatureEntry>, D::Error> {
    struct Few;

    impl<'de> Visitor<'de> for Few {
        type Value = Vec<SignatureEntry>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {MAX_SIGNATURES} signatures")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut signatures = Vec::new();
            while let Some(signature) = list.next_element()? {
                if signatures.len() == MAX_SIGNATURES {
                    return Err(de::Error::invalid_length(MAX_SIGNATURES + 1, &self));
                }
                signatures.push(signature);
            }
            Ok(signatures)
        }
    }

    deserializer.deserialize_seq(Few)
}
