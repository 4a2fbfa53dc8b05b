//! Ways to be a bad miner, one for each thing a caller must survive.

use crate::{Error, Result};
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use std::{io, str::FromStr, time::Duration};

/// How to misbehave, at `/act` unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Answers rightly, after this time: `slow:<milliseconds>`.
    Slow(Duration),
    /// Never answers.
    Hang,
    /// Breaks the connection off within its answer.
    Drop,
    /// Redirects to another path, where the right answer is.
    Redirect,
    /// Sends 64 MiB of zeros as one twist.
    Oversize,
    /// Answers with a page.
    NotJson,
    /// Answers with too few numbers, and text for a number.
    WrongShape,
    /// Answers with a number that is none in 32 bits: 1e39.
    Nan,
    /// Answers with NUL in names and texts.
    Nul,
    /// Fails at `/reset`.
    Reset500,
}

/// Where a redirected caller would find the right answer.
pub(crate) const REDIRECTED: &str = "/redirected";

const CHUNKS: usize = 1024;
const CHUNK: usize = 64 * 1024;

const NAMES: [(&str, Misbehaviour); 9] = [
    ("hang", Misbehaviour::Hang),
    ("drop", Misbehaviour::Drop),
    ("redirect", Misbehaviour::Redirect),
    ("oversize", Misbehaviour::Oversize),
    ("not-json", Misbehaviour::NotJson),
    ("wrong-shape", Misbehaviour::WrongShape),
    ("nan", Misbehaviour::Nan),
    ("nul", Misbehaviour::Nul),
    ("reset-500", Misbehaviour::Reset500),
];

impl FromStr for Misbehaviour {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let slow = text
            .strip_prefix("slow:")
            .and_then(|ms| ms.parse().ok())
            .map(Duration::from_millis)
            .map(Self::Slow);
        let named = || NAMES.iter().find(|(name, _)| *name == text).map(|(_, how)| *how);
        slow.or_else(named).ok_or_else(|| {
            let known = NAMES.map(|(name, _)| name).join(", ");
            Error::Misbehaviour {
                given: text.to_owned(),
                known: format!("slow:<milliseconds>, {known}"),
            }
        })
    }
}

impl Misbehaviour {
    /// What comes in place of the right answer to `/act`; nothing where the right answer comes.
    pub(crate) async fn at_act(self) -> Option<Response> {
        match self {
            Self::Slow(time) => {
                #[expect(clippy::disallowed_methods, reason = "being late is what was asked for")]
                tokio::time::sleep(time).await;
                None
            }
            Self::Hang => std::future::pending().await,
            Self::Drop => Some(broken_off()),
            Self::Redirect => {
                Some((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, REDIRECTED)]).into_response())
            }
            Self::Oversize => Some(oversize()),
            Self::NotJson => Some("<html><body>It works!</body></html>".into_response()),
            Self::WrongShape => Some(json(
                r#"{"action":{"continuous":{"ee_twist":[0.5],"gripper":["open"]}}}"#,
            )),
            Self::Nan => Some(json(
                r#"{"action":{"continuous":{"ee_twist":[1e39,0,0,0,0,0],"gripper":[0]}}}"#,
            )),
            Self::Nul => Some(json(
                r#"{"action":{"continuous":{"ee\u0000twist":[0,0,0,0,0,0]},"extra":{"no\u0000te":"a\u0000b"}}}"#,
            )),
            Self::Reset500 => None,
        }
    }

    /// What comes in place of the right answer to `/reset`.
    pub(crate) fn at_reset(self) -> Option<Response> {
        let failure = || {
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                json(r#"{"detail":"policy failed"}"#),
            )
                .into_response()
        };
        (self == Self::Reset500).then(failure)
    }
}

fn json(body: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Promises more than comes.
fn broken_off() -> Response {
    let start = stream::iter([
        Ok(Bytes::from_static(br#"{"action":"#)),
        Err(io::Error::other("broken off on purpose")),
    ]);
    ([(header::CONTENT_LENGTH, "1000")], Body::from_stream(start)).into_response()
}

fn oversize() -> Response {
    let start = Bytes::from_static(br#"{"action":{"continuous":{"ee_twist":[0"#);
    let zeros = Bytes::from(",0".repeat(CHUNK / 2));
    let chunks = stream::once(async { start }).chain(stream::iter(vec![zeros; CHUNKS]));
    let body = Body::from_stream(chunks.map(Ok::<_, io::Error>));
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_parsed_and_others_are_answered_with_the_names() {
        for (name, how) in NAMES {
            assert_eq!(name.parse::<Misbehaviour>().unwrap(), how);
        }
        assert_eq!(
            "slow:7".parse::<Misbehaviour>().unwrap(),
            Misbehaviour::Slow(Duration::from_millis(7))
        );
        for odd in ["", "slow", "slow:", "slow:x", "SLOW:7"] {
            let error = odd.parse::<Misbehaviour>().unwrap_err().to_string();
            assert!(
                error.contains("slow:<milliseconds>") && error.contains("reset-500"),
                "{error}"
            );
        }
    }
}
