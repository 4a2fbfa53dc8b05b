//! A batch of reports as columns, for one `INSERT … SELECT … FROM unnest(…)`.

use super::{Report, Verdict};
use crate::row::{clean, saturated};
use kinitro_proto::{Outcome, Rollout};
use sqlx::{Postgres, postgres::PgArguments, query::Query};
use uuid::Uuid;

/// The largest reward that is kept, so that no sum of them overflows. The table's check says the same.
const REWARD_LIMIT: f64 = 1e100;

/// The columns that results and evidence share, as arrays of equal length.
#[derive(Debug, Default)]
pub(super) struct Columns {
    task: Vec<Uuid>,
    attempt: Vec<i64>,
    delivery: Vec<i64>,
    executor: Vec<String>,
    outcome: Vec<&'static str>,
    fault_kind: Vec<Option<&'static str>>,
    success: Vec<bool>,
    reward: Vec<f64>,
    steps: Vec<i64>,
    detail: Vec<String>,
    total_us: Vec<i64>,
    simulator_us: Vec<i64>,
    policy_us: Vec<i64>,
    policy_max_us: Vec<i64>,
    traceparent: Vec<Option<String>>,
    verdict: Vec<&'static str>,
}

macro_rules! names {
    () => {
        "task_id, attempt, delivery, executor, outcome, fault_kind, success, reward, steps, detail, \
         total_us, simulator_us, policy_us, policy_max_us, traceparent"
    };
}

macro_rules! unnested {
    () => {
        "unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::boolean[], \
         $8::float8[], $9::bigint[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], \
         $15::text[]"
    };
}

/// The lock on the tasks makes a conflict impossible; should an operator have reopened one by hand, its
/// result stands.
const INSERT_RESULTS: &str = concat!(
    "INSERT INTO results (",
    names!(),
    ") SELECT * FROM ",
    unnested!(),
    ") ON CONFLICT (task_id) DO NOTHING"
);

/// The accepted result itself, delivered again, is no evidence of anything.
const INSERT_EVIDENCE: &str = concat!(
    "INSERT INTO evidence (",
    names!(),
    ", verdict) SELECT * FROM ",
    unnested!(),
    ", $16::text[]) AS u (",
    names!(),
    ", verdict) WHERE NOT EXISTS (SELECT FROM results r WHERE r.task_id = u.task_id \
     AND r.attempt = u.attempt AND r.delivery = u.delivery AND r.executor = u.executor) \
     ON CONFLICT DO NOTHING"
);

impl Columns {
    pub(super) fn is_empty(&self) -> bool {
        self.task.is_empty()
    }

    /// The statement that keeps them as results.
    pub(super) fn results(self) -> Query<'static, Postgres, PgArguments> {
        self.bind(INSERT_RESULTS)
    }

    /// The statement that keeps them as evidence.
    pub(super) fn evidence(mut self) -> Query<'static, Postgres, PgArguments> {
        let verdict = std::mem::take(&mut self.verdict);
        self.bind(INSERT_EVIDENCE).bind(verdict)
    }

    fn bind(self, statement: &'static str) -> Query<'static, Postgres, PgArguments> {
        sqlx::query(statement)
            .bind(self.task)
            .bind(self.attempt)
            .bind(self.delivery)
            .bind(self.executor)
            .bind(self.outcome)
            .bind(self.fault_kind)
            .bind(self.success)
            .bind(self.reward)
            .bind(self.steps)
            .bind(self.detail)
            .bind(self.total_us)
            .bind(self.simulator_us)
            .bind(self.policy_us)
            .bind(self.policy_max_us)
            .bind(self.traceparent)
    }

    fn push(&mut self, report: &Report, verdict: Verdict) {
        let result = &report.result;
        let (rollout, kind, detail) = told(&result.outcome);
        self.task.push(result.task.0);
        self.attempt.push(result.attempt.into());
        self.delivery.push(result.delivery.into());
        self.executor.push(result.executor.to_string());
        self.outcome.push(result.outcome.name());
        self.fault_kind.push(kind);
        self.success.push(rollout.success);
        self.reward.push(bounded(rollout.reward));
        self.steps.push(rollout.steps.into());
        self.detail.push(detail);
        self.total_us.push(saturated(result.timings.total_us));
        self.simulator_us.push(saturated(result.timings.simulator_us));
        self.policy_us.push(saturated(result.timings.policy_us));
        self.policy_max_us.push(saturated(result.timings.policy_max_us));
        self.traceparent.push(report.traceparent.as_deref().map(clean));
        self.verdict.push(verdict.name());
    }
}

impl<'a> FromIterator<(&'a Report, Verdict)> for Columns {
    fn from_iter<I: IntoIterator<Item = (&'a Report, Verdict)>>(reports: I) -> Self {
        let mut columns = Self::default();
        for (report, verdict) in reports {
            columns.push(report, verdict);
        }
        columns
    }
}

/// An outcome's figures, its fault's kind, and its detail made safe to store.
fn told(outcome: &Outcome) -> (Rollout, Option<&'static str>, String) {
    const NOTHING: Rollout = Rollout {
        success: false,
        reward: 0.0,
        steps: 0,
    };
    match outcome {
        Outcome::Scored(rollout) => (*rollout, None, String::new()),
        Outcome::MinerFault(fault) => (NOTHING, Some(fault.kind.name()), fault.cleaned().detail),
        Outcome::InfraFault(fault) => (NOTHING, Some(fault.kind.name()), fault.cleaned().detail),
    }
}

/// A message with a reward that is no number is refused where it is decoded; here it only must not fail the
/// batch it is in.
fn bounded(reward: f64) -> f64 {
    if reward.is_nan() {
        0.0
    } else {
        reward.clamp(-REWARD_LIMIT, REWARD_LIMIT)
    }
}
