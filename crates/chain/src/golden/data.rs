//! The recorded data, and the recorded runtimes as the client would hold them.

use crate::{Hash, config::Config};
use serde_json::Value;
use std::{fs, path::PathBuf, sync::LazyLock};
use subxt::metadata::Metadata;

static GOLDEN: LazyLock<Value> = LazyLock::new(|| json("bittensor-11.3.0-golden.json"));

/// The recorded cases.
pub(crate) fn golden() -> &'static Value {
    &GOLDEN
}

/// The recorded cases of one kind; another number than is known of is a broken fixture.
pub(crate) fn cases(kind: &str, count: usize) -> &'static [Value] {
    let cases = golden()[kind].as_array().unwrap();
    assert_eq!(cases.len(), count, "cases of `{kind}`");
    cases
}

/// The samples of every type of the runtime of spec 461.
pub(super) fn corpus() -> Value {
    json("bittensor-11.3.0-shape-corpus.json")
}

/// The runtime of spec 461 as metadata V14 and V15 tell it, by the metadata's version.
pub(crate) fn runtimes() -> Vec<(u32, Config)> {
    let network = &golden()["network"];
    let genesis: Hash = network["genesis_hash"].as_str().unwrap().parse().unwrap();
    let number = |name: &str| u32::try_from(network[name].as_u64().unwrap()).unwrap();
    let versions = (number("spec_version"), number("transaction_version"));
    let v14 = hex(&golden()["metadata"]["v14_hex"]);
    // An option, and the compact length of the bytes in it.
    let v15 = hex(&golden()["metadata"]["v15_hex"]).split_off(5);
    [(14, v14), (15, v15)]
        .map(|(version, bytes)| {
            (
                version,
                Config::new(genesis, versions, metadata(version, &bytes).arc()),
            )
        })
        .into()
}

/// Finney's runtime of spec 365, metadata V16.
pub(crate) fn finney() -> Config {
    let genesis = "0x2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03";
    let bytes = fs::read(fixture("finney-spec365-v16.scale")).unwrap();
    Config::new(genesis.parse().unwrap(), (365, 1), metadata(16, &bytes).arc())
}

/// The bytes of `0x` and hex digits, or of the digits alone.
pub(crate) fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().expect("hex is text");
    ::hex::decode(text.trim_start_matches("0x")).unwrap()
}

fn metadata(version: u32, bytes: &[u8]) -> Metadata {
    // After the magic word comes the version.
    assert_eq!(
        bytes[..5],
        [b'm', b'e', b't', b'a', u8::try_from(version).unwrap()]
    );
    Metadata::decode_from(bytes).unwrap()
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&fs::read(fixture(name)).unwrap()).unwrap()
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}
