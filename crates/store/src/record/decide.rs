//! What a batch of reports does to its tasks: a pure function.

use super::{Report, RetryRule, Verdict};
use kinitro_proto::{CycleId, Outcome, TaskId};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// Where a task stands in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) cycle: CycleId,
    pub(super) state: TaskState,
    pub(super) attempt: u32,
}

/// The states that reports tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskState {
    /// Available or retryable.
    Open,
    Completed,
    Discarded,
    Cancelled,
}

/// How a task leaves the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Complete,
    Retry { attempt: u32, wait: Duration },
    Discard { reason: String },
}

/// What is to be written, and what to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    /// One for each report, in order.
    pub(super) verdicts: Vec<Verdict>,
    /// The tasks that change, in the order of their ids.
    pub(super) changes: BTreeMap<TaskId, Change>,
}

impl Decision {
    /// The reports whose verdicts are wanted, with them.
    pub(super) fn chosen<'a>(
        &'a self,
        reports: &'a [Report],
        wanted: impl Fn(Verdict) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a Report, Verdict)> {
        reports
            .iter()
            .zip(self.verdicts.iter().copied())
            .filter(move |(_, verdict)| wanted(*verdict))
    }
}

/// Judges the reports one after the other, each against what those before it left.
pub(super) fn decide(
    reports: &[Report],
    mut standings: HashMap<TaskId, Standing>,
    rule: &RetryRule,
) -> Decision {
    let mut changes = BTreeMap::new();
    let verdicts = reports
        .iter()
        .map(|report| {
            let result = &report.result;
            let standing = standings
                .get_mut(&result.task)
                .filter(|standing| standing.cycle == result.cycle);
            let Some(standing) = standing else {
                return Verdict::Unknown;
            };
            let (verdict, change) = judge(report, *standing, rule);
            if let Some(change) = change {
                standing.follow(&change);
                changes.insert(result.task, change);
            }
            verdict
        })
        .collect();
    Decision { verdicts, changes }
}

fn judge(report: &Report, standing: Standing, rule: &RetryRule) -> (Verdict, Option<Change>) {
    let fault = match &report.result.outcome {
        Outcome::InfraFault(fault) => Some(fault),
        Outcome::Scored(_) | Outcome::MinerFault(_) => None,
    };
    let is_current = report.result.attempt == standing.attempt;
    match (standing.state, fault) {
        (TaskState::Open, None) => (Verdict::Accepted, Some(Change::Complete)),
        (TaskState::Open, Some(_)) if !is_current => (Verdict::Stale, None),
        (TaskState::Open, Some(_)) if standing.attempt < rule.max_attempts => {
            let change = Change::Retry {
                attempt: standing.attempt + 1,
                wait: rule.wait(standing.attempt),
            };
            (Verdict::Retry, Some(change))
        }
        (TaskState::Open, Some(fault)) => (
            Verdict::Discarded,
            Some(Change::Discard {
                reason: fault.cleaned().to_string(),
            }),
        ),
        (TaskState::Discarded, Some(_)) if is_current => (Verdict::Discarded, None),
        (TaskState::Completed, _) => (Verdict::Duplicate, None),
        (TaskState::Discarded | TaskState::Cancelled, _) => (Verdict::Late, None),
    }
}

impl Standing {
    const fn follow(&mut self, change: &Change) {
        match change {
            Change::Complete => self.state = TaskState::Completed,
            Change::Retry { attempt, .. } => self.attempt = *attempt,
            Change::Discard { .. } => self.state = TaskState::Discarded,
        }
    }
}

impl TaskState {
    /// The state of that name; `None` for a text that the column's check refuses.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "available" | "retryable" => Some(Self::Open),
            "completed" => Some(Self::Completed),
            "discarded" => Some(Self::Discarded),
            "cancelled" => Some(Self::Cancelled),
            _ => None,
        }
    }
}

impl RetryRule {
    /// How long a task waits after that attempt: `base` doubled for each one before it, at most `max`.
    #[must_use]
    pub fn wait(&self, attempt: u32) -> Duration {
        let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.max)
    }
}

#[cfg(test)]
mod tests;
