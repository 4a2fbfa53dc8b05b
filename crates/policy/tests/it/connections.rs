//! Connections: kept, closed under us, refused, or not what they claim to be.

use crate::{
    ACTION, act, client, endpoint, fault, kind,
    server::{Server, ok},
    session,
};
use kinitro_proto::{MinerFaultKind, Observation};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_rustls::{TlsAcceptor, rustls};

#[tokio::test]
async fn one_connection_serves_an_episode_and_the_next() {
    let server = Server::honest().await;
    let client = client();
    for _ in 0..3 {
        let mut session = client.session(&server.policy()).await.unwrap();
        session
            .reset(&"metaworld/push-v3".parse().unwrap(), 1)
            .await
            .unwrap();
        for _ in 0..5 {
            session.act(&Observation::default()).await.unwrap();
        }
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 18));
}

#[tokio::test]
async fn a_kept_connection_closed_between_calls_is_replaced() {
    // Closed at once after the answer, with and without a word about it; or just when it is used again.
    for how in 0..3 {
        let server = Server::new(move |mut connection| async move {
            connection.request().await;
            let answer = String::from_utf8(ok(ACTION)).unwrap();
            let told = answer.replace("OK\r\n", "OK\r\nconnection: close\r\n");
            connection.send(if how == 0 { told } else { answer }).await;
            if how == 2 {
                connection.request().await;
            }
        })
        .await;
        let mut session = session(&server).await;
        for call in 0..4 {
            let action = session.act(&Observation::default()).await;
            assert!(action.is_ok(), "call {call} of server {how}: {action:?}");
        }
        assert_eq!(server.connections(), 4, "server {how}");
    }
}

#[tokio::test]
async fn a_call_is_made_twice_at_most() {
    let server = Server::new(|mut connection| async move { drop(connection.request().await) }).await;
    assert_eq!(fault(&server).await.kind, MinerFaultKind::Unreachable);
    assert!(server.requests().len() <= 2, "{}", server.requests().len());
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let server = Server::honest().await;
    let policy = server.policy();
    let address = server.address;
    drop(server);
    // The listener goes when its task does.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let mut session = client().session(&policy).await.unwrap();
    let fault = crate::miner(session.act(&Observation::default()).await);
    assert_eq!(fault.kind, MinerFaultKind::Unreachable);
    assert!(!fault.detail.contains("127.0.0.1"), "{fault}");
}

#[tokio::test]
async fn bytes_behind_an_answer_are_no_answer_to_the_next_call() {
    let server = Server::new(|mut connection| async move {
        connection.request().await;
        let smuggled = r#"{"action":{"continuous":{"gripper":[1.0]}}}"#;
        connection.send([ok(ACTION), ok(smuggled)].concat()).await;
        connection.hang().await;
    })
    .await;
    let mut session = session(&server).await;
    for _ in 0..3 {
        let action = session.act(&Observation::default()).await.unwrap();
        assert_eq!(action.continuous["gripper"], [0.5]);
    }
}

#[tokio::test]
async fn garbage_for_tls_is_unreachable() {
    let alert = [0x15, 3, 3, 0, 2, 2, 40];
    let oversize = [0x16, 3, 3, 0xff, 0xff, 1];
    for bytes in [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        vec![0; 64],
        alert.to_vec(),
        oversize.to_vec(),
    ] {
        let garbage = bytes.clone();
        let server = Server::new(move |mut connection| {
            let garbage = garbage.clone();
            async move {
                connection.send(garbage).await;
                drop(connection.request().await);
            }
        })
        .await;
        let mut session = client()
            .session(&endpoint(format!("https://{}", server.address)))
            .await
            .unwrap();
        assert_eq!(
            kind(session.act(&Observation::default()).await),
            MinerFaultKind::Unreachable,
            "{bytes:?}"
        );
    }
}

/// A TLS record announced and never sent is waited for no longer than anything else.
#[tokio::test]
async fn half_a_handshake_is_a_timeout() {
    let server = Server::new(|mut connection| async move {
        connection.send([0x16, 3, 3, 0, 16, 1]).await;
        connection.hang().await;
    })
    .await;
    let client = kinitro_policy::Client::new(&crate::hasty()).unwrap();
    let mut session = client
        .session(&endpoint(format!("https://{}", server.address)))
        .await
        .unwrap();
    let act = crate::unstalled(async || session.act(&Observation::default()).await).await;
    assert_eq!(kind(act), MinerFaultKind::Timeout);
    let environment = "metaworld/push-v3".parse().unwrap();
    let reset = crate::unstalled(async || session.reset(&environment, 1).await).await;
    assert_eq!(kind(reset), MinerFaultKind::Timeout);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let made = rcgen::generate_simple_self_signed(["secret-miner.example".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let tls = tls
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let accepted =
        tokio::spawn(async move { acceptor.accept(listener.accept().await.unwrap().0).await.is_ok() });
    let mut session = client().session(&endpoint(url)).await.unwrap();
    let fault = crate::miner(session.act(&Observation::default()).await);
    assert_eq!(fault.kind, MinerFaultKind::Unreachable);
    assert!(
        fault.detail.contains("certificate") && !fault.detail.contains("secret"),
        "{fault}"
    );
    assert!(!accepted.await.unwrap(), "the handshake ended well");
}

#[tokio::test]
async fn a_scripted_policy_answers_without_a_network() {
    let config = kinitro_policy::Config {
        scripted: true,
        ..crate::config()
    };
    let client = kinitro_policy::Client::new(&config).unwrap();
    let mut session = client.session(&endpoint("scripted:0.7")).await.unwrap();
    session
        .reset(&"metaworld/push-v3".parse().unwrap(), 1)
        .await
        .unwrap();
    let action = session.act(&Observation::default()).await.unwrap();
    assert_eq!(action.continuous["quality"], [0.7]);
    assert_eq!(
        kind(self::client().session(&endpoint("scripted:0.7")).await),
        MinerFaultKind::BadEndpoint
    );
    act(&Server::honest().await).await.unwrap();
}
