use super::{Commitment, Field, Registration};
use crate::{
    client::Entry,
    config::Config,
    golden::{finney, runtimes},
};
use kinitro_proto::BlockNumber;
use proptest::prelude::*;
use subxt::ext::codec::{Compact, Encode};

/// A row as the chain stores it: deposit, block, fields.
fn row(fields: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = (0_u64, 77_u32, Compact(u32::try_from(fields.len()).unwrap())).encode();
    bytes.extend(fields.concat());
    bytes
}

fn raw(text: &[u8]) -> Vec<u8> {
    [&[u8::try_from(text.len() + 1).unwrap()], text].concat()
}

fn read(config: &Config, bytes: &[u8]) -> Result<Vec<Field>, String> {
    let entry = Entry::of(config.metadata(), "Commitments", "CommitmentOf").unwrap();
    let row = Registration::read(&entry, bytes).map_err(|error| error.to_string())?;
    assert_eq!(row.block, 77);
    Ok(row.info.fields.into_iter().map(|read| read.0).collect())
}

fn all() -> Vec<Config> {
    let recorded = runtimes().into_iter().map(|(_, config)| config);
    recorded.chain([finney()]).collect()
}

fn commitment(fields: Vec<Field>) -> Commitment {
    Commitment {
        uid: None,
        hotkey: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
            .parse()
            .unwrap(),
        block: BlockNumber(77),
        fields,
    }
}

#[test]
fn fields_are_told_apart_by_their_names() {
    let timelocked = [vec![134], vec![7_u8, 8, 9].encode(), 1000_u64.encode()].concat();
    let big = [vec![136], vec![b'x'; 300].encode()].concat();
    for config in all() {
        let fields = read(
            &config,
            &row(&[raw(&[b'a'; 128]), big.clone(), timelocked.clone()]),
        )
        .unwrap();
        let expected = [
            Field::Raw(vec![b'a'; 128]),
            Field::BigRaw(vec![b'x'; 300]),
            Field::Timelocked {
                encrypted: vec![7, 8, 9],
                reveal_round: 1000,
            },
        ];
        assert_eq!(fields, expected);
        let hash = [vec![131], vec![1; 32]].concat();
        let fields = read(&config, &row(&[vec![0], hash, vec![135]])).unwrap();
        let names: Vec<_> = fields.iter().map(|field| format!("{field:?}")).collect();
        assert_eq!(
            names,
            ["None", "Sha256", "ResetBondsFlag"].map(|name| format!("Other {{ name: {name:?} }}"))
        );
    }
}

#[test]
fn a_kind_of_field_that_is_new_is_kept_by_name() {
    // The newest kind of spec 461. Its fields are read as the runtime tells them, and skipped.
    let failed = [vec![137], vec![1_u8, 2].encode(), 5_u64.encode()];
    let config = runtimes().remove(1).1;
    let fields = read(&config, &row(&[failed.concat(), raw(b"after")])).unwrap();
    let name = "TimelockRevealFailed".to_owned();
    assert_eq!(fields, [Field::Other { name }, Field::Raw(b"after".to_vec())]);
    // Spec 365 does not have it.
    assert!(read(&finney(), &row(&[failed.concat()])).is_err());
}

#[test]
fn a_broken_row_says_what_is_wrong_in_words() {
    for config in all() {
        let good = row(&[raw(b"repo:rev:dep")]);
        for (bytes, words) in [
            (row(&[vec![200]]), "variant"),
            (good[..good.len() - 1].to_vec(), "not enough"),
            ([good.clone(), vec![0]].concat(), "left over"),
            (vec![], "not enough"),
            (vec![0; 20_000], "20000 bytes are more than 16384"),
            (row(&vec![vec![0]; 17]), "17 fields are more than 16"),
        ] {
            let reason = read(&config, &bytes).unwrap_err();
            assert!(reason.to_lowercase().contains(words), "`{reason}` for `{words}`");
        }
    }
}

#[test]
fn the_text_is_the_raw_fields_joined() {
    let field = |bytes: &[u8]| Field::Raw(bytes.to_vec());
    assert_eq!(commitment(vec![]).text(), None);
    assert_eq!(commitment(vec![Field::BigRaw(b"x".to_vec())]).text(), None);
    assert_eq!(commitment(vec![field(b"")]).text().as_deref(), Some(""));
    let mixed = commitment(vec![
        field(b"re\xffpo:"),
        Field::Other {
            name: "None".to_owned(),
        },
        field(b"rev:\xc3"),
        field(b"\xa9\xe2\x82"),
    ]);
    assert_eq!(mixed.text().as_deref(), Some("repo:rev:\u{e9}"));
}

proptest! {
    #[test]
    fn no_row_breaks_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let config = RUNTIME.with(Clone::clone);
        let entry = Entry::of(config.metadata(), "Commitments", "CommitmentOf").unwrap();
        if let Ok(row) = Registration::read(&entry, &bytes) {
            let fields = row.info.fields.into_iter().map(|read| read.0).collect();
            drop(commitment(fields).text());
        }
    }

    #[test]
    fn what_was_committed_is_read_back(texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..=128), 0..=3)) {
        let config = RUNTIME.with(Clone::clone);
        let fields: Vec<_> = texts.iter().map(|text| raw(text)).collect();
        let expected: Vec<_> = texts.into_iter().map(Field::Raw).collect();
        prop_assert_eq!(read(&config, &row(&fields)).unwrap(), expected);
    }
}

thread_local! {
    static RUNTIME: Config = runtimes().remove(1).1;
}
