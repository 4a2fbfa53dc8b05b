//! A message in hand.

use crate::Result;
use bytes::Bytes;
use kinitro_proto::{DeadLetter, encoding::Message};
use std::time::{Duration, Instant};

/// A message in hand, with the duty to settle it: ack, nak or term. Dropped unsettled, it is delivered
/// again when its lease has run out.
#[derive(Debug)]
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
}

impl Delivery {
    /// The value of a header (see [`kinitro_proto::header`]).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        unimplemented!()
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        unimplemented!()
    }

    /// The sender's trace context.
    #[must_use]
    pub fn traceparent(&self) -> Option<&str> {
        self.header(kinitro_proto::header::TRACEPARENT)
    }

    /// Reads the body.
    ///
    /// # Errors
    /// [`crate::Error::Message`] says what is wrong with it.
    pub fn decode<M: Message>(&self) -> Result<M> {
        unimplemented!()
    }

    /// When the lease ends by the local clock, a sixth before the server's; later after each
    /// [`Delivery::progress`].
    #[must_use]
    pub fn lease_expires_at(&self) -> Instant {
        unimplemented!()
    }

    /// How often to call [`Delivery::progress`]: a third of the lease.
    #[must_use]
    pub fn progress_interval(&self) -> Duration {
        unimplemented!()
    }

    /// Whether the lease has run out: the message may be in other hands now.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        unimplemented!()
    }

    /// Extends the lease, and waits until the server has done so.
    ///
    /// # Errors
    /// When the server does not answer within 5 s or the lease is lost already; the lease stays as it was.
    pub async fn progress(&self) -> Result<()> {
        unimplemented!()
    }

    /// Says that the message is dealt with, and waits until the server knows.
    ///
    /// # Errors
    /// When the server does not answer within 5 s. Harmless: it is delivered again.
    pub async fn ack(&self) -> Result<()> {
        unimplemented!()
    }

    /// Gives the message back, for delivery at once or after a delay.
    ///
    /// # Errors
    /// [`crate::Error::LeaseLost`] or [`crate::Error::Disconnected`], and nothing was sent: a late nak would
    /// take the message from whoever has it now. Or when the server does not answer within 5 s.
    pub async fn nak(&self, delay: Option<Duration>) -> Result<()> {
        unimplemented!()
    }

    /// Gives the message up: a work queue forgets it at once, so keep the dead letter first.
    ///
    /// # Errors
    /// When the server does not answer within 5 s.
    pub async fn term(&self, reason: &str) -> Result<()> {
        unimplemented!()
    }

    /// The dead letter that keeps this message.
    #[must_use]
    pub fn dead_letter(&self, reason: &str, detail: impl Into<String>, by: &str) -> DeadLetter {
        unimplemented!()
    }
}
