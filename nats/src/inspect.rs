//! What the streams hold, and removing a cycle from them.

use crate::{Result, api, setup};
use async_nats::Client;
use kinitro_proto::{CycleId, Family, TaskId, subject};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// What a family's consumer has before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The family.
    pub family: Family,
    /// Tasks that no executor has been given yet.
    pub pending: u64,
    /// Tasks that executors have in hand.
    pub in_hand: u64,
    /// Of those, tasks that were delivered before.
    pub redelivered: u64,
    /// Executors' pull requests that wait for tasks.
    pub waiting: u64,
}

/// How far the scorers are with RESULTS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    newest: u64,
    floor: u64,
    idle: bool,
}

impl Recorded {
    /// The sequence of the newest result; 0 before the first.
    #[must_use]
    pub const fn newest(&self) -> u64 {
        self.newest
    }

    /// Whether every result up to that sequence has been dealt with. All of them have when none waits, also
    /// those of a stream that was deleted since.
    #[must_use]
    pub const fn covers(&self, sequence: u64) -> bool {
        self.idle || sequence <= self.floor
    }
}

#[derive(Deserialize)]
struct StreamInfo {
    state: Sequences,
}

#[derive(Deserialize)]
struct Sequences {
    last_seq: u64,
}

#[derive(Deserialize)]
struct Floor {
    stream_seq: u64,
}

#[derive(Deserialize)]
struct ConsumerState {
    ack_floor: Floor,
    num_pending: u64,
    num_ack_pending: u64,
    num_redelivered: u64,
    num_waiting: u64,
}

#[derive(Deserialize)]
struct Purged {
    purged: u64,
}

#[derive(Deserialize)]
struct Page {
    /// How many subjects there are over all pages.
    #[serde(default)]
    total: usize,
    state: Subjects,
}

#[derive(Deserialize)]
struct Subjects {
    subjects: Option<HashMap<String, IgnoredAny>>,
}

pub(crate) async fn backlog(client: &Client, family: &Family) -> Result<Backlog> {
    let what = format!("CONSUMER.INFO.TASKS.{}", setup::exec(family));
    let state: ConsumerState = api::ask(client, &what, &json!({})).await?;
    Ok(Backlog {
        family: family.clone(),
        pending: state.num_pending,
        in_hand: state.num_ack_pending,
        redelivered: state.num_redelivered,
        waiting: state.num_waiting,
    })
}

pub(crate) async fn recorded(client: &Client) -> Result<Recorded> {
    // The stream first: what comes in between waits, and so hides nothing.
    let stream: StreamInfo = api::ask(client, "STREAM.INFO.RESULTS", &json!({})).await?;
    let scorer: ConsumerState = api::ask(client, "CONSUMER.INFO.RESULTS.scorer", &json!({})).await?;
    Ok(Recorded {
        newest: stream.state.last_seq,
        floor: scorer.ack_floor.stream_seq,
        idle: scorer.num_pending == 0 && scorer.num_ack_pending == 0,
    })
}

pub(crate) async fn purge(client: &Client, cycle: CycleId) -> Result<u64> {
    let filter = json!({ "filter": subject::tasks_of_cycle(cycle) });
    let answer: Purged = api::ask(client, "STREAM.PURGE.TASKS", &filter).await?;
    Ok(answer.purged)
}

/// Reads page by page. The pages are cut anew for each request, so a subject may slip between two while others
/// go; the caller says what that costs.
pub(crate) async fn tasks(client: &Client, cycle: CycleId) -> Result<HashSet<TaskId>> {
    let mut seen = 0;
    let mut tasks = HashSet::new();
    loop {
        let body = json!({ "subjects_filter": subject::tasks_of_cycle(cycle), "offset": seen });
        let page: Page = api::ask(client, "STREAM.INFO.TASKS", &body).await?;
        let subjects = page.state.subjects.unwrap_or_default();
        seen += subjects.len();
        let last = subjects.is_empty() || seen >= page.total;
        tasks.extend(
            subjects
                .keys()
                .filter_map(|subject| Some(subject::parse_task(subject)?.2)),
        );
        if last {
            return Ok(tasks);
        }
    }
}
