//! The wins of a candidate that shares its block with nobody: all subsets on which it stands.

use super::budget::{Budget, Spent};
use super::hits::{Counter, Cube, Piece};
use super::set::{Set, keep_minimal};
use super::tally::Binomials;
use std::collections::VecDeque;

/// So many pieces keep any number of threads busy, and are not much memory.
const ENOUGH: usize = 256;
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

    /// The subsets on which the candidate stands.
    pub(super) fn piece(self) -> Piece<S> {
        let cube = Cube {
            ground: self.must_win,
            taken: 0,
            sign: 1,
        };
        Piece {
            cube,
            clauses: self.clauses,
        }
    }
}

/// Counts the piece by size. Sets have elements under `elements`.
pub(super) fn count<S: Set>(
    elements: usize,
    piece: &Piece<S>,
    budget: Budget<'_>,
) -> Result<Vec<u128>, Spent> {
    let mut counter = Counter::new(elements, budget);
    counter.count(piece.cube, &piece.clauses)?;
    sizes(elements, counter)
}

/// Cuts the piece into many, and counts by size what is left over.
pub(super) fn cut<S: Set>(
    elements: usize,
    piece: Piece<S>,
    budget: Budget<'_>,
) -> Result<(Vec<Piece<S>>, Vec<u128>), Spent> {
    let mut counter = Counter::new(elements, budget);
    let mut pieces = VecDeque::from([piece]);
    // Cutting a piece may leave one, or none.
    for _ in 0..2 * ENOUGH {
        if pieces.len() >= ENOUGH {
            break;
        }
        let Some(piece) = pieces.pop_front() else {
            break;
        };
        pieces.extend(counter.open(piece)?);
    }
    Ok((pieces.into(), sizes(elements, counter)?))
}

fn sizes<S: Set>(elements: usize, mut counter: Counter<'_, S>) -> Result<Vec<u128>, Spent> {
    counter.budget.settle()?;
    let mut sizes = vec![0; elements + 1];
    counter
        .tally
        .drain(0, elements, &Binomials::new(elements), &mut sizes);
    Ok(sizes)
}
