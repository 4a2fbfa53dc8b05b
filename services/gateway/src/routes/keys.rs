//! The keys that documents are signed with, so that anyone can tell whose a signature is.

use super::wire::{kept::Kept, signed::ALGORITHM, time};
use crate::{Error, Result, gateway::Gateway};
use axum::{extract::State, http::HeaderMap, response::Response};
use jiff::Timestamp;
use kinitro_store::{KeyState, SigningKeyRow as Row};
use serde::Serialize;
use std::sync::Arc;

/// Every key there ever was, oldest first.
#[derive(Debug, Serialize)]
pub(crate) struct Keys<'a> {
    keys: Vec<Key<'a>>,
}

#[derive(Debug, Serialize)]
struct Key<'a> {
    key_id: &'a str,
    algorithm: &'static str,
    public_key: String,
    state: &'static str,
    #[serde(serialize_with = "time::serialize")]
    added_at: Timestamp,
    #[serde(serialize_with = "time::option::serialize")]
    retired_at: Option<Timestamp>,
    documents: u64,
}

impl<'a> Keys<'a> {
    pub(crate) fn new(rows: &'a [Row]) -> Self {
        let key = |row: &'a Row| Key {
            key_id: &row.key_id,
            algorithm: ALGORITHM,
            public_key: hex::encode(row.public_key),
            state: match row.state() {
                KeyState::Active => "active",
                KeyState::Retired => "retired",
            },
            added_at: row.added_at,
            retired_at: row.retired_at,
            documents: row.documents,
        };
        Self {
            keys: rows.iter().map(key).collect(),
        }
    }
}

/// `GET /v1/keys`: from memory, as the weights are that they are for.
pub(crate) async fn keys(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Result<Response> {
    let memory = gateway.latest.load();
    let keys: &Kept = memory.keys.as_ref().ok_or(Error::KnownAway)?;
    Ok(keys.answer(&headers, memory.is_away(), Timestamp::now()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_says_whether_it_still_signs() {
        let active = Row {
            key_id: "0123456789abcdef".to_owned(),
            public_key: [0xab; 32],
            added_at: Timestamp::UNIX_EPOCH,
            retired_at: None,
            documents: 3,
        };
        let retired = Row {
            retired_at: Some(Timestamp::from_second(60).unwrap()),
            ..active.clone()
        };
        let expected = |state, retired_at| {
            json!({
                "key_id": "0123456789abcdef", "algorithm": "ed25519", "public_key": "ab".repeat(32), "state": state,
                "added_at": "1970-01-01T00:00:00Z", "retired_at": retired_at, "documents": 3,
            })
        };
        let value = serde_json::to_value(Keys::new(&[active, retired])).unwrap();
        let (active, retired) = (
            expected("active", json!(null)),
            expected("retired", json!("1970-01-01T00:01:00Z")),
        );
        assert_eq!(value, json!({"keys": [active, retired]}));
    }
}
