//! The candidates, pair by pair and cell by cell.

use super::{Barred, Cell, Lead, Loss, NAMED_LOSSES, Rival, Rivals};
use crate::{Candidate, MissingCell, Scored, Settings, subset::Contest, threshold};

/// Candidates, what they came to, and the names of the environments.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) environments: &'a [String],
    pub(super) candidates: &'a [Candidate],
    pub(super) settings: &'a Settings,
    pub(super) scored: &'a Scored,
    pub(super) contest: Contest,
}

impl<'a> Field<'a> {
    /// Everyone who committed earlier, in the order of turns.
    pub(super) fn earlier(&self, place: usize) -> impl Iterator<Item = usize> {
        let all = self.contest.order().iter().copied();
        all.take_while(move |&other| self.contest.is_earlier(other, place))
    }

    /// One's score against the other's threshold.
    pub(super) fn cell(&self, winner: usize, loser: usize, e: usize) -> Cell<'a> {
        let (score, over) = (
            self.candidates[winner].scores[e],
            self.scored.thresholds[loser][e],
        );
        let (score, threshold) = match self.settings.missing_cell {
            MissingCell::Exclude => (score, over),
            MissingCell::Expire | MissingCell::Zero => (
                Some(score.unwrap_or(0.0)),
                Some(over.unwrap_or(threshold::MISSING)),
            ),
        };
        Cell {
            environment: &self.environments[e],
            score,
            threshold,
            margin: score.zip(threshold).map(|(score, threshold)| score - threshold),
        }
    }

    /// The members of a set, in order.
    pub(super) fn members(&self, set: u128) -> impl Iterator<Item = usize> + use<'a> {
        (0..self.environments.len()).filter(move |e| set >> e & 1 == 1)
    }

    pub(super) fn names(&self, set: u128) -> Vec<&'a str> {
        self.members(set).map(|e| self.environments[e].as_str()).collect()
    }

    /// The smallest lead of one over the other within the set.
    pub(super) fn tightest(&self, winner: usize, loser: usize, set: u128, named: usize) -> Option<Lead<'a>> {
        let uid = self.candidates[named].uid;
        let cells = self.members(set).map(|e| self.cell(winner, loser, e));
        least(cells.filter_map(|cell| cell.lead(uid)))
    }

    /// Each environment out of reach.
    pub(super) fn barred(&self, place: usize, reach: u128) -> Vec<Barred<'a>> {
        let before: Vec<(usize, u128)> = self
            .earlier(place)
            .map(|other| (other, self.contest.beats(place, other)))
            .collect();
        let barred = |e: usize| {
            let ahead = || before.iter().filter(|(_, beats)| beats >> e & 1 == 0);
            let takes_part = self.cell(place, place, e).score.is_some();
            let lead =
                |(other, _): &(usize, u128)| self.cell(place, *other, e).lead(self.candidates[*other].uid);
            Barred {
                environment: &self.environments[e],
                by: if takes_part { ahead().count() } else { 0 },
                worst: least(ahead().filter_map(lead)),
            }
        };
        self.members(!reach).map(barred).collect()
    }

    /// What is lost within reach, reduced to the sets that lie in no other; and how many of these are not named.
    pub(super) fn losses(&self, place: usize, reach: u128) -> (Vec<Loss<'a>>, usize) {
        let rivals = self.contest.rivals(place).into_iter();
        let mut sets: Vec<(u128, usize)> = rivals
            .map(|rival| (rival.mask & reach, rival.place))
            .filter(|(set, _)| *set != 0)
            .collect();
        // Rivals come in the order of turns: of equal sets the first to have it is named.
        sets.sort_by_key(|(set, _)| std::cmp::Reverse(set.count_ones()));
        let mut maximal: Vec<(u128, usize)> = Vec::new();
        for (set, other) in sets {
            if maximal.iter().all(|(larger, _)| set & !larger != 0) {
                maximal.push((set, other));
            }
        }
        let loss = |&(set, other): &(u128, usize)| Loss {
            uid: self.candidates[other].uid,
            commit_block: self.candidates[other].commit_block,
            environments: self.names(set),
            tightest: self.tightest(other, place, set, other),
        };
        let more = maximal.len().saturating_sub(NAMED_LOSSES);
        (maximal.iter().take(NAMED_LOSSES).map(loss).collect(), more)
    }

    /// Every pair the candidate is in, in the order of turns.
    pub(super) fn rivals(&self, place: usize) -> Rivals<'a> {
        let earlier = self.earlier(place);
        let earlier = earlier.map(|other| self.rival(other, place, self.contest.beats(place, other)));
        let later = self.contest.rivals(place).into_iter();
        let later = later.map(|rival| self.rival(rival.place, place, rival.mask));
        Rivals {
            earlier: earlier.collect(),
            later: later.collect(),
        }
    }

    fn rival(&self, other: usize, place: usize, ahead: u128) -> Rival<'a> {
        let (winner, loser) = if self.contest.is_earlier(other, place) {
            (place, other)
        } else {
            (other, place)
        };
        let cells = |set: u128| {
            let members = self.members(set);
            members.map(|e| self.cell(winner, loser, e)).collect()
        };
        Rival {
            uid: self.candidates[other].uid,
            commit_block: self.candidates[other].commit_block,
            same_block: winner == other && !self.contest.is_earlier(place, other),
            ahead: cells(ahead),
            behind: cells(!ahead),
        }
    }
}

/// The smallest margin.
pub(super) fn least<'a>(leads: impl Iterator<Item = Lead<'a>>) -> Option<Lead<'a>> {
    leads.min_by(|a, b| a.margin.total_cmp(&b.margin))
}
