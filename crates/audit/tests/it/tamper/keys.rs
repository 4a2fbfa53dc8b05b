//! Signatures that are not what they should be.

use crate::made::{KNOWN, Published, STRANGER, TRUSTED, check, expectations, key, keys, signatures};
use kinitro_audit::{
    keys::{PublicKey, Signature},
    verify::{self, Answer, Keys, MAX_SIGNATURES, Name},
};
use serde_json::{Value, json};

/// The order of the curve's base point, little-endian: adding it to S gives another text for the same signature.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn signed_by(signatures: Value) -> Published {
    let mut published = Published::new(7);
    published.body["signed"]["signatures"] = signatures;
    published
}

#[track_caller]
fn assert_refused(signatures: Value) {
    let refusal = signed_by(signatures).verify().unwrap_err();
    assert_eq!(refusal.check, Name::Signatures);
}

fn entry(by: [u8; 32], signature: &str) -> Value {
    json!({"key_id": key(by).public().id().to_string(), "algorithm": "ed25519", "signature": signature})
}

#[test]
fn the_trusted_key_alone_is_enough() {
    let document = Published::new(7).document;
    signed_by(signatures(&document, &[TRUSTED])).verify().unwrap();
    signed_by(signatures(&document, &[KNOWN, TRUSTED]))
        .verify()
        .unwrap();
}

#[test]
fn a_document_that_no_trusted_key_signed_is_refused() {
    let document = Published::new(7).document;
    for by in [&[][..], &[KNOWN], &[STRANGER], &[KNOWN, STRANGER]] {
        assert_refused(signatures(&document, by));
    }
}

#[test]
fn a_strangers_signature_beside_the_trusted_one_is_refused() {
    let document = Published::new(7).document;
    assert_refused(signatures(&document, &[TRUSTED, STRANGER]));
}

#[test]
fn the_same_key_twice_is_refused() {
    let document = Published::new(7).document;
    assert_refused(signatures(&document, &[TRUSTED, TRUSTED]));
}

#[test]
fn every_signature_must_hold_though_one_is_enough() {
    let document = Published::new(7).document;
    let mut list = signatures(&document, &[TRUSTED, KNOWN]);
    list[1]["signature"] = json!(key(KNOWN).sign(b"other").to_string());
    assert_refused(list);
}

#[test]
fn signatures_of_other_texts_and_other_keys_are_refused() {
    let (published, other) = (Published::new(7), Published::new(8));
    let document = published.document.as_bytes();
    let trusted = key(TRUSTED);
    let mut newline = document.to_vec();
    newline.push(b'\n');
    for signature in [
        trusted.sign(other.document.as_bytes()),
        trusted.sign(&document[1..]),
        trusted.sign(&newline),
        trusted.sign(b""),
        key(KNOWN).sign(document),
        key(STRANGER).sign(document),
        Signature::from_bytes([0; 64]),
        Signature::from_bytes([0xff; 64]),
    ] {
        assert_refused(json!([entry(TRUSTED, &signature.to_string())]));
    }
}

#[test]
fn swapped_signatures_are_refused() {
    let document = Published::new(7).document;
    let mut list = signatures(&document, &[TRUSTED, KNOWN]);
    let first = list[0]["signature"].clone();
    list[0]["signature"] = list[1]["signature"].clone();
    list[1]["signature"] = first;
    assert_refused(list);
}

#[test]
fn every_turned_bit_of_a_signature_is_noticed() {
    let document = Published::new(7).document;
    let signature = *key(TRUSTED).sign(document.as_bytes()).as_bytes();
    for bit in 0..512 {
        let mut turned = signature;
        turned[bit / 8] ^= 1 << (bit % 8);
        let turned = Signature::from_bytes(turned);
        assert!(
            key(TRUSTED)
                .public()
                .verify(document.as_bytes(), &turned)
                .is_err(),
            "{bit}"
        );
    }
    assert_refused(json!([entry(
        TRUSTED,
        &Signature::from_bytes(signature).to_string().replace('a', "b")
    )]));
}

#[test]
fn the_same_signature_in_another_text_is_refused() {
    let document = Published::new(7).document;
    let signature = key(TRUSTED).sign(document.as_bytes());
    let text = signature.to_string();
    let mut greater = *signature.as_bytes();
    let mut carry = 0;
    for (byte, add) in greater[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    for other in [
        Signature::from_bytes(greater).to_string(),
        text.to_uppercase(),
        text[..126].to_owned(),
        format!("{text}00"),
        format!(" {text}"),
        format!("{text}\n"),
        format!("0x{text}"),
        String::new(),
    ] {
        assert_refused(json!([entry(TRUSTED, &other)]));
    }
}

#[test]
fn entries_that_are_no_signatures_are_refused() {
    let good = signatures(&Published::new(7).document, &[TRUSTED])[0].clone();
    for (field, value) in [
        ("algorithm", json!("ed448")),
        ("algorithm", json!("none")),
        ("algorithm", json!("Ed25519")),
        ("key_id", json!("")),
        ("key_id", json!(good["key_id"].as_str().unwrap().to_uppercase())),
        ("key_id", json!("0000000000000000")),
    ] {
        let mut entry = good.clone();
        entry[field] = value;
        assert_refused(json!([entry]));
    }
    for list in [
        json!(null),
        json!({}),
        json!("x"),
        json!([[]]),
        json!([null]),
        json!([{}]),
    ] {
        assert_eq!(signed_by(list).verify().unwrap_err().check, Name::Answer);
    }
    let many = vec![good; MAX_SIGNATURES + 1];
    assert_eq!(signed_by(json!(many)).verify().unwrap_err().check, Name::Answer);
}

/// The points of low order, in their one way and in others: each would verify signatures that nobody made.
#[test]
fn points_of_low_order_and_texts_that_are_no_points_are_no_keys() {
    for text in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        // The field's order and more: other texts for 0, 1 and 3.
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        // No point.
        "0200000000000000000000000000000000000000000000000000000000000000",
        "",
        "00",
        "xx00000000000000000000000000000000000000000000000000000000000000",
    ] {
        assert!(text.parse::<PublicKey>().is_err(), "`{text}`");
    }
}

#[test]
fn who_trusts_nobody_accepts_nothing() {
    let published = Published::new(7);
    let body = serde_json::to_vec(&published.body).unwrap();
    let answer = Answer {
        body: &body,
        digest: None,
        signatures: None,
    };
    let nobody = Keys {
        trusted: Vec::new(),
        known: [keys().trusted, keys().known].concat(),
    };
    for keys in [Keys::default(), nobody] {
        let refusal = verify::document(&answer, &keys, &expectations(7)).unwrap_err();
        assert_eq!(refusal.check, Name::Signatures);
    }
    check(&body, 7).unwrap();
}
