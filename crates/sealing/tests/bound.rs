//! The laws of envelopes, of version 2 before all: whose it is counts, and no text can hurt the opener.

#![expect(clippy::unwrap_used, reason = "a broken fixture should stop its test")]

use kinitro_sealing::{Context, Envelope, Error, MAX_TEXT, PublicKey, SecretKey, open, seal, sealed_len};
use proptest::prelude::*;

const UUID: &str = "95edf2b6-e18b-400a-8398-5573df10e5e4";

const OWNER: Context = Context {
    netuid: 7,
    account: [3; 32],
};

fn operator() -> SecretKey {
    SecretKey::from_bytes(&[42; 32])
}

fn sealed(text: &str) -> String {
    seal(text, &operator().public_key(), Envelope::Bound, &OWNER).unwrap()
}

#[test]
fn another_miner_cannot_use_a_copied_envelope() {
    let copied = sealed(UUID);
    let thief = Context {
        account: [4; 32],
        ..OWNER
    };
    let error = open(&copied, Envelope::Bound, &operator(), &thief).unwrap_err();
    assert!(matches!(error, Error::Unopened { is_bound: true }), "{error}");
    // In version 1 the thief is evaluated on the victim's endpoint.
    let copied = seal(UUID, &operator().public_key(), Envelope::Legacy, &OWNER).unwrap();
    assert_eq!(
        open(&copied, Envelope::Legacy, &operator(), &thief).unwrap(),
        UUID
    );
}

#[test]
fn an_envelope_is_of_no_use_in_another_subnet_for_another_operator_or_as_the_other_version() {
    let blob = sealed("http://10.0.0.1:8001");
    let elsewhere = Context { netuid: 8, ..OWNER };
    let stranger = SecretKey::from_bytes(&[43; 32]);
    assert!(open(&blob, Envelope::Bound, &operator(), &elsewhere).is_err());
    assert!(open(&blob, Envelope::Bound, &stranger, &OWNER).is_err());
    assert!(open(&blob, Envelope::Legacy, &operator(), &OWNER).is_err());
    let legacy = seal(UUID, &operator().public_key(), Envelope::Legacy, &OWNER).unwrap();
    assert!(open(&legacy, Envelope::Bound, &operator(), &OWNER).is_err());
    assert!(open(&blob, Envelope::Bound, &operator(), &OWNER).is_ok());
}

#[test]
fn sealing_twice_gives_two_envelopes() {
    assert_ne!(sealed(UUID), sealed(UUID));
}

#[test]
fn keys_of_low_order_seal_nothing() {
    for first in [0, 1] {
        let mut point = [0; 32];
        point[0] = first;
        for envelope in [Envelope::Legacy, Envelope::Bound] {
            let error = seal(UUID, &PublicKey::from_bytes(point), envelope, &OWNER).unwrap_err();
            assert!(matches!(error, Error::LowOrder), "{error}");
        }
    }
}

#[test]
fn a_text_that_is_empty_or_too_long_is_not_sealed() {
    for text in [String::new(), "x".repeat(MAX_TEXT + 1)] {
        let error = seal(&text, &operator().public_key(), Envelope::Bound, &OWNER).unwrap_err();
        assert!(matches!(error, Error::Text { .. }), "{error}");
        assert_eq!(sealed_len(&text, Envelope::Bound), None);
    }
    let longest = "x".repeat(MAX_TEXT);
    assert_eq!(
        open(&sealed(&longest), Envelope::Bound, &operator(), &OWNER).unwrap(),
        longest
    );
}

#[test]
fn version_1_seals_uuids_only() {
    for text in ["my-policy", "http://h:1", ""] {
        let error = seal(text, &operator().public_key(), Envelope::Legacy, &OWNER).unwrap_err();
        assert!(matches!(error, Error::NotUuid), "{error}");
        assert_eq!(sealed_len(text, Envelope::Legacy), None);
    }
}

#[test]
fn a_uuid_takes_80_characters_in_version_1_and_82_in_version_2() {
    assert_eq!(sealed_len(UUID, Envelope::Legacy), Some(80));
    assert_eq!(sealed_len(UUID, Envelope::Bound), Some(82));
    assert_eq!(sealed(UUID).len(), 82);
}

#[test]
fn private_keys_are_not_shown() {
    let key = operator();
    assert_eq!(format!("{key:?}"), "SecretKey(***)");
    let error = "2a".repeat(31).parse::<SecretKey>().unwrap_err();
    assert!(!format!("{error} {error:?}").contains("2a2a"), "{error}");
}

proptest! {
    #[test]
    fn what_is_sealed_opens_to_the_same_text(
        text in "\\PC{1,60}",
        netuid: u16,
        account: [u8; 32],
        key: [u8; 32],
    ) {
        let (context, operator) = (Context { netuid, account }, SecretKey::from_bytes(&key));
        let blob = seal(&text, &operator.public_key(), Envelope::Bound, &context).unwrap();
        prop_assert!(!blob.contains(':') && !blob.contains('"') && !blob.contains('\\'));
        prop_assert_eq!(Some(blob.len()), sealed_len(&text, Envelope::Bound));
        prop_assert_eq!(open(&blob, Envelope::Bound, &operator, &context).unwrap(), text);
    }

    #[test]
    fn every_uuid_survives_both_envelopes(bytes: [u8; 16]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        for envelope in [Envelope::Legacy, Envelope::Bound] {
            let blob = seal(&text, &operator().public_key(), envelope, &OWNER).unwrap();
            prop_assert_eq!(&open(&blob, envelope, &operator(), &OWNER).unwrap(), &text);
        }
    }

    #[test]
    fn no_text_opens_by_chance_and_none_can_crash_the_opener(text in "\\PC{0,500}") {
        for envelope in [Envelope::Legacy, Envelope::Bound] {
            prop_assert!(open(&text, envelope, &operator(), &OWNER).is_err());
        }
    }

    #[test]
    fn no_base85_opens_by_chance_and_none_can_crash_the_opener(
        text in "[0-9A-Za-z!#$%&()*+<=>?@^_`{|}~;-]{0,400}",
    ) {
        for envelope in [Envelope::Legacy, Envelope::Bound] {
            prop_assert!(open(&text, envelope, &operator(), &OWNER).is_err());
        }
    }

    #[test]
    fn one_changed_character_is_noticed(at in 0_usize..82, to in "[0-9A-Za-z!~]") {
        let blob = sealed(UUID);
        let mut changed = blob.clone();
        changed.replace_range(at..=at, &to);
        if changed != blob {
            prop_assert!(open(&changed, Envelope::Bound, &operator(), &OWNER).is_err());
        }
    }
}
