//! The lines, and the one text of each.

use super::{MAX_CYCLE_LINE, MAX_LINE};
use crate::{Error, Result, canonical};
use jiff::Timestamp;
use kinitro_proto::{BlockNumber, CycleId, Environment, Hotkey, Seed, TaskId, Uid};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fmt;

/// A line of evidence.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// The first line: what was asked.
    Cycle(Box<CycleLine>),
    /// A miner of the cycle's snapshot.
    Miner(MinerLine),
    /// What an episode came to.
    Result(ResultLine),
    /// An episode without a result.
    Missing(MissingLine),
}

/// What a cycle asked of whom, and how it is scored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CycleLine {
    /// The cycle.
    pub cycle: CycleId,
    /// Its subnet.
    pub netuid: u16,
    /// Its interval's number: with the subnet, the cycle's identity.
    pub interval: i64,
    /// The block at which the miners were read.
    pub block: BlockNumber,
    /// That block's hash, when the chain said it.
    pub block_hash: Option<String>,
    /// When it opened.
    #[serde(with = "canonical::time")]
    pub opened_at: Timestamp,
    /// When it had to end.
    #[serde(with = "canonical::time")]
    pub deadline: Timestamp,
    /// How many episodes each miner has in each environment.
    pub episodes_per_environment: u32,
    /// The environments, in the order in which scores are computed.
    pub environments: Vec<Environment>,
    /// The scoring strategy's name.
    pub strategy: String,
    /// The strategy's settings.
    pub settings: kinitro_scoring::Settings,
    /// The version of the code that opened the cycle.
    pub code_version: String,
    /// What the cycle committed to when it opened: SHA-256 of the secret.
    #[serde(with = "canonical::hex32")]
    pub secret_hash: [u8; 32],
    /// What the seeds come from.
    #[serde(with = "canonical::hex32")]
    pub secret: [u8; 32],
    /// How many miners there are.
    pub miners: u32,
}

/// A miner as it was committed at the cycle's block. Not its endpoint, which is its own business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinerLine {
    /// Its slot.
    pub uid: Uid,
    /// Its public key.
    pub hotkey: Hotkey,
    /// The block of its commitment, when the chain said it.
    pub commit_block: Option<BlockNumber>,
    /// The repository it named.
    pub repo: Option<String>,
    /// That repository's revision.
    pub revision: Option<String>,
}

/// How an episode that counts ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It ran to its end.
    Scored,
    /// The policy broke its contract: a failed episode.
    MinerFault,
}

/// The accepted result of an episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultLine {
    /// The miner.
    pub uid: Uid,
    /// The environment.
    pub environment: Environment,
    /// The episode's index, from 0.
    pub episode: u32,
    /// Its seed.
    pub seed: Seed,
    /// The task that asked for it.
    pub task: TaskId,
    /// The attempt that gave the result, from 1.
    pub attempt: u32,
    /// Who ran it.
    pub executor: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The kind of the miner's fault; none if it was scored.
    pub fault: Option<String>,
    /// Whether the environment reported success.
    pub success: bool,
    /// The sum of the steps' rewards.
    #[serde(with = "canonical::finite")]
    pub reward: f64,
    /// Steps taken.
    pub steps: u64,
}

/// How a task without a result ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingState {
    /// Given up on, for a fault of ours.
    Discarded,
    /// Not finished when the cycle ended.
    Cancelled,
}

/// An episode without a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingLine {
    /// The miner.
    pub uid: Uid,
    /// The environment.
    pub environment: Environment,
    /// The episode's index, from 0.
    pub episode: u32,
    /// Its seed.
    pub seed: Seed,
    /// The task that asked for it.
    pub task: TaskId,
    /// How the task ended.
    pub state: MissingState,
    /// Why.
    pub reason: Option<String>,
}

const CYCLE: &str = r#"{"kind":"cycle","schema":"kinitro.evidence.v1""#;
const ANY_CYCLE: &str = r#"{"kind":"cycle","#;
const MINER: &str = r#"{"kind":"miner""#;
const RESULT: &str = r#"{"kind":"result""#;
const MISSING: &str = r#"{"kind":"missing""#;

impl Line {
    /// The line's one text, without its end, in place of what the buffer holds.
    pub(super) fn encode(&self, text: &mut Vec<u8>) -> Result<()> {
        text.clear();
        match self {
            Self::Cycle(line) => {
                encode_as(CYCLE, line, text)?;
                // Settings are another crate's type: a number of theirs that is not finite became a `null`.
                Self::decode(&mut text.clone(), &mut Vec::new()).map(drop)
            }
            Self::Miner(line) => encode_as(MINER, line, text),
            Self::Result(line) => encode_as(RESULT, line, text),
            Self::Missing(line) => encode_as(MISSING, line, text),
        }
    }

    /// The line with that text, which has no end and is changed. The scratch buffer is for writing it again.
    pub(super) fn decode(text: &mut [u8], scratch: &mut Vec<u8>) -> Result<Self> {
        let is = |head: &str| text.starts_with(head.as_bytes()) && text.get(head.len()) == Some(&b',');
        if is(RESULT) {
            decode_as(RESULT, text, scratch).map(Self::Result)
        } else if is(MISSING) {
            decode_as(MISSING, text, scratch).map(Self::Missing)
        } else if is(MINER) {
            decode_as(MINER, text, scratch).map(Self::Miner)
        } else if is(CYCLE) {
            decode_as(CYCLE, text, scratch).map(|line| Self::Cycle(Box::new(line)))
        } else if text.starts_with(ANY_CYCLE.as_bytes()) {
            Err(Error::Schema {
                expected: super::SCHEMA,
            })
        } else {
            Err(Error::Kind)
        }
    }

    /// The most bytes that the line with this number, from 1, may have.
    pub(super) const fn limit(number: u64) -> usize {
        if number == 1 { MAX_CYCLE_LINE } else { MAX_LINE }
    }
}

/// What `serde_json` writes, after a head that says the kind: the one's closing comma is the other's opening brace.
fn encode_as(head: &str, line: &impl Serialize, text: &mut Vec<u8>) -> Result<()> {
    text.extend_from_slice(head.as_bytes());
    serde_json::to_writer(&mut *text, line).map_err(|source| Error::Unwritable {
        what: "a line of evidence",
        source,
    })?;
    text[head.len()] = b',';
    Ok(())
}

fn decode_as<T: Serialize + DeserializeOwned>(
    head: &str,
    text: &mut [u8],
    scratch: &mut Vec<u8>,
) -> Result<T> {
    let body = &mut text[head.len()..];
    body[0] = b'{';
    canonical::decode(body, scratch).map_err(|fault| Error::canonical("the line", fault))
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cycle(line) => write!(f, "cycle {}", line.cycle),
            Self::Miner(line) => write!(f, "miner {}", line.uid),
            Self::Result(line) => {
                write!(
                    f,
                    "episode {} of {} of miner {}",
                    line.episode, line.environment, line.uid
                )
            }
            Self::Missing(line) => {
                write!(
                    f,
                    "episode {} of {} of miner {}",
                    line.episode, line.environment, line.uid
                )
            }
        }
    }
}

/// Without the secret: lines may be printed before it is revealed.
impl fmt::Debug for CycleLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CycleLine")
            .field("cycle", &self.cycle)
            .field("netuid", &self.netuid)
            .field("interval", &self.interval)
            .field("block", &self.block)
            .field("block_hash", &self.block_hash)
            .field("opened_at", &self.opened_at)
            .field("deadline", &self.deadline)
            .field("episodes_per_environment", &self.episodes_per_environment)
            .field("environments", &self.environments)
            .field("strategy", &self.strategy)
            .field("settings", &self.settings)
            .field("code_version", &self.code_version)
            .field("secret_hash", &hex::encode(self.secret_hash))
            .field("secret", &"***")
            .field("miners", &self.miners)
            .finish()
    }
}
