//! Transactions that wait for a block.
//!
//! As in a real node: a transaction *provides* the tag of its account and nonce and may *require* the tag of the nonce
//! before; it is ready once all it requires is provided by what is ready. What was included, refused or has expired is
//! banned for half an hour.

mod banned;
mod rejection;
#[cfg(test)]
mod tests;

pub(crate) use rejection::Rejection;

use banned::Banned;
use codec::Encode;
use serde::Serialize;
use sp_core::H256;
use sp_runtime::transaction_validity::{TransactionTag, ValidTransaction};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use tokio::sync::mpsc;

/// What happened to a transaction, as told to who watches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Status {
    Future,
    Ready,
    InBlock(H256),
    Finalized(H256),
    Usurped(H256),
    Invalid,
}

impl Status {
    /// Whether nothing comes after it.
    pub(crate) const fn is_last(self) -> bool {
        matches!(self, Self::Finalized(_) | Self::Usurped(_) | Self::Invalid)
    }
}

/// Told of a transaction's statuses. There are fewer than its room, so that none is lost.
pub(crate) type Watcher = mpsc::Sender<Status>;

/// A watcher's room: once future, once ready, and the ends.
pub(crate) const STATUSES: usize = 8;

#[derive(Debug)]
struct Entry {
    bytes: Arc<[u8]>,
    terms: ValidTransaction,
    /// The last block that may include it.
    expires: u32,
    arrival: u64,
    watcher: Option<Watcher>,
    told: Option<Status>,
}

impl Entry {
    fn tell(&mut self, status: Status) {
        let is_new = self.told.replace(status) != Some(status);
        if is_new
            && self
                .watcher
                .as_ref()
                .is_some_and(|watcher| watcher.try_send(status).is_err())
        {
            // Nobody watches any more.
            self.watcher = None;
        }
    }
}

/// The waiting transactions.
#[derive(Debug)]
pub(crate) struct Pool {
    entries: HashMap<H256, Entry>,
    arrivals: u64,
    banned: Banned,
    most: usize,
}

impl Pool {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            entries: HashMap::new(),
            arrivals: 0,
            banned: Banned::default(),
            most,
        }
    }

    /// Whether it is worth asking the runtime about these bytes.
    pub(crate) fn admit(&self, hash: H256) -> Result<(), Rejection> {
        if self.banned.contains(&hash) {
            return Err(Rejection::Banned);
        }
        if self.entries.contains_key(&hash) {
            return Err(Rejection::Known(hash));
        }
        Ok(())
    }

    /// Takes a transaction that the runtime found valid on top of the given block.
    pub(crate) fn insert(
        &mut self,
        (hash, bytes): (H256, Arc<[u8]>),
        terms: ValidTransaction,
        height: u32,
        watcher: Option<Watcher>,
    ) -> Result<(), Rejection> {
        self.admit(hash)?;
        let rivals = self.rivals(&terms.provides);
        if rivals.is_empty() && self.entries.len() >= self.most {
            self.banned.add(hash);
            return Err(Rejection::Full);
        }
        let old = rivals.iter().fold(0, |sum: u64, rival| {
            sum.saturating_add(self.entries[rival].terms.priority)
        });
        if !rivals.is_empty() && old >= terms.priority {
            return Err(Rejection::TooLowPriority {
                old,
                new: terms.priority,
            });
        }
        for rival in rivals {
            self.end(rival, &[Status::Usurped(hash)]);
        }
        self.arrivals += 1;
        let expires = expiry(height, &terms);
        self.entries.insert(
            hash,
            Entry {
                bytes,
                terms,
                expires,
                arrival: self.arrivals,
                watcher,
                told: None,
            },
        );
        self.promote();
        Ok(())
    }

    fn rivals(&self, provides: &[TransactionTag]) -> Vec<H256> {
        let rival = |entry: &Entry| entry.terms.provides.iter().any(|tag| provides.contains(tag));
        self.entries
            .iter()
            .filter(|(_, entry)| rival(entry))
            .map(|(hash, _)| *hash)
            .collect()
    }

    /// What a block may include, in its order: dearer first, then older, but never before what it requires.
    pub(crate) fn ready(&self) -> Vec<(H256, Arc<[u8]>)> {
        let order = self.order();
        order
            .into_iter()
            .map(|hash| (hash, Arc::clone(&self.entries[&hash].bytes)))
            .collect()
    }

    fn order(&self) -> Vec<H256> {
        let mut waiting: Vec<_> = self.entries.iter().collect();
        waiting.sort_by_key(|(_, entry)| (std::cmp::Reverse(entry.terms.priority), entry.arrival));
        let mut provided: HashSet<&TransactionTag> = HashSet::new();
        let mut order = Vec::with_capacity(waiting.len());
        loop {
            let before = order.len();
            waiting.retain(|(hash, entry)| {
                let is_ready = entry.terms.requires.iter().all(|tag| provided.contains(tag));
                if is_ready {
                    provided.extend(&entry.terms.provides);
                    order.push(**hash);
                }
                !is_ready
            });
            if order.len() == before {
                return order;
            }
        }
    }

    /// Tells the watchers which transactions are ready, and which are not yet.
    fn promote(&mut self) {
        let ready: HashSet<H256> = self.order().into_iter().collect();
        for (hash, entry) in &mut self.entries {
            entry.tell(if ready.contains(hash) {
                Status::Ready
            } else {
                Status::Future
            });
        }
    }

    /// All that wait, oldest first.
    pub(crate) fn pending(&self) -> Vec<(H256, Arc<[u8]>)> {
        let mut all: Vec<_> = self.entries.iter().collect();
        all.sort_by_key(|(_, entry)| entry.arrival);
        all.into_iter()
            .map(|(hash, entry)| (*hash, Arc::clone(&entry.bytes)))
            .collect()
    }

    /// The first nonce from this one on that no ready transaction of the account uses.
    pub(crate) fn next_nonce(&self, account: &[u8; 32], from: u32) -> u32 {
        let order = self.order();
        let provided: HashSet<&TransactionTag> = order
            .iter()
            .flat_map(|hash| &self.entries[hash].terms.provides)
            .collect();
        let mut nonce = from;
        while provided.contains(&(account, nonce).encode()) {
            nonce += 1;
        }
        nonce
    }

    /// Takes out what a block included, or refused when it tried, and what no later block may include.
    pub(crate) fn settle(&mut self, block: H256, height: u32, included: &[H256], refused: &[H256]) {
        for hash in included {
            self.end(*hash, &[Status::InBlock(block), Status::Finalized(block)]);
        }
        let expired = self.entries.iter().filter(|(_, entry)| entry.expires <= height);
        let expired: Vec<H256> = expired.map(|(hash, _)| *hash).collect();
        for hash in refused.iter().chain(&expired) {
            self.end(*hash, &[Status::Invalid]);
        }
    }

    /// What the runtime now thinks of those that still wait.
    pub(crate) fn review(&mut self, height: u32, verdicts: Vec<(H256, Result<ValidTransaction, Rejection>)>) {
        for (hash, verdict) in verdicts {
            match verdict {
                Ok(terms) => {
                    if let Some(entry) = self.entries.get_mut(&hash) {
                        entry.expires = expiry(height, &terms);
                        entry.terms = terms;
                    }
                }
                Err(reason) => {
                    tracing::debug!(extrinsic = ?hash, ?reason, "a waiting transaction became invalid");
                    self.end(hash, &[Status::Invalid]);
                }
            }
        }
        self.promote();
    }

    /// Remembers that these bytes were refused.
    pub(crate) fn ban(&mut self, hash: H256) {
        self.banned.add(hash);
    }

    fn end(&mut self, hash: H256, statuses: &[Status]) {
        self.banned.add(hash);
        if let Some(mut entry) = self.entries.remove(&hash) {
            for status in statuses {
                entry.tell(*status);
            }
        }
    }
}

fn expiry(height: u32, terms: &ValidTransaction) -> u32 {
    u32::try_from(u64::from(height).saturating_add(terms.longevity)).unwrap_or(u32::MAX)
}
