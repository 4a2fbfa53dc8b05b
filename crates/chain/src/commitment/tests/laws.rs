use super::*;
use crate::commitment::{Draft, Fault, MAX_COMMITMENT, Seal, build, lineage};
use proptest::prelude::*;

const OPERATOR: &str = "2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a";

fn other_hotkey() -> Hotkey {
    "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"
        .parse()
        .unwrap()
}

fn sealed(
    repo: Option<&str>,
    endpoint: &str,
    envelope: Option<Envelope>,
) -> Result<super::super::Built, Refused> {
    let draft = Draft {
        repo,
        revision: repo.map(|_| "abc12345ffff"),
        endpoint,
    };
    let key: SecretKey = OPERATOR.parse().unwrap();
    let seal = Seal {
        to: &key.public_key(),
        envelope,
        netuid: 7,
        hotkey: &hotkey(),
    };
    build(&draft, Some(&seal))
}

fn plain(repo: &str, revision: &str, endpoint: &str) -> Result<String, Refused> {
    let draft = Draft {
        repo: Some(repo),
        revision: Some(revision),
        endpoint,
    };
    build(&draft, None).map(|built| built.text)
}

fn refusal(text: &str, policy: &Policy) -> String {
    resolve(text, policy, &hotkey()).unwrap_err().to_string()
}

#[test]
fn the_lineage_is_the_same_however_the_content_is_written_and_sealed() {
    let policy = policy(OPERATOR);
    let repo = Some("user/policy");
    let json = format!(
        r#"{{"m":"user/policy","r":"abc12345ffff","d":"{}"}}"#,
        UUID.to_uppercase()
    );
    let texts = [
        plain("user/policy", "abc12345ffff", UUID).unwrap(),
        sealed(repo, UUID, Some(Envelope::Legacy)).unwrap().text,
        sealed(repo, UUID, Some(Envelope::Bound)).unwrap().text,
        sealed(repo, UUID, None).unwrap().text,
        format!("user/policy:abc12345:{UUID}:docker/image"),
        json,
    ];
    let lineages = texts.map(|text| resolve(&text, &policy, &hotkey()).unwrap().lineage);
    assert!(lineages.iter().all(|lineage| *lineage == lineages[0]));
    let others = [
        lineage(
            Some("user/policy"),
            Some("abc12346"),
            &format!("https://{UUID}.deployments.basilica.ai"),
        ),
        lineage(Some("user/polic"), Some("yabc12345"), "https://a.example"),
        lineage(Some("user/policy"), Some("abc12345"), "https://a.example"),
        lineage(None, None, "https://a.example"),
    ];
    for (index, other) in others.iter().enumerate() {
        assert!(
            !lineages.contains(other) && !others[..index].contains(other),
            "{index}"
        );
    }
}

/// What a ledger keeps must not change with a version of ours.
#[test]
fn a_lineage_stays_what_it_is() {
    let lineage = lineage(Some("user/policy"), Some("abc12345"), "https://a.example");
    let kept = "516ef65e8bcee649e84e35301547721d0083bdd0cd1d38634dadd5761b886c0b";
    assert_eq!(hex::encode(lineage), kept);
}

#[test]
fn a_sealed_commitment_leads_to_its_endpoint_for_its_owner_only() {
    let policy = policy(OPERATOR);
    let built = sealed(None, "http://10.0.0.7:8001/", None).unwrap();
    assert_eq!(built.envelope, Some(Envelope::Bound));
    let resolved = resolve(&built.text, &policy, &hotkey()).unwrap();
    assert_eq!(resolved.endpoint, "http://10.0.0.7:8001");
    assert!(!format!("{resolved:?}").contains("10.0.0.7"), "{resolved:?}");
    for (text, policy, hotkey) in [
        (&built.text, &policy, &other_hotkey()),
        (
            &built.text,
            &Policy {
                netuid: 8,
                ..policy.clone()
            },
            &hotkey(),
        ),
        (&built.text, &super::policy(&"11".repeat(32)), &hotkey()),
    ] {
        let refused = resolve(text, policy, hotkey).unwrap_err();
        assert!(matches!(refused.faults(), [Fault::Sealed(_)]), "{refused}");
        assert!(!refused.to_string().contains("10.0.0.7"), "{refused}");
    }
    let no_key = Policy {
        secret_key: None,
        ..policy.clone()
    };
    assert_eq!(
        refusal(&built.text, &no_key),
        "the endpoint is sealed and there is no private key to open it"
    );
    let bad: Hotkey = "5A".parse().unwrap();
    assert!(matches!(
        resolve(&built.text, &policy, &bad).unwrap_err().faults(),
        [Fault::Hotkey]
    ));
}

#[test]
fn plain_urls_are_called_only_where_the_operator_says_so() {
    let allowed = policy(OPERATOR);
    let refused = Policy {
        plain_endpoints: PlainEndpoints::Refused,
        ..allowed.clone()
    };
    for text in [
        "http://10.0.0.7:8001/p/",
        "user/policy:abc:HTTP://10.0.0.7:8001/p",
        r#"{"m":"a","r":"b","d":"http://10.0.0.7:8001/p"}"#,
    ] {
        assert_eq!(
            resolve(text, &allowed, &hotkey()).unwrap().endpoint,
            "http://10.0.0.7:8001/p"
        );
        assert!(
            matches!(
                resolve(text, &refused, &hotkey()).unwrap_err().faults(),
                [Fault::PlainEndpoint]
            ),
            "{text}"
        );
    }
    assert!(resolve(UUID, &refused, &hotkey()).is_ok(), "an id is no address");
    assert!(
        resolve(
            &sealed(None, "http://h:1", None).unwrap().text,
            &refused,
            &hotkey()
        )
        .is_ok()
    );
}

#[test]
fn a_deployment_id_cannot_name_another_host() {
    let policy = policy(OPERATOR);
    for id in [
        "evil.example/",
        "a/b",
        "x@evil.example",
        "evil.example#",
        "evil.example?",
        "a.b",
        "a\\b",
        "a b",
        "a%2fb",
        "é",
        "-a",
        "a-",
        "",
        "a\0",
    ] {
        assert!(
            resolve(&format!("user/policy:abc:{id}"), &policy, &hotkey()).is_err(),
            "{id}"
        );
        if let Ok(built) = sealed(None, id, None) {
            panic!("{id} was sealed: {}", built.text);
        }
        // Sealed by someone else's tools.
        let key: SecretKey = OPERATOR.parse().unwrap();
        let context = super::super::context(7, &hotkey()).unwrap();
        let Ok(blob) = kinitro_sealing::seal(id, &key.public_key(), Envelope::Bound, &context) else {
            continue;
        };
        assert!(
            resolve(&format!("e2:{blob}"), &policy, &hotkey()).is_err(),
            "{id}"
        );
    }
    let url = resolve("user/policy:abc:My-Policy", &policy, &hotkey())
        .unwrap()
        .endpoint;
    assert_eq!(url, "https://my-policy.deployments.basilica.ai");
}

#[test]
fn urls_that_hide_where_they_lead_are_refused() {
    for url in [
        "http://",
        "http:///h",
        "http://u@h",
        "http://u:p@h",
        "http://@h",
        "http://h?q",
        "http://h#f",
        "http://h:0",
        "http://h:99999",
        "http://h /",
        "http://h\\@e",
        "http://h\t",
        "https://",
        "http://[::1",
    ] {
        let refused = resolve(url, &policy(OPERATOR), &hotkey()).unwrap_err();
        assert!(
            matches!(refused.faults(), [Fault::Url { .. }]),
            "{url}: {refused}"
        );
    }
    let long = format!("http://h/{}", "x".repeat(600));
    assert!(resolve(&long, &policy(OPERATOR), &hotkey()).is_err());
}

#[test]
fn every_fault_is_listed_and_none_repeats_the_text() {
    let refused = parse(":\u{1}:evil.example/").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the commitment has no repository; the commitment's revision has control characters; \
         the deployment id has other characters than letters, digits and dashes"
    );
    let json = parse(r#"{"m":"","r":"x\u0000","d":"a/b"}"#).unwrap_err();
    assert_eq!(json.faults().len(), 3, "{json}");
    let draft = plain("a:b", ":", "a/b").unwrap_err();
    assert_eq!(draft.faults().len(), 3, "{draft}");
}

#[test]
fn what_would_be_read_as_something_else_is_not_written() {
    let ambiguous = |repo, revision, endpoint| {
        let refused = plain(repo, revision, endpoint).unwrap_err();
        assert!(matches!(refused.faults(), [Fault::Ambiguous]), "{refused}");
    };
    ambiguous("{\"a\"", "b", "c");
    ambiguous(" {", "b", "c");
    let half = Draft {
        repo: Some("a"),
        revision: None,
        endpoint: "c",
    };
    assert!(matches!(build(&half, None).unwrap_err().faults(), [Fault::Half]));
    // A colon part of its own is never a URL's scheme.
    assert_eq!(
        plain("http", "//h", "c").unwrap_err().to_string(),
        "these fields would be read as something else"
    );
}

#[test]
fn the_newer_envelope_is_written_where_it_fits() {
    let repo = |length: usize| format!("u/{}", "r".repeat(length - 2));
    let envelope =
        |length| sealed(Some(&repo(length)), UUID, None).map(|built| (built.envelope, built.text.len()));
    assert_eq!(envelope(33).unwrap(), (Some(Envelope::Bound), MAX_COMMITMENT));
    assert_eq!(
        envelope(34).unwrap(),
        (Some(Envelope::Legacy), MAX_COMMITMENT - 2)
    );
    assert_eq!(envelope(36).unwrap(), (Some(Envelope::Legacy), MAX_COMMITMENT));
    let refused = envelope(37).unwrap_err();
    assert!(
        matches!(refused.faults(), [Fault::DoesNotFit { bytes: 132, max: 128 }]),
        "{refused}"
    );
    assert!(sealed(Some(&repo(34)), UUID, Some(Envelope::Bound)).is_err());
    assert!(sealed(Some(&repo(34)), "my-policy-of-a-long-name-so-it-cannot-fit", None).is_err());
    assert!(sealed(None, &format!("https://{}.example", "h".repeat(31)), None).is_ok());
}

proptest! {
    #[test]
    fn no_text_can_crash_the_reader(text in "\\PC{0,200}", fields in "[ae2{}\":,/.@-]{0,60}(:[a-z0-9{}\"/@]{0,20}){0,5}") {
        for text in [&text, &fields, &format!("{{{text}"), &format!("e:{text}"), &format!("a:b:e2:{text}")] {
            let resolved = resolve(text, &policy(OPERATOR), &hotkey());
            if let Err(refused) = resolved {
                prop_assert!(!refused.faults().is_empty());
                prop_assert!(refused.to_string().len() < 500);
            }
        }
    }

    #[test]
    fn what_is_read_is_bounded_and_leads_to_a_host_of_ours_or_of_the_text(text in "[a-zA-Z0-9:/@.#?\\\\-]{1,100}") {
        if let Ok(resolved) = resolve(&text, &policy(OPERATOR), &hotkey()) {
            let url: url::Url = resolved.endpoint.parse().unwrap();
            let host = url.host_str().unwrap();
            let is_id = host.ends_with(".deployments.basilica.ai");
            prop_assert!(is_id || text.to_ascii_lowercase().contains("http://") || text.to_ascii_lowercase().contains("https://"));
            prop_assert!(url.username().is_empty() && url.query().is_none());
        }
    }

    #[test]
    fn what_is_written_is_read_as_it_was_meant(
        repo in "[a-z0-9{}/ _.-]{1,40}", revision in "[a-z0-9/.-]{1,12}", id in "[a-z0-9]{1,30}",
    ) {
        if let Ok(text) = plain(&repo, &revision, &id) {
            let resolved = resolve(&text, &policy(OPERATOR), &hotkey()).unwrap();
            prop_assert_eq!(resolved.repo.as_deref(), Some(repo.as_str()));
            prop_assert_eq!(resolved.endpoint, format!("https://{id}.deployments.basilica.ai"));
        }
    }
}
