//! A cycle's secret is nowhere before the cycle has ended, and everywhere it should be afterwards (I8).

use crate::{
    cycle::{SECRET, broken, result},
    kept::hex,
    scene::Scene,
};
use kinitro_audit::{bundle::Line, commitment};
use kinitro_proto::{Event, encoding};
use kinitro_store::CycleState;
use serde_json::json;

impl Scene {
    /// Every event so far, as bytes with their schema.
    async fn events(&self) -> Vec<(String, Vec<u8>)> {
        let client = async_nats::connect(self.nats.url()).await.unwrap();
        let info = client
            .request("$JS.API.STREAM.INFO.EVENTS", "".into())
            .await
            .unwrap();
        let info: serde_json::Value = serde_json::from_slice(&info.payload).unwrap();
        let mut events = Vec::new();
        for sequence in 1..=info["state"]["last_seq"].as_u64().unwrap() {
            let ask = json!({ "seq": sequence }).to_string();
            let event = client
                .request("$JS.API.DIRECT.GET.EVENTS", ask.into())
                .await
                .unwrap();
            let schema = event.headers.unwrap().get("Kinitro-Schema").unwrap().to_string();
            events.push((schema, event.payload.to_vec()));
        }
        events
    }
}

fn tells(text: &[u8]) -> bool {
    let digits = hex(&SECRET);
    [&SECRET[..], digits.as_bytes()]
        .iter()
        .any(|secret| text.windows(secret.len()).any(|window| window == *secret))
}

#[tokio::test]
async fn the_secret_is_told_with_the_document_and_not_before() {
    let (scene, tasks) = Scene::running(5).await;
    let cycle = tasks[0].cycle;
    let scorer = scene.scorer(&[1]);
    let (last, others) = tasks.split_last().unwrap();
    scene.report(others.iter().map(result)).await;
    kinitro_harness::eventually(crate::scene::PATIENCE, "all but one result", async || {
        scene.number("SELECT count(*) FROM results").await == others.len() as i64
    })
    .await;
    hidden(&scene, &scorer, cycle).await;

    // In the middle of settling the evidence is written, and for nobody to read.
    let mut lock = scene.sql.begin().await.unwrap();
    sqlx::query("LOCK TABLE signatures IN SHARE MODE")
        .execute(&mut *lock)
        .await
        .unwrap();
    scene.report([result(last)]).await;
    kinitro_harness::eventually(crate::scene::PATIENCE, "a scorer that waits", async || {
        let waiting = "SELECT count(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        scene.number(waiting).await > 0
    })
    .await;
    hidden(&scene, &scorer, cycle).await;
    lock.rollback().await.unwrap();

    let kept = scene.settled(cycle, &[1]).await;
    let ended = scene.store.cycle(cycle).await.unwrap().unwrap();
    assert_eq!(ended.revealed_secret, Some(SECRET));
    let Some(Line::Cycle(first)) = kept.lines().into_iter().next() else {
        panic!("the first line is not the cycle's")
    };
    assert_eq!((first.secret, first.secret_hash), (SECRET, commitment(&SECRET)));
    // The document has the commitment only; miners' endpoints are nobody's business.
    assert!(!tells(kept.signed().document.as_bytes()));
    let evidence = std::io::read_to_string(kept.evidence()).unwrap();
    assert!(!evidence.contains("secret-path"));

    scorer.stop().await.unwrap();
    let events = scene.events().await;
    let (schema, body) = events.last().unwrap();
    let event: Event = encoding::decode(Some(schema), body).unwrap();
    let expected = Event::CycleSettled {
        cycle,
        document_sha256: Some(hex(&kept.signed().sha256)),
    };
    assert_eq!((events.len(), event), (1, expected));
}

/// Nothing that the services or their users can read has the secret or the evidence.
async fn hidden(scene: &Scene, scorer: &crate::scene::Scorer, cycle: kinitro_proto::CycleId) {
    let running = scene.store.cycle(cycle).await.unwrap().unwrap();
    assert_eq!(
        (running.state, running.revealed_secret, running.digests),
        (CycleState::Running, None, None)
    );
    assert_eq!(running.secret_hash, commitment(&SECRET));
    assert!(scene.store.bundle_chunk(cycle, 0).await.unwrap().is_none());
    assert!(scene.store.weights_of(cycle).await.unwrap().is_none());
    assert!(!scene.events().await.iter().any(|(_, body)| tells(body)));
    for path in ["/ready", "/metrics"] {
        assert!(!tells(scorer.get(path).await.unwrap().as_bytes()));
    }
}

#[tokio::test]
async fn a_cycle_that_expires_keeps_no_evidence() {
    let (scene, tasks) = Scene::running(5).await;
    let scorer = scene.scorer(&[1]);
    scene.report(tasks.iter().map(broken)).await;
    let ended = scene.ended(tasks[0].cycle).await;
    assert_eq!(ended.state, CycleState::Expired);
    assert!(scene.store.bundle_chunk(ended.id, 0).await.unwrap().is_none());
    scorer.stop().await.unwrap();
    let events = scene.events().await;
    assert!(!events.iter().any(|(_, body)| tells(body)));
}
