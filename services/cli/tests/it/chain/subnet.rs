//! A subnet on a development chain in this process, and schedulers that judge its miners.

use crate::{
    stack::{PATIENCE, Process, Stack, get, get_text},
    validate::backend::Cable,
};
use kinitro_chain::{
    Chain, Signer,
    commitment::{Draft, Envelope, Seal, build, build_operator_key},
};
use kinitro_devchain::{Devchain, Options};
use kinitro_harness::eventually;
use kinitro_proto::{BlockNumber, CycleId, Hotkey, Policy};
use kinitro_sealing::{KeyFiles, SecretKey};
use kinitro_store::CycleState;
use serde_json::Value;
use std::{collections::BTreeMap, net::SocketAddr};

/// The subnet of everything here.
pub(crate) const NETUID: u16 = 1;
/// A deployment, and where it is.
pub(crate) const UUID: &str = "95edf2b6-e18b-400a-8398-5573df10e5e4";
pub(crate) const DEPLOYED: &str = "https://95edf2b6-e18b-400a-8398-5573df10e5e4.deployments.basilica.ai";

/// Miners of a cycle by uid: where they are, and since which block they count.
pub(crate) type Judged = BTreeMap<u16, (String, u64)>;

/// Declare it before the processes: it prints their logs if the test fails.
pub(crate) struct Subnet {
    pub(crate) stack: Stack,
    pub(crate) chain: Devchain,
    /// Between the schedulers and the chain.
    pub(crate) cable: Cable,
    /// Commits for miners, past the cable.
    client: Chain,
    key: SecretKey,
}

impl Subnet {
    /// Ten miners, `//miner-0` with uid 2 and so on, who have committed nothing; a cycle each second, of one episode
    /// in each environment, until a test ends it.
    pub(crate) async fn start() -> Self {
        let mut stack = Stack::start().await;
        let chain = devchain().await;
        let cable = Cable::to(chain.address()).await;
        let key = SecretKey::generate().unwrap();
        let files = KeyFiles::named(&stack.path("keys"), "backend");
        files.write(&key, false).unwrap();
        stack.unset("KINITRO_SCHEDULER_MINERS_FILE");
        stack.set("KINITRO_SCHEDULER_NETWORK", format!("ws://{}", cable.address));
        stack.set("KINITRO_SCHEDULER_NETUID", NETUID);
        stack.set(
            "KINITRO_SCHEDULER_BACKEND_PRIVATE_KEY_FILE",
            files.secret.display(),
        );
        stack.set("KINITRO_SCHEDULER_EVAL_INTERVAL_SECONDS", 1);
        stack.set("KINITRO_SCHEDULER_EPISODES_PER_ENV", 1);
        stack.set("KINITRO_SCHEDULER_CYCLE_TIMEOUT_SECONDS", 1);
        stack.set(
            "KINITRO_LOG_LEVEL",
            "kinitro_chassis=debug,kinitro_scheduler=debug,info",
        );
        Self {
            client: Chain::new(chain.url().parse().unwrap()),
            stack,
            chain,
            cable,
            key,
        }
    }

    /// Another chain takes this one's place, without commitments. Behind the cable it is once that is mended.
    pub(crate) async fn start_anew(&mut self) {
        let old = std::mem::replace(&mut self.chain, devchain().await);
        old.stop().await;
        self.cable.lay_to(self.chain.address());
        self.client = Chain::new(self.chain.url().parse().unwrap());
    }

    /// Commits, and says in which block.
    pub(crate) async fn commit(&self, who: &str, text: &str) -> u64 {
        let signer = Signer::from_uri(who).unwrap();
        let inclusion = self.client.set_commitment(&signer, NETUID, text).await.unwrap();
        inclusion.block.0
    }

    /// The endpoint sealed for the operator by that miner.
    pub(crate) fn sealed(&self, who: &str, envelope: Envelope, endpoint: &str) -> String {
        let draft = Draft {
            repo: Some("a/b"),
            revision: Some("deadbeef"),
            endpoint,
        };
        let seal = Seal {
            to: &self.key.public_key(),
            envelope: Some(envelope),
            netuid: NETUID,
            hotkey: &hotkey(who),
        };
        build(&draft, Some(&seal)).unwrap().text
    }

    /// What the operator commits.
    pub(crate) fn operator_key(&self) -> String {
        build_operator_key(&self.key.public_key())
    }

    /// Waits until a cycle after that one runs, all its tasks published, and reads whom it judges. No scorer may run.
    pub(crate) async fn judged(&self, after: Option<CycleId>) -> (CycleId, Judged) {
        let cycle = self.running(after).await;
        let store = &self.stack.store;
        let tasks = store.open_tasks_published(cycle, None, 1_000).await.unwrap();
        let endpoints: BTreeMap<_, _> = tasks
            .into_iter()
            .map(|task| {
                let Policy::Endpoint { url } = task.policy else {
                    panic!("a miner without an endpoint: {:?}", task.policy)
                };
                (task.uid, url)
            })
            .collect();
        // Who settles a cycle is told since when each miner counts; dropped, it was never settled.
        let settlement = eventually(PATIENCE, "the cycle's deadline", async || {
            store.begin_settle(cycle).await.unwrap()
        })
        .await;
        let miners = settlement.cycle().miners.iter().map(|miner| {
            let endpoint = endpoints[&miner.uid].clone();
            (miner.uid.0, (endpoint, miner.commit_block.unwrap().0))
        });
        (cycle, miners.collect())
    }

    /// Waits until a cycle after that one runs.
    pub(crate) async fn running(&self, after: Option<CycleId>) -> CycleId {
        eventually(PATIENCE, "the next cycle", async || {
            let newest = self.stack.newest().await;
            newest
                .filter(|cycle| cycle.state == CycleState::Running && Some(cycle.id) > after)
                .map(|cycle| cycle.id)
        })
        .await
    }

    /// Ends a cycle, so that the next one opens.
    pub(crate) async fn end(&self, cycle: CycleId) {
        assert!(self.stack.store.cancel_cycle(cycle, "a test").await.unwrap());
    }

    /// The newest block.
    pub(crate) fn head(&self) -> BlockNumber {
        BlockNumber(self.chain.head().number.into())
    }
}

/// A scheduler's own word on how it is.
pub(crate) struct Word {
    address: SocketAddr,
}

impl Word {
    pub(crate) async fn of(scheduler: &Process) -> Self {
        let address = scheduler.address("serving health and metrics").await;
        Self { address }
    }

    /// Waits until it misses this for a reason that holds the text; or, without one, until it misses nothing.
    pub(crate) async fn misses(&self, need: &str, why: Option<&str>) {
        let what = format!("/ready that says of `{need}` {why:?}");
        eventually(PATIENCE, &what, async || {
            let (status, said) = get(self.address, "/ready")
                .await
                .map_err(|error| error.to_string())?;
            let missing = said["missing"][need].as_str().unwrap_or_default().to_owned();
            match why {
                Some(why) if status == 503 && missing.contains(why) => Ok(()),
                None if status == 200 => Ok(()),
                _ => Err(said.to_string()),
            }
        })
        .await;
    }

    /// Waits until the metrics have this line.
    pub(crate) async fn counts(&self, line: &str) {
        eventually(PATIENCE, &format!("`{line}` in the metrics"), async || {
            let (_, text) = get_text(self.address, "/metrics").await.unwrap();
            if text.lines().any(|counted| counted == line) {
                Ok(())
            } else {
                Err(text)
            }
        })
        .await;
    }
}

/// Which uids commitments were refused for, and why, in the log's order.
pub(crate) fn refused(scheduler: &Process) -> Vec<(u64, String)> {
    let lines = scheduler.lines("a commitment is not judged");
    let refused = |line: &Value| {
        let uid = line["miner.uid"].as_u64().unwrap_or(u64::MAX);
        (uid, line["reason"].as_str().unwrap_or_default().to_owned())
    };
    lines.iter().map(refused).collect()
}

pub(crate) fn hotkey(who: &str) -> Hotkey {
    Signer::from_uri(who).unwrap().hotkey().clone()
}

async fn devchain() -> Devchain {
    Devchain::start(Options::default().seed_miners(10)).await.unwrap()
}
