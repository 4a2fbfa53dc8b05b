//! Health and metrics over HTTP, and the probe that asks for them.

use crate::{Error, Result, backoff::pause};
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use prometheus_client::{encoding::text::encode, registry::Registry};
use serde_json::json;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// What a service needs to do its work, and whether it has it. Shared by cloning; whoever holds a need
/// says how it stands.
#[derive(Debug, Clone, Default)]
pub struct Health {
    needs: Arc<Mutex<BTreeMap<String, Option<String>>>>,
}

impl Health {
    /// Starts with every need unmet: a service is not ready before it has been.
    #[must_use]
    pub fn new(needs: &[&str]) -> Self {
        let health = Self::default();
        for need in needs {
            health.missing(need, "not connected yet");
        }
        health
    }

    /// Says that the need is met.
    pub fn met(&self, need: &str) {
        self.set(need, None);
    }

    /// Says that the need is not met, and why.
    pub fn missing(&self, need: &str, why: impl Into<String>) {
        self.set(need, Some(why.into()));
    }

    /// Looks every second whether the need is met, until shutdown: for what can be lost while nobody asks for it.
    pub async fn follow(
        &self,
        need: &str,
        why: &str,
        is_met: impl Fn() -> bool + Send,
        shutdown: &CancellationToken,
    ) {
        loop {
            if is_met() {
                self.met(need)
            } else {
                self.missing(need, why)
            }
            if !pause(Duration::from_secs(1), shutdown).await {
                return;
            }
        }
    }

    /// What is missing, by need; empty when ready.
    #[must_use]
    pub fn faults(&self) -> BTreeMap<String, String> {
        let needs = self.needs.lock().unwrap_or_else(PoisonError::into_inner);
        needs
            .iter()
            .filter_map(|(need, why)| Some((need.clone(), why.clone()?)))
            .collect()
    }

    fn set(&self, need: &str, why: Option<String>) {
        let mut needs = self.needs.lock().unwrap_or_else(PoisonError::into_inner);
        needs.insert(need.to_owned(), why);
    }
}

#[derive(Debug, Clone)]
struct Served {
    health: Health,
    registry: Arc<Registry>,
}

/// `/health` (200 while the process lives), `/ready` (200, or 503 and what is missing) and `/metrics`
/// (`OpenMetrics` text).
pub fn router(health: Health, registry: Arc<Registry>) -> Router {
    Router::new()
        .route(
            "/health",
            get(async || Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))),
        )
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Served { health, registry })
}

async fn ready(State(served): State<Served>) -> impl IntoResponse {
    let faults = served.health.faults();
    let status = if faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(json!({"ready": faults.is_empty(), "missing": faults})),
    )
}

async fn metrics(State(served): State<Served>) -> impl IntoResponse {
    exposition(&served.registry)
}

/// The registry as a response, for servers that bring their own routes.
pub fn exposition(registry: &Registry) -> impl IntoResponse + use<> {
    let mut text = String::new();
    match encode(&mut text, registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Takes the address, then serves health and metrics in the background until shutdown.
///
/// # Errors
/// [`Error::Listen`] when the address is taken.
pub async fn serve(
    address: SocketAddr,
    health: Health,
    registry: Arc<Registry>,
    shutdown: CancellationToken,
) -> Result<JoinHandle<()>> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen { address, source })?;
    // Port 0 takes a free one.
    let address = listener.local_addr().unwrap_or(address);
    tracing::debug!(%address, "serving health and metrics");
    let serving =
        axum::serve(listener, router(health, registry)).with_graceful_shutdown(shutdown.cancelled_owned());
    Ok(tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "health and metrics are not served any more");
        }
    }))
}

/// Asks a health URL once: what `kinitro healthcheck` does.
///
/// # Errors
/// [`Error::Probe`] without an answer in 3 s, [`Error::NotReady`] for any status but 200.
pub async fn probe(url: &str) -> Result<()> {
    let failed = |source| Error::Probe {
        url: url.to_owned(),
        source,
    };
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(3))
        .no_proxy();
    let response = client
        .build()
        .map_err(failed)?
        .get(url)
        .send()
        .await
        .map_err(failed)?;
    let status = response.status().as_u16();
    if status == 200 {
        return Ok(());
    }
    let body = response
        .text()
        .await
        .unwrap_or_default()
        .chars()
        .take(300)
        .collect();
    Err(Error::NotReady {
        url: url.to_owned(),
        status,
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_ready_when_every_need_is_met() {
        let health = Health::new(&["nats", "postgres"]);
        health.met("nats");
        assert_eq!(health.faults().into_keys().collect::<Vec<_>>(), ["postgres"]);
        health.met("postgres");
        assert!(health.faults().is_empty());
        health.missing("nats", "connection refused");
        assert_eq!(health.faults()["nats"], "connection refused");
    }

    #[tokio::test]
    async fn a_probe_tells_ready_from_missing() {
        crate::tls::install();
        let health = Health::new(&["nats"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/ready", listener.local_addr().unwrap());
        let app = router(health.clone(), Arc::new(Registry::default()));
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        let error = probe(&url).await.unwrap_err();
        assert!(matches!(error, Error::NotReady { status: 503, .. }), "{error}");
        health.met("nats");
        probe(&url).await.unwrap();
        server.abort();
    }
}
