//! Who signs: nobody, one key, two of them while one takes over from the other; never one that was retired.

use crate::{
    cycle::result,
    kept::public,
    scene::{Scene, Scorer},
};
use kinitro_audit::verify::Name;
use kinitro_harness::{Nats, Postgres};
use kinitro_scorer::Error;
use kinitro_store::{CycleState, Store};

fn id(byte: u8) -> String {
    public(byte).id().to_string()
}

#[tokio::test]
async fn without_a_key_the_document_has_no_signature_and_says_the_same() {
    let (scene, tasks) = Scene::running(2).await;
    let scorer = scene.scorer(&[]);
    scene.report(tasks.iter().map(result)).await;
    let unsigned = scene.settled(tasks[0].cycle, &[]).await;
    assert_eq!(unsigned.verify(&[1]).unwrap_err().check, Name::Signatures);
    assert!(scorer.metric("kinitro_signing_keys").await.abs() < f64::EPSILON);
    scorer.stop().await.unwrap();
    assert_eq!(scene.store.signing_keys().await.unwrap(), []);
}

#[tokio::test]
async fn two_keys_both_sign_and_each_is_enough() {
    let (scene, tasks) = Scene::running(2).await;
    let scorer = scene.scorer(&[1, 2]);
    scene.report(tasks.iter().map(result)).await;
    let kept = scene.settled(tasks[0].cycle, &[1, 2]).await;
    assert!((scorer.metric("kinitro_signing_keys").await - 2.0).abs() < f64::EPSILON);
    let settles = scorer.metric("kinitro_settle_seconds_count").await;
    assert!((settles - 1.0).abs() < f64::EPSILON, "{settles}");
    let bytes = scorer.metric("kinitro_evidence_bytes").await;
    assert!(
        (bytes - kept.signed().evidence_bytes as f64).abs() < f64::EPSILON,
        "{bytes}"
    );
    scorer.stop().await.unwrap();
    let keys = scene.store.signing_keys().await.unwrap();
    assert!(
        keys.iter()
            .all(|key| key.documents == 1 && key.retired_at.is_none()),
        "{keys:?}"
    );
    // Whoever knows one of them only cannot tell whose the other signature is.
    assert_eq!(kept.verify(&[2]).unwrap_err().check, Name::Signatures);
    assert_eq!(kept.verify(&[3]).unwrap_err().check, Name::Signatures);
}

#[tokio::test]
async fn a_retired_key_stops_the_start() {
    let (scene, tasks) = Scene::running(2).await;
    scene.scorer_that_signed(1).await;
    assert!(scene.store.retire_signing_key(&id(1)).await.unwrap());
    let mut scorer = scene.scorer(&[1, 2]);
    scene.report(tasks.iter().map(result)).await;
    let error = scorer.end().await.unwrap_err();
    assert!(
        matches!(&error, Error::RetiredKey { key_id } if *key_id == id(1)),
        "{error:?}"
    );
    assert_eq!(scene.number("SELECT count(*) FROM documents").await, 0);
}

#[tokio::test]
async fn a_key_that_is_retired_later_signs_nothing_more() {
    let (scene, tasks) = Scene::running(2).await;
    let scorer = scene.scorer(&[1, 2]);
    scorer.ready().await;
    scene.introduced(1).await;
    assert!(scene.store.retire_signing_key(&id(1)).await.unwrap());
    scene.report(tasks.iter().map(result)).await;
    let why = scorer.lacks("settling").await;
    assert!(why.contains(&id(1)) && why.contains("retired"), "{why}");
    let cycle = scene.store.cycle(tasks[0].cycle).await.unwrap().unwrap();
    assert_eq!(cycle.state, CycleState::Running);
    // The deadline does not make it expire: the results are good, the settings are not.
    scene.pass_deadline(cycle.id).await;
    scorer.stop().await.unwrap();
    let scorer = scene.scorer(&[2]);
    scene.settled(cycle.id, &[2]).await;
    scorer.stop().await.unwrap();
}

#[tokio::test]
async fn a_ledger_that_is_away_at_the_start_is_waited_for() {
    let (nats, mut cluster) = (Nats::start().await, Postgres::private().await);
    let ledger = Store::connect(&cluster.url().parse().unwrap(), 1);
    ledger.migrate().await.unwrap();
    ledger
        .add_signing_key(&id(2), public(2).as_bytes())
        .await
        .unwrap();
    assert!(ledger.retire_signing_key(&id(2)).await.unwrap());
    cluster.stop();

    let scene = Scene::new().await;
    let start = |keys: &[u8]| {
        let mut config = scene.config(keys);
        config.database_url = cluster.url().parse().unwrap();
        config.nats = kinitro_nats::Config::at(&nats.url());
        Scorer::start(config, 2)
    };
    let (good, mut retired) = (start(&[1]), start(&[2]));
    good.lacks("postgres").await;
    retired.lacks("postgres").await;
    cluster.start_again().await;
    good.ready().await;
    let error = retired.end().await.unwrap_err();
    assert!(matches!(error, Error::RetiredKey { .. }), "{error:?}");
    let ledger = Store::connect(&cluster.url().parse().unwrap(), 1);
    let keys = ledger.signing_keys().await.unwrap();
    assert!(keys.iter().any(|key| key.key_id == id(1)), "{keys:?}");
    good.stop().await.unwrap();
}

impl Scene {
    /// Waits until the ledger knows the key.
    async fn introduced(&self, byte: u8) {
        kinitro_harness::eventually(crate::scene::PATIENCE, "the key in the ledger", async || {
            let keys = self.store.signing_keys().await.unwrap();
            keys.iter().any(|key| key.key_id == id(byte))
        })
        .await;
    }

    /// Leaves the key in the ledger as a scorer of before did.
    async fn scorer_that_signed(&self, byte: u8) {
        let scorer = self.scorer(&[byte]);
        self.introduced(byte).await;
        scorer.stop().await.unwrap();
    }
}
