#![doc = include_str!("../README.md")]

mod config;
mod error;
mod launcher;
mod scripted;
mod simulator;
mod transport;
mod wire;

pub use config::{Config, Images, Mode, Size};
pub use error::{Call, Error, Exit, Result};
pub use launcher::Launcher;
pub use scripted::{Rate, Script, ScriptedFault, ScriptedFaultKind, luck};
pub use simulator::Simulator;
pub use wire::{ErrorKind, ProtocolError};
