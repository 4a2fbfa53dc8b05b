use super::*;
use kinitro_chain::{
    Commitment, Field, Hash, Unreadable,
    commitment::{Draft, Envelope, PlainEndpoints, Seal, SecretKey, build, build_operator_key},
};
use kinitro_proto::{Hotkey, Uid};
use proptest::prelude::*;

const NETUID: u16 = 26;
const URL: &str = "http://10.0.0.1:8000";

fn secret() -> SecretKey {
    SecretKey::from_bytes(&[7; 32])
}

fn alice() -> Hotkey {
    "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
        .parse()
        .unwrap()
}

fn bob() -> Hotkey {
    "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"
        .parse()
        .unwrap()
}

fn policy() -> Policy {
    Policy {
        secret_key: Some(secret()),
        netuid: NETUID,
        plain_endpoints: PlainEndpoints::Refused,
    }
}

fn sealed_for(hotkey: &Hotkey, envelope: Envelope, endpoint: &str) -> String {
    let draft = Draft {
        repo: Some("a/b"),
        revision: Some("deadbeef"),
        endpoint,
    };
    let seal = Seal {
        to: &secret().public_key(),
        envelope: Some(envelope),
        netuid: NETUID,
        hotkey,
    };
    build(&draft, Some(&seal)).unwrap().text
}

fn row(uid: u16, hotkey: Hotkey, fields: Vec<Field>) -> Commitment {
    Commitment {
        uid: Some(Uid(uid)),
        hotkey,
        block: BlockNumber(100 + u64::from(uid)),
        fields,
    }
}

fn raw(uid: u16, hotkey: Hotkey, text: &str) -> Commitment {
    row(uid, hotkey, vec![Field::Raw(text.as_bytes().to_vec())])
}

fn read(commitments: Vec<Commitment>) -> kinitro_chain::Snapshot {
    kinitro_chain::Snapshot {
        genesis: Hash([1; 32]),
        block: BlockNumber(500),
        block_hash: Hash([2; 32]),
        neurons: Vec::new(),
        commitments,
        unreadable: Vec::new(),
    }
}

/// The one commitment's endpoint, or why it was refused; none for the operator's key.
fn of(text: &str, policy: &Policy) -> Option<Result<String, &'static str>> {
    let out = sort_out(&read(vec![raw(3, alice(), text)]), policy);
    assert!(out.usable.len() + out.refused.len() <= 1, "{out:?}");
    match (out.usable.first(), out.refused.first()) {
        (Some(usable), _) => Some(Ok(usable.miner.endpoint.clone())),
        (None, Some(refusal)) => Some(Err(refusal.reason)),
        (None, None) => None,
    }
}

#[test]
fn miners_are_told_from_what_is_none() {
    let uuid = "95edf2b6-e18b-400a-8398-5573df10e5e4";
    let deployed = format!("https://{uuid}.deployments.basilica.ai");
    let plain = Policy {
        plain_endpoints: PlainEndpoints::Allowed,
        ..policy()
    };
    let no_key = Policy {
        secret_key: None,
        ..policy()
    };
    let legacy = sealed_for(&alice(), Envelope::Legacy, uuid);
    let bound = sealed_for(&alice(), Envelope::Bound, uuid);
    let key = build_operator_key(&secret().public_key());
    for (text, policy, expected) in [
        (
            format!("a/b:deadbeef:{uuid}"),
            &policy(),
            Some(Ok(deployed.as_str())),
        ),
        (legacy.clone(), &policy(), Some(Ok(deployed.as_str()))),
        (bound.clone(), &policy(), Some(Ok(deployed.as_str()))),
        (
            sealed_for(&alice(), Envelope::Bound, URL),
            &policy(),
            Some(Ok(URL)),
        ),
        (legacy, &no_key, Some(Err("no_key"))),
        (bound, &no_key, Some(Err("no_key"))),
        (format!("a/b:deadbeef:{URL}/"), &plain, Some(Ok(URL))),
        (format!("a/b:deadbeef:{URL}/"), &policy(), Some(Err("plain"))),
        (
            "a/b:deadbeef:http://me:pw@10.0.0.1".to_owned(),
            &plain,
            Some(Err("url")),
        ),
        (key, &policy(), None),
        // Copied from another miner, or garbled.
        (
            sealed_for(&bob(), Envelope::Bound, uuid),
            &policy(),
            Some(Err("sealed")),
        ),
        (
            "a/b:deadbeef:e:garbage".to_owned(),
            &policy(),
            Some(Err("sealed")),
        ),
        (":::".to_owned(), &policy(), Some(Err("malformed"))),
        ("{\"m\":1".to_owned(), &policy(), Some(Err("malformed"))),
        (String::new(), &policy(), Some(Err("malformed"))),
        ("scripted:1.0".to_owned(), &plain, Some(Err("malformed"))),
    ] {
        let expected = expected.map(|result: Result<&str, _>| result.map(str::to_owned));
        assert_eq!(of(&text, policy), expected, "`{text}`");
    }
}

#[test]
fn a_commitment_without_text_is_refused_and_one_row_never_spoils_the_others() {
    let uuid = "95edf2b6-e18b-400a-8398-5573df10e5e4";
    let other = Field::Other {
        name: "Sha256".to_owned(),
    };
    let mut read = read(vec![
        raw(9, alice(), &sealed_for(&alice(), Envelope::Bound, uuid)),
        row(4, bob(), vec![other, Field::BigRaw(b"a/b:deadbeef:x".to_vec())]),
        raw(2, bob(), "a/b:deadbeef:x"),
    ]);
    read.unreadable.push(Unreadable {
        hotkey: None,
        reason: "trailing bytes".to_owned(),
    });
    let out = sort_out(&read, &policy());
    let usable: Vec<_> = out.usable.iter().map(|usable| usable.miner.uid.0).collect();
    let refused: Vec<_> = out.refused.iter().map(|refusal| refusal.reason).collect();
    assert_eq!((usable, refused), (vec![2, 9], vec!["no_text", "unreadable"]));
    let (first, miner) = (&out.usable[0], &out.usable[0].miner);
    assert_eq!(
        (miner.repo.as_deref(), miner.revision.as_deref(), first.block.0),
        (Some("a/b"), Some("deadbeef"), 102)
    );
    assert_eq!(
        why_nobody(read.commitments.len(), &out.refused),
        "3 commitment(s), refused: 1 no_text, 1 unreadable"
    );
    assert_eq!(why_nobody(1, &[]), "1 commitment(s), none of a miner");
}

#[test]
fn what_a_refusal_says_does_not_tell_the_endpoint() {
    let sealed = sealed_for(&alice(), Envelope::Bound, "https://hidden.example/a");
    let out = sort_out(&read(vec![raw(1, bob(), &sealed)]), &policy());
    assert!(!format!("{out:?}").contains("hidden"), "{out:?}");
}

proptest! {
    #[test]
    fn no_commitment_can_crash_the_reader(
        fields in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..4),
        text in "[a-z{}:\"e2./@-]{0,60}",
    ) {
        let fields = fields.into_iter().map(Field::Raw).collect();
        drop(sort_out(&read(vec![row(1, alice(), fields), raw(2, bob(), &text)]), &policy()));
    }
}
