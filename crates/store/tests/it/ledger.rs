//! A ledger of a test's own, and what to put into it.

use kinitro_harness::{Database, Postgres};
use kinitro_proto::{
    BlockNumber, CycleId, Environment, InfraFault, InfraFaultKind, MinerFault, MinerFaultKind, Outcome,
    Rollout, Seed, Task, TaskId, TaskResult, Timings, Uid,
};
use kinitro_store::{
    DatabaseUrl, Episode, EpisodeEnd, KeyState, NewCycle, NewDocument, NewMiner, NewScore, NewSignature,
    NewTask, NewWeights, Report, RetryRule, Secret, Settled, Settlement, Store,
};
use sha2::{Digest, Sha256};
use sqlx::{PgPool, Row, postgres::PgPoolOptions};
use std::time::Duration;

pub(crate) const NETUID: u16 = 26;
pub(crate) const ENVIRONMENTS: [&str; 2] = ["metaworld/reach-v3", "genesis/walk"];
pub(crate) const RULE: RetryRule = RetryRule {
    max_attempts: 3,
    base: Duration::ZERO,
    max: Duration::ZERO,
};

/// A migrated ledger, with a way around it.
pub(crate) struct Ledger {
    pub(crate) store: Store,
    pub(crate) sql: PgPool,
    pub(crate) url: DatabaseUrl,
    database: Database,
}

impl Ledger {
    /// A ledger without its schema.
    pub(crate) async fn bare() -> Self {
        Self::over(Postgres::database().await)
    }

    /// What a dump of this ledger restores.
    pub(crate) async fn restored(&self) -> Self {
        Self::over(self.database.restored().await)
    }

    fn over(database: Database) -> Self {
        let url: DatabaseUrl = database.url().parse().unwrap();
        let sql = PgPoolOptions::new()
            .max_connections(4)
            .connect_lazy(&database.url())
            .unwrap();
        Self {
            store: Store::connect(&url, 8),
            sql,
            url,
            database,
        }
    }

    pub(crate) async fn new() -> Self {
        let ledger = Self::bare().await;
        ledger.store.migrate().await.unwrap();
        ledger
    }

    /// A ledger with a running cycle: 2 miners × 2 environments × `episodes`.
    pub(crate) async fn running(episodes: u32) -> (Self, Vec<Task>) {
        let ledger = Self::new().await;
        let cycle = ledger.open(episodes).await;
        let tasks = ledger.publish(cycle).await;
        (ledger, tasks)
    }

    pub(crate) async fn open(&self, episodes: u32) -> CycleId {
        let cycle = new_cycle(2, episodes);
        self.store
            .open_cycle(&cycle, new_tasks(&cycle))
            .await
            .unwrap()
            .unwrap()
    }

    /// Opens another cycle after the first: of another interval.
    pub(crate) async fn open_next(&self, block: u64) -> CycleId {
        let interval = Duration::from_secs(60);
        let cycle = NewCycle {
            interval,
            block_number: BlockNumber(block),
            ..new_cycle(2, 1)
        };
        self.store
            .open_cycle(&cycle, new_tasks(&cycle))
            .await
            .unwrap()
            .unwrap()
    }

    /// Publishes all tasks of a cycle, and says which.
    pub(crate) async fn publish(&self, cycle: CycleId) -> Vec<Task> {
        let tasks = self.store.next_unpublished(cycle, None, 1_000_000).await.unwrap();
        self.store
            .advance_published(cycle, tasks.last().unwrap().id)
            .await
            .unwrap();
        assert!(self.store.mark_running(cycle).await.unwrap());
        tasks
    }

    pub(crate) async fn pass_deadline(&self, cycle: CycleId) {
        self.run(&format!(
            "UPDATE cycles SET opened_at = now() - interval '2 hours', deadline = now() - interval '1 second' \
             WHERE id = {cycle}"
        ))
        .await;
    }

    /// Settles a cycle that can be settled.
    pub(crate) async fn settle(&self, cycle: CycleId) {
        let settlement = self.store.begin_settle(cycle).await.unwrap().unwrap();
        settle(settlement, &settled()).await.unwrap();
    }

    /// Makes a signing key known, and says its id.
    pub(crate) async fn signing_key(&self, number: u8) -> String {
        let (id, public) = signing_key(number);
        assert_eq!(
            self.store.add_signing_key(&id, &public).await.unwrap(),
            KeyState::Active
        );
        id
    }

    /// Runs a statement, and says how many rows it changed.
    pub(crate) async fn run(&self, statement: &str) -> u64 {
        sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()))
            .execute(&self.sql)
            .await
            .unwrap()
            .rows_affected()
    }

    /// A single number.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()))
            .fetch_one(&self.sql)
            .await
            .unwrap()
    }

    /// Whether a session of this database waits for another one's lock.
    pub(crate) async fn is_anyone_waiting(&self) -> bool {
        let query = "SELECT count(*) FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event_type = 'Lock'";
        self.number(query).await > 0
    }

    /// Rows of one text column.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(query.to_owned()))
            .fetch_all(&self.sql)
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The accepted results, without their time, in the order of tasks.
    pub(crate) async fn results(&self) -> Vec<String> {
        self.texts("SELECT (to_jsonb(results) - 'recorded_at')::text FROM results ORDER BY task_id")
            .await
    }
}

pub(crate) fn environment(text: &str) -> Environment {
    text.parse().unwrap()
}

pub(crate) fn new_cycle(miners: u16, episodes: u32) -> NewCycle {
    NewCycle {
        netuid: NETUID,
        // So long that no test crosses its edge.
        interval: Duration::from_secs(1_000_000_000),
        timeout: Duration::from_secs(7200),
        block_number: BlockNumber(5_000_000),
        block_hash: Some("0xab".to_owned()),
        secret: Secret([7; 32]),
        secret_hash: [9; 32],
        episodes_per_environment: episodes,
        environments: ENVIRONMENTS.map(environment).to_vec(),
        strategy: "pareto-subset".to_owned(),
        settings: serde_json::json!({ "temperature": 1.0 }),
        code_version: "0.1.0".to_owned(),
        miners: (0..miners).map(new_miner).collect(),
    }
}

fn new_miner(uid: u16) -> NewMiner {
    NewMiner {
        uid: Uid(uid),
        hotkey: format!("5Hotkey{uid}").parse().unwrap(),
        commit_block: (uid > 0).then_some(BlockNumber(1000 + u64::from(uid))),
        endpoint: format!("http://miner-{uid}.example"),
        repo: None,
        revision: Some("main".to_owned()),
    }
}

pub(crate) fn new_tasks(cycle: &NewCycle) -> Vec<NewTask> {
    let mut tasks = Vec::new();
    for miner in &cycle.miners {
        for environment in &cycle.environments {
            for episode in 0..cycle.episodes_per_environment {
                tasks.push(NewTask {
                    id: TaskId::now(),
                    uid: miner.uid,
                    environment: environment.clone(),
                    episode,
                    seed: Seed::new(u64::MAX - u64::from(episode)),
                });
            }
        }
    }
    tasks
}

pub(crate) fn report(task: &Task, delivery: u32, outcome: Outcome) -> Report {
    let timings = Timings {
        total_us: 40,
        simulator_us: 20,
        policy_us: 10,
        policy_max_us: 5,
    };
    let result = TaskResult {
        task: task.id,
        cycle: task.cycle,
        attempt: task.attempt,
        delivery,
        executor: "executor-1".parse().unwrap(),
        outcome,
        timings,
    };
    Report {
        result,
        traceparent: Some("00-aa-bb-01".to_owned()),
    }
}

pub(crate) fn scored(success: bool, reward: f64) -> Outcome {
    Outcome::Scored(Rollout {
        success,
        reward,
        steps: 500,
    })
}

pub(crate) fn miner_fault() -> Outcome {
    Outcome::MinerFault(MinerFault::new(MinerFaultKind::Timeout, "500 ms"))
}

pub(crate) fn infra_fault() -> Outcome {
    Outcome::InfraFault(InfraFault::new(InfraFaultKind::OutOfMemory, "8 GiB"))
}

/// Something the database takes as settled: one score and one weight a miner.
pub(crate) fn settled() -> Settled {
    let score = |uid: u16, environment: &str| NewScore {
        uid: Uid(uid),
        environment: environment.parse().unwrap(),
        success_rate: f64::from(uid) / 2.0,
        success_low: 0.0,
        success_high: 0.75,
        mean_reward: -0.25,
        episodes: 2,
        successes: uid.into(),
        miner_faults: 1,
    };
    let weights = NewWeights {
        uids: vec![Uid(0), Uid(1)],
        weights: vec![0.25, 0.75],
        weights_u16: vec![16_383, 49_151],
        points: vec![0.0, 4.0],
        frontier: vec![Uid(1)],
        epsilons: vec![0.2, 0.1],
        stability: Some(vec![0.5, 1.0]),
        replicates: 200,
    };
    let scores = vec![
        score(0, ENVIRONMENTS[0]),
        score(1, ENVIRONMENTS[1]),
        score(1, ENVIRONMENTS[0]),
    ];
    Settled {
        scores,
        weights,
        document: document("{\"schema\":\"kinitro.weights.v1\",\"miners\":\"ä\"}"),
    }
}

/// A document that nobody signed.
pub(crate) fn document(text: &str) -> NewDocument {
    NewDocument {
        text: text.to_owned(),
        sha256: Sha256::digest(text).into(),
        evidence_sha256: [3; 32],
        evidence_bytes: 50,
        evidence_lines: 5,
        signatures: vec![],
    }
}

/// A public key and its id.
pub(crate) fn signing_key(number: u8) -> (String, [u8; 32]) {
    let hash = Sha256::digest([number; 32]);
    let id = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    (id, [number; 32])
}

/// The same, signed by these keys.
pub(crate) fn signed_by(keys: &[&str], mut settled: Settled) -> Settled {
    let sign = |key: &&str| NewSignature {
        key_id: (*key).to_owned(),
        signature: [key.as_bytes()[0]; 64],
    };
    settled.document.signatures = keys.iter().map(sign).collect();
    settled
}

/// The chunks of every bundle here.
pub(crate) const BUNDLE: [&[u8]; 2] = [b"\x1f\x8b first", b"\x1f\x8b second"];

/// Settles with a bundle.
pub(crate) async fn settle(
    mut settlement: Settlement,
    settled: &Settled,
) -> Result<(), kinitro_store::Error> {
    for chunk in BUNDLE {
        settlement.append_bundle(chunk).await.unwrap();
    }
    settlement.settle(settled).await
}

pub(crate) fn is_result(episode: &Episode) -> bool {
    matches!(episode.end, EpisodeEnd::Result { .. })
}

/// All that settling could change.
pub(crate) async fn everything(ledger: &Ledger) -> Vec<String> {
    let tables = [
        "cycles",
        "tasks",
        "results",
        "evidence",
        "scores",
        "weights",
        "documents",
        "signatures",
        "bundle_chunks",
    ];
    let queries = tables.map(|table| format!("SELECT to_jsonb({table})::text AS row FROM {table}"));
    ledger
        .texts(&format!("{} ORDER BY row", queries.join(" UNION ALL ")))
        .await
}
