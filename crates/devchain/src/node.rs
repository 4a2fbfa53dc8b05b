//! The running chain and the handle on it.

mod author;
pub(crate) mod engine;
pub(crate) mod ledger;
mod pokes;
pub(crate) mod pool;
mod session;
mod trie;
mod upgrade;

pub use pokes::Setting;
pub use upgrade::{FIRST_SHIFTED_ERROR, SEQUENCED_TAG};

use crate::{
    Blocks, Error, Options,
    error::Result,
    rpc,
    runtime::{BlockNumber, Hash},
};
use engine::Engine;
use jsonrpsee::server::ServerHandle;
use ledger::Block;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, task, time};
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long connections may take to close when the chain stops.
const CLOSING: Duration = Duration::from_secs(5);

/// A block's place and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: BlockNumber,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    fn of(block: &Block) -> Self {
        Self {
            number: block.header.number,
            hash: block.hash,
        }
    }
}

/// A running chain. It ends when it is stopped or dropped.
#[derive(Debug)]
pub struct Devchain {
    engine: Arc<Engine>,
    address: SocketAddr,
    server: ServerHandle,
    ending: DropGuard,
}

impl Devchain {
    /// Starts a chain of its own; it answers once this returns.
    ///
    /// # Errors
    /// When the options contradict themselves, or the address cannot be listened on.
    pub async fn start(options: Options) -> Result<Self> {
        let faults = options.check();
        if !faults.is_empty() {
            return Err(Error::Options { faults });
        }
        let (listen, blocks) = (options.listen, options.blocks);
        let engine = run(move || {
            let storage = options.genesis(engine::machine_time());
            Engine::new(storage, options.kept_states, options.waiting_transactions).map(Arc::new)
        })
        .await?;
        let (address, server) = rpc::serve(&engine, listen).await?;
        let end = CancellationToken::new();
        task::spawn(
            end.clone()
                .run_until_cancelled_owned(author(Arc::clone(&engine), blocks)),
        );
        Ok(Self {
            engine,
            address,
            server,
            ending: end.drop_guard(),
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What clients connect to. The same port answers over HTTP.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// The first block's hash: another one for every start.
    #[must_use]
    pub fn genesis(&self) -> Hash {
        self.engine.genesis
    }

    /// The newest block, which is final.
    #[must_use]
    pub fn head(&self) -> Head {
        Head::of(&self.engine.ledger().head())
    }

    /// Makes a block at once of what is ready, whatever else makes blocks.
    ///
    /// # Errors
    /// When the runtime refuses to end the block.
    pub async fn new_block(&self) -> Result<Head> {
        let engine = Arc::clone(&self.engine);
        run(move || engine.make_block().map(|block| Head::of(&block))).await
    }

    /// Makes so many blocks, one after the other.
    ///
    /// # Errors
    /// As [`Self::new_block`].
    pub async fn new_blocks(&self, count: u32) -> Result<Head> {
        let engine = Arc::clone(&self.engine);
        run(move || {
            for _ in 0..count {
                engine.make_block()?;
            }
            let head = Head::of(&engine.ledger().head());
            Ok(head)
        })
        .await
    }

    /// Waits for a block.
    ///
    /// # Errors
    /// When the chain has stopped.
    pub async fn reached(&self, number: BlockNumber) -> Result<()> {
        let mut heights = self.engine.heights();
        let reached = heights.wait_for(|height| *height >= number).await;
        reached.map(|_| ()).map_err(|_| Error::Stopped)
    }

    /// How many transactions wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.engine.pool().pending().len()
    }

    /// Takes transactions without including them (`true`), or goes on including them (`false`).
    pub fn hold_transactions(&self, held: bool) {
        self.engine.hold(held);
    }

    /// Discards the states of all blocks before this one, as a real node does after a while. Headers stay.
    pub fn prune(&self, before: BlockNumber) {
        self.engine.prune(before);
    }

    /// Sets the chain's clock, in milliseconds since 1970; it runs on from there. Blocks never go back in time.
    pub fn set_now(&self, milliseconds: u64) {
        self.engine.set_now(milliseconds);
    }

    /// Runs something inside the runtime, in a block in which nothing else happens; it may call any pallet.
    ///
    /// # Errors
    /// When it panics; then there is no such block.
    pub async fn poke<R: Send + 'static>(&self, poke: impl FnOnce() -> R + Send + 'static) -> Result<R> {
        let answer = Arc::new(Mutex::new(None));
        let engine = Arc::clone(&self.engine);
        let kept = Arc::clone(&answer);
        run(move || {
            engine.poke(Box::new(move || {
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(poke());
            }))
        })
        .await?;
        let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        answer.ok_or(Error::Stopped)
    }

    /// Raises the spec version by one and changes the metadata, from the next block on; the crate's documentation says how.
    ///
    /// # Errors
    /// As [`Self::poke`].
    pub async fn upgrade(&self) -> Result<()> {
        self.poke(upgrade::upgrade).await
    }

    /// Stops: no more blocks, no more connections. The address is free again when this returns.
    pub async fn stop(self) {
        drop(self.ending);
        if self.server.stop().is_err() {
            tracing::debug!("the server had ended already");
        }
        if time::timeout(CLOSING, self.server.stopped()).await.is_err() {
            tracing::warn!("some connections did not close in time");
        }
    }
}

/// Makes blocks as the options say, until it is dropped.
async fn author(engine: Arc<Engine>, blocks: Blocks) {
    match blocks {
        Blocks::Manual => {}
        Blocks::Every(time) => {
            let mut ticks = time::interval(time);
            ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
            // The first tick comes at once, and genesis is block enough for it.
            ticks.tick().await;
            loop {
                ticks.tick().await;
                make(&engine).await;
            }
        }
        Blocks::OnTransaction => loop {
            engine.bell.notified().await;
            // A block that took nothing would be followed by another one like it.
            while engine.has_ready() && make(&engine).await > 0 {}
        },
    }
}

/// Makes one block; says how many transactions it took.
async fn make(engine: &Arc<Engine>) -> usize {
    let maker = Arc::clone(engine);
    match run(move || maker.make_block()).await {
        // The time is no transaction.
        Ok(block) => block
            .extrinsics
            .as_ref()
            .map_or(0, |extrinsics| extrinsics.len() - 1),
        Err(error) => {
            tracing::error!(%error, "could not make a block");
            0
        }
    }
}

/// Runs something that takes its time, on a thread of its own.
async fn run<R: Send + 'static>(work: impl FnOnce() -> Result<R> + Send + 'static) -> Result<R> {
    let (done, ended) = oneshot::channel();
    task::spawn_blocking(move || drop(done.send(work())));
    ended.await.unwrap_or(Err(Error::Stopped))
}
