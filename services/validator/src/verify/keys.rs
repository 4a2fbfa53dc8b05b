//! The keys that a gateway names as those of its weights.

use kinitro_audit::keys::{ALGORITHM, PublicKey};
use serde::Deserialize;

/// More keys than that nobody has rotated through.
const MOST: usize = 4096;

#[derive(Deserialize)]
struct Body {
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    key_id: String,
    algorithm: String,
    public_key: String,
}

/// Every key of an algorithm that is known here, retired ones too: what they signed stands. Or what is wrong.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<PublicKey>, String> {
    let body: Body = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if body.keys.len() > MOST {
        return Err(format!("more than {MOST} keys"));
    }
    let ours = body.keys.iter().filter(|entry| entry.algorithm == ALGORITHM);
    ours.map(key).collect()
}

fn key(entry: &Entry) -> Result<PublicKey, String> {
    let of = |fault: &dyn std::fmt::Display| format!("key `{}`: {fault}", shown(&entry.key_id));
    let key: PublicKey = entry.public_key.parse().map_err(|error| of(&error))?;
    let id = key.id().to_string();
    if id != entry.key_id {
        return Err(of(&format_args!("its public key's id is `{id}`")));
    }
    Ok(key)
}

/// A stranger's text, short enough to print.
fn shown(text: &str) -> String {
    let safe = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    safe.take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinitro_audit::keys::SigningKey;
    use serde_json::{Value, json};

    fn entry(seed: u8) -> Value {
        let key = SigningKey::from_bytes(&[seed; 32]).public();
        json!({
            "key_id": key.id().to_string(), "algorithm": "ed25519", "public_key": key.to_string(), "state": "active",
            "added_at": "2026-11-20T12:00:00Z", "retired_at": null, "documents": 3,
        })
    }

    fn of(keys: &[Value]) -> Result<Vec<PublicKey>, String> {
        read(json!({ "keys": keys }).to_string().as_bytes())
    }

    #[test]
    fn keys_are_read_whatever_their_state_and_others_are_let_be() {
        let mut retired = entry(2);
        retired["state"] = json!("retired");
        let mut newer = entry(3);
        newer["algorithm"] = json!("falcon");
        newer["public_key"] = json!("…");
        let keys = of(&[entry(1), retired, newer]).unwrap();
        let expected = [1, 2].map(|seed| SigningKey::from_bytes(&[seed; 32]).public());
        assert_eq!(keys, expected);
        assert_eq!(of(&[]).unwrap(), []);
    }

    #[test]
    fn a_key_that_is_none_or_another_ones_is_named() {
        let mut another = entry(1);
        another["public_key"] = entry(2)["public_key"].clone();
        let mut none = entry(1);
        none["public_key"] = json!("00");
        for bad in [another, none] {
            let id = bad["key_id"].as_str().unwrap().to_owned();
            let fault = of(&[entry(3), bad]).unwrap_err();
            assert!(fault.contains(&format!("key `{id}`")), "{fault}");
        }
        for text in ["", "{}", "[]", r#"{"keys":[{}]}"#, r#"{"keys":{}}"#] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(of(&vec![entry(1); MOST + 1]).is_err());
    }
}
