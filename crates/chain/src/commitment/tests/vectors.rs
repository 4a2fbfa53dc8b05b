use super::*;
use crate::{
    Commitment, Field,
    commitment::{Draft, PublicKey, Seal, build, build_operator_key},
};

const ONE_LABEL: &str = "an id is one label of a host's name: v2 made a URL that leads nowhere, or elsewhere";
const PULL_42: &str = "a format of v2's pull request 42";
const JSON: &str = "a format of January 2026, whose colons v2 then read as its own";
const URL: &str = "v2 went to a deployment `http` or `https`: nobody means that";

/// What the scheduler does otherwise than v2's, and why.
#[rustfmt::skip]
const ROWS: [(&str, &str, &str); 15] = [
    (" user/policy : abc : dep ", "refused", ONE_LABEL),
    ("user/policy:abc12345: 95edf2b6-e18b-400a-8398-5573df10e5e4 ", "refused", ONE_LABEL),
    ("user/policy:abc12345:dep\n", "refused", ONE_LABEL),
    ("r:v:yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…yyyyyyyyy", "refused", ONE_LABEL),
    ("95edf2b6-e18b-400a-8398-5573df10e5e4", "id", PULL_42),
    ("nocolons", "id", PULL_42),
    ("e", "id", PULL_42),
    ("e:80#FRJ}gr6fW9jrrTX(e9vf<rf&6L@&V&aK_|jP^#^@bTywDkhZ8Lfrqb@…({^~GlL94", "sealed", PULL_42),
    ("user/policy:abc12345:http://1.2.3.4:8001", "url", URL),
    ("user/policy:abc12345:https://host.example", "url", URL),
    (r#"{"m":"user/policy","r":"abc123","c":"chute-1","d":"docker/img"}"#, "id", JSON),
    (r#"{"m":"user/policy","r":"abc123","d":"http://1.2.3.4:8001"}"#, "url", JSON),
    (r#"{"m":"user/policy","r":"abc123","e":"80#FRJ}gr6fW9jrrTX(e9vf…^~GlL94"}"#, "sealed", JSON),
    (r#"{"model":"user/policy","revision":"abc123","deployment_id":"…f10e5e4"}"#, "id", JSON),
    (r#"{"t":"pk","k":"2fe57da347cd62431528daac5fbb290730fff684afc4c…8cb3b74"}"#, "operator's key", "the operator is no miner"),
];

#[test]
fn every_row_is_to_the_scheduler_what_it_was_to_v2s_but_for_these() {
    let vectors = vectors();
    assert_eq!(vectors.parse_head.len(), 30);
    let policy = policy(&vectors.backend_private_hex);
    let mut differences = Vec::new();
    for row in &vectors.parse_head {
        let resolved = resolve(&row.raw, &policy, &hotkey());
        // A row without an endpoint was kept and skipped later.
        let theirs = row
            .as_chain_miner_with_key
            .as_ref()
            .and_then(|miner| miner.endpoint.as_ref().map(|endpoint| (miner, endpoint)));
        let is_same = match (&resolved, theirs) {
            (Ok(ours), Some((theirs, endpoint))) => {
                ours.endpoint.eq_ignore_ascii_case(endpoint)
                    && ours.repo.as_ref() == Some(&theirs.huggingface_repo)
                    && ours.revision.as_ref() == Some(&theirs.revision_sha)
                    && ours.envelope.is_some() == theirs.encrypted_deployment.is_some()
            }
            (Err(_), None) => true,
            _ => false,
        };
        if !is_same {
            differences.push((short(&row.raw), word(&parse(&row.raw)).to_owned()));
        }
        let key = match parse(&row.raw) {
            Ok(Parsed::OperatorKey(key)) => Some(key.to_string()),
            _ => None,
        };
        assert_eq!(key, row.backend_pubkey, "{}", row.raw);
    }
    assert_differences(differences, &ROWS);
}

#[test]
fn every_commitment_is_built_as_v2_built_it_but_for_these() {
    let vectors = vectors();
    assert_eq!(vectors.build_head.len(), 21);
    let policy = policy(&vectors.backend_private_hex);
    let hotkey = hotkey();
    let mut differences = Vec::new();
    for case in vectors.build_head {
        let draft = Draft {
            repo: Some(&case.repo),
            revision: Some(&case.revision),
            endpoint: &case.deployment_id,
        };
        let key = case.backend_public_hex.filter(|key| !key.is_empty());
        let key = key.map(|key| key.parse::<PublicKey>());
        let built = match key {
            None => build(&draft, None).ok(),
            Some(Err(_)) => None,
            Some(Ok(to)) => {
                let seal = Seal {
                    to: &to,
                    envelope: Some(Envelope::Legacy),
                    netuid: 7,
                    hotkey: &hotkey,
                };
                build(&draft, Some(&seal)).ok()
            }
        };
        match (built, case.result) {
            (None, None) => {}
            // Each envelope is another: its bytes are compared where the key is fixed, in `sealing`.
            (Some(ours), Some(theirs)) if ours.envelope.is_some() => {
                let visible = |text: &str| text.rsplit_once(':').map(|(visible, _)| visible.to_owned());
                assert_eq!(visible(&ours.text), visible(&theirs), "{}", case.name);
                assert_eq!(Some(ours.text.len()), case.length_utf8, "{}", case.name);
                let [ours, theirs] =
                    [&ours.text, &theirs].map(|text| resolve(text, &policy, &hotkey).unwrap());
                assert_eq!(ours, theirs, "{}", case.name);
            }
            (Some(ours), Some(theirs)) if ours.text == theirs => {}
            (ours, _) => differences.push((case.name, ours.map_or("refused".to_owned(), |ours| ours.text))),
        }
    }
    let kept = [
        (
            "colon_in_dep_url",
            "user/policy:abc12345:http://1.2.3.4:8001",
            "a URL may be committed, as v2's documents promised",
        ),
        (
            "non_ascii_128_chars_more_bytes",
            "refused",
            "the chain counts bytes",
        ),
        ("plain_empty_dep", "refused", "v2 wrote what v2 did not read"),
        ("plain_empty_repo", "refused", "v2 wrote what v2 did not read"),
        ("plain_empty_rev", "refused", "v2 wrote what v2 did not read"),
    ];
    assert_differences(differences, &kept);
}

#[test]
fn every_deployment_id_leads_where_v2_went_but_for_these() {
    let cases = vectors().deployment_id_to_url;
    assert_eq!(cases.len(), 10);
    let mut differences = Vec::new();
    for case in cases {
        let ours = Endpoint::of(&case.input).ok().and_then(|endpoint| endpoint.url());
        if ours.as_ref() != Some(&case.url) {
            differences.push((case.input, ours.unwrap_or("refused".to_owned())));
        }
    }
    let kept = [
        ("", "refused", ONE_LABEL),
        (" a", "refused", ONE_LABEL),
        ("dep/../x", "refused", ONE_LABEL),
        ("ftp://x", "refused", ONE_LABEL),
        ("HTTP://h", "http://h", "a scheme has no case"),
    ];
    assert_differences(differences, &kept);
}

#[test]
fn the_operators_key_is_read_and_written_as_v2_did_but_only_if_it_is_one() {
    let vectors = vectors();
    assert_eq!(
        (
            vectors.backend_pubkey_parse.len(),
            vectors.backend_pubkey_build.len()
        ),
        (12, 4)
    );
    let mut differences = Vec::new();
    for case in vectors.backend_pubkey_parse {
        let ours = match parse(&case.raw) {
            Ok(Parsed::OperatorKey(key)) => Some(Value::String(key.to_string())),
            _ => None,
        };
        if ours != case.key {
            differences.push((case.raw, ours.map_or("refused".to_owned(), |key| key.to_string())));
        }
    }
    const NO_KEY: &str = "not 32 bytes of hexadecimal: v2 failed later, when a miner sealed";
    let kept = [
        (r#" {"t":"pk","k":"aa"}"#, "refused", NO_KEY),
        (r#"{"t":"pk","k":""}"#, "refused", NO_KEY),
        (r#"{"t":"pk","k":5}"#, "refused", NO_KEY),
        (r#"{"t":"pk","key":"bb","k":"aa"}"#, "refused", NO_KEY),
    ];
    assert_differences(differences, &kept);
    for case in vectors.backend_pubkey_build {
        let key: PublicKey = case.public_hex.parse().unwrap();
        let text = build_operator_key(&key);
        assert_eq!(text, case.commitment);
        assert_eq!(parse(&text).unwrap(), Parsed::OperatorKey(key));
        assert!(
            resolve(&text, &policy(&case.public_hex), &hotkey())
                .unwrap_err()
                .is_operator_key()
        );
    }
}

/// The shapes are those of Python's client; the text within them is what counts here.
#[test]
fn texts_that_v2_decoded_are_ours_and_broken_utf_8_is_dropped() {
    let cases = vectors().chain_result_decode;
    assert_eq!(cases.len(), 25);
    let texts = cases.iter().filter_map(|case| case.result.0.as_deref());
    let texts: Vec<_> = texts.filter(|text| text.contains(':')).collect();
    assert_eq!(texts.len(), 12);
    for text in texts {
        assert_eq!(word(&parse(text)), "id", "{text}");
    }
    let broken = cases.iter().find(|case| case.name == "invalid_utf8").unwrap();
    let commitment = Commitment {
        uid: None,
        hotkey: hotkey(),
        block: kinitro_proto::BlockNumber(9),
        fields: vec![Field::Raw(b"a\xff\xfeb".to_vec())],
    };
    assert_eq!(commitment.text(), broken.result.0);
}
