//! What version 2 answered, and how ours compares.

use crate::client::Answer;
use serde_json::Value;

/// Differs from run to run, or is named differently on purpose.
const OWN: [&str; 6] = [
    "id",
    "cycle_id",
    "timestamp",
    "started_at",
    "completed_at",
    "duration_seconds",
];

/// One recorded answer.
pub(crate) struct Recorded {
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) json: Value,
}

pub(crate) fn recorded(name: &str) -> Recorded {
    let all: Vec<Value> = serde_json::from_str(include_str!("../golden/http_api.json")).unwrap();
    let one = all
        .iter()
        .find(|one| one["name"] == name)
        .unwrap_or_else(|| panic!("no transcript `{name}`"));
    Recorded {
        path: one["path"].as_str().unwrap().to_owned(),
        status: u16::try_from(one["status"].as_u64().unwrap()).unwrap(),
        json: one["json"].clone(),
    }
}

/// Asserts that a client of version 2 finds all it found: same status; every key, with the same value except
/// for ids and times, which have the same type.
pub(crate) fn assert_answers_as_recorded(name: &str, answer: &Answer) {
    let recorded = recorded(name);
    assert_eq!(answer.status, recorded.status, "{name}: {}", answer.text);
    assert_covers(name, &answer.json(), &recorded.json);
}

fn assert_covers(at: &str, ours: &Value, theirs: &Value) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, value) in theirs {
                let at = format!("{at}.{key}");
                let found = ours.get(key).unwrap_or_else(|| panic!("{at} is missing"));
                if OWN.contains(&key.as_str()) {
                    assert_eq!(kind(found), kind(value), "{at}");
                } else {
                    assert_covers(&at, found, value);
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{at}: {ours:?}");
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                assert_covers(&format!("{at}[{index}]"), ours, theirs);
            }
        }
        (ours, theirs) => assert_eq!(ours, theirs, "{at}"),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(text) if text.ends_with('Z') => "time",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}
