//! What the loop says: each thing once, until it changes.

use super::{Head, Round, Watch};
use crate::{
    Error,
    decide::{self, Plan, Reason},
    error::Result,
    gateway::Latest,
};
use jiff::Timestamp;
use kinitro_chassis::report;
use std::sync::Arc;

/// What was said last, so that nothing is said twice in a row.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// What is wrong with the gateway.
    gateway: Option<String>,
    /// What is wrong with the chain.
    chain: Option<String>,
    /// Why nothing is submitted.
    verdict: Option<String>,
    /// Who does not get a weight.
    dropped: Option<String>,
}

impl Said {
    /// Says who has earned a weight and does not get it.
    pub(super) fn dropped(&mut self, plan: &Plan) {
        if plan.dropped.is_empty() {
            return;
        }
        let dropped: Vec<_> = plan.dropped.iter().map(ToString::to_string).collect();
        let dropped = format!("cycle {}: {}", plan.cycle, dropped.join("; "));
        if is_new(&mut self.dropped, &dropped) {
            tracing::warn!(
                cycle.id = %plan.cycle, dropped,
                "uids have changed hands since the cycle's block, their weights are dropped"
            );
        }
    }
}

impl Watch<'_> {
    /// Tells health, metrics and log whether the gateway and the chain are there.
    pub(super) fn heard(&mut self, latest: &Result<Option<Arc<Latest>>>, head: &kinitro_chain::Result<Head>) {
        if let Ok(Some(latest)) = latest {
            let age = decide::age(&latest.weights, Timestamp::now());
            self.metrics.weights_age(age.unwrap_or_default());
        }
        self.metrics.gateway_up(latest.is_ok());
        self.metrics.chain_up(head.is_ok());
        let gateway = latest.as_ref().err().map(|error| report(error).to_string());
        self.need("gateway", gateway);
        let chain = head.as_ref().err().map(|error| report(error).to_string());
        self.need("chain", chain);
    }

    fn need(&mut self, need: &'static str, fault: Option<String>) {
        let said = if need == "chain" {
            &mut self.said.chain
        } else {
            &mut self.said.gateway
        };
        match fault {
            Some(fault) => {
                self.health.missing(need, fault.clone());
                if is_new(said, &fault) {
                    tracing::warn!(error = fault, "the {need} is away");
                }
            }
            None => {
                self.health.met(need);
                if said.take().is_some() {
                    tracing::info!("the {need} answers again");
                }
            }
        }
    }

    /// Says why nothing is submitted, if that is so.
    pub(super) fn say_round(&mut self, round: &Round) {
        match round {
            Round::Skipped(reason @ Reason::Unverified { .. }) => {
                self.health.missing("verification", reason.to_string());
            }
            _ if self.voucher.is_some() => self.health.met("verification"),
            _ => {}
        }
        let reason = match round {
            Round::Done => {
                self.said.verdict = None;
                return;
            }
            Round::Skipped(reason) | Round::Waits(reason, _) => reason,
        };
        if !is_new(&mut self.said.verdict, &key(reason)) {
            return;
        }
        let why = reason.to_string();
        match reason {
            Reason::NoWeights | Reason::RateLimited { .. } => tracing::info!(why, "nothing is submitted yet"),
            _ => tracing::warn!(why, "nothing is submitted"),
        }
    }

    /// Says what went wrong.
    pub(super) fn say_error(&mut self, error: &Error) {
        let text = match error {
            // Said with what was heard, in these words.
            Error::Chain(error) => report(error).to_string(),
            _ => report(error).to_string(),
        };
        if [&self.said.gateway, &self.said.chain].contains(&&Some(text.clone())) {
            return;
        }
        if is_new(&mut self.said.verdict, &text) {
            tracing::warn!(
                error = text,
                hint = error.hint(),
                "the weights are not on the chain yet, trying again"
            );
        }
    }
}

/// What a reason says apart from what changes with every block.
fn key(reason: &Reason) -> String {
    match reason {
        Reason::OtherChain { cycle, block, .. } => format!("{cycle} of block {block} is of another chain"),
        other => other.to_string(),
    }
}

fn is_new(said: &mut Option<String>, text: &str) -> bool {
    let is_new = said.as_deref() != Some(text);
    if is_new {
        *said = Some(text.to_owned());
    }
    is_new
}
