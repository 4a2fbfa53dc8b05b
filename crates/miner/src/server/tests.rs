use super::*;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

const LIMIT: usize = 128 * 1024 * 1024;
const OBSERVATION: &str = r#"{"obs":{"proprio":{"ee_pos":[0.0,0.6,0.2],"gripper":[1.0]}}}"#;

fn config(policy: Policy, misbehave: Option<&str>) -> Config {
    Config {
        host: "127.0.0.1".into(),
        port: 0,
        policy,
        random_actions: false,
        no_random_actions: false,
        misbehave: misbehave.map(|how| how.parse().unwrap()),
    }
}

async fn call(router: &Router, method: &str, path: &str, body: impl Into<Body>) -> (StatusCode, Bytes) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(body.into())
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    (status, to_bytes(response.into_body(), LIMIT).await.unwrap())
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[tokio::test]
async fn all_of_v2s_transcripts_are_answered_as_v2_did() {
    let golden = value(include_bytes!("../../tests/golden/miner_http.json"));
    let router = router(&config(Policy::Still, None));
    let mut ran = 0;
    for entry in golden["transcript"].as_array().unwrap() {
        let (name, request, expected) = (&entry["name"], &entry["request"], &entry["response"]);
        let raw = request["raw"].as_str().map(str::to_owned);
        let body = raw.unwrap_or_else(|| {
            if request["body"].is_null() {
                String::new()
            } else {
                request["body"].to_string()
            }
        });
        let (status, found) = call(
            &router,
            request["method"].as_str().unwrap(),
            request["path"].as_str().unwrap(),
            body,
        )
        .await;
        let (mut found, mut expected_json) = (value(&found), expected["json"].clone());
        assert_eq!(status.as_u16(), expected["status"], "{name}");
        if name == "health" {
            assert!(
                found["uptime_seconds"]
                    .as_f64()
                    .is_some_and(|seconds| seconds >= 0.0)
            );
            found["uptime_seconds"] = expected_json["uptime_seconds"].clone();
        }
        if name == "act_bad_json" {
            // Every parser words this its own way.
            expected_json["detail"][0]["ctx"]["error"] = found["detail"][0]["ctx"]["error"].take();
            found["detail"][0]["ctx"]["error"] = expected_json["detail"][0]["ctx"]["error"].clone();
            assert!(found["detail"][0]["ctx"]["error"].is_string());
        }
        assert_eq!(found, expected_json, "{name}");
        ran += 1;
    }
    assert_eq!(ran, 18);
}

#[tokio::test]
async fn bodies_over_the_limit_and_faults_without_end_are_cut_short() {
    let router = router(&config(Policy::Still, None));
    let (status, _) = call(&router, "POST", "/act", vec![b' '; MAX_BODY_BYTES + 1]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let many = json!({"obs": {"proprio": {"a": vec![json!({}); 1000]}}}).to_string();
    let (status, body) = call(&router, "POST", "/act", many).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(value(&body)["detail"].as_array().unwrap().len(), 32);
    let deep = "[".repeat(100_000);
    assert_eq!(
        call(&router, "POST", "/act", deep).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn the_policies_act_as_their_names_say() {
    let act = async |policy| {
        value(
            &call(&router(&config(policy, None)), "POST", "/act", OBSERVATION)
                .await
                .1,
        )
    };
    let twist = |answer: &Value| -> Vec<f64> {
        answer["action"]["continuous"]["ee_twist"]
            .as_array()
            .unwrap()
            .iter()
            .map(|x| x.as_f64().unwrap())
            .collect()
    };
    assert_eq!(twist(&act(Policy::Still).await), [0.0; 6]);
    let random = twist(&act(Policy::Random).await);
    assert!(random.iter().all(|x| *x != 0.0 && x.abs() < 1.0), "{random:?}");
    // From the start the sweep goes back at full speed.
    assert_eq!(twist(&act(Policy::Sweep).await), [0.0, -1.0, 0.0, 0.0, 0.0, 0.0]);
}

#[tokio::test]
async fn every_misbehaviour_is_as_bad_as_its_name() {
    let reply = async |how| {
        call(
            &router(&config(Policy::Still, Some(how))),
            "POST",
            "/act",
            OBSERVATION,
        )
        .await
    };
    let (status, body) = reply("oversize").await;
    assert!(
        status.is_success() && body.len() > 60 * 1024 * 1024,
        "{}",
        body.len()
    );
    assert!(serde_json::from_slice::<Value>(&reply("not-json").await.1).is_err());
    assert_eq!(
        value(&reply("wrong-shape").await.1)["action"]["continuous"]["ee_twist"],
        json!([0.5])
    );
    let nan = value(&reply("nan").await.1)["action"]["continuous"]["ee_twist"][0]
        .as_f64()
        .unwrap();
    assert!(nan > f64::from(f32::MAX));
    assert_eq!(value(&reply("nul").await.1)["action"]["extra"]["no\0te"], "a\0b");
    assert_eq!(reply("redirect").await.0, StatusCode::TEMPORARY_REDIRECT);
    let started = Instant::now();
    assert!(reply("slow:60").await.0.is_success() && started.elapsed() >= Duration::from_millis(60));
    let router = router(&config(Policy::Still, Some("reset-500")));
    let (status, _) = call(&router, "POST", "/reset", r#"{"task_config":{}}"#).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(call(&router, "POST", "/act", OBSERVATION).await.0.is_success());
}

struct Running {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<Result<()>>,
}

async fn start(config: &Config) -> Running {
    let server = Server::bind(config).await.unwrap();
    let (address, shutdown) = (server.local_addr(), CancellationToken::new());
    Running {
        address,
        shutdown: shutdown.clone(),
        task: tokio::spawn(server.run(shutdown)),
    }
}

async fn send(address: SocketAddr, path: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: miner\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn exchange(address: SocketAddr, path: &str, body: &str) -> String {
    let mut text = String::new();
    send(address, path, body)
        .await
        .read_to_string(&mut text)
        .await
        .unwrap();
    text
}

#[tokio::test]
async fn it_serves_until_it_is_told_to_stop() {
    let miner = start(&config(Policy::Still, None)).await;
    let answer = exchange(
        miner.address,
        "/reset",
        r#"{"task_config":{"env_id":"metaworld/reach-v3"}}"#,
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("mock-episode"),
        "{answer}"
    );
    miner.shutdown.cancel();
    miner.task.await.unwrap().unwrap();
    assert!(TcpStream::connect(miner.address).await.is_err());
}

#[tokio::test]
async fn a_dropped_answer_ends_before_its_promised_length() {
    let miner = start(&config(Policy::Still, Some("drop"))).await;
    let mut bytes = vec![];
    // The end may come as a reset.
    let end = send(miner.address, "/act", OBSERVATION)
        .await
        .read_to_end(&mut bytes)
        .await;
    assert!(bytes.len() < 1000, "{end:?} {}", String::from_utf8_lossy(&bytes));
    miner.shutdown.cancel();
    miner.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_caller_that_follows_redirects_would_be_answered() {
    let miner = start(&config(Policy::Still, Some("redirect"))).await;
    let answer = exchange(miner.address, "/act", OBSERVATION).await;
    assert!(
        answer.starts_with("HTTP/1.1 307") && answer.contains("location: /redirected"),
        "{answer}"
    );
    assert!(
        exchange(miner.address, "/redirected", OBSERVATION)
            .await
            .starts_with("HTTP/1.1 200")
    );
    miner.shutdown.cancel();
    miner.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn hanging_calls_do_not_outlive_the_grace_period() {
    let miner = start(&config(Policy::Still, Some("hang"))).await;
    let mut stream = send(miner.address, "/act", OBSERVATION).await;
    let waiting = tokio::time::timeout(Duration::from_millis(100), stream.read_u8()).await;
    assert!(waiting.is_err(), "an answer came");
    miner.shutdown.cancel();
    tokio::time::timeout(GRACE * 3, miner.task)
        .await
        .expect("the server ends")
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let miner = start(&config(Policy::Still, None)).await;
    let taken = Config {
        port: miner.address.port(),
        ..config(Policy::Still, None)
    };
    let error = Server::bind(&taken).await.unwrap_err();
    assert!(error.to_string().contains(&miner.address.to_string()), "{error}");
    miner.shutdown.cancel();
    miner.task.await.unwrap().unwrap();
}
