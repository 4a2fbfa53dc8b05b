//! Calls and their bytes.

use super::data::{cases, finney, hex, runtimes};
use crate::{account::account, config::Config};
use serde_json::Value as Json;
use subxt::ext::scale_value::{Composite, Value};

/// Where calls were recorded in words.
const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
const CHARLIE: &str = "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y";

fn bytes_of(text: &str) -> Value {
    Value::from_bytes(account(&text.parse().unwrap()).unwrap().0)
}

fn id(text: &str) -> Value {
    Value::unnamed_variant("Id", [bytes_of(text)])
}

fn call(pallet: &str, name: &str, fields: Vec<(&str, Value)>) -> Value {
    Value::unnamed_variant(pallet, [Value::named_variant(name, fields)])
}

fn transfer(value: u128, to: &str) -> Value {
    let fields = vec![("dest", id(to)), ("value", Value::u128(value))];
    call("Balances", "transfer_keep_alive", fields)
}

/// A call's argument from what was recorded of it.
fn argument(function: &str, name: &str, json: &Json) -> Value {
    match (function, name) {
        (_, "dest" | "real") => id(json.as_str().unwrap()),
        ("sudo", "call") => {
            let remark = vec![("remark", Value::from_bytes(hex(&json["remark"])))];
            call("System", "remark", remark)
        }
        ("batch", "calls") => Value::unnamed_composite([transfer(1, BOB), transfer(2, CHARLIE)]),
        ("proxy", "call") => transfer(1, BOB),
        ("proxy", "force_proxy_type") => {
            let kind = Value::unnamed_variant(json.as_str().unwrap(), []);
            Value::unnamed_variant("Some", [kind])
        }
        _ => match json {
            Json::Number(number) => Value::u128(number.as_u64().unwrap().into()),
            Json::Array(items) => Value::unnamed_composite(items.iter().map(|item| argument("", "", item))),
            Json::String(text) if text.starts_with("0x") => Value::from_bytes(hex(json)),
            Json::String(text) => bytes_of(text),
            other => panic!("no argument of a call: {other}"),
        },
    }
}

fn encoded(config: &Config, case: &Json) -> Vec<u8> {
    let (pallet, function) = (
        case["module"].as_str().unwrap(),
        case["function"].as_str().unwrap(),
    );
    let params = case["params"].as_object().unwrap();
    let arguments = params
        .iter()
        .map(|(name, json)| (name.clone(), argument(function, name, json)));
    let payload = subxt::dynamic::tx(pallet, function, Composite::named(arguments));
    config.offline().tx().call_data(&payload).unwrap()
}

#[test]
fn calls_are_encoded_as_the_official_client_encodes_them() {
    for (version, config) in runtimes() {
        for case in cases("calls", 10) {
            assert_eq!(
                encoded(&config, case),
                hex(&case["data_hex"]),
                "V{version}: {case}"
            );
        }
    }
}

#[test]
fn finney_takes_the_same_calls() {
    for case in cases("calls", 10) {
        assert_eq!(encoded(&finney(), case), hex(&case["data_hex"]), "{case}");
    }
}
