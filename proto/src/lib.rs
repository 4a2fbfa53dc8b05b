#![doc = include_str!("../README.md")]

pub mod catalogue;
pub mod encoding;
mod error;
mod event;
pub mod header;
mod id;
mod outcome;
mod rollout;
pub mod subject;
mod task;

pub use error::{Error, Result};
pub use event::Event;
pub use id::{BlockNumber, CycleId, Environment, ExecutorId, Family, Hotkey, Seed, TaskId, Uid};
pub use outcome::{Fault, InfraFault, InfraFaultKind, MinerFault, MinerFaultKind, Outcome, Rollout, Timings};
pub use rollout::{Action, Extra, Image, Observation, Step};
pub use task::{DeadLetter, Policy, Task, TaskResult};
