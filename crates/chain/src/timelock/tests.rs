use super::*;
use crate::Quantised;
use ark_serialize::CanonicalDeserialize;
use parity_scale_codec::Decode;
use serde::Deserialize;
use timelock::{
    block_ciphers::AESGCMBlockCipherProvider,
    engines::drand::TinyBLS381,
    ibe::fullident::{Ciphertext, IBESecret},
    tlock::{TLECiphertext, tld},
};

/// What the official library sealed to round 1000 of quicknet, and that round's public signature.
#[derive(Deserialize)]
struct Fixture {
    round: u64,
    #[serde(with = "hex::serde")]
    signature: Vec<u8>,
    #[serde(with = "hex::serde")]
    hotkey: [u8; 32],
    uids: Vec<u16>,
    values: Vec<u16>,
    version_key: u64,
    #[serde(with = "hex::serde")]
    payload: Vec<u8>,
    sealed: Vec<Sealed>,
}

#[derive(Deserialize)]
struct Sealed {
    #[serde(with = "hex::serde")]
    plaintext: Vec<u8>,
    #[serde(with = "hex::serde")]
    commit: Vec<u8>,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../tests/fixtures/sdk/timelock.json")).unwrap()
}

fn part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(part)
}

/// What the chain does once it has the round's signature.
fn open(commit: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    let (u, mut rest) = commit.split_at_checked(96)?;
    let header = Ciphertext {
        u: CanonicalDeserialize::deserialize_compressed(u).ok()?,
        v: part(&mut rest)?.try_into().ok()?,
        w: part(&mut rest)?.try_into().ok()?,
    };
    let (body, cipher_suite) = (part(&mut rest)?.to_vec(), part(&mut rest)?.to_vec());
    let ciphertext = TLECiphertext::<TinyBLS381> {
        header,
        body,
        cipher_suite,
    };
    let IBESecret(signature) = IBESecret::<TinyBLS381>::deserialize_compressed(signature).ok()?;
    rest.is_empty().then_some(())?;
    tld::<TinyBLS381, AESGCMBlockCipherProvider>(ciphertext, signature).ok()
}

#[test]
fn what_the_official_library_sealed_opens() {
    let fixture = fixture();
    for sealed in &fixture.sealed {
        assert_eq!(
            open(&sealed.commit, &fixture.signature).as_ref(),
            Some(&sealed.plaintext)
        );
    }
}

#[test]
fn what_we_seal_opens_with_the_rounds_signature_and_no_other() {
    let fixture = fixture();
    for sealed in &fixture.sealed {
        let commit = Beacon::quicknet().seal(fixture.round, &sealed.plaintext).unwrap();
        assert_eq!(commit.len(), sealed.commit.len());
        assert_eq!(
            open(&commit, &fixture.signature).as_ref(),
            Some(&sealed.plaintext)
        );
        let other = Beacon::quicknet()
            .seal(fixture.round + 1, &sealed.plaintext)
            .unwrap();
        assert_eq!(open(&other, &fixture.signature), None);
    }
}

#[test]
fn the_payload_is_what_the_chain_decodes() {
    let fixture = fixture();
    let (uids, values) = (fixture.uids, fixture.values);
    assert_eq!(
        payload(fixture.hotkey, &Quantised { uids, values }, fixture.version_key),
        fixture.payload
    );
}

#[test]
fn two_seals_of_the_same_are_not_the_same() {
    let seal = || Beacon::quicknet().seal(1, b"weights").unwrap();
    assert_ne!(seal(), seal());
}

#[test]
fn a_key_that_is_no_point_is_refused() {
    let identity = [vec![0xc0], vec![0; 95]].concat();
    for public_key in [vec![], vec![0; 96], vec![0xff; 96], identity] {
        let beacon = Beacon {
            public_key,
            ..Beacon::quicknet()
        };
        assert!(beacon.seal(1, b"weights").is_err(), "{beacon:?}");
    }
}

#[test]
fn a_full_subnet_fits_one_commit() {
    let weights = Quantised {
        uids: (0..256).collect(),
        values: vec![u16::MAX; 256],
    };
    let commit = Beacon::quicknet()
        .seal(1, &payload([1; 32], &weights, u64::MAX))
        .unwrap();
    assert!(commit.len() < 1500, "{}", commit.len());
}

/// What `seal` made once and `make_timelock.py check` opened with the official library.
#[test]
fn what_the_official_library_opened_of_ours_opens() {
    let fixture = fixture();
    let ours: Vec<&str> = include_str!("../../tests/fixtures/sdk/sealed_by_us.txt")
        .lines()
        .collect();
    assert_eq!(ours.len(), fixture.sealed.len());
    for (envelope, sealed) in ours.iter().zip(&fixture.sealed) {
        let envelope = hex::decode(envelope).unwrap();
        let (commit, round) = envelope.split_last_chunk::<8>().unwrap();
        let commit = <Vec<u8>>::decode(&mut &*commit).unwrap();
        assert_eq!(u64::from_le_bytes(*round), fixture.round);
        assert_eq!(
            open(&commit, &fixture.signature).as_ref(),
            Some(&sealed.plaintext)
        );
    }
}
