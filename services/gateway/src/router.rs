//! Which path leads where, and what every request goes through.

use crate::{Error, config::Limits, gateway::Gateway, routes};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{Uri, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
    routing::{MethodRouter, get},
};
use std::{sync::Arc, time::Instant};
use tokio::time::timeout;

type Route = MethodRouter<Arc<Gateway>>;

/// Every path, and who answers.
fn routes() -> [(&'static str, Route); 16] {
    [
        ("/health", get(routes::health::health)),
        ("/ready", get(routes::health::ready)),
        ("/metrics", get(routes::health::metrics)),
        ("/v1/status", get(routes::status::status)),
        ("/v1/weights/latest", get(routes::weights::latest)),
        ("/v1/weights/{block}", get(routes::weights::of_block)),
        ("/v1/scores/latest", get(routes::scores::latest)),
        ("/v1/scores/{cycle_id}", get(routes::scores::of_cycle)),
        ("/v1/cycles", get(routes::cycles::newest)),
        ("/v1/cycles/{cycle_id}", get(routes::cycles::cycle)),
        ("/v1/cycles/{cycle_id}/weights", get(routes::weights::of_cycle)),
        ("/v1/cycles/{cycle_id}/evidence", get(routes::evidence::evidence)),
        ("/v1/keys", get(routes::keys::keys)),
        ("/v1/miners", get(routes::miners::miners)),
        ("/v1/environments", get(routes::environments::environments)),
        ("/v1/tasks/stats", get(routes::tasks::stats)),
    ]
}

/// The whole API over the gateway's state.
pub(crate) fn router(gateway: Arc<Gateway>, limits: Limits) -> Router {
    let router = routes()
        .into_iter()
        .fold(Router::new(), |router, (path, route)| router.route(path, route));
    router
        .fallback(unknown)
        .method_not_allowed_fallback(async || Error::NoMethod)
        .layer(from_fn_with_state(limits, bounded))
        .layer(from_fn_with_state(Arc::clone(&gateway), observed))
        .with_state(gateway)
}

/// Refuses large bodies, and answers 503 when the answer takes too long.
async fn bounded(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if length
        .and_then(|text| text.parse().ok())
        .is_some_and(|bytes: u64| bytes > limits.body_bytes)
    {
        return Error::BodyTooLarge.into_response();
    }
    let answer = timeout(limits.request_timeout, next.run(request)).await;
    answer.unwrap_or_else(|_| Error::Timeout.into_response())
}

/// Counts and times the request.
async fn observed(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map(MatchedPath::as_str);
    gateway.requests.record(
        method.as_str(),
        route,
        response.status().as_u16(),
        start.elapsed(),
    );
    response
}

/// A path with a slash too many is sent to the one without; any other is not found.
async fn unknown(uri: Uri) -> Response {
    let Some(path) = without_slash(uri.path()) else {
        return Error::NoRoute.into_response();
    };
    let location = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    Redirect::temporary(&location).into_response()
}

/// The path without its trailing slashes, if that is one of ours. Only ours: a made-up one such as
/// `//elsewhere/` would lead out of the site.
fn without_slash(path: &str) -> Option<&str> {
    let bare = path.trim_end_matches('/');
    let ours = || routes().iter().any(|(pattern, _)| matches(pattern, bare));
    (bare != path && ours()).then_some(bare)
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b || (a.starts_with('{') && !b.is_empty()) => {}
            (None | Some(_), None | Some(_)) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_ours_loses_its_slash() {
        assert_eq!(without_slash("/v1/miners/"), Some("/v1/miners"));
        assert_eq!(without_slash("/v1/weights/5//"), Some("/v1/weights/5"));
        assert_eq!(
            without_slash("/v1/cycles/5/evidence/"),
            Some("/v1/cycles/5/evidence")
        );
        for path in [
            "/",
            "/v1/miners",
            "/v1/",
            "/v1/weights/",
            "//v1/miners/",
            "//evil.example/",
            "/nope/",
            "",
        ] {
            assert_eq!(without_slash(path), None, "`{path}`");
        }
    }
}
