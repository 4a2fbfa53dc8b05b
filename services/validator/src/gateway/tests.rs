//! The client against a server that does everything wrong.

use super::*;
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use kinitro_chassis::report;
use serde_json::{Value, json};
use std::sync::Mutex;
use tokio::net::TcpListener;

type Told = Box<dyn FnMut(HeaderMap) -> Response + Send>;

/// A gateway on loopback that answers what it is told to; ends with the test's runtime.
async fn gateway(answer: impl FnMut(HeaderMap) -> Response + Send + 'static) -> Gateway {
    served("/v1/weights/latest", "", Box::new(answer)).await
}

async fn served(path: &str, prefix: &str, answer: Told) -> Gateway {
    served_within(path, (prefix, answer), Duration::from_secs(5)).await
}

async fn served_within(path: &str, (prefix, answer): (&str, Told), timeout: Duration) -> Gateway {
    kinitro_chassis::tls::install();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let backend = format!("http://{}{prefix}", listener.local_addr().unwrap());
    let answer = Arc::new(Mutex::new(answer));
    let app = Router::new().route(
        path,
        get(async move |headers: HeaderMap| (answer.lock().unwrap())(headers)),
    );
    tokio::spawn(async move { axum::serve(listener, app).await });
    Gateway::with_timeout(&backend.parse().unwrap(), timeout).unwrap()
}

fn document() -> Value {
    json!({
        "cycle_id": 7, "block_number": 1000, "block": 1000, "timestamp": "2024-01-15T10:30:12.750000Z",
        "created_at": "2024-01-15T10:30:12.750000Z",
        "weights": {"3": 0.017_986_209_962_091_555, "12": 0.982_013_790_037_908_5},
        "weights_u16": {"uids": [12, 3], "values": [64356, 1178]},
        "metadata": {"n_miners_evaluated": 2, "n_environments": 2, "evaluation_duration_seconds": 12.75},
        "stale": false, "added_later": true,
    })
}

/// What the client makes of such a body.
async fn of_body(body: impl Into<String>) -> Result<Option<Arc<Latest>>> {
    let body = body.into();
    gateway(move |_| body.clone().into_response())
        .await
        .latest()
        .await
}

/// What the client makes of the document with that in the place of one of its values.
async fn with(key: &str, value: Value) -> Result<Option<Arc<Latest>>> {
    let mut document = document();
    document[key] = value;
    of_body(document.to_string()).await
}

#[tokio::test]
async fn the_gateways_answer_is_read() {
    let latest = of_body(document().to_string()).await.unwrap().unwrap();
    assert_eq!(latest.answer.bytes, document().to_string().into_bytes());
    let weights = &latest.weights;
    assert_eq!((weights.cycle, weights.block), (CycleId(7), BlockNumber(1000)));
    assert_eq!(weights.settled_at.to_string(), "2024-01-15T10:30:12.75Z");
    assert_eq!(
        weights.weights[&Uid(3)].to_bits(),
        0.017_986_209_962_091_555_f64.to_bits()
    );
    assert_eq!(weights.weights.len(), 2);
    assert!(!weights.stale);
}

#[tokio::test]
async fn version_2_said_nothing_of_staleness() {
    let mut document = document();
    for key in ["stale", "block", "created_at"] {
        document.as_object_mut().unwrap().remove(key);
    }
    let latest = of_body(document.to_string()).await.unwrap().unwrap();
    assert!(!latest.weights.stale);
}

#[tokio::test]
async fn an_answer_is_sent_once_and_kept_while_its_tag_holds() {
    let mut sent = 0;
    let mut gateway = gateway(move |headers| {
        if headers.get(IF_NONE_MATCH).is_some_and(|tag| tag == "\"a\"") {
            return StatusCode::NOT_MODIFIED.into_response();
        }
        sent += 1;
        assert_eq!(sent, 1, "the tag was not sent back");
        ([(ETAG, "\"a\"")], document().to_string()).into_response()
    })
    .await;
    let first = gateway.latest().await.unwrap().unwrap();
    for _ in 0..3 {
        let again = gateway.latest().await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &again));
    }
}

#[tokio::test]
async fn an_answer_without_a_tag_is_asked_for_again() {
    let mut gateway = gateway(|headers| {
        assert!(!headers.contains_key(IF_NONE_MATCH));
        document().to_string().into_response()
    })
    .await;
    for _ in 0..2 {
        assert!(gateway.latest().await.unwrap().is_some());
    }
}

#[tokio::test]
async fn not_modified_is_no_answer_to_a_first_question() {
    let mut gateway = gateway(|_| StatusCode::NOT_MODIFIED.into_response()).await;
    for _ in 0..2 {
        assert!(matches!(gateway.latest().await, Err(Error::Unasked)));
    }
}

#[tokio::test]
async fn the_tag_of_an_answer_that_cannot_be_read_is_not_sent_back() {
    let mut answers = [document().to_string(), "{".to_owned(), document().to_string()].into_iter();
    let mut gateway = gateway(move |headers| {
        if headers.get(IF_NONE_MATCH).is_some_and(|tag| tag == "\"bad\"") {
            return StatusCode::NOT_MODIFIED.into_response();
        }
        let body = answers.next().unwrap();
        let tag = if body == "{" { "\"bad\"" } else { "\"good\"" };
        ([(ETAG, tag)], body).into_response()
    })
    .await;
    assert!(gateway.latest().await.is_ok());
    assert!(matches!(gateway.latest().await, Err(Error::Unreadable { .. })));
    assert!(gateway.latest().await.unwrap().is_some());
}

#[tokio::test]
async fn before_the_first_cycle_there_are_no_weights() {
    let problem = r#"{"detail":"No weights available yet","status":404}"#;
    let mut gateway = gateway(move |_| (StatusCode::NOT_FOUND, problem).into_response()).await;
    assert_eq!(gateway.latest().await.unwrap(), None);
}

#[tokio::test]
async fn a_gateway_behind_a_path_is_asked_below_it() {
    for prefix in ["/api", "/api/"] {
        let answer = Box::new(|_: HeaderMap| document().to_string().into_response());
        let mut gateway = served("/api/v1/weights/latest", prefix, answer).await;
        assert!(gateway.latest().await.unwrap().is_some(), "`{prefix}`");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let mut gateway = gateway(move |_| {
            let location = [(header::LOCATION, "http://127.0.0.1:1/")];
            (StatusCode::from_u16(status).unwrap(), location).into_response()
        })
        .await;
        let error = gateway.latest().await.unwrap_err();
        assert!(
            matches!(error, Error::Status { status: is, .. } if is == status),
            "{error}"
        );
        assert!(error.is_passing());
    }
}

#[tokio::test]
async fn other_answers_are_passing_faults() {
    for status in [204, 400, 401, 403, 429, 500, 502, 503] {
        let mut gateway = gateway(move |_| StatusCode::from_u16(status).unwrap().into_response()).await;
        let error = gateway.latest().await.unwrap_err();
        assert!(error.is_passing(), "{status}: {error}");
    }
}

#[tokio::test]
async fn wrong_types_are_not_read() {
    for (key, value) in [
        ("cycle_id", json!("7")),
        ("cycle_id", json!(null)),
        ("block_number", json!(-1)),
        ("block_number", json!(1.5)),
        ("timestamp", json!(1_705_314_612)),
        ("timestamp", json!("yesterday")),
        ("weights", json!([0.5, 0.5])),
        ("weights", json!(null)),
        ("weights", json!({"3": "0.5"})),
        ("weights", json!({"3": null})),
        ("weights", json!({"3": [1.0]})),
        ("weights", json!({"65536": 0.5})),
        ("weights", json!({"-1": 0.5})),
        ("weights", json!({"03": 0.5})),
        ("weights", json!({"+3": 0.5})),
        ("weights", json!({"": 0.5})),
        ("weights", json!({"five": 0.5})),
        ("stale", json!("no")),
        ("stale", json!(0)),
    ] {
        let shown = format!("{key}: {value}");
        let read = with(key, value).await;
        assert!(matches!(read, Err(Error::Unreadable { .. })), "{shown}: {read:?}");
    }
}

#[tokio::test]
async fn what_is_no_json_or_says_a_thing_twice_is_not_read() {
    let of_weights = |weights: &str| {
        format!(r#"{{"cycle_id":7,"block_number":1,"timestamp":"2024-01-15T10:30:12Z","weights":{weights}}}"#)
    };
    assert!(of_body(of_weights(r#"{"3":1}"#)).await.is_ok());
    let deep = "[".repeat(100_000);
    for body in [
        String::new(),
        "null".to_owned(),
        "<html>".to_owned(),
        deep,
        of_weights(r#"{"3":NaN}"#),
        of_weights(r#"{"3":Infinity}"#),
        of_weights(r#"{"3":1e999}"#),
        of_weights(r#"{"3":0.5,"3":0.5}"#),
        of_weights(r#"{"3":1},"weights":{"4":1}"#),
        of_weights(r#"{"3":1}} {"#),
    ] {
        let start: String = body.chars().take(120).collect();
        let read = of_body(body).await;
        assert!(matches!(read, Err(Error::Unreadable { .. })), "{start}: {read:?}");
    }
}

#[tokio::test]
async fn a_huge_body_is_cut_off() {
    let endless = || {
        let part = Bytes::from(vec![b' '; 64 * 1024]);
        let parts = std::iter::repeat_with(move || Ok::<_, std::io::Error>(part.clone()));
        Body::from_stream(futures::stream::iter(parts)).into_response()
    };
    let error = gateway(move |_| endless()).await.latest().await.unwrap_err();
    assert!(matches!(error, Error::TooLong { .. }), "{error}");
}

#[tokio::test]
async fn a_slow_answer_is_cut_off() {
    let never = || Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let answer = Box::new(move |_| never().into_response());
    let mut gateway = served_within("/v1/weights/latest", ("", answer), Duration::from_millis(200)).await;
    let error = gateway.latest().await.unwrap_err();
    assert!(matches!(error, Error::Unanswered { .. }), "{error}");
    assert!(error.is_passing());
}

#[tokio::test]
async fn nobody_there_is_a_passing_fault_that_names_the_address() {
    kinitro_chassis::tls::install();
    let address = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let backend = format!("http://{address}").parse().unwrap();
    let error = Gateway::new(&backend).unwrap().latest().await.unwrap_err();
    assert!(error.is_passing());
    let said = report(&error).to_string();
    assert_eq!(said.matches(&address.to_string()).count(), 1, "{said}");
}
