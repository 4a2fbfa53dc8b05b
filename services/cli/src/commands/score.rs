//! `kinitro score`: a table of results scored without a ledger, each miner's points explained.

mod read;
mod rules;
mod text;

use crate::exit::{Exit, print};
use clap::{Args, ValueEnum};
use kinitro_proto::{BlockNumber, Uid};
use kinitro_scoring::{
    Candidate, Scored, Settings,
    confidence::{ranks, wilson},
    explain::{Explainer, Explanation, Subsets},
    score,
};
use read::{Miner, Results};
use rules::Rules;
use serde::Serialize;
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// With no more environments each won subset is listed unasked.
const LISTED_ENVIRONMENTS: usize = 10;
/// With no more pairs of miners times environments each pair is told unasked.
const TOLD_CELLS: usize = 1_000;

/// What to score and what to tell.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Config {
    /// The results as CSV with a header, one row for each miner and environment; - is standard input
    #[arg(long, value_name = "FILE")]
    from: PathBuf,

    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Explain this miner's points alone, with every rival; may be given several times
    #[arg(long, value_name = "UID")]
    miner: Vec<Uid>,

    /// List each subset won, with who was next and the margin; up to 10 environments it is done unasked
    #[arg(long)]
    subsets: bool,

    #[command(flatten)]
    rules: Rules,
}

/// How to print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: wide tables are summarised.
    #[default]
    Text,
    /// One object with everything.
    Json,
}

/// Everything that is told.
#[derive(Debug, Serialize)]
struct Report<'a> {
    strategy: &'static str,
    settings: &'a Settings,
    environments: &'a [String],
    epsilons: &'a [f64],
    frontier: &'a [Uid],
    /// The subsets that nobody won.
    unwon: Vec<Subsets>,
    /// By uid.
    miners: Vec<Told<'a>>,
}

/// A miner's figures.
#[derive(Debug, Serialize)]
struct Told<'a> {
    uid: Uid,
    commit_block: Option<BlockNumber>,
    rank: usize,
    points: f64,
    weight: f64,
    weight_u16: u16,
    cells: Vec<Cell<'a>>,
    explanation: Option<Explanation<'a>>,
}

/// A miner's figures in an environment.
#[derive(Debug, Serialize)]
struct Cell<'a> {
    environment: &'a str,
    episodes: u32,
    successes: u32,
    /// Whether these are too few to count.
    missing: bool,
    success_rate: Option<f64>,
    /// The ends of its 95 % interval.
    low: Option<f64>,
    high: Option<f64>,
    /// What a later miner must be over.
    threshold: Option<f64>,
}

pub(crate) fn run(config: &Config) -> Result<(), Exit> {
    let name = match config.from.display().to_string() {
        dash if dash == "-" => "standard input".to_owned(),
        file => file,
    };
    let refused = |faults: Vec<String>| Exit::Input {
        name: name.clone(),
        faults,
    };
    let results = open(&config.from).and_then(read::read).map_err(refused)?;
    let settings = config.rules.settings(&results).map_err(Exit::Config)?;
    let candidates = rules::candidates(&results, &settings);
    config.find_miners(&results)?;
    if let Some(reason) = rules::too_few(&results, &candidates, &settings) {
        return Err(Exit::Failure(reason));
    }
    let environments = &results.environments;
    let scored = score(environments.len(), &candidates, &settings).map_err(Exit::failure)?;
    let explainer = Explainer::new(environments, &candidates, &settings, &scored).map_err(Exit::failure)?;
    let report = Report {
        strategy: kinitro_audit::STRATEGY,
        settings: &settings,
        environments,
        epsilons: &scored.epsilons,
        frontier: &scored.frontier,
        unwon: explainer.unwon(),
        miners: config.miners(&results, &candidates, &scored, &explainer)?,
    };
    match config.format {
        Format::Json => print(serde_json::to_string(&report).map_err(Exit::failure)?),
        Format::Text => print(text::report(&report, !config.miner.is_empty(), config.subsets)),
    }
}

fn open(path: &Path) -> Result<Box<dyn Read>, Vec<String>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| vec![format!("could not read it: {error}")])?;
    Ok(Box::new(file))
}

impl Config {
    fn find_miners(&self, results: &Results) -> Result<(), Exit> {
        let is_there = |uid: &&Uid| results.miners.iter().any(|miner| miner.uid == **uid);
        match self.miner.iter().find(|uid| !is_there(uid)) {
            Some(uid) => Err(Exit::NotFound(format!("the results have no miner `{uid}`"))),
            None => Ok(()),
        }
    }

    fn miners<'a>(
        &self,
        results: &'a Results,
        candidates: &[Candidate],
        scored: &Scored,
        explainer: &Explainer<'a>,
    ) -> Result<Vec<Told<'a>>, Exit> {
        let ranks = ranks(candidates, &scored.points);
        let miners = results.miners.iter().enumerate();
        let told = |(place, miner): (usize, &'a Miner)| {
            Ok(Told {
                uid: miner.uid,
                commit_block: miner.commit_block,
                rank: ranks[place] + 1,
                points: scored.points[place],
                weight: scored.weights[place],
                weight_u16: scored.weights_u16[place],
                cells: cells(&results.environments, miner, &scored.thresholds[place]),
                explanation: self.explanation(results, place, explainer)?,
            })
        };
        miners.map(told).collect()
    }

    fn explanation<'a>(
        &self,
        results: &Results,
        place: usize,
        explainer: &Explainer<'a>,
    ) -> Result<Option<Explanation<'a>>, Exit> {
        let (uid, miners) = (results.miners[place].uid, results.miners.len());
        let is_chosen = self.miner.contains(&uid);
        if !self.miner.is_empty() && !is_chosen {
            return Ok(None);
        }
        let environments = results.environments.len();
        let subsets = if self.subsets || environments <= LISTED_ENVIRONMENTS {
            explainer.subsets(place).map_err(Exit::failure)?
        } else {
            None
        };
        if self.subsets && subsets.is_none() {
            return Err(Exit::Failure(format!(
                "miner {uid} won more subsets than can be listed: leave out --subsets, they are counted by size"
            )));
        }
        let is_small = miners * miners * environments <= TOLD_CELLS;
        Ok(Some(Explanation {
            subsets,
            rivals: (is_chosen || is_small).then(|| explainer.rivals(place)),
            ..explainer.explain(place)
        }))
    }
}

fn cells<'a>(environments: &'a [String], miner: &Miner, thresholds: &[Option<f64>]) -> Vec<Cell<'a>> {
    let cell = |((environment, cell), threshold): ((&'a String, &Option<read::Cell>), &Option<f64>)| {
        let (successes, episodes) = cell.map_or((0, 0), |cell| (cell.successes, cell.episodes));
        let interval = wilson(successes, episodes);
        Cell {
            environment,
            episodes,
            successes,
            missing: threshold.is_none(),
            success_rate: kinitro_scoring::success_rate(successes, episodes),
            low: interval.map(|(low, _)| low),
            high: interval.map(|(_, high)| high),
            threshold: *threshold,
        }
    };
    let cells = environments.iter().zip(&miner.cells).zip(thresholds);
    cells.map(cell).collect()
}
