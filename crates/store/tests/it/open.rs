use crate::ledger::{ENVIRONMENTS, Ledger, NETUID, new_cycle, new_tasks};
use kinitro_proto::{BlockNumber, Policy, Uid};
use kinitro_store::{CycleState, NewCycle, Store};
use std::time::Duration;

#[tokio::test]
async fn a_cycle_opens_with_its_miners_and_all_its_tasks() {
    let ledger = Ledger::new().await;
    let cycle = new_cycle(2, 3);
    let planned = new_tasks(&cycle);
    let id = ledger
        .store
        .open_cycle(&cycle, planned.clone())
        .await
        .unwrap()
        .unwrap();

    let opened = ledger.store.active_cycle(NETUID).await.unwrap().unwrap();
    assert_eq!(
        (opened.id, opened.state, opened.miners),
        (id, CycleState::Open, 2)
    );
    assert_eq!(
        (opened.netuid, opened.block_number),
        (NETUID, BlockNumber(5_000_000))
    );
    assert_eq!(opened.environments, cycle.environments);
    assert_eq!((opened.settings, opened.secret_hash), (cycle.settings, [9; 32]));
    assert_eq!(opened.deadline.duration_since(opened.opened_at).as_secs(), 7200);
    assert_eq!(
        opened.interval_number,
        opened.opened_at.as_second() / 1_000_000_000
    );

    let tasks = ledger.store.next_unpublished(id, None, 100).await.unwrap();
    assert_eq!(tasks.len(), 12);
    for (task, planned) in tasks.iter().zip(&planned) {
        assert_eq!(
            (task.id, task.uid, &task.environment),
            (planned.id, planned.uid, &planned.environment)
        );
        assert_eq!((task.episode, task.seed), (planned.episode, planned.seed));
        assert_eq!((task.cycle, task.attempt), (id, 1));
        assert_eq!(task.hotkey.as_str(), format!("5Hotkey{}", task.uid));
        assert_eq!(
            task.policy,
            Policy::Endpoint {
                url: format!("http://miner-{}.example", task.uid)
            }
        );
        assert_eq!(task.deadline_ms, opened.deadline.as_millisecond());
    }
    let families = ledger.texts("SELECT DISTINCT family FROM tasks ORDER BY 1").await;
    assert_eq!(families, ["genesis", "metaworld"]);
}

#[tokio::test]
async fn an_interval_has_one_cycle_and_a_subnet_one_active_cycle() {
    let ledger = Ledger::new().await;
    let cycle = new_cycle(1, 1);
    let open = async |cycle: &NewCycle| ledger.store.open_cycle(cycle, new_tasks(cycle)).await.unwrap();
    let is_due = async |cycle: &NewCycle| ledger.store.is_due(cycle.netuid, cycle.interval).await.unwrap();
    assert!(is_due(&cycle).await);
    let first = open(&cycle).await.unwrap();
    assert_eq!(open(&cycle).await, None, "the same interval");
    let next = NewCycle {
        interval: Duration::from_secs(60),
        ..cycle.clone()
    };
    assert_eq!(open(&next).await, None, "another interval, the first is active");
    let elsewhere = NewCycle {
        netuid: NETUID + 1,
        ..cycle.clone()
    };
    assert!(!is_due(&cycle).await && !is_due(&next).await && is_due(&elsewhere).await);
    assert!(open(&elsewhere).await.is_some(), "another subnet");

    assert!(ledger.store.cancel_cycle(first, "a test").await.unwrap());
    assert_eq!(open(&cycle).await, None, "the interval has had its cycle");
    assert!(!is_due(&cycle).await && is_due(&next).await);
    assert!(open(&next).await.is_some());
}

#[tokio::test]
async fn of_many_who_open_at_once_one_does() {
    let ledger = Ledger::new().await;
    let cycle = new_cycle(2, 5);
    let openings: Vec<_> = (0..6)
        .map(|_| {
            let (store, cycle) = (ledger.store.clone(), cycle.clone());
            tokio::spawn(async move { store.open_cycle(&cycle, new_tasks(&cycle)).await.unwrap() })
        })
        .collect();
    let mut opened = 0;
    for opening in openings {
        opened += i64::from(opening.await.unwrap().is_some());
    }
    assert_eq!(
        (opened, ledger.number("SELECT count(*) FROM cycles").await),
        (1, 1)
    );
    assert_eq!(ledger.number("SELECT count(*) FROM tasks").await, 20);
}

#[tokio::test]
async fn a_cycle_that_cannot_open_whole_does_not_open() {
    let ledger = Ledger::new().await;
    // One connection: it must come back usable from the middle of a COPY.
    let store = Store::connect(&ledger.url, 1);
    let cycle = new_cycle(2, 3);
    let mut twice = new_tasks(&cycle);
    twice[5].episode = twice[4].episode;
    let mut beyond = new_tasks(&cycle);
    beyond[0].episode = u32::MAX;
    let mut stranger = new_tasks(&cycle);
    stranger[0].uid = Uid(99);
    for tasks in [twice, beyond, stranger] {
        let error = store.open_cycle(&cycle, tasks).await.unwrap_err();
        assert!(!error.is_passing(), "{error:?}");
        assert_eq!(ledger.number("SELECT count(*) FROM cycles").await, 0);
    }
    let interrupted = new_tasks(&cycle)
        .into_iter()
        .inspect(|task| assert!(task.episode < 2, "a bug"));
    let (opener, plan) = (store.clone(), cycle.clone());
    tokio::spawn(async move { opener.open_cycle(&plan, interrupted).await })
        .await
        .unwrap_err();
    assert_eq!(ledger.number("SELECT count(*) FROM cycles").await, 0);
    assert!(
        store
            .open_cycle(&cycle, new_tasks(&cycle))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_strangers_text_cannot_keep_a_cycle_from_opening() {
    let ledger = Ledger::new().await;
    let mut cycle = new_cycle(1, 1);
    cycle.miners[0].endpoint = "http://a\0b".to_owned();
    cycle.miners[0].repo = Some("\0".repeat(100_000));
    let id = ledger
        .store
        .open_cycle(&cycle, new_tasks(&cycle))
        .await
        .unwrap()
        .unwrap();
    let tasks = ledger.store.next_unpublished(id, None, 10).await.unwrap();
    assert_eq!(
        tasks[0].policy,
        Policy::Endpoint {
            url: "http://a b".to_owned()
        }
    );
}

#[tokio::test]
async fn a_secret_is_read_only_once_its_cycle_has_finished() {
    let ledger = Ledger::new().await;
    let id = ledger.open(1).await;
    assert_eq!(
        ledger.store.cycle(id).await.unwrap().unwrap().revealed_secret,
        None
    );
    ledger.publish(id).await;
    assert_eq!(
        ledger
            .store
            .current_cycle()
            .await
            .unwrap()
            .unwrap()
            .revealed_secret,
        None
    );
    assert!(ledger.store.cancel_cycle(id, "a test").await.unwrap());
    assert_eq!(
        ledger.store.cycle(id).await.unwrap().unwrap().revealed_secret,
        Some([7; 32])
    );
    assert_eq!(format!("{:?}", new_cycle(0, 1).secret), "***");
}

#[tokio::test]
async fn a_cancelled_cycle_takes_its_open_tasks_along_once() {
    let (ledger, tasks) = Ledger::running(1).await;
    let id = tasks[0].cycle;
    assert!(ledger.store.cancel_cycle(id, "an operator").await.unwrap());
    assert!(!ledger.store.cancel_cycle(id, "again").await.unwrap());
    let cycle = ledger.store.cycle(id).await.unwrap().unwrap();
    assert_eq!(
        (cycle.state, cycle.reason.as_deref()),
        (CycleState::Cancelled, Some("an operator"))
    );
    let states = ledger.texts("SELECT DISTINCT state FROM tasks").await;
    assert_eq!(states, ["cancelled"]);
    assert_eq!(ledger.store.active_cycle(NETUID).await.unwrap(), None);
    assert_eq!(cycle.environments[1].as_str(), ENVIRONMENTS[1]);
}
