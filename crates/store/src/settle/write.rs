//! What settling leaves: scores and weights, and the document of both.

use super::{NewDocument, SettlingCycle};
use crate::{Result, error::Doing, row::saturated};
use kinitro_proto::{CycleId, Environment, Uid};
use sqlx::PgConnection;

/// What a cycle settles to.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// One for each cell that is scored.
    pub scores: Vec<NewScore>,
    /// The weights.
    pub weights: NewWeights,
    /// What tells them to everybody.
    pub document: NewDocument,
}

/// A miner's figures in an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct NewScore {
    /// The miner's slot.
    pub uid: Uid,
    /// The environment.
    pub environment: Environment,
    /// Successes by episodes, 0 to 1.
    pub success_rate: f64,
    /// The lower end of the rate's interval, 0 to the rate.
    pub success_low: f64,
    /// Its upper end, the rate to 1.
    pub success_high: f64,
    /// Rewards by episodes; finite.
    pub mean_reward: f64,
    /// How many results there are, at least 1.
    pub episodes: u32,
    /// How many of them succeeded.
    pub successes: u32,
    /// How many of them were the miner's fault.
    pub miner_faults: u32,
}

/// A cycle's weights. `weights`, `weights_u16` and `points` are aligned with `uids`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewWeights {
    /// The miners, in the order of the computation.
    pub uids: Vec<Uid>,
    /// Finite, not negative.
    pub weights: Vec<f64>,
    /// The same for the chain.
    pub weights_u16: Vec<u16>,
    /// What the miners won.
    pub points: Vec<f64>,
    /// Those on the Pareto frontier; all of them are in `uids`.
    pub frontier: Vec<Uid>,
    /// What counts as equal, aligned with the cycle's environments.
    pub epsilons: Vec<f64>,
    /// How often each miner keeps its rank, 0 to 1, aligned with `uids`; `None` if that was not computed.
    pub stability: Option<Vec<f64>>,
    /// In how many replicates, at least 1; kept only with `stability`.
    pub replicates: u32,
}

pub(super) async fn insert_scores(
    connection: &mut PgConnection,
    cycle: CycleId,
    scores: &[NewScore],
) -> Result<()> {
    fn column<'a, T>(scores: &'a [NewScore], cell: impl Fn(&'a NewScore) -> T) -> Vec<T> {
        scores.iter().map(cell).collect()
    }
    sqlx::query(
        "INSERT INTO scores (cycle_id, uid, environment, success_rate, success_low, success_high, mean_reward, \
             episodes, successes, miner_faults) \
         SELECT $1, * FROM unnest($2::int[], $3::text[], $4::float8[], $5::float8[], $6::float8[], \
             $7::float8[], $8::bigint[], $9::bigint[], $10::bigint[])",
    )
    .bind(cycle.0)
    .bind(column(scores, |score| i32::from(score.uid.0)))
    .bind(column(scores, |score| score.environment.as_str()))
    .bind(column(scores, |score| score.success_rate))
    .bind(column(scores, |score| score.success_low))
    .bind(column(scores, |score| score.success_high))
    .bind(column(scores, |score| score.mean_reward))
    .bind(column(scores, |score| i64::from(score.episodes)))
    .bind(column(scores, |score| i64::from(score.successes)))
    .bind(column(scores, |score| i64::from(score.miner_faults)))
    .execute(connection)
    .await
    .map(drop)
    .doing("write down the scores")
}

pub(super) async fn insert_weights(
    connection: &mut PgConnection,
    cycle: &SettlingCycle,
    weights: &NewWeights,
) -> Result<()> {
    let column = |uids: &[Uid]| uids.iter().map(|uid| i32::from(uid.0)).collect::<Vec<_>>();
    let replicates = weights.stability.is_some().then_some(weights.replicates);
    sqlx::query(
        "INSERT INTO weights (cycle_id, document_id, block_number, uids, weights, weights_u16, points, frontier, \
             epsilons, stability, replicates) VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(cycle.id.0)
    .bind(saturated(cycle.block_number.0))
    .bind(column(&weights.uids))
    .bind(weights.weights.as_slice())
    .bind(weights.weights_u16.iter().map(|&weight| i32::from(weight)).collect::<Vec<_>>())
    .bind(weights.points.as_slice())
    .bind(column(&weights.frontier))
    .bind(weights.epsilons.as_slice())
    .bind(weights.stability.as_deref())
    .bind(replicates.map(i64::from))
    .execute(connection)
    .await
    .map(drop)
    .doing("write down the weights")
}
