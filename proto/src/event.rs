//! What happened, for whoever watches: the bodies of messages in EVENTS.

use crate::{CycleId, encoding::Message};
use serde::{Deserialize, Serialize};

/// Something that happened. Losing one costs nothing: the ledger has it all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A cycle and all its tasks are in the ledger.
    CycleOpened {
        /// The cycle.
        cycle: CycleId,
        /// How many tasks it has.
        tasks: u64,
        /// What the cycle commits to: SHA-256 of the secret its seeds come from, as 64 hexadecimal digits. Messages
        /// of earlier versions have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret_hash: Option<String>,
    },
    /// Every task of the cycle has been published.
    CycleRunning {
        /// The cycle.
        cycle: CycleId,
    },
    /// The cycle is settled and its weights are served.
    CycleSettled {
        /// The cycle.
        cycle: CycleId,
        /// SHA-256 of the weights document, as 64 hexadecimal digits. Messages of earlier versions have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_sha256: Option<String>,
    },
    /// The cycle's deadline passed with too few results; the previous weights stand.
    CycleExpired {
        /// The cycle.
        cycle: CycleId,
        /// Why.
        reason: String,
    },
}

impl Event {
    /// The last token of the event's subject, e.g. `settled`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CycleOpened { .. } => "opened",
            Self::CycleRunning { .. } => "running",
            Self::CycleSettled { .. } => "settled",
            Self::CycleExpired { .. } => "expired",
        }
    }

    /// The cycle it is about.
    #[must_use]
    pub const fn cycle(&self) -> CycleId {
        match self {
            Self::CycleOpened { cycle, .. }
            | Self::CycleRunning { cycle }
            | Self::CycleSettled { cycle, .. }
            | Self::CycleExpired { cycle, .. } => *cycle,
        }
    }
}

impl Message for Event {
    const SCHEMA: &'static str = "event.v1";
    const LIMIT: usize = 8 * 1024;
}
