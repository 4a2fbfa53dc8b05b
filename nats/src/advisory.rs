//! What JetStream reports about tasks it gave up on.

use crate::Result;
use bytes::Bytes;

/// What JetStream reports about tasks it gave up on, one by one.
#[derive(Debug)]
pub struct Advisories {}

/// Why JetStream gave a message up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdvisoryKind {
    /// It was delivered `max_deliver` times and never settled. It still lies in the stream.
    MaxDeliveries,
    /// Somebody termed it. It is gone from the stream.
    Terminated,
}

/// One report, with the message it is about.
#[derive(Debug)]
pub struct Advisory {
    /// Why.
    pub kind: AdvisoryKind,
    /// The consumer, e.g. `exec-metaworld`.
    pub consumer: String,
    /// The message's sequence in TASKS.
    pub sequence: u64,
    /// How often it was delivered.
    pub deliveries: u64,
    /// What [`crate::Delivery::term`] was given.
    pub reason: Option<String>,
    /// The message, if the stream still has it.
    pub message: Option<Stored>,
}

/// A message as the stream keeps it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its subject.
    pub subject: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub payload: Bytes,
}

impl Advisories {
    /// Waits for the next report and fetches the message it is about. Safe to cancel.
    ///
    /// # Errors
    /// When the server does not answer; the report comes again.
    pub async fn next(&mut self) -> Result<Advisory> {
        unimplemented!()
    }
}

impl Advisory {
    /// Removes the message from TASKS, if it is still there, and the report from DEAD. Keep the dead letter
    /// first.
    ///
    /// # Errors
    /// When the server does not answer; the report comes again.
    pub async fn settle(&self) -> Result<()> {
        unimplemented!()
    }
}
