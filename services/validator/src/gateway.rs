//! The client of the operator's gateway. What it says is believed to be weights only after it was read strictly.

use crate::{Error, error::Result};
use jiff::Timestamp;
use kinitro_proto::{BlockNumber, CycleId, Uid};
use reqwest::{
    Client, Response, StatusCode,
    header::{ETAG, HeaderValue, IF_NONE_MATCH},
    redirect, retry,
};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};
use url::Url;

/// The time for a whole answer, as in version 2.
const TIMEOUT: Duration = Duration::from_secs(30);
/// More than 65536 uids' weights never are.
const MAX_BYTES: usize = 4 * 1024 * 1024;
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
    #[serde(deserialize_with = "by_uid")]
    pub(crate) weights: BTreeMap<Uid, f64>,
    /// Whether the gateway itself doubts that they are still the ones to use.
    #[serde(default)]
    pub(crate) stale: bool,
}

/// Asks the gateway, and keeps the last answer: it is sent again only when it has changed.
#[derive(Debug)]
pub(crate) struct Gateway {
    client: Client,
    url: Url,
    kept: Option<(HeaderValue, Arc<Weights>)>,
}

impl Gateway {
    /// A client of the gateway at that address; asks nothing yet.
    pub(crate) fn new(backend: &Url) -> Result<Self> {
        Self::with_timeout(backend, TIMEOUT)
    }

    fn with_timeout(backend: &Url, timeout: Duration) -> Result<Self> {
        let client = Client::builder()
            .timeout(timeout)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .user_agent(concat!("kinitro/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(Error::Client)?;
        let mut url = backend.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v1", "weights", "latest"]);
        }
        Ok(Self {
            client,
            url,
            kept: None,
        })
    }

    /// The newest weights; none if no cycle has settled yet.
    pub(crate) async fn latest(&mut self) -> Result<Option<Arc<Weights>>> {
        let mut request = self.client.get(self.url.clone());
        if let Some((tag, _)) = &self.kept {
            request = request.header(IF_NONE_MATCH, tag);
        }
        let response = request.send().await.map_err(|source| self.unanswered(source))?;
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
            status => Err(Error::Status {
                url: self.url.to_string(),
                status: status.as_u16(),
            }),
        }
    }

    async fn read(&mut self, mut response: Response) -> Result<Arc<Weights>> {
        // What was kept is not what the gateway has now.
        self.kept = None;
        let tag = response.headers().get(ETAG).cloned();
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|source| self.unanswered(source))? {
            if body.len() + part.len() > MAX_BYTES {
                return Err(Error::TooLong { limit: MAX_BYTES });
            }
            body.extend_from_slice(&part);
        }
        let weights: Weights =
            serde_json::from_slice(&body).map_err(|source| Error::Unreadable { source })?;
        let weights = Arc::new(weights);
        self.kept = tag
            .filter(|tag| tag.len() <= MAX_TAG)
            .map(|tag| (tag, Arc::clone(&weights)));
        Ok(weights)
    }

    fn unanswered(&self, source: reqwest::Error) -> Error {
        Error::Unanswered {
            url: self.url.to_string(),
            source: source.without_url(),
        }
    }
}

/// Weights by uid, in which no uid stands twice and every uid is written in one way.
fn by_uid<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<BTreeMap<Uid, f64>, D::Error> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = BTreeMap<Uid, f64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("weights by uid")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut weights = BTreeMap::new();
            while let Some((key, weight)) = map.next_entry::<String, f64>()? {
                let uid = key.parse::<u16>().ok().filter(|uid| uid.to_string() == key);
                let uid = uid.ok_or_else(|| de::Error::custom(format_args!("`{key}` is no uid")))?;
                if weights.insert(Uid(uid), weight).is_some() {
                    return Err(de::Error::custom(format_args!("uid `{uid}` has two weights")));
                }
            }
            Ok(weights)
        }
    }

    deserializer.deserialize_map(Entries)
}

#[cfg(test)]
mod tests;
