//! Who wins which subsets of the environments (v2 §11.6), and the points for them (§11.7).
//!
//! A subset is a bitmask, bit `e` for environment `e`. Whether a candidate stands on a subset is a matter of inclusion
//! alone: within all that it must win, within nothing that it loses. So no subset is looked at by itself; they are
//! counted by size, see [`Contest::count`].

mod alone;
mod bitmap;
mod budget;
mod contest;
mod hits;
mod jobs;
mod set;
mod sizes;
mod tally;
mod ties;

use crate::{Candidate, Result, Settings};
pub use contest::{Contest, Rival};
pub use sizes::{Scheme, Sizes};

/// The steps that [`score`](crate::score) takes at most for one candidate, or for all those of one block: about ten
/// minutes of one core.
///
/// A step is one set looked at, so where counting ends does not depend on the machine.
pub const STEPS: u64 = 1 << 36;

/// The points of the candidates alone, in their order, and the steps that it took: on one thread, and in at most `steps`
/// for all candidates together.
///
/// # Errors
///
/// As [`score`](crate::score), but for what concerns weights.
pub fn points(
    environments: usize,
    candidates: &[Candidate],
    settings: &Settings,
    steps: u64,
) -> Result<(Vec<f64>, u64)> {
    let contest = Contest::new(environments, candidates, settings)?;
    let (wins, taken) = jobs::run_within(&contest, steps)?;
    let points = wins.iter().map(|sizes| sizes.points(Scheme::Linear)).collect();
    Ok((points, taken))
}
