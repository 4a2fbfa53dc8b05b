//! What was found, for a program.

use super::{Miner, mismatch, weights, why};
use crate::exit::Exit;
use kinitro_audit::{
    Judged,
    bundle::Read,
    verify::{Check, Refusal},
};
use kinitro_proto::{CycleId, Uid};
use kinitro_validator::verify::{Findings, Outcome, Trust};
use serde::Serialize;

#[derive(Serialize)]
struct Told<'a> {
    verified: bool,
    weights_from: Option<&'a str>,
    evidence_from: &'a str,
    trusted: Option<&'static str>,
    cycle: Option<CycleId>,
    document_sha256: Option<String>,
    evidence: Option<Evidence>,
    checks: Vec<Line<'a>>,
    frontier: Option<&'a [Uid]>,
    miners: Option<Vec<Miner<'a>>>,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Evidence {
    sha256: String,
    bytes: u64,
    lines: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    check: &'static str,
    ok: bool,
    what: Option<&'a str>,
    expected: Option<&'a str>,
    found: Option<&'a str>,
}

pub(super) fn told(findings: &Findings) -> Result<String, Exit> {
    let (miners, frontier) = weights(&findings.outcome).unzip();
    let mut told = Told {
        verified: false,
        weights_from: findings.weights.as_deref(),
        evidence_from: &findings.evidence,
        trusted: match findings.trust {
            Trust::Given => Some("given"),
            Trust::Itself => Some("itself"),
            Trust::Nobody => None,
        },
        cycle: None,
        document_sha256: None,
        evidence: None,
        checks: Vec::new(),
        frontier,
        miners,
        reason: None,
    };
    match &findings.outcome {
        Outcome::Verified(report) => {
            told.verified = true;
            told.cycle = Some(report.document.content().cycle);
            told.document_sha256 = Some(hex(report.document.sha256()));
            told.evidence = Some(evidence(&report.read));
            told.checks = report.passed.iter().map(held).collect();
        }
        Outcome::Refused(refusal) => {
            told.checks = refusal.passed.iter().map(held).collect();
            told.checks.push(failed(refusal));
            told.reason = Some(why(refusal));
        }
        Outcome::Alone(recomputed) => {
            told.cycle = Some(recomputed.cycle.cycle);
            told.evidence = Some(evidence(&recomputed.read));
            told.reason = match &recomputed.judged {
                Judged::Settled(_) => None,
                Judged::Expired(reason) => Some(reason.clone()),
            };
        }
    }
    serde_json::to_string_pretty(&told).map_err(Exit::failure)
}

fn held(check: &Check) -> Line<'_> {
    Line {
        check: check.name.as_str(),
        ok: true,
        what: Some(&check.outcome),
        expected: None,
        found: None,
    }
}

fn failed(refusal: &Refusal) -> Line<'_> {
    let (expected, found) = mismatch(&refusal.error).unzip();
    Line {
        check: refusal.check.as_str(),
        ok: false,
        what: None,
        expected,
        found,
    }
}

fn evidence(read: &Read) -> Evidence {
    Evidence {
        sha256: hex(read.sha256),
        bytes: read.bytes,
        lines: read.lines,
    }
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
