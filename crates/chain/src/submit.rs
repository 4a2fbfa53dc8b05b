//! Writing: signing, sending, and seeing what became of it.
//!
//! What is included is read from final blocks and from nothing else; what a node says of its pool only wakes us up, or
//! tells why it takes nothing.

mod call;
mod check;
mod outcome;
mod prepare;
mod refusal;
mod send;

pub(crate) use refusal::hint;

use crate::{Chain, Error, Hash, Quantised, Result, Signer, Terms, account::account, client::View};
use kinitro_proto::{BlockNumber, Hotkey};
use send::Sent;
use serde::{Deserialize, Serialize};
use subxt::utils::AccountId32;

#[cfg(test)]
mod tests;

/// The most bytes of one commitment: one field of the kind `Raw`, which is all that official clients read.
const COMMITMENT: usize = 128;

/// The most epochs with timelocked weights that are looked through; the chain reveals or drops them after a few.
const EPOCHS: usize = 256;

/// A signed extrinsic that was not sent yet. Kept, it can be sent again: the chain takes it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// The chain it is signed for.
    pub genesis: Hash,
    /// The subnet.
    pub netuid: u16,
    /// Who signed.
    pub hotkey: Hotkey,
    /// The account's nonce in the head's state.
    pub nonce: u32,
    /// The extrinsic's hash.
    pub hash: Hash,
    /// The block it was signed at; it can only be in later ones.
    pub signed_at: BlockNumber,
    /// The first block it can no longer be in.
    pub expires_at: BlockNumber,
    /// The version key of the weights.
    pub version_key: u64,
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
    /// When the text is longer than 128 bytes, the chain cannot be reached or does not take it.
    pub async fn set_commitment(&self, signer: &Signer, netuid: u16, text: &str) -> Result<Inclusion> {
        let (bytes, limit) = (text.len(), COMMITMENT);
        if bytes > limit {
            return Err(Error::CommitmentTooLong { bytes, limit });
        }
        let sign = async |view: View| prepare::commitment(&view, signer, netuid, text).await;
        let prepared = self.read("what a signature needs", sign).await?;
        self.submit(&prepared).await
    }

    /// Signs weights, and sends nothing.
    ///
    /// Whatever happens to it, of two that are signed at the same state at most one can be included: the nonce is that
    /// of the terms' block, never what a pool says.
    ///
    /// # Errors
    /// When the chain cannot be reached, or would not take them by these terms.
    pub async fn prepare_weights(
        &self,
        signer: &Signer,
        netuid: u16,
        weights: &Quantised,
        version_key: u64,
        terms: &Terms,
    ) -> Result<Prepared> {
        let wanted = prepare::Wanted {
            netuid,
            weights,
            version_key,
            terms,
        };
        check::check(signer.hotkey(), &wanted)?;
        let sign = async |view: View| prepare::weights(&view, signer, &wanted).await;
        self.read("what a signature needs", sign).await
    }

    /// Sends what was prepared, and waits until it is final. May be called again with the same, also after a restart:
    /// what was included already is found, and is not included twice.
    ///
    /// # Errors
    /// [`Error::Expired`] and [`Error::NonceUsed`]: it was not included and never will be. [`Error::Undecided`], and
    /// what is said of the link: it may yet be. Anything else: the chain refused it, before or after its inclusion.
    pub async fn submit(&self, prepared: &Prepared) -> Result<Inclusion> {
        let sent = Sent::of(prepared)?;
        send::settle(self, &sent).await
    }

    /// The account's nonce in the head's state.
    ///
    /// # Errors
    /// When the chain cannot be reached.
    pub async fn nonce(&self, hotkey: &Hotkey) -> Result<u32> {
        let account = account(hotkey)?;
        self.read("a nonce", async |view: View| {
            prepare::nonce(&view, &account).await
        })
        .await
    }

    /// The hotkey's timelocked weights that are not revealed yet.
    ///
    /// # Errors
    /// When the chain cannot be reached.
    pub async fn timelocked_commits(&self, netuid: u16, hotkey: &Hotkey) -> Result<Vec<TimelockedCommit>> {
        let account = account(hotkey)?;
        self.read("timelocked weights", async |view: View| {
            timelocked_commits(&view, netuid, &account).await
        })
        .await
    }
}

async fn timelocked_commits(
    view: &View,
    netuid: u16,
    account: &AccountId32,
) -> Result<Vec<TimelockedCommit>> {
    type Commits = Vec<(AccountId32, u64, Vec<u8>, u64)>;
    const WHAT: &str = "epochs with timelocked weights";
    let entry = view.entry(call::SUBTENSOR, "TimelockedWeightCommits")?;
    let mut found = Vec::new();
    for (key, value) in view.rows(&entry.key((netuid,))?, EPOCHS, WHAT).await? {
        let (_, epoch): (u16, u64) = entry.parts(&key).map_err(|error| entry.unexpected(error))?;
        let commits: Commits = entry.value(&value).map_err(|error| entry.unexpected(error))?;
        let ours = commits.into_iter().filter(|(whose, ..)| whose == account);
        found.extend(ours.map(|(_, block, _, round)| TimelockedCommit {
            epoch,
            block: BlockNumber(block),
            round,
        }));
    }
    found.sort_by_key(|commit| (commit.epoch, commit.block));
    Ok(found)
}
