//! Requests and their answers: JetStream's API is JSON over request and reply.

use crate::{Error, Result};
use async_nats::{Client, HeaderMap, Request, RequestErrorKind, connection::State};
use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::time::Duration;

/// How long JetStream may take to answer.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);

/// JetStream's error codes that we tell apart.
pub(crate) mod code {
    pub(crate) const CONSUMER_NOT_FOUND: u64 = 10014;
    pub(crate) const NO_MESSAGE_FOUND: u64 = 10037;
    /// The store has no room for what a stream reserves.
    pub(crate) const INSUFFICIENT_STORAGE: u64 = 10047;
    /// A stream that is there already, with another configuration.
    pub(crate) const STREAM_NAME_EXISTS: u64 = 10058;
    pub(crate) const STREAM_NOT_FOUND: u64 = 10059;
    /// A message that could not be deleted; it is gone already.
    pub(crate) const DELETE_FAILED: u64 = 10057;
    /// A message over the stream's `max_msg_size`.
    pub(crate) const MESSAGE_TOO_LARGE: u64 = 10054;
    /// The stream did not take the message; its words say why.
    pub(crate) const STORE_FAILED: u64 = 10077;
    pub(crate) const CONSUMER_EXISTS: u64 = 10148;
}

/// What JetStream answers: the answer, or its error.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer<T> {
    Refused { error: Refusal },
    Given(T),
}

#[derive(Deserialize)]
struct Refusal {
    code: u64,
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

/// Asks JetStream's API, e.g. `STREAM.INFO.TASKS`.
pub(crate) async fn ask<T: DeserializeOwned>(
    client: &Client,
    what: &str,
    body: &impl Serialize,
) -> Result<T> {
    let subject = format!("$JS.API.{what}");
    let body = serde_json::to_vec(body).expect("a request of ours is JSON");
    let answer = request(client, &subject, None, body.into()).await?;
    read(&subject, &answer)
}

/// Sends a message and waits for what answers it.
pub(crate) async fn request(
    client: &Client,
    subject: &str,
    headers: Option<HeaderMap>,
    body: Bytes,
) -> Result<Bytes> {
    let mut request = Request::new().payload(body).timeout(Some(TIMEOUT));
    request.headers = headers;
    let subject = subject.to_owned();
    match client.send_request(subject.clone(), request).await {
        Ok(message) => Ok(message.payload),
        Err(error) => Err(match error.kind() {
            RequestErrorKind::TimedOut => Error::TimedOut {
                subject,
                within: TIMEOUT,
            },
            RequestErrorKind::NoResponders => Error::NoResponders { subject },
            _ => Error::Send {
                subject,
                source: Box::new(error),
            },
        }),
    }
}

/// Reads JetStream's answer.
pub(crate) fn read<T: DeserializeOwned>(subject: &str, answer: &[u8]) -> Result<T> {
    match serde_json::from_slice(answer) {
        Ok(Answer::Given(answer)) => Ok(answer),
        Ok(Answer::Refused { error }) => Err(Error::Refused {
            subject: subject.to_owned(),
            code: if error.err_code == 0 {
                error.code
            } else {
                error.err_code
            },
            description: error.description,
        }),
        Err(source) => Err(Error::Answer {
            subject: subject.to_owned(),
            source,
        }),
    }
}

/// Whether the connection is up at this moment.
pub(crate) fn is_connected(client: &Client) -> bool {
    client.connection_state() == State::Connected
}

impl Error {
    /// JetStream's code, if it refused.
    pub(crate) const fn code(&self) -> Option<u64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_refusal_is_an_error_with_jetstreams_words() {
        let answer = br#"{"error":{"code":404,"err_code":10059,"description":"stream not found"}}"#;
        let error = read::<Value>("$JS.API.X", answer).unwrap_err();
        assert_eq!(error.code(), Some(code::STREAM_NOT_FOUND));
        assert_eq!(
            error.to_string(),
            "refused on `$JS.API.X`: stream not found (10059)"
        );
        assert!(matches!(
            read::<Value>("x", b"not json"),
            Err(Error::Answer { .. })
        ));
    }
}
