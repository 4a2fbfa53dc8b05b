//! The loop: look at the gateway and at the chain, do what is to be done, say what has changed, wait.

mod voice;

use crate::{
    Config, Error,
    decide::{self, Decision, Outset, Plan, Reason, Rehearsal, Rules},
    error::Result,
    gateway::{Gateway, Latest, Weights},
    memory::{Folder, Memory},
    metrics::Metrics,
    submit::Submitter,
    verify::{Verdict, Voucher},
};
use jiff::Timestamp;
use kinitro_chain::{Hash, Head, Terms};
use kinitro_chassis::{
    backoff::{Backoff, pause},
    health::Health,
};
use kinitro_proto::BlockNumber;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use voice::Said;

/// What a validator cannot do without, as `/ready` names it.
pub(crate) const NEEDS: [&str; 2] = ["gateway", "chain"];
/// The first wait after a failure; it doubles up to the poll interval.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait while the chain takes no weights: it answers, so asking often changes nothing.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// The shortest wait for a block.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);

/// A validator at work.
pub(crate) struct Watch<'a> {
    pub(crate) config: &'a Config,
    pub(crate) gateway: Gateway,
    pub(crate) submitter: Submitter,
    pub(crate) folder: Folder,
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    /// Gets what a dry run finds.
    pub(crate) tell: &'a mut (dyn FnMut(&Rehearsal) + Send),
    voucher: Option<Voucher>,
    memory: Option<(Hash, Memory)>,
    told: Option<Rehearsal>,
    said: Said,
}

/// How a round ended.
enum Round {
    /// The gateway's weights are on the chain.
    Done,
    /// They are not submitted, for that reason.
    Skipped(Reason),
    /// They will be, when the chain is at a block that is about so far away.
    Waits(Reason, Duration),
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        config: &'a Config,
        submitter: Submitter,
        folder: Folder,
        (health, metrics): (Health, Metrics),
        tell: &'a mut (dyn FnMut(&Rehearsal) + Send),
    ) -> Result<Self> {
        let trusted = || config.trusted_key.clone();
        if config.verify && config.trusted_key.is_empty() {
            tracing::warn!(
                "no --trusted-key: any key that the gateway names may have signed, so that it vouches for itself"
            );
        }
        Ok(Self {
            voucher: config.verify.then(|| Voucher::new(config.netuid, trusted())),
            gateway: Gateway::new(&config.backend_url)?,
            config,
            submitter,
            folder,
            health,
            metrics,
            tell,
            memory: None,
            told: None,
            said: Said::default(),
        })
    }

    /// Rounds until the shutdown.
    pub(crate) async fn run(&mut self, shutdown: &CancellationToken) -> Result<()> {
        let poll = self.config.poll();
        let mut away = Backoff::new(FIRST_WAIT.min(poll), poll);
        let mut refused = Backoff::new(poll, LONGEST_WAIT.max(poll));
        loop {
            let round = tokio::select! {
                biased;
                // Whatever a round is in the middle of, the next process settles it.
                () = shutdown.cancelled() => return Ok(()),
                round = self.round() => round,
            };
            let wait = match round {
                Ok(round) => {
                    away.reset();
                    refused.reset();
                    self.say_round(&round);
                    match round {
                        Round::Done | Round::Skipped(_) => poll,
                        Round::Waits(_, wait) => wait.clamp(SHORTEST_WAIT, poll),
                    }
                }
                Err(error @ (Error::BadMemory { .. } | Error::OtherMemory { .. })) => return Err(error),
                Err(error) => {
                    self.say_error(&error);
                    if error.is_passing() {
                        away.next_wait()
                    } else {
                        refused.next_wait()
                    }
                }
            };
            if !pause(wait, shutdown).await {
                return Ok(());
            }
        }
    }

    /// One round, and what it comes to.
    pub(crate) async fn once(&mut self, shutdown: &CancellationToken) -> Result<()> {
        let round = tokio::select! {
            biased;
            () = shutdown.cancelled() => return Ok(()),
            round = self.round() => round?,
        };
        match round {
            Round::Done => Ok(()),
            Round::Skipped(reason) | Round::Waits(reason, _) => Err(Error::NotSubmitted(reason)),
        }
    }

    async fn round(&mut self) -> Result<Round> {
        let (latest, head) = tokio::join!(self.gateway.latest(), self.submitter.chain.head());
        self.heard(&latest, &head);
        let head = head?;
        self.remember(head.genesis)?;
        let (_, memory) = self.memory.as_mut().expect("it was opened just now");
        if !self.config.dry_run {
            self.submitter.settle(memory, head.number, &self.metrics).await?;
        }
        let Some(latest) = latest? else {
            return Ok(Round::Skipped(Reason::NoWeights));
        };
        if self.config.dry_run {
            return self.rehearse(&latest, head.number).await;
        }
        match self.outset(&latest.weights, head.number) {
            Outset::Done => Ok(Round::Done),
            Outset::Skip(reason) => Ok(Round::Skipped(reason)),
            Outset::New => self.take(&latest, head.number).await,
        }
    }

    fn outset(&self, weights: &Weights, head: BlockNumber) -> Outset {
        let (_, memory) = self.memory.as_ref().expect("a round opens it first");
        decide::outset(
            weights,
            memory.last(),
            head,
            Timestamp::now(),
            &rules(self.config),
        )
    }

    /// What verifying comes to, if weights are to be verified.
    async fn verdict(&mut self, latest: &Arc<Latest>) -> Result<Option<Verdict>> {
        match &mut self.voucher {
            None => Ok(None),
            Some(voucher) => {
                let verdict = voucher.verdict(&self.gateway.http, latest, &self.metrics).await;
                verdict.map(Some)
            }
        }
    }

    /// New weights: submits what is verified, and all if nothing is to be.
    async fn take(&mut self, latest: &Arc<Latest>, head: BlockNumber) -> Result<Round> {
        let verified = match self.verdict(latest).await? {
            None => return self.put(&latest.weights).await,
            Some(Err(refused)) => return Ok(Round::Skipped(refused.reason.clone())),
            Some(Ok(verified)) => verified,
        };
        // They may be older than they seemed.
        match self.outset(&verified.weights, head) {
            Outset::Done => Ok(Round::Done),
            Outset::Skip(reason) => Ok(Round::Skipped(reason)),
            Outset::New => self.put(&verified.weights).await,
        }
    }

    /// New weights: submits them, if the terms allow it and the chain does not have them.
    async fn put(&mut self, weights: &Weights) -> Result<Round> {
        let terms = self.submitter.terms().await?;
        let (genesis, memory) = self.memory.as_mut().expect("a round opens it first");
        if terms.genesis != *genesis {
            let (was, is) = (*genesis, terms.genesis);
            return Err(kinitro_chain::Error::OtherGenesis { was, is }.into());
        }
        let (submitter, metrics) = (&self.submitter, &self.metrics);
        let decision = decide::decide(weights, &terms, &rules(self.config));
        if let Decision::Submit(plan) | Decision::Wait { plan, .. } = &decision {
            self.said.dropped(plan);
            if submitter.find(plan, weights, &terms, memory, metrics).await? {
                return Ok(Round::Done);
            }
        }
        match decision {
            Decision::Submit(plan) => {
                submitter.submit(&plan, &terms, memory, metrics).await?;
                Ok(Round::Done)
            }
            Decision::Wait { plan, until } => Ok(waits(&plan, until, &terms)),
            Decision::Skip(reason) => Ok(Round::Skipped(reason)),
        }
    }

    /// Everything but doing it.
    async fn rehearse(&mut self, latest: &Arc<Latest>, head: BlockNumber) -> Result<Round> {
        let mut weights = latest.weights.clone();
        let mut outset = self.outset(&weights, head);
        let verdict = match outset {
            Outset::New => self.verdict(latest).await?,
            Outset::Done | Outset::Skip(_) => None,
        };
        let mut checks: &[_] = &[];
        match &verdict {
            None => {}
            Some(Ok(verified)) => {
                weights.clone_from(&verified.weights);
                outset = self.outset(&weights, head);
                checks = &verified.checks;
            }
            Some(Err(refused)) => {
                outset = Outset::Skip(refused.reason.clone());
                checks = &refused.checks;
            }
        }
        let terms = self.submitter.terms().await?;
        let decision = decide::decide(&weights, &terms, &rules(self.config));
        let (_, memory) = self.memory.as_ref().expect("a round opens it first");
        let rehearsal = Rehearsal::new(
            self.config.netuid,
            &weights,
            &terms,
            (&outset, &decision, checks),
            memory.intent(),
        );
        if self.told.as_ref() != Some(&rehearsal) {
            (self.tell)(&rehearsal);
            self.told = Some(rehearsal);
        }
        Ok(match (outset, decision) {
            (Outset::Skip(reason), _) | (Outset::New, Decision::Skip(reason)) => Round::Skipped(reason),
            (Outset::New, Decision::Wait { plan, until }) => waits(&plan, until, &terms),
            (Outset::Done, _) | (Outset::New, Decision::Submit(_)) => Round::Done,
        })
    }

    /// Opens the memory of the chain that is there.
    fn remember(&mut self, genesis: Hash) -> Result<()> {
        let is_known = self.memory.as_ref().is_some_and(|(known, _)| *known == genesis);
        if is_known && !self.config.dry_run {
            return Ok(());
        }
        let memory = self.folder.memory(genesis)?;
        if is_known {
            // A dry run writes nothing; a validator beside it may have.
            self.memory = Some((genesis, memory));
            return Ok(());
        }
        if let Some(last) = memory.last() {
            self.metrics.submitted(last.block);
            tracing::info!(%genesis, cycle.id = %last.cycle, block = last.block.0, "going on after these weights");
        } else if self.memory.is_some() || self.folder.others(genesis) > 0 {
            tracing::warn!(%genesis, "this is another chain than before, and begun with an empty memory");
        }
        self.memory = Some((genesis, memory));
        Ok(())
    }
}

fn rules(config: &Config) -> Rules {
    Rules {
        max_age: Duration::from_secs(config.max_age.into()),
        version_key: config.version_key,
    }
}

fn waits(plan: &Plan, until: BlockNumber, terms: &Terms) -> Round {
    let blocks = u32::try_from(terms.wait()).unwrap_or(u32::MAX);
    let cycle = plan.cycle;
    Round::Waits(
        Reason::RateLimited { cycle, until },
        terms.block_time.saturating_mul(blocks),
    )
}
