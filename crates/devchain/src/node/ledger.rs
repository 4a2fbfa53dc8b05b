//! The blocks, oldest first. There are no forks: the newest is final at once.

use super::trie::{State, Superseded, Trie};
use crate::{Error, error::Result, runtime::Header};
use sp_core::{Blake2Hasher, H256};
use sp_state_machine::BackendTransaction;
use std::{collections::HashMap, sync::Arc};

/// A block as clients see it.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) hash: H256,
    pub(crate) header: Header,
    /// Encoded, with their lengths in front; gone once the block is far enough behind.
    pub(crate) extrinsics: Option<Vec<Vec<u8>>>,
}

/// A block in its place.
struct Entry {
    block: Arc<Block>,
    /// What of the parent's state this block replaced, until the parent's state is discarded.
    superseded: Superseded,
}

/// All blocks and the states of the recent ones.
pub(crate) struct Ledger {
    trie: Trie,
    entries: Vec<Entry>,
    numbers: HashMap<H256, u32>,
    /// The oldest block whose state is kept.
    oldest: u32,
    /// How many states are kept.
    keep: u32,
}

impl Ledger {
    pub(crate) fn new(trie: Trie, genesis: Block, keep: u32) -> Self {
        let numbers = HashMap::from([(genesis.hash, 0)]);
        let entries = vec![Entry {
            block: Arc::new(genesis),
            superseded: Superseded::new(),
        }];
        Self {
            trie,
            entries,
            numbers,
            oldest: 0,
            keep: keep.max(1),
        }
    }

    /// The newest block's number.
    pub(crate) fn height(&self) -> u32 {
        u32::try_from(self.entries.len() - 1).expect("block numbers are 32 bits wide")
    }

    pub(crate) fn head(&self) -> Arc<Block> {
        let newest = self.entries.last().expect("there is a genesis block");
        Arc::clone(&newest.block)
    }

    pub(crate) fn block(&self, number: u32) -> Option<Arc<Block>> {
        self.entries
            .get(number as usize)
            .map(|entry| Arc::clone(&entry.block))
    }

    pub(crate) fn find(&self, hash: &H256) -> Option<Arc<Block>> {
        self.block(*self.numbers.get(hash)?)
    }

    /// A block's state, the newest one's for `None`.
    pub(crate) fn state(&self, hash: Option<H256>) -> Result<State> {
        let block = match hash {
            None => self.head(),
            Some(hash) => self.find(&hash).ok_or(Error::UnknownBlock { hash })?,
        };
        if block.header.number < self.oldest {
            return Err(Error::Discarded { hash: block.hash });
        }
        Ok(self.trie.at(block.header.state_root))
    }

    /// Adds the nodes of the block that comes next.
    pub(crate) fn write(&self, changes: BackendTransaction<Blake2Hasher>) -> Superseded {
        self.trie.write(changes)
    }

    /// Adds the next block, and discards the state that is one too many.
    pub(crate) fn push(&mut self, block: Block, superseded: Superseded) {
        debug_assert_eq!(block.header.number, self.height() + 1);
        self.numbers.insert(block.hash, block.header.number);
        self.entries.push(Entry {
            block: Arc::new(block),
            superseded,
        });
        let first = (self.height() + 1).saturating_sub(self.keep);
        self.discard(first);
        if let Some(entry) = first
            .checked_sub(1)
            .and_then(|behind| self.entries.get_mut(behind as usize))
        {
            Arc::make_mut(&mut entry.block).extrinsics = None;
        }
    }

    /// Discards the states of all blocks before this one; the newest always stays.
    pub(crate) fn discard(&mut self, before: u32) {
        let before = before.min(self.height());
        while self.oldest < before {
            self.oldest += 1;
            let next = &mut self.entries[self.oldest as usize];
            self.trie.forget(std::mem::take(&mut next.superseded));
        }
    }
}
