//! Whatever somebody changes on the way is refused, and it is said what.

use super::{
    forged,
    forger::{Forger, Told},
    key, verify,
};
use crate::stack::Stack;
use kinitro_audit::{
    Document, Judged, Tally,
    keys::{PublicKey, SigningKey},
};
use kinitro_proto::CycleId;
use serde_json::{Value, json};
use std::fs;

type Edit = fn(&mut Value);

/// Refused with exit code 1, at that check, and printed so.
async fn refused(forger: &Forger, flags: &[&str], check: &str) {
    let url = forger.url();
    let args = [&["--gateway", url.as_str()], flags].concat();
    let (code, told, log) = verify(&args).await;
    assert_eq!(code, Some(1), "`{check}` of {args:?}: {told}{log}");
    let line = told.lines().find(|line| line.contains("MISMATCH"));
    let line = line.unwrap_or_else(|| panic!("nothing is wrong with `{check}`:\n{told}"));
    assert!(line.trim_start().starts_with(check), "`{check}`: {line}");
    assert!(log.contains(&format!("check `{check}`")), "{log}");
    assert!(told.contains("NOT verified"), "{told}");
}

#[tokio::test]
async fn whatever_is_changed_on_the_way_is_refused_and_named() {
    let mut stack = Stack::start().await;
    stack.judge_scripted(&[0.9, 0.3], 4);
    let (file, public) = key(&stack, "key");
    let (cycle, _gateway, forger) = forged(&mut stack, &[&file]).await;
    let (number, trusted) = (cycle.to_string(), public.to_string());

    let url = forger.url();
    let (code, told, log) = verify(&["--gateway", &url, "--trusted-key", &trusted]).await;
    assert_eq!(code, Some(0), "the forger changes nothing yet: {told}{log}");

    answers(&forger).await;
    headers_and_keys(&forger).await;
    evidence(&forger).await;
    other_ends(&forger, &number).await;
    in_files(&stack, &forger, &number).await;
    somebody_elses(&forger, &trusted, cycle).await;
}

/// What stands beside the document, and the document.
async fn answers(forger: &Forger) {
    let edits: [(Edit, &str); 18] = [
        (|body| body["weights"]["1"] = json!(0.5), "agreement"),
        (|body| body["weights"]["7"] = json!(0.0), "agreement"),
        (
            |body| drop(body["weights"].as_object_mut().unwrap().remove("1")),
            "agreement",
        ),
        (|body| body["weights_u16"]["values"][0] = json!(1), "agreement"),
        (|body| body["weights_u16"]["uids"][0] = json!(9), "agreement"),
        (|body| body["cycle_id"] = json!(99), "agreement"),
        (|body| body["block"] = json!(1001), "agreement"),
        (|body| body["block_number"] = json!(1001), "agreement"),
        (
            |body| body["signed"]["evidence"]["sha256"] = json!("00".repeat(32)),
            "agreement",
        ),
        (|body| body["signed"]["evidence"]["bytes"] = json!(9), "evidence"),
        (|body| body["signed"] = json!(null), "answer"),
        (|body| body["weights"] = json!("none"), "answer"),
        (|body| body["signed"]["sha256"] = json!("00".repeat(32)), "digest"),
        (|body| body["signed"]["signatures"] = json!([]), "signatures"),
        (
            |body| body["signed"]["signatures"][0]["signature"] = json!("00".repeat(64)),
            "signatures",
        ),
        (
            |body| body["signed"]["signatures"][0]["key_id"] = json!("00".repeat(8)),
            "signatures",
        ),
        (
            |body| {
                let text = body["signed"]["document"].as_str().unwrap().to_owned();
                body["signed"]["document"] = json!(format!("{text}\n"));
            },
            "document",
        ),
        (
            |body| {
                let text = body["signed"]["document"].as_str().unwrap();
                body["signed"]["document"] = json!(text.replacen("\"uid\":1", "\"uid\":3", 1));
            },
            "digest",
        ),
    ];
    for (edit, check) in edits {
        forger.forge_weights(edit);
        refused(forger, &[], check).await;
    }
}

async fn headers_and_keys(forger: &Forger) {
    let zeros = "00".repeat(32);
    forger.forge(move |path, told| {
        if path.contains("weights") {
            told.header("kinitro-document-sha256").clone_from(&zeros);
        }
    });
    refused(forger, &[], "digest").await;
    forger.forge(|path, told| {
        if path.contains("weights") {
            told.header("kinitro-signature").push('0');
        }
    });
    refused(forger, &[], "signatures").await;
    for keys in [json!([]), json!([listed(&SigningKey::from_bytes(&[1; 32]))])] {
        forger.forge(move |path, told| {
            if path == "/v1/keys" {
                told.body = json!({ "keys": keys }).to_string().into_bytes();
            }
        });
        refused(forger, &[], "signatures").await;
    }
}

async fn evidence(forger: &Forger) {
    let edits: [fn(String) -> String; 6] = [
        |_| String::new(),
        |text| text.replacen("\"success\":true", "\"success\":false", 1),
        |text| text.replacen("\"miners\":2", "\"miners\":3", 1),
        |text| format!("{text}\n"),
        |text| {
            let end = text.trim_end().rfind('\n').unwrap();
            text[..=end].to_owned()
        },
        |text| {
            let mut lines: Vec<_> = text.split_inclusive('\n').collect();
            lines.swap(4, 5);
            lines.concat()
        },
    ];
    for edit in edits {
        forger.forge_evidence(edit);
        refused(forger, &[], "evidence").await;
    }
    forger.forge(|path, told| {
        if path.ends_with("/evidence") {
            told.status = 404;
        }
    });
    refused(forger, &[], "evidence").await;
}

/// What is asked for and is not what is there.
async fn other_ends(forger: &Forger, number: &str) {
    forger.forge(|_, _| {});
    refused(forger, &["--netuid", "99"], "cycle").await;
    let url = forger.url();
    let (code, _, log) = verify(&["--gateway", &url, "--cycle", "99"]).await;
    assert_eq!(code, Some(3), "{log}");
    assert!(log.contains("/v1/cycles/99/weights"), "{log}");
    // The cycle that was asked for, answered with an older one: a replay.
    let replayed = number.to_owned();
    let honest = super::forger::fetched(forger.gateway, &format!("/v1/cycles/{replayed}/weights")).await;
    forger.forge(move |path, told: &mut Told| {
        if path.contains("weights") {
            *told = honest.clone();
        }
    });
    refused(forger, &["--cycle", "99"], "cycle").await;
    forger.forge(|_, told| {
        told.status = 302;
        told.headers = vec![("location".to_owned(), "http://127.0.0.1:1/".to_owned())];
    });
    let (code, _, log) = verify(&["--gateway", &url]).await;
    assert_eq!(code, Some(75), "{log}");
}

/// The same in what was saved.
async fn in_files(stack: &Stack, forger: &Forger, number: &str) {
    forger.forge(|_, _| {});
    let (url, folder) = (forger.url(), stack.path("saved").display().to_string());
    let (code, _, log) = verify(&["--gateway", &url, "--save", &folder]).await;
    assert_eq!(code, Some(0), "{log}");
    let file = |end: &str| format!("{folder}/cycle-{number}.{end}");
    let (weights, bundle) = (file("weights.json"), file("evidence.jsonl"));
    for (path, from, to, check) in [
        (&weights, "\\\"points\\\":", "\\\"points\\\": ", "document"),
        (&bundle, "\"attempt\":1", "\"attempt\":2", "evidence"),
    ] {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "`{from}` in {path}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
        let (code, told, log) = verify(&["--bundle", &bundle]).await;
        assert_eq!(code, Some(1), "{told}{log}");
        assert!(log.contains(&format!("check `{check}`")), "{log}");
        fs::write(path, text).unwrap();
    }
    let (code, _, log) = verify(&["--bundle", &bundle]).await;
    assert_eq!(code, Some(0), "as it was: {log}");
}

/// A forger that makes everything anew and signs it: only a key that the caller knows tells.
async fn somebody_elses(forger: &Forger, trusted: &str, cycle: CycleId) {
    let forging = SigningKey::from_bytes(&[7; 32]);
    let honest = super::forger::fetched(forger.gateway, &format!("/v1/cycles/{cycle}/evidence")).await;
    let text = String::from_utf8(honest.body).unwrap();
    // The worse miner has failed nowhere.
    let lines = text.lines().map(|line| {
        let line = line.to_owned();
        if line.contains("\"uid\":2,") {
            line.replace("\"success\":false", "\"success\":true") + "\n"
        } else {
            line + "\n"
        }
    });
    let evidence: String = lines.collect();
    let (tally, read) = Tally::read(evidence.as_bytes()).unwrap();
    let Judged::Settled(verdict) = kinitro_audit::judge(&tally).unwrap() else {
        panic!("it gives weights");
    };
    let document = Document::new(&tally, &verdict, read.sha256).unwrap();
    let body = forged_answer(&document, &forging, read.bytes);
    let keys = json!({ "keys": [listed(&forging)] });
    forger.forge(move |path, told| {
        told.headers.retain(|(name, _)| !name.starts_with("kinitro-"));
        if path.contains("weights") {
            told.edit_json(|json| {
                for (key, value) in body.as_object().unwrap() {
                    json[key] = value.clone();
                }
            });
        } else if path == "/v1/keys" {
            told.body = keys.to_string().into_bytes();
        } else {
            told.body.clone_from(&evidence.clone().into_bytes());
        }
    });
    let url = forger.url();
    let (code, told, log) = verify(&["--gateway", &url]).await;
    assert_eq!(code, Some(0), "a gateway vouches for itself: {told}{log}");
    refused(forger, &["--trusted-key", trusted], "signatures").await;
}

fn forged_answer(document: &Document, key: &SigningKey, bytes: u64) -> Value {
    let content = document.content();
    let hex = |bytes: [u8; 32]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let weights: serde_json::Map<_, _> = content
        .miners
        .iter()
        .map(|miner| (miner.uid.to_string(), json!(miner.weight)))
        .collect();
    let uids: Vec<_> = content.miners.iter().map(|miner| miner.uid).collect();
    let values: Vec<_> = content.miners.iter().map(|miner| miner.weight_u16).collect();
    json!({
        "weights": weights,
        "weights_u16": { "uids": uids, "values": values },
        "signed": {
            "document": document.text(),
            "sha256": hex(document.sha256()),
            "evidence": {
                "sha256": hex(content.evidence_sha256), "bytes": bytes,
                "url": format!("/v1/cycles/{}/evidence", content.cycle),
            },
            "signatures": [{
                "key_id": key.public().id().to_string(), "algorithm": "ed25519",
                "signature": key.sign(document.as_bytes()).to_string(),
            }],
        },
    })
}

/// A key as the gateway lists it.
fn listed(key: &SigningKey) -> Value {
    let public: PublicKey = key.public();
    json!({
        "key_id": public.id().to_string(), "algorithm": "ed25519", "public_key": public.to_string(),
        "state": "active", "added_at": "2026-11-20T12:00:00Z", "retired_at": null, "documents": 1,
    })
}
