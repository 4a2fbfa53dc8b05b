//! The checks of the evidence, and the computation of everything from it.

use super::{Check, Checked, Checks, Fault, Name, Refusal, differs, same};
use crate::{
    Content, Document, Error, Judged, Tally, Verdict, WeightEntry,
    bundle::{self, CycleLine, MAX_BYTES},
    judge::decide,
};
use std::{fmt::Debug, io::BufRead};

/// By how much the sum of weights may be beside 1, for the rounding of each.
const SUM_SLACK: f64 = 1e-9;

/// Weights that hold: everything in the document was computed again from the evidence.
#[derive(Debug)]
pub struct Report {
    /// The document.
    pub document: Document,
    /// Scores, points and weights, as computed here; without the stability, which no document says.
    pub verdict: Verdict,
    /// What was read.
    pub read: bundle::Read,
    /// All checks, which all held.
    pub passed: Vec<Check>,
}

impl Checked {
    /// Checks the evidence, uncompressed, and computes the document again from it. Takes a while and all of a core: not for
    /// a thread that others wait for.
    ///
    /// # Errors
    ///
    /// At the first check that does not hold.
    pub fn evidence(self, reader: impl BufRead) -> Result<Report, Box<Refusal>> {
        let Self {
            document,
            evidence_bytes,
            passed,
        } = self;
        let mut checks = Checks { passed };
        match check(&mut checks, &document, evidence_bytes, reader) {
            Ok((verdict, read)) => Ok(Report {
                document,
                verdict,
                read,
                passed: checks.passed,
            }),
            Err((name, error)) => Err(checks.refusal(name, error)),
        }
    }
}

fn check(
    checks: &mut Checks,
    document: &Document,
    evidence_bytes: u64,
    reader: impl BufRead,
) -> Result<(Verdict, bundle::Read), Fault> {
    let mut tally = Tally::new();
    let mut first: Option<Fault> = None;
    let (mut line, mut episodes_per_environment) = (0, 0);
    let read = bundle::read_within(reader, evidence_bytes.min(MAX_BYTES), |next| {
        line += 1;
        // What is wrong inside counts only in evidence whose digest is right: else the digest is the first thing wrong.
        if first.is_none() {
            let agreed = match &next {
                bundle::Line::Cycle(cycle) => {
                    episodes_per_environment = cycle.episodes_per_environment;
                    agrees(document, cycle)
                }
                _ => Ok(()),
            };
            let taken = agreed.and_then(|()| tally.push(&next).map_err(|error| inside(line, error)));
            first = taken.err();
        }
        Ok(())
    })
    .map_err(|error| (Name::Evidence, error))?;
    same(
        Name::Evidence,
        "the evidence's SHA-256",
        &hex::encode(document.content().evidence_sha256),
        &hex::encode(read.sha256),
    )?;
    same(Name::Evidence, "bytes of evidence", &evidence_bytes, &read.bytes)?;
    checks.hold(
        Name::Evidence,
        format!(
            "{} lines, {} bytes, SHA-256 {}",
            read.lines,
            read.bytes,
            hex::encode(read.sha256)
        ),
    );
    let finished = first.map_or_else(|| tally.finish().map_err(|error| (name(&error), error)), Err);
    if line > 0 {
        let failed = finished.as_ref().err().map(|(name, _)| *name);
        held_until(checks, document.content(), episodes_per_environment, failed);
    }
    finished?;
    let verdict = match decide(&tally).map_err(|error| (Name::Frontier, error))? {
        Judged::Settled(verdict) => verdict,
        Judged::Expired(reason) => {
            let error = Error::mismatch(format_args!("no weights, for {reason}"), "weights");
            return Err((Name::Frontier, error));
        }
    };
    recomputed(checks, document, &tally, &verdict)?;
    Ok((verdict, read))
}

/// Which check an error of the tally belongs to.
const fn name(error: &Error) -> Name {
    match error {
        Error::Commitment { .. } => Name::Commitment,
        Error::Seed { .. } => Name::Seeds,
        Error::Rule { .. } => Name::Results,
        Error::Cycle { .. } => Name::CycleLine,
        _ => Name::Completeness,
    }
}

fn inside(line: u64, error: Error) -> Fault {
    let name = name(&error);
    let error = Error::Line {
        line,
        source: Box::new(error),
    };
    (name, error)
}

/// Notes the checks that were made line by line, as far as they held.
fn held_until(checks: &mut Checks, content: &Content, episodes: u32, failed: Option<Name>) {
    let seeds = content.environments.len() as u64 * u64::from(episodes);
    let miners = content.miners.len() as u64;
    let outcomes = [
        (Name::CycleLine, "the document's".to_owned()),
        (
            Name::Commitment,
            format!("SHA-256 of the secret is {}", hex::encode(content.secret_hash)),
        ),
        (Name::Seeds, format!("{seeds} seeds from the secret")),
        (
            Name::Completeness,
            format!("{miners} miners, {} episodes", miners * seeds),
        ),
        (Name::Results, "each is one that can be".to_owned()),
    ];
    // Seeds, completeness and results are checked line by line: of what comes after a fault, none of them is known.
    let failed = failed.map(|failed| failed.min(Name::Seeds));
    for (name, outcome) in outcomes {
        if failed.is_some_and(|failed| failed <= name) {
            return;
        }
        checks.hold(name, outcome);
    }
}

/// What both the evidence's first line and the document say is the same.
fn agrees(document: &Document, cycle: &CycleLine) -> Result<(), Fault> {
    let content = document.content();
    let pairs = [
        text("cycle", &content.cycle, &cycle.cycle),
        text("netuid", &content.netuid, &cycle.netuid),
        text("interval", &content.interval, &cycle.interval),
        text("block", &content.block, &cycle.block),
        text("block_hash", &content.block_hash, &cycle.block_hash),
        text("opened_at", &content.opened_at, &cycle.opened_at),
        text("deadline", &content.deadline, &cycle.deadline),
        text("strategy", &content.strategy, &cycle.strategy),
        text("settings", &content.settings, &cycle.settings),
        text("code_version", &content.code_version, &cycle.code_version),
        text(
            "secret_hash",
            &hex::encode(content.secret_hash),
            &hex::encode(cycle.secret_hash),
        ),
        text("environments", &content.environments, &cycle.environments),
        text("miners", &(content.miners.len() as u64), &u64::from(cycle.miners)),
    ];
    pairs
        .iter()
        .try_for_each(|(what, expected, found)| same(Name::CycleLine, what, expected, found))
}

fn text<T: Debug>(what: &'static str, expected: &T, found: &T) -> (&'static str, String, String) {
    (what, format!("{expected:?}"), format!("{found:?}"))
}

/// Everything that the document says of the weights, to the bit: floats are written in one way, so their texts are alike
/// if and only if their bits are.
fn recomputed(
    checks: &mut Checks,
    document: &Document,
    tally: &Tally,
    verdict: &Verdict,
) -> Result<(), Fault> {
    let said = document.content();
    let computed =
        Document::new(tally, verdict, said.evidence_sha256).map_err(|error| (Name::Weights, error))?;
    let ours = computed.content();
    alike(Name::Frontier, "frontier", &ours.frontier, &said.frontier)?;
    checks.hold(Name::Frontier, format!("{} miners", ours.frontier.len()));
    alike(Name::Epsilons, "ε", &ours.epsilons, &said.epsilons)?;
    checks.hold(Name::Epsilons, format!("{} environments", ours.epsilons.len()));
    let pairs = || ours.miners.iter().zip(&said.miners);
    for (ours, said) in pairs() {
        alike(Name::Points, &of(ours, "points"), &ours.points, &said.points)?;
    }
    checks.hold(Name::Points, format!("{} miners", ours.miners.len()));
    for (ours, said) in pairs() {
        alike(Name::Weights, &of(ours, "uid"), &ours.uid.0, &said.uid.0)?;
        let (hotkey, found) = (ours.hotkey.as_str(), said.hotkey.as_str());
        alike(Name::Weights, &of(ours, "hotkey"), &hotkey, &found)?;
        alike(Name::Weights, &of(ours, "weight"), &ours.weight, &said.weight)?;
        alike(
            Name::Weights,
            &of(ours, "weight_u16"),
            &ours.weight_u16,
            &said.weight_u16,
        )?;
    }
    same(Name::Weights, "the document", &computed.text(), &document.text())?;
    checks.hold(Name::Weights, "the document, byte for byte");
    let sum: f64 = ours.miners.iter().map(|miner| miner.weight).sum();
    if (sum - 1.0).abs() > SUM_SLACK {
        return Err(differs(Name::Sum, "a sum of", &1.0, &sum));
    }
    checks.hold(Name::Sum, format!("{sum:?}"));
    Ok(())
}

fn of(miner: &WeightEntry, what: &str) -> String {
    format!("uid {}'s {what}", miner.uid)
}

fn alike<T: Debug>(name: Name, what: &str, expected: &T, found: &T) -> Result<(), Fault> {
    same(name, what, &format!("{expected:?}"), &format!("{found:?}"))
}
