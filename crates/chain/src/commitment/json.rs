//! The JSON forms, of January 2026 and of the operator's key.

use super::{
    endpoint::Endpoint,
    parse::{Parsed, named},
    refused::{Fault, Refused},
};
use kinitro_sealing::Envelope;
use serde_json::{Map, Value};

type Object = Map<String, Value>;

/// Reads text that starts with `{`.
pub(super) fn parse(text: &str) -> Result<Parsed, Refused> {
    let fault = |fault| Refused::from(Fault::Json { fault });
    let object: Object = serde_json::from_str(text).map_err(|_| fault("it is not a JSON object"))?;
    if text_of(&object, &["type"]) == Some("backend_pubkey") || text_of(&object, &["t"]) == Some("pk") {
        let key = text_of(&object, &["key", "k"]).and_then(|key| key.parse().ok());
        return key
            .map(Parsed::OperatorKey)
            .ok_or_else(|| Fault::BadOperatorKey.into());
    }
    let repo = text_of(&object, &["model", "m"]).unwrap_or_default();
    let revision = text_of(&object, &["revision", "r"]).unwrap_or_default();
    let endpoint = endpoint(&object).and_then(|endpoint| {
        endpoint.ok_or(Fault::Missing {
            part: "deployment id or sealed endpoint",
        })
    });
    named(Some(repo), Some(revision), endpoint).map(Parsed::Miner)
}

/// `e` is an envelope; `c` is an id, and makes `d` beside it an image's name; alone, `d` is the id.
fn endpoint(object: &Object) -> Result<Option<Endpoint>, Fault> {
    if let Some(blob) = text_of(object, &["e"]) {
        return Ok(Some(Endpoint::Sealed {
            envelope: Envelope::Legacy,
            blob: blob.to_owned(),
        }));
    }
    let id = text_of(object, &["deployment_id", "chute_id", "c", "d"]);
    id.map(Endpoint::of).transpose()
}

/// The first of these keys that holds text which is not empty.
fn text_of<'a>(object: &'a Object, keys: &[&str]) -> Option<&'a str> {
    let texts = keys
        .iter()
        .filter_map(|key| object.get(*key).and_then(Value::as_str));
    texts.into_iter().find(|text| !text.is_empty())
}
