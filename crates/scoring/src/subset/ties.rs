//! The wins of many candidates that share one block: of those that stand the first wins.
//!
//! Cube by cube: of the first candidate's subsets those on which it stands are counted, and the rest, on which it does
//! not, is cut into cubes for the next one. What is left gets small soon, for a large subset is lost by few.

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

/// Counts the wins of all of them, in one part of the subsets.
#[derive(Debug)]
pub(super) struct Ties<'a, S> {
    tied: &'a [Tied<S>],
    counter: Counter<'a, S>,
    binomials: Binomials,
    /// By candidate, by size.
    wins: Vec<Vec<u128>>,
    /// As the counter's, of all cubes that are being cut.
    clauses: Vec<S>,
}

/// The subsets that hold all of `held` and any of `ground`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<S> {
    pub(super) held: S,
    pub(super) ground: S,
}

impl<'a, S: Set> Ties<'a, S> {
    /// The wins within the part. Sets have elements under `elements`.
    pub(super) fn wins(
        elements: usize,
        tied: &'a [Tied<S>],
        part: Part<S>,
        budget: Budget<'a>,
    ) -> Result<Vec<Vec<u128>>, Spent> {
        let mut ties = Self {
            tied,
            counter: Counter::new(elements, budget),
            binomials: Binomials::new(elements),
            wins: vec![vec![0; elements + 1]; tied.len()],
            clauses: Vec::new(),
        };
        ties.decide(0, part)?;
        ties.counter.budget.settle()?;
        Ok(ties.wins)
    }

    /// Counts the wins in the part of the candidates from that place on; the earlier ones stand nowhere in it.
    fn decide(&mut self, first: usize, mut part: Part<S>) -> Result<(), Spent> {
        let tied = self.tied;
        let from = self.clauses.len();
        for (place, candidate) in tied.iter().enumerate().skip(first) {
            if !self.gather(from, candidate, part)? {
                continue;
            }
            // Whoever holds what the candidate need not win is the next one's.
            let mut rest = part.ground.without(candidate.must_win);
            while !rest.is_empty() {
                let held = part.held | rest.first();
                rest = rest.without(rest.first());
                part.ground = part.ground & candidate.must_win;
                let ground = part.ground | rest;
                self.decide(place + 1, Part { held, ground })?;
            }
            let compared = keep_minimal(&mut self.clauses, from);
            self.counter.budget.spend(compared / 8)?;
            self.stand(place, from, part)?;
            return self.cut(place + 1, from, part);
        }
        Ok(())
    }

    /// Lists what a subset of the part must meet for the candidate to stand; false if it stands on none.
    fn gather(&mut self, from: usize, candidate: &Tied<S>, part: Part<S>) -> Result<bool, Spent> {
        if !part.held.is_within(candidate.must_win) {
            return Ok(false);
        }
        let ground = part.ground & candidate.must_win;
        self.counter.budget.spend(1 + candidate.lost.len() as u64 / 4)?;
        for &lost in &candidate.lost {
            if part.held.is_within(lost) {
                let clause = ground.without(lost);
                if clause.is_empty() {
                    self.clauses.truncate(from);
                    return Ok(false);
                }
                self.clauses.push(clause);
            }
        }
        Ok(true)
    }

    /// Counts the subsets on which the candidate stands: they meet all clauses.
    fn stand(&mut self, place: usize, from: usize, part: Part<S>) -> Result<(), Spent> {
        let (taken, ground) = (part.held.len(), part.ground);
        self.counter.count(
            Cube {
                ground,
                taken,
                sign: 1,
            },
            &self.clauses[from..],
        )?;
        self.counter
            .tally
            .drain(taken, ground.len(), &self.binomials, &mut self.wins[place]);
        Ok(())
    }

    /// Goes on with the next candidate where a clause is not met: by the first such clause. Drops the clauses.
    fn cut(&mut self, next: usize, from: usize, part: Part<S>) -> Result<(), Spent> {
        let end = self.clauses.len();
        if next < self.tied.len() {
            for place in from..end {
                let ground = part.ground.without(self.clauses[place]);
                for earlier in from..place {
                    self.clauses.push(self.clauses[earlier] & ground);
                }
                let compared = keep_minimal(&mut self.clauses, end);
                self.counter.budget.spend(1 + compared / 8)?;
                self.meet(next, end, Part { ground, ..part })?;
            }
        }
        self.clauses.truncate(from);
        Ok(())
    }

    /// Goes on with the next candidate where all clauses are met, in cubes. Drops the clauses.
    fn meet(&mut self, next: usize, from: usize, mut part: Part<S>) -> Result<(), Spent> {
        // The shortest clause by its elements: who holds the first, who holds the second and not the first, …
        let Some(&shortest) = self.clauses[from..].iter().min_by_key(|clause| clause.len()) else {
            return self.decide(next, part);
        };
        let end = self.clauses.len();
        let mut rest = shortest;
        while !rest.is_empty() {
            let element = rest.first();
            rest = rest.without(element);
            part.ground = part.ground.without(element);
            for place in from..end {
                let clause = self.clauses[place];
                if (clause & element).is_empty() {
                    self.clauses.push(clause & part.ground);
                }
            }
            self.counter.budget.spend((end - from) as u64)?;
            let held = part.held | element;
            self.meet(next, end, Part { held, ..part })?;
        }
        self.clauses.truncate(from);
        Ok(())
    }
}
