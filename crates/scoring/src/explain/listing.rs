//! Every subset that a candidate won, one by one, with who was next: for few environments.

use super::{Explainer, field::Field};
use crate::{Candidate, Result, subset::Contest};
use kinitro_proto::Uid;
use serde::Serialize;

/// The most subsets that are listed for a candidate: those of 16 environments.
pub const MAX_LISTED: u128 = 1 << 16;

/// The most comparisons of two cells that a candidate's list may take: some seconds.
pub const MAX_LISTED_STEPS: u128 = 2_000_000_000;

/// A subset won.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WonSubset<'a> {
    /// Its environments.
    pub environments: Vec<&'a str>,
    /// Who would have it without the winner, or was nearest to it; nobody if nobody else takes part there.
    pub runner_up: Option<RunnerUp<'a>>,
}

/// Who was next on a subset.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RunnerUp<'a> {
    /// The miner.
    pub uid: Uid,
    /// Whether it would have won the subset, had the winner not been there. If not, nobody would have, and it is the
    /// one whose margin is smallest.
    pub next: bool,
    /// Where the subset was decided between the two.
    pub environment: &'a str,
    /// By how much the winner held it there: over the threshold of one who committed earlier, where that lead is
    /// smallest; or what one who did not was short of the winner's threshold, where that was most.
    pub margin: f64,
}

impl<'a> Explainer<'a> {
    /// Every subset that the candidate won, the largest first; nothing when they are more than [`MAX_LISTED`] or finding
    /// them would take more than [`MAX_LISTED_STEPS`].
    ///
    /// # Errors
    ///
    /// As [`score`](crate::score).
    pub fn subsets(&self, place: usize) -> Result<Option<Vec<WonSubset<'a>>>> {
        let field = &self.field;
        let (won, reach) = (self.won[place].total(), field.contest.must_win(place));
        if won == 0 {
            return Ok(Some(Vec::new()));
        }
        let cells = (field.candidates.len() * field.environments.len()) as u128;
        let within = 1u128.checked_shl(reach.count_ones()).unwrap_or(u128::MAX);
        let lookups = won.saturating_mul(field.candidates.len() as u128);
        let steps = within.saturating_add(lookups).saturating_mul(cells);
        if won > MAX_LISTED || steps > MAX_LISTED_STEPS {
            return Ok(None);
        }
        let without = Without::new(field, place)?;
        let is_won =
            |set: &u128| field.contest.stands(place, *set) && field.contest.winner(*set) == Some(place);
        let mut sets: Vec<u128> = subsets_of(reach).filter(is_won).collect();
        sets.sort_by_key(|&set| {
            (
                std::cmp::Reverse(set.count_ones()),
                std::cmp::Reverse(set.reverse_bits()),
            )
        });
        let listed = |set: u128| WonSubset {
            environments: field.names(set),
            runner_up: without.runner_up(field, place, set),
        };
        Ok(Some(sets.into_iter().map(listed).collect()))
    }
}

/// The non-empty subsets of a set.
fn subsets_of(set: u128) -> impl Iterator<Item = u128> {
    std::iter::successors((set != 0).then_some(set), move |&last| {
        let next = (last - 1) & set;
        (next != 0).then_some(next)
    })
}

/// The same contest without one of the candidates.
struct Without {
    contest: Contest,
    /// The others' places in the whole contest.
    places: Vec<usize>,
}

impl Without {
    fn new(field: &Field<'_>, place: usize) -> Result<Self> {
        let places: Vec<usize> = (0..field.candidates.len())
            .filter(|&other| other != place)
            .collect();
        let others: Vec<Candidate> = places
            .iter()
            .map(|&other| field.candidates[other].clone())
            .collect();
        let contest = Contest::new(field.environments.len(), &others, field.settings)?;
        Ok(Self { contest, places })
    }

    fn runner_up<'a>(&self, field: &Field<'a>, winner: usize, set: u128) -> Option<RunnerUp<'a>> {
        let hold = |other: usize, next: bool| {
            let (environment, margin) = field.hold(winner, other, set)?;
            Some(RunnerUp {
                uid: field.candidates[other].uid,
                next,
                environment,
                margin,
            })
        };
        if let Some(next) = self.contest.winner(set) {
            return hold(self.places[next], true);
        }
        let others = self.contest.order().iter().map(|&other| self.places[other]);
        others
            .filter_map(|other| hold(other, false))
            .min_by(|a, b| a.margin.total_cmp(&b.margin))
    }
}

impl<'a> Field<'a> {
    /// Where the winner holds the subset against the other, and by how much; nothing if the other takes no part in it.
    fn hold(&self, winner: usize, other: usize, set: u128) -> Option<(&'a str, f64)> {
        if self.contest.is_earlier(other, winner) {
            let lead = self.tightest(winner, other, set, other)?;
            return Some((lead.environment, lead.margin));
        }
        let cells = self.members(set).map(|e| self.cell(other, winner, e));
        // An environment in which the other takes no part cannot be taken from the winner at all.
        let short: Option<Vec<(&str, f64)>> = cells
            .map(|cell| Some((cell.environment, -cell.margin?)))
            .collect();
        // Of several the first.
        short?.into_iter().rev().max_by(|a, b| a.1.total_cmp(&b.1))
    }
}
