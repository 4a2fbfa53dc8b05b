//! Which check refuses what: evidence and documents that the operator itself signed, so that signatures do not hide it.

use crate::made::{
    Published, TRUSTED, bundle, check, cycle_line, expectations, keys, lines, lines_of, miner_lines, sha256,
};
use kinitro_audit::{
    Error,
    bundle::{CycleLine, Line, ResultLine},
    commitment,
    verify::{self, Answer, Expectations, Name, Refusal},
};
use kinitro_proto::{CycleId, Seed};
use serde_json::json;
use std::error::Error as _;

/// The refusal and, of the error, the whole chain.
fn told(refusal: &Refusal) -> String {
    let mut told = refusal.error.to_string();
    let mut source = refusal.error.source();
    while let Some(error) = source {
        told.push_str(&format!(": {error}"));
        source = error.source();
    }
    told
}

#[track_caller]
fn assert_refused(published: &Published, by: Name, words: &str) {
    let refusal = published.verify().unwrap_err();
    assert_eq!(refusal.check, by, "{}", told(&refusal));
    assert!(
        told(&refusal).contains(words),
        "`{}` does not say `{words}`",
        told(&refusal)
    );
    let passed: Vec<_> = refusal.passed.iter().map(|check| check.name).collect();
    // Seeds, completeness and results are checked together, line by line.
    let is_of_lines = matches!(by, Name::Completeness | Name::Results);
    let first = if is_of_lines { Name::Seeds } else { by };
    let before: Vec<_> = Name::ALL.into_iter().take_while(|name| *name < first).collect();
    assert_eq!(passed, before, "all checks before it held");
}

/// The same evidence with one line changed, signed by the operator, who computes nothing again.
fn with_lines(change: impl FnOnce(&mut Vec<Line>)) -> Published {
    let mut lines = lines(7);
    change(&mut lines);
    Published::new(7).with_evidence(bundle(&lines).0, Some(&[TRUSTED]))
}

fn with_cycle(change: impl FnOnce(&mut CycleLine)) -> Published {
    with_lines(|lines| {
        let Line::Cycle(cycle) = &mut lines[0] else {
            unreachable!()
        };
        change(cycle);
    })
}

/// Changes the first result of a success.
fn with_result(change: impl FnOnce(&mut ResultLine)) -> Published {
    with_lines(|lines| {
        let found = lines.iter_mut().find_map(|line| match line {
            Line::Result(result) if result.success => Some(result),
            _ => None,
        });
        change(found.unwrap());
    })
}

/// The operator signs a document in which a text is another.
fn with_text(from: &str, to: &str) -> Published {
    let published = Published::new(7);
    assert!(
        published.document.contains(from),
        "{from} in {}",
        published.document
    );
    published.with_document(&published.document.replacen(from, to, 1), &[TRUSTED])
}

#[test]
fn what_is_no_answer_is_refused_as_such() {
    let cases: [(&[u8], &str); 5] = [
        (b"", "cannot be read"),
        (b"[]", "cannot be read"),
        (b"{\"cycle_id\":7}", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"null", "cannot be read"),
    ];
    for (body, words) in cases {
        let refusal = check(body, 7).unwrap_err();
        assert_eq!(refusal.check, Name::Answer);
        assert!(told(&refusal).contains(words), "{}", told(&refusal));
    }
    let mut trailing = serde_json::to_vec(&Published::new(7).body).unwrap();
    trailing.push(b'x');
    assert_eq!(check(&trailing, 7).unwrap_err().check, Name::Answer);
}

#[test]
fn weights_without_a_document_say_that_nothing_can_be_checked() {
    for absent in [json!(null), json!("gone")] {
        let mut published = Published::new(7);
        if absent.is_null() {
            published.body["signed"] = absent;
        } else {
            published.body.as_object_mut().unwrap().remove("signed");
        }
        let refusal = published.verify().unwrap_err();
        assert_eq!(refusal.check, Name::Answer);
        assert!(matches!(refusal.error, Error::Undocumented { cycle: CycleId(7) }));
    }
}

#[test]
fn a_document_in_another_form_is_refused_even_if_the_operator_signed_it() {
    for (from, to) in [
        ("{\"schema\"", "{ \"schema\""),
        ("kinitro.weights.v1", "kinitro.weights.v2"),
        ("\"netuid\":26", "\"netuid\":26.0"),
        ("\"netuid\":26,\"cycle\":7", "\"cycle\":7,\"netuid\":26"),
        ("\"netuid\":26", "\"netuid\":26,\"netuid\":26"),
        ("\"netuid\":26", "\"netuid\":26,\"extra\":0"),
        ("10:00:00.000000Z", "10:00:00Z"),
        ("10:00:00.000000Z", "10:00:00.000000+00:00"),
        ("\"weight\":", "\"weight\":NaN,\"x\":"),
        ("\"points\":", "\"points\":Infinity,\"x\":"),
        ("\"temperature\":4.0", "\"temperature\":1e999"),
        ("\"temperature\":4.0", "\"temperature\":4"),
        ("\"temperature\":4.0", "\"temperature\":null"),
        ("\"min_gap\":0.02", "\"min_gap\":2e-2"),
    ] {
        let refusal = with_text(from, to).verify().unwrap_err();
        assert_eq!(refusal.check, Name::Document, "{from} → {to}");
    }
}

#[test]
fn another_subnet_or_cycle_is_refused_though_it_is_signed() {
    let published = Published::new(7);
    let body = serde_json::to_vec(&published.body).unwrap();
    let answer = Answer {
        body: &body,
        digest: None,
        signatures: None,
    };
    let refused = |expectations: Expectations| {
        let refusal = verify::document(&answer, &keys(), &expectations).unwrap_err();
        assert_eq!(refusal.check, Name::Cycle);
        told(&refusal)
    };
    let netuid = Expectations {
        netuid: Some(27),
        ..expectations(7)
    };
    assert_eq!(refused(netuid), "expected subnet `27`, found `26`");
    assert_eq!(refused(expectations(8)), "expected cycle `8`, found `7`");
    let replay = Expectations {
        cycle: None,
        not_older_than: Some(CycleId(8)),
        ..expectations(7)
    };
    assert_eq!(refused(replay), "expected a cycle not older than `8`, found `7`");
    verify::document(&answer, &keys(), &Expectations::default()).unwrap();
}

#[test]
fn an_older_cycles_document_in_a_newer_answer_is_a_replay() {
    let (old, mut new) = (Published::new(7), Published::new(8));
    new.body["signed"] = old.body["signed"].clone();
    assert_refused(&new, Name::Cycle, "expected cycle `8`, found `7`");
}

#[test]
fn digests_in_the_answer_and_its_header_are_the_documents() {
    let mut published = Published::new(7);
    let other = sha256(b"other");
    published.body["signed"]["sha256"] = json!(other);
    assert_refused(&published, Name::Digest, &other);
    let published = Published::new(7);
    let body = serde_json::to_vec(&published.body).unwrap();
    let headers = |digest, signatures| {
        let answer = Answer {
            body: &body,
            digest,
            signatures,
        };
        verify::document(&answer, &keys(), &expectations(7))
    };
    let digest = sha256(published.document.as_bytes());
    let entries = published.body["signed"]["signatures"].as_array().unwrap();
    let pairs: Vec<_> = entries
        .iter()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap().to_owned();
            format!("{}={}", text("key_id"), text("signature"))
        })
        .collect();
    let header = pairs.join(", ");
    headers(Some(&digest), Some(&header)).unwrap();
    assert_eq!(
        headers(Some(&other), Some(&header)).unwrap_err().check,
        Name::Digest
    );
    for wrong in ["", "x", pairs[0].as_str(), pairs.join(",").as_str()] {
        let refusal = headers(Some(&digest), Some(wrong)).unwrap_err();
        assert_eq!(refusal.check, Name::Signatures, "`{wrong}`");
    }
}

#[test]
fn what_the_answer_says_beside_the_document_must_agree() {
    let cases = [
        ("/cycle_id", json!(8), "`cycle_id`"),
        ("/block_number", json!(1), "`block_number`"),
        ("/block", json!(1), "`block`"),
        ("/weights/3", json!(0.5), "uid 3's weight"),
        ("/weights_u16/uids/0", json!(4), "`weights_u16.uids`"),
        ("/weights_u16/values/0", json!(4), "`weights_u16.values`"),
        ("/metadata/n_environments", json!(4), "`n_environments`"),
        ("/metadata/n_miners_evaluated", json!(5), "`n_miners_evaluated`"),
        (
            "/signed/evidence/sha256",
            json!("00".repeat(32)),
            "the evidence's SHA-256",
        ),
        (
            "/signed/evidence/url",
            json!("/v1/cycles/8/evidence"),
            "the evidence at",
        ),
    ];
    for (place, value, words) in cases {
        let mut published = Published::new(7);
        *published.body.pointer_mut(place).unwrap() = value;
        assert_refused(&published, Name::Agreement, words);
    }
    let mut published = Published::new(7);
    published.body["weights"]["99"] = json!(0.0);
    assert_refused(&published, Name::Agreement, "weights for");
}

#[test]
fn evidence_with_another_digest_or_length_is_refused_before_what_is_in_it() {
    let mut published = Published::new(7);
    let text = String::from_utf8(published.evidence.clone()).unwrap();
    published.evidence = text.replacen("\"steps\":100", "\"steps\":101", 1).into_bytes();
    assert_ne!(published.evidence, text.as_bytes());
    assert_refused(&published, Name::Evidence, "the evidence's SHA-256");
    // Its seeds are wrong, too, but who changed the evidence is not the operator.
    let mut published = Published::new(7);
    published.evidence = text.replacen("\"seed\":", "\"seed\":1", 1).into_bytes();
    published.body["signed"]["evidence"]["bytes"] = json!(published.evidence.len());
    assert_refused(&published, Name::Evidence, "the evidence's SHA-256");
    for (change, words) in [(-1, "over its limit"), (1, "bytes of evidence")] {
        let mut published = Published::new(7);
        let bytes = i64::try_from(published.evidence.len()).unwrap() + change;
        published.body["signed"]["evidence"]["bytes"] = json!(bytes);
        assert_refused(&published, Name::Evidence, words);
    }
}

#[test]
fn a_cycle_line_that_is_not_the_documents_is_named_by_its_field() {
    let published = with_cycle(|cycle| cycle.netuid = 27);
    assert_refused(&published, Name::CycleLine, "expected netuid `26`, found `27`");
    assert_refused(
        &with_cycle(|cycle| cycle.settings.z_score = 9.0),
        Name::CycleLine,
        "settings",
    );
    assert_refused(
        &with_cycle(|cycle| cycle.block_hash = None),
        Name::CycleLine,
        "block_hash",
    );
    assert_refused(
        &with_cycle(|cycle| cycle.code_version = "0.2.0".to_owned()),
        Name::CycleLine,
        "code_version",
    );
    assert_refused(&with_cycle(|cycle| cycle.miners = 5), Name::CycleLine, "miners");
    let twice = |cycle: &mut CycleLine| cycle.environments[1] = cycle.environments[0].clone();
    assert_refused(&with_cycle(twice), Name::CycleLine, "environments");
}

#[test]
fn a_secret_that_was_not_committed_to_is_refused() {
    let published = with_cycle(|cycle| cycle.secret = [9; 32]);
    assert_refused(&published, Name::Commitment, &hex::encode(commitment(&[9; 32])));
    // With its hash, it is another cycle's line.
    let consistent = with_cycle(|cycle| {
        cycle.secret = [9; 32];
        cycle.secret_hash = commitment(&[9; 32]);
    });
    assert_refused(&consistent, Name::CycleLine, "secret_hash");
    // And with the document's, too, it is not what the operator signed.
    let text = Published::new(7).document.replace(
        &hex::encode(commitment(&[7; 32])),
        &hex::encode(commitment(&[9; 32])),
    );
    let mut forged = consistent.with_document(&text, &[]);
    forged.body["signed"]["signatures"] = Published::new(7).body["signed"]["signatures"].clone();
    assert_refused(&forged, Name::Signatures, "not of this text");
}

#[test]
fn seeds_that_do_not_come_from_the_secret_are_refused() {
    let published = with_result(|result| result.seed = Seed::new(result.seed.get() ^ 1));
    assert_refused(&published, Name::Seeds, "by the formula it is");
}

#[test]
fn lines_too_many_too_few_or_out_of_order_are_refused() {
    let last = lines(7).len() - 1;
    let same_hotkey = |lines: &mut Vec<Line>| {
        if let Line::Miner(miner) = &mut lines[2] {
            miner.hotkey = "5Miner3".parse().unwrap();
        }
    };
    let cases = [
        (with_lines(|lines| drop(lines.pop())), "there is the end"),
        (
            with_lines(|lines| lines.push(lines[last].clone())),
            "should be the end",
        ),
        (with_lines(|lines| lines.swap(6, 7)), "should be episode 1"),
        (with_lines(|lines| lines.swap(1, 2)), "a miner after"),
        (
            with_lines(|lines| drop(lines.remove(1))),
            "should be miner 4 of 4",
        ),
        (with_lines(same_hotkey), "a hotkey that is not there yet"),
    ];
    for (published, words) in cases {
        assert_refused(&published, Name::Completeness, words);
    }
    // Without a cycle's line there is nothing that earlier checks could hold of.
    let headless = with_lines(|lines| drop(lines.remove(0)));
    let refusal = headless.verify().unwrap_err();
    assert_eq!(refusal.check, Name::Completeness);
    assert!(told(&refusal).contains("should be the cycle's line"));
}

#[test]
fn results_that_cannot_be_are_refused() {
    assert_refused(
        &with_result(|result| result.reward = 2e100),
        Name::Results,
        "within ±1e100",
    );
    assert_refused(
        &with_result(|result| result.attempt = 0),
        Name::Results,
        "attempts count from 1",
    );
    assert_refused(
        &with_result(|result| result.fault = Some("timeout".to_owned())),
        Name::Results,
        "only a miner's fault",
    );
    assert_refused(
        &with_result(|result| {
            result.outcome = kinitro_audit::bundle::Outcome::MinerFault;
            result.fault = Some("timeout".to_owned());
        }),
        Name::Results,
        "a miner's fault fails",
    );
    let silent = with_lines(|lines| {
        for line in lines {
            if let Line::Missing(missing) = line {
                missing.reason = None;
            }
        }
    });
    assert_refused(&silent, Name::Results, "has a reason");
}

#[test]
fn figures_that_the_evidence_does_not_give_are_refused_by_their_name() {
    let published = Published::new(7);
    let document: serde_json::Value = serde_json::from_str(&published.document).unwrap();
    let content = kinitro_audit::Document::parse(published.document.as_bytes()).unwrap();
    let content = content.content();
    let frontier = document["frontier"].to_string();
    assert_refused(
        &with_text(&format!("\"frontier\":{frontier}"), "\"frontier\":[40]"),
        Name::Frontier,
        "frontier",
    );
    let epsilon = format!("\"epsilons\":[{:?}", content.epsilons[0]);
    let other = f64::from_bits(content.epsilons[0].to_bits() + 1);
    assert_refused(
        &with_text(&epsilon, &format!("\"epsilons\":[{other:?}")),
        Name::Epsilons,
        "ε",
    );
    let points = content.miners[0].points;
    assert_refused(
        &with_text(
            &format!("\"points\":{points:?}"),
            &format!("\"points\":{:?}", points + 1.0),
        ),
        Name::Points,
        "uid 3's points",
    );
}

/// The operator pays a miner more, in the document and the whole answer.
#[test]
fn weights_that_the_evidence_does_not_give_are_refused_to_the_last_bit() {
    let published = Published::new(7);
    let document = kinitro_audit::Document::parse(published.document.as_bytes()).unwrap();
    let miner = &document.content().miners[0];
    let more = f64::from_bits(miner.weight.to_bits() + 1);
    let changes = [
        (
            format!("\"weight\":{:?}", miner.weight),
            format!("\"weight\":{more:?}"),
            "uid 3's weight",
        ),
        (
            format!("\"weight\":{:?}", miner.weight),
            "\"weight\":0.9".to_owned(),
            "uid 3's weight",
        ),
        (
            format!("\"weight_u16\":{}", miner.weight_u16),
            format!("\"weight_u16\":{}", miner.weight_u16 + 1),
            "uid 3's weight_u16",
        ),
        ("5Miner3".to_owned(), "5Thief".to_owned(), "uid 3's hotkey"),
    ];
    for (from, to, words) in changes {
        let text = published.document.replacen(&from, &to, 1);
        assert_ne!(text, published.document);
        let document = kinitro_audit::Document::parse(text.as_bytes()).unwrap();
        let mut forged = published.clone();
        forged.body = crate::made::body(&document, published.evidence.len() as u64, &[TRUSTED]);
        assert_refused(&forged, Name::Weights, words);
    }
}

#[test]
fn evidence_that_gives_no_weights_is_no_ground_for_any() {
    let mut cycle = cycle_line(7);
    cycle.settings.min_episodes = EPISODES_AND_MORE;
    let lines = lines_of(&cycle, &miner_lines());
    let text = Published::new(7)
        .document
        .replacen("\"min_episodes\":2", "\"min_episodes\":4", 1);
    let published = Published::new(7)
        .with_document(&text, &[TRUSTED])
        .with_evidence(bundle(&lines).0, Some(&[TRUSTED]));
    assert_refused(&published, Name::Frontier, "cells have fewer than the 4 results");
}

/// All of them: a cell that misses one is short.
const EPISODES_AND_MORE: u32 = 4;

#[test]
fn an_unknown_strategy_is_not_judged() {
    let mut cycle = cycle_line(7);
    cycle.strategy = "tarot".to_owned();
    let lines = lines_of(&cycle, &miner_lines());
    let text = Published::new(7).document.replacen("pareto-subset", "tarot", 1);
    let published = Published::new(7)
        .with_document(&text, &[TRUSTED])
        .with_evidence(bundle(&lines).0, Some(&[TRUSTED]));
    assert_refused(&published, Name::Frontier, "tarot");
}
