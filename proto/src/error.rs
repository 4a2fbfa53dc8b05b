/// What can be wrong with a message, an id or the catalogue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not an id of the kind.
    #[error("`{value}` is not a {what}: {rule}")]
    BadId {
        /// The kind of id, in words.
        what: &'static str,
        /// The text as it came, cut to 80 characters.
        value: String,
        /// What such an id looks like.
        rule: &'static str,
    },
    /// The message is of a schema that this version does not read.
    #[error("unknown schema `{found}`, this version reads `{known}`")]
    UnknownSchema {
        /// The schema the header names.
        found: String,
        /// The schema this version reads.
        known: &'static str,
    },
    /// The message is larger than any of its kind can be.
    #[error("a message of {size} bytes is over the limit of {limit}")]
    TooLarge {
        /// Bytes it has.
        size: usize,
        /// Bytes it may have.
        limit: usize,
    },
    /// The bytes are not the message they should be.
    #[error("could not decode `{schema}`")]
    Decode {
        /// The schema it was read as.
        schema: &'static str,
        /// What the decoder met.
        source: rmp_serde::decode::Error,
    },
    /// A message could not be written.
    #[error("could not encode `{schema}`")]
    Encode {
        /// The schema it was written as.
        schema: &'static str,
        /// What the encoder met.
        source: rmp_serde::encode::Error,
    },
    /// The message decodes, but says something impossible.
    #[error("`{schema}` breaks its contract: {rule}")]
    Invalid {
        /// The schema it was read as.
        schema: &'static str,
        /// The rule it breaks.
        rule: String,
    },
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
