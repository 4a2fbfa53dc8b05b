//! The miners committed on the chain, each at the block where it first committed what it has committed now.

use super::{
    Miner, Snapshot, endpoint,
    refusals::{Refusal, Refusals},
    watch::Standing,
};
use crate::Error;
use kinitro_chain::{
    Chain, Limits,
    commitment::{Policy, resolve},
};
use kinitro_proto::BlockNumber;
use kinitro_store::{ChainBlock, NewCommitment, Seen, Store};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Reads the miners at the chain's newest final block.
#[derive(Debug)]
pub(crate) struct ChainSource {
    chain: Chain,
    policy: Policy,
    store: Store,
    standing: Standing,
    refusals: Mutex<Refusals>,
}

/// What the commitments of a block come to.
#[derive(Debug)]
struct SortedOut {
    usable: Vec<Usable>,
    refused: Vec<Refusal>,
}

/// A miner that can be judged.
#[derive(Debug)]
struct Usable {
    miner: Miner,
    lineage: [u8; 32],
    /// The block of the commit that the chain has: not of the first.
    block: BlockNumber,
}

impl ChainSource {
    /// The loop waits so long for a snapshot and no longer; 256 miners take a second.
    pub(crate) fn limits() -> Limits {
        Limits {
            call: Duration::from_secs(30),
            ..Limits::default()
        }
    }

    pub(crate) fn new(chain: Chain, policy: Policy, store: Store, standing: Standing) -> Self {
        Self {
            chain,
            policy,
            store,
            standing,
            refusals: Mutex::default(),
        }
    }

    /// Reads everything at one block, then notes it in the ledger, which knows who was first.
    ///
    /// The ledger is told before the cycle is opened, in a transaction of its own: what was read stays true if the
    /// cycle then opens elsewhere or never, and telling it twice changes nothing.
    pub(super) async fn snapshot(&self) -> Result<Snapshot, Error> {
        let read = match self.chain.snapshot(self.policy.netuid).await {
            // Said once by whoever meets it first; the ledger decides what it means.
            Err(kinitro_chain::Error::OtherGenesis { .. }) => self.chain.snapshot(self.policy.netuid).await,
            read => read,
        }?;
        let SortedOut { usable, refused } = sort_out(&read, &self.policy);
        let why_nobody = why_nobody(read.commitments.len(), &refused);
        self.standing.metrics.refused(&refused);
        self.refusals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .tell(refused);
        let at = ChainBlock {
            netuid: self.policy.netuid,
            genesis_hash: read.genesis.to_string(),
            number: read.block,
        };
        let commitments: Vec<_> = usable.iter().map(Usable::commitment).collect();
        let (seen, first_blocks) = self.store.note_commitments(&at, &commitments).await?;
        match seen {
            Seen::First | Seen::Same => {}
            Seen::Reset { was } => self.standing.reset(&was, &at),
            Seen::Behind { highest } => {
                return Err(Error::Behind {
                    head: at.number,
                    seen: highest,
                });
            }
        }
        if usable.is_empty() {
            return Err(Error::NoMiners {
                block: read.block,
                why: why_nobody,
            });
        }
        let miners = usable.into_iter().zip(first_blocks);
        let first = |(usable, block): (Usable, BlockNumber)| Miner {
            commit_block: Some(block),
            ..usable.miner
        };
        Ok(Snapshot {
            block: read.block,
            block_hash: Some(read.block_hash.to_string()),
            miners: miners.map(first).collect(),
        })
    }
}

impl Usable {
    fn commitment(&self) -> NewCommitment {
        NewCommitment {
            hotkey: self.miner.hotkey.clone(),
            lineage: self.lineage,
            repo: self.miner.repo.clone(),
            revision: self.miner.revision.clone(),
            block: self.block,
        }
    }
}

/// Tells who can be judged from who cannot, and why. Pure.
fn sort_out(read: &kinitro_chain::Snapshot, policy: &Policy) -> SortedOut {
    let (mut usable, mut refused) = (Vec::new(), Vec::new());
    for row in &read.commitments {
        match judge(row, policy) {
            Ok(Some(miner)) => usable.push(miner),
            // The operator's own key: no miner, and nothing to complain of.
            Ok(None) => {}
            Err(refusal) => refused.push(refusal),
        }
    }
    refused.extend(read.unreadable.iter().map(Refusal::unreadable));
    usable.sort_by_key(|usable| usable.miner.uid);
    SortedOut { usable, refused }
}

fn judge(row: &kinitro_chain::Commitment, policy: &Policy) -> Result<Option<Usable>, Refusal> {
    // The snapshot holds registered hotkeys only.
    let Some(uid) = row.uid else { return Ok(None) };
    let text = row.text().ok_or_else(|| Refusal::no_text(row))?;
    let resolved = match resolve(&text, policy, &row.hotkey) {
        Ok(resolved) => resolved,
        Err(refused) if refused.is_operator_key() => return Ok(None),
        Err(refused) => return Err(Refusal::refused(row, &refused)),
    };
    // Its words would tell the endpoint, which may be a secret.
    let endpoint = endpoint(&resolved.endpoint).map_err(|_| Refusal::url(row))?;
    Ok(Some(Usable {
        lineage: resolved.lineage,
        block: row.block,
        miner: Miner {
            uid,
            hotkey: row.hotkey.clone(),
            endpoint,
            commit_block: None,
            repo: resolved.repo,
            revision: resolved.revision,
        },
    }))
}

/// Why there is nobody to judge, if there is not.
fn why_nobody(commitments: usize, refused: &[Refusal]) -> String {
    let counts: Vec<_> = super::REASONS
        .iter()
        .map(|reason| (reason, refused.iter().filter(|one| one.reason == *reason).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    if counts.is_empty() {
        format!("{commitments} commitment(s), none of a miner")
    } else {
        format!("{commitments} commitment(s), refused: {}", counts.join(", "))
    }
}

#[cfg(test)]
mod tests;
