use super::*;

const ONE_LABEL: &str = "an id is one label of a host's name: v2 made a URL that leads nowhere, or elsewhere";
const ONLY_5: &str = "a format of version 5 alone; the others read nothing";
const NAMELESS: &str =
    "version 5 forgets repository and revision, so it misses neither; the others refuse, as we do";
const MARK: &str =
    "an `e` before a fourth part marks an envelope since version 4; before, it was an id and an image";
const URL: &str = "they went to a deployment `http` or `https`: nobody means that";
const JSON_1: &str = "version 1's JSON: the chute is the id; later a lone `d` was, now both are told apart";
const JSON_2: &str = "version 2's JSON, which 3 read, too; the others read its colons as their own";
const JSON_3: &str = "version 3's JSON; 1 and 2 found no id, the others read its colons as their own";
const NO_REPO: &str = "JSON without a repository: all read its colons as their own";
const OPERATOR: &str =
    "the operator's key, in JSON: all read its colons as their own, and took the operator for a miner";

/// Where one of v2's six readers said another thing: the text, what it is to us, the versions that differ; and why.
#[rustfmt::skip]
const DIFFERENCES: [(&str, &str, &str); 27] = [
    ("user/policy:abc123def456:e:80#FRJ}gr6fW9jrrTX(e9vf<rf&6L@&V&…({^~GlL94", "sealed, not as 0123", MARK),
    ("user/policy:abc12345:e:80#FRJ}gr6fW9jrrTX(e9vf<rf&6L@&V&aK_|…({^~GlL94", "sealed, not as 0123", MARK),
    ("user/policy:abc12345:e:", "refused, not as 0123", MARK),
    ("user/policy:abc12345:e:80#FRJ}gr6fW9jrrTX(e9vf<rf&6L@&V&aK_|…:trailing", "sealed, not as 0123", MARK),
    ("user/policy:abc12345:http://1.2.3.4:8001", "url, not as 012345", URL),
    ("user/policy:abc12345:https://host.example", "url, not as 012345", URL),
    ("user/policy::95edf2b6-e18b-400a-8398-5573df10e5e4", "refused, not as 5", NAMELESS),
    (":abc12345:95edf2b6-e18b-400a-8398-5573df10e5e4", "refused, not as 5", NAMELESS),
    (" ", "refused, not as 5", ONE_LABEL),
    ("nocolons", "id, not as 01234", ONLY_5),
    ("user/policy:abc12345: 95edf2b6-e18b-400a-8398-5573df10e5e4 ", "refused, not as 012345", ONE_LABEL),
    (" user/policy : abc : dep ", "refused, not as 012345", ONE_LABEL),
    ("user/policy:abc12345:dep\n", "refused, not as 012345", ONE_LABEL),
    (r#"{"m":"user/policy","r":"abc123","d":"95edf2b6-e18b-400a-8398…f10e5e4"}"#, "id, not as 0145", JSON_2),
    (r#"{"m":"user/policy","r":"abc123","e":"80#FRJ}gr6fW9jrrTX(e9vf…^~GlL94"}"#, "sealed, not as 01245", JSON_3),
    (r#"{"model":"user/policy","revision":"abc123","deployment_id":"…f10e5e4"}"#, "id, not as 0145", JSON_2),
    (r#"{"model":"user/policy","revision":"abc123","chute_id":"chute-1"}"#, "id, not as 02345", JSON_1),
    (r#"{"m":"user/policy","r":"abc123","c":"chute-1","d":"docker/img"}"#, "id, not as 02345", JSON_1),
    (r#"{"m":"user/policy","r":"abc123","d":"http://1.2.3.4:8001"}"#, "url, not as 0145", JSON_2),
    (r#"{"m":"","r":"abc123","d":"x"}"#, "refused, not as 012345", NO_REPO),
    (r#"{"t":"pk","k":"2fe57da347cd62431528daac5fbb290730fff684afc4c…8cb3b74"}"#, "operator's key, not as 012345", OPERATOR),
    (r#"{"type":"backend_pubkey","key":"2fe57da347cd62431528daac5fbb…8cb3b74"}"#, "operator's key, not as 012345", OPERATOR),
    ("e:80#FRJ}gr6fW9jrrTX(e9vf<rf&6L@&V&aK_|jP^#^@bTywDkhZ8Lfrqb@…({^~GlL94", "sealed, not as 01234", ONLY_5),
    ("95edf2b6-e18b-400a-8398-5573df10e5e4", "id, not as 01234", ONLY_5),
    ("e", "id, not as 01234", ONLY_5),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…xxxxxxxxx", "refused, not as 5", ONE_LABEL),
    ("r:v:yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…yyyyyyyyy", "refused, not as 012345", ONE_LABEL),
];

#[test]
fn every_text_is_to_us_what_it_was_to_each_of_v2s_readers_but_for_these() {
    let history = vectors().parse_history;
    assert_eq!(history.len(), 6);
    let mut differences = BTreeMap::<_, Vec<_>>::new();
    let mut rows = 0;
    for (version, history) in &history {
        for row in &history.rows {
            rows += 1;
            let parsed = parse(&row.raw);
            if !is_same(version, &row.parsed, &parsed) {
                let digit = version[1..2].to_owned();
                differences
                    .entry((short(&row.raw), word(&parsed)))
                    .or_default()
                    .push(digit);
            }
        }
    }
    assert_eq!(rows, 6 * 45);
    let differences = differences
        .into_iter()
        .map(|((raw, word), versions)| (raw, format!("{word}, not as {}", versions.concat())));
    assert_differences(differences.collect(), &DIFFERENCES);
}

/// Whether ours says what that reader said, or both say nothing.
fn is_same(version: &str, theirs: &HistoryParsed, ours: &Result<Parsed, Refused>) -> bool {
    let (repo, revision) = (theirs.huggingface_repo.as_deref(), theirs.revision_sha.as_deref());
    let blob = theirs
        .encrypted_deployment
        .as_deref()
        .filter(|blob| !blob.is_empty());
    let is_named = repo != Some("") && revision != Some("");
    let is_miner = is_named && (!theirs.deployment_id.is_empty() || blob.is_some());
    let committed = match ours {
        Ok(Parsed::Miner(committed)) if is_miner => committed,
        Ok(_) => return false,
        Err(_) => return !is_miner,
    };
    // Version 5 forgets repository and revision.
    let same_names = version.starts_with("v5")
        || (committed.repo.as_deref() == repo && committed.revision.as_deref() == revision);
    same_names
        && match &committed.endpoint {
            Endpoint::Sealed { envelope, blob: ours } => {
                *envelope == Envelope::Legacy && Some(ours.as_str()) == blob
            }
            Endpoint::Deployment(id) => blob.is_none() && theirs.deployment_id.eq_ignore_ascii_case(id),
            Endpoint::Url(url) => blob.is_none() && theirs.deployment_id == *url,
        }
}
