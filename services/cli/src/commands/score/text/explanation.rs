//! A miner's points as prose.

use super::{Names, list, points, several, sizes};
use crate::commands::score::Told;
use kinitro_scoring::explain::{Barred, Cell, Explanation, Lead, Loss, Rival, Rivals, WonSubset};

/// Environments of a list that are named; the rest is counted.
const NAMED: usize = 8;

/// A heading, and a line for each thing there is to say.
pub(super) fn explanation(miner: &Told<'_>, names: &Names, listed: usize) -> String {
    let block = miner
        .commit_block
        .map_or("whose block is not known".to_owned(), |block| {
            format!("committed at block {block}")
        });
    let mut text = format!(
        "Miner {}, {block}: rank {}, {}, weight {:.6}",
        miner.uid,
        miner.rank,
        several(points(miner.points), "point"),
        miner.weight
    );
    let lines = miner
        .explanation
        .iter()
        .flat_map(|told| lines(told, names, listed));
    for line in lines {
        text += "\n  ";
        text += &line;
    }
    text
}

fn lines(told: &Explanation<'_>, names: &Names, listed: usize) -> Vec<String> {
    let mut lines = vec![won(told), reach(told, names)];
    let (barred, more) = nearest(&told.barred, |barred| barred.worst.map(|worst| worst.margin));
    lines.extend(barred.iter().map(|barred| bar(barred, names)));
    if more > 0 {
        lines.push(format!("and barred from {more} more environments, by more"));
    }
    lines.extend(told.losses.iter().map(|loss| lost(loss, names)));
    if told.more_losses > 0 {
        lines.push(format!("and loses {} more such sets to others", told.more_losses));
    }
    if let Some(subsets) = &told.subsets {
        lines.extend(subsets.iter().take(listed).map(|won| subset(won, names)));
        let more = subsets.len().saturating_sub(listed);
        if more > 0 {
            lines.push(format!(
                "and {} more (--subsets lists all)",
                several(more, "subset")
            ));
        }
    }
    lines.extend(told.rivals.iter().flat_map(|rivals| pairs(rivals, names)));
    lines
}

fn won(told: &Explanation<'_>) -> String {
    let total: u128 = told.won.iter().map(|of| of.subsets).sum();
    if total == 0 {
        return "won no subset".to_owned();
    }
    format!("won {}: {}", several(total, "subset"), sizes(&told.won))
}

fn reach(told: &Explanation<'_>, names: &Names) -> String {
    let all = told.reach.len() + told.barred.len();
    if told.reach.is_empty() {
        return format!(
            "could win nothing: in none of {all} environments is it ahead of all who were earlier"
        );
    }
    let tightest =
        told.tightest
            .as_ref()
            .map_or("; nobody who takes part there was earlier".to_owned(), |lead| {
                format!(
                    "; ahead there of all who were earlier, at least {}",
                    over(lead, names)
                )
            });
    format!(
        "could win subsets of {} of {all} environments, {}{tightest}",
        told.reach.len(),
        set(&told.reach, names)
    )
}

fn bar(barred: &Barred<'_>, names: &Names) -> String {
    let environment = names.short(barred.environment);
    let Some(worst) = barred.worst.as_ref().filter(|_| barred.by > 0) else {
        return format!("takes no part in {environment}");
    };
    format!(
        "barred from {environment} by {}: {:.4} is not over the {:.4} of miner {}, {} short",
        several(barred.by, "earlier miner"),
        worst.score,
        worst.threshold,
        worst.uid,
        gap(-worst.margin)
    )
}

fn lost(loss: &Loss<'_>, names: &Names) -> String {
    let by = loss.tightest.as_ref().map_or(String::new(), |lead| {
        format!(", ahead there by at least {}", amount(lead, names))
    });
    let block = loss
        .commit_block
        .map_or(String::new(), |block| format!(" (block {block})"));
    format!(
        "loses what lies within {} to miner {}{block}{by}",
        set(&loss.environments, names),
        loss.uid
    )
}

fn subset(won: &WonSubset<'_>, names: &Names) -> String {
    let environments = set(&won.environments, names);
    match won.runner_up {
        None => format!("won {environments}: nobody else takes part there"),
        Some(runner_up) => {
            let who = if runner_up.next {
                "who would have had it next"
            } else {
                "the nearest, though nobody would have had it next"
            };
            format!(
                "won {environments}: held against miner {} by {} in {}, {who}",
                runner_up.uid,
                gap(runner_up.margin),
                names.short(runner_up.environment)
            )
        }
    }
}

fn pairs(rivals: &Rivals<'_>, names: &Names) -> Vec<String> {
    let mut lines = Vec::new();
    if !rivals.earlier.is_empty() {
        lines.push("against the thresholds of who was earlier:".to_owned());
        lines.extend(rivals.earlier.iter().map(|rival| pair(rival, names)));
    }
    if !rivals.later.is_empty() {
        lines.push("those of its block or later against its own:".to_owned());
        lines.extend(rivals.later.iter().map(|rival| pair(rival, names)));
    }
    lines
}

fn pair(rival: &Rival<'_>, names: &Names) -> String {
    let block = match rival.commit_block {
        _ if rival.same_block => " (same block)".to_owned(),
        Some(block) => format!(" (block {block})"),
        None => String::new(),
    };
    let margins = |cells: &[Cell<'_>]| {
        let margin = |cell: &&Cell<'_>| {
            let sign = if cell.margin > Some(0.0) { "+" } else { "" };
            let margin = cell
                .margin
                .map_or("no part".to_owned(), |margin| format!("{sign}{}", gap(margin)));
            format!("{} {margin}", names.short(cell.environment))
        };
        let (nearest, more) = nearest(cells, |cell| cell.margin);
        let named: Vec<String> = nearest.iter().map(margin).collect();
        let more = (more > 0).then(|| format!(" and {more} more, by more"));
        named.join(", ") + &more.unwrap_or_default()
    };
    let told = |word: &str, cells: &[Cell<'_>]| match cells {
        [] => format!("{word} nowhere"),
        cells => format!("{word} in {}: {}", cells.len(), margins(cells)),
    };
    format!(
        "  miner {}{block}: {}; {}",
        rival.uid,
        told("ahead", &rival.ahead),
        told("not", &rival.behind)
    )
}

fn over(lead: &Lead<'_>, names: &Names) -> String {
    format!(
        "by {} (in {}, {:.4} over the {:.4} of miner {})",
        gap(lead.margin),
        names.short(lead.environment),
        lead.score,
        lead.threshold,
        lead.uid
    )
}

fn amount(lead: &Lead<'_>, names: &Names) -> String {
    format!("{} (in {})", gap(lead.margin), names.short(lead.environment))
}

fn set(environments: &[&str], names: &Names) -> String {
    let short: Vec<String> = environments
        .iter()
        .map(|name| names.short(name).to_owned())
        .collect();
    format!("{{{}}}", list(&short, NAMED))
}

/// All while they are few; else those with the smallest margins, in their order, and how many others there are.
fn nearest<T>(all: &[T], margin: impl Fn(&T) -> Option<f64>) -> (Vec<&T>, usize) {
    let mut places: Vec<usize> = (0..all.len()).collect();
    let distance = |place: &usize| margin(&all[*place]).map_or(f64::INFINITY, f64::abs);
    places.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    places.truncate(NAMED);
    places.sort_unstable();
    (
        places.iter().map(|&place| &all[place]).collect(),
        all.len().saturating_sub(NAMED),
    )
}

/// A difference of rates; one that would look like none is not rounded to none, and there is no minus before 0.
fn gap(margin: f64) -> String {
    if margin == 0.0 {
        "0".to_owned()
    } else if margin.abs() < 5e-5 {
        format!("{margin:.0e}")
    } else {
        format!("{margin:.4}")
    }
}
