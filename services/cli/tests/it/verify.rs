//! `kinitro verify` on what the real services made, and on what somebody made of it.

pub(crate) mod forger;
mod rotation;
mod tampering;

use crate::stack::{PATIENCE, Process, Stack, get, run};
use forger::Forger;
use kinitro_audit::keys::PublicKey;
use kinitro_harness::eventually;
use kinitro_proto::CycleId;
use serde_json::Value;
use std::{fs, net::SocketAddr, path::Path, process::Output};
use tokio::task;

/// A signing key's file and its public key, in the stack's folder.
pub(crate) fn key(stack: &Stack, name: &str) -> (String, PublicKey) {
    let file = stack.path("keys").join(name).display().to_string();
    let made = run(&["keys", "generate", "--output", &file], &[]);
    assert!(made.status.success(), "{made:?}");
    let public = PublicKey::read(Path::new(&format!("{file}.pub"))).unwrap();
    (file, public)
}

/// A settled cycle, signed with these keys, and its gateway.
pub(crate) async fn settled(stack: &mut Stack, keys: &[&str]) -> (CycleId, Process, SocketAddr) {
    stack.set("KINITRO_SCORER_SIGNING_KEY_FILE", keys.join(","));
    let (gateway, address) = stack.gateway().await;
    let _services = (stack.scorer(), stack.executor("one", &[]), stack.scheduler());
    let (cycle, _) = stack.settled(PATIENCE).await;
    served(address, cycle.id).await;
    (cycle.id, gateway, address)
}

/// Waits until the gateway serves that cycle's weights.
pub(crate) async fn served(gateway: SocketAddr, cycle: CycleId) {
    eventually(
        PATIENCE,
        "the cycle's weights at the gateway",
        async || match get(gateway, "/v1/weights/latest").await {
            Ok((200, weights)) if weights["cycle_id"] == cycle.0 => Ok(()),
            other => Err(other),
        },
    )
    .await;
}

/// Exit code, standard output, standard error of `kinitro verify`. A forger lives in this thread.
pub(crate) async fn verify(args: &[&str]) -> (Option<i32>, String, String) {
    let args: Vec<_> = ["verify"].iter().chain(args).map(ToString::to_string).collect();
    let output = task::spawn_blocking(move || {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        run(&args, &[])
    });
    let Output {
        status,
        stdout,
        stderr,
    } = output.await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test]
async fn a_settled_cycle_is_verified_from_the_gateway_and_later_from_files_alone() {
    let mut stack = Stack::start().await;
    stack.judge_scripted(&[0.9, 0.3, 0.5], 4);
    let (file, public) = key(&stack, "key");
    let (cycle, mut gateway, address) = settled(&mut stack, &[&file]).await;
    let url = format!("http://{address}");
    let (number, trusted) = (cycle.to_string(), public.to_string());

    let (code, told, log) = verify(&["--cycle", &number, "--gateway", &url]).await;
    assert_eq!(code, Some(0), "{told}{log}");
    assert!(
        told.contains("whatever keys the weights' own source names"),
        "{told}"
    );
    let pinned = ["--gateway", &url, "--netuid", "1", "--trusted-key", &trusted];
    let (code, told, log) = verify(&pinned).await;
    assert_eq!(code, Some(0), "{told}{log}");
    for part in [
        "the keys of --trusted-key",
        "signatures",
        "commitment",
        "sum",
        "3 miners",
        "the weights sum to 1.000000",
        "verified: the weights are what the evidence comes to",
    ] {
        assert!(told.contains(part), "`{part}` in\n{told}");
    }
    assert!(told.contains(&public.id().to_string()), "{told}");

    let folder = stack.path("saved").display().to_string();
    let kept = ["--cycle", &number, "--gateway", &url, "--save", &folder];
    let (code, told, log) = verify(&kept).await;
    assert_eq!(code, Some(0), "{told}{log}");

    // From here on there is nobody to ask.
    gateway.kill();
    let (code, _, log) = verify(&["--gateway", &url]).await;
    assert_eq!(code, Some(75), "{log}");
    let saved = |end: &str| format!("{folder}/cycle-{number}.{end}");
    let (weights, bundle) = (saved("weights.json"), saved("evidence.jsonl"));
    for args in [
        &["--bundle", &bundle][..],
        &["--weights", &weights],
        &["--bundle", &bundle, "--weights", &weights],
        &["--bundle", &bundle, "--cycle", &number, "--trusted-key", &trusted],
    ] {
        let (code, told, log) = verify(args).await;
        assert_eq!(code, Some(0), "{args:?}: {told}{log}");
    }
    in_json(&bundle, cycle).await;
    alone(&folder, &bundle, &trusted).await;
}

async fn in_json(bundle: &str, cycle: CycleId) {
    let (code, told, _) = verify(&["--bundle", bundle, "--format", "json"]).await;
    assert_eq!(code, Some(0), "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (&told["verified"], &told["cycle"]),
        (&true.into(), &cycle.0.into())
    );
    let checks = told["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 17, "{told:#}");
    assert!(checks.iter().all(|check| check["ok"] == true), "{told:#}");
    let weights = told["miners"].as_array().unwrap().iter();
    let sum: f64 = weights.map(|miner| miner["weight"].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{told:#}");
}

/// Evidence with nothing beside it says what it comes to, and is not taken for a cycle's.
async fn alone(folder: &str, bundle: &str, trusted: &str) {
    let lone = format!("{folder}/lone.jsonl");
    fs::copy(bundle, &lone).unwrap();
    let (code, told, log) = verify(&["--bundle", &lone]).await;
    assert_eq!(code, Some(1), "{told}{log}");
    assert!(
        told.contains("3 miners") && told.contains("NOT verified"),
        "{told}"
    );
    assert!(log.contains("nothing vouches for these weights"), "{log}");

    // Without the keys' file somebody must say whose signature counts.
    let weights = format!("{folder}/only.weights.json");
    fs::copy(bundle.replace("evidence.jsonl", "weights.json"), &weights).unwrap();
    let (code, _, log) = verify(&["--weights", &weights]).await;
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("--bundle"), "{log}");
    let both = ["--weights", &weights, "--bundle", bundle];
    let (code, _, log) = verify(&both).await;
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("--trusted-key"), "{log}");
    let (code, told, log) = verify(&[&both[..], &["--trusted-key", trusted]].concat()).await;
    assert_eq!(code, Some(0), "{told}{log}");
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_told_with_its_name() {
    for (args, code, named) in [
        (&["--gateway", "ftp://gateway"][..], 2, "--gateway is an http://"),
        (&["--gateway", "http://me:hunter2@gateway"], 2, "no user"),
        (&["--cycle", "seven"], 2, "seven"),
        (&["--cycle", "-7"], 2, "-7"),
        (&["--netuid", "70000"], 2, "70000"),
        (&["--trusted-key", "00"], 2, "64 hexadecimal digits"),
        (
            &["--bundle", "/a", "--save", "/b"],
            2,
            "--save keeps what a gateway gives",
        ),
        (
            &["--bundle", "/nowhere/a.evidence.jsonl"],
            1,
            "/nowhere/a.evidence.jsonl",
        ),
        (&["--gateway", "http://127.0.0.1:1"], 75, "127.0.0.1:1"),
    ] {
        let (is, told, log) = verify(args).await;
        assert_eq!(is, Some(code), "{args:?}: {told}{log}");
        assert!(log.contains(named), "{args:?}, `{named}`: {log}");
        assert!(!log.contains("hunter2"), "{log}");
    }
}

/// The forger before a settled cycle's gateway.
pub(crate) async fn forged(stack: &mut Stack, keys: &[&str]) -> (CycleId, Process, Forger) {
    let (cycle, gateway, address) = settled(stack, keys).await;
    (cycle, gateway, Forger::before(address).await)
}
