//! Reads the golden files.

use kinitro_proto::{BlockNumber, Uid};
use kinitro_scoring::{Candidate, Settings};
use serde_json::Value;

pub(crate) fn file(name: &str) -> Value {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

pub(crate) fn uids(value: &Value) -> Vec<Uid> {
    list(value)
        .iter()
        .map(|uid| uid.to_string().parse().unwrap())
        .collect()
}

pub(crate) fn f64s(by_uid: &Value, order: &[Uid]) -> Vec<f64> {
    order
        .iter()
        .map(|uid| by_uid[uid.to_string()].as_f64().unwrap())
        .collect()
}

pub(crate) fn bits(values: &[f64]) -> Value {
    values.iter().map(|x| format!("{:016x}", x.to_bits())).collect()
}

pub(crate) fn bits_by_uid(by_uid: &Value, order: &[Uid]) -> Value {
    order.iter().map(|uid| by_uid[uid.to_string()].clone()).collect()
}

/// Python's truth.
pub(crate) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(value) => value.as_f64() != Some(0.0),
        Value::String(value) => !value.is_empty(),
        Value::Array(value) => !value.is_empty(),
        Value::Object(value) => !value.is_empty(),
    }
}

/// The environments, candidates and settings of a case, in the case's order of candidates.
pub(crate) fn case_input(input: &Value) -> (usize, Vec<Candidate>, Settings) {
    let environments = list(&input["env_ids"]);
    let blocks = input.get("committed_blocks").unwrap_or(&input["blocks"]);
    let candidate = |uid: Uid| {
        let scores = &input["miner_scores"][uid.to_string()];
        Candidate {
            uid,
            commit_block: blocks
                .get(uid.to_string())
                .map(|block| BlockNumber(block.as_u64().unwrap())),
            scores: environments
                .iter()
                .map(|e| scores.get(e.as_str().unwrap()).map(|x| x.as_f64().unwrap()))
                .collect(),
        }
    };
    let order = match input.get("uid_order") {
        Some(order) => uids(order),
        None => input["miner_scores"]
            .as_object()
            .unwrap()
            .keys()
            .map(|uid| uid.parse().unwrap())
            .collect(),
    };
    let defaults = Settings::default();
    let number = |key: &str, default: f64| input.get(key).map_or(default, |x| x.as_f64().unwrap());
    let episodes = input
        .get("episodes_per_env")
        .unwrap_or(&input["episodes"])
        .as_u64()
        .unwrap();
    let settings = Settings {
        temperature: number("pareto_temperature", defaults.temperature),
        z_score: number("threshold_z_score", defaults.z_score),
        min_gap: number("threshold_min_gap", defaults.min_gap),
        max_gap: number("threshold_max_gap", defaults.max_gap),
        episodes_per_environment: episodes.try_into().unwrap(),
        ..defaults
    };
    (
        environments.len(),
        order.into_iter().map(candidate).collect(),
        settings,
    )
}
