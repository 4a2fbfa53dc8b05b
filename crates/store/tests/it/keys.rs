use crate::ledger::{Ledger, settle, settled, signed_by, signing_key};
use kinitro_harness::eventually;
use kinitro_proto::CycleId;
use kinitro_store::{Error, KeyState, Settlement};
use std::time::Duration;

/// A settlement of a cycle whose deadline has passed.
async fn settling(ledger: &Ledger, cycle: CycleId) -> Settlement {
    ledger.pass_deadline(cycle).await;
    eventually(Duration::from_secs(10), "a cycle to settle", async || {
        ledger.store.begin_settle(cycle).await.unwrap()
    })
    .await
}

#[tokio::test]
async fn a_key_is_added_once_and_retired_for_good() {
    let ledger = Ledger::new().await;
    let (store, (id, public)) = (&ledger.store, signing_key(1));
    assert_eq!(store.signing_keys().await.unwrap(), []);
    assert!(!store.retire_signing_key(&id).await.unwrap());
    for _ in 0..2 {
        assert_eq!(
            store.add_signing_key(&id, &public).await.unwrap(),
            KeyState::Active
        );
    }
    let [key] = &store.signing_keys().await.unwrap()[..] else {
        panic!("one key was added")
    };
    assert_eq!(
        (key.key_id.as_str(), key.public_key, key.documents),
        (id.as_str(), public, 0)
    );
    assert_eq!((key.state(), key.retired_at), (KeyState::Active, None));

    assert!(store.retire_signing_key(&id).await.unwrap());
    let retired = store.signing_keys().await.unwrap();
    assert!(retired[0].retired_at >= Some(key.added_at) && retired[0].state() == KeyState::Retired);
    assert!(store.retire_signing_key(&id).await.unwrap());
    assert_eq!(
        store.add_signing_key(&id, &public).await.unwrap(),
        KeyState::Retired
    );
    assert_eq!(
        store.signing_keys().await.unwrap(),
        retired,
        "neither changes anything"
    );
}

#[tokio::test]
async fn of_many_who_add_a_key_at_once_all_are_told_it_is_there() {
    let ledger = Ledger::new().await;
    let adders: Vec<_> = (0..6)
        .map(|_| {
            let (store, (id, public)) = (ledger.store.clone(), signing_key(1));
            tokio::spawn(async move { store.add_signing_key(&id, &public).await })
        })
        .collect();
    for adder in adders {
        assert_eq!(adder.await.unwrap().unwrap(), KeyState::Active);
    }
    assert_eq!(ledger.store.signing_keys().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_id_that_is_not_the_keys_is_refused() {
    let ledger = Ledger::new().await;
    let ((id, _), (_, other)) = (signing_key(1), signing_key(2));
    for id in [id.as_str(), "", "\0", "no id"] {
        let error = ledger.store.add_signing_key(id, &other).await.unwrap_err();
        assert!(
            matches!(error, Error::Query { .. }) && !error.is_passing(),
            "{error:?}"
        );
        assert!(!ledger.store.retire_signing_key(id).await.unwrap());
    }
    assert_eq!(ledger.store.signing_keys().await.unwrap(), []);
}

#[tokio::test]
async fn another_key_of_the_same_id_is_refused() {
    let ledger = Ledger::new().await;
    let (id, public) = signing_key(1);
    // Two keys of one id take 2^64 tries: the check that would be in the way is taken out instead.
    ledger
        .run("ALTER TABLE signing_keys DROP CONSTRAINT signing_keys_key_id_check")
        .await;
    ledger.store.add_signing_key(&id, &public).await.unwrap();
    let error = ledger.store.add_signing_key(&id, &[9; 32]).await.unwrap_err();
    assert!(
        matches!(&error, Error::KeyTaken { key_id } if *key_id == id),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_document_may_have_a_signature_of_each_active_key_and_keeps_them() {
    let (ledger, tasks) = Ledger::running(1).await;
    let (old, new) = (ledger.signing_key(1).await, ledger.signing_key(2).await);
    let settlement = settling(&ledger, tasks[0].cycle).await;
    let signed = signed_by(&[&old, &new], settled());
    settle(settlement, &signed).await.unwrap();
    assert!(ledger.store.retire_signing_key(&old).await.unwrap());

    let weights = ledger.store.latest_weights().await.unwrap().unwrap();
    let mut expected: Vec<_> = signed
        .document
        .signatures
        .iter()
        .map(|by| (by.key_id.clone(), by.signature))
        .collect();
    expected.sort();
    assert_eq!(
        weights.signed.unwrap().signatures,
        expected,
        "what a key signed before it was retired stands"
    );

    let next = ledger.open_next(17).await;
    let settlement = settling(&ledger, next).await;
    settle(settlement, &signed_by(&[&new], settled())).await.unwrap();
    let keys = ledger.store.signing_keys().await.unwrap();
    let counts: Vec<_> = keys
        .iter()
        .map(|key| (key.key_id.as_str(), key.documents))
        .collect();
    assert_eq!(counts, [(old.as_str(), 1), (new.as_str(), 2)]);
}

#[tokio::test]
async fn a_document_of_a_retired_or_unknown_key_is_refused_and_leaves_the_cycle_to_be_settled() {
    let (ledger, tasks) = Ledger::running(1).await;
    let (good, retired) = (ledger.signing_key(1).await, ledger.signing_key(2).await);
    ledger.store.retire_signing_key(&retired).await.unwrap();
    let unknown = signing_key(3).0;

    let settlement = settling(&ledger, tasks[0].cycle).await;
    let error = settle(settlement, &signed_by(&[&good, &retired], settled()))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::RetiredKey { key_id } if *key_id == retired),
        "{error:?}"
    );
    assert!(error.to_string().contains(&retired) && !error.is_passing());

    let settlement = settling(&ledger, tasks[0].cycle).await;
    let error = settle(settlement, &signed_by(&[&good, &unknown], settled()))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::UnknownKey { key_id } if *key_id == unknown),
        "{error:?}"
    );

    let settlement = settling(&ledger, tasks[0].cycle).await;
    assert_eq!(ledger.store.latest_weights().await.unwrap(), None);
    settle(settlement, &signed_by(&[&good], settled())).await.unwrap();
}

#[tokio::test]
async fn who_retires_a_key_waits_for_the_document_that_it_signs() {
    let (ledger, _) = Ledger::running(1).await;
    let key = ledger.signing_key(1).await;
    // A scorer between looking its key up and its commit, as `settle` would have it.
    let mut signing = ledger.sql.begin().await.unwrap();
    sqlx::raw_sql("SELECT FROM signing_keys ORDER BY key_id FOR SHARE")
        .execute(&mut *signing)
        .await
        .unwrap();
    let store = ledger.store.clone();
    let retiring = tokio::spawn(async move { store.retire_signing_key(&key).await.unwrap() });
    eventually(Duration::from_secs(10), "who retires to wait", async || {
        ledger.is_anyone_waiting().await
    })
    .await;
    assert!(!retiring.is_finished());
    signing.commit().await.unwrap();
    assert!(retiring.await.unwrap());
}

#[tokio::test]
async fn who_settles_while_its_key_is_retired_is_refused() {
    let (ledger, tasks) = Ledger::running(1).await;
    let key = ledger.signing_key(1).await;
    let settlement = settling(&ledger, tasks[0].cycle).await;
    let mut retiring = ledger.sql.begin().await.unwrap();
    sqlx::raw_sql("UPDATE signing_keys SET retired_at = now()")
        .execute(&mut *retiring)
        .await
        .unwrap();
    let signed = signed_by(&[&key], settled());
    let settling = tokio::spawn(async move { settle(settlement, &signed).await });
    eventually(Duration::from_secs(10), "who settles to wait", async || {
        ledger.is_anyone_waiting().await
    })
    .await;
    retiring.commit().await.unwrap();
    let error = settling.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::RetiredKey { .. }), "{error:?}");
}
