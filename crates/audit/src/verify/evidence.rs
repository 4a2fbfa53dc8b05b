//! The checks of the evidence, and the computation of everything from it.

use super::{Check, Checked, Checks, Fault, Name, Refusal, differs, same};
use crate::{
    Document, Error, Judged, Tally, Verdict,
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
    let mut line = 0;
    let read = bundle::read_within(reader, evidence_bytes.min(MAX_BYTES), |next| {
        line += 1;
        // What is wrong inside counts only in evidence whose digest is right: else the digest is the first thing wrong.
        if first.is_none() {
            let taken = tally.push(&next).map_err(|error| inside(line, error));
            let agreed = taken.and_then(|()| match &next {
                bundle::Line::Cycle(cycle) => agrees(document, cycle),
                _ => Ok(()),
            });
            first = agreed.err();
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
    held_until(checks, &tally, finished.as_ref().err().map(|(name, _)| *name));
    finished?;
    let judged = decide(&tally).map_err(|error| (Name::Frontier, error))?;
    let verdict = match judged {
        Judged::Settled(verdict) => verdict,
        Judged::Expired(reason) => {
            return Err(differs(
                Name::Frontier,
                "weights, and the evidence gives",
                &"some",
                &reason,
            ));
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
fn held_until(checks: &mut Checks, tally: &Tally, failed: Option<Name>) {
    let Some(cycle) = tally.cycle() else { return };
    let seeds = cycle.environments.len() as u64 * u64::from(cycle.episodes_per_environment);
    let outcomes = [
        (Name::CycleLine, "the document's".to_owned()),
        (
            Name::Commitment,
            format!("SHA-256 of the secret is {}", hex::encode(cycle.secret_hash)),
        ),
        (Name::Seeds, format!("{seeds} seeds from the secret")),
        (
            Name::Completeness,
            format!("{} miners, {} episodes", cycle.miners, tally.episodes()),
        ),
        (Name::Results, "all can be".to_owned()),
    ];
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

/// Everything that the document says of the weights, to the bit.
fn recomputed(
    checks: &mut Checks,
    document: &Document,
    tally: &Tally,
    verdict: &Verdict,
) -> Result<(), Fault> {
    let content = document.content();
    let ours =
        Document::new(tally, verdict, content.evidence_sha256).map_err(|error| (Name::Weights, error))?;
    let again = ours.content();
    // Floats are written in one way, so texts are alike if and only if the bits are.
    let pair = |what, found: String, expected: String| (what, expected, found);
    let (what, expected, found) = pair(
        "frontier",
        format!("{:?}", content.frontier),
        format!("{:?}", again.frontier),
    );
    same(Name::Frontier, what, &expected, &found)?;
    checks.hold(Name::Frontier, format!("{} miners", again.frontier.len()));
    let (what, expected, found) = pair(
        "ε",
        format!("{:?}", content.epsilons),
        format!("{:?}", again.epsilons),
    );
    same(Name::Epsilons, what, &expected, &found)?;
    checks.hold(Name::Epsilons, format!("{} environments", again.epsilons.len()));
    for (theirs, ours) in content.miners.iter().zip(&again.miners) {
        let what = format!("uid {}'s points", ours.uid);
        same(
            Name::Points,
            &what,
            &format!("{:?}", ours.points),
            &format!("{:?}", theirs.points),
        )?;
    }
    checks.hold(Name::Points, format!("{} miners", again.miners.len()));
    for (theirs, ours) in content.miners.iter().zip(&again.miners) {
        let what = format!("miner {}", ours.uid);
        same(Name::Weights, &what, &format!("{ours:?}"), &format!("{theirs:?}"))?;
    }
    same(Name::Weights, "the document", &ours.text(), &document.text())?;
    checks.hold(Name::Weights, "the document, byte for byte");
    let sum: f64 = again.miners.iter().map(|miner| miner.weight).sum();
    if (sum - 1.0).abs() > SUM_SLACK {
        return Err(differs(Name::Sum, "a sum of", &1.0, &sum));
    }
    checks.hold(Name::Sum, format!("{sum:?}"));
    Ok(())
}
