//! Verifying in the loop: each answer once, and nothing but what was verified goes on from here.

use super::{Held, keys_of, of_document, of_evidence, trusting};
use crate::{
    Reason,
    error::Result,
    gateway::{Http, Latest, Limits, Weights},
    metrics::{Metrics, Vouched},
    verify::place::Place,
};
use kinitro_audit::{
    keys::PublicKey,
    verify::{Check, Expectations, Refusal, Report},
};
use kinitro_chassis::report;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// A refusal stands so long while the answer is the same: evidence that was wrong may have been put right.
const REFUSED_FOR: Duration = Duration::from_secs(600);

/// No more of a reason is said.
const MAX_WHY: usize = 600;

/// Verifies what the gateway answers.
#[derive(Debug)]
pub(crate) struct Voucher {
    netuid: u16,
    trusted: Vec<PublicKey>,
    limits: Limits,
    kept: Option<Kept>,
}

/// Weights that hold.
#[derive(Debug)]
pub(crate) struct Verified {
    /// What the document says.
    pub(crate) weights: Weights,
    /// What was checked.
    pub(crate) checks: Vec<Check>,
}

/// Weights that do not.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Which check does not hold.
    pub(crate) reason: Reason,
    /// What held before it.
    pub(crate) checks: Vec<Check>,
}

/// What a verification comes to.
pub(crate) type Verdict = std::result::Result<Arc<Verified>, Arc<Refused>>;

#[derive(Debug)]
struct Kept {
    latest: Arc<Latest>,
    verdict: Verdict,
    until: Option<Instant>,
}

impl Voucher {
    /// Believes signatures by these keys; by whatever key the gateway names, if there are none.
    pub(crate) fn new(netuid: u16, trusted: Vec<PublicKey>) -> Self {
        Self {
            netuid,
            trusted,
            limits: Limits::default(),
            kept: None,
        }
    }

    /// Whether this answer's weights hold. Only what keeps that from being found out is an error.
    pub(crate) async fn verdict(
        &mut self,
        http: &Http,
        latest: &Arc<Latest>,
        metrics: &Metrics,
    ) -> Result<Verdict> {
        if let Some(kept) = &self.kept
            && kept.latest.answer == latest.answer
            && kept.until.is_none_or(|until| Instant::now() < until)
        {
            return Ok(kept.verdict.clone());
        }
        let held = self.verify(http, latest).await;
        let held = held.inspect_err(|_| metrics.vouched(Vouched::Failed))?;
        let verdict = match held {
            Ok(report) => {
                metrics.vouched(Vouched::Verified);
                Ok(Arc::new(verified(*report, latest)))
            }
            Err(refusal) => {
                metrics.vouched(Vouched::Refused);
                Err(Arc::new(refused(*refusal, latest)))
            }
        };
        self.kept = Some(Kept {
            latest: Arc::clone(latest),
            verdict: verdict.clone(),
            until: verdict.is_err().then(|| Instant::now() + REFUSED_FOR),
        });
        Ok(verdict)
    }

    async fn verify(&self, http: &Http, latest: &Latest) -> Result<Held<Box<Report>>> {
        let known = keys_of(&Place::Gateway(http.clone())).await?;
        let keys = trusting(&self.trusted, known);
        // What is older than what was submitted is refused by its block, which a new ledger's cycles have too.
        let expectations = Expectations {
            cycle: Some(latest.weights.cycle),
            netuid: Some(self.netuid),
            not_older_than: None,
        };
        Ok(
            match of_document(latest.answer.clone(), keys, expectations).await? {
                Ok(checked) => of_evidence(http, checked, self.limits).await?.map(Box::new),
                Err(refusal) => Err(refusal),
            },
        )
    }
}

/// What was verified, and beside it only what makes it older than it seems.
fn verified(report: Report, latest: &Latest) -> Verified {
    let content = report.document.content();
    let miners = || content.miners.iter();
    tracing::info!(
        cycle.id = %content.cycle, block = content.block.0, checks = report.passed.len(), lines = report.read.lines,
        "the weights are verified"
    );
    let weights = Weights {
        cycle: content.cycle,
        block: content.block,
        // Nobody signs when a cycle settled: an old one may be served under a new date, but never under a new deadline.
        settled_at: latest.weights.settled_at.min(content.deadline),
        weights: miners().map(|miner| (miner.uid, miner.weight)).collect(),
        stale: latest.weights.stale,
        hotkeys: Some(miners().map(|miner| (miner.uid, miner.hotkey.clone())).collect()),
    };
    Verified {
        weights,
        checks: report.passed,
    }
}

fn refused(refusal: Refusal, latest: &Latest) -> Refused {
    // A stranger's text may stand in it.
    let why = report(&refusal.error).to_string();
    let why = why.chars().map(|c| if c.is_control() { ' ' } else { c });
    let reason = Reason::Unverified {
        cycle: latest.weights.cycle,
        check: refusal.check.as_str(),
        why: why.take(MAX_WHY).collect(),
    };
    Refused {
        reason,
        checks: refusal.passed,
    }
}

#[cfg(test)]
mod tests;
