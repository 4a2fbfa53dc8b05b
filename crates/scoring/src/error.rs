use kinitro_proto::Uid;

/// Why scores could not be turned into weights.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Weights at such a temperature are no numbers.
    #[error("the temperature must be over 0, it is `{0}`")]
    Temperature(f64),
    /// A set of environments is one word, so their number is bounded.
    #[error("`{found}` environments are more than `pareto-subset` scores, which is `{limit}`")]
    TooManyEnvironments {
        /// Environments asked for.
        found: usize,
        /// Environments that can be scored.
        limit: usize,
    },
    /// Counting ends at a bound: these scores are made to be hard.
    #[error("the subsets that candidate `{uid}` wins cannot be counted in `{steps}` steps")]
    TooHard {
        /// The candidate; of one block with others, the first of them.
        uid: Uid,
        /// The steps it may take.
        steps: u64,
    },
    /// Settings pay only who has points.
    #[error("nobody has points, and weights require points")]
    NoPoints,
    /// A candidate's scores are not one cell per environment.
    #[error("candidate `{uid}` has `{found}` cells, there are `{expected}` environments")]
    Cells {
        /// The candidate.
        uid: Uid,
        /// Cells it has.
        found: usize,
        /// Environments there are.
        expected: usize,
    },
    /// A score is not a success rate.
    #[error("candidate `{uid}` has the score `{score}`, which is not in 0 … 1")]
    Score {
        /// The candidate.
        uid: Uid,
        /// The score.
        score: f64,
    },
    /// The candidate stands twice in the list.
    #[error("candidate `{uid}` is listed twice")]
    Twice {
        /// The candidate.
        uid: Uid,
    },
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
