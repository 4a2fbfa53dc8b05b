//! A report as text: tables while they are narrow, summaries when they are not.

mod explanation;

use super::{Cell, Report, Told};
use crate::commands::table;
use comfy_table::{CellAlignment, Table};
use kinitro_scoring::{MissingCell, Settings, explain::Subsets};

/// With more environments a table has a summary of them instead of a column each.
const COLUMNS: usize = 6;
/// With more miners only so many of the first ranks are explained unasked.
const EXPLAINED: usize = 20;
/// Subsets listed for a miner unless all were asked for.
const LISTED: usize = 16;
/// Sizes of subsets told one by one.
const SIZES: usize = 8;
/// Uids of the frontier told one by one.
const FRONTIER: usize = 40;

/// The whole report; of chosen miners alone if `chosen`.
pub(super) fn report(report: &Report<'_>, chosen: bool, all_subsets: bool) -> String {
    let mut by_rank: Vec<&Told<'_>> = report.miners.iter().collect();
    by_rank.sort_by_key(|miner| miner.rank);
    let listed = if all_subsets { usize::MAX } else { LISTED };
    let names = Names::new(report.environments);
    let mut parts = vec![head(report)];
    if !chosen {
        parts.push(scores(report, &by_rank, &names));
        parts.push(field(report, &names));
    }
    let explained: Vec<&&Told<'_>> = by_rank
        .iter()
        .filter(|miner| miner.explanation.is_some())
        .collect();
    let most = if chosen { usize::MAX } else { EXPLAINED };
    for miner in explained.iter().take(most) {
        parts.push(explanation::explanation(miner, &names, listed));
        if chosen {
            parts.push(cells(&miner.cells, &names));
        }
    }
    let more = explained.len().saturating_sub(most);
    if more > 0 {
        parts.push(format!(
            "{more} more miners are not explained here: --miner UID explains one, --format json all"
        ));
    }
    parts.join("\n\n")
}

/// The environments' names without the family that all of them have.
struct Names {
    skipped: usize,
}

impl Names {
    fn new(environments: &[String]) -> Self {
        let family = |name: &String| name.find('/').map(|slash| name[..=slash].to_owned());
        let first = environments.first().and_then(family);
        let shared = first.filter(|first| {
            environments
                .iter()
                .all(|name| family(name).as_ref() == Some(first))
        });
        Self {
            skipped: shared.map_or(0, |family| family.len()),
        }
    }

    fn short<'a>(&self, name: &'a str) -> &'a str {
        &name[self.skipped..]
    }
}

fn head(report: &Report<'_>) -> String {
    let Settings {
        temperature,
        z_score,
        min_gap,
        max_gap,
        episodes_per_environment,
        min_episodes,
        missing_cell,
        require_points,
    } = report.settings;
    let missing = match missing_cell {
        MissingCell::Expire => "not allowed",
        MissingCell::Zero => "0",
        MissingCell::Exclude => "excluded",
    };
    let paid = if *require_points {
        ", no points no weight"
    } else {
        ""
    };
    format!(
        "{} and {}, scored by {}: temperature {temperature}, z-score {z_score}, gaps {min_gap} to {max_gap},\n\
         {episodes_per_environment} episodes per environment, {min_episodes} needed, missing cells {missing}{paid}",
        several(report.miners.len(), "miner"),
        several(report.environments.len(), "environment"),
        report.strategy
    )
}

fn scores(report: &Report<'_>, miners: &[&Told<'_>], names: &Names) -> String {
    let mut header = vec!["RANK", "UID", "BLOCK"];
    let wide = report.environments.len() > COLUMNS;
    if wide {
        header.extend(["CELLS", "MEAN", "LEAST", "MOST"]);
    } else {
        header.extend(report.environments.iter().map(|name| names.short(name)));
    }
    header.extend(["POINTS", "WEIGHT", "U16"]);
    let mut table = table(&header);
    for miner in miners {
        let star = if report.frontier.contains(&miner.uid) {
            "*"
        } else {
            ""
        };
        let mut row = vec![
            miner.rank.to_string(),
            format!("{}{star}", miner.uid),
            miner
                .commit_block
                .map_or("—".to_owned(), |block| block.to_string()),
        ];
        if wide {
            row.extend(summary(&miner.cells));
        } else {
            row.extend(miner.cells.iter().map(rate));
        }
        row.extend([
            points(miner.points),
            format!("{:.6}", miner.weight),
            miner.weight_u16.to_string(),
        ]);
        table.add_row(row);
    }
    right(&mut table, header.len());
    let rates = if wide {
        "success rates over the cells that count"
    } else {
        "success rates with their 95 % intervals"
    };
    format!("Scores: {rates} (* on the Pareto frontier)\n{}", table.trim_fmt())
}

fn rate(cell: &Cell<'_>) -> String {
    match (cell.success_rate, cell.low, cell.high) {
        (Some(rate), Some(low), Some(high)) => {
            let few = if cell.missing { "?" } else { "" };
            format!(
                "{:.1} %{few} ({:.0}–{:.0})",
                rate * 100.0,
                low * 100.0,
                high * 100.0
            )
        }
        _ => "—".to_owned(),
    }
}

/// How many cells count, and their mean, least and most.
fn summary(cells: &[Cell<'_>]) -> [String; 4] {
    let counted = cells.iter().filter(|cell| !cell.missing);
    let rates: Vec<f64> = counted.filter_map(|cell| cell.success_rate).collect();
    let percent = |rate: Option<f64>| rate.map_or("—".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
    let mean = (!rates.is_empty()).then(|| rates.iter().sum::<f64>() / rates.len() as f64);
    [
        format!("{} of {}", rates.len(), cells.len()),
        percent(mean),
        percent(rates.iter().copied().min_by(f64::total_cmp)),
        percent(rates.iter().copied().max_by(f64::total_cmp)),
    ]
}

/// Thresholds while they are few, the frontier, and what nobody won.
fn field(report: &Report<'_>, names: &Names) -> String {
    let mut parts = Vec::new();
    if report.environments.len() <= COLUMNS {
        let mut header = vec!["UID"];
        header.extend(report.environments.iter().map(|name| names.short(name)));
        let mut table = table(&header);
        for miner in &report.miners {
            let over = |cell: &Cell<'_>| cell.threshold.map_or("—".to_owned(), |over| format!("{over:.4}"));
            let mut row = vec![miner.uid.to_string()];
            row.extend(miner.cells.iter().map(over));
            table.add_row(row);
        }
        let mut epsilons = vec!["ε".to_owned()];
        epsilons.extend(report.epsilons.iter().map(|epsilon| format!("{epsilon:.4}")));
        table.add_row(epsilons);
        right(&mut table, header.len());
        parts.push(format!(
            "Thresholds: what a later miner must be over; ε: the difference that counts for the frontier\n{}\n",
            table.trim_fmt()
        ));
    }
    let frontier: Vec<String> = report.frontier.iter().map(ToString::to_string).collect();
    parts.push(format!("Frontier: {}", list(&frontier, FRONTIER)));
    if report.unwon.is_empty() {
        parts.push("Every subset was won by somebody".to_owned());
    } else {
        let total: u128 = report.unwon.iter().map(|of| of.subsets).sum();
        parts.push(format!(
            "On {} nobody stood, their points go to nobody: {}",
            several(total, "subset"),
            sizes(&report.unwon)
        ));
    }
    parts.join("\n")
}

/// A chosen miner's cells, a line each.
fn cells(cells: &[Cell<'_>], names: &Names) -> String {
    let header = [
        "  ENVIRONMENT",
        "EPISODES",
        "SUCCESSES",
        "RATE",
        "INTERVAL",
        "THRESHOLD",
    ];
    let mut table = table(&header);
    for cell in cells {
        let number = |value: Option<f64>| value.map_or("—".to_owned(), |value| format!("{value:.4}"));
        let interval = match (cell.low, cell.high) {
            (Some(low), Some(high)) => format!("{low:.4}–{high:.4}"),
            _ => "—".to_owned(),
        };
        table.add_row([
            format!("  {}", names.short(cell.environment)),
            cell.episodes.to_string(),
            cell.successes.to_string(),
            number(cell.success_rate),
            interval,
            if cell.missing {
                "missing".to_owned()
            } else {
                number(cell.threshold)
            },
        ]);
    }
    right(&mut table, header.len());
    table.trim_fmt()
}

fn right(table: &mut Table, columns: usize) {
    for index in 1..columns {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Subsets by size; of many sizes only where most of them are.
fn sizes(sizes: &[Subsets]) -> String {
    let each = |of: &Subsets| format!("{} of size {}", of.subsets, of.size);
    match sizes {
        [first, .., last] if sizes.len() > SIZES => {
            let most = sizes.iter().rev().max_by_key(|of| of.subsets).unwrap_or(first);
            format!(
                "of sizes {} to {}, most of size {} ({})",
                first.size, last.size, most.size, most.subsets
            )
        }
        _ => sizes.iter().map(each).collect::<Vec<_>>().join(", "),
    }
}

fn points(points: f64) -> String {
    if points < 1e15 {
        format!("{points:.0}")
    } else {
        format!("{points:.6e}")
    }
}

fn several(count: impl ToString, what: &str) -> String {
    let count = count.to_string();
    let s = if count == "1" { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// The first of a list, and how many more there are.
fn list(all: &[String], most: usize) -> String {
    let more = all.len().saturating_sub(most);
    let first = all[..all.len() - more].join(", ");
    if more > 0 {
        format!("{first} and {more} more")
    } else {
        first
    }
}
