//! Bodies: their size, their encoding, what they say.

use crate::{
    ACTION, act, fault,
    server::{Server, ok},
    session,
};
use kinitro_proto::{MinerFaultKind, Observation};

/// An honest answer as a gzip member: a client that unpacks it takes it.
fn gzip(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let crc = !text.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    });
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let stored = [
        &[1][..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        text.as_bytes(),
    ]
    .concat();
    [
        &head[..],
        &stored,
        &crc.to_le_bytes(),
        &u32::from(length).to_le_bytes(),
    ]
    .concat()
}

#[tokio::test]
async fn an_honest_answer_is_taken() {
    let action = act(&Server::honest().await).await.unwrap();
    assert_eq!(action.continuous["gripper"], [0.5]);
}

#[tokio::test]
async fn a_body_told_to_be_too_large_is_not_read() {
    for length in [256 * 1024 + 1, u64::from(u32::MAX) + 1, u64::MAX / 2] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        let server = Server::answering(head).await;
        // No byte of the body ever comes: the fault can only come from the length.
        assert_eq!(fault(&server).await.kind, MinerFaultKind::TooLarge, "{length}");
    }
}

#[tokio::test]
async fn a_body_up_to_the_limit_is_read_and_one_byte_more_is_not() {
    let limit = 256 * 1024;
    let padded = |length: usize| format!("{ACTION}{}", " ".repeat(length - ACTION.len()));
    act(&Server::ok(padded(limit)).await).await.unwrap();
    assert_eq!(
        fault(&Server::ok(padded(limit + 1)).await).await.kind,
        MinerFaultKind::TooLarge
    );
    let to_the_end = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}",
        padded(limit + 1)
    );
    assert_eq!(
        fault(&Server::answering(to_the_end).await).await.kind,
        MinerFaultKind::TooLarge
    );
}

#[tokio::test]
async fn an_endless_chunked_body_ends() {
    let server = Server::new(|mut connection| async move {
        connection.request().await;
        connection
            .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
        let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
        while connection.send(&chunk).await {}
    })
    .await;
    assert_eq!(fault(&server).await.kind, MinerFaultKind::TooLarge);
    let reset = session(&server)
        .await
        .reset(&"metaworld/push-v3".parse().unwrap(), 1)
        .await;
    assert_eq!(crate::kind(reset), MinerFaultKind::TooLarge);
}

#[tokio::test]
async fn tricks_with_chunks_are_no_answer() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let extension = format!("1;{}\r\n", "x".repeat(100_000));
    for chunks in [
        "ffffffffffffffffff\r\n",
        "-1\r\n",
        "x\r\n",
        "1\r\nab\r\n0\r\n\r\n",
        &extension,
    ] {
        let fault = fault(&Server::answering(format!("{head}{chunks}")).await).await;
        assert_eq!(fault.kind, MinerFaultKind::Unreachable, "{chunks:.20}: {fault}");
    }
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let packed = gzip(ACTION);
    for encoding in ["gzip", "br", "zstd", "deflate"] {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n",
            packed.len()
        );
        let server = Server::answering([head.as_bytes(), &packed].concat()).await;
        assert_eq!(fault(&server).await.kind, MinerFaultKind::NotJson, "{encoding}");
    }
}

#[tokio::test]
async fn a_connection_closed_within_a_body_is_unreachable() {
    let server = Server::new(|mut connection| async move {
        connection.request().await;
        connection.send(&ok(ACTION)[..60]).await;
    })
    .await;
    assert_eq!(fault(&server).await.kind, MinerFaultKind::Unreachable);
    assert_eq!(
        server.requests().len(),
        1,
        "an answer that began is not asked for again"
    );
}

#[tokio::test]
async fn each_wrong_body_has_its_own_kind() {
    let deep = format!(r#"{{"action":{{"extra":{{"a":{}"#, "[".repeat(10_000));
    let table = [
        ("<html>", MinerFaultKind::NotJson),
        ("{\"action\":", MinerFaultKind::NotJson),
        ("[]", MinerFaultKind::BadAction),
        ("{}", MinerFaultKind::BadAction),
        ("{\"action\":null}", MinerFaultKind::BadAction),
        ("{\"action\":{},\"x\":1}", MinerFaultKind::BadAction),
        (
            "{\"action\":{\"continuous\":{\"a\":[\"1\"]}}}",
            MinerFaultKind::BadAction,
        ),
        (
            "{\"action\":{\"continuous\":{\"a\\u0000\":[1]}}}",
            MinerFaultKind::BadAction,
        ),
        (
            "{\"action\":{\"continuous\":{\"a\":[1],\"a\":[1]}}}",
            MinerFaultKind::BadAction,
        ),
        (
            "{\"action\":{\"continuous\":{\"a\":[NaN]}}}",
            MinerFaultKind::NotFinite,
        ),
        (
            "{\"action\":{\"continuous\":{\"a\":[-Infinity]}}}",
            MinerFaultKind::NotFinite,
        ),
        (
            "{\"action\":{\"continuous\":{\"a\":[1e39]}}}",
            MinerFaultKind::NotFinite,
        ),
        (&deep, MinerFaultKind::BadAction),
    ];
    for (body, expected) in table {
        let fault = fault(&Server::ok(body).await).await;
        assert_eq!(fault.kind, expected, "{body:.60}: {fault}");
        assert!(
            !fault.detail.contains('\0') && !fault.detail.contains("127.0.0.1"),
            "{fault}"
        );
    }
}

/// A fault in an answer that was read whole breaks neither the session nor its connection.
#[tokio::test]
async fn a_session_goes_on_after_a_bad_answer() {
    let server = Server::new(|mut connection| async move {
        for body in ["{}", ACTION] {
            connection.request().await;
            connection.send(ok(body)).await;
        }
    })
    .await;
    let mut session = session(&server).await;
    session.act(&Observation::default()).await.unwrap_err();
    session.act(&Observation::default()).await.unwrap();
    assert_eq!((server.connections(), session.timings().acts), (1, 2));
}
