use crate::ledger::{
    ENVIRONMENTS, Ledger, RULE, environment, everything, infra_fault, miner_fault, report, scored, settle,
    settled,
};
use kinitro_proto::{BlockNumber, CycleId, Seed, Task, Uid};
use kinitro_store::{Episode, EpisodeEnd, MissingState, RetryRule, Secret, Settlement, SnapshotMiner, Store};

/// Every miner's episodes, by uid.
async fn all(settlement: &mut Settlement) -> Vec<Episode> {
    let miners: Vec<_> = settlement.cycle().miners.iter().map(|miner| miner.uid).collect();
    let mut episodes = Vec::new();
    for uid in miners {
        episodes.extend(settlement.episodes(uid).await.unwrap());
    }
    episodes
}

/// A cycle of 2 miners × 2 environments × 3 episodes past its deadline, in which every end occurs.
async fn ended() -> (Ledger, Vec<Task>) {
    let (ledger, tasks) = Ledger::running(3).await;
    let once = RetryRule {
        max_attempts: 1,
        ..RULE
    };
    let mut reports: Vec<_> = tasks
        .iter()
        .filter(|task| task.uid == Uid(0) || task.environment.as_str() == ENVIRONMENTS[1])
        .map(|task| match (task.uid.0, task.episode) {
            (1, 1) => report(task, 1, miner_fault()),
            (1, 2) => report(task, 1, infra_fault()),
            (_, episode) => report(task, 1, scored(episode > 0, f64::from(episode) - 0.1)),
        })
        .collect();
    reports.reverse();
    ledger.store.record(&reports, &once).await.unwrap();
    ledger.pass_deadline(tasks[0].cycle).await;
    (ledger, tasks)
}

fn result(success: bool, reward: f64) -> EpisodeEnd {
    EpisodeEnd::Result {
        attempt: 1,
        executor: "executor-1".to_owned(),
        fault: None,
        success,
        reward,
        steps: 500,
    }
}

#[tokio::test]
async fn episodes_are_every_task_of_the_miner_in_one_order() {
    let (ledger, tasks) = ended().await;
    let mut settlement = ledger.store.begin_settle(tasks[0].cycle).await.unwrap().unwrap();
    let id = |uid: u16, place: usize, episode: u32| {
        let is = |task: &&Task| {
            (task.uid, task.environment.as_str(), task.episode) == (Uid(uid), ENVIRONMENTS[place], episode)
        };
        tasks.iter().find(is).unwrap().id
    };
    let expected = |uid: u16, ends: [EpisodeEnd; 6]| -> Vec<_> {
        let places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)];
        let told = |((place, episode), end): ((usize, u32), EpisodeEnd)| Episode {
            task: id(uid, place, episode),
            environment: environment(ENVIRONMENTS[place]),
            episode,
            seed: Seed::new(u64::MAX - u64::from(episode)),
            end,
        };
        places.into_iter().zip(ends).map(told).collect()
    };
    let three = || [result(false, -0.1), result(true, 0.9), result(true, 1.9)];
    let [a, b, c] = three();
    let [d, e, f] = three();
    assert_eq!(
        settlement.episodes(Uid(0)).await.unwrap(),
        expected(0, [a, b, c, d, e, f])
    );

    let cancelled = || EpisodeEnd::Missing {
        state: MissingState::Cancelled,
        reason: None,
    };
    let fault = EpisodeEnd::Result {
        attempt: 1,
        executor: "executor-1".to_owned(),
        fault: Some("timeout".to_owned()),
        success: false,
        reward: 0.0,
        steps: 0,
    };
    let discarded = EpisodeEnd::Missing {
        state: MissingState::Discarded,
        reason: Some("out_of_memory: 8 GiB".to_owned()),
    };
    let [first, ..] = three();
    let ends = [cancelled(), cancelled(), cancelled(), first, fault, discarded];
    assert_eq!(settlement.episodes(Uid(1)).await.unwrap(), expected(1, ends));
    assert_eq!(settlement.episodes(Uid(7)).await.unwrap(), []);
}

#[tokio::test]
async fn who_settles_knows_the_whole_cycle_and_prints_no_secret() {
    let (ledger, tasks) = ended().await;
    let settlement = ledger.store.begin_settle(tasks[0].cycle).await.unwrap().unwrap();
    let cycle = settlement.cycle();
    let read = ledger.store.cycle(tasks[0].cycle).await.unwrap().unwrap();
    assert_eq!(
        (cycle.id, cycle.netuid, cycle.interval_number),
        (read.id, read.netuid, read.interval_number)
    );
    assert_eq!(
        (cycle.block_number, &cycle.block_hash),
        (BlockNumber(5_000_000), &read.block_hash)
    );
    assert_eq!((cycle.opened_at, cycle.deadline), (read.opened_at, read.deadline));
    assert_eq!(
        (
            cycle.episodes_per_environment,
            cycle.open_tasks,
            cycle.deadline_passed
        ),
        (3, 3, true)
    );
    assert_eq!(cycle.environments, ENVIRONMENTS.map(environment));
    assert_eq!(
        (&cycle.strategy, &cycle.settings, &cycle.code_version),
        (&read.strategy, &read.settings, &read.code_version)
    );
    assert_eq!((cycle.secret, cycle.secret_hash), (Secret([7; 32]), [9; 32]));
    assert_eq!(read.revealed_secret, None, "to everybody else it is still one");
    assert!(!format!("{settlement:?}").contains("7, 7"));
    let miner = |uid, commit_block: Option<u64>| SnapshotMiner {
        uid: Uid(uid),
        hotkey: format!("5Hotkey{uid}").parse().unwrap(),
        commit_block: commit_block.map(BlockNumber),
        repo: None,
        revision: Some("main".to_owned()),
    };
    assert_eq!(cycle.miners, [miner(0, None), miner(1, Some(1001))]);
}

#[tokio::test]
async fn a_result_that_was_taken_out_by_hand_is_missing_and_keeps_no_cycle_from_its_end() {
    let (ledger, tasks) = ended().await;
    let task = tasks.iter().find(|task| task.uid == Uid(0)).unwrap();
    ledger
        .run(&format!("DELETE FROM results WHERE task_id = '{}'", task.id))
        .await;
    let mut settlement = ledger.store.begin_settle(task.cycle).await.unwrap().unwrap();
    let episodes = settlement.episodes(Uid(0)).await.unwrap();
    let gone = episodes.iter().find(|episode| episode.task == task.id).unwrap();
    let expected = EpisodeEnd::Missing {
        state: MissingState::Discarded,
        reason: Some("completed, and its result is gone".to_owned()),
    };
    assert_eq!(gone.end, expected);
}

/// What settling left, but for when it did.
async fn left(ledger: &Ledger) -> Vec<String> {
    let tables = ["scores", "weights", "documents", "signatures", "bundle_chunks"];
    let query = tables.map(|table| {
        format!("SELECT '{table}' || (to_jsonb({table}) - 'created_at')::text AS row FROM {table}")
    });
    ledger
        .texts(&format!("{} ORDER BY row", query.join(" UNION ALL ")))
        .await
}

#[tokio::test]
async fn a_restored_dump_has_the_same_episodes_and_settles_to_the_same_rows() {
    let (ledger, tasks) = ended().await;
    let key = ledger.signing_key(1).await;
    let cycle = tasks[0].cycle;
    let restored = ledger.restored().await;
    assert_eq!(everything(&restored).await, everything(&ledger).await);

    let signed = crate::ledger::signed_by(&[&key], settled());
    let mut found = Vec::new();
    for ledger in [&ledger, &restored] {
        let mut settlement = ledger.store.begin_settle(cycle).await.unwrap().unwrap();
        found.push((settlement.cycle().clone(), all(&mut settlement).await));
        settle(settlement, &signed).await.unwrap();
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(left(&ledger).await, left(&restored).await);
    assert!(!left(&ledger).await.is_empty());

    // What is settled can be dumped and restored too: its rows pass every check on their way back.
    let again = restored.restored().await;
    assert_eq!(everything(&again).await, everything(&restored).await);
    assert_eq!(
        again.store.weights_of(cycle).await.unwrap(),
        restored.store.weights_of(cycle).await.unwrap()
    );
}

#[tokio::test]
async fn a_cycle_is_read_without_reading_those_of_before() {
    let ledger = Ledger::new().await;
    // A history: what a cycle's rows drown in.
    let first = ledger.open(5_000).await;
    ledger
        .run(
            "INSERT INTO results SELECT id, 1, 1, 'e', 'scored', NULL, true, 1, 1, '', 0, 0, 0, 0 FROM tasks",
        )
        .await;
    ledger
        .run("UPDATE tasks SET state = 'completed', finished_at = now()")
        .await;
    assert!(ledger.store.cancel_cycle(first, "a test").await.unwrap());
    let cycle = ledger.open_next(17).await;
    ledger.pass_deadline(cycle).await;
    ledger.run("ANALYZE").await;

    let before = reads(&ledger).await;
    let store = Store::connect(&ledger.url, 1);
    let mut settlement = store.begin_settle(cycle).await.unwrap().unwrap();
    assert_eq!(all(&mut settlement).await.len(), 4);
    drop(settlement);
    store.close().await;
    // A session's counts are all there once it has ended.
    assert_eq!(reads(&ledger).await, before);
}

/// How often each large table has been read whole.
async fn reads(ledger: &Ledger) -> Vec<String> {
    let query = "SELECT relname || ' ' || seq_scan FROM pg_stat_user_tables \
                 WHERE relname IN ('tasks', 'results') ORDER BY relname";
    ledger.texts(query).await
}

#[tokio::test]
async fn an_unknown_cycle_is_nobodys_to_settle() {
    let ledger = Ledger::new().await;
    assert!(
        ledger
            .store
            .begin_settle(CycleId(i64::MAX))
            .await
            .unwrap()
            .is_none()
    );
}
