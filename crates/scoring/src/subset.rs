//! Who wins which subsets of the environments (v2 §11.6), and the points for them (§11.7).
//!
//! A subset is a bitmask, bit `e` for environment `e`. Whether a candidate stands on a subset depends on inclusion
//! alone, so all subsets are decided together as bitmaps over the 2^E masks: with M candidates and E environments
//! M²·E + M·E·2^E/64 steps of one word, about 10^8 at 256 and 20.

use crate::{Candidate, UNCOMMITTED_BLOCK, threshold};
use kinitro_proto::Uid;

/// Points for winning a subset, by its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    /// The size. What v2 pays and `pareto-subset` uses.
    #[default]
    Linear,
    /// 2^(size − 1). Known to v2, never chosen there.
    Exponential,
    /// 1. Known to v2, never chosen there.
    Equal,
}

impl Scheme {
    fn points(self, size: u32) -> f64 {
        match self {
            Self::Linear => f64::from(size),
            Self::Exponential => f64::from(size - 1).exp2(),
            Self::Equal => 1.0,
        }
    }
}

/// The non-empty subsets that a candidate wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wins(Bitmap);

impl Wins {
    /// Whether the subset is among them.
    #[must_use]
    pub fn contains(&self, subset: u32) -> bool {
        self.0.contains(subset)
    }

    /// The points for them: exact, they are whole and far below 2^53.
    #[must_use]
    pub fn points(&self, scheme: Scheme) -> f64 {
        self.0
            .sizes()
            .iter()
            .zip(0u32..)
            .skip(1)
            .map(|(&count, size)| f64::from(count) * scheme.points(size))
            .sum()
    }
}

/// Decides every non-empty subset: the wins of each candidate, in the candidates' order.
///
/// A candidate *beats* another on a subset iff there its every score is over the other's threshold. In the order of
/// (block, uid) the first candidate wins that *stands*: nobody who committed no earlier beats it, and it beats everyone
/// who committed earlier. It may be that none does, then nobody wins. `thresholds` are the candidates' own, cell by cell.
#[must_use]
pub fn contest(environments: usize, candidates: &[Candidate], thresholds: &[Vec<Option<f64>>]) -> Vec<Wins> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|&place| rank(&candidates[place]));
    let mut open = Bitmap::within(environments, full(environments));
    // The empty subset is no contest.
    open.words[0] &= !1;
    let mut wins = vec![Wins(Bitmap::empty(environments)); candidates.len()];
    for place in order {
        let mut stands = standing(environments, place, candidates, thresholds);
        stands.keep(&open);
        open.remove(&stands);
        wins[place] = Wins(stands);
    }
    wins
}

fn rank(candidate: &Candidate) -> (u64, Uid) {
    (
        candidate.commit_block.map_or(UNCOMMITTED_BLOCK, |block| block.0),
        candidate.uid,
    )
}

/// The subsets on which the candidate stands: within all that it must win, within none that it loses.
fn standing(
    environments: usize,
    place: usize,
    candidates: &[Candidate],
    thresholds: &[Vec<Option<f64>>],
) -> Bitmap {
    let beats = |winner: usize, loser: usize| mask(&candidates[winner].scores, &thresholds[loser]);
    let mut must_win = full(environments);
    let mut lost = Bitmap::empty(environments);
    for other in (0..candidates.len()).filter(|&other| other != place) {
        if rank(&candidates[place]).0 <= rank(&candidates[other]).0 {
            lost.insert(beats(other, place));
        } else {
            must_win &= beats(place, other);
        }
    }
    let mut stands = Bitmap::empty(environments);
    if must_win != 0 {
        stands.insert(must_win);
        stands.close_downwards(environments);
        lost.close_downwards(environments);
        stands.remove(&lost);
    }
    stands
}

/// The environments in which the scores are over the thresholds.
fn mask(scores: &[Option<f64>], thresholds: &[Option<f64>]) -> u32 {
    let cells = scores.iter().zip(thresholds);
    let ahead = cells.map(|(score, over)| score.unwrap_or(0.0) > over.unwrap_or(threshold::MISSING));
    ahead
        .zip(0u32..)
        .fold(0, |mask, (ahead, e)| mask | u32::from(ahead) << e)
}

fn full(environments: usize) -> u32 {
    (1 << environments) - 1
}

/// A set of subsets: bit `s` stands for the subset with mask `s`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bitmap {
    words: Vec<u64>,
}

/// Within a word: the bits whose index has bit `i`.
const HAS_BIT: [u64; 6] = [
    0xaaaa_aaaa_aaaa_aaaa,
    0xcccc_cccc_cccc_cccc,
    0xf0f0_f0f0_f0f0_f0f0,
    0xff00_ff00_ff00_ff00,
    0xffff_0000_ffff_0000,
    0xffff_ffff_0000_0000,
];

impl Bitmap {
    fn empty(environments: usize) -> Self {
        Self {
            words: vec![0; 1 << environments.saturating_sub(6)],
        }
    }

    fn within(environments: usize, mask: u32) -> Self {
        let mut all = Self::empty(environments);
        all.insert(mask);
        all.close_downwards(environments);
        all
    }

    fn insert(&mut self, subset: u32) {
        self.words[subset as usize / 64] |= 1 << (subset % 64);
    }

    fn contains(&self, subset: u32) -> bool {
        self.words
            .get(subset as usize / 64)
            .is_some_and(|word| word >> (subset % 64) & 1 == 1)
    }

    fn keep(&mut self, other: &Self) {
        self.words
            .iter_mut()
            .zip(&other.words)
            .for_each(|(word, other)| *word &= other);
    }

    fn remove(&mut self, other: &Self) {
        self.words
            .iter_mut()
            .zip(&other.words)
            .for_each(|(word, other)| *word &= !other);
    }

    /// Adds every subset of every member: one environment after the other is left out.
    fn close_downwards(&mut self, environments: usize) {
        for (bit, has) in HAS_BIT.iter().enumerate().take(environments) {
            self.words
                .iter_mut()
                .for_each(|word| *word |= (*word & has) >> (1 << bit));
        }
        for bit in 6..environments {
            let stride = 1 << (bit - 6);
            for pair in self.words.chunks_exact_mut(2 * stride) {
                let (without, with) = pair.split_at_mut(stride);
                without
                    .iter_mut()
                    .zip(with)
                    .for_each(|(without, with)| *without |= *with);
            }
        }
    }

    /// How many members there are of each size.
    fn sizes(&self) -> [u32; 33] {
        let mut sizes = [0; 33];
        for (index, &word) in self.words.iter().enumerate().filter(|(_, word)| **word != 0) {
            for bit in (0..64u32).filter(|bit| word >> bit & 1 == 1) {
                sizes[(index.count_ones() + bit.count_ones()) as usize] += 1;
            }
        }
        sizes
    }
}
