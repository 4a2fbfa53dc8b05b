//! Bytes of any kind end in an error, never in a panic.

use crate::made::{Published, check};
use kinitro_audit::{
    Document, Tally,
    bundle::{self, gunzip},
    keys::{KeyId, PublicKey, Signature, SigningKey},
};
use proptest::{collection::vec, prelude::*, sample::Index};
use std::sync::LazyLock;

static PUBLISHED: LazyLock<Published> = LazyLock::new(|| Published::new(7));

/// A text with some of its bytes changed, put in or left out.
fn damaged(text: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<Index>(), any::<u8>(), 0..3u8);
    vec(change, 1..6).prop_map(move |changes| {
        let mut bytes = text.to_vec();
        for (index, byte, how) in changes {
            let at = index.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        bytes
    })
}

/// Lines of the evidence in any order, any of them any number of times.
fn shuffled() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<Index>(), 0..80).prop_map(|places| {
        let lines: Vec<_> = PUBLISHED
            .evidence
            .split_inclusive(|byte| *byte == b'\n')
            .collect();
        places
            .iter()
            .flat_map(|place| place.get(&lines).to_vec())
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_are_nothing_of_ours(bytes in vec(any::<u8>(), 0..4000)) {
        prop_assert!(Tally::read(bytes.as_slice()).is_err());
        prop_assert!(Document::parse(&bytes).is_err());
        prop_assert!(check(&bytes, 7).is_err());
        prop_assert!(bundle::read(gunzip(bytes.as_slice()), |_| Ok(())).is_err() || bytes.is_empty());
    }

    #[test]
    fn random_texts_are_no_keys_and_no_signatures(text in "\\PC{0,140}") {
        prop_assert!(text.parse::<PublicKey>().is_err());
        prop_assert!(text.parse::<SigningKey>().is_err());
        prop_assert!(text.parse::<KeyId>().is_err());
        prop_assert!(text.parse::<Signature>().is_err());
    }

    #[test]
    fn damaged_evidence_is_refused(bytes in damaged(&PUBLISHED.evidence)) {
        let mut published = PUBLISHED.clone();
        published.body["signed"]["evidence"]["bytes"] = bytes.len().into();
        published.evidence.clone_from(&bytes);
        prop_assert!(published.verify().is_err() || bytes == PUBLISHED.evidence);
        // Whatever the tally takes, a writer writes so.
        if let Ok((tally, _)) = Tally::read(bytes.as_slice()) {
            prop_assert!(tally.finish().is_ok());
        }
    }

    #[test]
    fn lines_in_any_order_are_refused(bytes in shuffled()) {
        prop_assert!(Tally::read(bytes.as_slice()).is_err());
    }

    #[test]
    fn what_is_read_is_written_so(bytes in damaged(&PUBLISHED.evidence)) {
        let mut writer = bundle::Writer::new();
        if bundle::read(bytes.as_slice(), |line| writer.push(&line)).is_ok() {
            let digest = writer.finish().unwrap().sha256;
            prop_assert_eq!(hex::encode(digest), crate::made::sha256(&bytes));
        }
    }

    #[test]
    fn a_damaged_document_is_refused(bytes in damaged(PUBLISHED.document.as_bytes())) {
        if let Ok(document) = Document::parse(&bytes) {
            prop_assert_eq!(document.as_bytes(), bytes.as_slice());
            let by = [crate::made::TRUSTED];
            let attempt = PUBLISHED.with_document(document.text(), &by);
            prop_assert!(attempt.verify().is_err() || bytes == PUBLISHED.document.as_bytes());
        }
    }
}
