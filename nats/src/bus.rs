//! The connection, and the questions an operator or a reconciler asks of the streams.

use crate::{Advisories, Config, Deliveries, Difference, Publication, Report, Result, Results};
use kinitro_proto::{CycleId, DeadLetter, Event, Family, Task, TaskId, TaskResult};
use std::{collections::HashSet, time::Duration};

/// The bus: a connection to NATS that speaks our words. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {}

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

impl Bus {
    /// Connects, trying until the configured time has passed. `name` is what the server shows for the
    /// connection, e.g. `scheduler`.
    ///
    /// # Errors
    /// [`crate::Error::Connect`] with the last fault, [`crate::Error::Credentials`].
    pub async fn connect(config: &Config, name: &str) -> Result<Self> {
        unimplemented!()
    }

    /// Whether the connection is up at this moment.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        unimplemented!()
    }

    /// Makes the streams and consumers as the setup wants them. Creates and updates; deletes nothing, loses
    /// no message; may run in every service at once, and again.
    ///
    /// # Errors
    /// When the server does not answer, or refuses a creation.
    pub async fn apply(&self, families: &[Family]) -> Result<Report> {
        unimplemented!()
    }

    /// Where the server is not as the setup wants it.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn diff(&self, families: &[Family]) -> Result<Vec<Difference>> {
        unimplemented!()
    }

    /// Publishes tasks in order, up to 1024 acks in flight, and says what became of each. Safe to repeat: a
    /// task that is in the stream already is [`crate::Published::AlreadyThere`]. Stops sending when the
    /// stream is full or does not answer.
    ///
    /// # Errors
    /// [`crate::Error::Message`] if a task cannot be written; then none was sent.
    pub async fn publish_tasks(&self, tasks: &[Task], traceparent: Option<&str>) -> Result<Publication> {
        unimplemented!()
    }

    /// The tasks of a family, as an executor takes them: nothing comes before [`Deliveries::request`].
    ///
    /// # Errors
    /// [`crate::Error::NoConsumer`], or when the server does not answer.
    pub async fn tasks(&self, family: &Family) -> Result<Deliveries> {
        unimplemented!()
    }

    /// Publishes a result and waits until the stream has it; tries again, with backoff, until `patience` has
    /// passed (a full stream, a server that restarts). A result that is there already is success.
    ///
    /// # Errors
    /// The last fault once `patience` has passed; at once for a result that cannot be written.
    pub async fn publish_result(
        &self,
        result: &TaskResult,
        family: &Family,
        traceparent: Option<&str>,
        patience: Duration,
    ) -> Result<()> {
        unimplemented!()
    }

    /// The results, as a scorer takes them.
    ///
    /// # Errors
    /// When the consumer is missing or the server does not answer.
    pub async fn results(&self) -> Result<Results> {
        unimplemented!()
    }

    /// Keeps a dead letter, and waits until the stream has it.
    ///
    /// # Errors
    /// When it cannot be written, or the stream does not take it.
    pub async fn publish_dead(&self, letter: &DeadLetter) -> Result<()> {
        unimplemented!()
    }

    /// Tells whoever watches, and waits until the stream has it.
    ///
    /// # Errors
    /// When it cannot be written, or the stream does not take it.
    pub async fn publish_event(&self, event: &Event) -> Result<()> {
        unimplemented!()
    }

    /// What JetStream reports about tasks it gave up on, for the reaper.
    ///
    /// # Errors
    /// When the consumer is missing or the server does not answer.
    pub async fn advisories(&self) -> Result<Advisories> {
        unimplemented!()
    }

    /// Removes a cycle's messages from TASKS, and returns how many. Whoever has one in hand is not told.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn purge_cycle(&self, cycle: CycleId) -> Result<u64> {
        unimplemented!()
    }

    /// The tasks of a cycle that TASKS holds. A task acked meanwhile may be in the answer, and one that was
    /// there throughout may be missing: publishing it again is refused by the stream.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn tasks_of_cycle(&self, cycle: CycleId) -> Result<HashSet<TaskId>> {
        unimplemented!()
    }

    /// What each family's consumer has before it.
    ///
    /// # Errors
    /// When a consumer is missing or the server does not answer.
    pub async fn backlog(&self, families: &[Family]) -> Result<Vec<Backlog>> {
        unimplemented!()
    }
}
