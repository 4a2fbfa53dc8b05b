//! Checks a cycle's weights, from a gateway or from files: everything that was signed is computed again from the
//! evidence.

mod config;
mod keys;
mod place;
mod save;
mod vouch;

pub use config::Config;
pub(crate) use vouch::{Verdict, Voucher};

use crate::{
    Error,
    error::Result,
    gateway::{Answer, Http, Limits},
};
use kinitro_audit::{
    self as audit, Judged, Tally,
    bundle::{self, CycleLine},
    keys::PublicKey,
    verify::{Checked, Expectations, Keys, Name, Refusal, Report},
};
use place::{Place, Places, keys_of, open};
use std::{fmt, io::BufRead, path::Path};
use tokio::task;

/// What came of it, and what it was looked at.
#[derive(Debug)]
pub struct Findings {
    /// Where the weights came from; none if there are none to check.
    pub weights: Option<String>,
    /// Where the evidence came from.
    pub evidence: String,
    /// Whose word counts.
    pub trust: Trust,
    /// What came of it.
    pub outcome: Outcome,
}

/// Whose word counts for whose key is whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The caller's: at least one signature is by a key that was given.
    Given,
    /// That of whoever the weights come from: it vouches for itself.
    Itself,
    /// Nobody's: there is no document.
    Nobody,
}

/// What came of the checks.
#[derive(Debug)]
pub enum Outcome {
    /// Everything was computed again and is the same.
    Verified(Box<Report>),
    /// A check does not hold.
    Refused(Box<Refusal>),
    /// The evidence alone, of which nobody says that it is a cycle's.
    Alone(Box<Recomputed>),
}

/// What evidence comes to.
#[derive(Debug)]
pub struct Recomputed {
    /// Its first line.
    pub cycle: CycleLine,
    /// The weights, or why there are none.
    pub judged: Judged,
    /// What was read.
    pub read: bundle::Read,
}

/// A check's end: it held, or which one did not.
type Held<T> = std::result::Result<T, Box<Refusal>>;

/// Gets weights, keys and evidence from wherever the settings say, and checks them.
///
/// # Errors
/// If one of them cannot be had. Weights that do not hold are no error: they are [`Outcome::Refused`].
pub async fn run(config: &Config) -> Result<Findings> {
    let mut places = Places::of(config)?;
    if let Some(folder) = &config.save {
        places = save::all(places, config.cycle, folder).await?;
    }
    match places {
        Places::Signed {
            weights,
            keys,
            evidence,
        } => {
            let outcome = signed(config, &weights, keys.as_ref(), &evidence).await?;
            let is_given = !config.trusted_key.is_empty();
            Ok(Findings {
                weights: Some(weights.to_string()),
                evidence: evidence.to_string(),
                trust: if is_given { Trust::Given } else { Trust::Itself },
                outcome,
            })
        }
        Places::Alone(bundle) => Ok(Findings {
            weights: None,
            evidence: bundle.display().to_string(),
            trust: Trust::Nobody,
            outcome: alone(config, &bundle).await?,
        }),
    }
}

async fn signed(config: &Config, weights: &Place, keys: Option<&Place>, evidence: &Place) -> Result<Outcome> {
    let answer = weights.answer(config.cycle).await?;
    let known = match keys {
        Some(place) => keys_of(place).await?,
        None => Vec::new(),
    };
    if keys.is_none() && config.trusted_key.is_empty() {
        return Err(Error::NoKeys);
    }
    let keys = trusting(&config.trusted_key, known);
    let expectations = Expectations {
        cycle: config.cycle,
        netuid: config.netuid,
        not_older_than: None,
    };
    let checked = match of_document(answer, keys, expectations).await? {
        Ok(checked) => checked,
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    let held = match evidence {
        Place::Gateway(http) => of_evidence(http, checked, Limits::default()).await?,
        Place::File(path) => {
            let reader = open(path)?;
            blocking(move || checked.evidence(reader)).await?
        }
    };
    Ok(match held {
        Ok(report) => Outcome::Verified(Box::new(report)),
        Err(refusal) => Outcome::Refused(refusal),
    })
}

/// Whom to trust: who was named, else everybody whom the gateway names.
fn trusting(given: &[PublicKey], known: Vec<PublicKey>) -> Keys {
    if given.is_empty() {
        let trusted = known;
        let known = Vec::new();
        return Keys { trusted, known };
    }
    let trusted = given.to_vec();
    Keys { trusted, known }
}

/// The checks that need no evidence.
async fn of_document(answer: Answer, keys: Keys, expectations: Expectations) -> Result<Held<Checked>> {
    blocking(move || {
        let answer = audit::verify::Answer {
            body: &answer.bytes,
            digest: answer.digest.as_deref(),
            signatures: answer.signature.as_deref(),
        };
        audit::verify::document(&answer, &keys, &expectations)
    })
    .await
}

/// The checks of the evidence, while it comes.
async fn of_evidence(http: &Http, checked: Checked, limits: Limits) -> Result<Held<Report>> {
    let cycle = checked.document().content().cycle;
    let passed = checked.passed().to_vec();
    let refusal = |expected: String, found: &str| {
        let found = found.to_owned();
        let error = audit::Error::Mismatch { expected, found };
        let check = Name::Evidence;
        Err(Box::new(Refusal { passed, check, error }))
    };
    let work = move |reader: &mut dyn BufRead| checked.evidence(reader);
    match http.evidence(cycle, limits, work).await {
        Ok(Some(held)) => Ok(held),
        Ok(None) => Ok(refusal(
            format!("evidence of cycle `{cycle}`"),
            "that the gateway has none",
        )),
        // The same next time: not to be fetched again and again.
        Err(Error::TooLong { limit }) => Ok(refusal(format!("at most `{limit}` bytes of evidence"), "more")),
        Err(error) => Err(error),
    }
}

/// What evidence comes to that nobody has signed.
async fn alone(config: &Config, bundle: &Path) -> Result<Outcome> {
    let (cycle, netuid) = (config.cycle, config.netuid);
    let reader = open(bundle)?;
    let recomputed = blocking(move || {
        let (tally, read) = Tally::read(reader)?;
        let line = tally.cycle().cloned().ok_or(audit::Error::Unfinished)?;
        asked_for("cycle", cycle, line.cycle)?;
        asked_for("subnet", netuid, line.netuid)?;
        let judged = audit::judge(&tally)?;
        Ok(Recomputed {
            cycle: line,
            judged,
            read,
        })
    });
    Ok(match recomputed.await? {
        Ok(recomputed) => Outcome::Alone(Box::new(recomputed)),
        Err(error) => Outcome::Refused(Box::new(Refusal {
            passed: Vec::new(),
            check: Name::Evidence,
            error,
        })),
    })
}

fn asked_for<T: PartialEq + fmt::Display>(what: &str, expected: Option<T>, found: T) -> audit::Result<()> {
    match expected {
        Some(expected) if expected != found => Err(audit::Error::Mismatch {
            expected: format!("{what} `{expected}`"),
            found: format!("`{found}`"),
        }),
        _ => Ok(()),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    task::spawn_blocking(work).await.map_err(Error::Crashed)
}
