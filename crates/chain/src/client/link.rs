//! The connection: made when it is needed, made anew when it broke, watched for another chain behind it.

use super::{Limits, fault, view::View};
use crate::{
    Error, Hash, Network, Result, Source,
    config::{Config, Rpc},
};
use futures::try_join;
use kinitro_proto::BlockNumber;
use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use subxt::{
    config::Header as _,
    ext::codec::{Decode, Encode},
    metadata::Metadata,
    rpcs::{
        RpcClient,
        client::reconnecting_rpc_client::{ExponentialBackoff, PingConfig, RpcClient as Reconnecting},
    },
};
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, sleep, timeout_at},
};

/// The largest answer taken: metadata is 0.8 MB as text, 512 full commitments 3.3 MB.
const MAX_RESPONSE: u32 = 16 << 20;
/// The largest request sent: 512 keys are 80 kB.
const MAX_REQUEST: u32 = 1 << 20;
/// Attempts to connect after the first: 3.5 s of pauses in all.
const RECONNECTS: usize = 6;
/// A link that says nothing for longer is dead.
const PING_EVERY: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(30);
/// The pause before the same call is tried again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// The metadata versions that can be read.
const METADATA: std::ops::RangeInclusive<u32> = 14..=16;

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) network: Network,
    pub(crate) limits: Limits,
    url: Arc<str>,
    connection: AsyncMutex<Option<Arc<Rpc>>>,
    known: Mutex<Known>,
}

/// What is known of the chain behind the address.
#[derive(Debug, Default)]
struct Known {
    genesis: Option<Hash>,
    /// The runtime last seen; its metadata are asked for once.
    runtime: Option<Config>,
}

impl Link {
    pub(super) fn new(network: Network, limits: Limits) -> Self {
        Self {
            url: network.origin().into(),
            network,
            limits,
            connection: AsyncMutex::default(),
            known: Mutex::default(),
        }
    }

    /// Reads something at the newest final block. A broken link starts it over at the then newest block,
    /// until the deadline of the call; what was read belongs to one chain and one block.
    pub(crate) async fn read<T, Answer>(&self, what: &'static str, ask: impl Fn(View) -> Answer) -> Result<T>
    where
        Answer: Future<Output = Result<T>>,
    {
        let deadline = Instant::now() + self.limits.call;
        let mut broken = None;
        let attempts = async {
            let mut pause = PAUSE.0;
            loop {
                let error = match self.attempt(deadline, &ask).await {
                    Err(Attempt::Connect(error)) if broken.is_none() => return Err(error),
                    Err(Attempt::Connect(error) | Attempt::Read(error @ Error::Unreachable { .. })) => error,
                    Err(Attempt::Read(error)) => return Err(error),
                    Ok(answer) => return Ok(answer),
                };
                tracing::debug!(network = ?self.network, what, error = ?error, "the link to the chain broke");
                broken = Some(error);
                wait(pause).await;
                pause = (pause * 2).min(PAUSE.1);
            }
        };
        match timeout_at(deadline, attempts).await {
            Ok(result) => result,
            Err(_) => Err(broken.unwrap_or(Error::TimedOut {
                what,
                after: self.limits.call,
            })),
        }
    }

    async fn attempt<T, Answer>(&self, deadline: Instant, ask: impl Fn(View) -> Answer) -> Result<T, Attempt>
    where
        Answer: Future<Output = Result<T>>,
    {
        // Time that runs out here is the link's fault, not the answer's.
        let rpc = timeout_at(deadline, self.rpc())
            .await
            .unwrap_or_else(|late| Err(self.unreachable(late)))
            .map_err(Attempt::Connect)?;
        let result = self.at_head(&rpc, ask).await;
        if let Err(Error::Unreachable { .. }) = &result {
            self.drop_connection(&rpc).await;
        }
        result.map_err(Attempt::Read)
    }

    pub(super) async fn at_head<T, Answer>(&self, rpc: &Rpc, ask: impl Fn(View) -> Answer) -> Result<T>
    where
        Answer: Future<Output = Result<T>>,
    {
        let before = self.genesis(rpc).await?;
        let result = match self.head(rpc, before).await {
            Ok(view) => ask(view).await,
            Err(error) => Err(error),
        };
        if !matches!(result, Err(Error::Unreachable { .. })) {
            // The chain may have been exchanged while it was read; nothing of that may be believed.
            self.genesis(rpc).await?;
        }
        result
    }

    /// The connection, made if there is none.
    pub(crate) async fn rpc(&self) -> Result<Arc<Rpc>> {
        let mut connection = self.connection.lock().await;
        if let Some(rpc) = connection.as_ref() {
            return Ok(rpc.clone());
        }
        let retries = ExponentialBackoff::from_millis(100).max_delay(Duration::from_secs(1));
        let client = Reconnecting::builder()
            .max_request_size(MAX_REQUEST)
            .max_response_size(MAX_RESPONSE)
            .request_timeout(self.limits.request)
            .connection_timeout(self.limits.connect)
            .enable_ws_ping(
                PingConfig::new()
                    .ping_interval(PING_EVERY)
                    .inactive_limit(SILENCE),
            )
            .retry_policy(retries.take(RECONNECTS))
            .build(self.network.url())
            .await
            .map_err(|error| self.unreachable(error))?;
        let rpc = Arc::new(Rpc::new(RpcClient::new(client)));
        *connection = Some(rpc.clone());
        Ok(rpc)
    }

    fn unreachable(&self, source: impl Into<Source>) -> Error {
        Error::Unreachable {
            url: self.url.to_string(),
            source: source.into(),
        }
    }

    /// Drops a connection that broke, unless another took its place already.
    pub(crate) async fn drop_connection(&self, broken: &Arc<Rpc>) {
        let mut connection = self.connection.lock().await;
        if connection.as_ref().is_some_and(|rpc| Arc::ptr_eq(rpc, broken)) {
            *connection = None;
        }
    }

    /// Which chain is behind the address now. Another than before is said once.
    async fn genesis(&self, rpc: &Rpc) -> Result<Hash> {
        let is: Hash = rpc
            .genesis_hash()
            .await
            .map_err(|error| fault::of(&self.url, "the genesis", None, error))?
            .into();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.genesis.replace(is) {
            Some(was) if was != is => {
                known.runtime = None;
                Err(Error::OtherGenesis { was, is })
            }
            _ => Ok(is),
        }
    }

    /// The newest final block.
    async fn head(&self, rpc: &Rpc, genesis: Hash) -> Result<View> {
        let hash = rpc
            .chain_get_finalized_head()
            .await
            .map_err(|error| fault::of(&self.url, "the head", None, error))?;
        self.block(rpc, genesis, hash.into()).await
    }

    /// The block of that hash, with the runtime it has.
    pub(crate) async fn block(&self, rpc: &Rpc, genesis: Hash, hash: Hash) -> Result<View> {
        const WHAT: &str = "a block's header";
        let at = Some(hash.into());
        let (header, version) = try_join!(rpc.chain_get_header(at), rpc.state_get_runtime_version(at))
            .map_err(|error| fault::of(&self.url, WHAT, Some(hash), error))?;
        let header = header.ok_or_else(|| Error::BadAnswer {
            what: WHAT,
            source: "there is no such block".into(),
        })?;
        let versions = (version.spec_version, version.transaction_version);
        Ok(View {
            rpc: rpc.clone(),
            config: self.runtime(rpc, genesis, versions, hash).await?,
            number: BlockNumber(header.number()),
            hash,
            url: self.url.clone(),
        })
    }

    /// The runtime at that block, with its metadata.
    async fn runtime(&self, rpc: &Rpc, genesis: Hash, versions: (u32, u32), at: Hash) -> Result<Config> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = known().runtime.clone();
        if let Some(config) = cached
            && (config.genesis(), config.spec_version()) == (genesis, versions.0)
        {
            return Ok(config);
        }
        let bytes = metadata(rpc, at)
            .await
            .map_err(|error| fault::of(&self.url, "the metadata", Some(at), error))?;
        let metadata = Metadata::decode_from(&bytes).map_err(|source| Error::BadAnswer {
            what: "the metadata",
            source: source.into(),
        })?;
        let config = Config::new(genesis, versions, metadata.arc());
        known().runtime = Some(config.clone());
        Ok(config)
    }
}

enum Attempt {
    Connect(Error),
    Read(Error),
}

/// The newest metadata that can be read; nodes that do not tell their versions have one.
async fn metadata(rpc: &Rpc, at: Hash) -> Result<Vec<u8>, subxt::rpcs::Error> {
    let at = Some(at.into());
    let versions = match rpc.state_call("Metadata_metadata_versions", None, at).await {
        Ok(bytes) => <Vec<u32>>::decode(&mut bytes.as_slice()).unwrap_or_default(),
        Err(subxt::rpcs::Error::User(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let Some(version) = versions
        .into_iter()
        .filter(|version| METADATA.contains(version))
        .max()
    else {
        return Ok(rpc.state_get_metadata(at).await?.into_raw());
    };
    let bytes = rpc
        .state_call("Metadata_metadata_at_version", Some(&version.encode()), at)
        .await?;
    <Option<Vec<u8>>>::decode(&mut bytes.as_slice())
        .map_err(subxt::rpcs::Error::Decode)?
        .ok_or_else(|| subxt::rpcs::Error::Client("no metadata of a version it named".into()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pause between two attempts; the call's deadline bounds it"
)]
pub(crate) async fn wait(pause: Duration) {
    sleep(pause).await;
}
