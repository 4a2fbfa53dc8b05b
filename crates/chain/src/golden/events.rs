//! The events of a block, and of one extrinsic in it.

use super::{
    data::{golden, hex, runtimes},
    plain::{Plain, of_fields, of_json},
};
use crate::config::Config;
use serde_json::Value as Json;
use subxt::{events::Phase, ext::scale_value::Composite};

/// Pallet, name, extrinsic and attributes of each event.
type Seen = (String, String, Option<u32>, Plain);

fn decoded(config: &Config) -> Vec<Seen> {
    let offline = config.offline();
    let events = offline.events().from_bytes(hex(&golden()["events"]["raw_hex"]));
    let seen = events.iter().map(|event| {
        let event = event.unwrap();
        let fields: Composite<()> = event.decode_fields_unchecked_as().unwrap();
        let extrinsic = match event.phase() {
            Phase::ApplyExtrinsic(index) => Some(index),
            Phase::Initialization | Phase::Finalization => None,
        };
        (
            event.pallet_name().to_owned(),
            event.event_name().to_owned(),
            extrinsic,
            of_fields(&fields),
        )
    });
    seen.collect()
}

fn recorded(events: &Json) -> Vec<Seen> {
    let event = |event: &Json| {
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let extrinsic = event["extrinsic_idx"].as_u64().map(|n| u32::try_from(n).unwrap());
        (
            text("module_id"),
            text("event_id"),
            extrinsic,
            of_json(&event["attributes"]),
        )
    };
    events.as_array().unwrap().iter().map(event).collect()
}

#[test]
fn a_blocks_events_decode_as_the_official_client_decodes_them() {
    let recorded = recorded(&golden()["events"]["decoded"]);
    assert_eq!(recorded.len(), 8);
    for (version, config) in runtimes() {
        assert_eq!(decoded(&config), recorded, "V{version}");
    }
}

#[test]
fn an_extrinsics_events_are_its_receipt() {
    let receipt = &golden()["receipt"];
    let index = receipt["extrinsic_idx"]
        .as_u64()
        .map(|n| u32::try_from(n).unwrap());
    let recorded = recorded(&receipt["triggered_events"]);
    assert_eq!(recorded.len(), 5);
    for (version, config) in runtimes() {
        let mut events = decoded(&config);
        events.retain(|event| event.2 == index);
        assert_eq!(events, recorded, "V{version}");
        let succeeded = events.iter().any(|event| event.1 == "ExtrinsicSuccess");
        assert_eq!(Some(succeeded), receipt["is_success"].as_bool());
    }
}
