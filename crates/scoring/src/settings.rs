use serde::{Deserialize, Serialize};

/// The knobs of `pareto-subset`; the defaults are v2's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Softmax temperature, in points: the higher, the more even the weights. Over 0.
    pub temperature: f64,
    /// Standard errors by which a later candidate must be ahead of an earlier one.
    pub z_score: f64,
    /// The least a later candidate must be ahead by, as a success rate.
    pub min_gap: f64,
    /// The most a later candidate must be ahead by, as a success rate.
    pub max_gap: f64,
    /// Episodes per environment as configured, whatever number was run.
    pub episodes_per_environment: u32,
    /// Results that a cell needs; with fewer it is missing.
    pub min_episodes: u32,
    /// What a missing cell means.
    pub missing_cell: MissingCell,
    /// Whether who wins no subset gets no weight. v2 paid them too.
    pub require_points: bool,
}

/// What a cell with fewer than `min_episodes` results means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingCell {
    /// The cycle cannot be scored: the previous weights stand.
    #[default]
    Expire,
    /// It counts as a success rate of 0, as in v2.
    Zero,
    /// Its miner takes no part in that environment: it wins no subset with it, and there it stands in nobody's way.
    Exclude,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            z_score: 1.5,
            min_gap: 0.02,
            max_gap: 0.10,
            episodes_per_environment: 50,
            min_episodes: 25,
            missing_cell: MissingCell::Expire,
            require_points: false,
        }
    }
}

/// A law that settings break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Law {
    /// The temperature divides points.
    #[error("the temperature must be a finite number over 0")]
    Temperature,
    /// A z-score below 0 would let later candidates win while behind.
    #[error("the z-score must be a finite number, at least 0")]
    ZScore,
    /// A gap is a difference of success rates.
    #[error("the gaps must be from 0 to 1")]
    GapRange,
    /// The bounds are of one interval.
    #[error("the least gap must not be over the greatest")]
    GapOrder,
    /// Thresholds divide by the number of episodes.
    #[error("there must be at least one episode per environment")]
    Episodes,
    /// A cell without results is missing; one cannot have more than were run.
    #[error("the least number of results of a cell must be from 1 to the episodes per environment")]
    MinEpisodes,
}

impl Settings {
    /// Lists every law these settings break; empty when there is none.
    ///
    /// [`score`](crate::score) itself refuses only the temperature, as v2 did, so that old cycles can be computed again.
    #[must_use]
    pub fn check(&self) -> Vec<Law> {
        let positive = self.temperature.is_finite() && self.temperature > 0.0;
        let z_score = self.z_score.is_finite() && self.z_score >= 0.0;
        let range = [self.min_gap, self.max_gap]
            .iter()
            .all(|gap| (0.0..=1.0).contains(gap));
        let laws = [
            (positive, Law::Temperature),
            (z_score, Law::ZScore),
            (range, Law::GapRange),
            (self.min_gap <= self.max_gap, Law::GapOrder),
            (self.episodes_per_environment > 0, Law::Episodes),
            (
                (1..=self.episodes_per_environment.max(1)).contains(&self.min_episodes),
                Law::MinEpisodes,
            ),
        ];
        laws.into_iter()
            .filter(|(holds, _)| !holds)
            .map(|(_, law)| law)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_break_no_law() {
        assert_eq!(Settings::default().check(), []);
    }

    #[test]
    fn all_faults_are_listed_at_once() {
        let settings = Settings {
            temperature: f64::NAN,
            z_score: -1.0,
            min_gap: 2.0,
            max_gap: 0.5,
            episodes_per_environment: 0,
            min_episodes: 0,
            ..Settings::default()
        };
        let expected = [
            Law::Temperature,
            Law::ZScore,
            Law::GapRange,
            Law::GapOrder,
            Law::Episodes,
            Law::MinEpisodes,
        ];
        assert_eq!(settings.check(), expected);
    }
}
