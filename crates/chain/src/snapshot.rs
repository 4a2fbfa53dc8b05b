//! What the chain holds of a subnet, all of one block.

mod read;
mod registration;
#[cfg(test)]
mod tests;

pub(crate) use read::{neurons, subnet};
#[cfg(test)]
pub(crate) use registration::{Read, Registration};

use crate::Hash;
use kinitro_proto::{BlockNumber, Hotkey, Uid};

/// A subnet's miners and what they committed, read at one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The hash of the chain's first block: which chain this is.
    pub genesis: Hash,
    /// The block everything was read at.
    pub block: BlockNumber,
    /// That block's hash.
    pub block_hash: Hash,
    /// Who is registered, by uid.
    pub neurons: Vec<Neuron>,
    /// What those committed, by uid.
    pub commitments: Vec<Commitment>,
    /// Rows that could not be read; the others are whole.
    pub unreadable: Vec<Unreadable>,
}

/// One registered hotkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neuron {
    /// Its slot in the subnet.
    pub uid: Uid,
    /// The hotkey.
    pub hotkey: Hotkey,
    /// The block it was registered at.
    pub registered_at: BlockNumber,
}

/// What one hotkey has committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    /// Its uid, if it is registered.
    pub uid: Option<Uid>,
    /// The hotkey.
    pub hotkey: Hotkey,
    /// The block of its last commit.
    pub block: BlockNumber,
    /// The fields, in order.
    pub fields: Vec<Field>,
}

/// One field of a commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Up to 128 bytes.
    Raw(Vec<u8>),
    /// Up to 512 bytes.
    BigRaw(Vec<u8>),
    /// Bytes to be revealed by the chain after a drand round.
    Timelocked {
        /// The encrypted bytes.
        encrypted: Vec<u8>,
        /// The round.
        reveal_round: u64,
    },
    /// Anything else, by the name the runtime gives it: hashes, flags, what is yet to be invented.
    Other {
        /// The variant's name.
        name: String,
    },
}

impl Commitment {
    /// The raw fields joined, read as UTF-8 with invalid bytes dropped; nothing if there is no raw field.
    ///
    /// Official clients read the same: version 10 takes the first field only, version 11 joins them.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let raw: Vec<&[u8]> = self
            .fields
            .iter()
            .filter_map(|field| match field {
                Field::Raw(bytes) => Some(bytes.as_slice()),
                Field::BigRaw(_) | Field::Timelocked { .. } | Field::Other { .. } => None,
            })
            .collect();
        let valid = |bytes: &[u8]| {
            bytes
                .utf8_chunks()
                .map(|chunk| chunk.valid().to_owned())
                .collect()
        };
        (!raw.is_empty()).then(|| valid(&raw.concat()))
    }
}

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Whose it is, where that could be read.
    pub hotkey: Option<Hotkey>,
    /// What is wrong with it.
    pub reason: String,
}

/// The weights one validator has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightRow {
    /// The validator.
    pub uid: Uid,
    /// Miners and their weights, as the chain keeps them.
    pub weights: Vec<(Uid, u16)>,
}
