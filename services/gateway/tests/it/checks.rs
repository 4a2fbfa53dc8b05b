//! What anyone can check a cycle by: its document, who signed it, and how it was scored.

use crate::{
    bundle::{self, Bundle},
    client::{Answer, Gateway},
    ledger::{self, migrated},
};
use kinitro_harness::Postgres;
use reqwest::Method;
use serde_json::{Value, json};

/// The secret of every cycle here, as text.
fn secret() -> String {
    "07".repeat(32)
}

fn assert_is_signed(answer: &Answer, cycle: i64, keys: &[String]) {
    let signed = &answer.json()["signed"];
    assert_eq!(signed["document"], bundle::document());
    assert_eq!(signed["sha256"], bundle::document_sha256());
    assert_eq!(signed["evidence"]["url"], format!("/v1/cycles/{cycle}/evidence"));
    assert!(signed["evidence"]["bytes"].as_u64().unwrap() > 0);
    let signature = "07".repeat(64);
    let expected: Vec<_> = keys
        .iter()
        .map(|key_id| json!({"key_id": key_id, "algorithm": "ed25519", "signature": signature}))
        .collect();
    assert_eq!(signed["signatures"], json!(expected));
    assert_is_headed(answer, keys);
}

fn assert_is_headed(answer: &Answer, keys: &[String]) {
    let digest = bundle::document_sha256();
    assert_eq!(answer.header("kinitro-document-sha256"), Some(digest.as_str()));
    let signature = "07".repeat(64);
    let expected: Vec<_> = keys.iter().map(|key| format!("{key}={signature}")).collect();
    let expected = (!keys.is_empty()).then(|| expected.join(", "));
    assert_eq!(answer.header("kinitro-signature"), expected.as_deref());
}

#[tokio::test]
async fn weights_carry_the_document_and_its_signatures_on_every_route() {
    let database = Postgres::database().await;
    let store = migrated(&database.url()).await;
    let unsigned = ledger::settled(&store).await;
    let mut keys = vec![bundle::key(&store, 1).await, bundle::key(&store, 2).await];
    keys.sort();
    let signed = ledger::next_running(&store, 2000, 5, 62).await;
    let evidence = Bundle {
        keys: keys.clone(),
        ..Bundle::default()
    };
    ledger::settle_with(&store, signed, 5, &evidence).await;
    let gateway = Gateway::ready(&database.url()).await;
    for path in ["/v1/weights/latest", "/v1/weights/2000", "/v1/cycles/2/weights"] {
        let answer = gateway.get(path).await;
        assert_eq!(
            (answer.status, &answer.json()["cycle_id"]),
            (200, &json!(2)),
            "{path}"
        );
        assert_is_signed(&answer, 2, &keys);
        let head = gateway.send(Method::HEAD, path, &[], String::new()).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        assert_is_headed(&head, &keys);
        let tag = answer.header("etag").unwrap();
        let known = [("if-none-match", tag)];
        let again = gateway.send(Method::GET, path, &known, String::new()).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
        assert_is_headed(&again, &keys);
    }
    for path in ["/v1/weights/1000", "/v1/cycles/1/weights"] {
        let answer = gateway.get(path).await;
        assert_eq!(answer.json()["cycle_id"], json!(unsigned.0), "{path}");
        assert_is_signed(&answer, 1, &[]);
        assert_eq!(
            answer.json()["weights_u16"]["values"],
            json!([64356, 1178]),
            "{path}"
        );
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_cycle_of_before_has_weights_and_nothing_to_check_them_by() {
    let database = Postgres::database().await;
    ledger::settled(&migrated(&database.url()).await).await;
    let back = "ALTER TABLE weights DROP CONSTRAINT weights_document_check; \
                UPDATE weights SET document_id = NULL, stability = NULL, replicates = NULL; \
                UPDATE scores SET success_low = NULL, success_high = NULL; \
                DELETE FROM bundle_chunks; DELETE FROM documents";
    ledger::execute(&database.url(), back).await;
    let gateway = Gateway::ready(&database.url()).await;
    for path in ["/v1/weights/latest", "/v1/weights/1000", "/v1/cycles/1/weights"] {
        let answer = gateway.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        let value = answer.json();
        assert!(
            value.as_object().unwrap().contains_key("signed") && value["signed"].is_null(),
            "{path}"
        );
        assert_eq!(value["weights_u16"]["values"], json!([64356, 1178]), "{path}");
        assert_eq!(answer.header("kinitro-document-sha256"), None, "{path}");
        assert_eq!(answer.header("kinitro-signature"), None, "{path}");
    }
    let cycle = gateway.get("/v1/cycles/1").await.json();
    assert_eq!(
        (&cycle["document"], &cycle["evidence"]),
        (&Value::Null, &Value::Null)
    );
    let evidence = gateway.get("/v1/cycles/1/evidence").await;
    assert_eq!(
        (evidence.status, &evidence.json()["detail"]),
        (404, &json!("No evidence found for cycle 1"))
    );
    let scores = gateway.get("/v1/scores/latest").await.json();
    assert_eq!(scores["scores"][0]["success_low"], Value::Null);
    assert_eq!(
        (&scores["ranking"][0]["stability"], &scores["replicates"]),
        (&Value::Null, &json!(0))
    );
    gateway.stop().await;
}

#[tokio::test]
async fn cycles_are_told_one_by_one_and_newest_first() {
    let database = Postgres::database().await;
    let store = migrated(&database.url()).await;
    ledger::settled(&store).await;
    ledger::expired(&store, 2000).await;
    let gateway = Gateway::ready(&database.url()).await;
    let settled = gateway.get("/v1/cycles/1").await;
    let value = settled.json();
    for (key, expected) in [
        ("id", json!(1)),
        ("state", json!("settled")),
        ("netuid", json!(26)),
        ("block", json!(1000)),
        ("block_hash", Value::Null),
        ("environments", json!(["genesis/g1-v0", "metaworld/reach-v3"])),
        ("episodes_per_environment", json!(3)),
        ("miners", json!(2)),
        ("strategy", json!("pareto-subset")),
        ("settings", json!({})),
        ("code_version", json!("0.1.0")),
        ("secret_hash", json!("09".repeat(32))),
        ("secret", json!(secret())),
        ("reason", Value::Null),
    ] {
        assert_eq!(value[key], expected, "`{key}`");
    }
    for key in ["opened_at", "running_at", "finished_at", "deadline"] {
        assert!(value[key].as_str().unwrap().ends_with('Z'), "`{key}`");
    }
    let weights = gateway.get("/v1/weights/latest").await.json();
    assert_eq!(value["document"]["sha256"], weights["signed"]["sha256"]);
    assert_eq!(value["document"]["url"], "/v1/cycles/1/weights");
    assert_eq!(value["evidence"], weights["signed"]["evidence"]);
    let known = [("if-none-match", settled.header("etag").unwrap())];
    let again = gateway
        .send(Method::GET, "/v1/cycles/1", &known, String::new())
        .await;
    assert_eq!(again.status, 304);

    let expired = gateway.get("/v1/cycles/2").await.json();
    assert_eq!(
        (&expired["state"], &expired["reason"]),
        (&json!("expired"), &json!("too few results"))
    );
    let all = gateway.get("/v1/cycles").await.json();
    assert_eq!(all, json!({"cycles": [expired, value]}));
    let one = gateway.get("/v1/cycles?limit=1").await.json();
    assert_eq!(one, json!({"cycles": [all["cycles"][0]]}));
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_what_is_no_number_is_refused() {
    let database = Postgres::database().await;
    let store = migrated(&database.url()).await;
    ledger::golden_running(&store).await;
    let gateway = Gateway::ready(&database.url()).await;
    for (path, detail) in [
        ("/v1/cycles/2", "Cycle 2 not found"),
        ("/v1/cycles/-1", "Cycle -1 not found"),
        (
            "/v1/cycles/99999999999999999999",
            "Cycle 99999999999999999999 not found",
        ),
        ("/v1/cycles/2/weights", "Cycle 2 not found"),
        (
            "/v1/cycles/99999999999999999999/weights",
            "Cycle 99999999999999999999 not found",
        ),
        ("/v1/cycles/2/evidence", "Cycle 2 not found"),
        (
            "/v1/cycles/99999999999999999999/evidence",
            "Cycle 99999999999999999999 not found",
        ),
        ("/v1/cycles/1/weights", "No weights found for cycle 1"),
        ("/v1/cycles/1/evidence", "No evidence found for cycle 1"),
        ("/v1/cycles/1/made-up", "Not Found"),
    ] {
        let answer = gateway.get(path).await;
        assert_eq!(
            (answer.status, &answer.json()["detail"]),
            (404, &json!(detail)),
            "{path}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{path}"
        );
    }
    for path in [
        "/v1/cycles/x",
        "/v1/cycles/%FF",
        "/v1/cycles/x/weights",
        "/v1/cycles/1.5/evidence",
        "/v1/cycles?limit=0",
        "/v1/cycles?limit=101",
        "/v1/cycles?limit=99999999999999999999",
        "/v1/cycles?limit=all",
    ] {
        let answer = gateway.get(path).await;
        assert_eq!(answer.status, 422, "{path}: {}", answer.text);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{path}"
        );
    }
    assert_eq!(gateway.get("/v1/cycles?limit=100").await.status, 200);
    let posted = gateway
        .send(Method::POST, "/v1/cycles/1/evidence", &[], String::new())
        .await;
    assert_eq!(posted.status, 405);
    gateway.stop().await;
}

#[tokio::test]
async fn no_route_tells_the_secret_of_a_cycle_that_has_not_finished() {
    let database = Postgres::database().await;
    let store = migrated(&database.url()).await;
    let opened = ledger::opened(&store, 1000).await;
    let gateway = Gateway::ready(&database.url()).await;
    let paths = [
        "/health",
        "/ready",
        "/metrics",
        "/v1/status",
        "/v1/weights/latest",
        "/v1/weights/1000",
        "/v1/scores/latest",
        "/v1/scores/1",
        "/v1/cycles",
        "/v1/cycles/1",
        "/v1/cycles/1/weights",
        "/v1/cycles/1/evidence",
        "/v1/keys",
        "/v1/miners",
        "/v1/environments",
        "/v1/tasks/stats",
        "/v1/tasks/stats?cycle_id=1",
    ];
    // As the bytes of the secret would look as text, as a list and in base 64.
    let tellers = ["070707", "7,7,7", "7, 7, 7", "BwcHBw", "\\u0007"];
    for state in ["open", "running"] {
        let cycle = gateway
            .until("/v1/cycles/1", |answer| answer.json()["state"] == state)
            .await
            .json();
        assert!(cycle.as_object().unwrap().contains_key("secret") && cycle["secret"].is_null());
        assert_eq!(cycle["secret_hash"], "09".repeat(32));
        for path in paths {
            let answer = gateway.get(path).await;
            let told = format!("{:?}{}", answer.headers, answer.text);
            for teller in tellers {
                assert!(!told.contains(teller), "{state}, {path}: {told}");
            }
        }
        if state == "open" {
            assert!(store.mark_running(opened).await.unwrap());
        }
    }
    assert!(store.cancel_cycle(opened, "enough").await.unwrap());
    let ended = gateway.get("/v1/cycles/1").await.json();
    assert_eq!(
        (&ended["state"], &ended["secret"]),
        (&json!("cancelled"), &json!(secret()))
    );
    gateway.stop().await;
}

#[tokio::test]
async fn keys_are_told_with_what_they_signed_and_when_they_were_retired() {
    let database = Postgres::database().await;
    let store = migrated(&database.url()).await;
    let gateway = Gateway::ready(&database.url()).await;
    assert_eq!(gateway.get("/v1/keys").await.json(), json!({"keys": []}));

    let keys = vec![bundle::key(&store, 1).await, bundle::key(&store, 2).await];
    let cycle = ledger::next_running(&store, 1000, 5, 62).await;
    let evidence = Bundle {
        keys: keys.clone(),
        ..Bundle::default()
    };
    ledger::settle_with(&store, cycle, 5, &evidence).await;
    assert!(store.retire_signing_key(&keys[0]).await.unwrap());
    // Something new in the ledger: all is read again, at once.
    ledger::opened(&store, 2000).await;
    let answer = gateway
        .until("/v1/keys", |answer| {
            answer.json()["keys"][0]["state"] == "retired"
        })
        .await;
    let told = answer.json();
    for (place, byte) in [(0, "01"), (1, "02")] {
        let key = &told["keys"][place];
        assert_eq!(key["key_id"], keys[place]);
        assert_eq!(
            (&key["algorithm"], &key["documents"]),
            (&json!("ed25519"), &json!(1))
        );
        assert_eq!(key["public_key"], byte.repeat(32));
        assert!(key["added_at"].as_str().unwrap().ends_with('Z'));
    }
    assert!(told["keys"][0]["retired_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        (&told["keys"][1]["state"], &told["keys"][1]["retired_at"]),
        (&json!("active"), &Value::Null)
    );
    let known = [("if-none-match", answer.header("etag").unwrap())];
    let again = gateway.send(Method::GET, "/v1/keys", &known, String::new()).await;
    assert_eq!(
        (again.status, again.header("cache-control")),
        (304, Some("public, max-age=5"))
    );
    gateway.stop().await;
}

#[tokio::test]
async fn scores_say_how_sure_they_are() {
    let database = Postgres::database().await;
    ledger::settled(&migrated(&database.url()).await).await;
    let gateway = Gateway::ready(&database.url()).await;
    for path in ["/v1/scores/latest", "/v1/scores/1"] {
        let value = gateway.get(path).await.json();
        let score = &value["scores"][0];
        assert_eq!(
            (&score["success_low"], &score["success_high"]),
            (&json!(0.25), &json!(0.875)),
            "{path}"
        );
        let ranked = |uid: u16, rank, points, weight, stability| {
            json!({"uid": uid, "hotkey": format!("5Hotkey{uid:041}"), "rank": rank, "points": points,
                "weight": weight, "stability": stability})
        };
        let expected = [
            ranked(3, 1, 4.0, 0.982_013_790_037_908_5, 0.75),
            ranked(7, 2, 0.0, 0.017_986_209_962_091_555, 0.5),
        ];
        assert_eq!(value["ranking"], json!(expected), "{path}");
        assert_eq!(value["replicates"], 200, "{path}");
    }
    gateway.stop().await;
}
