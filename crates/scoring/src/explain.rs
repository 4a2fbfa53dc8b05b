//! Why a candidate has the points it has: which subsets it won, from whom, against whom it lost others, by what margin.
//!
//! Facts, not prose: what prints them as text or JSON prints the same. Nothing here decides; points are those of
//! [`score`](crate::score).

mod field;
mod listing;

pub use listing::{MAX_LISTED, MAX_LISTED_STEPS, RunnerUp, WonSubset};

use crate::{
    Candidate, Result, Scored, Settings,
    subset::{self, Contest, Sizes},
};
use field::{Field, least};
use kinitro_proto::{BlockNumber, Uid};
use num_bigint::BigUint;
use serde::Serialize;

/// Losses that are named in an [`Explanation`]; the rest is counted.
pub const NAMED_LOSSES: usize = 8;

/// Everything one can ask about a scored field of candidates.
#[derive(Debug)]
pub struct Explainer<'a> {
    field: Field<'a>,
    won: Vec<Sizes>,
}

/// Subsets of one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Subsets {
    /// Environments in each of them.
    pub size: usize,
    /// How many of that size there are.
    pub subsets: u128,
}

/// One candidate's points, accounted for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation<'a> {
    /// The miner.
    pub uid: Uid,
    /// The block of its commitment.
    pub commit_block: Option<BlockNumber>,
    /// Its points: the sum of `size` × `subsets` over `won`.
    pub points: f64,
    /// The subsets it won, by size; sizes of which it won none are left out.
    pub won: Vec<Subsets>,
    /// The largest set it could win: the environments in which it is ahead of everyone who committed earlier. All it won
    /// lies within.
    pub reach: Vec<&'a str>,
    /// The other environments, and who stands before it there.
    pub barred: Vec<Barred<'a>>,
    /// Its smallest lead within `reach` over anyone who committed earlier; nothing if nobody did.
    pub tightest: Option<Lead<'a>>,
    /// Who takes what from `reach`: later miners, and those of the same block, that are ahead of it there. The sets that
    /// lie in no other of them, largest first, at most [`NAMED_LOSSES`].
    pub losses: Vec<Loss<'a>>,
    /// How many more such sets there are.
    pub more_losses: usize,
    /// Every subset won, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subsets: Option<Vec<WonSubset<'a>>>,
    /// Every pair it is in, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rivals: Option<Rivals<'a>>,
}

/// An environment that a candidate cannot win any subset with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Barred<'a> {
    /// The environment.
    pub environment: &'a str,
    /// How many who committed earlier it is not ahead of; 0 if it takes no part there.
    pub by: usize,
    /// The greatest of their thresholds, and how far it is from being over it.
    pub worst: Option<Lead<'a>>,
}

/// A score against the threshold of one who stands there already.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lead<'a> {
    /// Whom it is compared with.
    pub uid: Uid,
    /// Where.
    pub environment: &'a str,
    /// The score of the later one.
    pub score: f64,
    /// The threshold of the earlier one.
    pub threshold: f64,
    /// Score − threshold: the later one is ahead if this is over 0.
    pub margin: f64,
}

/// What a candidate loses to another one: each subset of these environments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Loss<'a> {
    /// Who is ahead of it.
    pub uid: Uid,
    /// When that one committed.
    pub commit_block: Option<BlockNumber>,
    /// The environments within the candidate's `reach` in which it is.
    pub environments: Vec<&'a str>,
    /// Where its lead is smallest.
    pub tightest: Option<Lead<'a>>,
}

/// Every pair a candidate is in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rivals<'a> {
    /// Who committed earlier: the candidate's scores against their thresholds. It must be ahead of them all.
    pub earlier: Vec<Rival<'a>>,
    /// Who committed in the same block or later: their scores against the candidate's thresholds. Nobody may be ahead of
    /// it in all of a subset.
    pub later: Vec<Rival<'a>>,
}

/// A candidate and one other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rival<'a> {
    /// The other.
    pub uid: Uid,
    /// When that one committed.
    pub commit_block: Option<BlockNumber>,
    /// Whether in the same block: then neither need be ahead of the other, and the lower uid wins where both stand.
    pub same_block: bool,
    /// Where the later one is ahead of the earlier one, each environment in order.
    pub ahead: Vec<Cell<'a>>,
    /// Where it is not.
    pub behind: Vec<Cell<'a>>,
}

/// A later one's score and an earlier one's threshold; either is absent where its miner takes no part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cell<'a> {
    /// Where.
    pub environment: &'a str,
    /// The score of the later one.
    pub score: Option<f64>,
    /// The threshold of the earlier one.
    pub threshold: Option<f64>,
    /// Score − threshold, if there are both.
    pub margin: Option<f64>,
}

impl<'a> Explainer<'a> {
    /// What was scored, with which settings, and what it came to. The subsets are counted once more.
    ///
    /// # Errors
    ///
    /// As [`score`](crate::score).
    pub fn new(
        environments: &'a [String],
        candidates: &'a [Candidate],
        settings: &'a Settings,
        scored: &'a Scored,
    ) -> Result<Self> {
        let contest = Contest::new(environments.len(), candidates, settings)?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let won = contest.count(threads, subset::STEPS)?;
        let field = Field {
            environments,
            candidates,
            settings,
            scored,
            contest,
        };
        Ok(Self { field, won })
    }

    /// The subsets that nobody won, by size: on them nobody stood, and nobody has points for them.
    #[must_use]
    pub fn unwon(&self) -> Vec<Subsets> {
        let environments = self.field.environments.len();
        // The binomials, one from the one before; each product is a multiple of what divides it.
        let mut all: BigUint = 1u8.into();
        let mut unwon = Vec::new();
        for size in 1..=environments {
            all = all * (environments + 1 - size) / size;
            let won: u128 = self.won.iter().map(|won| won.of(size)).sum();
            let left = u128::try_from(&all).expect("the most, of 64 in 128, is below 2^125") - won;
            if left > 0 {
                unwon.push(Subsets { size, subsets: left });
            }
        }
        unwon
    }

    /// The candidate at that place, without lists of subsets and rivals.
    #[must_use]
    pub fn explain(&self, place: usize) -> Explanation<'a> {
        let field = &self.field;
        let candidate = &field.candidates[place];
        let reach = field.contest.must_win(place);
        let (losses, more_losses) = field.losses(place, reach);
        let leads = field
            .earlier(place)
            .filter_map(|other| field.tightest(place, other, reach, other));
        let won = self.won[place].iter();
        Explanation {
            uid: candidate.uid,
            commit_block: candidate.commit_block,
            points: field.scored.points[place],
            won: won.map(|(size, subsets)| Subsets { size, subsets }).collect(),
            reach: field.names(reach),
            barred: field.barred(place, reach),
            tightest: least(leads),
            losses,
            more_losses,
            subsets: None,
            rivals: None,
        }
    }

    /// The same candidate's pairs: a cell for each other candidate and environment.
    #[must_use]
    pub fn rivals(&self, place: usize) -> Rivals<'a> {
        self.field.rivals(place)
    }
}

impl<'a> Rival<'a> {
    /// Where the lead is smallest.
    #[must_use]
    pub fn tightest(&self) -> Option<Lead<'a>> {
        least(self.ahead.iter().filter_map(|cell| cell.lead(self.uid)))
    }

    /// Where the most is wanting.
    #[must_use]
    pub fn worst(&self) -> Option<Lead<'a>> {
        least(self.behind.iter().filter_map(|cell| cell.lead(self.uid)))
    }
}

impl<'a> Cell<'a> {
    fn lead(&self, uid: Uid) -> Option<Lead<'a>> {
        Some(Lead {
            uid,
            environment: self.environment,
            score: self.score?,
            threshold: self.threshold?,
            margin: self.margin?,
        })
    }
}
