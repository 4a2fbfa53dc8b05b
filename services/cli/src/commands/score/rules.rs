//! The strategy's settings as flags: those of a scheduler, without its prefixes.

use super::read::Results;
use clap::Args;
use kinitro_scheduler::MissingCells;
use kinitro_scoring::{Candidate, Law, MissingCell, Settings, success_rate};

/// Short cells named in a message; the rest is counted.
const NAMED: usize = 5;

/// How to score.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Rules {
    /// Softmax temperature of the weights
    #[arg(long, default_value_t = 1.0, value_name = "T")]
    temperature: f64,

    /// Standard errors that a later miner must be better by
    #[arg(long, default_value_t = 1.5, value_name = "Z")]
    z_score: f64,

    /// The least gap that a later miner must be better by
    #[arg(long, default_value_t = 0.02, value_name = "GAP")]
    min_gap: f64,

    /// The most that a later miner need be better by
    #[arg(long, default_value_t = 0.10, value_name = "GAP")]
    max_gap: f64,

    /// Episodes per environment that thresholds reckon with [default: the most of any row]
    #[arg(long, value_name = "N")]
    episodes_per_env: Option<u32>,

    /// Episodes a cell needs; with fewer it is missing [default: half the episodes, rounded up]
    #[arg(long, value_name = "N")]
    min_episodes: Option<u32>,

    /// What a missing cell means: nothing is scored, the miner has 0 there, or takes no part there
    #[arg(long, value_enum, default_value_t, value_name = "RULE")]
    missing_cell: MissingCells,

    /// Give no weight to miners who win no subset of environments
    #[arg(long)]
    require_points: bool,
}

impl Rules {
    /// The settings for these results, or every fault of them.
    pub(super) fn settings(&self, results: &Results) -> Result<Settings, Vec<String>> {
        let cells = || {
            results
                .miners
                .iter()
                .flat_map(|miner| miner.cells.iter().flatten())
        };
        let most = cells().map(|cell| cell.episodes).max().unwrap_or(0);
        let episodes = self.episodes_per_env.unwrap_or(most.max(1));
        let settings = Settings {
            temperature: self.temperature,
            z_score: self.z_score,
            min_gap: self.min_gap,
            max_gap: self.max_gap,
            episodes_per_environment: episodes,
            min_episodes: self.min_episodes.unwrap_or(episodes.div_ceil(2).max(1)),
            missing_cell: self.missing_cell.into(),
            require_points: self.require_points,
        };
        let laws = settings.check().into_iter();
        let mut faults: Vec<String> = laws.map(|law| format!("{}: {law}", flag(law))).collect();
        if most > episodes {
            faults.push(format!(
                "--episodes-per-env: a row has {most} episodes, more than these {episodes}"
            ));
        }
        if faults.is_empty() {
            Ok(settings)
        } else {
            Err(faults)
        }
    }
}

const fn flag(law: Law) -> &'static str {
    match law {
        Law::Temperature => "--temperature",
        Law::ZScore => "--z-score",
        Law::Episodes => "--episodes-per-env",
        Law::MinEpisodes => "--min-episodes",
        _ => "--min-gap, --max-gap",
    }
}

/// The miners as the strategy sees them.
pub(super) fn candidates(results: &Results, settings: &Settings) -> Vec<Candidate> {
    let cell = |cell: &Option<super::read::Cell>| {
        let cell = cell.filter(|cell| cell.episodes >= settings.min_episodes)?;
        success_rate(cell.successes, cell.episodes)
    };
    let candidate = |miner: &super::read::Miner| Candidate {
        uid: miner.uid,
        commit_block: miner.commit_block,
        scores: miner.cells.iter().map(cell).collect(),
    };
    results.miners.iter().map(candidate).collect()
}

/// Why these cannot be scored: missing cells that settings do not forgive.
pub(super) fn too_few(results: &Results, candidates: &[Candidate], settings: &Settings) -> Option<String> {
    if settings.missing_cell != MissingCell::Expire {
        return None;
    }
    let short: Vec<String> = candidates
        .iter()
        .zip(&results.miners)
        .flat_map(|(candidate, miner)| {
            let cells = results
                .environments
                .iter()
                .zip(&miner.cells)
                .zip(&candidate.scores);
            cells
                .filter(|(_, score)| score.is_none())
                .map(move |((environment, cell), _)| {
                    let episodes = cell.map_or(0, |cell| cell.episodes);
                    format!("miner {} in {environment} has {episodes}", miner.uid)
                })
        })
        .collect();
    let all = results.miners.len() * results.environments.len();
    let more = if short.len() > NAMED { ", …" } else { "" };
    let named = short.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let (count, least) = (short.len(), settings.min_episodes);
    (count > 0).then(|| {
        format!(
            "{count} of {all} cells have fewer than the {least} episodes they need, a cycle would expire: \
             {named}{more} (--missing-cell zero or exclude scores them, --min-episodes asks for fewer)"
        )
    })
}
