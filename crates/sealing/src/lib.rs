#![doc = include_str!("../README.md")]

mod base85;
mod envelope;
mod error;
mod file;
mod key;
#[cfg(test)]
mod tests;
mod uuid;

pub use envelope::{Context, Envelope, MAX_TEXT, open, seal, sealed_len};
pub use error::{Error, Result};
pub use file::{KeyFiles, read_public_key, read_secret_key};
pub use key::{PublicKey, SecretKey};
