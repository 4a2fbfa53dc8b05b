//! Everything that is published is changed in every place, one at a time: nothing of it may be accepted.

mod keys;
mod table;

use crate::{
    json::Json,
    made::{KNOWN, Published, STRANGER, TRUSTED, bundle, check, lines},
};
use kinitro_audit::{Document, bundle::Line};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What was tried, and what of it was wrongly accepted.
#[derive(Default)]
struct Tally {
    tried: usize,
    accepted: Vec<String>,
}

impl Tally {
    fn refuse(&mut self, name: String, is_accepted: bool) {
        self.tried += 1;
        if is_accepted {
            self.accepted.push(name);
        }
    }

    fn assert_none_of(&self, least: usize) {
        assert_eq!(
            self.accepted,
            Vec::<String>::new(),
            "accepted of {} tried",
            self.tried
        );
        assert!(self.tried >= least, "only {} mutations were tried", self.tried);
    }
}

/// What anybody reads of an answer, but when the gateway made it, whether it is stale and how long the cycle took.
#[derive(Debug, PartialEq, Deserialize)]
struct Meaning {
    cycle_id: i64,
    block_number: u64,
    block: u64,
    weights: BTreeMap<u16, f64>,
    weights_u16: WeightsU16,
    metadata: Metadata,
    signed: Signed,
}

#[derive(Debug, PartialEq, Deserialize)]
struct WeightsU16 {
    uids: Vec<u16>,
    values: Vec<u16>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Metadata {
    n_miners_evaluated: u32,
    n_environments: u32,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Signed {
    document: String,
    sha256: String,
    evidence: Evidence,
    signatures: Vec<Signature>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Signature {
    key_id: String,
    algorithm: String,
    signature: String,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Evidence {
    sha256: String,
    bytes: u64,
    url: String,
}

/// The other key's signature may be left out, and stand first: the trusted one is enough.
const LEFT_OUT: [&str; 2] = [
    ".\"signed\".\"signatures\"[1] removed",
    ".\"signed\".\"signatures\"[1] swapped",
];

#[test]
fn what_was_published_is_accepted() {
    let published = Published::new(7);
    let report = published.verify().unwrap();
    assert_eq!(report.document.text(), published.document);
    let names: Vec<_> = report.passed.iter().map(|check| check.name).collect();
    assert_eq!(names, kinitro_audit::verify::Name::ALL);
}

#[test]
fn no_change_of_an_answer_that_means_something_is_accepted() {
    let published = Published::new(7);
    let text = serde_json::to_string(&published.body).unwrap();
    let meaning: Meaning = serde_json::from_str(&text).unwrap();
    let (mut harmful, mut harmless) = (Tally::default(), 0);
    for (name, mutated) in Json::parse(&text).mutations() {
        let mutated = mutated.text();
        let checked = check(mutated.as_bytes(), 7);
        let accepted = checked.is_ok_and(|checked| checked.evidence(published.evidence.as_slice()).is_ok());
        let same = serde_json::from_str::<Meaning>(&mutated).is_ok_and(|mutated| mutated == meaning);
        // A uid's weight that stands there twice is refused, though a reader may not see it.
        let is_odd = name.contains("\"weights\".") && name.ends_with("twice");
        if same && !is_odd || LEFT_OUT.contains(&name.as_str()) {
            assert!(accepted, "it means the same: {name}");
            harmless += 1;
        } else {
            harmful.refuse(name, accepted);
        }
    }
    harmful.assert_none_of(400);
    assert!(harmless > 20, "{harmless}");
}

#[test]
fn no_change_of_the_document_is_accepted_whoever_signs_it() {
    let published = Published::new(7);
    let mut tally = Tally::default();
    for (name, mutated) in Json::parse(&published.document).mutations() {
        let text = mutated.text();
        let mut attempts = vec![];
        let mut unsigned = published.clone();
        unsigned.body["signed"]["document"] = text.clone().into();
        attempts.push(("nobody", unsigned));
        let mut rehashed = published.with_document(&text, &[]);
        rehashed.body["signed"]["signatures"] = published.body["signed"]["signatures"].clone();
        attempts.push(("nobody, with another digest", rehashed));
        attempts.push(("a stranger", published.with_document(&text, &[STRANGER])));
        attempts.push((
            "a key that is not trusted",
            published.with_document(&text, &[KNOWN]),
        ));
        attempts.push(("the operator", published.with_document(&text, &[TRUSTED])));
        if let Ok(document) = Document::parse(text.as_bytes()) {
            // The operator makes the whole answer anew, so that it agrees with the document.
            let bytes = published.evidence.len() as u64;
            let mut whole = published.clone();
            whole.body = crate::made::body(&document, bytes, &[TRUSTED]);
            attempts.push(("the operator, throughout", whole));
        }
        for (by, attempt) in attempts {
            tally.refuse(format!("{name}, signed by {by}"), attempt.verify().is_ok());
        }
    }
    tally.assert_none_of(2000);
}

/// One line of each kind; the results are of miners with points, so that they count.
fn samples(lines: &[Line]) -> Vec<usize> {
    let place = |is: fn(&Line) -> bool| lines.iter().rposition(is).unwrap();
    vec![
        0,
        place(|line| matches!(line, Line::Miner(_))),
        place(|line| matches!(line, Line::Result(result) if result.fault.is_none())),
        place(|line| matches!(line, Line::Result(result) if result.fault.is_some())),
        place(|line| matches!(line, Line::Missing(missing) if missing.reason.is_some())),
    ]
}

/// Every change of evidence in one place: in a line of each kind, and of whole lines.
fn mutated_evidence(evidence: &[u8], samples: &[usize]) -> Vec<(String, Vec<u8>)> {
    let text = std::str::from_utf8(evidence).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let joined = |lines: &[String]| (lines.join("\n") + "\n").into_bytes();
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        joined(&lines)
    };
    let mut all = Vec::new();
    for &index in samples {
        for (name, mutated) in Json::parse(&lines[index]).mutations() {
            let name = format!("line {index}{name}");
            all.push((name, with(&|lines| lines[index] = mutated.text())));
        }
        for (name, changed) in [
            ("a blank before", format!(" {}", lines[index])),
            ("a blank behind", format!("{} ", lines[index])),
            ("a carriage return", format!("{}\r", lines[index])),
            ("a blank within", lines[index].replacen(',', ", ", 1)),
            ("an escape", lines[index].replacen("kind", "\\u006bind", 1)),
        ] {
            all.push((
                format!("line {index} with {name}"),
                with(&|lines| lines[index].clone_from(&changed)),
            ));
        }
    }
    for index in 0..lines.len() {
        all.push((
            format!("{index} removed"),
            with(&|lines| drop(lines.remove(index))),
        ));
        all.push((
            format!("{index} twice"),
            with(&|lines| lines.insert(index, lines[index].clone())),
        ));
        all.push((
            format!("{index} moved to the end"),
            with(&|lines| {
                let line = lines.remove(index);
                lines.push(line);
            }),
        ));
        all.push((
            format!("an empty line before {index}"),
            with(&|lines| lines.insert(index, String::new())),
        ));
        if index > 0 {
            all.push((
                format!("{index} swapped"),
                with(&|lines| lines.swap(index, index - 1)),
            ));
        }
    }
    for (name, length) in [
        ("nothing", 0),
        ("half", evidence.len() / 2),
        ("all but its end", evidence.len() - 1),
    ] {
        all.push((format!("cut to {name}"), evidence[..length].to_vec()));
    }
    for more in ["\n", " ", "{}\n", "\0"] {
        all.push((
            format!("with {more:?} at its end"),
            [evidence, more.as_bytes()].concat(),
        ));
    }
    all.retain(|(_, mutated)| mutated != evidence);
    all
}

#[test]
fn no_change_of_the_evidence_is_accepted_without_the_operators_key() {
    let published = Published::new(7);
    let mut tally = Tally::default();
    for (name, mutated) in mutated_evidence(&published.evidence, &samples(&lines(7))) {
        let mut swapped = published.clone();
        swapped.evidence.clone_from(&mutated);
        swapped.body["signed"]["evidence"]["bytes"] = mutated.len().into();
        tally.refuse(format!("{name}, alone"), swapped.verify().is_ok());
        for (who, by) in [
            ("nobody", None),
            ("a stranger", Some(&[STRANGER][..])),
            ("a key that is not trusted", Some(&[KNOWN][..])),
        ] {
            let attempt = published.with_evidence(mutated.clone(), by);
            tally.refuse(format!("{name}, signed by {who}"), attempt.verify().is_ok());
        }
    }
    tally.assert_none_of(2000);
}

/// Facts that change no weight, so that only the operator's signature vouches for them.
const VOUCHED_FOR_BY_THE_SIGNATURE: [&str; 11] = [
    ".\"hotkey\"",
    ".\"commit_block\"",
    ".\"repo\"",
    ".\"revision\"",
    ".\"task\"",
    ".\"attempt\"",
    ".\"executor\"",
    ".\"fault\"",
    ".\"reward\"",
    ".\"steps\"",
    ".\"reason\"",
];

#[test]
fn of_evidence_that_the_operator_signs_only_facts_without_weight_can_be_changed() {
    let published = Published::new(7);
    let (mut refused, mut accepted) = (0, Vec::new());
    for (name, mutated) in mutated_evidence(&published.evidence, &samples(&lines(7))) {
        let attempt = published.with_evidence(mutated, Some(&[TRUSTED]));
        if attempt.verify().is_ok() {
            accepted.push(name);
        } else {
            refused += 1;
        }
    }
    let is_fact = |name: &&String| {
        VOUCHED_FOR_BY_THE_SIGNATURE
            .iter()
            .any(|fact| name.contains(fact))
    };
    let others: Vec<_> = accepted.iter().filter(|name| !is_fact(name)).collect();
    assert_eq!(others, Vec::<&String>::new());
    assert!(refused > 500, "{refused} refused, {} accepted", accepted.len());
}

#[test]
fn evidence_of_another_cycle_is_refused() {
    let (published, other) = (Published::new(7), Published::new(8));
    let mut swapped = published.clone();
    swapped.evidence.clone_from(&other.evidence);
    assert!(swapped.verify().is_err());
    assert!(
        published
            .with_evidence(other.evidence, Some(&[TRUSTED]))
            .verify()
            .is_err()
    );
    let again = bundle(&lines(7)).0;
    assert_eq!(again, published.evidence);
}
