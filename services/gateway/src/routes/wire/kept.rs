//! A JSON answer kept ready in memory: its bytes and its tag, once fresh and once marked stale.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
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
pub(crate) struct Kept {
    made_at: Timestamp,
    headers: Vec<(HeaderName, HeaderValue)>,
    fresh: Version,
    stale: Version,
}

#[derive(Debug, Clone)]
struct Version {
    body: Bytes,
    tag: HeaderValue,
}

impl Kept {
    /// Writes both versions of what `value` makes, given whether it is to say that it is stale.
    pub(crate) fn new<T: Serialize>(made_at: Timestamp, value: impl Fn(bool) -> T) -> Self {
        Self {
            made_at,
            headers: Vec::new(),
            fresh: Version::new(&value(false)),
            stale: Version::new(&value(true)),
        }
    }

    /// The same with these headers, which say something about it: a client that has it is told them too.
    pub(crate) fn with(mut self, headers: Vec<(HeaderName, HeaderValue)>) -> Self {
        self.headers = headers;
        self
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
        headers.extend(self.headers.iter().cloned());
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
        let tag = format!("\"{}\"", hex::encode(&hash[..16]));
        let tag = HeaderValue::try_from(tag).expect("hexadecimal digits are visible ASCII");
        Self {
            body: Bytes::from(body),
            tag,
        }
    }
}

/// Whether one of the tags the client names is ours, be it weak or not: a proxy that compressed our answer made
/// it weak.
pub(crate) fn has(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = tag.as_bytes().strip_prefix(b"W/").unwrap_or(tag.as_bytes());
    let ours = |text: &str| text == "*" || text.strip_prefix("W/").unwrap_or(text).as_bytes() == opaque;
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

    fn kept() -> Kept {
        let value = |stale| json!({"weights": {"3": 1.0}, "stale": stale});
        let name = HeaderName::from_static("kinitro-signature");
        Kept::new(Timestamp::UNIX_EPOCH, value).with(vec![(name, HeaderValue::from_static("a=b"))])
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
        let first = kept().answer(&HeaderMap::new(), false, now());
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()["kinitro-signature"], "a=b");
        for named in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"x\", {tag}"),
            "*".to_owned(),
        ] {
            let again = kept().answer(&asking(&named), false, now());
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "`{named}`");
            assert_eq!(again.headers()[header::ETAG].to_str().unwrap(), tag);
            assert_eq!(again.headers()[header::CACHE_CONTROL], FRESH);
            assert_eq!(again.headers()["kinitro-signature"], "a=b");
        }
        assert_eq!(
            kept().answer(&asking("\"x\""), false, now()).status(),
            StatusCode::OK
        );
    }

    #[test]
    fn a_stale_answer_says_so_and_is_another_one() {
        let fresh = kept().answer(&HeaderMap::new(), false, now());
        let stale = kept().answer(&HeaderMap::new(), true, now());
        assert_ne!(fresh.headers()[header::ETAG], stale.headers()[header::ETAG]);
        assert_eq!(stale.headers()[header::AGE], "60");
        assert_eq!(stale.headers()[header::CACHE_CONTROL], STALE);
        assert!(!fresh.headers().contains_key(header::AGE));
        assert_eq!(stale.headers()["kinitro-signature"], "a=b");
    }
}
