//! Publishing: tasks in a window, results until they are kept, dead letters and events.

use crate::{
    Error, Result,
    api::{self, code},
    connection::{Connections, backoff},
};
use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use futures::{StreamExt, stream};
use kinitro_proto::{
    DeadLetter, Event, Family, Outcome, Task, TaskResult,
    encoding::{self, Message},
    header, subject,
};
use serde::de::IgnoredAny;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// Acks in flight: more is not faster.
const WINDOW: usize = 1024;

/// What became of one task that was to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The stream has it now.
    Stored,
    /// The stream had it already: queued, or in an executor's hands.
    AlreadyThere,
    /// The stream holds as many tasks as it may.
    Full,
    /// No answer, or a refusal: it may or may not be there. Publish it again.
    Failed,
    /// Not sent, because one before it was [`Published::Full`] or [`Published::Failed`].
    NotSent,
}

impl Published {
    /// Whether the stream is known to hold the task.
    #[must_use]
    pub const fn is_there(self) -> bool {
        matches!(self, Self::Stored | Self::AlreadyThere)
    }
}

/// What became of the tasks of one call, in their order.
#[derive(Debug, Default)]
pub struct Publication {
    /// One entry a task.
    pub outcomes: Vec<Published>,
    /// The first fault behind a [`Published::Full`] or [`Published::Failed`].
    pub fault: Option<Error>,
}

impl Publication {
    /// How many tasks from the first on are there without a gap: as far as a watermark may rise.
    #[must_use]
    pub fn contiguous(&self) -> usize {
        self.outcomes
            .iter()
            .take_while(|outcome| outcome.is_there())
            .count()
    }

    /// How many tasks ended so.
    #[must_use]
    pub fn count(&self, outcome: Published) -> usize {
        self.outcomes.iter().filter(|&&found| found == outcome).count()
    }
}

/// A message as it goes out.
#[derive(Debug, Clone)]
struct Outgoing {
    subject: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Outgoing {
    fn new<M: Message>(subject: String, message: &M, traceparent: Option<&str>) -> Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(header::SCHEMA, M::SCHEMA);
        // A line break in a header's value would begin another header.
        if let Some(trace) = traceparent.filter(|trace| trace.bytes().all(|byte| byte.is_ascii_graphic())) {
            headers.insert(header::TRACEPARENT, trace);
        }
        Ok(Self {
            subject,
            headers,
            body: encoding::encode(message)?.into(),
        })
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sends it and waits until its stream has it; having had it is the same.
    async fn store(self, client: &Client) -> Result<()> {
        let answer = api::request(client, &self.subject, Some(self.headers), self.body).await?;
        api::read::<IgnoredAny>(&self.subject, &answer).map(drop)
    }
}

/// What the server drops a message by, if it has seen the same within the stream's `duplicate_window`.
const ONCE: &str = "Nats-Msg-Id";

pub(crate) async fn tasks(
    client: &Client,
    tasks: &[Task],
    traceparents: &[Option<String>],
) -> Result<Publication> {
    let traceparents = traceparents
        .iter()
        .map(Option::as_deref)
        .chain(std::iter::repeat(None));
    let messages: Vec<_> = tasks
        .iter()
        .zip(traceparents)
        .map(|(task, traceparent)| outgoing_task(task, traceparent))
        .collect::<Result<_>>()?;
    let stopped = AtomicBool::new(false);
    let sent = messages
        .into_iter()
        .take_while(|_| !stopped.load(Ordering::Relaxed))
        .map(|message| message.store(client));
    let mut answers = stream::iter(sent).buffered(WINDOW);
    let mut publication = Publication::default();
    while let Some(answer) = answers.next().await {
        let outcome = outcome(&answer);
        publication.outcomes.push(outcome);
        if !outcome.is_there() {
            stopped.store(true, Ordering::Relaxed);
            publication.fault = publication.fault.or(answer.err());
        }
    }
    drop(answers);
    publication.outcomes.resize(tasks.len(), Published::NotSent);
    Ok(publication)
}

fn outgoing_task(task: &Task, traceparent: Option<&str>) -> Result<Outgoing> {
    let subject = subject::task(&task.environment.family(), task.cycle, task.id);
    Ok(Outgoing::new(subject, task, traceparent)?
        .with(header::TASK, &task.id.to_string())
        .with(header::ATTEMPT, &task.attempt.to_string())
        .with(header::ENVIRONMENT, task.environment.as_str())
        .with(header::MINER, &task.uid.to_string()))
}

fn outcome(answer: &Result<()>) -> Published {
    match answer {
        Ok(()) => Published::Stored,
        // One code for every reason not to store; the words tell them apart.
        Err(Error::Refused {
            code: code::STORE_FAILED,
            description,
            ..
        }) => {
            if description.contains("per subject") {
                Published::AlreadyThere
            } else {
                Published::Full
            }
        }
        Err(_) => Published::Failed,
    }
}

pub(crate) async fn result(
    client: &Client,
    connections: &Connections,
    (result, family): (&TaskResult, &Family),
    traceparent: Option<&str>,
    patience: Duration,
) -> Result<()> {
    let message = outgoing_result(result, family, traceparent)?;
    let mut connections = connections.clone();
    let end = Instant::now() + patience;
    for failures in 0.. {
        connections.mark_unchanged();
        let Err(fault) = message.clone().store(client).await else {
            return Ok(());
        };
        let wait = backoff(failures);
        if fault.code() == Some(code::MESSAGE_TOO_LARGE) || Instant::now() + wait >= end {
            return Err(fault);
        }
        tracing::debug!(task.id = %result.task, error = %fault, "could not publish a result, trying again");
        // A new connection ends the wait; the sender of its count lives as long as the client.
        drop(tokio::time::timeout(wait, connections.changed()).await);
    }
    unreachable!("the loop ends by returning")
}

fn outgoing_result(result: &TaskResult, family: &Family, traceparent: Option<&str>) -> Result<Outgoing> {
    let TaskResult {
        task,
        cycle,
        attempt,
        delivery,
        executor,
        outcome,
        ..
    } = result;
    let kind = match outcome {
        Outcome::Scored(_) => outcome.name().to_owned(),
        Outcome::MinerFault(fault) => format!("{}: {}", outcome.name(), fault.kind),
        Outcome::InfraFault(fault) => format!("{}: {}", outcome.name(), fault.kind),
    };
    Ok(
        Outgoing::new(subject::results(family, *cycle), result, traceparent)?
            .with(ONCE, &format!("{task}.{attempt}.{delivery}"))
            .with(header::TASK, &task.to_string())
            .with(header::ATTEMPT, &attempt.to_string())
            .with(header::OUTCOME, &kind)
            .with(header::EXECUTOR, executor.as_str()),
    )
}

pub(crate) async fn dead(client: &Client, letter: &DeadLetter) -> Result<()> {
    let family = letter
        .subject
        .split('.')
        .nth(1)
        .map_or_else(|| "unknown".to_owned(), token);
    let reason = token(&letter.reason);
    let mut message =
        Outgoing::new(subject::dead(&family, &reason), letter, None)?.with(header::REASON, &reason);
    if let Some(task) = letter.task {
        let attempt = letter.headers.iter().find(|(name, _)| name == header::ATTEMPT);
        let attempt = token(attempt.map_or("0", |(_, value)| value));
        let once = format!("{task}.{attempt}.{reason}");
        message = message
            .with(header::TASK, &task.to_string())
            .with(header::ATTEMPT, &attempt)
            .with(ONCE, &once);
    }
    message.store(client).await
}

pub(crate) async fn event(client: &Client, event: &Event) -> Result<()> {
    Outgoing::new(subject::event(event), event, None)?
        .store(client)
        .await
}

/// The text as one token of a subject, which a stranger's text may not be.
fn token(text: &str) -> String {
    let clean = |c: char| {
        if c.is_ascii_alphanumeric() || "-_".contains(c) {
            c
        } else {
            '_'
        }
    };
    let token: String = text.chars().map(clean).take(64).collect();
    if token.is_empty() {
        "unknown".to_owned()
    } else {
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watermark_rises_to_the_first_gap() {
        use Published::{AlreadyThere, Full, NotSent, Stored};
        let outcomes = vec![Stored, AlreadyThere, Full, Stored, NotSent];
        let publication = Publication {
            outcomes,
            fault: None,
        };
        assert_eq!(publication.contiguous(), 2);
        assert_eq!(publication.count(Stored), 2);
    }

    #[test]
    fn a_strangers_text_cannot_leave_its_token() {
        assert_eq!(token("a.b *>\r\nc"), "a_b_____c");
        assert_eq!(token(""), "unknown");
        assert_eq!(token(&"x".repeat(100)).len(), 64);
    }

    #[test]
    fn a_broken_trace_context_is_left_out() {
        let event = Event::CycleRunning {
            cycle: kinitro_proto::CycleId(1),
        };
        for (trace, kept) in [("00-abc-def-01", true), ("00-abc\r\nNats-Msg-Id: x", false)] {
            let message = Outgoing::new("s".to_owned(), &event, Some(trace)).unwrap();
            assert_eq!(
                message.headers.get(header::TRACEPARENT).is_some(),
                kept,
                "`{trace}`"
            );
        }
    }
}
