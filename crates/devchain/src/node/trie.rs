//! The Merkle trie in which the states of all kept blocks share what they have in common.
//!
//! A node of the trie is stored under its place and its hash, and counted: a block that writes it again adds one, and a
//! block that supersedes it takes one away as soon as no older state is kept. So a block costs what it changed, not what
//! there is.

use sp_core::{Blake2Hasher, H256};
use sp_state_machine::{
    BackendTransaction, DefaultError, TrieBackend, TrieBackendBuilder, TrieBackendStorage,
};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// One block's state.
pub(crate) type State = TrieBackend<Trie, Blake2Hasher>;

/// What a block wrote that the next one no longer needs.
pub(crate) type Superseded = Vec<(Vec<u8>, u32)>;

/// The nodes of all kept states.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trie(Arc<RwLock<HashMap<Vec<u8>, Node>>>);

#[derive(Debug)]
struct Node {
    value: Vec<u8>,
    uses: u32,
}

/// The trie of nothing, which is not stored.
const EMPTY: &[u8] = &[0];

impl Trie {
    /// The state with nothing in it.
    pub(crate) fn empty(&self) -> State {
        self.at(sp_io::hashing::blake2_256(EMPTY).into())
    }

    /// The state with this root.
    pub(crate) fn at(&self, root: H256) -> State {
        TrieBackendBuilder::new(self.clone(), root).build()
    }

    /// Adds a block's nodes; says which older ones it supersedes.
    pub(crate) fn write(&self, mut changes: BackendTransaction<Blake2Hasher>) -> Superseded {
        let mut nodes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut superseded = Superseded::new();
        for (key, (value, uses)) in changes.drain() {
            if uses < 0 {
                superseded.push((key, uses.unsigned_abs()));
            } else if uses > 0 {
                nodes.entry(key).or_insert(Node { value, uses: 0 }).uses += uses.unsigned_abs();
            }
        }
        superseded
    }

    /// Takes away what no kept state needs any more.
    pub(crate) fn forget(&self, superseded: Superseded) {
        let mut nodes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (key, times) in superseded {
            let Some(node) = nodes.get_mut(&key) else { continue };
            node.uses = node.uses.saturating_sub(times);
            if node.uses == 0 {
                nodes.remove(&key);
            }
        }
    }

    /// How many nodes are kept.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl TrieBackendStorage<Blake2Hasher> for Trie {
    fn get(&self, hash: &H256, (place, half): (&[u8], Option<u8>)) -> Result<Option<Vec<u8>>, DefaultError> {
        // The key of `PrefixedMemoryDB`, in which changes come.
        let key = [place, half.as_slice(), hash.as_bytes()].concat();
        let nodes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(node) = nodes.get(&key) {
            return Ok(Some(node.value.clone()));
        }
        Ok((sp_io::hashing::blake2_256(EMPTY) == hash.0).then(|| EMPTY.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_core::storage::StateVersion;
    use sp_state_machine::{Backend, OverlayedChanges};

    fn step(trie: &Trie, state: &State, changes: &[(&str, Option<&str>)]) -> (State, Superseded) {
        let mut overlay = OverlayedChanges::<Blake2Hasher>::default();
        for (key, value) in changes {
            overlay.set_storage(
                key.as_bytes().to_vec(),
                value.map(|value| value.as_bytes().to_vec()),
            );
        }
        let changes = overlay.drain_storage_changes(state, StateVersion::V1).unwrap();
        let superseded = trie.write(changes.transaction);
        (trie.at(changes.transaction_storage_root), superseded)
    }

    fn read(state: &State, key: &str) -> Option<Vec<u8>> {
        state.storage(key.as_bytes()).unwrap()
    }

    #[test]
    fn every_state_keeps_its_own_values_until_it_is_forgotten() {
        let trie = Trie::default();
        let long = "a value that is too long to stand inside a node of the trie";
        let (first, _) = step(&trie, &trie.empty(), &[("a", Some("1")), ("ab", Some(long))]);
        let (second, superseded) = step(&trie, &first, &[("a", Some("2")), ("ab", None)]);
        assert_eq!(read(&first, "ab"), Some(long.as_bytes().to_vec()));
        assert_eq!(
            (read(&first, "a"), read(&second, "a")),
            (Some(b"1".to_vec()), Some(b"2".to_vec()))
        );
        assert_eq!(read(&second, "ab"), None);
        trie.forget(superseded);
        assert!(first.storage(b"a").is_err());
        assert_eq!(read(&second, "a"), Some(b"2".to_vec()));
    }

    #[test]
    fn a_value_that_comes_back_outlives_its_first_death() {
        let trie = Trie::default();
        let long = "another value that is too long to stand inside a node of the trie";
        let (one, _) = step(&trie, &trie.empty(), &[("a", Some(long)), ("b", Some("x"))]);
        let (two, gone_at_two) = step(&trie, &one, &[("a", None)]);
        let (three, gone_at_three) = step(&trie, &two, &[("a", Some(long))]);
        trie.forget(gone_at_two);
        trie.forget(gone_at_three);
        assert_eq!(read(&three, "a"), Some(long.as_bytes().to_vec()));
    }

    #[test]
    fn a_thousand_changes_of_one_value_leave_one_states_nodes() {
        let trie = Trie::default();
        let (mut state, _) = step(
            &trie,
            &trie.empty(),
            &[("a", Some("0")), ("b", Some("0")), ("c", Some("0"))],
        );
        let before = trie.len();
        for turn in 1..=1000 {
            let (next, superseded) = step(&trie, &state, &[("b", Some(&turn.to_string()))]);
            trie.forget(superseded);
            state = next;
        }
        assert_eq!(trie.len(), before);
    }
}
