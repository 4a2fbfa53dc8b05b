//! Keys come and go: two sign while validators change over, and what a retired one signed stands.

use super::{key, served, verify};
use crate::stack::{PATIENCE, Process, Stack, run};
use kinitro_audit::keys::PublicKey;
use kinitro_proto::CycleId;
use kinitro_store::CycleState;
use std::{collections::BTreeSet, fs, net::SocketAddr, os::unix::fs::PermissionsExt, process::Output};

/// Cycle after cycle of one ledger, signed with other keys each.
struct Rotation {
    stack: Stack,
    gateway: SocketAddr,
    _gateway: Process,
}

impl Rotation {
    async fn start() -> Self {
        let mut stack = Stack::start().await;
        stack.judge_scripted(&[0.9, 0.3], 2);
        let (_gateway, gateway) = stack.gateway().await;
        Self {
            stack,
            gateway,
            _gateway,
        }
    }

    /// Settles the cycle of another interval, signed so. No interval ends while the test runs.
    async fn settle(&mut self, interval: u32, keys: &[&str]) -> CycleId {
        let stack = &mut self.stack;
        stack.set("KINITRO_SCHEDULER_EVAL_INTERVAL_SECONDS", interval);
        if keys.is_empty() {
            stack.unset("KINITRO_SCORER_SIGNING_KEY_FILE");
        } else {
            stack.set("KINITRO_SCORER_SIGNING_KEY_FILE", keys.join(","));
        }
        let before = stack.newest().await.map(|cycle| cycle.id);
        let _services = (stack.scorer(), stack.executor("one", &[]), stack.scheduler());
        let cycle = kinitro_harness::eventually(PATIENCE, "a further cycle", async || {
            let newest = stack.newest().await.map(|cycle| cycle.id);
            newest.filter(|newest| Some(*newest) != before).ok_or(newest)
        })
        .await;
        stack.ended(CycleState::Settled, PATIENCE).await;
        served(self.gateway, cycle).await;
        cycle
    }

    /// What it comes to with that key trusted: the exit code, and what was said.
    async fn verified(&self, cycle: CycleId, trusted: &[PublicKey]) -> (Option<i32>, String) {
        let (url, number) = (format!("http://{}", self.gateway), cycle.to_string());
        let mut args = vec!["--gateway", &url, "--cycle", &number];
        let keys: Vec<_> = trusted.iter().map(ToString::to_string).collect();
        for key in &keys {
            args.extend(["--trusted-key", key]);
        }
        let (code, told, log) = verify(&args).await;
        (code, format!("{told}{log}"))
    }

    async fn holds(&self, cycle: CycleId, trusted: &[PublicKey]) {
        let (code, said) = self.verified(cycle, trusted).await;
        assert_eq!(code, Some(0), "cycle {cycle}: {said}");
    }

    async fn is_refused(&self, cycle: CycleId, trusted: &[PublicKey]) {
        let (code, said) = self.verified(cycle, trusted).await;
        assert_eq!(code, Some(1), "cycle {cycle}: {said}");
        assert!(said.contains("check `signatures`"), "{said}");
    }

    /// Exit code, standard output, standard error of `kinitro keys`.
    fn keys(&self, args: &[&str]) -> (Option<i32>, String, String) {
        ended(run(&[&["keys"], args].concat(), self.stack.settings()))
    }
}

fn ended(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn keys_are_rotated_without_a_cycle_that_a_validator_must_refuse() {
    let mut rotation = Rotation::start().await;
    let (_, none, _) = rotation.keys(&["list"]);
    assert!(none.contains("no signing key so far"), "{none}");
    let (a_file, a) = key(&rotation.stack, "a");
    let (b_file, b) = key(&rotation.stack, "b");

    let first = rotation.settle(1 << 30, &[&a_file]).await;
    rotation.holds(first, &[a]).await;
    rotation.holds(first, &[a, b]).await;
    rotation.is_refused(first, &[b]).await;

    // Both sign, so that either's validators go on.
    let both = rotation.settle(1 << 29, &[&a_file, &b_file]).await;
    for trusted in [&[a][..], &[b], &[a, b], &[]] {
        rotation.holds(both, trusted).await;
    }

    let id = a.id().to_string();
    let (code, said, _) = rotation.keys(&["retire", &id]);
    assert_eq!(code, Some(0), "{said}");
    let last = rotation.settle(1 << 28, &[&b_file]).await;
    rotation.holds(last, &[b]).await;
    rotation.is_refused(last, &[a]).await;
    // What it signed stands.
    rotation.holds(first, &[a]).await;
    rotation.holds(both, &[a]).await;
    rotation.holds(first, &[]).await;
    listed(&rotation, &[(a, "retired", "2"), (b, "active", "2")]);

    // A key that signs no more is no key to start with.
    let stack = &mut rotation.stack;
    stack.set("KINITRO_SCORER_SIGNING_KEY_FILE", &a_file);
    let refused = ended(run(&["scorer"], stack.settings()));
    assert!(
        refused.0 != Some(0) && refused.2.contains(&id) && refused.2.contains("retired"),
        "{refused:?}"
    );

    // Without a key nobody vouches for anything.
    let unsigned = rotation.settle(1 << 27, &[]).await;
    rotation.is_refused(unsigned, &[b]).await;
    rotation.is_refused(unsigned, &[]).await;
    let (code, said, log) = rotation.keys(&["retire", &b.id().to_string()]);
    assert_eq!(code, Some(0), "{said}{log}");
    assert!(log.contains("no key is left that may sign"), "{log}");
}

fn listed(rotation: &Rotation, expected: &[(PublicKey, &str, &str)]) {
    let (code, told, log) = rotation.keys(&["list"]);
    assert_eq!(code, Some(0), "{log}");
    for (key, state, documents) in expected {
        let id = key.id().to_string();
        let line = told.lines().find(|line| line.contains(&id));
        let words: BTreeSet<_> = line.unwrap_or_default().split_whitespace().collect();
        for word in [state, documents, key.to_string().as_str()] {
            assert!(words.contains(word), "`{word}` of {id} in\n{told}");
        }
    }
    let (code, _, log) = rotation.keys(&["retire", "0123456789abcdef"]);
    assert_eq!(code, Some(3), "{log}");
    let (code, _, log) = rotation.keys(&["retire", "all"]);
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("16 hexadecimal digits"), "{log}");
}

#[test]
fn a_key_is_made_once_for_its_owner_alone_and_shown_without_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/weights");
    let file = path.display().to_string();
    let keys = |args: &[&str]| ended(run(&[&["keys"], args].concat(), &[]));
    let (code, made, log) = keys(&["generate", "--output", &file]);
    assert_eq!(code, Some(0), "{log}");
    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let secret = fs::read_to_string(&path).unwrap();
    let public = fs::read_to_string(format!("{file}.pub")).unwrap();
    assert_eq!((secret.len(), public.len()), (64, 64));

    for named in [file.clone(), format!("{file}.pub")] {
        let (code, told, log) = keys(&["show", &named]);
        assert_eq!(code, Some(0), "{log}");
        assert!(made.ends_with(&told), "{made}\n{told}");
        assert!(told.contains(&public) && !told.contains(&secret), "{told}");
    }
    assert!(!made.contains(&secret));

    let (code, _, log) = keys(&["generate", "--output", &file]);
    assert_eq!(code, Some(4), "{log}");
    assert!(log.contains("is there already"), "{log}");
    assert_eq!(fs::read_to_string(&path).unwrap(), secret);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, log) = keys(&["show", &file]);
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("chmod 600") && !log.contains(&secret), "{log}");
    let (code, _, log) = keys(&["show", "/nowhere/key"]);
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("/nowhere/key"), "{log}");
}
