//! One shape for what two clients decoded, so that they can be compared.
//!
//! The official client shows accounts as SS58, bytes as hex or as text, wrappers as what they wrap, and
//! nothing as null. Here all of these are lists of numbers, a list of one is its element, and a name without
//! anything behind it is its bytes.

use serde_json::Value as Json;
use std::collections::BTreeMap;
use subxt::{
    ext::scale_value::{Composite, Primitive, Value, ValueDef},
    utils::AccountId32,
};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plain {
    Bool(bool),
    Number(u128),
    /// A number that JSON could not hold.
    Large(f64),
    List(Vec<Plain>),
    Map(BTreeMap<String, Plain>),
}

fn list(mut items: Vec<Plain>) -> Plain {
    if items.len() == 1 {
        items.remove(0)
    } else {
        Plain::List(items)
    }
}

fn bytes(bytes: &[u8]) -> Plain {
    list(bytes.iter().map(|b| Plain::Number((*b).into())).collect())
}

fn number(number: u128) -> Plain {
    if u64::try_from(number).is_ok() {
        Plain::Number(number)
    } else {
        #[expect(clippy::cast_precision_loss, reason = "as the JSON reader lost it")]
        Plain::Large(number as f64)
    }
}

fn composite<T>(fields: &Composite<T>) -> Plain {
    match fields {
        Composite::Unnamed(values) => list(values.iter().map(of_value).collect()),
        Composite::Named(values) => Plain::Map(
            values
                .iter()
                .map(|(name, value)| (name.clone(), of_value(value)))
                .collect(),
        ),
    }
}

/// What subxt decoded.
pub(super) fn of_value<T>(value: &Value<T>) -> Plain {
    match &value.value {
        ValueDef::Composite(fields) => composite(fields),
        ValueDef::Variant(variant) if variant.name == "Some" => composite(&variant.values),
        ValueDef::Variant(variant) if variant.values.is_empty() => bytes(variant.name.as_bytes()),
        ValueDef::Variant(variant) => Plain::Map([(variant.name.clone(), composite(&variant.values))].into()),
        ValueDef::BitSequence(bits) => list(bits.iter().map(Plain::Bool).collect()),
        ValueDef::Primitive(primitive) => match primitive {
            Primitive::Bool(value) => Plain::Bool(*value),
            Primitive::U128(value) => number(*value),
            Primitive::String(text) => bytes(text.as_bytes()),
            other => panic!("not in the recorded data: {other:?}"),
        },
    }
}

/// Decoded fields of a call or an event.
pub(super) fn of_fields<T>(fields: &Composite<T>) -> Plain {
    composite(fields)
}

/// What the official client decoded.
pub(super) fn of_json(json: &Json) -> Plain {
    match json {
        Json::Null => bytes(b"None"),
        Json::Bool(value) => Plain::Bool(*value),
        Json::Number(value) => value.as_u64().map_or_else(
            || Plain::Large(value.as_f64().unwrap()),
            |n| Plain::Number(n.into()),
        ),
        Json::String(text) => of_text(text),
        Json::Array(items) => list(items.iter().map(of_json).collect()),
        Json::Object(fields) => Plain::Map(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), of_json(value)))
                .collect(),
        ),
    }
}

fn of_text(text: &str) -> Plain {
    let hex = text
        .strip_prefix("0x")
        .and_then(|digits| hex::decode(digits).ok());
    match (hex, text.parse::<AccountId32>()) {
        (Some(found), _) => bytes(&found),
        (None, Ok(account)) => bytes(&account.0),
        (None, Err(_)) => bytes(text.as_bytes()),
    }
}
