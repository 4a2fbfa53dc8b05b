//! Making one block.

use super::{session::Session, trie::State, upgrade};
use crate::{
    Error, RuntimeCall,
    error::Result,
    pallets::drand,
    runtime::{Header, UncheckedExtrinsic, version},
};
use codec::Encode;
use sp_core::{Blake2Hasher, H256};
use sp_runtime::{
    ApplyExtrinsicResult, Digest, DigestItem, ExtrinsicInclusionMode,
    transaction_validity::{InvalidTransaction, TransactionValidityError},
};
use sp_state_machine::BackendTransaction;
use std::sync::Arc;

/// What is done to a state from outside, in a block of its own.
pub(super) type Poke = Box<dyn FnOnce() + Send>;

/// A transaction that may go into the block.
pub(super) type Candidate = (H256, Arc<[u8]>);

/// What a block is made of.
pub(super) struct Job {
    pub(super) parent: H256,
    pub(super) number: u32,
    /// Milliseconds since 1970, unless the chain is ahead of that.
    pub(super) now: u64,
    pub(super) candidates: Vec<Candidate>,
    pub(super) poke: Option<Poke>,
}

/// A finished block.
pub(super) struct Made {
    pub(super) header: Header,
    pub(super) extrinsics: Vec<Vec<u8>>,
    pub(super) included: Vec<H256>,
    pub(super) refused: Vec<H256>,
    pub(super) changes: BackendTransaction<Blake2Hasher>,
}

/// How a transaction fared.
enum Fate {
    Included,
    Refused,
    /// No room in this block.
    Left,
}

/// Makes a block on top of a state.
pub(super) fn make(state: State, job: Job) -> Result<Made> {
    let mut session = Session::new(state);
    let (now, slot) = session.run("clock", || {
        let now = job.now.max(pallet_timestamp::Now::<crate::Runtime>::get() + 1);
        (
            now,
            now / <version::StoredSlotDuration as frame_support::traits::Get<u64>>::get().max(1),
        )
    })?;
    let logs = vec![DigestItem::PreRuntime(*b"aura", slot.encode())];
    let header = Header {
        parent_hash: job.parent,
        number: job.number,
        state_root: H256::zero(),
        extrinsics_root: H256::zero(),
        digest: Digest { logs },
    };
    let _: ExtrinsicInclusionMode = session.ask("Core_initialize_block", &header.encode())?;

    let mut extrinsics = inherents(now);
    for inherent in &extrinsics {
        let applied: ApplyExtrinsicResult = session.ask("BlockBuilder_apply_extrinsic", inherent)?;
        if applied != Ok(Ok(())) {
            return Err(Error::Inherent {
                reason: format!("{applied:?}"),
            });
        }
    }
    session.run("beacon", drand::bring_rounds)?;
    if let Some(poke) = job.poke {
        session.run("poke", poke)?;
    }
    let (mut included, mut refused) = (Vec::new(), Vec::new());
    for (hash, bytes) in job.candidates {
        match apply(&mut session, hash, &bytes) {
            Fate::Included => {
                included.push(hash);
                extrinsics.push(bytes.to_vec());
            }
            Fate::Refused => refused.push(hash),
            Fate::Left => break,
        }
    }
    session.run("upgrade", upgrade::shift_errors)?;
    let header: Header = session.ask("BlockBuilder_finalize_block", &[])?;
    let (changes, root) = session.changes()?;
    debug_assert_eq!(header.state_root, root);
    Ok(Made {
        header,
        extrinsics,
        included,
        refused,
        changes,
    })
}

/// What the author puts in itself: the time.
fn inherents(now: u64) -> Vec<Vec<u8>> {
    let set = pallet_timestamp::Call::set { now };
    vec![UncheckedExtrinsic::new_bare(RuntimeCall::Timestamp(set)).encode()]
}

fn apply(session: &mut Session, hash: H256, bytes: &[u8]) -> Fate {
    let method = "BlockBuilder_apply_extrinsic";
    // A call that fails is in the block all the same, and pays.
    let applied = session.attempt(
        method,
        |session| session.ask::<ApplyExtrinsicResult>(method, bytes),
        ApplyExtrinsicResult::is_ok,
    );
    match applied {
        Ok(Ok(_)) => Fate::Included,
        Ok(Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources))) => Fate::Left,
        Ok(Err(reason)) => {
            tracing::debug!(extrinsic = ?hash, ?reason, "a transaction became invalid");
            Fate::Refused
        }
        Err(error) => {
            tracing::warn!(extrinsic = ?hash, %error, "a transaction made the runtime panic");
            Fate::Refused
        }
    }
}
