//! One deadline over everything a call does.

use crate::{
    ACTION, hasty, hasty_session, kind,
    server::{Connection, Server, ok},
    unstalled,
};
use kinitro_proto::{MinerFaultKind, Observation};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How a server wastes time.
#[derive(Debug, Clone, Copy)]
enum Waste {
    /// It accepts and reads nothing.
    Deaf,
    /// It reads the request and says nothing.
    Mute,
    /// It sends this many bytes of an honest answer at once and stops.
    StopAt(usize),
    /// It sends an honest answer from this byte on one by one, each read quick.
    DripFrom(usize),
}

async fn waste(mut connection: Connection, waste: Waste) {
    let answer = ok(ACTION);
    if !matches!(waste, Waste::Deaf) {
        connection.request().await;
    }
    match waste {
        Waste::Deaf | Waste::Mute => {}
        Waste::StopAt(byte) => drop(connection.send(&answer[..byte]).await),
        Waste::DripFrom(byte) => {
            connection.send(&answer[..byte]).await;
            connection.drip(&answer[byte..], Duration::from_millis(40)).await;
        }
    }
    connection.hang().await;
}

async fn wasting(kind: Waste) -> Server {
    Server::new(move |connection| waste(connection, kind)).await
}

/// Every byte of the head and the body, every seventh, as the place where the server stops or slows.
fn wastes() -> Vec<Waste> {
    let length = ok(ACTION).len();
    let stops = (0..length).step_by(7).map(Waste::StopAt);
    let drips = (0..length - 20).step_by(23).map(Waste::DripFrom);
    [Waste::Deaf, Waste::Mute]
        .into_iter()
        .chain(stops)
        .chain(drips)
        .collect()
}

/// How long one `act` took, which ended in a timeout.
async fn timed(waste: Waste) -> Duration {
    let server = wasting(waste).await;
    let mut took = Duration::ZERO;
    let answer = unstalled(async || {
        let mut session = hasty_session(&server).await;
        let start = Instant::now();
        let answer = session.act(&Observation::default()).await;
        took = start.elapsed();
        answer
    })
    .await;
    assert_eq!(kind(answer), MinerFaultKind::Timeout, "{waste:?}");
    took
}

/// The promise is 100 ms over the deadline. A busy machine may run any single call late, so the promise
/// is asked of the median in one round of three, and one second of each call.
#[tokio::test]
async fn a_call_ends_at_its_deadline_wherever_the_server_wastes_time() {
    let mut medians = Vec::new();
    for _ in 0..3 {
        let calls = futures::future::join_all(wastes().into_iter().map(timed)).await;
        let mut over: Vec<_> = calls
            .iter()
            .map(|took| took.saturating_sub(hasty().action_timeout))
            .collect();
        over.sort();
        let (median, worst) = (over[over.len() / 2], over[over.len() - 1]);
        assert!(worst <= Duration::from_secs(1), "{worst:?}");
        if median <= Duration::from_millis(100) {
            return;
        }
        medians.push(median);
    }
    panic!("{medians:?}");
}

#[tokio::test]
async fn a_reset_has_its_own_deadline() {
    // Slower than an action may be, quicker than a reset must be.
    let server = Server::new(|mut connection| async move {
        connection.request().await;
        connection.drip(ok("{}"), Duration::from_millis(15)).await;
    })
    .await;
    let mut session = hasty_session(&server).await;
    session
        .reset(&"metaworld/push-v3".parse().unwrap(), 1)
        .await
        .unwrap();
    let least = hasty().action_timeout.as_micros();
    assert!(
        u128::from(session.timings().reset_us) > least,
        "{:?}",
        session.timings()
    );
    assert_eq!(session.timings().act_us, 0);
}

#[tokio::test]
async fn a_servers_waste_does_not_hold_up_the_others() {
    let client = crate::client();
    let (honest, mute) = (Server::honest().await, wasting(Waste::Mute).await);
    let mut wasted = JoinSet::new();
    for _ in 0..200 {
        let mut session = client.session(&mute.policy()).await.unwrap();
        wasted.spawn(async move { session.act(&Observation::default()).await.is_err() });
    }
    let mut session = client.session(&honest.policy()).await.unwrap();
    for _ in 0..50 {
        session.act(&Observation::default()).await.unwrap();
    }
    assert!(
        wasted.try_join_next().is_none(),
        "the honest server's answers had to wait for the others' deadline"
    );
}

#[tokio::test]
async fn the_slowest_answer_and_the_sum_are_told() {
    let server = Server::new(|mut connection| async move {
        for pause in [1, 100, 1] {
            connection.request().await;
            let mut pause = tokio::time::interval(Duration::from_millis(pause));
            pause.tick().await;
            pause.tick().await;
            connection.send(ok(ACTION)).await;
        }
    })
    .await;
    let mut session = hasty_session(&server).await;
    for _ in 0..3 {
        session.act(&Observation::default()).await.unwrap();
    }
    let timings = session.timings();
    assert!(timings.acts == 3 && timings.act_max_us >= 99_000, "{timings:?}");
    assert!(
        timings.act_us > timings.act_max_us && timings.act_us < 3 * timings.act_max_us,
        "{timings:?}"
    );
}
