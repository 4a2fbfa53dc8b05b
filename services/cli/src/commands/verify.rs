//! `kinitro verify`: whether a cycle's weights are what its evidence comes to, told as a list of checks.

mod json;
mod text;

use crate::exit::{Exit, print};
use clap::{Args, ValueEnum};
use kinitro_audit::{Error, Judged, MinerWeight, WeightEntry, verify::Refusal};
use kinitro_chassis::report;
use kinitro_proto::{Hotkey, Uid};
use kinitro_validator::verify::{self, Findings, Outcome};
use serde::Serialize;

/// What to check, and how to tell.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Config {
    #[command(flatten)]
    pub(crate) verify: verify::Config,
    /// How to tell what was found
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A list to read
    #[default]
    Text,
    /// One JSON object
    Json,
}

/// What a miner gets.
#[derive(Debug, Serialize)]
struct Miner<'a> {
    uid: Uid,
    hotkey: &'a Hotkey,
    points: f64,
    weight: f64,
    weight_u16: u16,
}

impl<'a> From<&'a WeightEntry> for Miner<'a> {
    fn from(entry: &'a WeightEntry) -> Self {
        Self {
            uid: entry.uid,
            hotkey: &entry.hotkey,
            points: entry.points,
            weight: entry.weight,
            weight_u16: entry.weight_u16,
        }
    }
}

impl<'a> From<&'a MinerWeight> for Miner<'a> {
    fn from(miner: &'a MinerWeight) -> Self {
        Self {
            uid: miner.uid,
            hotkey: &miner.hotkey,
            points: miner.points,
            weight: miner.weight,
            weight_u16: miner.weight_u16,
        }
    }
}

pub(crate) async fn run(config: Config) -> Result<(), Exit> {
    let findings = verify::run(&config.verify).await?;
    print(match config.format {
        Format::Text => text::told(&findings),
        Format::Json => json::told(&findings)?,
    })?;
    ended(&findings)
}

fn ended(findings: &Findings) -> Result<(), Exit> {
    match &findings.outcome {
        Outcome::Verified(_) => Ok(()),
        Outcome::Refused(refusal) => Err(Exit::Failure(format!(
            "not verified, check `{}`: {}",
            refusal.check,
            why(refusal)
        ))),
        Outcome::Alone(recomputed) => Err(Exit::Failure(match recomputed.judged {
            Judged::Settled(_) => "nothing vouches for these weights: no signed document was compared; give \
                 --weights or --gateway"
                .to_owned(),
            Judged::Expired(_) => "the evidence gives no weights".to_owned(),
        })),
    }
}

/// The weights and the frontier, where there are any.
fn weights(outcome: &Outcome) -> Option<(Vec<Miner<'_>>, &[Uid])> {
    match outcome {
        Outcome::Verified(report) => {
            let content = report.document.content();
            Some((content.miners.iter().map(Into::into).collect(), &content.frontier))
        }
        Outcome::Alone(recomputed) => match &recomputed.judged {
            Judged::Settled(verdict) => {
                let miners = verdict.miners.iter().map(Into::into).collect();
                Some((miners, &verdict.frontier))
            }
            Judged::Expired(_) => None,
        },
        Outcome::Refused(_) => None,
    }
}

/// All of what did not hold, on one line.
fn why(refusal: &Refusal) -> String {
    let safe = report(&refusal.error).to_string();
    let safe = safe.chars().map(|c| if c.is_control() { ' ' } else { c });
    safe.take(1000).collect()
}

/// What should have been and what was, where two things were compared.
fn mismatch(error: &Error) -> Option<(&str, &str)> {
    match error {
        Error::Line { source, .. } => mismatch(source),
        Error::Mismatch { expected, found } => Some((expected, found)),
        _ => None,
    }
}
