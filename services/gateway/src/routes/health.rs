//! Whether the gateway lives, what it misses, and its metrics.

use crate::gateway::Gateway;
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kinitro_chassis::health::exposition;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

#[derive(Debug, Serialize)]
pub(crate) struct Health {
    status: &'static str,
    version: &'static str,
    database: &'static str,
}

/// `GET /health`: 200 while the process lives, as in version 2, whatever the ledger does.
pub(crate) async fn health(State(gateway): State<Arc<Gateway>>) -> Json<Health> {
    let database = if gateway.latest.load().is_up() {
        "connected"
    } else {
        "disconnected"
    };
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        database,
    })
}

/// `GET /ready`: 200, or 503 and what is missing.
pub(crate) async fn ready(State(gateway): State<Arc<Gateway>>) -> Response {
    let missing = gateway.health.faults();
    let ready = missing.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(json!({"ready": ready, "missing": missing}))).into_response()
}

/// `GET /metrics`: `OpenMetrics` text.
pub(crate) async fn metrics(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
    exposition(&gateway.registry)
}
