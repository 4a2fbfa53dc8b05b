use crate::{Config, Error, Misbehaviour, Policy, Result, Seen, misbehaviour, wire};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// The largest body that is read: several cameras of 512 × 512 in base64 are under it.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// How long open calls may take after shutdown was asked for.
const GRACE: Duration = Duration::from_secs(2);

/// A mock miner that listens, and serves once it is [run](Server::run).
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
}

#[derive(Debug, Clone, Copy)]
struct Miner {
    policy: Policy,
    misbehaviour: Option<Misbehaviour>,
    started: Instant,
}

impl Server {
    /// Takes the address.
    ///
    /// # Errors
    ///
    /// When the address is no address of this machine, or taken.
    pub async fn bind(config: &Config) -> Result<Self> {
        let failed = |source| Error::Bind {
            address: format!("{}:{}", config.host, config.port),
            source,
        };
        let listener = TcpListener::bind((config.host.as_str(), config.port))
            .await
            .map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            router: router(config),
        })
    }

    /// The address that callers reach: with the real port where any was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until shutdown is asked for, then lets open calls end within 2 s.
    ///
    /// # Errors
    ///
    /// When the listener breaks.
    pub async fn run(self, shutdown: CancellationToken) -> Result<()> {
        info!(address = %self.address, "mock miner listens");
        let serving = axum::serve(self.listener, self.router)
            .with_graceful_shutdown(shutdown.clone().cancelled_owned());
        let deadline = async {
            shutdown.cancelled().await;
            tokio::time::timeout(GRACE, std::future::pending::<()>()).await
        };
        tokio::select! {
            served = serving.into_future() => served.map_err(|source| Error::Serve { source })?,
            _ = deadline => warn!("calls were open at the end of the grace period"),
        }
        Ok(())
    }
}

pub(crate) fn router(config: &Config) -> Router {
    let miner = Miner {
        policy: config.policy(),
        misbehaviour: config.misbehave,
        started: Instant::now(),
    };
    Router::new()
        .route("/health", get(health))
        .route("/reset", post(reset))
        .route("/act", post(act))
        .route(misbehaviour::REDIRECTED, post(act_rightly))
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, "Not Found") })
        .method_not_allowed_fallback(|| async {
            refusal(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(miner)
}

async fn health(State(miner): State<Miner>) -> Json<Value> {
    let uptime = miner.started.elapsed().as_secs_f64();
    Json(json!({"status": "healthy", "model_loaded": true, "uptime_seconds": uptime}))
}

async fn reset(State(miner): State<Miner>, body: Bytes) -> Response {
    if let Some(response) = miner.misbehaviour.and_then(Misbehaviour::at_reset) {
        return response;
    }
    match wire::read(&body, &wire::RESET) {
        Ok(body) => {
            debug!(environment = body["task_config"]["env_id"].as_str(), "reset");
            Json(json!({"status": "ok", "episode_id": "mock-episode"})).into_response()
        }
        Err(faults) => refusal(StatusCode::UNPROCESSABLE_ENTITY, faults),
    }
}

async fn act(State(miner): State<Miner>, body: Bytes) -> Response {
    if let Some(misbehaviour) = miner.misbehaviour
        && let Some(response) = misbehaviour.at_act().await
    {
        return response;
    }
    act_rightly(State(miner), body).await
}

async fn act_rightly(State(miner): State<Miner>, body: Bytes) -> Response {
    match wire::read(&body, &wire::ACT) {
        Ok(body) => {
            let action = miner.policy.act(&Seen::in_observation(&body["obs"]));
            Json(json!({"action": {"continuous": action, "discrete": {}, "extra": {}}})).into_response()
        }
        Err(faults) => refusal(StatusCode::UNPROCESSABLE_ENTITY, faults),
    }
}

fn refusal(status: StatusCode, detail: impl Into<Value>) -> Response {
    (status, Json(json!({"detail": detail.into()}))).into_response()
}

#[cfg(test)]
mod tests;
