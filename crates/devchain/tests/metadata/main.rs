//! Whether our chain is, to a client, the one whose metadata was recorded: spec 461.
#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod lists;
mod picture;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use codec::Decode;
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use kinitro_devchain::Runtime;
use kinitro_devchain::genesis::{GenesisSpec, genesis};

use self::lists::{ACCEPTED, EXTENSIONS, NEEDED};
use self::picture::{Picture, picture};

/// The recorded metadata of one version.
fn recorded(version: u32) -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../chain/tests/fixtures/bittensor-11.3.0-golden.json");
    let golden: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let text = golden["metadata"][format!("v{version}_hex")].as_str().unwrap();
    let bytes = hex::decode(text.trim_start_matches("0x")).unwrap();
    // Version 15 was recorded as a runtime API answers it: an option of bytes with their length.
    if version == 15 {
        Option::<Vec<u8>>::decode(&mut &bytes[..]).unwrap().unwrap()
    } else {
        bytes
    }
}

/// Our metadata of one version.
fn ours(version: u32) -> Vec<u8> {
    let mut state = sp_io::TestExternalities::new(genesis(&GenesisSpec::default()));
    state.execute_with(|| (*Runtime::metadata_at_version(version).unwrap()).clone())
}

/// What we have and the recorded chain has not, or has otherwise.
fn differences(ours: &Picture, recorded: &Picture) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, line) in ours {
        match recorded.get(name) {
            Some(real) if real == line => {}
            Some(real) => drop(found.insert(name.clone(), format!("\n   ours: {line}\n   real: {real}"))),
            None => drop(found.insert(name.clone(), format!("\n   ours: {line}\n   real: nothing"))),
        }
    }
    found
}

/// Whether metadata of a version speaks of such things: runtime APIs and signatures came with 15.
fn is_in(version: u32, name: &str) -> bool {
    version > 14 || !(name.starts_with("api ") || name.starts_with("extrinsic "))
}

fn compare(version: u32) {
    let (ours, recorded) = (picture(&ours(version)), picture(&recorded(version)));
    let found = differences(&ours, &recorded);
    let mut report = String::new();
    for (name, difference) in &found {
        if !ACCEPTED.iter().any(|(accepted, _)| *accepted == name) {
            writeln!(report, "{name}: {difference}").unwrap();
        }
    }
    for (name, reason) in ACCEPTED {
        if !found.contains_key(*name) && is_in(version, name) {
            writeln!(report, "{name}: accepted ({reason}) but no longer different").unwrap();
        }
    }
    let needed = NEEDED
        .iter()
        .flat_map(|(kind, names)| names.iter().map(move |name| format!("{kind}.{name}")));
    for name in needed.filter(|name| is_in(version, name)) {
        assert!(
            recorded.contains_key(&name),
            "`{name}` is not on the recorded chain: the list is wrong"
        );
        if !ours.contains_key(&name) {
            writeln!(report, "{name}: clients use it, and we have not got it").unwrap();
        }
    }
    assert!(report.is_empty(), "metadata version {version} differs:\n{report}");
}

#[test]
fn version_15_agrees_with_the_recorded_chain() {
    compare(15);
}

#[test]
fn version_14_agrees_with_the_recorded_chain() {
    compare(14);
}

#[test]
fn errors_stand_where_clients_that_count_them_look() {
    let picture = picture(&ours(14));
    let mut errors: Vec<_> = picture
        .iter()
        .filter(|(name, _)| name.starts_with("error SubtensorModule."))
        .map(|(_, line)| line.trim().trim_start_matches('#').parse::<usize>().unwrap())
        .collect();
    errors.sort_unstable();
    assert_eq!(errors, (0..168).collect::<Vec<_>>());
}

#[test]
fn transactions_are_extended_in_the_recorded_order() {
    for version in [14, 15] {
        let extensions = |bytes: &[u8]| -> Vec<String> {
            let lines = picture(bytes)
                .into_iter()
                .filter(|(name, _)| name.starts_with("extension "));
            lines.map(|(_, line)| line).collect()
        };
        let ours = extensions(&ours(version));
        assert_eq!(ours, extensions(&recorded(version)));
        let names: Vec<_> = ours.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(names, EXTENSIONS);
    }
}

#[test]
fn version_16_is_served_too() {
    let metadata = RuntimeMetadataPrefixed::decode(&mut &ours(16)[..]).unwrap();
    let RuntimeMetadata::V16(metadata) = metadata.1 else {
        panic!("version 16 was asked for")
    };
    let names: Vec<_> = metadata
        .pallets
        .iter()
        .map(|pallet| pallet.name.as_str())
        .collect();
    assert!(names.contains(&"SubtensorModule") && names.contains(&"Commitments"));
    assert_eq!(metadata.extrinsic.versions, [4, 5]);
}

#[test]
fn a_comparison_can_fail() {
    let (mut ours, recorded) = (picture(&ours(15)), picture(&recorded(15)));
    let before = differences(&ours, &recorded).len();
    ours.insert(
        "error SubtensorModule.SettingWeightsTooFast".into(),
        "#28 ".into(),
    );
    assert_eq!(differences(&ours, &recorded).len(), before + 1);
}
