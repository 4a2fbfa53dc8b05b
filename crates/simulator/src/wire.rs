//! The simulator protocol, version 1, as `environments/PROTOCOL.md` has it: frames and messages, no I/O
//! but on the streams it is given.

mod check;
mod frame;
mod message;

pub(crate) use check::{action as check_action, observation as check_observation, reward as check_reward};
pub(crate) use frame::{Broken, read_frame, to_frame};
pub use message::ErrorKind;
pub(crate) use message::{Reply, Request, VERSION};

/// How a simulator broke the protocol.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// A frame over the limit. Its first bytes tell text printed to standard output from a broken length.
    #[error("a frame of `{size}` bytes, at most `{}` are allowed (it begins `{}`)", frame::MAX_BYTES, begin.escape_ascii())]
    TooLarge {
        /// The size the frame claims.
        size: usize,
        /// Its header.
        begin: [u8; 4],
    },
    /// A frame that holds no reply.
    #[error("a frame that is no reply")]
    Undecodable {
        /// What the decoder met.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A request that cannot be written.
    #[error("a request that could not be written")]
    Unencodable {
        /// What the encoder met.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A reply to another request.
    #[error("a reply of type `{found}`")]
    WrongReply {
        /// Its type.
        found: &'static str,
    },
    /// Bytes that nobody asked for.
    #[error("bytes that nobody asked for")]
    Unasked,
    /// The simulator lives on, but closed its output.
    #[error("its standard output is closed, though it lives on")]
    Closed,
    /// A reply whose values cannot be.
    #[error("{0}")]
    Value(String),
}
