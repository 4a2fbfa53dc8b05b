use super::{Sizes, jobs};
use crate::{Candidate, MissingCell, Result, Settings, UNCOMMITTED_BLOCK, pareto, threshold};
use kinitro_proto::Uid;

/// Who competes for the subsets, and who is ahead of whom where.
///
/// A candidate *beats* another on a subset iff there its every score is over the other's threshold. It *stands* on the
/// subset iff it beats everyone who committed earlier, and nobody else beats it. In the order of (block, uid) the first
/// that stands wins; it may be that none does, then nobody wins.
#[derive(Debug, Clone)]
pub struct Contest {
    environments: usize,
    /// The places of the candidates by (block, uid).
    order: Vec<usize>,
    ranks: Vec<(u64, Uid)>,
    /// Row by row. A missing cell's stand-in is never over a threshold when it is excluded.
    scores: Vec<f64>,
    thresholds: Vec<f64>,
}

/// A candidate that committed no earlier, and where it is ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rival {
    /// Its place in the list of candidates.
    pub place: usize,
    /// The environments: it beats the other on each subset of them, and on no other.
    pub mask: u128,
}

impl Contest {
    /// Of these candidates, by their places in the list.
    ///
    /// # Errors
    ///
    /// When there are more than [`MAX_ENVIRONMENTS`](crate::MAX_ENVIRONMENTS), or a candidate is malformed.
    pub fn new(environments: usize, candidates: &[Candidate], settings: &Settings) -> Result<Self> {
        pareto::check(environments, candidates)?;
        let ranks: Vec<(u64, Uid)> = candidates.iter().map(rank).collect();
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        order.sort_by_key(|&place| ranks[place]);
        // Excluded: ahead of nobody, and behind everyone who has a score.
        let (score, over) = match settings.missing_cell {
            MissingCell::Expire | MissingCell::Zero => (0.0, threshold::MISSING),
            MissingCell::Exclude => (f64::NEG_INFINITY, f64::NEG_INFINITY),
        };
        let cells = || candidates.iter().flat_map(|candidate| &candidate.scores);
        let over = |cell: &Option<f64>| cell.map_or(over, |rate| threshold::threshold(rate, settings));
        Ok(Self {
            environments,
            order,
            ranks,
            scores: cells().map(|cell| cell.unwrap_or(score)).collect(),
            thresholds: cells().map(over).collect(),
        })
    }

    /// How many environments there are.
    #[must_use]
    pub fn environments(&self) -> usize {
        self.environments
    }

    /// The places of the candidates in the order of (block, uid).
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The environments in which the one's score is over the other's threshold.
    #[must_use]
    pub fn beats(&self, winner: usize, loser: usize) -> u128 {
        let row = |place: usize| place * self.environments..(place + 1) * self.environments;
        let cells = self.scores[row(winner)].iter().zip(&self.thresholds[row(loser)]);
        cells
            .zip(0u32..)
            .fold(0, |mask, ((score, over), e)| mask | u128::from(score > over) << e)
    }

    /// The environments that the candidate has a score in and where it is ahead of everyone who committed earlier: it
    /// wins subsets of these alone.
    #[must_use]
    pub fn must_win(&self, place: usize) -> u128 {
        let row = &self.scores[place * self.environments..(place + 1) * self.environments];
        let has = row.iter().zip(0u32..);
        let has = has.fold(0, |mask, (score, e)| mask | u128::from(score.is_finite()) << e);
        let mut must_win = has;
        for &other in self
            .order
            .iter()
            .take_while(|&&other| self.is_earlier(other, place))
        {
            if must_win == 0 {
                break;
            }
            must_win &= self.beats(place, other);
        }
        must_win
    }

    /// Everyone else who committed no earlier, in the order of (block, uid): each beats the candidate on the subsets of
    /// its mask.
    #[must_use]
    pub fn rivals(&self, place: usize) -> Vec<Rival> {
        let others = self
            .order
            .iter()
            .filter(|&&other| other != place && !self.is_earlier(other, place));
        others
            .map(|&other| Rival {
                place: other,
                mask: self.beats(other, place),
            })
            .collect()
    }

    /// Whether the candidate stands on the subset, which is not empty.
    #[must_use]
    pub fn stands(&self, place: usize, subset: u128) -> bool {
        let mut others = self.order.iter().filter(|&&other| other != place);
        subset & !self.must_win(place) == 0
            && others.all(|&other| self.is_earlier(other, place) || subset & !self.beats(other, place) != 0)
    }

    /// Who wins the subset, which is not empty.
    #[must_use]
    pub fn winner(&self, subset: u128) -> Option<usize> {
        self.order
            .iter()
            .copied()
            .find(|&place| self.stands(place, subset))
    }

    /// How many subsets each candidate wins, in the candidates' order: the same on any number of threads.
    ///
    /// # Errors
    ///
    /// [`TooHard`](crate::Error::TooHard) when a candidate, or all those of one block together, take more than that many steps.
    pub fn count(&self, threads: usize, steps: u64) -> Result<Vec<Sizes>> {
        jobs::run(self, threads, steps)
    }

    pub(super) fn uid(&self, place: usize) -> Uid {
        self.ranks[place].1
    }

    pub(super) fn share_block(&self, one: usize, other: usize) -> bool {
        self.ranks[one].0 == self.ranks[other].0
    }

    pub(crate) fn is_earlier(&self, other: usize, place: usize) -> bool {
        self.ranks[other].0 < self.ranks[place].0
    }
}

fn rank(candidate: &Candidate) -> (u64, Uid) {
    let block = candidate.commit_block.map_or(UNCOMMITTED_BLOCK, |block| block.0);
    (block, candidate.uid)
}
