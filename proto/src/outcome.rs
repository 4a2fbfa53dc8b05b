//! How an attempt ended (I5): scored, the miner's fault, or ours.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How an attempt ended. Only the first two touch a score; the third never does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The episode ran to its end.
    Scored(Rollout),
    /// The policy broke its contract: scored as a failed episode.
    MinerFault(MinerFault),
    /// We broke: tried again elsewhere, then given up on; the cell stays missing.
    InfraFault(InfraFault),
}

impl Outcome {
    /// The word the ledger and the metrics use: `scored`, `miner_fault` or `infra_fault`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Scored(_) => "scored",
            Self::MinerFault(_) => "miner_fault",
            Self::InfraFault(_) => "infra_fault",
        }
    }
}

/// What a finished rollout reports.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rollout {
    /// Whether the environment reported success at any step.
    pub success: bool,
    /// The sum of the steps' rewards; finite.
    pub reward: f64,
    /// Steps taken.
    pub steps: u32,
}

/// Where an attempt's time went, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// From the delivery to the outcome.
    pub total_us: u64,
    /// Spent waiting for the simulator.
    pub simulator_us: u64,
    /// Spent waiting for the policy.
    pub policy_us: u64,
    /// The slowest single answer of the policy.
    pub policy_max_us: u64,
}

/// A fault with an owner.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The miner's.
    Miner(MinerFault),
    /// Ours.
    Infra(InfraFault),
}

impl From<MinerFault> for Fault {
    fn from(fault: MinerFault) -> Self {
        Self::Miner(fault)
    }
}

impl From<InfraFault> for Fault {
    fn from(fault: InfraFault) -> Self {
        Self::Infra(fault)
    }
}

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Miner(fault) => Self::MinerFault(fault),
            Fault::Infra(fault) => Self::InfraFault(fault),
        }
    }
}

/// Text that may come from a stranger, made safe to store and print: no control characters (U+0000
/// among them, which PostgreSQL refuses), at most 512 characters.
#[must_use]
fn detail(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(512)
        .collect()
}

macro_rules! fault {
    ($fault:ident, $kind:ident, $owner:literal, { $($(#[$doc:meta])* $variant:ident => $name:literal,)+ }) => {
        #[doc = concat!("A fault of ", $owner, ": its kind, and what was seen.")]
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $fault {
            /// Which fault it is.
            pub kind: $kind,
            /// What was seen: at most 512 characters, no control characters.
            pub detail: String,
        }

        impl $fault {
            /// Makes the fault, its detail cleaned of control characters and cut to 512.
            pub fn new(kind: $kind, text: impl AsRef<str>) -> Self {
                Self { kind, detail: detail(text.as_ref()) }
            }

            /// The same fault with its detail cleaned again, for one that came over the wire.
            #[must_use]
            pub fn cleaned(&self) -> Self {
                Self::new(self.kind, &self.detail)
            }
        }

        impl fmt::Display for $fault {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}: {}", self.kind, self.detail)
            }
        }

        #[doc = concat!("The kinds of fault of ", $owner, ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $kind {
            $($(#[$doc])* $variant,)+
            /// A kind that a newer version names.
            #[serde(other)]
            Other,
        }

        impl $kind {
            /// Every kind this version names.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word the ledger and the metrics use.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Other => "other",
                }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

fault!(MinerFault, MinerFaultKind, "the miner", {
    /// The endpoint's text is no URL we may call.
    BadEndpoint => "bad_endpoint",
    /// The endpoint's address is one we do not call (loopback, private, link-local …).
    ForbiddenAddress => "forbidden_address",
    /// No connection, or it broke.
    Unreachable => "unreachable",
    /// No whole answer within the time for one call.
    Timeout => "timeout",
    /// The policy's answers took, in sum, more than the time for one episode.
    EpisodeTimeout => "episode_timeout",
    /// The answer is a redirect; none is followed.
    Redirect => "redirect",
    /// The answer's status is not 2xx.
    BadStatus => "bad_status",
    /// The answer's head or body is over its limit.
    TooLarge => "too_large",
    /// The answer's body is not JSON.
    NotJson => "not_json",
    /// The JSON is not an action: missing or unknown keys, wrong types.
    BadAction => "bad_action",
    /// The action does not fit the environment: unknown channel, wrong length.
    BadShape => "bad_shape",
    /// A number is not finite, or is beyond a 32-bit float.
    NotFinite => "not_finite",
});

fault!(InfraFault, InfraFaultKind, "ours", {
    /// The simulator could not be started: daemon away, image missing, hello wrong.
    SimulatorStart => "simulator_start",
    /// The simulator ended in the middle of an episode.
    SimulatorCrash => "simulator_crash",
    /// The simulator was killed for the memory it took.
    OutOfMemory => "out_of_memory",
    /// The simulator did not answer in time.
    SimulatorHang => "simulator_hang",
    /// The simulator's answers took, in sum, more than the time for one episode.
    SimulatorSlow => "simulator_slow",
    /// The simulator's bytes were not the protocol.
    SimulatorProtocol => "simulator_protocol",
    /// The simulator reported an error of its own.
    SimulatorError => "simulator_error",
    /// The executor does not know the environment.
    UnknownEnvironment => "unknown_environment",
    /// The task's message could not be read.
    Undecodable => "undecodable",
    /// Our own network or name resolution failed, not the miner's.
    Network => "network",
    /// A bug of ours: a panic, an impossible state.
    Internal => "internal",
    /// Delivered as often as allowed without any result.
    Abandoned => "abandoned",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_cannot_carry_what_the_ledger_refuses() {
        let fault = MinerFault::new(MinerFaultKind::BadAction, format!("a\0b\n{}", "x".repeat(1000)));
        assert!(fault.detail.starts_with("a b "));
        assert_eq!(fault.detail.chars().count(), 512);
    }

    #[test]
    fn a_kind_of_tomorrow_is_read_as_other() {
        let bytes = rmp_serde::to_vec_named(&"solar_flare").unwrap();
        assert_eq!(
            rmp_serde::from_slice::<InfraFaultKind>(&bytes).unwrap(),
            InfraFaultKind::Other
        );
    }

    #[test]
    fn the_name_of_a_kind_is_its_name_on_the_wire() {
        for kind in MinerFaultKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        for kind in InfraFaultKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
