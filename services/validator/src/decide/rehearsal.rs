//! What a dry run tells: the weights, the terms, what would be done, and why not.

use super::{Decision, Outset, Plan, Reason, plan};
use crate::{gateway::Weights, memory::Intent};
use kinitro_audit::verify::Check;
use kinitro_chain::Terms;
use kinitro_proto::Uid;
use std::fmt::{self, Write};

/// What would be done, for a person to read.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    text: String,
    /// What makes two of them differ in more than the block.
    key: String,
}

impl PartialEq for Rehearsal {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Rehearsal {
    pub(crate) fn new(
        netuid: u16,
        weights: &Weights,
        terms: &Terms,
        (outset, decision, checks): (&Outset, &Decision, &[Check]),
        intent: Option<&Intent>,
    ) -> Self {
        let (cycle, verdict) = (weights.cycle, verdict(weights, outset, decision));
        let mut text = String::new();
        let mut line = |line: fmt::Arguments<'_>| {
            writeln!(text, "{line}").expect("writing to a string cannot fail");
        };
        line(format_args!(
            "weights   cycle {cycle}, block {}, settled {}",
            weights.block, weights.settled_at
        ));
        line(format_args!(
            "subnet    {netuid} at block {}, {} uids",
            terms.head,
            terms.neurons.len()
        ));
        line(format_args!("hotkey    {}", standing(terms)));
        line(format_args!("limits    {}", limits(terms)));
        if let Some(intent) = intent {
            let (cycle, extrinsic, expires_at) =
                (intent.cycle, intent.prepared.hash, intent.prepared.expires_at);
            line(format_args!(
                "pending   cycle {cycle}, extrinsic {extrinsic}, until block {expires_at}; it is settled first"
            ));
        }
        for check in checks {
            line(format_args!("checked   {}: {}", check.name, check.outcome));
        }
        line(format_args!("verdict   {verdict}"));
        let plan = match (outset, decision) {
            // Nobody should take them for weights.
            (Outset::Skip(Reason::Unverified { .. }), _) => None,
            (_, Decision::Submit(plan) | Decision::Wait { plan, .. }) => Some(plan.clone()),
            (_, Decision::Skip(_)) => plan(weights, terms).ok(),
        };
        for dropped in plan.iter().flat_map(|plan| &plan.dropped) {
            line(format_args!("dropped   {dropped}"));
        }
        if let Some(plan) = &plan {
            line(format_args!("\n  uid  value   share"));
            for (uid, value, share) in rows(plan) {
                line(format_args!("{uid:>5}  {value:>5}  {share:.4}"));
            }
        }
        let key = format!("{cycle} {verdict} {plan:?}");
        Self { text, key }
    }
}

fn verdict(weights: &Weights, outset: &Outset, decision: &Decision) -> String {
    match (outset, decision) {
        (Outset::Done, _) => format!("nothing: cycle {} was submitted before", weights.cycle),
        (Outset::Skip(reason), _) | (Outset::New, Decision::Skip(reason)) => format!("nothing: {reason}"),
        (Outset::New, Decision::Wait { until, .. }) => format!("would be submitted from block {until} on"),
        (Outset::New, Decision::Submit(_)) => "would be submitted now".to_owned(),
    }
}

fn standing(terms: &Terms) -> String {
    let permit = match (terms.permit, terms.is_owner) {
        (true, _) => "a validator permit",
        (false, true) => "no permit, and as the subnet owner's needs none",
        (false, false) => "no validator permit",
    };
    match (terms.uid, terms.last_update) {
        (None, _) => "not registered".to_owned(),
        (Some(Uid(uid)), None) => format!("uid {uid}, {permit}, no weights set so far"),
        (Some(Uid(uid)), Some(at)) => format!("uid {uid}, {permit}, last weights at block {at}"),
    }
}

fn limits(terms: &Terms) -> String {
    let kind = if terms.commit_reveal {
        "timelocked"
    } else {
        "plain"
    };
    format!(
        "{kind}, every {} blocks, at least {} weights, none over {}/65535, version key {}",
        terms.rate_limit, terms.min_weights, terms.max_weight, terms.version_key
    )
}

/// Each uid with what the chain gets and the part of the whole that this is.
fn rows(plan: &Plan) -> impl Iterator<Item = (u16, u16, f64)> {
    let weights = &plan.weights;
    let sum: f64 = weights.values.iter().map(|value| f64::from(*value)).sum();
    let pairs = weights.uids.iter().copied().zip(weights.values.iter().copied());
    pairs.map(move |(uid, value)| (uid, value, f64::from(value) / sum))
}
