//! From a plan to the chain, so that whatever happens in between, a cycle's weights are included at most once.
//!
//! What is to be sent is remembered first, whole. An extrinsic that was remembered is settled before anything else is
//! sent: by its nonce, of which the chain takes one extrinsic only; by the hotkey's last weights; by its expiry.

use crate::{
    decide::{self, Fate, Plan, Trace},
    error::Result,
    gateway::Weights,
    memory::{Intent, Last, Memory},
    metrics::{Ended, Metrics},
};
use jiff::Timestamp;
use kinitro_chain::{Chain, Error as ChainError, Inclusion, Prepared, PreparedKind, Signer, Terms};
use kinitro_chassis::report;
use kinitro_proto::{BlockNumber, CycleId};

/// Puts weights on the chain for one hotkey and subnet.
#[derive(Debug)]
pub(crate) struct Submitter {
    pub(crate) chain: Chain,
    pub(crate) signer: Signer,
    pub(crate) netuid: u16,
    pub(crate) version_key: u64,
}

impl Submitter {
    /// The subnet's terms for the hotkey.
    pub(crate) async fn terms(&self) -> Result<Terms> {
        Ok(self.chain.terms(self.netuid, self.signer.hotkey()).await?)
    }

    /// Finds out what became of what was sent before, and sends it again as long as that can do no harm. When this
    /// succeeds, nothing is intended any more.
    pub(crate) async fn settle(
        &self,
        memory: &mut Memory,
        head: BlockNumber,
        metrics: &Metrics,
    ) -> Result<()> {
        let Some(intent) = memory.intent().cloned() else {
            return Ok(());
        };
        // In this order: see `decide::fate`.
        let nonce = self.chain.nonce(self.signer.hotkey()).await?;
        match decide::fate(&intent, head, nonce) {
            Fate::Open => self.send(memory, &intent, metrics).await,
            Fate::Expired => gone(memory, &intent, (metrics, Ended::Expired), "its time is over"),
            Fate::Used => self.inquire(memory, &intent, head, metrics).await,
        }
    }

    /// Signs, remembers and sends the plan, and waits until it is final.
    pub(crate) async fn submit(
        &self,
        plan: &Plan,
        terms: &Terms,
        memory: &mut Memory,
        metrics: &Metrics,
    ) -> Result<()> {
        let prepared = self
            .chain
            .prepare_weights(&self.signer, self.netuid, &plan.weights, self.version_key, terms)
            .await?;
        let intent = Intent {
            cycle: plan.cycle,
            block: plan.block,
            weights: plan.weights.clone(),
            prepared,
        };
        memory.intend(intent.clone())?;
        self.send(memory, &intent, metrics).await
    }

    /// Remembers weights as done that the chain has already, though nothing here knows of it: the memory was lost, or
    /// another validator has the same hotkey.
    pub(crate) async fn find(
        &self,
        plan: &Plan,
        weights: &Weights,
        terms: &Terms,
        memory: &mut Memory,
        metrics: &Metrics,
    ) -> Result<bool> {
        let since = decide::settled_at(weights, terms, Timestamp::now());
        let mut at = None;
        if terms.last_update.is_some_and(|at| at >= since) {
            let rows = self.chain.weights(self.netuid).await?;
            at = decide::holds(plan, terms, &rows, since);
            // What a commit hides cannot be compared. A memory that is there knows of every commit of its own.
            if at.is_none() && terms.commit_reveal && memory.last().is_none() {
                at = self.committed(since).await?;
            }
        }
        let Some(at) = at else {
            return Ok(false);
        };
        memory.done(Last {
            cycle: plan.cycle,
            block: plan.block,
            included_at: at,
            extrinsic: None,
        })?;
        metrics.ended(Ended::Found);
        metrics.submitted(plan.block);
        tracing::info!(
            cycle.id = %plan.cycle, block = plan.block.0, uids = plan.weights.uids.len(), included_at = at.0,
            "the chain has these weights already"
        );
        Ok(true)
    }

    async fn send(&self, memory: &mut Memory, intent: &Intent, metrics: &Metrics) -> Result<()> {
        match self.chain.submit(&intent.prepared).await {
            Ok(Inclusion { block, .. }) => {
                metrics.ended(Ended::Included);
                done(memory, intent, block, metrics)
            }
            // Told by the blocks in which it could have been: it was not, and its time is over.
            Err(error @ ChainError::Expired { .. }) => {
                gone(memory, intent, (metrics, Ended::Expired), "its time is over")?;
                Err(error.into())
            }
            // Seen in a final block: it had its turn.
            Err(error @ ChainError::Dispatch { .. }) => {
                gone(
                    memory,
                    intent,
                    (metrics, Ended::Failed),
                    "it was included and failed",
                )?;
                Err(error.into())
            }
            // Anything else says nothing for sure: it is settled by what the chain shows next time.
            Err(error) => {
                metrics.ended(if is_silence(&error) {
                    Ended::Undecided
                } else {
                    Ended::Refused
                });
                Err(error.into())
            }
        }
    }

    /// Finds out what used the nonce up. Nothing is sent: nothing can be included any more.
    async fn inquire(
        &self,
        memory: &mut Memory,
        intent: &Intent,
        head: BlockNumber,
        metrics: &Metrics,
    ) -> Result<()> {
        let error = match self.chain.submit(&intent.prepared).await {
            Ok(Inclusion { block, .. }) => {
                metrics.ended(Ended::Included);
                return done(memory, intent, block, metrics);
            }
            Err(error) => error,
        };
        if !is_silence(&error) {
            let why = report(&error).to_string();
            return gone(memory, intent, (metrics, Ended::Failed), &why);
        }
        // The blocks, or what happened in them, may be gone for good.
        match decide::trace(intent, head, self.weights_set(intent).await?) {
            Trace::Included { at } => {
                metrics.ended(Ended::Included);
                done(memory, intent, at, metrics)
            }
            Trace::Lost => {
                let why = "no weights were set with its nonce";
                gone(memory, intent, (metrics, Ended::Failed), why)
            }
            Trace::Unclear => Err(error.into()),
        }
    }

    /// The block of the hotkey's last weights, plain or timelocked, as far as it matters to this intent.
    async fn weights_set(&self, intent: &Intent) -> Result<Option<BlockNumber>> {
        let terms = self.terms().await?;
        let after = |at: &BlockNumber| *at > intent.prepared.signed_at;
        match terms.last_update.filter(after) {
            Some(at) => Ok(Some(at)),
            None => {
                self.committed(BlockNumber(intent.prepared.signed_at.0.saturating_add(1)))
                    .await
            }
        }
    }

    /// The block of the hotkey's first timelocked weights since that block, if they are not revealed yet.
    async fn committed(&self, since: BlockNumber) -> Result<Option<BlockNumber>> {
        let commits = self
            .chain
            .timelocked_commits(self.netuid, self.signer.hotkey())
            .await?;
        let blocks = commits.into_iter().map(|commit| commit.block);
        Ok(blocks.filter(|at| *at >= since).min())
    }
}

fn done(memory: &mut Memory, intent: &Intent, included_at: BlockNumber, metrics: &Metrics) -> Result<()> {
    let Intent { cycle, block, .. } = *intent;
    memory.done(Last {
        cycle,
        block,
        included_at,
        extrinsic: Some(intent.prepared.hash),
    })?;
    metrics.submitted(block);
    said(
        cycle,
        block,
        intent.weights.uids.len(),
        &intent.prepared,
        included_at,
    );
    Ok(())
}

/// Forgets what can never be included, or not again.
fn gone(memory: &mut Memory, intent: &Intent, (metrics, ended): (&Metrics, Ended), why: &str) -> Result<()> {
    memory.give_up()?;
    metrics.ended(ended);
    let (cycle, extrinsic) = (intent.cycle, intent.prepared.hash);
    tracing::warn!(cycle.id = %cycle, %extrinsic, why, "the extrinsic set no weights and never will, they are signed anew");
    Ok(())
}

/// Whether the error says nothing of the extrinsic: the chain was not asked, or did not answer.
fn is_silence(error: &ChainError) -> bool {
    matches!(
        error,
        ChainError::Unreachable { .. }
            | ChainError::TimedOut { .. }
            | ChainError::Undecided { .. }
            | ChainError::OtherGenesis { .. }
            | ChainError::Pruned { .. }
            | ChainError::Refused { .. }
            | ChainError::BadAnswer { .. }
            | ChainError::UnexpectedMetadata { .. }
            | ChainError::TooMuch { .. }
    )
}

/// The one line of a submission.
fn said(cycle: CycleId, block: BlockNumber, uids: usize, prepared: &Prepared, included_at: BlockNumber) {
    let (kind, reveal_round) = match prepared.kind {
        PreparedKind::Plain => ("plain", None),
        PreparedKind::Timelocked { reveal_round } => ("timelocked", Some(reveal_round)),
    };
    tracing::info!(
        cycle.id = %cycle, block = block.0, uids, kind, reveal_round, extrinsic = %prepared.hash,
        included_at = included_at.0, "weights are on the chain"
    );
}
