use std::{io, path::PathBuf};

/// What sealing, opening and keys end with.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not sealed, not opened, or is no key. No message holds a key or what was sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A character that base85 does not have, a group beyond 32 bits, or a text no encoder writes.
    #[error("the sealed endpoint is not base85: {fault}")]
    Base85 {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// An envelope too short or too long to be one.
    #[error("the sealed endpoint has {found} bytes, and an envelope of version {version} has {expected}")]
    Length {
        /// The envelope's version.
        version: u8,
        /// The bytes there are.
        found: usize,
        /// The bytes there should be.
        expected: &'static str,
    },
    /// A public key from which every private key makes the same shared secret: nothing would be secret.
    #[error("the public key is a point of low order: it would seal nothing")]
    LowOrder,
    /// Another key, another hotkey or subnet (version 2), or a changed envelope; they cannot be told apart.
    #[error(
        "the sealed endpoint does not open: it was sealed for another key{}, or was changed",
        if *.is_bound { ", hotkey or subnet" } else { "" }
    )]
    Unopened {
        /// Whether hotkey and subnet count, too.
        is_bound: bool,
    },
    /// It opened, and holds nothing we know: made by a newer or broken sealer.
    #[error("the sealed endpoint opened, but what it holds is not readable: {fault}")]
    Content {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// An envelope of version 1 holds 16 bytes, no more.
    #[error("an envelope of version 1 holds UUIDs only: 32 hexadecimal digits, with or without dashes")]
    NotUuid,
    /// Nothing to seal, or too much.
    #[error("{found} bytes cannot be sealed: 1 to {max} can")]
    Text {
        /// The bytes there are.
        found: usize,
        /// The most there may be.
        max: usize,
    },
    /// A version of the envelope that there is not.
    #[error("no envelope has this version: 1 or 2 is known")]
    Version,
    /// Not the text of a key. What it was is not told, it may be most of a private key.
    #[error("not a key: 64 hexadecimal digits are, and this is {fault}")]
    Key {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The system gave no randomness.
    #[error("the system gives no random bytes")]
    Random {
        /// What it said.
        source: rand::rand_core::OsError,
    },
    /// A key's file that could not be read.
    #[error("could not read the key file `{}`", .path.display())]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that holds no key.
    #[error("the file `{}` holds no key", .path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// A private key that everyone on the machine may read.
    #[error(
        "everyone may read the private key file `{path}` (mode {mode:04o}); `chmod o-rwx {path}` closes it",
        path = .path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A key's file that is there already, and stays.
    #[error("the key file `{}` is there already", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A key's file that could not be written.
    #[error("could not write the key file `{}`", .path.display())]
    WriteFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
