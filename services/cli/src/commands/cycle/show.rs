//! A cycle as text.

use crate::commands::{short, table};
use comfy_table::CellAlignment;
use kinitro_store::{
    Cycle,
    read::{FamilyProgress, Leaderboard, Weights},
};

/// The newest cycles, a line each.
pub(super) fn list(cycles: &[Cycle]) -> String {
    let mut table = table(&[
        "CYCLE",
        "STATE",
        "BLOCK",
        "MINERS",
        "ENVIRONMENTS",
        "EPISODES",
        "OPENED",
    ]);
    for cycle in cycles {
        table.add_row([
            cycle.id.to_string(),
            cycle.state.to_string(),
            cycle.block_number.to_string(),
            cycle.miners.to_string(),
            cycle.environments.len().to_string(),
            cycle.episodes_per_environment.to_string(),
            cycle.opened_at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        ]);
    }
    table.trim_fmt()
}

/// A cycle that has no scores.
pub(super) fn unsettled(cycle: &Cycle, families: &[FamilyProgress]) -> String {
    let mut text = format!("cycle {} is {}", cycle.id, cycle.state);
    if let Some(reason) = &cycle.reason {
        text += &format!(": {reason}");
    }
    for family in families {
        let tasks = &family.tasks;
        text += &format!(
            "\n{}: {} of {} tasks completed, {} open, {} discarded, {} cancelled",
            family.family,
            tasks.completed,
            tasks.total(),
            tasks.pending(),
            tasks.discarded,
            tasks.cancelled
        );
    }
    text
}

/// A settled cycle: leaderboard, frontier, weights.
pub(super) fn settled(board: &Leaderboard, weights: Option<&Weights>) -> String {
    let environments = &board.cycle.environments;
    let mut header = vec!["UID", "HOTKEY"];
    header.extend(environments.iter().map(|environment| environment.name()));
    header.extend(["POINTS", "WEIGHT"]);
    let mut table = table(&header);
    for row in &board.rows {
        let star = if row.frontier { "*" } else { "" };
        let mut cells = vec![format!("{}{star}", row.uid), short(row.hotkey.as_str())];
        let rate =
            |rate: &Option<f64>| rate.map_or("—".to_owned(), |rate| format!("{:.0} %", rate * 100.0));
        cells.extend(row.success_rates.iter().map(rate));
        cells.extend([format!("{:.0}", row.points), format!("{:.4}", row.weight)]);
        table.add_row(cells);
    }
    for index in 2..header.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = format!(
        "Leaderboard of cycle {}, block {} (* on the Pareto frontier)\n",
        board.cycle.id, board.cycle.block_number
    );
    text += &table.trim_fmt();
    if let Some(weights) = weights {
        let list = |values: Vec<String>| values.join("  ");
        text += &format!(
            "\n\nFrontier: {}",
            list(weights.frontier.iter().map(ToString::to_string).collect())
        );
        let each = weights
            .uids
            .iter()
            .zip(&weights.weights)
            .map(|(uid, weight)| format!("{uid}={weight:.6}"));
        let sum: f64 = weights.weights.iter().sum();
        text += &format!("\nWeights:  {}  (sum {sum:.6})", list(each.collect()));
    }
    text
}
