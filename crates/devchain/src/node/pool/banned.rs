//! Transactions that may not come back for a while.

use sp_core::H256;
use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

/// As long as a real node's pool does by default.
const TERM: Duration = Duration::from_secs(30 * 60);
/// How many are remembered.
const MOST: usize = 2_048;

/// Hashes of what was included, refused or dropped lately.
#[derive(Debug, Default)]
pub(super) struct Banned {
    until: HashMap<H256, Instant>,
    order: VecDeque<H256>,
}

impl Banned {
    pub(super) fn add(&mut self, hash: H256) {
        if self.until.insert(hash, Instant::now() + TERM).is_none() {
            self.order.push_back(hash);
        }
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.until.remove(&oldest);
        }
    }

    pub(super) fn contains(&self, hash: &H256) -> bool {
        self.until.get(hash).is_some_and(|until| Instant::now() < *until)
    }
}
