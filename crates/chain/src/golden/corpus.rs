//! Samples of the runtime's types, made and decoded by the official client.

use super::{
    data::{corpus, hex, runtimes},
    plain::{of_json, of_value},
};
use crate::{
    Field,
    client::Entry,
    config::Config,
    snapshot::{Read, Registration},
};
use scale_decode::DecodeAsType;
use serde_json::{Value as Json, json};
use subxt::ext::scale_value::{self, Value};

/// The samples of one type, and its number in the registry.
fn samples(name: &str) -> (u32, Vec<Json>) {
    let corpus = corpus();
    let types = corpus["types"].as_array().unwrap();
    assert_eq!(types.len(), 797);
    let found = types.iter().find(|ty| ty["name"] == name).unwrap();
    let id = u32::try_from(found["id"].as_u64().unwrap()).unwrap();
    (id, found["samples"].as_array().unwrap().clone())
}

fn decode<T: DecodeAsType>(config: &Config, id: u32, sample: &Json) -> T {
    let bytes = hex(&sample["scale_hex"]);
    let mut rest = bytes.as_slice();
    let value = T::decode_as_type(&mut rest, id, config.metadata().types()).unwrap();
    assert!(rest.is_empty(), "{sample}");
    value
}

fn v15() -> Config {
    runtimes().remove(1).1
}

/// A field as the official client writes it.
fn shown(field: &Field, decoded: &Json) -> Json {
    let bytes = |bytes: &[u8]| Json::String(format!("0x{}", ::hex::encode(bytes)));
    match field {
        Field::Raw(raw) => json!({ format!("Raw{}", raw.len()): bytes(raw) }),
        Field::BigRaw(raw) => json!({ "BigRaw": bytes(raw) }),
        Field::Timelocked {
            encrypted,
            reveal_round,
        } => json!({
            "TimelockEncrypted": { "encrypted": bytes(encrypted), "reveal_round": reveal_round }
        }),
        // Only its name is kept.
        Field::Other { name } => {
            let recorded = decoded.as_str().map(str::to_owned);
            assert_eq!(
                Some(name.clone()),
                recorded.or_else(|| decoded.as_object().unwrap().keys().next().cloned())
            );
            decoded.clone()
        }
    }
}

#[test]
fn every_sample_of_a_field_is_read() {
    let (id, samples) = samples("pallet_commitments::types::Data");
    assert_eq!(samples.len(), 16);
    let config = v15();
    for sample in &samples {
        let Read(field) = decode(&config, id, sample);
        let shown = shown(&field, &sample["decoded"]);
        assert_eq!(of_json(&shown), of_json(&sample["decoded"]));
    }
}

#[test]
fn every_sample_of_a_registration_is_read() {
    let (_, samples) = samples("pallet_commitments::types::Registration");
    assert_eq!(samples.len(), 3);
    for (version, config) in runtimes() {
        let entry = Entry::of(config.metadata(), "Commitments", "CommitmentOf").unwrap();
        for sample in &samples {
            let row = Registration::read(&entry, &hex(&sample["scale_hex"])).unwrap();
            let decoded = &sample["decoded"];
            assert_eq!(Some(row.block), decoded["block"].as_u64(), "V{version}");
            let fields = decoded["info"]["fields"].as_array().unwrap();
            assert_eq!(row.info.fields.len(), fields.len());
            for (Read(field), recorded) in row.info.fields.iter().zip(fields) {
                assert_eq!(of_json(&shown(field, recorded)), of_json(recorded));
            }
        }
    }
}

#[test]
fn every_sample_of_the_other_types_we_touch_is_read() {
    let config = v15();
    for (name, count) in [
        ("sp_core::crypto::AccountId32", 3),
        ("subtensor_runtime_common::NetUid", 3),
        ("subtensor_runtime_common::NetUidStorageIndex", 3),
        ("frame_system::AccountInfo", 3),
        ("sp_runtime::DispatchError", 15),
        ("sp_runtime::ModuleError", 3),
        ("pallet_commitments::types::CommitmentInfo", 3),
        ("pallet_commitments::pallet::Call", 3),
        ("pallet_commitments::pallet::Error", 5),
    ] {
        let (id, samples) = samples(name);
        assert_eq!(samples.len(), count, "samples of {name}");
        for sample in &samples {
            let value: Value<u32> = {
                let bytes = hex(&sample["scale_hex"]);
                scale_value::scale::decode_as_type(&mut bytes.as_slice(), id, config.metadata().types())
                    .unwrap()
            };
            assert_eq!(of_value(&value), of_json(&sample["decoded"]), "{name}");
        }
    }
}
