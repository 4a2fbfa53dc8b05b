//! The client of the operator's gateway. What it says is believed to be weights only after it was read strictly.

mod evidence;
mod http;

pub(crate) use evidence::Limits;
pub(crate) use http::{Answer, Http, TIMEOUT};

use crate::{Error, error::Result};
use http::{refused, sent, taken};
use jiff::Timestamp;
use kinitro_proto::{BlockNumber, CycleId, Hotkey, Uid};
use reqwest::{
    Response, StatusCode,
    header::{ETAG, HeaderValue, IF_NONE_MATCH},
};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use url::Url;

/// A longer tag is not worth sending back.
const MAX_TAG: usize = 256;

/// A cycle's weights, as the gateway tells them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Weights {
    /// The cycle that made them.
    #[serde(rename = "cycle_id")]
    pub(crate) cycle: CycleId,
    /// The block at which the cycle read its miners.
    #[serde(rename = "block_number")]
    pub(crate) block: BlockNumber,
    /// When the cycle settled.
    #[serde(rename = "timestamp")]
    pub(crate) settled_at: Timestamp,
    /// By uid.
    #[serde(deserialize_with = "kinitro_audit::verify::by_uid")]
    pub(crate) weights: BTreeMap<Uid, f64>,
    /// Whether the gateway itself doubts that they are still the ones to use.
    #[serde(default)]
    pub(crate) stale: bool,
    /// Whom they are meant for, where that was signed.
    #[serde(skip)]
    pub(crate) hotkeys: Option<BTreeMap<Uid, Hotkey>>,
}

/// Weights, and the very bytes that they were read from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Latest {
    /// As they were read.
    pub(crate) weights: Weights,
    /// As they came.
    pub(crate) answer: Answer,
}

/// Asks the gateway, and keeps the last answer: it is sent again only when it has changed.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) http: Http,
    url: Url,
    kept: Option<(HeaderValue, Arc<Latest>)>,
}

impl Gateway {
    /// A client of the gateway at that address; asks nothing yet.
    pub(crate) fn new(backend: &Url) -> Result<Self> {
        Self::with_timeout(backend, TIMEOUT)
    }

    fn with_timeout(backend: &Url, timeout: Duration) -> Result<Self> {
        let http = Http::new(backend, timeout)?;
        let url = http.url(&["v1", "weights", "latest"]);
        let kept = None;
        Ok(Self { http, url, kept })
    }

    /// The newest weights; none if no cycle has settled yet.
    pub(crate) async fn latest(&mut self) -> Result<Option<Arc<Latest>>> {
        let mut request = self.http.get(&self.url);
        if let Some((tag, _)) = &self.kept {
            request = request.header(IF_NONE_MATCH, tag);
        }
        let response = sent(request, &self.url).await?;
        match response.status() {
            StatusCode::OK => self.read(response).await.map(Some),
            StatusCode::NOT_MODIFIED => {
                let kept = self.kept.as_ref().ok_or(Error::Unasked)?;
                Ok(Some(Arc::clone(&kept.1)))
            }
            StatusCode::NOT_FOUND => {
                self.kept = None;
                Ok(None)
            }
            status => Err(refused(&self.url, status)),
        }
    }

    async fn read(&mut self, response: Response) -> Result<Arc<Latest>> {
        // What was kept is not what the gateway has now.
        self.kept = None;
        let tag = response.headers().get(ETAG).cloned();
        let answer = taken(response, &self.url).await?;
        let weights = serde_json::from_slice(&answer.bytes).map_err(|source| Error::Unreadable { source })?;
        let latest = Arc::new(Latest { weights, answer });
        self.kept = tag
            .filter(|tag| tag.len() <= MAX_TAG)
            .map(|tag| (tag, Arc::clone(&latest)));
        Ok(latest)
    }
}

#[cfg(test)]
mod tests;
