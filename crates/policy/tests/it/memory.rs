//! What hostile servers can make this process hold.

use crate::{
    client,
    server::{Connection, Server},
};
use kinitro_proto::Observation;
use tokio::task::JoinSet;

/// Sessions at once.
const SESSIONS: usize = 50;
/// What they may add: for each the body's limit, hyper's buffer of 408 KiB, and as much again for
/// buffers that grow by doubling. Endless bodies would add gigabytes.
const LIMIT_KIB: usize = SESSIONS * 2 * (256 + 408);

/// This process's resident memory in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn endless(mut connection: Connection, head: &'static str, piece: &'static str) {
    connection.request().await;
    connection.send(head).await;
    while connection.send(piece).await {}
}

#[tokio::test]
async fn endless_answers_are_held_within_the_limits() {
    let piece: &str = " ".repeat(64 * 1024).leak();
    let chunk: &str = format!("10000\r\n{piece}\r\n").leak();
    let headers: &str = "a: b\r\n".repeat(1000).leak();
    let attacks = [
        ("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", piece),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", chunk),
        ("HTTP/1.1 200 OK\r\n", headers),
        ("HTTP/1.1 200 OK\r\nx: ", piece),
    ];
    let client = client();
    let before = resident();
    for (head, piece) in attacks {
        let server = Server::new(move |connection| endless(connection, head, piece)).await;
        let mut sessions = JoinSet::new();
        for _ in 0..SESSIONS {
            let mut session = client.session(&server.policy()).await.unwrap();
            sessions.spawn(async move { session.act(&Observation::default()).await.is_err() });
        }
        let mut peak = 0;
        while let Some(faulted) = sessions.join_next().await {
            assert!(faulted.unwrap(), "{head:?}");
            peak = peak.max(resident());
        }
        assert!(
            peak.saturating_sub(before) <= LIMIT_KIB,
            "{head:?}: {before} KiB, then {peak} KiB"
        );
    }
}
