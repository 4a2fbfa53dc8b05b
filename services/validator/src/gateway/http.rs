//! How the gateway is asked: no proxies, no redirects, no retries, and a bound on every answer.

use crate::{Error, error::Result};
use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{HeaderMap, HeaderName},
    redirect, retry,
};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use url::Url;

/// The time for a whole answer, as in version 2.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// More than 65536 miners' weights, with the document that is signed beside them, never are.
const MAX_BYTES: usize = kinitro_audit::verify::MAX_ANSWER;
/// No more of a refusal's words is shown.
const MAX_DETAIL: usize = 200;
/// A longer header, or refusal, is none of ours.
const MAX_HEADER: usize = 64 * 1024;

/// Asks one gateway.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client,
    base: Arc<Url>,
}

/// A whole answer, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The body.
    pub(crate) bytes: Vec<u8>,
    /// What `Kinitro-Document-Sha256` says.
    pub(crate) digest: Option<String>,
    /// What `Kinitro-Signature` says.
    pub(crate) signature: Option<String>,
}

impl Http {
    /// A client of the gateway at that address; asks nothing yet.
    pub(crate) fn new(backend: &Url, timeout: Duration) -> Result<Self> {
        let client = Client::builder()
            .timeout(timeout)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .user_agent(concat!("kinitro/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(Error::Client)?;
        let base = Arc::new(backend.clone());
        Ok(Self { client, base })
    }

    /// The address of that path below the gateway's.
    pub(crate) fn url(&self, path: &[&str]) -> Url {
        let mut url = Url::clone(&self.base);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// A question that is yet to be asked.
    pub(crate) fn get(&self, url: &Url) -> RequestBuilder {
        self.client.get(url.clone())
    }

    /// The gateway's own address.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// The whole answer.
    pub(crate) async fn whole(&self, path: &[&str]) -> Result<Answer> {
        let url = self.url(path);
        let response = sent(self.get(&url), &url).await?;
        match response.status() {
            StatusCode::OK => taken(response, &url).await,
            StatusCode::NOT_FOUND => Err(Error::NotThere {
                detail: detail(response).await,
                url: url.to_string(),
            }),
            status => Err(refused(&url, status)),
        }
    }
}

/// Asks, and waits for the answer's head.
pub(crate) async fn sent(request: RequestBuilder, url: &Url) -> Result<Response> {
    request.send().await.map_err(|source| unanswered(url, source))
}

/// Takes an answer in whole, up to the bound.
pub(crate) async fn taken(mut response: Response, url: &Url) -> Result<Answer> {
    let digest = header(response.headers(), "kinitro-document-sha256");
    let signature = header(response.headers(), "kinitro-signature");
    let mut bytes = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|source| unanswered(url, source))? {
        if bytes.len() + part.len() > MAX_BYTES {
            return Err(Error::TooLong {
                limit: MAX_BYTES as u64,
            });
        }
        bytes.extend_from_slice(&part);
    }
    Ok(Answer {
        bytes,
        digest,
        signature,
    })
}

/// What the gateway says of its refusal, if it does; in words that a terminal can show.
async fn detail(mut response: Response) -> String {
    #[derive(Deserialize)]
    struct Problem {
        detail: String,
    }
    let mut body = Vec::new();
    while let Ok(Some(part)) = response.chunk().await {
        body.extend_from_slice(&part);
        if body.len() > MAX_HEADER {
            break;
        }
    }
    let Ok(Problem { detail }) = serde_json::from_slice(&body) else {
        return "it does not say why".to_owned();
    };
    let safe = detail.chars().map(|c| if c.is_control() { ' ' } else { c });
    safe.take(MAX_DETAIL).collect()
}

/// A header's text. What is no text, or stands there twice, is told as it is: it will differ from what is expected.
fn header(headers: &HeaderMap, name: &'static str) -> Option<String> {
    let name = HeaderName::from_static(name);
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    let mut text = values.join(", ");
    text.truncate(text.floor_char_boundary(MAX_HEADER));
    (!values.is_empty()).then_some(text)
}

/// No answer, told without the address twice.
pub(crate) fn unanswered(url: &Url, source: reqwest::Error) -> Error {
    Error::Unanswered {
        url: url.to_string(),
        source: source.without_url(),
    }
}

/// An answer with a status that says no.
pub(crate) fn refused(url: &Url, status: StatusCode) -> Error {
    Error::Status {
        url: url.to_string(),
        status: status.as_u16(),
    }
}
