//! A gateway of the test's own, and a client that follows nothing by itself.

use kinitro_gateway::{Bound, Config};
use kinitro_harness::eventually;
use reqwest::{Client, Method, Response, header::HeaderMap, redirect::Policy};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

#[derive(clap::Parser)]
struct Arguments {
    #[command(flatten)]
    config: Config,
}

/// The configuration of the flags, on a free port, without a bus.
pub(crate) fn config(database: &str, flags: &[&str]) -> Config {
    let mut arguments = vec!["gateway", "--database-url", database];
    arguments.extend([
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--refresh-milliseconds",
        "50",
    ]);
    if !flags.contains(&"--nats-url") {
        arguments.extend(["--nats-url", "nats://127.0.0.1:1", "--nats-connect-timeout", "1s"]);
    }
    arguments.extend(flags);
    <Arguments as clap::Parser>::try_parse_from(arguments)
        .unwrap()
        .config
}

/// A running gateway.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    client: Client,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: `{}`", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Gateway {
    pub(crate) async fn start(database: &str) -> Self {
        Self::start_with(database, &[]).await
    }

    pub(crate) async fn start_with(database: &str, flags: &[&str]) -> Self {
        let bound = Bound::new(config(database, flags)).await.unwrap();
        let (address, shutdown) = (bound.address(), CancellationToken::new());
        let running = tokio::spawn(bound.run(shutdown.clone()));
        kinitro_chassis::tls::install();
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            address,
            client,
            shutdown,
            running,
        }
    }

    /// Starts it and waits until it has read the ledger.
    pub(crate) async fn ready(database: &str) -> Self {
        let gateway = Self::start(database).await;
        gateway.until("/ready", |answer| answer.status == 200).await;
        gateway
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let response = self.open(method, path, headers, body).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }

    /// Asks, and leaves the body to be read.
    pub(crate) async fn open(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Response {
        let url = format!("http://{}{path}", self.address);
        let mut request = self.client.request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], String::new()).await
    }

    /// Asks until the answer is as it should be.
    pub(crate) async fn until(&self, path: &str, right: impl Fn(&Answer) -> bool) -> Answer {
        eventually(PATIENCE, path, async || {
            let answer = self.get(path).await;
            if right(&answer) { Ok(answer) } else { Err(answer) }
        })
        .await
    }

    /// Shuts it down and waits for its end.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.running)
            .await
            .unwrap()
            .unwrap();
    }
}
