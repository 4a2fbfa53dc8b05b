//! What was found, for a person.

use super::{Miner, weights, why};
use crate::commands::{short, table};
use comfy_table::CellAlignment;
use kinitro_audit::{
    Judged,
    verify::{Check, Name},
};
use kinitro_proto::Uid;
use kinitro_validator::verify::{Findings, Outcome, Trust};
use std::fmt::{self, Write};

pub(super) fn told(findings: &Findings) -> String {
    let mut text = String::new();
    let mut line = |line: fmt::Arguments<'_>| {
        writeln!(text, "{line}").expect("writing to a string cannot fail");
    };
    let weights_from = findings.weights.as_deref().unwrap_or("none");
    line(format_args!("weights:   {weights_from}"));
    line(format_args!("evidence:  {}", findings.evidence));
    line(format_args!("trusted:   {}\n", trusted(findings.trust)));
    match &findings.outcome {
        Outcome::Verified(report) => {
            line(format_args!("{}\n", checks(&report.passed, None)));
            let content = report.document.content();
            line(format_args!(
                "cycle {} of subnet {}, block {}, opened {}, {} environments, {}",
                content.cycle,
                content.netuid,
                content.block,
                content.opened_at,
                content.environments.len(),
                content.strategy
            ));
        }
        Outcome::Refused(refusal) => {
            let failed = (refusal.check, why(refusal));
            line(format_args!("{}\n", checks(&refusal.passed, Some(failed))));
        }
        Outcome::Alone(recomputed) => {
            let (cycle, read) = (&recomputed.cycle, &recomputed.read);
            line(format_args!(
                "cycle {} of subnet {}, block {}, opened {}; {} lines, {} bytes of evidence",
                cycle.cycle, cycle.netuid, cycle.block, cycle.opened_at, read.lines, read.bytes
            ));
            if let Judged::Expired(reason) = &recomputed.judged {
                line(format_args!("no weights: {reason}"));
            }
        }
    }
    if let Some((rows, frontier)) = weights(&findings.outcome) {
        line(format_args!("{}\n", miners(&rows, frontier)));
    }
    text + verdict(&findings.outcome)
}

const fn verdict(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Verified(_) => "verified: the weights are what the evidence comes to",
        Outcome::Refused(_) => "NOT verified",
        Outcome::Alone(_) => "NOT verified: nothing says that this is a cycle's evidence",
    }
}

const fn trusted(trust: Trust) -> &'static str {
    match trust {
        Trust::Given => "the keys of --trusted-key",
        Trust::Itself => "whatever keys the weights' own source names (--trusted-key tells it whose count)",
        Trust::Nobody => "nobody: there is no signed document",
    }
}

fn checks(passed: &[Check], failed: Option<(Name, String)>) -> String {
    let mut table = table(&["CHECK", "RESULT", "WHAT"]);
    for check in passed {
        table.add_row([check.name.as_str(), "ok", &check.outcome]);
    }
    if let Some((name, why)) = &failed {
        table.add_row([name.as_str(), "MISMATCH", why]);
    }
    table.trim_fmt()
}

fn miners(rows: &[Miner<'_>], frontier: &[Uid]) -> String {
    let mut table = table(&["UID", "HOTKEY", "POINTS", "WEIGHT", "U16"]);
    for row in rows {
        let star = if frontier.contains(&row.uid) { "*" } else { "" };
        table.add_row([
            format!("{}{star}", row.uid),
            short(row.hotkey.as_str()),
            row.points.to_string(),
            format!("{:.6}", row.weight),
            row.weight_u16.to_string(),
        ]);
    }
    for column in 2..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let sum: f64 = rows.iter().map(|row| row.weight).sum();
    format!(
        "{}\n{} miners, {} on the Pareto frontier (*); the weights sum to {sum:.6}",
        table.trim_fmt(),
        rows.len(),
        frontier.len()
    )
}
