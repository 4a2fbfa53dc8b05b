//! `kinitro test-scoring`: random scores from end to end, to see what the strategy does.

use crate::{
    commands::table,
    exit::{Exit, print},
};
use clap::Args;
use kinitro_proto::{BlockNumber, Uid};
use kinitro_scoring::{Candidate, MAX_ENVIRONMENTS, Scored, Settings, score};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};
use std::fmt::Write;

/// With more environments a miner's scores are summarised.
const COLUMNS: usize = 8;
/// As many as can be compared with each other within seconds.
const MAX_MINERS: i64 = 4_096;

/// What to make up.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Config {
    /// Miners; miner i commits at block 1000 + 100·i
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=MAX_MINERS))]
    n_miners: u16,

    /// Environments
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=MAX_ENVIRONMENTS as i64))]
    n_envs: u8,

    /// Episodes per environment, which thresholds depend on
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    episodes_per_env: u32,

    /// The random seed, to have the same scores again [default: a new one, which is printed]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

pub(crate) fn run(config: &Config) -> Result<(), Exit> {
    let seed = config.seed.unwrap_or_else(rand::random);
    let environments = usize::from(config.n_envs);
    let settings = Settings {
        episodes_per_environment: config.episodes_per_env,
        ..Settings::default()
    };
    let candidates = config.candidates(seed);
    let scored = score(environments, &candidates, &settings).map_err(Exit::failure)?;
    print(format!(
        "{} miners, {environments} environments, {} episodes each; random seed {seed} (--seed {seed} has the same \
         again)\n\n{}",
        config.n_miners,
        config.episodes_per_env,
        text(&candidates, &scored)
    ))
}

impl Config {
    /// Scores from 0.3 to 0.9, each as likely: the words of `ChaCha20`, 53 bits of each pair, miner by miner.
    fn candidates(&self, seed: u64) -> Vec<Candidate> {
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        let mut draw = || {
            let unit = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
            Some(0.3 + 0.6 * unit)
        };
        let miner = |uid: u16| Candidate {
            uid: Uid(uid),
            commit_block: Some(BlockNumber(1000 + 100 * u64::from(uid))),
            scores: (0..self.n_envs).map(|_| draw()).collect(),
        };
        (0..self.n_miners).map(miner).collect()
    }
}

fn text(candidates: &[Candidate], scored: &Scored) -> String {
    let mut text = String::from("Scores\n");
    text += &scores(candidates);
    let frontier: Vec<String> = scored.frontier.iter().map(ToString::to_string).collect();
    let mut line = |arguments: std::fmt::Arguments<'_>| {
        text.write_fmt(arguments)
            .expect("writing to a string cannot fail");
    };
    line(format_args!("\n\nPareto frontier: {}\n\n", frontier.join(", ")));
    let mut table = table(&["UID", "BLOCK", "SUBSET POINTS", "WEIGHT"]);
    for (place, candidate) in candidates.iter().enumerate() {
        table.add_row([
            candidate.uid.to_string(),
            candidate
                .commit_block
                .map_or(String::new(), |block| block.to_string()),
            format!("{:.1}", scored.points[place]),
            format!("{:.4}", scored.weights[place]),
        ]);
    }
    line(format_args!("{}", table.trim_fmt()));
    text
}

fn scores(candidates: &[Candidate]) -> String {
    let environments = candidates.first().map_or(0, |first| first.scores.len());
    let mut header = vec!["UID".to_owned()];
    if environments <= COLUMNS {
        header.extend((0..environments).map(|e| format!("ENV_{e}")));
    } else {
        header.extend(["MEAN", "LEAST", "MOST"].map(str::to_owned));
    }
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = table(&header);
    for candidate in candidates {
        let rates: Vec<f64> = candidate.scores.iter().flatten().copied().collect();
        let shown = if environments <= COLUMNS {
            rates
        } else {
            let mean = rates.iter().sum::<f64>() / rates.len() as f64;
            let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
            let most = rates.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            vec![mean, least, most]
        };
        let mut row = vec![candidate.uid.to_string()];
        row.extend(shown.iter().map(|rate| format!("{rate:.4}")));
        table.add_row(row);
    }
    table.trim_fmt()
}
