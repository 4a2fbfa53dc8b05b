#![warn(clippy::wildcard_enum_match_arm)]

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use kinitro_proto::CycleId;
use serde_json::{Value, json};
use std::io;

/// Seconds after which a client may try again what is away now.
const RETRY_AFTER: &str = "5";

/// What can go wrong in the gateway: at its start, or with one request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration breaks its own rules.
    #[error("the gateway's configuration is not usable:\n{faults}")]
    Config {
        /// All of them, one a line.
        faults: String,
    },
    /// The address cannot be listened on.
    #[error("could not listen on `{address}`")]
    Listen {
        /// The address as configured.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The ledger cannot be reached, or does not answer in time.
    #[error("the ledger is away")]
    Away(#[source] kinitro_store::Error),
    /// The ledger answers, but not what it should.
    #[error("could not read the ledger")]
    Ledger(#[source] kinitro_store::Error),
    /// The last look at the ledger failed, so this request did not wait for another.
    #[error("the ledger was away a moment ago")]
    KnownAway,
    /// The answer took too long.
    #[error("no answer within the time for a request")]
    Timeout,
    /// As many downloads run as may run at a time.
    #[error("too many downloads at a time")]
    Busy,
    /// The client takes no form of the body that there is.
    #[error("the client takes neither the body as it is nor compressed with gzip")]
    NoEncoding,
    /// A value in the path or the query cannot be read.
    #[error("`{field}` cannot be read")]
    Input {
        /// The value's name.
        field: &'static str,
        /// What is wrong with it, as version 2 put it.
        detail: Value,
    },
    /// The request's body is over the limit.
    #[error("the body is over the limit")]
    BodyTooLarge,
    /// No cycle has been settled.
    #[error("no weights yet")]
    NoWeights,
    /// No settled cycle looked at the block.
    #[error("no weights of block `{block}`")]
    NoWeightsOf {
        /// The block asked for; may be beyond any number we keep.
        block: String,
    },
    /// No cycle has been settled.
    #[error("no scores yet")]
    NoScores,
    /// There is no such cycle.
    #[error("no cycle `{cycle}`")]
    NoCycle {
        /// The cycle asked for; may be beyond any number we keep.
        cycle: String,
    },
    /// The cycle settled to nothing, or has not settled yet.
    #[error("no weights of cycle `{cycle}`")]
    NoWeightsOfCycle {
        /// The cycle.
        cycle: CycleId,
    },
    /// The cycle has not settled, or did so before evidence was kept.
    #[error("no evidence of cycle `{cycle}`")]
    NoEvidence {
        /// The cycle.
        cycle: CycleId,
    },
    /// The evidence in the ledger is not as long as the ledger says, or cannot be unpacked.
    #[error("the evidence of cycle `{cycle}` is damaged")]
    Damaged {
        /// The cycle.
        cycle: CycleId,
        /// What the unpacking met; nothing if it is too long or too short.
        source: Option<io::Error>,
    },
    /// There is no such path.
    #[error("no such path")]
    NoRoute,
    /// The path exists, but not for this method.
    #[error("no such method on this path")]
    NoMethod,
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<kinitro_store::Error> for Error {
    fn from(error: kinitro_store::Error) -> Self {
        if error.is_passing() {
            Self::Away(error)
        } else {
            Self::Ledger(error)
        }
    }
}

impl Error {
    /// The HTTP status it is answered with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Away(_) | Self::KnownAway | Self::Timeout | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoEncoding => StatusCode::NOT_ACCEPTABLE,
            Self::Input { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoWeights
            | Self::NoWeightsOf { .. }
            | Self::NoScores
            | Self::NoCycle { .. }
            | Self::NoWeightsOfCycle { .. }
            | Self::NoEvidence { .. }
            | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::NoMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Config { .. } | Self::Listen { .. } | Self::Ledger(_) | Self::Damaged { .. } => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// What a client is told, in the words of version 2 where it has some. Tells nothing of our insides.
    fn detail(&self) -> Value {
        match self {
            Self::Away(_) | Self::KnownAway => json!("The ledger is away, try again later"),
            Self::Timeout => json!("The answer took too long, try again later"),
            Self::Busy => json!("Too many downloads at a time, try again later"),
            Self::NoEncoding => json!("This is served as it is or compressed with gzip"),
            Self::Input { detail, .. } => detail.clone(),
            Self::BodyTooLarge => json!("Request body too large"),
            Self::NoWeights => json!("No weights available yet"),
            Self::NoWeightsOf { block } => json!(format!("No weights found for block {block}")),
            Self::NoScores => json!("No completed evaluations yet"),
            Self::NoCycle { cycle } => json!(format!("Cycle {cycle} not found")),
            Self::NoWeightsOfCycle { cycle } => json!(format!("No weights found for cycle {cycle}")),
            Self::NoEvidence { cycle } => json!(format!("No evidence found for cycle {cycle}")),
            Self::NoRoute => json!("Not Found"),
            Self::NoMethod => json!("Method Not Allowed"),
            Self::Config { .. } | Self::Listen { .. } | Self::Ledger(_) | Self::Damaged { .. } => {
                json!("Internal Server Error")
            }
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %kinitro_chassis::report(&self), "request failed");
        }
        let problem = json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": self.detail(),
        });
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, problem.to_string()).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let value = header::HeaderValue::from_static(RETRY_AFTER);
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}
