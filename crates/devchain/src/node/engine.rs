//! The chain itself: what RPC and the handle share.

use super::{
    author::{self, Job, Poke},
    ledger::{Block, Ledger},
    pool::{Pool, Rejection, Watcher},
    session::{self, Session},
    trie::{State, Trie},
    upgrade,
};
use crate::{
    Error,
    error::Result,
    runtime::{Header, version},
};
use codec::{Compact, Decode, Encode};
use sp_core::{H256, storage::Storage};
use sp_io::hashing::blake2_256;
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidity, ValidTransaction};
use sp_state_machine::Backend;
use sp_version::RuntimeVersion;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::SystemTime,
};
use tokio::sync::{Notify, watch};

/// How often a transaction is judged anew because a block came in between.
const JUDGEMENTS: usize = 16;
/// How many answers about metadata are kept: three versions and the list of them, before and after an upgrade.
const METADATA_ANSWERS: usize = 16;

/// Answers about metadata, by what they depend on: spec version, block time, method and arguments.
type Answers = HashMap<(u32, u64, String, Vec<u8>), Vec<u8>>;

/// A running chain.
pub(crate) struct Engine {
    ledger: RwLock<Ledger>,
    pool: Mutex<Pool>,
    /// Held while a block is made: there is one author.
    making: Mutex<()>,
    height: watch::Sender<u32>,
    /// Rung when a transaction was taken.
    pub(crate) bell: Notify,
    held: AtomicBool,
    /// How far the chain's clock is ahead of the machine's, in milliseconds.
    ahead: AtomicI64,
    /// Metadata takes long to make and says the same for a long time.
    metadata: Mutex<Answers>,
    pub(crate) genesis: H256,
}

impl Engine {
    /// A chain that begins with this state, keeps so many states and lets so many transactions wait.
    pub(crate) fn new(storage: Storage, keep: u32, waiting: usize) -> Result<Self> {
        let trie = Trie::default();
        let state_root = session::write_first(&trie, storage)?;
        let header = Header {
            parent_hash: H256::zero(),
            number: 0,
            state_root,
            extrinsics_root: blake2_256(&[0]).into(),
            digest: Default::default(),
        };
        let genesis = header.hash();
        let block = Block {
            hash: genesis,
            header,
            extrinsics: Some(Vec::new()),
        };
        Ok(Self {
            ledger: RwLock::new(Ledger::new(trie, block, keep)),
            pool: Mutex::new(Pool::new(waiting)),
            making: Mutex::new(()),
            height: watch::Sender::new(0),
            bell: Notify::new(),
            held: AtomicBool::new(false),
            ahead: AtomicI64::new(0),
            metadata: Mutex::new(HashMap::new()),
            genesis,
        })
    }

    /// The blocks, to read.
    pub(crate) fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.ledger.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The waiting transactions.
    pub(crate) fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the newest block's number.
    pub(crate) fn heights(&self) -> watch::Receiver<u32> {
        self.height.subscribe()
    }

    /// A block's state, the newest one's for `None`.
    pub(crate) fn state(&self, at: Option<H256>) -> Result<State> {
        self.ledger().state(at)
    }

    /// One value of a state.
    pub(crate) fn value(&self, at: Option<H256>, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.state(at)?
            .storage(key)
            .map_err(|reason| Error::Unreadable { reason })
    }

    /// Calls a method of the runtime on a state, and leaves no trace.
    pub(crate) fn call(&self, at: Option<H256>, method: &str, arguments: &[u8]) -> Result<Vec<u8>> {
        let state = self.state(at)?;
        if !method.starts_with("Metadata_") {
            return Session::new(state).call(method, arguments);
        }
        // What metadata depends on.
        let number = |key: &[u8]| state.storage(key).ok().flatten().unwrap_or_default();
        let spec_version =
            u32::decode(&mut &number(version::SPEC_VERSION_KEY)[..]).unwrap_or(version::SPEC_VERSION);
        let slot =
            u64::decode(&mut &number(version::SLOT_DURATION_KEY)[..]).unwrap_or(version::SLOT_DURATION);
        let question = (spec_version, slot, method.to_owned(), arguments.to_vec());
        if let Some(answer) = self.metadata().get(&question) {
            return Ok(answer.clone());
        }
        let mut answer = Session::new(state).call(method, arguments)?;
        if upgrade::is_upgraded(spec_version) {
            answer = upgrade::answer(method, answer);
        }
        let mut answers = self.metadata();
        if answers.len() >= METADATA_ANSWERS {
            answers.clear();
        }
        answers.insert(question, answer.clone());
        Ok(answer)
    }

    fn metadata(&self) -> MutexGuard<'_, Answers> {
        self.metadata.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls a method of the runtime and decodes its answer.
    pub(crate) fn ask<R: Decode>(&self, at: Option<H256>, method: &str, arguments: &[u8]) -> Result<R> {
        let answer = self.call(at, method, arguments)?;
        R::decode(&mut &answer[..]).map_err(|source| Error::Undecodable {
            method: method.to_owned(),
            source,
        })
    }

    /// The runtime's version at a block.
    pub(crate) fn version(&self, at: Option<H256>) -> Result<RuntimeVersion> {
        self.ask(at, "Core_version", &[])
    }

    /// Takes a transaction, if the runtime finds it valid now.
    pub(crate) fn submit(&self, bytes: &[u8], watcher: Option<Watcher>) -> Result<H256, Rejection> {
        let hash = H256(blake2_256(bytes));
        let mut input = bytes;
        // One extrinsic: its length, and that many bytes.
        let length = Compact::<u32>::decode(&mut input).map_err(|_| Rejection::BadFormat)?;
        if input.len() != length.0 as usize || input.is_empty() {
            return Err(Rejection::BadFormat);
        }
        self.pool().admit(hash)?;
        for _ in 0..JUDGEMENTS {
            let head = self.ledger().head();
            let verdict = self.judge(&head, bytes);
            let mut pool = self.pool();
            // A block that came in between may have made the verdict wrong, and will not come again.
            if self.ledger().height() != head.header.number {
                continue;
            }
            let terms = verdict.inspect_err(|reason| {
                if matches!(reason, Rejection::Invalid(_)) {
                    pool.ban(hash);
                }
            })?;
            pool.insert((hash, Arc::from(bytes)), terms, head.header.number, watcher)?;
            drop(pool);
            self.bell.notify_one();
            return Ok(hash);
        }
        Err(Rejection::Full)
    }

    fn judge(&self, head: &Block, bytes: &[u8]) -> Result<ValidTransaction, Rejection> {
        let question = [
            &TransactionSource::External.encode()[..],
            bytes,
            head.hash.as_bytes(),
        ]
        .concat();
        let method = "TaggedTransactionQueue_validate_transaction";
        let verdict: TransactionValidity = self
            .ask(Some(head.hash), method, &question)
            .map_err(Rejection::Crashed)?;
        Ok(verdict?)
    }

    /// Whether some transaction may go into the next block.
    pub(crate) fn has_ready(&self) -> bool {
        !self.held.load(Ordering::Relaxed) && !self.pool().ready().is_empty()
    }

    /// Takes transactions without including them, or goes on including them.
    pub(crate) fn hold(&self, held: bool) {
        self.held.store(held, Ordering::Relaxed);
        self.bell.notify_one();
    }

    /// Sets the chain's clock, which runs on from there.
    pub(crate) fn set_now(&self, now: u64) {
        let machine = i64::try_from(machine_time()).unwrap_or(i64::MAX);
        self.ahead.store(
            i64::try_from(now).unwrap_or(i64::MAX).saturating_sub(machine),
            Ordering::Relaxed,
        );
    }

    fn now(&self) -> u64 {
        machine_time().saturating_add_signed(self.ahead.load(Ordering::Relaxed))
    }

    /// Discards the states of all blocks before this one.
    pub(crate) fn prune(&self, before: u32) {
        self.ledger
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .discard(before);
    }

    /// Makes the next block of what is ready.
    pub(crate) fn make_block(&self) -> Result<Arc<Block>> {
        self.make(None)
    }

    /// Makes a block in which nothing happens but this. It runs inside the runtime and may call anything of it.
    pub(crate) fn poke(&self, poke: Poke) -> Result<Arc<Block>> {
        self.make(Some(poke))
    }

    fn make(&self, poke: Option<Poke>) -> Result<Arc<Block>> {
        let _author = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let parent = self.ledger().head();
        let is_empty = poke.is_some() || self.held.load(Ordering::Relaxed);
        let candidates = if is_empty { Vec::new() } else { self.pool().ready() };
        let state = self.state(Some(parent.hash))?;
        let number = parent.header.number + 1;
        let job = Job {
            parent: parent.hash,
            number,
            now: self.now(),
            candidates,
            poke,
        };
        let made = author::make(state, job)?;

        let hash = made.header.hash();
        let block = Block {
            hash,
            header: made.header,
            extrinsics: Some(made.extrinsics),
        };
        let block = {
            let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
            let superseded = ledger.write(made.changes);
            ledger.push(block, superseded);
            ledger.head()
        };
        self.pool().settle(hash, number, &made.included, &made.refused);
        self.review(&block);
        self.height.send_replace(number);
        // What waited for this block may be ready now.
        self.bell.notify_one();
        tracing::debug!(
            block = number,
            ?hash,
            extrinsics = made.included.len(),
            "a block was made"
        );
        Ok(block)
    }

    /// Asks the runtime about the transactions that still wait.
    fn review(&self, head: &Block) {
        let waiting = self.pool().pending();
        if waiting.is_empty() {
            return;
        }
        let verdicts = waiting
            .into_iter()
            .map(|(hash, bytes)| (hash, self.judge(head, &bytes)))
            .collect();
        self.pool().review(head.header.number, verdicts);
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("genesis", &self.genesis)
            .finish_non_exhaustive()
    }
}

/// Milliseconds since 1970.
pub(super) fn machine_time() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
