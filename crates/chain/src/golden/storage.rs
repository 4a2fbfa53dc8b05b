//! Keys, values and pages of storage, constants and accounts.

use super::{
    data::{cases, finney, hex, runtimes},
    plain::{of_json, of_value},
};
use crate::{
    account::{account, hotkey},
    client::Entry,
    config::Config,
};
use serde_json::Value as Json;
use subxt::{
    ext::{frame_decode::storage::StorageInfoError, scale_value::Value},
    utils::AccountId32,
};

/// The entry a case is about. In the client names live as long as the program; in a test they may, too.
fn entry<'m>(config: &'m Config, case: &Json) -> crate::Result<Entry<'m>> {
    let name = |name: &str| -> &'static str { case[name].as_str().unwrap().to_owned().leak() };
    Entry::of(config.metadata(), name("pallet"), name("storage_function"))
}

/// A recorded parameter: a number, an account, or bytes.
fn parts(case: &Json) -> Vec<Value> {
    let part = |json: &Json| match json {
        Json::Number(number) => Value::u128(number.as_u64().unwrap().into()),
        Json::String(text) if text.starts_with("0x") => Value::from_bytes(hex(json)),
        Json::String(text) => Value::from_bytes(account(&text.parse().unwrap()).unwrap().0),
        other => panic!("no parameter of storage: {other}"),
    };
    case["params"].as_array().unwrap().iter().map(part).collect()
}

#[test]
fn storage_keys_are_the_chains() {
    for (version, config) in runtimes() {
        for case in cases("storage_keys", 10) {
            let key = entry(&config, case).unwrap().key(parts(case)).unwrap();
            assert_eq!(key, hex(&case["key_hex"]), "V{version}: {case}");
        }
    }
}

#[test]
fn finney_has_the_same_keys() {
    let config = finney();
    for case in cases("storage_keys", 10) {
        let key = entry(&config, case).unwrap().key(parts(case)).unwrap();
        assert_eq!(key, hex(&case["key_hex"]), "{case}");
    }
}

#[test]
fn stored_values_decode_as_the_official_client_decodes_them() {
    for (version, config) in runtimes() {
        let mut absent = 0;
        for case in cases("storage_values", 8) {
            let entry = entry(&config, case).unwrap();
            assert_eq!(entry.key(parts(case)).unwrap(), hex(&case["key_hex"]));
            let bytes = (!case["raw_hex"].is_null()).then(|| hex(&case["raw_hex"]));
            absent += usize::from(bytes.is_none());
            let value: Value = entry.value_or_default(bytes.as_deref()).unwrap();
            assert_eq!(of_value(&value), of_json(&case["decoded"]), "V{version}: {case}");
        }
        assert_eq!(absent, 1);
    }
}

#[test]
fn map_pages_decode_into_their_pairs() {
    for (version, config) in runtimes() {
        let mut rows = 0;
        for case in cases("query_maps", 4) {
            let entry = entry(&config, case).unwrap();
            let given = parts(case);
            assert_eq!(entry.key(given.clone()).unwrap(), hex(&case["prefix_hex"]));
            let changes = case["raw_changes"].as_array().unwrap();
            let pairs = case["pairs"].as_array().unwrap();
            assert_eq!(changes.len(), pairs.len());
            for (change, pair) in changes.iter().zip(pairs) {
                let parts: Vec<Value> = entry.parts(&hex(&change[0])).unwrap();
                let value: Value = entry.value(&hex(&change[1])).unwrap();
                assert_eq!(of_value(&parts[given.len()]), of_json(&pair[0]), "V{version}");
                assert_eq!(of_value(&value), of_json(&pair[1]), "V{version}");
                rows += 1;
            }
        }
        assert_eq!(rows, 16, "V{version}");
    }
}

#[test]
fn accounts_are_written_as_the_chain_writes_them() {
    for case in cases("ss58", 4) {
        let bytes: [u8; 32] = hex(&case["public_key_hex"]).try_into().unwrap();
        let text = case["address"].as_str().unwrap();
        assert_eq!(hotkey(&AccountId32(bytes)).as_str(), text);
        assert_eq!(account(&text.parse().unwrap()).unwrap().0, bytes);
    }
}

#[test]
fn constants_are_the_chains() {
    for (version, config) in runtimes() {
        for case in cases("constants", 3) {
            let name = |name: &str| case[name].as_str().unwrap();
            let address = subxt::dynamic::constant::<Value>(name("module"), name("name"));
            let value = config.offline().constants().entry(address).unwrap();
            assert_eq!(of_value(&value), of_json(&case["decoded"]), "V{version}: {case}");
        }
    }
}

#[test]
fn finney_makes_a_block_in_twelve_seconds() {
    let slot = subxt::dynamic::constant::<u64>("Aura", "SlotDuration");
    assert_eq!(finney().offline().constants().entry(slot).unwrap(), 12_000);
}

#[test]
fn what_the_runtime_lacks_is_named() {
    let (_, config) = runtimes().remove(0);
    for (pallet, name) in [("SubtensorModule", "Rank"), ("Nothing", "Uids")] {
        let Err(crate::Error::UnexpectedMetadata {
            pallet: p,
            entry: e,
            source,
        }) = Entry::of(config.metadata(), pallet, name)
        else {
            panic!("{pallet}.{name} is there");
        };
        assert_eq!((p, e), (pallet, name));
        assert!(source.is::<StorageInfoError<'static>>());
    }
}
