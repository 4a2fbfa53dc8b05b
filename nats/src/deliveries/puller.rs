//! The loop that turns credit into pull requests, and what comes into deliveries.
//!
//! It owns the accounts: `outstanding` is what the server owes on the present inbox, over all open requests,
//! and never more than what is wanted. Whenever the accounts may be wrong (a new connection, silence, a status
//! that does not say what it ended), the inbox is thrown away: the server drops requests whose inbox nobody
//! listens to, so nothing is counted twice.

use super::{
    Credits, Source,
    inbox::{Meaning, meaning},
};
use crate::{
    Delivery, api,
    connection::{Connections, backoff},
};
use async_nats::{Message, Subscriber};
use futures::{FutureExt, StreamExt};
use serde_json::json;
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

/// How long a request stays open.
const EXPIRES: Duration = Duration::from_secs(30);
/// How often the server says that it has not forgotten us.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Two heartbeats missed, and half a second for a busy machine.
const SILENCE: Duration = Duration::from_millis(4500);
/// How soon to look again whether the connection is up.
const RECHECK: Duration = Duration::from_millis(100);
/// The most that one request asks for.
const LARGEST: usize = 1000;

pub(super) struct Puller {
    source: Source,
    connections: Connections,
    credits: Arc<Credits>,
    out: mpsc::UnboundedSender<Delivery>,
    inbox: Option<(String, Subscriber)>,
    /// What the server owes us on this inbox.
    outstanding: usize,
    /// Handed out since the beginning.
    delivered: usize,
    /// When the server was heard last.
    heard: Instant,
    /// Resets in a row without a delivery or heartbeat between.
    failures: usize,
    not_before: Instant,
}

enum Woken {
    Message(Option<Message>),
    Connection,
    Credit,
    Time,
    Gone,
    Stop(Result<oneshot::Sender<()>, oneshot::error::RecvError>),
}

impl Puller {
    pub(super) fn new(
        source: Source,
        connections: Connections,
        credits: Arc<Credits>,
        out: mpsc::UnboundedSender<Delivery>,
    ) -> Self {
        let now = Instant::now();
        Self {
            source,
            connections,
            credits,
            out,
            inbox: None,
            outstanding: 0,
            delivered: 0,
            heard: now,
            failures: 0,
            not_before: now,
        }
    }

    /// Runs until the handle is closed or dropped.
    pub(super) async fn run(mut self, mut stop: oneshot::Receiver<oneshot::Sender<()>>) {
        self.connections.mark_unchanged();
        loop {
            if let Err(error) = self.ask().await {
                self.reset(&error.to_string());
            }
            match self.wait(&mut stop).await {
                Woken::Message(Some(message)) => self.take(message),
                Woken::Message(None) => self.reset("the subscription ended"),
                Woken::Connection => {
                    self.reset("a new connection");
                    self.not_before = Instant::now();
                }
                Woken::Time if self.is_silent() => self.reset("no sign of the consumer"),
                Woken::Time | Woken::Credit => {}
                Woken::Gone => return,
                Woken::Stop(done) => {
                    self.drain();
                    // Before the answer: whoever closes may count on what it then finds to be all.
                    drop(self.inbox.take());
                    drop(done.map(|done| done.send(())));
                    return;
                }
            }
        }
    }

    async fn wait(&mut self, stop: &mut oneshot::Receiver<oneshot::Sender<()>>) -> Woken {
        let until = self.next_look();
        let inbox = &mut self.inbox;
        let message = async {
            match inbox {
                Some((_, subscriber)) => subscriber.next().await,
                None => std::future::pending().await,
            }
        };
        let woken = async {
            tokio::select! {
                biased;
                done = stop => Woken::Stop(done),
                changed = self.connections.changed() => if changed.is_ok() { Woken::Connection } else { Woken::Gone },
                message = message => Woken::Message(message),
                () = self.credits.more.notified() => Woken::Credit,
            }
        };
        tokio::time::timeout_at(until.into(), woken)
            .await
            .unwrap_or(Woken::Time)
    }

    /// When there is something to do even if nothing happens.
    fn next_look(&self) -> Instant {
        let now = Instant::now();
        if self.outstanding > 0 {
            self.heard + SILENCE
        } else if self.wanted() > 0 && self.not_before > now {
            self.not_before
        } else {
            now + EXPIRES
        }
    }

    fn is_silent(&self) -> bool {
        self.outstanding > 0 && self.heard.elapsed() >= SILENCE
    }

    fn wanted(&self) -> usize {
        self.credits.asked.load(Ordering::Relaxed) - self.delivered
    }

    /// Asks for what is wanted and not asked for yet. While the server still owes more than half, it waits: a
    /// request for one at a time costs the server ten times a request for many.
    async fn ask(&mut self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let wanted = self.wanted();
        let idle = wanted == self.outstanding || self.outstanding * 2 > wanted;
        if idle || Instant::now() < self.not_before {
            return Ok(());
        }
        // What is sent now would wait for the connection, and come with an inbox that is gone by then. The news
        // of a connection may overtake its state.
        if !api::is_connected(&self.source.client) {
            self.not_before = Instant::now() + RECHECK;
            return Ok(());
        }
        if self.inbox.is_none() {
            let inbox = self.source.client.new_inbox();
            let subscriber = self.source.client.subscribe(inbox.clone()).await?;
            self.inbox = Some((inbox, subscriber));
        }
        let Some((inbox, _)) = &self.inbox else {
            return Ok(());
        };
        let batch = (wanted - self.outstanding).min(LARGEST);
        let body = json!({
            "batch": batch,
            "expires": EXPIRES.as_nanos(),
            "idle_heartbeat": HEARTBEAT.as_nanos(),
        });
        let subject = format!(
            "$JS.API.CONSUMER.MSG.NEXT.{}.{}",
            self.source.stream, self.source.consumer
        );
        self.source
            .client
            .publish_with_reply(subject, inbox.clone(), body.to_string().into())
            .await?;
        self.outstanding += batch;
        self.heard = Instant::now();
        Ok(())
    }

    fn take(&mut self, message: Message) {
        let heard = meaning(message.status, message.headers.as_ref());
        self.heard = Instant::now();
        match heard {
            Meaning::Delivery => self.hand_out(message),
            Meaning::Heartbeat => self.failures = 0,
            Meaning::Over(left) => self.outstanding = self.outstanding.saturating_sub(left),
            Meaning::Lost => {
                let reason = message.description.unwrap_or_else(|| "nobody there".to_owned());
                self.reset(&reason);
            }
        }
    }

    fn hand_out(&mut self, message: Message) {
        match Delivery::new(&self.source.client, message, self.source.ack_wait) {
            Ok(delivery) => {
                self.failures = 0;
                self.outstanding = self.outstanding.saturating_sub(1);
                self.delivered += 1;
                // A handle that is gone does not want it: it comes to somebody after its lease.
                drop(self.out.send(delivery));
            }
            Err(error) => tracing::warn!(%error, "ignored a message that is no delivery"),
        }
    }

    /// Starts over on a new inbox, after a while that grows with the failures in a row.
    fn reset(&mut self, reason: &str) {
        if self.inbox.is_some() {
            tracing::info!(consumer = self.source.consumer, reason, "pulling anew");
        }
        self.drain();
        self.inbox = None;
        self.outstanding = 0;
        self.not_before = Instant::now() + backoff(self.failures);
        self.failures += 1;
    }

    /// Hands out what has come already, so that a new inbox does not ask for it again.
    fn drain(&mut self) {
        while let Some((_, subscriber)) = &mut self.inbox
            && let Some(Some(message)) = subscriber.next().now_or_never()
        {
            if meaning(message.status, message.headers.as_ref()) == Meaning::Delivery {
                self.hand_out(message);
            }
        }
    }
}
