//! A JSON answer kept ready in memory: its bytes and its tag, once fresh and once marked stale.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// How long a cache may serve a fresh answer without asking.
const FRESH: &str = "public, max-age=5";
/// A stale answer is asked for again each time.
const STALE: &str = "no-cache";

/// An answer, written once for all who ask.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    made_at: Timestamp,
    fresh: Version,
    stale: Version,
}

#[derive(Debug, Clone)]
struct Version {
    body: Bytes,
    tag: HeaderValue,
}

impl Document {
    /// Writes both versions of what `value` makes, given whether it is to say that it is stale.
    pub(crate) fn new<T: Serialize>(made_at: Timestamp, value: impl Fn(bool) -> T) -> Self {
        Self {
            made_at,
            fresh: Version::new(&value(false)),
            stale: Version::new(&value(true)),
        }
    }

    /// The answer to a request with these headers: 304 when the client has it, else 200.
    pub(crate) fn answer(&self, request: &HeaderMap, stale: bool, now: Timestamp) -> Response {
        let version = if stale { &self.stale } else { &self.fresh };
        let mut response = if has(request, &version.tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let kind = [(header::CONTENT_TYPE, "application/json")];
            (kind, Body::from(version.body.clone())).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, version.tag.clone());
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static(if stale { STALE } else { FRESH }),
        );
        if stale {
            let age = now.duration_since(self.made_at).as_secs().max(0);
            headers.insert(header::AGE, HeaderValue::from(age));
        }
        response
    }
}

impl Version {
    fn new(value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("our types are JSON: text keys, finite numbers or null");
        let hash = Sha256::digest(&body);
        let hex: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let tag = HeaderValue::try_from(format!("\"{hex}\"")).expect("hexadecimal digits are visible ASCII");
        Self {
            body: Bytes::from(body),
            tag,
        }
    }
}

/// Whether one of the tags the client names is ours. A proxy that compressed our answer made the tag weak.
fn has(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let ours =
        |text: &str| text == "*" || text.strip_prefix("W/").unwrap_or(text).as_bytes() == tag.as_bytes();
    let named = request
        .get_all(header::IF_NONE_MATCH)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    named
        .flat_map(|value| value.split(','))
        .any(|text| ours(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Document {
        Document::new(
            Timestamp::UNIX_EPOCH,
            |stale| json!({"weights": {"3": 1.0}, "stale": stale}),
        )
    }

    fn now() -> Timestamp {
        Timestamp::from_second(60).unwrap()
    }

    fn asking(tag: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, tag.parse().unwrap());
        headers
    }

    #[test]
    fn a_client_that_has_it_is_answered_304() {
        let first = document().answer(&HeaderMap::new(), false, now());
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(first.status(), StatusCode::OK);
        for named in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"x\", {tag}"),
            "*".to_owned(),
        ] {
            let again = document().answer(&asking(&named), false, now());
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "`{named}`");
            assert_eq!(again.headers()[header::ETAG].to_str().unwrap(), tag);
            assert_eq!(again.headers()[header::CACHE_CONTROL], FRESH);
        }
        assert_eq!(
            document().answer(&asking("\"x\""), false, now()).status(),
            StatusCode::OK
        );
    }

    #[test]
    fn a_stale_answer_says_so_and_is_another_one() {
        let fresh = document().answer(&HeaderMap::new(), false, now());
        let stale = document().answer(&HeaderMap::new(), true, now());
        assert_ne!(fresh.headers()[header::ETAG], stale.headers()[header::ETAG]);
        assert_eq!(stale.headers()[header::AGE], "60");
        assert_eq!(stale.headers()[header::CACHE_CONTROL], STALE);
        assert!(!fresh.headers().contains_key(header::AGE));
    }
}
