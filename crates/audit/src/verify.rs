//! Checks a cycle's weights from outside: the document and its signatures first, then the evidence, from which everything
//! is computed again. Stops at the first check that does not hold and says which.
//!
//! Nothing that is given here is trusted but the keys that the caller trusts.

mod answer;
mod evidence;
mod signed;

use crate::{Document, Error, keys::PublicKey};
use kinitro_proto::CycleId;
use std::fmt;

pub use answer::{MAX_ANSWER, MAX_SIGNATURES, by_uid};
pub use evidence::Report;

/// A gateway's answer with the weights of a cycle, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The body of `/v1/cycles/{id}/weights` or its like.
    pub body: &'a [u8],
    /// The header `Kinitro-Document-Sha256`, where there was one.
    pub digest: Option<&'a str>,
    /// The header `Kinitro-Signature`, where there was one.
    pub signatures: Option<&'a str>,
}

/// The keys that signatures may be of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// At least one signature must be by one of these.
    pub trusted: Vec<PublicKey>,
    /// Others may be by one of these: whose it is can be told, and no more.
    pub known: Vec<PublicKey>,
}

/// What the caller knows of the weights beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expectations {
    /// The cycle that was asked for.
    pub cycle: Option<CycleId>,
    /// The subnet.
    pub netuid: Option<u16>,
    /// The newest cycle that was seen: an older one is a replay, the same one is not.
    pub not_older_than: Option<CycleId>,
}

/// The checks, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// The answer can be read and has a document.
    Answer,
    /// The document is the one text for what it says.
    Document,
    /// It is of the subnet and cycle that were asked for, and of none older than was seen.
    Cycle,
    /// Its digest is the one that the answer and its header say.
    Digest,
    /// Every signature verifies, by a known key, and one of them is by a trusted key.
    Signatures,
    /// What the answer says beside the document is the same.
    Agreement,
    /// The evidence is written as it must be, and its digest is the document's.
    Evidence,
    /// The evidence's cycle is the document's.
    CycleLine,
    /// The secret is the one committed to.
    Commitment,
    /// The seeds come from the secret.
    Seeds,
    /// There is one line for each miner and each of its episodes, in order.
    Completeness,
    /// No result is one that cannot be.
    Results,
    /// The frontier, computed again.
    Frontier,
    /// The ε, computed again.
    Epsilons,
    /// The points, computed again.
    Points,
    /// The weights and their 16 bits, computed again, and thus the whole document.
    Weights,
    /// The weights sum to 1.
    Sum,
}

/// A check that held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which one.
    pub name: Name,
    /// What was compared.
    pub outcome: String,
}

/// The first check that did not hold, and those that did before it.
#[derive(Debug)]
pub struct Refusal {
    /// What held.
    pub passed: Vec<Check>,
    /// What did not.
    pub check: Name,
    /// Why: [`Error::Mismatch`] says what was expected and what was found.
    pub error: Error,
}

/// A document that holds, of which the evidence was not seen yet.
#[derive(Debug)]
pub struct Checked {
    document: Document,
    evidence_bytes: u64,
    passed: Vec<Check>,
}

impl Checked {
    /// The document.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// The evidence's length, by the answer: no more of it is read.
    #[must_use]
    pub const fn evidence_bytes(&self) -> u64 {
        self.evidence_bytes
    }

    /// What held.
    #[must_use]
    pub fn passed(&self) -> &[Check] {
        &self.passed
    }
}

/// Checks everything that can be checked without the evidence.
///
/// # Errors
///
/// At the first check that does not hold.
pub fn document(
    answer: &Answer<'_>,
    keys: &Keys,
    expectations: &Expectations,
) -> Result<Checked, Box<Refusal>> {
    let mut checks = Checks::default();
    signed::check(&mut checks, answer, keys, expectations)
        .map_err(|(check, error)| checks.refusal(check, error))
}

/// The checks that held so far.
#[derive(Debug, Default)]
struct Checks {
    passed: Vec<Check>,
}

/// What a check ends with when it does not hold.
type Fault = (Name, Error);

impl Checks {
    fn hold(&mut self, name: Name, outcome: impl Into<String>) {
        self.passed.push(Check {
            name,
            outcome: outcome.into(),
        });
    }

    fn refusal(&mut self, check: Name, error: Error) -> Box<Refusal> {
        Box::new(Refusal {
            passed: std::mem::take(&mut self.passed),
            check,
            error,
        })
    }
}

/// Refuses what is not as expected, under the check's name.
fn same<T: PartialEq + ToString>(name: Name, what: &str, expected: &T, found: &T) -> Result<(), Fault> {
    if expected == found {
        return Ok(());
    }
    Err(differs(name, what, expected, found))
}

fn differs(name: Name, what: &str, expected: &impl ToString, found: &impl ToString) -> Fault {
    let (expected, found) = (expected.to_string(), found.to_string());
    let error = Error::mismatch(
        format_args!("{what} `{}`", shown(&expected)),
        format_args!("`{}`", shown(&found)),
    );
    (name, error)
}

/// A stranger's text, short enough to print.
fn shown(text: &str) -> String {
    const MOST: usize = 160;
    let safe = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    if text.chars().nth(MOST).is_some() {
        safe.take(MOST).chain(['…']).collect()
    } else {
        safe.collect()
    }
}

impl Name {
    /// All of them, in their order.
    pub const ALL: [Self; 17] = [
        Self::Answer,
        Self::Document,
        Self::Cycle,
        Self::Digest,
        Self::Signatures,
        Self::Agreement,
        Self::Evidence,
        Self::CycleLine,
        Self::Commitment,
        Self::Seeds,
        Self::Completeness,
        Self::Results,
        Self::Frontier,
        Self::Epsilons,
        Self::Points,
        Self::Weights,
        Self::Sum,
    ];

    /// One word for each, for tables, JSON and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Document => "document",
            Self::Cycle => "cycle",
            Self::Digest => "digest",
            Self::Signatures => "signatures",
            Self::Agreement => "agreement",
            Self::Evidence => "evidence",
            Self::CycleLine => "cycle_line",
            Self::Commitment => "commitment",
            Self::Seeds => "seeds",
            Self::Completeness => "completeness",
            Self::Results => "results",
            Self::Frontier => "frontier",
            Self::Epsilons => "epsilons",
            Self::Points => "points",
            Self::Weights => "weights",
            Self::Sum => "sum",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the check `{}` does not hold", self.check)
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
