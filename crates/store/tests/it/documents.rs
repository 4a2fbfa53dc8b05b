use crate::ledger::{BUNDLE, Ledger, RULE, document, everything, report, scored, settle, settled, signed_by};
use kinitro_harness::eventually;
use kinitro_proto::{CycleId, Task};
use kinitro_store::{CycleState, Digests, Error, Settlement, read::Signed};
use std::time::Duration;

/// A ledger with a cycle that can be settled.
async fn complete() -> (Ledger, Vec<Task>) {
    let (ledger, tasks) = Ledger::running(1).await;
    let reports: Vec<_> = tasks
        .iter()
        .map(|task| report(task, 1, scored(true, 1.0)))
        .collect();
    ledger.store.record(&reports, &RULE).await.unwrap();
    (ledger, tasks)
}

async fn begin(ledger: &Ledger, cycle: CycleId) -> Settlement {
    eventually(Duration::from_secs(10), "a cycle to settle", async || {
        ledger.store.begin_settle(cycle).await.unwrap()
    })
    .await
}

#[tokio::test]
async fn a_document_is_served_byte_for_byte_with_its_bundle_and_signatures() {
    let (ledger, tasks) = complete().await;
    let (store, cycle) = (&ledger.store, tasks[0].cycle);
    assert_eq!(store.bundle_chunk(cycle, 0).await.unwrap(), None);
    assert_eq!(store.cycle(cycle).await.unwrap().unwrap().digests, None);

    let mut settled = signed_by(&[&ledger.signing_key(1).await], settled());
    settled.document = kinitro_store::NewDocument {
        signatures: settled.document.signatures,
        ..document("{\"a\":1.0,\"b\":\"\\u0000 ü 🦀\",\"c\":1e-300}\n  ")
    };
    settle(begin(&ledger, cycle).await, &settled).await.unwrap();

    let weights = store.latest_weights().await.unwrap().unwrap();
    let told = &settled.document;
    let expected = Signed {
        document: told.text.clone(),
        sha256: told.sha256,
        evidence_sha256: [3; 32],
        evidence_bytes: 50,
        evidence_lines: 5,
        evidence_chunks: 2,
        signatures: vec![(told.signatures[0].key_id.clone(), told.signatures[0].signature)],
    };
    assert_eq!(weights.signed, Some(expected));
    assert_eq!(
        (weights.stability, weights.replicates),
        (Some(vec![0.5, 1.0]), 200)
    );
    for (place, chunk) in (0..).zip(BUNDLE) {
        assert_eq!(
            store.bundle_chunk(cycle, place).await.unwrap().as_deref(),
            Some(chunk)
        );
    }
    for (cycle, place) in [
        (cycle, 2),
        (cycle, u32::MAX),
        (CycleId(99), 0),
        (CycleId(i64::MIN), 0),
    ] {
        assert_eq!(store.bundle_chunk(cycle, place).await.unwrap(), None);
    }
    let digests = Digests {
        document: told.sha256,
        evidence: [3; 32],
        evidence_bytes: 50,
    };
    assert_eq!(store.cycle(cycle).await.unwrap().unwrap().digests, Some(digests));
    assert_eq!(store.cycles(1).await.unwrap()[0].digests, Some(digests));
}

#[tokio::test]
async fn weights_without_a_stability_are_weights() {
    let (ledger, tasks) = complete().await;
    let mut settled = settled();
    settled.weights.stability = None;
    settle(begin(&ledger, tasks[0].cycle).await, &settled)
        .await
        .unwrap();
    let weights = ledger.store.latest_weights().await.unwrap().unwrap();
    assert_eq!((weights.stability, weights.replicates), (None, 0));
    assert_eq!(weights.signed.unwrap().signatures, []);
}

#[tokio::test]
async fn a_document_that_the_database_refuses_leaves_no_trace() {
    let (ledger, tasks) = complete().await;
    let cycle = tasks[0].cycle;
    let key = ledger.signing_key(1).await;
    let before = everything(&ledger).await;
    let with = |change: &dyn Fn(&mut kinitro_store::Settled)| {
        let mut changed = signed_by(&[&key], settled());
        change(&mut changed);
        changed
    };
    let refused = [
        with(&|settled| settled.document.text.push(' ')),
        with(&|settled| settled.document.evidence_lines = 0),
        with(&|settled| settled.document.evidence_bytes = u64::MAX),
        with(&|settled| {
            settled
                .document
                .signatures
                .push(settled.document.signatures[0].clone())
        }),
        with(&|settled| settled.weights.stability = Some(vec![1.0])),
        with(&|settled| settled.weights.replicates = 0),
        with(&|settled| settled.scores[0].success_high = -0.5),
    ];
    for settled in refused {
        let error = settle(begin(&ledger, cycle).await, &settled).await.unwrap_err();
        assert!(!error.is_passing(), "{error:?}");
        assert_eq!(everything(&ledger).await, before, "{settled:?}");
    }
    let without_evidence = begin(&ledger, cycle).await.settle(&settled()).await.unwrap_err();
    assert!(!without_evidence.is_passing(), "{without_evidence:?}");
    assert_eq!(everything(&ledger).await, before);
}

#[tokio::test]
async fn a_scorer_that_is_killed_in_the_middle_leaves_no_trace() {
    let (ledger, tasks) = complete().await;
    let before = everything(&ledger).await;
    let mut settlement = begin(&ledger, tasks[0].cycle).await;
    settlement.append_bundle(b"first").await.unwrap();
    let killed = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                  WHERE datname = current_database() AND state = 'idle in transaction'";
    assert_eq!(ledger.number(killed).await, 1);
    let error = settlement.append_bundle(b"second").await.unwrap_err();
    assert!(error.is_passing(), "{error:?}");
    assert!(settlement.settle(&settled()).await.unwrap_err().is_passing());
    assert_eq!(everything(&ledger).await, before);
    settle(begin(&ledger, tasks[0].cycle).await, &settled())
        .await
        .unwrap();
}

#[tokio::test]
async fn who_judges_for_long_hears_that_the_cycle_was_given_up() {
    let (ledger, tasks) = complete().await;
    let mut settlement = begin(&ledger, tasks[0].cycle).await;
    settlement.keep_alive().await.unwrap();
    let given_up = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                    WHERE datname = current_database() AND state = 'idle in transaction'";
    assert_eq!(ledger.number(given_up).await, 1);
    assert!(settlement.keep_alive().await.unwrap_err().is_passing());
}

#[tokio::test]
async fn an_expired_cycle_keeps_no_chunk() {
    let (ledger, tasks) = complete().await;
    let cycle = tasks[0].cycle;
    let mut settlement = begin(&ledger, cycle).await;
    for chunk in BUNDLE {
        settlement.append_bundle(chunk).await.unwrap();
    }
    settlement.expire("too few").await.unwrap();
    let expired = ledger.store.cycle(cycle).await.unwrap().unwrap();
    assert_eq!((expired.state, expired.digests), (CycleState::Expired, None));
    assert_eq!(ledger.number("SELECT count(*) FROM bundle_chunks").await, 0);
    assert_eq!(ledger.store.bundle_chunk(cycle, 0).await.unwrap(), None);
}

#[tokio::test]
async fn a_cycle_can_expire_after_a_statement_of_its_settlement_failed() {
    let (ledger, tasks) = complete().await;
    let mut settlement = begin(&ledger, tasks[0].cycle).await;
    settlement.append_bundle(b"first").await.unwrap();
    settlement.append_bundle(b"").await.unwrap_err();
    settlement
        .append_bundle(b"the transaction takes no more")
        .await
        .unwrap_err();
    settlement.expire("no evidence").await.unwrap();
    let expired = ledger.store.cycle(tasks[0].cycle).await.unwrap().unwrap();
    assert_eq!(expired.reason.as_deref(), Some("no evidence"));
    assert_eq!(ledger.number("SELECT count(*) FROM bundle_chunks").await, 0);
}

#[tokio::test]
async fn a_chunk_has_a_bound_and_whoever_meets_it_may_go_on() {
    let (ledger, tasks) = complete().await;
    let mut settlement = begin(&ledger, tasks[0].cycle).await;
    let largest = vec![7; 4 * 1024 * 1024];
    settlement.append_bundle(&largest).await.unwrap();
    let error = settlement
        .append_bundle(&vec![7; largest.len() + 1])
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::OutOfRange { value: 4_194_305, .. }),
        "{error:?}"
    );
    settlement.append_bundle(b"last").await.unwrap();
    settlement.settle(&settled()).await.unwrap();
    let read = ledger
        .store
        .bundle_chunk(tasks[0].cycle, 0)
        .await
        .unwrap()
        .unwrap();
    assert!(read == largest, "{} bytes", read.len());
    assert_eq!(
        ledger
            .store
            .bundle_chunk(tasks[0].cycle, 1)
            .await
            .unwrap()
            .as_deref(),
        Some(&b"last"[..])
    );
}
