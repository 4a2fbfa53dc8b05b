//! What JetStream reports about tasks it gave up on.

use crate::{
    Deliveries, Delivery, Error, Result,
    api::{self, code},
};
use async_nats::Client;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use kinitro_proto::{DeadLetter, header, subject};
use serde::Deserialize;
use serde_json::json;

/// What JetStream reports about tasks it gave up on, one by one.
#[derive(Debug)]
pub struct Advisories {
    client: Client,
    deliveries: Deliveries,
    /// The report in hand while its message is fetched.
    current: Option<Delivery>,
}

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
    /// What [`Delivery::term`] was given.
    pub reason: Option<String>,
    /// The message, if the stream still has it.
    pub message: Option<Stored>,
    client: Client,
    report: Delivery,
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

#[derive(Deserialize)]
struct Report {
    consumer: String,
    stream_seq: u64,
    #[serde(default)]
    deliveries: u64,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Got {
    message: Raw,
}

#[derive(Deserialize)]
struct Raw {
    subject: String,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

impl Advisories {
    pub(crate) fn new(client: Client, deliveries: Deliveries) -> Self {
        Self {
            client,
            deliveries,
            current: None,
        }
    }

    /// Waits for the next report and fetches the message it is about. Safe to cancel.
    ///
    /// # Errors
    /// When the server does not answer; the report comes again.
    pub async fn next(&mut self) -> Result<Advisory> {
        loop {
            if self.current.is_none() {
                self.deliveries
                    .request(1usize.saturating_sub(self.deliveries.credits()));
                self.current = Some(self.deliveries.next().await);
            }
            let Some(delivery) = &self.current else { continue };
            let Ok(report) = serde_json::from_slice::<Report>(&delivery.payload) else {
                tracing::error!(
                    sequence = delivery.sequence,
                    "a report of JetStream's cannot be read, left in DEAD"
                );
                delivery.ack().await?;
                self.current = None;
                continue;
            };
            let message = stored(&self.client, report.stream_seq).await?;
            if let Some(delivery) = self.current.take() {
                return Ok(Advisory::new(self.client.clone(), delivery, report, message));
            }
        }
    }
}

impl Advisory {
    fn new(client: Client, delivery: Delivery, report: Report, message: Option<Stored>) -> Self {
        let exhausted = delivery.subject.contains(".MAX_DELIVERIES.");
        Self {
            kind: if exhausted {
                AdvisoryKind::MaxDeliveries
            } else {
                AdvisoryKind::Terminated
            },
            consumer: report.consumer,
            sequence: report.stream_seq,
            deliveries: report.deliveries,
            reason: report.reason,
            message,
            client,
            report: delivery,
        }
    }

    /// The dead letter that keeps the message, if the stream still has it.
    #[must_use]
    pub fn dead_letter(&self, reason: &str, by: &str) -> Option<DeadLetter> {
        let Stored {
            subject,
            headers,
            payload,
        } = self.message.clone()?;
        let named = headers.iter().find(|(name, _)| name == header::TASK);
        let named = named.and_then(|(_, task)| task.parse().ok());
        Some(DeadLetter {
            reason: reason.to_owned(),
            detail: format!(
                "delivered {} times by {} and never settled",
                self.deliveries, self.consumer
            ),
            task: subject::parse_task(&subject).map(|(_, _, task)| task).or(named),
            subject,
            headers,
            body: payload.to_vec(),
            by: by.to_owned(),
        })
    }

    /// Removes the message from TASKS, if it is still there, and the report from DEAD. Keep the dead letter
    /// first.
    ///
    /// # Errors
    /// When the server does not answer; the report comes again.
    pub async fn settle(&self) -> Result<()> {
        if self.message.is_some() {
            delete(&self.client, "TASKS", self.sequence).await?;
        }
        self.report.ack().await?;
        delete(&self.client, "DEAD", self.report.sequence).await
    }
}

async fn stored(client: &Client, sequence: u64) -> Result<Option<Stored>> {
    match api::ask::<Got>(client, "STREAM.MSG.GET.TASKS", &json!({ "seq": sequence })).await {
        Ok(got) => Ok(Some(Stored::from(got.message))),
        Err(error) if error.code() == Some(code::NO_MESSAGE_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn delete(client: &Client, stream: &str, sequence: u64) -> Result<()> {
    let what = format!("STREAM.MSG.DELETE.{stream}");
    match api::ask::<serde::de::IgnoredAny>(client, &what, &json!({ "seq": sequence, "no_erase": true }))
        .await
    {
        // Gone already: somebody settled it, or its stream aged it out.
        Err(Error::Refused {
            code: code::DELETE_FAILED | code::NO_MESSAGE_FOUND,
            ..
        })
        | Ok(_) => Ok(()),
        Err(error) => Err(error),
    }
}

impl From<Raw> for Stored {
    fn from(raw: Raw) -> Self {
        let decode = |text: &str| STANDARD.decode(text).unwrap_or_default();
        let block = String::from_utf8_lossy(&decode(&raw.hdrs)).into_owned();
        // The first line is the protocol's version.
        let lines = block.lines().skip(1).filter_map(|line| line.split_once(':'));
        let headers = lines
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        Self {
            subject: raw.subject,
            headers,
            payload: decode(&raw.data).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_message_is_read_with_its_headers() {
        let raw = Raw {
            subject: "tasks.m.1.x".to_owned(),
            hdrs: STANDARD.encode("NATS/1.0\r\nKinitro-Task: abc\r\nempty:\r\n\r\n"),
            data: STANDARD.encode([1, 2, 3]),
        };
        let stored = Stored::from(raw);
        let pairs = [("Kinitro-Task", "abc"), ("empty", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(stored.headers, pairs);
        assert_eq!(&stored.payload[..], [1, 2, 3]);
    }
}
