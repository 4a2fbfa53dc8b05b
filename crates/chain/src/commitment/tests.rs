//! What v2's own readers and writers said of each text, and the laws of ours.

mod history;
mod laws;
mod vectors;

use super::{Endpoint, Envelope, Parsed, PlainEndpoints, Policy, Refused, SecretKey, parse, resolve};
use kinitro_proto::Hotkey;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const UUID: &str = "95edf2b6-e18b-400a-8398-5573df10e5e4";

/// Kinitro v2's vectors, as far as they concern text.
#[derive(Deserialize)]
struct Vectors {
    backend_private_hex: String,
    parse_head: Vec<Head>,
    parse_history: BTreeMap<String, History>,
    build_head: Vec<Build>,
    deployment_id_to_url: Vec<IdToUrl>,
    chain_result_decode: Vec<Decoded>,
    backend_pubkey_parse: Vec<KeyParsed>,
    backend_pubkey_build: Vec<KeyBuilt>,
}

#[derive(Deserialize)]
struct Head {
    raw: String,
    as_chain_miner_with_key: Option<ChainMiner>,
    backend_pubkey: Option<String>,
}

#[derive(Deserialize)]
struct ChainMiner {
    huggingface_repo: String,
    revision_sha: String,
    encrypted_deployment: Option<String>,
    endpoint: Option<String>,
}

#[derive(Deserialize)]
struct History {
    rows: Vec<HistoryRow>,
}

#[derive(Deserialize)]
struct HistoryRow {
    raw: String,
    parsed: HistoryParsed,
}

#[derive(Deserialize)]
struct HistoryParsed {
    huggingface_repo: Option<String>,
    revision_sha: Option<String>,
    #[serde(alias = "chute_id")]
    deployment_id: String,
    encrypted_deployment: Option<String>,
}

#[derive(Deserialize)]
struct Build {
    name: String,
    repo: String,
    revision: String,
    deployment_id: String,
    backend_public_hex: Option<String>,
    result: Option<String>,
    length_utf8: Option<usize>,
}

#[derive(Deserialize)]
struct IdToUrl {
    input: String,
    url: String,
}

#[derive(Deserialize)]
struct Decoded {
    name: String,
    result: (Option<String>, Option<u64>),
}

#[derive(Deserialize)]
struct KeyParsed {
    raw: String,
    key: Option<Value>,
}

#[derive(Deserialize)]
struct KeyBuilt {
    public_hex: String,
    commitment: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../tests/fixtures/commitments.json")).unwrap()
}

fn hotkey() -> Hotkey {
    "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
        .parse()
        .unwrap()
}

fn policy(secret: &str) -> Policy {
    Policy {
        secret_key: Some(secret.parse().unwrap()),
        netuid: 7,
        plain_endpoints: PlainEndpoints::Allowed,
    }
}

/// One word for what the text is to us.
fn word(parsed: &Result<Parsed, Refused>) -> &'static str {
    match parsed {
        Err(_) => "refused",
        Ok(Parsed::OperatorKey(_)) => "operator's key",
        Ok(Parsed::Miner(committed)) => match committed.endpoint {
            Endpoint::Deployment(_) => "id",
            Endpoint::Url(_) => "url",
            Endpoint::Sealed { .. } => "sealed",
        },
    }
}

/// A text in few characters.
fn short(text: &str) -> String {
    match (text.char_indices().nth(60), text.char_indices().nth_back(8)) {
        (Some((start, _)), Some((end, _))) if end > start => format!("{}…{}", &text[..start], &text[end..]),
        _ => text.to_owned(),
    }
}

/// What differs, against the list of what may (what, how, why), in whatever order they are.
fn assert_differences(met: Vec<(String, String)>, kept: &[(&str, &str, &str)]) {
    let mut met = met;
    met.sort();
    let mut kept: Vec<_> = kept
        .iter()
        .map(|(what, how, _)| ((*what).to_owned(), (*how).to_owned()))
        .collect();
    kept.sort();
    let (new, gone): (Vec<_>, Vec<_>) = (
        met.iter().filter(|row| !kept.contains(row)).collect(),
        kept.iter().filter(|row| !met.contains(row)).collect(),
    );
    assert!(
        new.is_empty() && gone.is_empty() && met.len() == kept.len(),
        "differences that are not listed: {new:#?}\nlisted, and no differences: {gone:#?}"
    );
}
