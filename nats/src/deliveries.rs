//! Deliveries of a consumer, pulled by credit.

mod advisory;
mod delivery;
mod inbox;
mod puller;
mod results;

pub use advisory::{Advisories, Advisory, AdvisoryKind, Stored};
pub use delivery::Delivery;
pub use results::Results;

use crate::{Error, Result, api, api::code, connection::Connections, setup};
use async_nats::Client;
use kinitro_proto::Family;
use puller::Puller;
use serde::Deserialize;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, mpsc, oneshot};

/// A consumer's deliveries, pulled by credit: as many come as were asked for, never more.
#[derive(Debug)]
pub struct Deliveries {
    credits: Arc<Credits>,
    arrived: mpsc::UnboundedReceiver<Delivery>,
    stop: oneshot::Sender<oneshot::Sender<()>>,
}

/// What is asked for and what has come, between the handle and its puller.
#[derive(Debug, Default)]
struct Credits {
    /// Asked for since the beginning.
    asked: AtomicUsize,
    /// Returned by `next` since the beginning.
    taken: AtomicUsize,
    more: Notify,
}

/// A consumer as it is asked for deliveries.
#[derive(Debug, Clone)]
struct Source {
    client: Client,
    stream: &'static str,
    consumer: String,
    ack_wait: Duration,
}

#[derive(Deserialize)]
struct Info {
    config: Settings,
}

#[derive(Deserialize)]
struct Settings {
    ack_wait: u64,
}

pub(crate) async fn of_family(
    client: &Client,
    connections: &Connections,
    family: &Family,
) -> Result<Deliveries> {
    let found = Deliveries::open(client, connections, "TASKS", setup::exec(family)).await;
    found.map_err(|error| match error.code() {
        Some(code::CONSUMER_NOT_FOUND | code::STREAM_NOT_FOUND) => Error::NoConsumer {
            family: family.clone(),
        },
        _ => error,
    })
}

impl Deliveries {
    /// Begins to pull from a consumer, whose own settings say how long a lease is.
    pub(crate) async fn open(
        client: &Client,
        connections: &Connections,
        stream: &'static str,
        consumer: String,
    ) -> Result<Self> {
        let what = format!("CONSUMER.INFO.{stream}.{consumer}");
        let info: Info = api::ask(client, &what, &serde_json::json!({})).await?;
        let ack_wait = Duration::from_nanos(info.config.ack_wait);
        let source = Source {
            client: client.clone(),
            stream,
            consumer,
            ack_wait,
        };
        // Not bounded by itself: it never holds more than was asked for.
        let (out, arrived) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let credits = Arc::new(Credits::default());
        let puller = Puller::new(source, connections.clone(), Arc::clone(&credits), out);
        tokio::spawn(puller.run(stopped));
        Ok(Self {
            credits,
            arrived,
            stop,
        })
    }

    /// Asks for `n` deliveries more. They stay asked for until they come, through reconnects and restarts.
    pub fn request(&self, n: usize) {
        self.credits.asked.fetch_add(n, Ordering::Relaxed);
        self.credits.more.notify_one();
    }

    /// How many deliveries are asked for and have not been returned by [`Deliveries::next`].
    #[must_use]
    pub fn credits(&self) -> usize {
        self.credits.asked.load(Ordering::Relaxed) - self.credits.taken.load(Ordering::Relaxed)
    }

    /// Waits for the next delivery. Safe to cancel. While nothing is asked for, it waits for ever.
    ///
    /// # Panics
    /// If the puller did.
    pub async fn next(&mut self) -> Delivery {
        let delivery = self
            .arrived
            .recv()
            .await
            .expect("the puller runs as long as its handle");
        self.credits.taken.fetch_add(1, Ordering::Relaxed);
        delivery
    }

    /// Stops pulling, and returns what had come already and was not taken: give it back with
    /// [`Delivery::nak`]. What the server is sending at that moment comes to somebody after its lease.
    pub async fn close(mut self) -> Vec<Delivery> {
        let (done, finished) = oneshot::channel();
        if self.stop.send(done).is_ok() {
            // An error says that the puller is gone, which is as good.
            finished.await.ok();
        }
        let mut left = Vec::new();
        while let Ok(delivery) = self.arrived.try_recv() {
            left.push(delivery);
        }
        left
    }
}
