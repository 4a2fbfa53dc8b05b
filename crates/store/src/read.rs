//! What the gateway and the operator's commands ask. Every answer is one statement, and none of them knows
//! subnets: a ledger is one subnet's.

mod bundle;
mod cycles;
mod ended;
mod leaderboard;
mod scores;
mod tasks;
mod weights;

pub use ended::EndedCycles;
pub use leaderboard::{Leaderboard, LeaderboardRow};
pub use scores::{EnvironmentView, MinerView, Score};
pub use tasks::{FamilyProgress, TaskStats, TaskView};
pub use weights::{Signed, Weights};

use crate::Cycle;

/// How much the ledger holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Cycles of any state.
    pub cycles: u64,
    /// Different uids that were ever scored.
    pub miners: u64,
}

/// What `kinitro db status` shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// How much there is.
    pub counts: Counts,
    /// The newest settled cycle.
    pub latest_settled: Option<Cycle>,
    /// The newest cycle that is open or running.
    pub current: Option<Cycle>,
    /// The newest weights.
    pub latest_weights: Option<Weights>,
}
