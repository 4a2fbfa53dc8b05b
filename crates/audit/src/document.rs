//! The weights document: what is signed. A pure function of the cycle's rows, so there is no time of settling in it (I6).

use crate::{Error, Result, Tally, Verdict, canonical};
use jiff::Timestamp;
use kinitro_proto::{BlockNumber, CycleId, Environment, Hotkey, Uid};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The version of the format.
pub const SCHEMA: &str = "kinitro.weights.v1";

/// The most bytes of a document: more than 65536 miners'.
pub const MAX_DOCUMENT: usize = 24 * 1024 * 1024;

/// A document: what it says, and the one text that says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    content: Content,
    text: String,
}

/// What a document says, in the order of its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The version of the format.
    pub schema: String,
    /// The subnet.
    pub netuid: u16,
    /// The cycle.
    pub cycle: CycleId,
    /// The number of its interval.
    pub interval: i64,
    /// The block at which the miners were read.
    pub block: BlockNumber,
    /// That block's hash, when the chain said it.
    pub block_hash: Option<String>,
    /// When the cycle opened.
    #[serde(with = "canonical::time")]
    pub opened_at: Timestamp,
    /// When it had to end.
    #[serde(with = "canonical::time")]
    pub deadline: Timestamp,
    /// The scoring strategy's name.
    pub strategy: String,
    /// Its settings.
    pub settings: kinitro_scoring::Settings,
    /// The version of the code that opened the cycle.
    pub code_version: String,
    /// What the cycle committed to when it opened.
    #[serde(with = "canonical::hex32")]
    pub secret_hash: [u8; 32],
    /// The digest of the evidence.
    #[serde(with = "canonical::hex32")]
    pub evidence_sha256: [u8; 32],
    /// The environments, in the order in which scores are computed.
    pub environments: Vec<Environment>,
    /// The difference that counts, per environment.
    #[serde(with = "canonical::finites")]
    pub epsilons: Vec<f64>,
    /// Who is dominated by nobody.
    pub frontier: Vec<Uid>,
    /// What each miner gets, by uid.
    pub miners: Vec<WeightEntry>,
}

/// What a miner gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightEntry {
    /// The miner.
    pub uid: Uid,
    /// Its public key.
    pub hotkey: Hotkey,
    /// Points for the subsets won.
    #[serde(with = "canonical::finite")]
    pub points: f64,
    /// Its part of 1.
    #[serde(with = "canonical::finite")]
    pub weight: f64,
    /// Its part of 65535, for the chain.
    pub weight_u16: u16,
}

impl Document {
    /// The document of a cycle that settled with this verdict, on the evidence of that digest.
    ///
    /// # Errors
    ///
    /// If lines of the cycle are missing, or a number is not finite.
    pub fn new(tally: &Tally, verdict: &Verdict, evidence_sha256: [u8; 32]) -> Result<Self> {
        let cycle = tally.completed()?;
        let content = Content {
            schema: SCHEMA.to_owned(),
            netuid: cycle.netuid,
            cycle: cycle.cycle,
            interval: cycle.interval,
            block: cycle.block,
            block_hash: cycle.block_hash.clone(),
            opened_at: cycle.opened_at,
            deadline: cycle.deadline,
            strategy: cycle.strategy.clone(),
            settings: cycle.settings.clone(),
            code_version: cycle.code_version.clone(),
            secret_hash: cycle.secret_hash,
            evidence_sha256,
            environments: cycle.environments.clone(),
            epsilons: verdict.epsilons.clone(),
            frontier: verdict.frontier.clone(),
            miners: verdict
                .miners
                .iter()
                .map(|miner| WeightEntry {
                    uid: miner.uid,
                    hotkey: miner.hotkey.clone(),
                    points: miner.points,
                    weight: miner.weight,
                    weight_u16: miner.weight_u16,
                })
                .collect(),
        };
        let text = serde_json::to_vec(&content).map_err(|source| Error::Unwritable {
            what: "the document",
            source,
        })?;
        Self::parse(&text)
    }

    /// Reads a document from its text, and takes no other text for it.
    ///
    /// # Errors
    ///
    /// If it is no document of this version, or one that is written in another way.
    pub fn parse(text: &[u8]) -> Result<Self> {
        const WHAT: &str = "the document";
        if text.len() > MAX_DOCUMENT {
            return Err(Error::TooMuch {
                what: "the document's length",
                limit: MAX_DOCUMENT as u64,
            });
        }
        let mut written = Vec::new();
        let content: Content =
            canonical::decode(text, &mut written).map_err(|fault| Error::canonical(WHAT, fault))?;
        if content.schema != SCHEMA {
            return Err(Error::Schema { expected: SCHEMA });
        }
        let text = String::from_utf8(written).expect("JSON is UTF-8");
        Ok(Self { content, text })
    }

    /// What it says.
    #[must_use]
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// Its text: what is signed, byte for byte.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of its text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The digest of its text.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.text).into()
    }
}
