//! Addresses that are not called, and names that change their mind.

use crate::{client, config, endpoint, kind, server::Server};
use futures::{FutureExt, future::BoxFuture};
use kinitro_policy::{Client, Config, Lookup, LookupError, Ranges};
use kinitro_proto::{MinerFaultKind, Observation};
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Answers the first lookup with the first line, the second with the second, and so on.
struct Script {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Script {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let line = |line: &&[&str]| line.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self {
            answers: answers.iter().map(line).collect(),
            asked: AtomicUsize::new(0),
        })
    }
}

impl Lookup for Script {
    fn lookup(&self, _host: &str) -> BoxFuture<'static, Result<Vec<IpAddr>, LookupError>> {
        let answer = self.answers[self.asked.fetch_add(1, Ordering::SeqCst)].clone();
        std::future::ready(Ok(answer)).boxed()
    }

    fn works(&self) -> BoxFuture<'static, bool> {
        std::future::ready(true).boxed()
    }
}

/// The rules as they are by default: nothing is allowed.
fn strict() -> Config {
    Config {
        allow_addresses: Ranges::default(),
        ..config()
    }
}

#[tokio::test]
async fn every_way_to_write_a_forbidden_address_is_refused() {
    let client = Client::new(&strict()).unwrap();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "0177.0.0.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "127\u{3002}0.0.1",
        "\u{ff11}27.0.0.1",
        "localhost",
        "LOCALHOST",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "167772161",
        "172.16.5.4",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "169.254.43518",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "203.0.113.9",
        "168.63.129.16",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::127.0.0.1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[fc00::1]",
        "[ff02::1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2002:a00:1::]",
        "[2001::1]",
        "[2001:db8::1]",
        "[100::1]",
    ];
    for host in hosts {
        for url in [format!("http://{host}"), format!("https://{host}:8443/x/")] {
            let session = client.session(&endpoint(&url)).await;
            assert_eq!(kind(session), MinerFaultKind::ForbiddenAddress, "{url}");
        }
    }
}

#[tokio::test]
async fn a_refused_address_is_never_dialled() {
    let server = Server::honest().await;
    let client = Client::new(&strict()).unwrap();
    let url = format!("http://localhost:{}", server.address.port());
    for policy in [server.policy(), endpoint(url)] {
        assert_eq!(
            kind(client.session(&policy).await),
            MinerFaultKind::ForbiddenAddress
        );
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn the_operators_ranges_are_called() {
    let server = Server::honest().await;
    let url = format!("http://127.1:{}", server.address.port());
    let mut session = client().session(&endpoint(url)).await.unwrap();
    session.act(&Observation::default()).await.unwrap();
}

#[tokio::test]
async fn one_forbidden_address_among_others_refuses_the_name() {
    for answer in [
        &["127.0.0.1", "10.0.0.1"][..],
        &["127.0.0.1", "::1"],
        &["::ffff:192.168.0.1"],
    ] {
        let client = Client::with_lookup(&config(), Script::new(&[answer])).unwrap();
        let session = client.session(&endpoint("http://a.example")).await;
        assert_eq!(kind(session), MinerFaultKind::ForbiddenAddress, "{answer:?}");
    }
}

#[tokio::test]
async fn a_name_without_addresses_is_unreachable() {
    let client = Client::with_lookup(&config(), Script::new(&[&[]])).unwrap();
    assert_eq!(
        kind(client.session(&endpoint("http://a.example")).await),
        MinerFaultKind::Unreachable
    );
}

/// The second answer would be the attack: no connection of the session ever asks for it, although
/// each call needs a connection of its own.
#[tokio::test]
async fn a_name_that_changes_its_mind_moves_no_session() {
    let server = Server::new(|mut connection| async move {
        connection.request().await;
        connection
            .send(format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}",
                crate::ACTION
            ))
            .await;
    })
    .await;
    let script = Script::new(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let client = Client::with_lookup(&config(), Arc::clone(&script) as Arc<dyn Lookup>).unwrap();
    let policy = endpoint(format!("http://rebind.example:{}", server.address.port()));
    let mut session = client.session(&policy).await.unwrap();
    for _ in 0..3 {
        session.act(&Observation::default()).await.unwrap();
    }
    assert_eq!(
        (server.connections(), script.asked.load(Ordering::SeqCst)),
        (3, 1)
    );
    // A new session asks again, and is refused; the old one goes on.
    assert_eq!(
        kind(client.session(&policy).await),
        MinerFaultKind::ForbiddenAddress
    );
    session.act(&Observation::default()).await.unwrap();
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.contains("host: rebind.example:"))
    );
}

/// The first address does not answer; the second does, within the time of one call.
#[tokio::test]
async fn a_name_with_several_addresses_needs_one_that_answers() {
    let server = Server::honest().await;
    let script = Script::new(&[&["127.0.0.77", "127.0.0.1"]]);
    let client = Client::with_lookup(&config(), script).unwrap();
    let policy = endpoint(format!("http://two.example:{}", server.address.port()));
    let mut session = client.session(&policy).await.unwrap();
    session.act(&Observation::default()).await.unwrap();
}
