//! Bodies as bytes: MessagePack maps with named fields, additive evolution, every read bounded in size
//! and depth. A new meaning is a new schema version with a golden file beside the old one.

use crate::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};

/// How deep a body may nest. `rmp-serde`'s own default of 1024 overflows a 2 MiB stack in a debug build.
const MAX_DEPTH: usize = 32;

/// A message of one schema version.
pub trait Message: Serialize + DeserializeOwned {
    /// The schema and version, as the header `Kinitro-Schema` says it.
    const SCHEMA: &'static str;
    /// The most bytes a body may have.
    const LIMIT: usize;

    /// The laws between fields that the types cannot hold.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the rule that is broken.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Writes a message's body.
///
/// # Errors
/// [`Error::Encode`], or [`Error::TooLarge`] for a body that no reader would take.
pub fn encode<M: Message>(message: &M) -> Result<Vec<u8>> {
    let bytes = to_vec(message).map_err(|source| Error::Encode {
        schema: M::SCHEMA,
        source,
    })?;
    within::<M>(bytes.len())?;
    Ok(bytes)
}

/// Reads a message's body, given what its schema header says.
///
/// # Errors
/// [`Error::UnknownSchema`], [`Error::TooLarge`], [`Error::Decode`] or [`Error::Invalid`].
pub fn decode<M: Message>(schema: Option<&str>, bytes: &[u8]) -> Result<M> {
    if schema != Some(M::SCHEMA) {
        let found = schema.unwrap_or("none").chars().take(80).collect();
        return Err(Error::UnknownSchema {
            found,
            known: M::SCHEMA,
        });
    }
    within::<M>(bytes.len())?;
    let message: M = from_slice(bytes).map_err(|source| Error::Decode {
        schema: M::SCHEMA,
        source,
    })?;
    message.check()?;
    Ok(message)
}

/// Writes any value as a MessagePack map with named fields.
///
/// # Errors
/// What the encoder met.
pub fn to_vec<T: Serialize>(value: &T) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    rmp_serde::to_vec_named(value)
}

/// Reads any value from MessagePack, at most 32 levels deep, with nothing behind it.
///
/// # Errors
/// What the decoder met.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, rmp_serde::decode::Error> {
    let mut reader = bytes;
    let mut decoder = rmp_serde::Deserializer::new(&mut reader);
    decoder.set_max_depth(MAX_DEPTH);
    let value = T::deserialize(&mut decoder)?;
    if reader.is_empty() {
        Ok(value)
    } else {
        Err(rmp_serde::decode::Error::Uncategorized(
            "bytes behind the message".to_owned(),
        ))
    }
}

fn within<M: Message>(size: usize) -> Result<()> {
    if size > M::LIMIT {
        Err(Error::TooLarge {
            size,
            limit: M::LIMIT,
        })
    } else {
        Ok(())
    }
}
