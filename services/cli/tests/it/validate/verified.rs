//! `validate --verify`: what the real services made goes onto the chain, what somebody made of it does not.

use super::stage::{NETUID, ON_CHAIN, VALIDATOR, hotkey, text};
use crate::{
    stack::{PATIENCE, Process, Stack, kinitro},
    verify::{forger::Forger, key, settled},
};
use kinitro_audit::keys::PublicKey;
use kinitro_chain::Chain;
use kinitro_devchain::{Devchain, Options, account};
use kinitro_harness::eventually;
use kinitro_proto::Uid;
use serde_json::json;
use std::{
    fs,
    path::PathBuf,
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::task;

/// A chain, a settled cycle, and a forger between its gateway and the validators. Declare it before the processes.
struct Scene {
    chain: Devchain,
    stack: Stack,
    forger: Forger,
    public: PublicKey,
    settings: Vec<(&'static str, String)>,
    _gateway: Process,
}

impl Scene {
    /// Uids 2 and 3 are who the chain says they are; the cycle took somebody else for uid 4.
    async fn start() -> Self {
        let chain = Devchain::start(Options::default().seed_miners(4)).await.unwrap();
        chain.new_blocks(20).await.unwrap();
        let mut stack = Stack::start().await;
        let miner = |uid: u16, quality: f64, name: &str| {
            let hotkey = account(name);
            format!(
                "[[miners]]\nuid = {uid}\nhotkey = \"{hotkey}\"\nendpoint = \"scripted:{quality}\"\ncommit_block = {uid}\n"
            )
        };
        let miners = [
            miner(2, 0.9, "//miner-0"),
            miner(3, 0.5, "//miner-1"),
            miner(4, 0.4, "//stranger"),
        ];
        let file = stack.path("chain-miners.toml");
        fs::write(&file, format!("block = 15\n{}", miners.concat())).unwrap();
        stack.set("KINITRO_SCHEDULER_MINERS_FILE", file.display());
        stack.set("KINITRO_SCHEDULER_NETUID", NETUID);
        stack.set("KINITRO_SCHEDULER_EPISODES_PER_ENV", 4);
        // Everybody gets something.
        stack.set("KINITRO_SCHEDULER_PARETO_TEMPERATURE", 500);
        let (signing, public) = key(&stack, "key");
        let (_, gateway, address) = settled(&mut stack, &[&signing]).await;
        let forger = Forger::before(address).await;
        let settings = vec![
            ("KINITRO_VALIDATOR_BACKEND_URL", forger.url()),
            ("KINITRO_VALIDATOR_NETWORK", chain.url()),
            ("KINITRO_VALIDATOR_NETUID", NETUID.to_string()),
            ("KINITRO_VALIDATOR_HOTKEY_URI", VALIDATOR.to_owned()),
            ("KINITRO_VALIDATOR_POLL_INTERVAL_SECONDS", "1".to_owned()),
            ("KINITRO_VALIDATOR_VERIFY", "true".to_owned()),
            ("KINITRO_VALIDATOR_TRUSTED_KEY", public.to_string()),
            (
                "KINITRO_VALIDATOR_STATE_DIR",
                stack.path("state").display().to_string(),
            ),
            ("KINITRO_HEALTH_LISTEN", "127.0.0.1:0".to_owned()),
            ("KINITRO_LOG_FORMAT", "json".to_owned()),
            ("KINITRO_LOG_LEVEL", "kinitro_chassis=debug,info".to_owned()),
        ];
        Self {
            chain,
            stack,
            forger,
            public,
            settings,
            _gateway: gateway,
        }
    }

    fn log(&self) -> PathBuf {
        self.stack.path("validator.log")
    }

    fn validator(&self) -> Process {
        Process::spawn(kinitro(&["validate"], &self.settings), &self.log())
    }

    /// A validator that looks once: exit code, standard output and log. The chain and the forger live in this thread.
    async fn once(&self, flags: &[&str]) -> (Option<i32>, String, String) {
        let mut command = kinitro(&[&["validate", "--once"], flags].concat(), &self.settings);
        let output: Output = task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    async fn is_refused(&self, flags: &[&str], check: &str) {
        let (code, _, log) = self.once(flags).await;
        assert_eq!(code, Some(1), "`{check}`: {log}");
        let named = format!("do not verify, check `{check}`");
        assert!(log.contains(&named), "`{check}`: {log}");
        assert_eq!(self.included().await, 0);
    }

    /// How many extrinsics of the validator the chain has taken.
    async fn included(&self) -> u32 {
        let chain = Chain::new(self.chain.url().parse().unwrap());
        chain.nonce(&hotkey()).await.unwrap()
    }

    async fn on_chain(&self) -> Vec<(u16, u16)> {
        let chain = Chain::new(self.chain.url().parse().unwrap());
        let rows = chain.weights(NETUID).await.unwrap();
        let row = rows.into_iter().find(|row| row.uid == Uid(0));
        let weights = row.map(|row| row.weights).unwrap_or_default();
        weights.into_iter().map(|(uid, value)| (uid.0, value)).collect()
    }

    async fn said(&self, validator: &Process, message: &str, times: usize) {
        let what = format!("`{message}`, {times} times");
        eventually(PATIENCE, &what, async || {
            let said = validator.said(message);
            if said >= times { Ok(()) } else { Err(said) }
        })
        .await;
        assert_eq!(validator.said(message), times, "`{message}`");
    }
}

#[tokio::test]
async fn weights_that_do_not_hold_are_refused_and_those_that_do_are_submitted() {
    let scene = Scene::start().await;
    scene
        .forger
        .forge_weights(|body| body["weights"]["2"] = json!(0.125));
    scene.is_refused(&[], "agreement").await;
    scene
        .forger
        .forge_evidence(|text| text.replacen("\"success\":true", "\"success\":false", 1));
    scene.is_refused(&[], "evidence").await;
    scene.forger.forge(|path, told| {
        if path.contains("weights") {
            told.edit_json(|body| body["signed"] = json!(null));
        }
    });
    scene.is_refused(&[], "answer").await;
    scene.forger.forge(|_, _| {});
    let stranger = kinitro_audit::keys::SigningKey::from_bytes(&[7; 32]).public();
    scene
        .is_refused(&["--trusted-key", &stranger.to_string()], "signatures")
        .await;

    // Evidence that breaks off is nobody's fault, and no reason to believe.
    scene.forger.forge(|path, told| {
        if path.ends_with("/evidence") {
            told.status = 503;
        }
    });
    let (code, _, log) = scene.once(&[]).await;
    assert_eq!(code, Some(75), "{log}");

    scene.forger.forge(|_, _| {});
    let (code, told, log) = scene.once(&["--dry-run"]).await;
    assert_eq!(code, Some(0), "{log}");
    for part in [
        "checked   signatures: 1 verified",
        &scene.public.id().to_string(),
        "checked   sum: ",
        "would be submitted now",
        "uid 4 (share ",
    ] {
        assert!(told.contains(part), "`{part}` in\n{told}");
    }
    scene
        .forger
        .forge_weights(|body| body["weights"]["2"] = json!(0.125));
    let (code, told, _) = scene.once(&["--dry-run"]).await;
    assert_eq!(code, Some(1));
    assert!(
        told.contains("checked   signatures") && told.contains("do not verify, check `agreement`"),
        "{told}"
    );
    assert!(
        !told.contains("65535\n"),
        "nobody should take them for weights: {told}"
    );
    assert_eq!(scene.included().await, 0);

    scene.forger.forge(|_, _| {});
    let (code, _, log) = scene.once(&[]).await;
    assert_eq!(code, Some(0), "{log}");
    let uids: Vec<_> = scene.on_chain().await.into_iter().map(|(uid, _)| uid).collect();
    assert_eq!(uids, [2, 3], "uid 4 is another's");
    assert!(log.contains("uids have changed hands"), "{log}");
}

#[tokio::test]
async fn a_validator_says_once_what_does_not_hold_and_goes_on() {
    let scene = Scene::start().await;
    scene
        .forger
        .forge_weights(|body| body["weights_u16"]["values"][0] = json!(1));
    let validator = scene.validator();
    scene.said(&validator, "nothing is submitted", 1).await;
    let why = validator.lines("nothing is submitted")[0]["why"].to_string();
    assert!(
        why.contains("check `agreement`") && why.contains("expected") && why.contains("found"),
        "{why}"
    );
    let health = validator.address("serving health and metrics").await;
    let ready = text(health, "/ready").await;
    assert!(
        ready.contains(" 503 ") && ready.contains("verification"),
        "{ready}"
    );

    // The same answer is neither verified nor complained of again.
    let (keys, looks) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (keys_asked, looked) = (Arc::clone(&keys), Arc::clone(&looks));
    scene.forger.forge(move |path, told| {
        if path == "/v1/keys" {
            keys_asked.fetch_add(1, Ordering::Relaxed);
        }
        if path.contains("weights") {
            looked.fetch_add(1, Ordering::Relaxed);
            told.edit_json(|body| body["weights_u16"]["values"][0] = json!(1));
        }
    });
    eventually(PATIENCE, "three further looks", async || {
        looks.load(Ordering::Relaxed) >= 3
    })
    .await;
    assert_eq!(keys.load(Ordering::Relaxed), 0);
    assert_eq!(validator.said("nothing is submitted"), 1);
    let metrics = text(health, "/metrics").await;
    assert!(
        metrics.contains("kinitro_verifications_total{outcome=\"refused\"} 1"),
        "{metrics}"
    );
    assert_eq!(scene.included().await, 0);

    scene.forger.forge(|_, _| {});
    scene.said(&validator, ON_CHAIN, 1).await;
    scene.said(&validator, "the weights are verified", 1).await;
    assert!(text(health, "/ready").await.contains(" 200 "));
    let metrics = text(health, "/metrics").await;
    assert!(
        metrics.contains("kinitro_verifications_total{outcome=\"verified\"} 1"),
        "{metrics}"
    );
    assert_eq!(scene.included().await, 1);
}
