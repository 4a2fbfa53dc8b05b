//! The headers of our messages: what a person wants to see in `nats stream get`.

/// The body's schema and version, e.g. `task.v1`.
pub const SCHEMA: &str = "Kinitro-Schema";
/// The task's id.
pub const TASK: &str = "Kinitro-Task";
/// The attempt, from 1.
pub const ATTEMPT: &str = "Kinitro-Attempt";
/// The environment.
pub const ENVIRONMENT: &str = "Kinitro-Environment";
/// The miner's uid.
pub const MINER: &str = "Kinitro-Miner";
/// How a result ended: `scored`, or a fault and its kind.
pub const OUTCOME: &str = "Kinitro-Outcome";
/// Who ran it.
pub const EXECUTOR: &str = "Kinitro-Executor";
/// Why a message is dead.
pub const REASON: &str = "Kinitro-Reason";
/// The W3C trace context of the sender's span.
pub const TRACEPARENT: &str = "traceparent";
