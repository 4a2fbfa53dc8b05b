//! Requests and replies.

use kinitro_proto::{Action, Observation};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The protocol's version.
pub(crate) const VERSION: u32 = 1;

/// What the executor asks.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Request<'a> {
    Hello {
        version: u32,
    },
    Reset {
        environment: &'a str,
        seed: u64,
        images: bool,
    },
    Step {
        action: &'a Action,
    },
    Close,
}

/// What the simulator answers.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Reply {
    Hello {
        version: u32,
        family: String,
        environments: Vec<String>,
    },
    Observation {
        observation: Observation,
    },
    Step {
        observation: Observation,
        reward: f64,
        done: bool,
        success: bool,
    },
    Error {
        kind: ErrorKind,
        message: String,
    },
}

impl Reply {
    /// The reply's type on the wire.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Observation { .. } => "observation",
            Self::Step { .. } => "step",
            Self::Error { .. } => "error",
        }
    }
}

/// What a simulator's error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The action does not fit the environment.
    Action,
    /// The family has no such environment.
    Environment,
    /// The request is malformed or out of order.
    Request,
    /// Anything else, and kinds that a newer version names.
    #[serde(other)]
    Internal,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Action => "action",
            Self::Environment => "environment",
            Self::Request => "request",
            Self::Internal => "internal",
        })
    }
}
