//! Verifying one answer after the other, against a gateway that says what it is told to.

use super::*;
use crate::{
    Error,
    gateway::{Answer, TIMEOUT},
};
use axum::{
    Router,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use kinitro_audit::{
    Document, Judged, Tally,
    bundle::{CycleLine, Line, MinerLine, Outcome, ResultLine, Writer, gunzip},
    commitment, judge,
    keys::SigningKey,
    seed,
};
use kinitro_proto::{BlockNumber, CycleId, TaskId, Uid};
use serde_json::{Value, json};
use std::{collections::BTreeMap, io::Read, sync::Mutex};
use tokio::net::TcpListener;

const NETUID: u16 = 26;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

/// A cycle of two miners in one environment: its evidence, and its document.
fn cycle() -> (Vec<u8>, Document) {
    let secret = [5; 32];
    let environment = "metaworld/reach-v3".parse().unwrap();
    let cycle = CycleLine {
        cycle: CycleId(7),
        netuid: NETUID,
        interval: 1,
        block: BlockNumber(1000),
        block_hash: None,
        opened_at: "2026-11-20T10:00:00Z".parse().unwrap(),
        deadline: "2026-11-20T12:00:00Z".parse().unwrap(),
        episodes_per_environment: 4,
        environments: vec![environment],
        strategy: "pareto-subset".to_owned(),
        settings: serde_json::from_str(r#"{"episodes_per_environment":4,"min_episodes":2}"#).unwrap(),
        code_version: "0.1.0".to_owned(),
        secret_hash: commitment(&secret),
        secret,
        miners: 2,
    };
    let environment = &cycle.environments[0];
    let mut lines = vec![Line::Cycle(Box::new(cycle.clone()))];
    lines.extend([3, 12].map(|uid| {
        Line::Miner(MinerLine {
            uid: Uid(uid),
            hotkey: format!("5Miner{uid}").parse().unwrap(),
            commit_block: Some(BlockNumber(uid.into())),
            repo: None,
            revision: None,
        })
    }));
    for uid in [3, 12] {
        lines.extend((0..4).map(|episode| {
            Line::Result(ResultLine {
                uid: Uid(uid),
                environment: environment.clone(),
                episode,
                seed: seed(&secret, environment, episode),
                task: TaskId::now(),
                attempt: 1,
                executor: "one".to_owned(),
                outcome: Outcome::Scored,
                fault: None,
                success: uid == 3 || episode == 0,
                reward: 1.5,
                steps: 10,
            })
        }));
    }
    let (mut tally, mut writer) = (Tally::new(), Writer::new());
    for line in &lines {
        tally.push(line).unwrap();
        writer.push(line).unwrap();
    }
    let Judged::Settled(verdict) = judge(&tally).unwrap() else {
        panic!("it gives weights");
    };
    let mut packed = writer.take_chunk().unwrap_or_default();
    let finished = writer.finish().unwrap();
    packed.extend(finished.last_chunk.unwrap_or_default());
    let mut evidence = Vec::new();
    gunzip(packed.as_slice()).read_to_end(&mut evidence).unwrap();
    (
        evidence,
        Document::new(&tally, &verdict, finished.sha256).unwrap(),
    )
}

fn body(document: &Document, evidence: &[u8]) -> Value {
    let hex = |bytes: [u8; 32]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let content = document.content();
    let miners = || content.miners.iter();
    let weights: BTreeMap<_, _> = miners()
        .map(|miner| (miner.uid.to_string(), miner.weight))
        .collect();
    let (uids, values): (Vec<_>, Vec<_>) = miners().map(|miner| (miner.uid, miner.weight_u16)).unzip();
    json!({
        "cycle_id": 7, "block_number": 1000, "block": 1000, "timestamp": "2026-11-20T11:00:00Z",
        "created_at": "2026-11-20T11:00:00Z", "weights": weights, "weights_u16": {"uids": uids, "values": values},
        "metadata": {"n_miners_evaluated": 2, "n_environments": 1, "evaluation_duration_seconds": 1.0},
        "stale": false,
        "signed": {
            "document": document.text(), "sha256": hex(document.sha256()),
            "evidence": {
                "sha256": hex(content.evidence_sha256), "bytes": evidence.len(), "url": "/v1/cycles/7/evidence",
            },
            "signatures": [{
                "key_id": key().public().id().to_string(), "algorithm": "ed25519",
                "signature": key().sign(document.as_bytes()).to_string(),
            }],
        },
    })
}

/// What the gateway answers, by path, and how often it was asked.
#[derive(Default)]
struct Told {
    answers: BTreeMap<&'static str, (u16, Vec<u8>)>,
    asked: BTreeMap<String, u32>,
}

/// A gateway on loopback, a voucher, and weights.
struct Scene {
    http: Http,
    told: Arc<Mutex<Told>>,
    voucher: Voucher,
    metrics: Metrics,
    weights: Value,
}

const KEYS: &str = "/v1/keys";
const EVIDENCE: &str = "/v1/cycles/7/evidence";

impl Scene {
    async fn start(trusted: &[SigningKey]) -> Self {
        kinitro_chassis::tls::install();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let told = Arc::new(Mutex::new(Told::default()));
        let shared = Arc::clone(&told);
        let app = Router::new().fallback(async move |uri: Uri| answer(&shared, uri.path()));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let (evidence, document) = cycle();
        let public = key().public();
        let keys = json!({"keys": [{
            "key_id": public.id().to_string(), "algorithm": "ed25519", "public_key": public.to_string(),
            "state": "active", "added_at": "2026-11-20T09:00:00Z", "retired_at": null, "documents": 1,
        }]});
        let scene = Self {
            http: Http::new(&url.parse().unwrap(), TIMEOUT).unwrap(),
            told,
            voucher: Voucher::new(NETUID, trusted.iter().map(SigningKey::public).collect()),
            metrics: Metrics::default(),
            weights: body(&document, &evidence),
        };
        scene.tell(KEYS, 200, keys.to_string().into_bytes());
        scene.tell(EVIDENCE, 200, evidence);
        scene
    }

    fn tell(&self, path: &'static str, status: u16, body: Vec<u8>) {
        self.told.lock().unwrap().answers.insert(path, (status, body));
    }

    fn asked(&self, path: &str) -> u32 {
        self.told
            .lock()
            .unwrap()
            .asked
            .get(path)
            .copied()
            .unwrap_or_default()
    }

    /// The verdict on the weights as they are now.
    async fn verdict(&mut self) -> Result<Verdict> {
        let latest = Latest {
            weights: serde_json::from_value(self.weights.clone()).unwrap(),
            answer: Answer {
                bytes: self.weights.to_string().into_bytes(),
                digest: None,
                signature: None,
            },
        };
        let latest = Arc::new(latest);
        self.voucher.verdict(&self.http, &latest, &self.metrics).await
    }

    async fn refused(&mut self) -> Arc<Refused> {
        self.verdict().await.unwrap().unwrap_err()
    }
}

fn answer(told: &Mutex<Told>, path: &str) -> Response {
    let mut told = told.lock().unwrap();
    *told.asked.entry(path.to_owned()).or_default() += 1;
    match told.answers.get(path) {
        Some((status, body)) => (StatusCode::from_u16(*status).unwrap(), body.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn check(refused: &Refused) -> &'static str {
    match refused.reason {
        Reason::Unverified { check, .. } => check,
        ref other => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_answer_is_verified_once_and_what_is_submitted_is_the_document() {
    let mut scene = Scene::start(&[key()]).await;
    for _ in 0..3 {
        let verified = scene.verdict().await.unwrap().unwrap();
        let weights = &verified.weights;
        assert_eq!((weights.cycle, weights.block), (CycleId(7), BlockNumber(1000)));
        assert_eq!(weights.weights.len(), 2);
        assert!(weights.weights[&Uid(3)] > weights.weights[&Uid(12)]);
        let hotkeys = weights.hotkeys.as_ref().unwrap();
        assert_eq!(hotkeys[&Uid(12)].as_str(), "5Miner12");
        assert_eq!(verified.checks.len(), 17);
    }
    assert_eq!((scene.asked(KEYS), scene.asked(EVIDENCE)), (1, 1));
}

#[tokio::test]
async fn old_weights_under_a_new_date_are_as_old_as_their_deadline() {
    let mut scene = Scene::start(&[key()]).await;
    let settled_at = |verdict: Verdict| verdict.unwrap().weights.settled_at;
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let verdict = scene.verdict().await.unwrap();
    assert_eq!(settled_at(verdict), at("2026-11-20T11:00:00Z"));
    scene.weights["timestamp"] = json!("2027-11-20T11:00:00Z");
    let verdict = scene.verdict().await.unwrap();
    assert_eq!(settled_at(verdict), at("2026-11-20T12:00:00Z"));
}

#[tokio::test]
async fn a_refusal_stands_for_a_while_and_other_weights_are_looked_at_at_once() {
    let mut scene = Scene::start(&[key()]).await;
    let honest = scene.weights.clone();
    scene.weights["weights"]["3"] = json!(0.5);
    for _ in 0..3 {
        let refused = scene.refused().await;
        assert_eq!(check(&refused), "agreement");
        let said = refused.reason.to_string();
        assert!(said.contains("cycle `7`") && said.contains("0.5"), "{said}");
        assert!(!refused.reason.is_passing());
        assert_eq!(refused.checks.len(), 5);
    }
    assert_eq!(scene.asked(KEYS), 1);
    // Its time is over.
    scene.voucher.kept.as_mut().unwrap().until = Some(Instant::now());
    scene.refused().await;
    assert_eq!(scene.asked(KEYS), 2);
    scene.weights = honest;
    assert!(scene.verdict().await.unwrap().is_ok());
}

#[tokio::test]
async fn a_gateway_that_cannot_be_asked_refuses_nothing_and_proves_nothing() {
    let mut scene = Scene::start(&[key()]).await;
    let (_, evidence) = scene.told.lock().unwrap().answers[EVIDENCE].clone();
    scene.tell(EVIDENCE, 503, Vec::new());
    let error = scene.verdict().await.unwrap_err();
    assert!(
        error.is_passing() && matches!(error, Error::Status { .. }),
        "{error}"
    );
    let (_, keys) = scene.told.lock().unwrap().answers[KEYS].clone();
    for (status, body) in [(503, &b"{}"[..]), (200, b"{}"), (302, b"")] {
        scene.tell(KEYS, status, body.to_vec());
        assert!(scene.verdict().await.unwrap_err().is_passing());
    }
    scene.tell(KEYS, 200, keys);
    scene.tell(EVIDENCE, 200, evidence);
    assert!(scene.verdict().await.unwrap().is_ok());
}

#[tokio::test]
async fn evidence_that_is_missing_another_or_too_long_is_refused() {
    let mut scene = Scene::start(&[key()]).await;
    let (_, mut evidence) = scene.told.lock().unwrap().answers[EVIDENCE].clone();
    scene.tell(EVIDENCE, 404, Vec::new());
    assert_eq!(check(&*scene.refused().await), "evidence");
    evidence.pop();
    scene.tell(EVIDENCE, 200, evidence);
    scene.voucher.kept = None;
    assert_eq!(check(&*scene.refused().await), "evidence");
    // More than is ever fetched is not fetched again and again.
    scene.voucher.kept = None;
    scene.voucher.limits.bytes = 100;
    for _ in 0..3 {
        let refused = scene.refused().await;
        assert_eq!(check(&refused), "evidence");
        let said = refused.reason.to_string();
        assert!(said.contains("at most `100` bytes"), "{said}");
    }
    assert_eq!(scene.asked(EVIDENCE), 3);
}

#[tokio::test]
async fn whose_word_counts_is_who_was_named_else_who_the_gateway_names() {
    let mut named = Scene::start(&[key()]).await;
    named.tell(KEYS, 404, Vec::new());
    assert!(
        named.verdict().await.unwrap().is_ok(),
        "a key that is trusted is known"
    );
    let mut stranger = Scene::start(&[SigningKey::from_bytes(&[9; 32])]).await;
    assert_eq!(check(&*stranger.refused().await), "signatures");
    let mut itself = Scene::start(&[]).await;
    assert!(itself.verdict().await.unwrap().is_ok());
    let mut nobody = Scene::start(&[]).await;
    nobody.tell(KEYS, 200, br#"{"keys":[]}"#.to_vec());
    assert_eq!(check(&*nobody.refused().await), "signatures");
}

#[tokio::test]
async fn weights_of_another_subnet_are_refused() {
    let mut scene = Scene::start(&[key()]).await;
    scene.voucher.netuid = 27;
    assert_eq!(check(&*scene.refused().await), "cycle");
}

#[tokio::test]
async fn what_a_stranger_wrote_is_said_in_short_and_on_one_line() {
    let mut scene = Scene::start(&[key()]).await;
    let noise = "\u{1b}[2J\n".repeat(100_000);
    scene.weights["signed"]["signatures"][0]["algorithm"] = json!(noise);
    let said = scene.refused().await.reason.to_string();
    assert!(said.len() < 2000 && !said.contains(char::is_control), "{said}");
    scene.weights["signed"]["evidence"]["bytes"] = json!(noise);
    let said = scene.refused().await.reason.to_string();
    assert!(said.len() < 2000 && !said.contains(char::is_control), "{said}");
}
