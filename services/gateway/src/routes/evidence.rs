//! The evidence of a settled cycle: all that its weights were computed from, as text of any length.
//!
//! It is handed over chunk by chunk as the ledger keeps it, never whole in memory, and never changes.

mod download;
mod gzip;

pub(crate) use download::Downloads;

use super::wire::{
    encoding::{Encoding, encoding},
    input,
    kept::has,
};
use crate::{Error, Result, gateway::Gateway};
use axum::{
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use download::{Chunks, Download};
use futures::stream;
use kinitro_proto::CycleId;
use kinitro_store::Digests;
use std::{convert::Infallible, sync::Arc};

/// It is named by its own digest and is never another one.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// JSON Lines, as most programs call them.
const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// `GET /v1/cycles/{cycle_id}/evidence`.
pub(crate) async fn evidence(
    State(gateway): State<Arc<Gateway>>,
    method: Method,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response> {
    let id = input::cycle_id(path)?;
    let cycle = gateway.ledger()?.cycle(id).await?;
    let cycle = cycle.ok_or_else(|| Error::NoCycle {
        cycle: id.to_string(),
    })?;
    let digests = cycle.digests.ok_or(Error::NoEvidence { cycle: id })?;
    let form = encoding(&headers)?;
    let tag = tag(&digests, form);
    if has(&headers, &tag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        validators(response.headers_mut(), tag);
        return Ok(response);
    }
    let body = if method == Method::HEAD {
        // Of no known length: an empty body would say that the evidence is.
        Body::from_stream(stream::empty::<Result<String, Infallible>>())
    } else {
        let slot = gateway.downloads.slot()?;
        let chunks = Chunks::new(gateway.ledger()?.clone(), id, gateway.limits.request_timeout);
        let download = Download::begin(chunks, digests.evidence_bytes, form, slot).await?;
        download.into_body()
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    validators(headers, tag);
    describe(headers, id, &digests, form);
    Ok(response)
}

/// The digest of the text. Weak where it is not that of the bytes: the two forms must not share a strong one.
fn tag(digests: &Digests, form: Encoding) -> HeaderValue {
    let weak = match form {
        Encoding::Identity => "",
        Encoding::Gzip => "W/",
    };
    let tag = format!("{weak}\"{}\"", hex::encode(digests.evidence));
    HeaderValue::try_from(tag).expect("hexadecimal digits are visible ASCII")
}

fn validators(headers: &mut HeaderMap, tag: HeaderValue) {
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, FOR_EVER);
    headers.insert(header::VARY, header::ACCEPT_ENCODING.into());
}

fn describe(headers: &mut HeaderMap, cycle: CycleId, digests: &Digests, form: Encoding) {
    headers.insert(header::CONTENT_TYPE, LINES);
    let name = format!("attachment; filename=\"cycle-{cycle}.evidence.jsonl\"");
    let name = HeaderValue::try_from(name).expect("a cycle's id is a number");
    headers.insert(header::CONTENT_DISPOSITION, name);
    match form {
        // Known from the ledger; compressed it is not.
        Encoding::Identity => headers.insert(header::CONTENT_LENGTH, digests.evidence_bytes.into()),
        Encoding::Gzip => headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip")),
    };
}
