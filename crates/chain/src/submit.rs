//! Writing: signing, sending, and seeing what became of it.

use crate::{Chain, Error, Hash, Quantised, Result, Signer, Terms};
use kinitro_proto::{BlockNumber, Hotkey};
use serde::{Deserialize, Serialize};

/// A signed extrinsic that was not sent yet. Kept, it can be sent again: the chain takes it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// The account's nonce in the head's state.
    pub nonce: u32,
    /// The extrinsic's hash.
    pub hash: Hash,
    /// The first block it can no longer be in.
    pub expires_at: BlockNumber,
    /// How the weights are shown.
    pub kind: PreparedKind,
    /// The extrinsic.
    #[serde(with = "hex::serde")]
    pub bytes: Vec<u8>,
}

/// How weights are shown to the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreparedKind {
    /// At once.
    Plain,
    /// Encrypted until a drand round.
    Timelocked {
        /// The round.
        reveal_round: u64,
    },
}

/// Where an extrinsic was included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    /// The block.
    pub block: BlockNumber,
    /// Its hash.
    pub block_hash: Hash,
    /// The extrinsic.
    pub extrinsic: Hash,
}

/// Timelocked weights that wait for their reveal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelockedCommit {
    /// The epoch it was committed in.
    pub epoch: u64,
    /// The block it was committed at.
    pub block: BlockNumber,
    /// The drand round after which it is revealed.
    pub round: u64,
}

impl Chain {
    /// Commits a text for the signer's hotkey, and waits until that is final.
    ///
    /// # Errors
    /// When the chain cannot be reached or does not take it.
    pub async fn set_commitment(&self, signer: &Signer, netuid: u16, text: &str) -> Result<Inclusion> {
        let _ = (signer, netuid, text);
        unwritten()
    }

    /// Signs weights, and sends nothing.
    ///
    /// # Errors
    /// When the chain cannot be reached or would not take them.
    pub async fn prepare_weights(
        &self,
        signer: &Signer,
        netuid: u16,
        weights: &Quantised,
        version_key: u64,
        terms: &Terms,
    ) -> Result<Prepared> {
        let _ = (signer, netuid, weights, version_key, terms);
        unwritten()
    }

    /// Sends what was prepared, and waits until it is final.
    ///
    /// # Errors
    /// When the chain cannot be reached or does not take it.
    pub async fn submit(&self, prepared: &Prepared) -> Result<Inclusion> {
        let _ = prepared;
        unwritten()
    }

    /// The account's nonce in the head's state.
    ///
    /// # Errors
    /// When the chain cannot be reached.
    pub async fn nonce(&self, hotkey: &Hotkey) -> Result<u32> {
        let _ = hotkey;
        unwritten()
    }

    /// The hotkey's timelocked weights that are not revealed yet.
    ///
    /// # Errors
    /// When the chain cannot be reached.
    pub async fn timelocked_commits(&self, netuid: u16, hotkey: &Hotkey) -> Result<Vec<TimelockedCommit>> {
        let _ = (netuid, hotkey);
        unwritten()
    }
}

fn unwritten<T>() -> Result<T> {
    Err(Error::Weights {
        reason: "not written yet".to_owned(),
    })
}
