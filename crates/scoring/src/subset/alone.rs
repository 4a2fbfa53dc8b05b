//! The wins of a candidate that shares its block with nobody, or with few.

use super::budget::{Budget, Spent};
use super::hits::{Counter, Cube};
use super::set::{Set, keep_minimal};
use super::tally::Binomials;

/// What a candidate must win, and what it must not lie in, as complements.
#[derive(Debug, Clone)]
pub(super) struct Claim<S> {
    pub(super) must_win: S,
    /// Within what it must win, none within another. A subset must meet each of them.
    pub(super) clauses: Vec<S>,
}

impl<S: Set> Claim<S> {
    /// `lost` are the sets whose subsets the candidate loses.
    pub(super) fn new(must_win: S, lost: impl Iterator<Item = S>) -> Self {
        let mut clauses: Vec<S> = lost.map(|lost| must_win.without(lost)).collect();
        keep_minimal(&mut clauses, 0);
        Self { must_win, clauses }
    }

    /// Whether there is no subset to stand on.
    pub(super) fn is_void(&self) -> bool {
        self.must_win.is_empty() || self.clauses.first().is_some_and(|clause| clause.is_empty())
    }

    /// Where both stand.
    fn and(&self, other: &Self) -> Self {
        let must_win = self.must_win & other.must_win;
        let mut clauses: Vec<S> = self
            .clauses
            .iter()
            .chain(&other.clauses)
            .map(|&clause| clause & must_win)
            .collect();
        keep_minimal(&mut clauses, 0);
        Self { must_win, clauses }
    }
}

/// The subsets by size on which the candidate stands and none of `before` does, who share its block: by inclusion and
/// exclusion over those. Sets have elements under `elements`.
pub(super) fn wins<S: Set>(
    elements: usize,
    claim: &Claim<S>,
    before: &[Claim<S>],
    budget: Budget<'_>,
) -> Result<Vec<u128>, Spent> {
    let mut counter = Counter::new(elements, budget);
    exclude(&mut counter, claim, before, 1)?;
    counter.budget.settle()?;
    let mut sizes = vec![0; elements + 1];
    counter
        .tally
        .drain(0, elements, &Binomials::new(elements), &mut sizes);
    Ok(sizes)
}

fn exclude<S: Set>(
    counter: &mut Counter<'_, S>,
    claim: &Claim<S>,
    before: &[Claim<S>],
    sign: i64,
) -> Result<(), Spent> {
    if claim.is_void() {
        return Ok(());
    }
    let cube = Cube {
        ground: claim.must_win,
        taken: 0,
        sign,
    };
    counter.count(cube, &claim.clauses)?;
    before
        .iter()
        .enumerate()
        .try_for_each(|(place, other)| exclude(counter, &claim.and(other), &before[..place], -sign))
}
