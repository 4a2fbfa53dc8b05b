//! A cycle with everything in it that a cycle can have, its document and its signatures.

use kinitro_audit::{
    Document, Judged, Tally, Verdict,
    bundle::{
        CycleLine, Finished, Line, MinerLine, MissingLine, MissingState, Outcome, ResultLine, Writer, gunzip,
    },
    commitment, judge,
    keys::SigningKey,
    seed,
    verify::{self, Answer, Checked, Expectations, Keys, Refusal, Report},
};
use kinitro_proto::{BlockNumber, CycleId, Environment, TaskId, Uid};
use kinitro_scoring::Settings;
use serde_json::{Value, json};
use std::io::Read;
use uuid::Uuid;

pub(crate) const ENVIRONMENTS: [&str; 3] = ["metaworld/reach-v3", "metaworld/push-v3", "genesis/pick"];
pub(crate) const EPISODES: u32 = 4;

/// By miner and environment, but for faults and what is missing: three miners win something.
const SUCCESSES: [[usize; 3]; 4] = [[1, 2, 1], [4, 1, 2], [2, 4, 3], [0, 2, 4]];

/// The key that everyone trusts, another one of the operator's, and a stranger's.
pub(crate) const TRUSTED: [u8; 32] = [1; 32];
pub(crate) const KNOWN: [u8; 32] = [2; 32];
pub(crate) const STRANGER: [u8; 32] = [3; 32];

pub(crate) fn key(bytes: [u8; 32]) -> SigningKey {
    SigningKey::from_bytes(&bytes)
}

pub(crate) fn keys() -> Keys {
    Keys {
        trusted: vec![key(TRUSTED).public()],
        known: vec![key(KNOWN).public()],
    }
}

pub(crate) fn expectations(cycle: i64) -> Expectations {
    Expectations {
        cycle: Some(CycleId(cycle)),
        netuid: Some(26),
        not_older_than: Some(CycleId(cycle)),
    }
}

pub(crate) fn cycle_line(cycle: i64) -> CycleLine {
    let secret = [u8::try_from(cycle).unwrap(); 32];
    CycleLine {
        cycle: CycleId(cycle),
        netuid: 26,
        interval: 481_000 + cycle,
        block: BlockNumber(5_000_000 + cycle.unsigned_abs() * 300),
        block_hash: Some(format!("0x{}", "ab".repeat(32))),
        opened_at: "2026-11-20T10:00:00Z".parse().unwrap(),
        deadline: "2026-11-20T12:00:00.25Z".parse().unwrap(),
        episodes_per_environment: EPISODES,
        environments: ENVIRONMENTS.map(|text| text.parse().unwrap()).to_vec(),
        strategy: "pareto-subset".to_owned(),
        settings: Settings {
            episodes_per_environment: EPISODES,
            min_episodes: 2,
            temperature: 4.0,
            ..Settings::default()
        },
        code_version: "0.1.0".to_owned(),
        secret_hash: commitment(&secret),
        secret,
        miners: 4,
    }
}

/// Four miners: one of them without a block, one without a repository.
pub(crate) fn miner_lines() -> Vec<MinerLine> {
    let miner = |uid, commit_block: Option<u64>, repo: Option<&str>| MinerLine {
        uid: Uid(uid),
        hotkey: format!("5Miner{uid}").parse().unwrap(),
        commit_block: commit_block.map(BlockNumber),
        repo: repo.map(str::to_owned),
        revision: repo.map(|_| "0f3c".to_owned()),
    };
    vec![
        miner(3, Some(4_999_000), Some("lab/policy")),
        miner(12, Some(4_998_000), Some("ünï/\"quoted\"")),
        miner(40, None, Some("late/comer")),
        miner(41, Some(4_999_500), None),
    ]
}

fn episode_line(cycle: &CycleLine, miner: usize, uid: Uid, place: usize, episode: u32) -> Line {
    let environment: Environment = cycle.environments[place].clone();
    let number = miner * 100 + place * 10 + episode as usize;
    let task = TaskId(Uuid::from_u128(
        0x0193_0000_0000_7000_8000_0000_0000_0000 + number as u128,
    ));
    let seed = seed(&cycle.secret, &environment, episode);
    let missing = match (miner, place, episode) {
        (0, 1, 3) => Some((
            MissingState::Discarded,
            Some("simulator_crash: it ended".to_owned()),
        )),
        (3, 2, 0) => Some((MissingState::Cancelled, None)),
        _ => None,
    };
    if let Some((state, reason)) = missing {
        return Line::Missing(MissingLine {
            uid,
            environment,
            episode,
            seed,
            task,
            state,
            reason,
        });
    }
    let is_fault = miner == 3 && episode == 1;
    let success = !is_fault && (episode as usize + place) % 4 < SUCCESSES[miner][place];
    Line::Result(ResultLine {
        uid,
        environment,
        episode,
        seed,
        task,
        attempt: 1 + u32::from(miner == 2),
        executor: format!("gpu-{}", number % 3),
        outcome: if is_fault {
            Outcome::MinerFault
        } else {
            Outcome::Scored
        },
        fault: is_fault.then(|| "timeout".to_owned()),
        success,
        reward: if is_fault { 0.0 } else { 0.1 * number as f64 - 7.5 },
        steps: if is_fault { 0 } else { 100 + number as u64 },
    })
}

/// All lines, in their order.
pub(crate) fn lines_of(cycle: &CycleLine, miners: &[MinerLine]) -> Vec<Line> {
    let mut lines = vec![Line::Cycle(Box::new(cycle.clone()))];
    lines.extend(miners.iter().cloned().map(Line::Miner));
    for (place, miner) in miners.iter().enumerate() {
        for environment in 0..cycle.environments.len() {
            let episodes = 0..cycle.episodes_per_environment;
            lines.extend(episodes.map(|episode| episode_line(cycle, place, miner.uid, environment, episode)));
        }
    }
    lines
}

pub(crate) fn lines(cycle: i64) -> Vec<Line> {
    lines_of(&cycle_line(cycle), &miner_lines())
}

/// The bundle's text, as a reader gets it, and what the writer says of it.
pub(crate) fn bundle(lines: &[Line]) -> (Vec<u8>, Finished) {
    let (mut writer, mut chunks) = (Writer::new(), Vec::new());
    for line in lines {
        writer.push(line).unwrap();
        chunks.extend(writer.take_chunk());
    }
    let finished = writer.finish().unwrap();
    chunks.extend(finished.last_chunk.clone());
    let mut text = Vec::new();
    gunzip(chunks.concat().as_slice()).read_to_end(&mut text).unwrap();
    (text, finished)
}

pub(crate) fn tally(lines: &[Line]) -> Tally {
    let mut tally = Tally::new();
    lines.iter().for_each(|line| tally.push(line).unwrap());
    tally.finish().unwrap();
    tally
}

pub(crate) fn settled(tally: &Tally) -> Verdict {
    match judge(tally).unwrap() {
        Judged::Settled(verdict) => verdict,
        Judged::Expired(reason) => panic!("expired: {reason}"),
    }
}

/// A cycle as it is published.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) cycle: i64,
    pub(crate) evidence: Vec<u8>,
    pub(crate) document: String,
    pub(crate) body: Value,
}

impl Published {
    /// By the trusted key and the other one.
    pub(crate) fn new(cycle: i64) -> Self {
        let lines = lines(cycle);
        let (evidence, finished) = bundle(&lines);
        let tally = tally(&lines);
        let document = Document::new(&tally, &settled(&tally), finished.sha256).unwrap();
        let body = body(&document, finished.bytes, &[TRUSTED, KNOWN]);
        Self {
            cycle,
            evidence,
            document: document.text().to_owned(),
            body,
        }
    }

    /// The same with another document's text, signed by these keys.
    pub(crate) fn with_document(&self, text: &str, by: &[[u8; 32]]) -> Self {
        let mut published = self.clone();
        text.clone_into(&mut published.document);
        published.body["signed"]["document"] = json!(text);
        published.body["signed"]["sha256"] = json!(sha256(text.as_bytes()));
        published.body["signed"]["signatures"] = signatures(text, by);
        published
    }

    /// The same with other evidence: an attacker computes every digest again, and who has keys signs again.
    pub(crate) fn with_evidence(&self, evidence: Vec<u8>, by: Option<&[[u8; 32]]>) -> Self {
        let document = self.document.replace(&sha256(&self.evidence), &sha256(&evidence));
        let mut published = match by {
            Some(by) => self.with_document(&document, by),
            None => {
                let signatures = self.body["signed"]["signatures"].clone();
                let mut published = self.with_document(&document, &[]);
                published.body["signed"]["signatures"] = signatures;
                published
            }
        };
        published.body["signed"]["evidence"]["sha256"] = json!(sha256(&evidence));
        published.body["signed"]["evidence"]["bytes"] = json!(evidence.len());
        published.evidence = evidence;
        published
    }

    pub(crate) fn check_document(&self) -> Result<Checked, Box<Refusal>> {
        let body = serde_json::to_vec(&self.body).unwrap();
        check(&body, self.cycle)
    }

    /// Both stages, as who verifies goes through them.
    pub(crate) fn verify(&self) -> Result<Report, Box<Refusal>> {
        self.check_document()?.evidence(self.evidence.as_slice())
    }
}

/// The first stage, of a body as it came.
pub(crate) fn check(body: &[u8], cycle: i64) -> Result<Checked, Box<Refusal>> {
    let answer = Answer {
        body,
        digest: None,
        signatures: None,
    };
    verify::document(&answer, &keys(), &expectations(cycle))
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(bytes))
}

pub(crate) fn signatures(text: &str, by: &[[u8; 32]]) -> Value {
    let signature = |bytes: &[u8; 32]| {
        let key = key(*bytes);
        json!({
            "key_id": key.public().id().to_string(),
            "algorithm": "ed25519",
            "signature": key.sign(text.as_bytes()).to_string(),
        })
    };
    by.iter().map(signature).collect()
}

/// The gateway's answer.
pub(crate) fn body(document: &Document, evidence_bytes: u64, by: &[[u8; 32]]) -> Value {
    let content = document.content();
    let miners = &content.miners;
    let weights: serde_json::Map<_, _> = miners
        .iter()
        .map(|miner| (miner.uid.to_string(), json!(miner.weight)))
        .collect();
    json!({
        "cycle_id": content.cycle, "block_number": content.block, "block": content.block,
        "timestamp": "2026-11-20T11:00:00.000000Z", "created_at": "2026-11-20T11:00:00.000000Z",
        "weights": weights,
        "weights_u16": {
            "uids": miners.iter().map(|miner| miner.uid).collect::<Vec<_>>(),
            "values": miners.iter().map(|miner| miner.weight_u16).collect::<Vec<_>>(),
        },
        "metadata": {
            "n_miners_evaluated": miners.len(), "n_environments": content.environments.len(),
            "evaluation_duration_seconds": 3600.0,
        },
        "stale": false,
        "signed": {
            "document": document.text(), "sha256": hex::encode(document.sha256()),
            "evidence": {
                "sha256": hex::encode(content.evidence_sha256), "bytes": evidence_bytes,
                "url": format!("/v1/cycles/{}/evidence", content.cycle),
            },
            "signatures": signatures(document.text(), by),
        },
    })
}
