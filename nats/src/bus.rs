//! The connection, and the questions an operator or a reconciler asks of the streams.

use crate::{
    Advisories, Backlog, Config, Deliveries, Difference, Publication, Recorded, Report, Result, Results, api,
    connection::{self, Connections},
    deliveries, inspect, publish, setup,
};
use async_nats::Client;
use kinitro_proto::{CycleId, DeadLetter, Event, Family, Task, TaskId, TaskResult};
use std::{collections::HashSet, time::Duration};

/// The bus: a connection to NATS that speaks our words. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    connections: Connections,
    config: Config,
}

impl Bus {
    /// Connects, trying until the configured time has passed. `name` is what the server shows for the
    /// connection, e.g. `scheduler`.
    ///
    /// # Errors
    /// [`crate::Error::Connect`] with the last fault, [`crate::Error::Credentials`].
    pub async fn connect(config: &Config, name: &str) -> Result<Self> {
        let (client, connections) = connection::connect(config, name).await?;
        Ok(Self {
            client,
            connections,
            config: config.clone(),
        })
    }

    /// Whether the connection is up at this moment.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        api::is_connected(&self.client)
    }

    /// Makes the streams and consumers as the setup wants them. Creates and updates; deletes nothing, loses
    /// no message; may run in every service at once, and again.
    ///
    /// # Errors
    /// When the server does not answer, or refuses a creation.
    pub async fn apply(&self, families: &[Family]) -> Result<Report> {
        setup::apply(&self.client, &self.config, families).await
    }

    /// Where the server is not as the setup wants it.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn diff(&self, families: &[Family]) -> Result<Vec<Difference>> {
        setup::diff(&self.client, &self.config, families).await
    }

    /// Publishes tasks in order, up to 1024 acks in flight, and says what became of each. Each carries the trace
    /// context at its place, if there is one. Safe to repeat: a task that is in the stream already is
    /// [`crate::Published::AlreadyThere`]. Stops sending when the stream is full or does not answer.
    ///
    /// # Errors
    /// [`crate::Error::Message`] if a task cannot be written; then none was sent.
    pub async fn publish_tasks(
        &self,
        tasks: &[Task],
        traceparents: &[Option<String>],
    ) -> Result<Publication> {
        publish::tasks(&self.client, tasks, traceparents).await
    }

    /// The tasks of a family, as an executor takes them: nothing comes before [`Deliveries::request`].
    ///
    /// # Errors
    /// [`crate::Error::NoConsumer`], or when the server does not answer.
    pub async fn tasks(&self, family: &Family) -> Result<Deliveries> {
        deliveries::of_family(&self.client, &self.connections, family).await
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
        publish::result(
            &self.client,
            &self.connections,
            (result, family),
            traceparent,
            patience,
        )
        .await
    }

    /// The results, as a scorer takes them.
    ///
    /// # Errors
    /// When the consumer is missing or the server does not answer.
    pub async fn results(&self) -> Result<Results> {
        let deliveries =
            Deliveries::open(&self.client, &self.connections, "RESULTS", "scorer".to_owned()).await?;
        Ok(Results::new(deliveries))
    }

    /// Keeps a dead letter, and waits until the stream has it.
    ///
    /// # Errors
    /// When it cannot be written, or the stream does not take it.
    pub async fn publish_dead(&self, letter: &DeadLetter) -> Result<()> {
        publish::dead(&self.client, letter).await
    }

    /// Tells whoever watches, and waits until the stream has it.
    ///
    /// # Errors
    /// When it cannot be written, or the stream does not take it.
    pub async fn publish_event(&self, event: &Event) -> Result<()> {
        publish::event(&self.client, event).await
    }

    /// What JetStream reports about tasks it gave up on, for the reaper.
    ///
    /// # Errors
    /// When the consumer is missing or the server does not answer.
    pub async fn advisories(&self) -> Result<Advisories> {
        let deliveries =
            Deliveries::open(&self.client, &self.connections, "DEAD", "reaper".to_owned()).await?;
        Ok(Advisories::new(self.client.clone(), deliveries))
    }

    /// Removes a cycle's messages from TASKS, and returns how many. Whoever has one in hand is not told.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn purge_cycle(&self, cycle: CycleId) -> Result<u64> {
        inspect::purge(&self.client, cycle).await
    }

    /// The tasks of a cycle that TASKS holds. A task acked meanwhile may be in the answer, and one that was
    /// there throughout may be missing: publishing it again is refused by the stream.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn tasks_of_cycle(&self, cycle: CycleId) -> Result<HashSet<TaskId>> {
        inspect::tasks(&self.client, cycle).await
    }

    /// How far the scorers are with the results.
    ///
    /// # Errors
    /// When the stream or its consumer is missing, or the server does not answer.
    pub async fn recorded(&self) -> Result<Recorded> {
        inspect::recorded(&self.client).await
    }

    /// What each family's consumer has before it.
    ///
    /// # Errors
    /// When a consumer is missing or the server does not answer.
    pub async fn backlog(&self, families: &[Family]) -> Result<Vec<Backlog>> {
        let each = families
            .iter()
            .map(|family| inspect::backlog(&self.client, family));
        futures::future::try_join_all(each).await
    }
}
