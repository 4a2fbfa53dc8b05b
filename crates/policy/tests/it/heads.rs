//! Status lines and headers.

use crate::{
    ACTION, client, endpoint, fault,
    server::{Server, ok, status},
    session,
};
use kinitro_proto::{MinerFaultKind, Observation};

#[tokio::test]
async fn only_2xx_is_an_answer() {
    let table = [
        ("400 Bad Request", MinerFaultKind::BadStatus),
        ("404 Not Found", MinerFaultKind::BadStatus),
        ("422 Unprocessable Entity", MinerFaultKind::BadStatus),
        ("500 Internal Server Error", MinerFaultKind::BadStatus),
        ("503 Service Unavailable", MinerFaultKind::BadStatus),
        (
            "101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade",
            MinerFaultKind::BadStatus,
        ),
        ("999 x", MinerFaultKind::BadStatus),
        ("300 Multiple Choices", MinerFaultKind::Redirect),
        ("304 Not Modified", MinerFaultKind::Redirect),
        ("204 No Content", MinerFaultKind::NotJson),
        ("200 OK", MinerFaultKind::NotJson),
    ];
    for (line, expected) in table {
        let fault = fault(&Server::answering(status(line)).await).await;
        assert_eq!(fault.kind, expected, "{line}: {fault}");
    }
}

#[tokio::test]
async fn a_reset_asks_for_nothing_but_2xx() {
    for (line, taken) in [
        ("200 OK", true),
        ("204 No Content", true),
        ("302 Found", false),
        ("500 x", false),
    ] {
        let server = Server::answering(status(line)).await;
        let reset = session(&server)
            .await
            .reset(&"metaworld/push-v3".parse().unwrap(), 1)
            .await;
        assert_eq!(reset.is_ok(), taken, "{line}");
    }
    let server = Server::ok("<html>").await;
    session(&server)
        .await
        .reset(&"metaworld/push-v3".parse().unwrap(), 1)
        .await
        .unwrap();
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let target = Server::honest().await;
    for code in [301, 302, 303, 307, 308] {
        let line = format!(
            "{code} x\r\nlocation: http://{}/act\r\nrefresh: 0; url=/act",
            target.address
        );
        let server = Server::answering(status(&line)).await;
        assert_eq!(fault(&server).await.kind, MinerFaultKind::Redirect, "{code}");
        assert_eq!(server.requests().len(), 1, "{code}");
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn a_head_is_bounded_in_count_and_size() {
    let many: String = (0..1000).map(|n| format!("h{n}: x\r\n")).collect();
    let large = format!("h: {}\r\n", "x".repeat(1_000_000));
    for headers in [many, large] {
        let server = Server::answering(format!("HTTP/1.1 200 OK\r\n{headers}\r\n")).await;
        assert_eq!(fault(&server).await.kind, MinerFaultKind::TooLarge);
    }
}

#[tokio::test]
async fn endless_headers_end() {
    let server = Server::new(|mut connection| async move {
        connection.request().await;
        connection.send("HTTP/1.1 200 OK\r\n").await;
        while connection.send("a: b\r\n".repeat(1000)).await {}
    })
    .await;
    assert_eq!(fault(&server).await.kind, MinerFaultKind::TooLarge);
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    for bytes in [
        "hello\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 2 OK\r\n\r\n",
        "\0\0\0\0\0\0\0\0\r\n\r\n",
    ] {
        let fault = fault(&Server::answering(bytes).await).await;
        assert_eq!(fault.kind, MinerFaultKind::Unreachable, "{bytes:?}: {fault}");
    }
    for length in ["-1", "x", "1, 2", "99999999999999999999999"] {
        let server = Server::answering(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")).await;
        assert_eq!(fault(&server).await.kind, MinerFaultKind::Unreachable, "{length}");
    }
}

#[tokio::test]
async fn early_answers_without_end_are_not_waited_for() {
    let server = Server::new(|mut connection| async move {
        connection.request().await;
        while connection.send("HTTP/1.1 100 Continue\r\n\r\n").await {}
    })
    .await;
    let act = async || {
        crate::hasty_session(&server)
            .await
            .act(&Observation::default())
            .await
    };
    assert_eq!(crate::kind(crate::unstalled(act).await), MinerFaultKind::Timeout);
}

#[tokio::test]
async fn a_cookie_is_not_sent_back() {
    let with_cookie = String::from_utf8(ok(ACTION))
        .unwrap()
        .replace("OK\r\n", "OK\r\nset-cookie: a=b\r\n");
    let server = Server::answering(with_cookie).await;
    let mut session = session(&server).await;
    for _ in 0..2 {
        session.act(&Observation::default()).await.unwrap();
    }
    assert!(
        server
            .requests()
            .iter()
            .all(|request| !request.contains("cookie"))
    );
}

#[tokio::test]
async fn a_request_says_what_v2_said_and_asks_for_no_compression() {
    let server = Server::honest().await;
    let url = format!("http://{}/good/", server.address);
    let mut session = client().session(&endpoint(url)).await.unwrap();
    session
        .reset(&"metaworld/push-v3".parse().unwrap(), 7)
        .await
        .unwrap();
    for _ in 0..2 {
        session.act(&Observation::default()).await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests[1], requests[2]);
    let expected = r#"{"task_config":{"env_id":"metaworld/push-v3","env_name":"metaworld","task_name":"push-v3","seed":7,"task_id":7}}"#;
    assert!(requests[0].starts_with("POST /good/reset HTTP/1.1\r\n") && requests[0].ends_with(expected));
    assert!(requests[1].starts_with("POST /good/act HTTP/1.1\r\n"));
    for request in &requests {
        assert!(
            request.contains("\r\ncontent-type: application/json\r\n"),
            "{request}"
        );
        assert!(
            !request.contains("accept-encoding") && !request.contains("referer"),
            "{request}"
        );
    }
}
