//! The messages of the streams TASKS, RESULTS and DEAD.

use crate::{
    CycleId, Environment, Error, ExecutorId, Hotkey, Outcome, Result, Seed, TaskId, Timings, Uid,
    encoding::Message,
};
use serde::{Deserialize, Serialize};

/// One episode of one miner in one environment, to be run once: the body of a message in TASKS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The task.
    pub id: TaskId,
    /// The cycle it belongs to.
    pub cycle: CycleId,
    /// The miner's slot in the subnet.
    pub uid: Uid,
    /// The miner's key.
    pub hotkey: Hotkey,
    /// What is judged.
    pub policy: Policy,
    /// Where it is judged.
    pub environment: Environment,
    /// Which of the environment's episodes this is, from 0.
    pub episode: u32,
    /// What the episode is made from. Never shown to the miner (I8).
    pub seed: Seed,
    /// Which attempt this is, from 1: rises when the ledger asks for another one after a fault of ours.
    pub attempt: u32,
    /// When the result stops mattering, in milliseconds since 1970.
    pub deadline_ms: i64,
}

/// What a miner is judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Policy {
    /// An HTTP server of the miner's own.
    Endpoint {
        /// Its base URL, `http://…` or `https://…`.
        url: String,
    },
}

/// What an attempt reports: the body of a message in RESULTS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskResult {
    /// The task.
    pub task: TaskId,
    /// The cycle it belongs to.
    pub cycle: CycleId,
    /// The attempt, as the task's message said.
    pub attempt: u32,
    /// The delivery of that message, from 1, as the stream counts.
    pub delivery: u32,
    /// Who ran it.
    pub executor: ExecutorId,
    /// How it ended.
    pub outcome: Outcome,
    /// Where the time went.
    pub timings: Timings,
}

/// A message given up on: the body of a message in DEAD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Why, as one token that may stand in a subject, e.g. `undecodable`.
    pub reason: String,
    /// Why, for a person.
    pub detail: String,
    /// The task, where it is known.
    pub task: Option<TaskId>,
    /// The subject the message came on.
    pub subject: String,
    /// The message's headers, in order.
    pub headers: Vec<(String, String)>,
    /// The message's body as it came.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// Who gave up.
    pub by: String,
}

impl Message for Task {
    const SCHEMA: &'static str = "task.v1";
    const LIMIT: usize = 16 * 1024;

    fn check(&self) -> Result<()> {
        let rule = |holds: bool, rule: &str| {
            if holds {
                Ok(())
            } else {
                Err(Error::Invalid {
                    schema: Self::SCHEMA,
                    rule: rule.to_owned(),
                })
            }
        };
        rule(self.attempt >= 1, "`attempt` counts from 1")?;
        rule(self.cycle.0 >= 1, "`cycle` counts from 1")
    }
}

impl Message for TaskResult {
    const SCHEMA: &'static str = "result.v1";
    const LIMIT: usize = 64 * 1024;

    fn check(&self) -> Result<()> {
        let finite = match &self.outcome {
            Outcome::Scored(rollout) => rollout.reward.is_finite(),
            Outcome::MinerFault(_) | Outcome::InfraFault(_) => true,
        };
        let rule = if !finite {
            "`reward` is finite"
        } else if self.attempt < 1 || self.delivery < 1 {
            "`attempt` and `delivery` count from 1"
        } else {
            return Ok(());
        };
        Err(Error::Invalid {
            schema: Self::SCHEMA,
            rule: rule.to_owned(),
        })
    }
}

impl Message for DeadLetter {
    const SCHEMA: &'static str = "dead.v1";
    const LIMIT: usize = 256 * 1024;
}
