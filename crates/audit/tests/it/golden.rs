//! The formats as they were published: files made once, which `check.py` beside them checks with nothing of ours.

use crate::made::{KNOWN, Published, TRUSTED, key, keys, lines};
use kinitro_audit::{
    Document, Tally,
    bundle::{Line, Writer, gunzip},
    keys::Signature,
};
use std::{fs, io::Read, path::Path};

const EVIDENCE: &str = include_str!("../golden/evidence.jsonl");
const DOCUMENT: &str = include_str!("../golden/document.json");
const SIGNATURES: &str = include_str!("../golden/signatures.txt");

/// One line for each key: its id, the public key, the signature.
fn signatures(document: &str) -> String {
    let line = |bytes| {
        let key = key(bytes);
        let (public, signature) = (key.public(), key.sign(document.as_bytes()));
        format!("{} {public} {signature}\n", public.id())
    };
    [TRUSTED, KNOWN].map(line).concat()
}

#[test]
fn a_cycle_has_the_texts_it_always_had() {
    let published = Published::new(7);
    let evidence = String::from_utf8(published.evidence.clone()).unwrap();
    let made = [
        ("evidence.jsonl", evidence.as_str(), EVIDENCE),
        ("document.json", &published.document, DOCUMENT),
        ("signatures.txt", &signatures(&published.document), SIGNATURES),
    ];
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let changed: Vec<_> = made
        .iter()
        .inspect(|(name, made, _)| fs::write(folder.join(name), made).unwrap())
        .filter_map(|(name, made, golden)| (made != golden).then_some(name))
        .collect();
    assert!(
        changed.is_empty(),
        "{changed:?}: another text is a new schema. What they are now is in {}",
        folder.display()
    );
}

#[test]
fn the_texts_of_old_are_still_read() {
    let (tally, read) = Tally::read(EVIDENCE.as_bytes()).unwrap();
    let document = Document::parse(DOCUMENT.as_bytes()).unwrap();
    assert_eq!(document.content().evidence_sha256, read.sha256);
    assert_eq!(read.lines, EVIDENCE.lines().count() as u64);
    assert_eq!(tally.cycle().unwrap().cycle, document.content().cycle);
    for (line, key) in SIGNATURES.lines().zip([keys().trusted[0], keys().known[0]]) {
        let [id, public, signature] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((id, public), (&*key.id().to_string(), &*key.to_string()));
        let signature: Signature = signature.parse().unwrap();
        key.verify(DOCUMENT.as_bytes(), &signature).unwrap();
    }
}

/// A change in how floats are written would be another digest for the same rows.
#[test]
fn floats_have_the_texts_they_always_had() {
    let texts = [
        (0.0, "0.0"),
        (1.0, "1.0"),
        (-7.5, "-7.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1.0 / 3.0, "0.3333333333333333"),
        (123_456_789.125, "123456789.125"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e+16"),
        (1e100, "1e+100"),
        (-1.5e100, "-1.5e+100"),
        (1e-5, "0.00001"),
        (1e-6, "1e-6"),
        (1.25e-7, "1.25e-7"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e+308"),
    ];
    for (number, text) in texts {
        let Some(Line::Result(mut result)) = lines(7).into_iter().nth(5) else {
            unreachable!()
        };
        result.reward = number;
        let mut writer = Writer::new();
        writer.push(&Line::Result(result)).unwrap();
        let mut line = String::new();
        let packed = writer.finish().unwrap().last_chunk.unwrap();
        gunzip(packed.as_slice()).read_to_string(&mut line).unwrap();
        assert!(line.contains(&format!("\"reward\":{text},")), "{text}: {line}");
    }
}
