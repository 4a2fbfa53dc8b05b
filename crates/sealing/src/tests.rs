//! Vectors: version 1 as Kinitro v2 made it, version 2 as another implementation makes it. Where we differ from v2, the
//! case stands in a list with its reason, and no other case may.

use crate::{
    Context, Envelope, Error, PublicKey, SecretKey, base85,
    envelope::{open, seal_with},
    uuid,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Version 1 does not look at it.
const NOBODY: Context = Context {
    netuid: 0,
    account: [0; 32],
};

#[derive(Deserialize)]
struct Vectors {
    keypairs: Vec<KeyPair>,
    encrypt: Vec<Encrypt>,
    encrypt_inputs: Vec<Input>,
    decrypt: Vec<Decrypt>,
    uuid_to_bytes: Vec<UuidToBytes>,
    bytes_to_uuid: Vec<BytesToUuid>,
    base85: Vec<Base85>,
    private_key_files: Vec<KeyFile>,
    legacy_v3_encrypt_76_byte: Long,
}

#[derive(Deserialize)]
struct KeyPair {
    private_hex: String,
    public_hex: String,
    private_hex_exported: String,
}

#[derive(Deserialize)]
struct Encrypt {
    backend_private_hex: String,
    backend_public_hex: String,
    ephemeral_private_hex: String,
    ephemeral_public_hex: String,
    shared_secret_hex: String,
    deployment_id: String,
    package_hex: String,
    blob: String,
    decrypted: String,
}

#[derive(Deserialize)]
struct Input {
    name: String,
    deployment_id: String,
    public_hex: String,
    ephemeral_private_hex: String,
    backend_private_hex: String,
    result: Sealed,
}

#[derive(Deserialize)]
struct Sealed {
    blob: Option<String>,
    decrypts_to: Option<String>,
}

#[derive(Deserialize)]
struct Decrypt {
    name: String,
    blob: String,
    private_hex: String,
    result: Opened,
}

#[derive(Deserialize)]
struct Opened {
    deployment_id: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct UuidToBytes {
    input: String,
    hex: Option<String>,
}

#[derive(Deserialize)]
struct BytesToUuid {
    hex: String,
    uuid: String,
}

#[derive(Deserialize)]
struct Base85 {
    hex: String,
    b85: String,
}

#[derive(Deserialize)]
struct KeyFile {
    name: String,
    file_content: String,
    result: Read,
}

#[derive(Deserialize)]
struct Read {
    public_hex: Option<String>,
}

#[derive(Deserialize)]
struct Long {
    vectors: Vec<LongVector>,
}

#[derive(Deserialize)]
struct LongVector {
    backend_private_hex: String,
    blob: String,
}

#[derive(Deserialize)]
struct Bound {
    operator_private_hex: String,
    ephemeral_private_hex: String,
    netuid: u16,
    account_hex: String,
    text: String,
    blob: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../tests/fixtures/crypto.json")).unwrap()
}

fn secret(hex: &str) -> SecretKey {
    hex.parse().unwrap()
}

fn public(hex: &str) -> PublicKey {
    hex.parse().unwrap()
}

/// What v2 took and we do not, with the reason; each must be met exactly once.
fn assert_differences(kept: &[(&str, &str)], met: &[String]) {
    let kept: Vec<_> = kept.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(met, kept, "the list of differences from v2");
}

#[test]
fn all_key_pairs_agree() {
    let pairs = vectors().keypairs;
    assert_eq!(pairs.len(), 12);
    for pair in pairs {
        let key = secret(&pair.private_hex);
        assert_eq!(key.public_key().to_string(), pair.public_hex);
        assert_eq!(*key.to_hex(), pair.private_hex_exported);
    }
}

#[test]
fn all_sealings_agree_byte_for_byte() {
    let vectors = vectors().encrypt;
    assert_eq!(vectors.len(), 16);
    for vector in vectors {
        let (operator, ephemeral) = (
            secret(&vector.backend_private_hex),
            secret(&vector.ephemeral_private_hex),
        );
        let to = public(&vector.backend_public_hex);
        assert_eq!(operator.public_key(), to);
        assert_eq!(ephemeral.public_key().to_string(), vector.ephemeral_public_hex);
        let shared = ephemeral.shared_with(&to).unwrap();
        assert_eq!(hex::encode(*shared), vector.shared_secret_hex);
        let blob = seal_with(&ephemeral, &vector.deployment_id, &to, Envelope::Legacy, &NOBODY).unwrap();
        assert_eq!(blob, vector.blob);
        assert_eq!(hex::encode(base85::decode(&blob).unwrap()), vector.package_hex);
        let opened = open(&blob, Envelope::Legacy, &operator, &NOBODY).unwrap();
        assert_eq!(opened, vector.decrypted);
    }
}

/// The encrypted rows of v2's `build_head` vectors: one key, one id, so one blob.
#[test]
fn the_blob_of_v2s_built_commitments_agrees() {
    let ephemeral = secret("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20");
    let to = public("2fe57da347cd62431528daac5fbb290730fff684afc4cfc2ed90995f58cb3b74");
    let id = "95edf2b6-e18b-400a-8398-5573df10e5e4";
    let blob = seal_with(&ephemeral, id, &to, Envelope::Legacy, &NOBODY).unwrap();
    assert_eq!(
        blob,
        "2cvwv6d;qxw^iI55a?{QCO1maYN%7~3*W%9xNRJKDwf3bh!3qxu6WEBC445-3}-UwuMGt5M{J9TkoS=X"
    );
}

#[test]
fn all_odd_inputs_are_sealed_or_refused_as_v2_did_but_one() {
    const DIFFERENCES: [(&str, &str); 1] = [(
        "whitespace_inside_32_chars",
        "v2 made an envelope of 63 bytes, which it could not open",
    )];
    let inputs = vectors().encrypt_inputs;
    assert_eq!(inputs.len(), 18);
    let mut differences = Vec::new();
    for input in inputs {
        let sealed = input.public_hex.parse().and_then(|to| {
            let ephemeral = secret(&input.ephemeral_private_hex);
            seal_with(&ephemeral, &input.deployment_id, &to, Envelope::Legacy, &NOBODY)
        });
        if sealed.as_ref().ok() != input.result.blob.as_ref() {
            assert!(sealed.is_err(), "{}", input.name);
            differences.push(input.name);
        } else if let Ok(blob) = sealed {
            let key = secret(&input.backend_private_hex);
            let opened = open(&blob, Envelope::Legacy, &key, &NOBODY).ok();
            assert_eq!(opened, input.result.decrypts_to, "{}", input.name);
        }
    }
    assert_differences(&DIFFERENCES, &differences);
}

#[test]
fn all_envelopes_open_or_fail_as_v2s_did_but_one() {
    const DIFFERENCES: [(&str, &str); 1] = [(
        "one_extra_char",
        "81 characters that stand for the same 64 bytes: a copy that differs in its text would be new",
    )];
    let cases = vectors().decrypt;
    assert_eq!(cases.len(), 27);
    let mut differences = Vec::new();
    let mut kinds = BTreeMap::<_, u32>::new();
    for case in cases {
        let opened = open(&case.blob, Envelope::Legacy, &secret(&case.private_hex), &NOBODY);
        match (opened, case.result.error) {
            (Ok(opened), None) => assert_eq!(Some(opened), case.result.deployment_id, "{}", case.name),
            (Err(error), Some(message)) => {
                let kind = kind(&error);
                assert!(
                    message.starts_with(kind),
                    "{}: `{message}`, here {error}",
                    case.name
                );
                *kinds.entry(kind).or_default() += 1;
            }
            (Err(_), None) => differences.push(case.name),
            (Ok(_), Some(message)) => panic!("{} opened: {message}", case.name),
        }
    }
    assert_differences(&DIFFERENCES, &differences);
    let met: Vec<_> = kinds.into_iter().collect();
    // Of those with another number of bytes, some are refused for their text first.
    let expected = [
        ("Decryption failed", 10),
        ("Error computing shared key", 4),
        ("Invalid", 11),
    ];
    assert_eq!(met, expected);
}

/// The family of v2's message for an error.
fn kind(error: &Error) -> &'static str {
    match error {
        Error::Base85 { .. } | Error::Length { .. } => "Invalid",
        Error::LowOrder => "Error computing shared key",
        Error::Unopened { is_bound: false } => "Decryption failed",
        other => panic!("not an error of version 1: {other}"),
    }
}

#[test]
fn all_uuids_are_packed_as_v2_did_but_one() {
    const DIFFERENCES: [(&str, &str); 1] = [(
        "95edf2b6 e18b400a83985573df10e5 ",
        "blanks were counted as digits: 15 bytes",
    )];
    let (packed, unpacked) = (vectors().uuid_to_bytes, vectors().bytes_to_uuid);
    assert_eq!((packed.len(), unpacked.len()), (8, 3));
    let mut differences = Vec::new();
    for case in packed {
        let bytes = uuid::bytes(&case.input).ok().map(hex::encode);
        if bytes != case.hex {
            assert!(bytes.is_none(), "{}", case.input);
            differences.push(case.input);
        }
    }
    assert_differences(&DIFFERENCES, &differences);
    for case in unpacked {
        let bytes = hex::decode(&case.hex).unwrap().try_into().unwrap();
        assert_eq!(uuid::text(bytes), case.uuid);
    }
}

#[test]
fn all_base85_texts_agree_both_ways() {
    let cases = vectors().base85;
    assert_eq!(cases.len(), 14);
    for case in cases {
        let bytes = hex::decode(&case.hex).unwrap();
        assert_eq!(base85::encode(&bytes), case.b85);
        assert_eq!(base85::encoded_len(bytes.len()), case.b85.len());
        assert_eq!(base85::decode(&case.b85).unwrap(), bytes);
    }
}

#[test]
fn all_key_files_are_read_or_refused_as_v2_did_and_no_error_tells_the_key() {
    let cases = vectors().private_key_files;
    assert_eq!(cases.len(), 13);
    for case in cases {
        let key = case.file_content.parse::<SecretKey>();
        let public = key.as_ref().ok().map(|key| key.public_key().to_string());
        assert_eq!(public, case.result.public_hex, "{}", case.name);
        if let Err(error) = key {
            let told = format!("{error} {error:?}");
            assert!(!told.contains("0a0b"), "{}: {told}", case.name);
            assert!(!told.contains("zz"), "{}: {told}", case.name);
        }
    }
}

#[test]
fn envelopes_of_76_bytes_are_refused_by_their_length() {
    let vectors = vectors().legacy_v3_encrypt_76_byte.vectors;
    assert!(!vectors.is_empty());
    for vector in vectors {
        let key = secret(&vector.backend_private_hex);
        let error = open(&vector.blob, Envelope::Legacy, &key, &NOBODY).unwrap_err();
        assert!(matches!(error, Error::Length { found: 76, .. }), "{error}");
    }
}

#[test]
fn version_2_agrees_with_another_implementation_byte_for_byte() {
    let vectors: Vec<Bound> = serde_json::from_str(include_str!("../tests/fixtures/bound.json")).unwrap();
    assert_eq!(vectors.len(), 10);
    for vector in vectors {
        let operator = secret(&vector.operator_private_hex);
        let context = Context {
            netuid: vector.netuid,
            account: hex::decode(&vector.account_hex).unwrap().try_into().unwrap(),
        };
        let ephemeral = secret(&vector.ephemeral_private_hex);
        let to = operator.public_key();
        let blob = seal_with(&ephemeral, &vector.text, &to, Envelope::Bound, &context).unwrap();
        assert_eq!(blob, vector.blob, "{}", vector.text);
        let opened = open(&blob, Envelope::Bound, &operator, &context).unwrap();
        assert_eq!(opened, vector.text);
    }
}
