//! A message in hand.

use crate::{Error, Result, api};
use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use kinitro_proto::{
    DeadLetter,
    encoding::{self, Message},
    header, subject,
};
use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// A message in hand, with the duty to settle it: ack, nak or term. Dropped unsettled, it is delivered
/// again when its lease has run out.
pub struct Delivery {
    /// The subject it was published on.
    pub subject: String,
    /// Its body.
    pub payload: Bytes,
    /// Which delivery of the message this is, from 1.
    pub delivered: u32,
    /// Its sequence in the stream.
    pub sequence: u64,
    /// When it came.
    pub received_at: Instant,
    headers: HeaderMap,
    reply: String,
    client: Client,
    ack_wait: Duration,
    /// Microseconds from `received_at` to the end of the lease.
    lease: AtomicU64,
}

impl Delivery {
    /// Takes a message that came for a pull request.
    pub(crate) fn new(client: &Client, message: async_nats::Message, ack_wait: Duration) -> Result<Self> {
        let subject = message.subject.to_string();
        let reply = message.reply.map(|reply| reply.to_string()).unwrap_or_default();
        let Some((delivered, sequence)) = parse_reply(&reply) else {
            return Err(Error::NotADelivery { subject });
        };
        let delivery = Self {
            subject,
            payload: message.payload,
            delivered,
            sequence,
            received_at: Instant::now(),
            headers: message.headers.unwrap_or_default(),
            reply,
            client: client.clone(),
            ack_wait,
            lease: AtomicU64::new(0),
        };
        delivery.extend(delivery.received_at);
        Ok(delivery)
    }

    /// The value of a header (see [`kinitro_proto::header`]).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(async_nats::HeaderValue::as_str)
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        let each = self.headers.iter().flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| (name.to_string(), value.as_str().to_owned()))
        });
        each.collect()
    }

    /// The sender's trace context.
    #[must_use]
    pub fn traceparent(&self) -> Option<&str> {
        self.header(header::TRACEPARENT)
    }

    /// Reads the body.
    ///
    /// # Errors
    /// [`Error::Message`] says what is wrong with it.
    pub fn decode<M: Message>(&self) -> Result<M> {
        Ok(encoding::decode(self.header(header::SCHEMA), &self.payload)?)
    }

    /// When the lease ends by the local clock, a sixth before the server's; later after each
    /// [`Delivery::progress`].
    #[must_use]
    pub fn lease_expires_at(&self) -> Instant {
        self.received_at + Duration::from_micros(self.lease.load(Ordering::Relaxed))
    }

    /// How often to call [`Delivery::progress`]: a third of the lease.
    #[must_use]
    pub fn progress_interval(&self) -> Duration {
        self.ack_wait / 3
    }

    /// Whether the lease has run out: the message may be in other hands now.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        Instant::now() >= self.lease_expires_at()
    }

    /// Extends the lease, and waits until the server has done so.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] or [`Error::Disconnected`], and nothing was sent; or when the server does not
    /// answer within 5 s. The lease stays as it was.
    pub async fn progress(&self) -> Result<()> {
        // The server counts from when it hears of it, which is not before now.
        let now = Instant::now();
        self.settle_held("+WPI".into()).await?;
        self.extend(now);
        Ok(())
    }

    /// Says that the message is dealt with, and waits until the server knows.
    ///
    /// # Errors
    /// When the server does not answer within 5 s. Harmless: it is delivered again.
    pub async fn ack(&self) -> Result<()> {
        self.settle("+ACK".into()).await
    }

    /// Says that the message is dealt with, without waiting for the server.
    pub(crate) async fn ack_unheard(&self) -> Result<()> {
        let sent = self
            .client
            .publish(self.reply.clone(), Bytes::from_static(b"+ACK"))
            .await;
        sent.map_err(|error| Error::Send {
            subject: self.subject.clone(),
            source: error.into(),
        })
    }

    /// Gives the message back, for delivery at once or after a delay.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] or [`Error::Disconnected`], and nothing was sent: a late nak would take the message
    /// from whoever has it now. Or when the server does not answer within 5 s.
    pub async fn nak(&self, delay: Option<Duration>) -> Result<()> {
        let answer = match delay {
            Some(delay) => format!("-NAK {{\"delay\": {}}}", delay.as_nanos()),
            None => "-NAK".to_owned(),
        };
        self.settle_held(answer).await
    }

    /// Gives the message up: a work queue forgets it at once, so keep the dead letter first.
    ///
    /// # Errors
    /// When the server does not answer within 5 s.
    pub async fn term(&self, reason: &str) -> Result<()> {
        self.settle(format!("+TERM {reason}")).await
    }

    /// The dead letter that keeps this message.
    #[must_use]
    pub fn dead_letter(&self, reason: &str, detail: impl Into<String>, by: &str) -> DeadLetter {
        let named = self.header(header::TASK).and_then(|task| task.parse().ok());
        DeadLetter {
            reason: reason.to_owned(),
            detail: detail.into(),
            task: subject::parse_task(&self.subject)
                .map(|(_, _, task)| task)
                .or(named),
            subject: self.subject.clone(),
            headers: self.headers(),
            body: self.payload.to_vec(),
            by: by.to_owned(),
        }
    }

    /// Settles only what is still ours. The server does not ask whose answer it gets, and what is sent while
    /// disconnected arrives whenever the connection is back.
    async fn settle_held(&self, answer: String) -> Result<()> {
        if self.is_lost() {
            return Err(Error::LeaseLost {
                subject: self.subject.clone(),
            });
        }
        if !api::is_connected(&self.client) {
            return Err(Error::Disconnected);
        }
        self.settle(answer).await
    }

    async fn settle(&self, answer: String) -> Result<()> {
        api::request(&self.client, &self.reply, None, answer.into())
            .await
            .map(drop)
    }

    fn extend(&self, from: Instant) {
        let lease = from.duration_since(self.received_at) + self.ack_wait * 5 / 6;
        let micros = u64::try_from(lease.as_micros()).expect("no lease lasts 500 000 years");
        self.lease.fetch_max(micros, Ordering::Relaxed);
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            subject,
            delivered,
            sequence,
            ..
        } = self;
        write!(
            f,
            "Delivery({subject}, sequence {sequence}, delivery {delivered})"
        )
    }
}

/// How often the message was delivered and its sequence, from the subject that takes the answer:
/// `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<time>.<pending>`, or the newer form
/// with domain and account before the stream, and a token behind.
fn parse_reply(reply: &str) -> Option<(u32, u64)> {
    let tokens: Vec<_> = reply.split('.').collect();
    let first = match tokens.len() {
        9 => 4,
        11.. => 6,
        _ => return None,
    };
    if tokens[..2] != ["$JS", "ACK"] {
        return None;
    }
    Some((tokens[first].parse().ok()?, tokens[first + 1].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_answers_subject_are_read() {
        assert_eq!(
            parse_reply("$JS.ACK.TASKS.exec-m.3.100.7.1790230470084404000.42"),
            Some((3, 100))
        );
        assert_eq!(
            parse_reply("$JS.ACK._.hash.TASKS.exec-m.3.100.7.1790230470084404000.42"),
            Some((3, 100))
        );
        assert_eq!(
            parse_reply("$JS.ACK.hub.hash.TASKS.exec-m.3.100.7.1790230470084404000.42.x"),
            Some((3, 100))
        );
        for other in [
            "",
            "_INBOX.a.b",
            "a.b.c.d.1.2.3.4.5",
            "$JS.ACK.TASKS.exec-m.x.100.7.1.42",
        ] {
            assert_eq!(parse_reply(other), None, "`{other}`");
        }
    }
}
