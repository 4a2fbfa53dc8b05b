//! The wins of several candidates that share one block: of those that stand the first wins.
//!
//! Region by region: of the first candidate's subsets those on which it stands are counted, and the rest, on which it
//! does not, is cut into regions for the next one. What is left gets small soon, for a large subset is lost by few.

use super::alone::Claim;
use super::budget::{Budget, Spent};
use super::hits::{Counter, Cube};
use super::set::{Set, keep_minimal};
use super::tally::Binomials;

/// A candidate's claim as it is asked here.
#[derive(Debug)]
pub(super) struct Tied<S> {
    must_win: S,
    /// The sets whose subsets it loses, the largest first.
    lost: Vec<S>,
}

impl<S: Set> From<Claim<S>> for Tied<S> {
    fn from(claim: Claim<S>) -> Self {
        let must_win = claim.must_win;
        Self {
            must_win,
            lost: claim
                .clauses
                .into_iter()
                .map(|clause| must_win.without(clause))
                .collect(),
        }
    }
}

impl<S> Tied<S> {
    /// The regions on which it does not stand: one for each set that it loses, and one beside what it must win.
    pub(super) fn regions(&self) -> usize {
        self.lost.len() + 1
    }
}

/// Counts the wins of all of them, in one part of the subsets.
#[derive(Debug)]
pub(super) struct Ties<'a, S> {
    tied: &'a [Tied<S>],
    counter: Counter<'a, S>,
    binomials: Binomials,
    /// By candidate, by size.
    wins: Vec<Vec<u128>>,
}

impl<'a, S: Set> Ties<'a, S> {
    /// The wins among the subsets of `ground`: of the first candidate without a region, else of all others in that one
    /// of the first's. Sets have elements under `elements`.
    pub(super) fn wins(
        elements: usize,
        tied: &'a [Tied<S>],
        ground: S,
        region: Option<usize>,
        budget: Budget<'a>,
    ) -> Result<Vec<Vec<u128>>, Spent> {
        let mut ties = Self {
            tied,
            counter: Counter::new(elements, budget),
            binomials: Binomials::new(elements),
            wins: vec![vec![0; elements + 1]; tied.len()],
        };
        let [first, ..] = tied else {
            return Ok(ties.wins);
        };
        let inside = first.must_win;
        let clauses: Vec<S> = first.lost.iter().map(|&lost| inside.without(lost)).collect();
        match region {
            None => ties.stand(0, inside, &[], &clauses)?,
            Some(0) => ties.decide(1, ground, vec![ground.without(inside)])?,
            Some(place) => ties.lose(1, inside, &[], (&clauses, place - 1))?,
        }
        ties.counter.budget.settle()?;
        Ok(ties.wins)
    }

    /// Counts the wins of the candidates from that place on among the subsets of the ground that meet all of `must`.
    fn decide(&mut self, first: usize, ground: S, mut must: Vec<S>) -> Result<(), Spent> {
        let tied = self.tied;
        if must.iter().any(|clause| clause.is_empty()) {
            return Ok(());
        }
        for (place, candidate) in tied.iter().enumerate().skip(first) {
            let inside = ground & candidate.must_win;
            let Some(mut clauses) = self.claim(candidate, inside)? else {
                continue;
            };
            let next = place + 1;
            let outside = ground.without(inside);
            if next < tied.len() && !outside.is_empty() {
                let beside = must.iter().copied().chain([outside]).collect();
                self.decide(next, ground, beside)?;
            }
            must.iter_mut().for_each(|clause| *clause = *clause & inside);
            let compared = keep_minimal(&mut must, 0);
            self.counter.budget.spend(compared / 8)?;
            if must.first().is_some_and(|clause| clause.is_empty()) {
                return Ok(());
            }
            // What lies in a set that misses one of those is none of ours.
            clauses.retain(|clause| !must.iter().any(|met| met.is_within(*clause)));
            let compared = keep_minimal(&mut clauses, 0);
            self.counter.budget.spend(compared / 8)?;
            self.stand(place, inside, &must, &clauses)?;
            if next < tied.len() {
                for which in 0..clauses.len() {
                    self.lose(next, inside, &must, (&clauses, which))?;
                }
            }
            return Ok(());
        }
        Ok(())
    }

    /// What a subset of the ground must meet for the candidate to stand; nothing if it stands on none.
    fn claim(&mut self, candidate: &Tied<S>, ground: S) -> Result<Option<Vec<S>>, Spent> {
        self.counter.budget.spend(1 + candidate.lost.len() as u64 / 4)?;
        if ground.is_empty() || candidate.lost.iter().any(|&lost| ground.is_within(lost)) {
            return Ok(None);
        }
        let clauses = candidate.lost.iter().map(|&lost| ground.without(lost));
        Ok(Some(clauses.collect()))
    }

    /// Counts the subsets on which the candidate stands: they meet all clauses, and what they must.
    fn stand(&mut self, place: usize, ground: S, must: &[S], clauses: &[S]) -> Result<(), Spent> {
        let mut all: Vec<S> = must.iter().chain(clauses).copied().collect();
        let compared = keep_minimal(&mut all, 0);
        self.counter.budget.spend(1 + compared / 8)?;
        let cube = Cube {
            ground,
            taken: 0,
            sign: 1,
        };
        self.counter.count(cube, &all)?;
        self.counter
            .tally
            .drain(0, ground.len(), &self.binomials, &mut self.wins[place]);
        Ok(())
    }

    /// Goes on with the next candidate where one does not stand: where that clause is the first not to be met.
    fn lose(
        &mut self,
        next: usize,
        ground: S,
        must: &[S],
        (clauses, which): (&[S], usize),
    ) -> Result<(), Spent> {
        let ground = ground.without(clauses[which]);
        let all = must.iter().chain(&clauses[..which]);
        let mut must: Vec<S> = all.map(|&clause| clause & ground).collect();
        self.counter.budget.spend(1 + must.len() as u64 / 4)?;
        if must.iter().any(|clause| clause.is_empty()) {
            return Ok(());
        }
        let compared = keep_minimal(&mut must, 0);
        self.counter.budget.spend(compared / 8)?;
        self.decide(next, ground, must)
    }
}
