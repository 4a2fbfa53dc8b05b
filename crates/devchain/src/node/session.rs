//! Running the runtime over one state.

use super::trie::{State, Trie};
use crate::{Error, error::Result, runtime::apis::api};
use codec::{Decode, DecodeAll};
use sp_core::{Blake2Hasher, H256, storage::StateVersion};
use sp_externalities::set_and_run_with_externalities;
use sp_state_machine::{BackendTransaction, Ext, OverlayedChanges};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A state and what was changed since; changes are lost unless they are taken.
pub(super) struct Session {
    overlay: OverlayedChanges<Blake2Hasher>,
    state: State,
}

impl Session {
    pub(super) fn new(state: State) -> Self {
        Self {
            overlay: OverlayedChanges::default(),
            state,
        }
    }

    /// Runs a function of the runtime. A panic in it is an error, as a trap is to a real node, and undoes nothing that
    /// came before.
    pub(super) fn run<R>(&mut self, method: &str, function: impl FnOnce() -> R) -> Result<R> {
        self.overlay.enter_runtime().expect("sessions do not nest");
        let mut externalities = Ext::new(&mut self.overlay, &self.state, None);
        let ended = catch_unwind(AssertUnwindSafe(|| {
            set_and_run_with_externalities(&mut externalities, function)
        }));
        // It also closes the transactions that a panic left open.
        self.overlay.exit_runtime().expect("it was entered above");
        ended.map_err(|panic| Error::Panicked {
            method: method.to_owned(),
            message: said(&*panic),
        })
    }

    /// Runs a function and keeps its changes only if they are wanted.
    pub(super) fn attempt<R>(
        &mut self,
        method: &str,
        function: impl FnOnce(&mut Self) -> Result<R>,
        keep: impl FnOnce(&R) -> bool,
    ) -> Result<R> {
        self.overlay.start_transaction();
        let ended = function(self);
        let ending = match &ended {
            Ok(answer) if keep(answer) => self.overlay.commit_transaction(),
            _ => self.overlay.rollback_transaction(),
        };
        ending.map_err(|_| Error::Unreadable {
            reason: format!("`{method}` closed a transaction that was not its own"),
        })?;
        ended
    }

    /// Calls an exported method with encoded arguments.
    pub(super) fn call(&mut self, method: &str, arguments: &[u8]) -> Result<Vec<u8>> {
        self.run(method, || api::dispatch(method, arguments))?
            .ok_or_else(|| Error::UnknownMethod {
                method: method.to_owned(),
            })
    }

    /// Calls an exported method and decodes its answer.
    pub(super) fn ask<R: Decode>(&mut self, method: &str, arguments: &[u8]) -> Result<R> {
        let answer = self.call(method, arguments)?;
        R::decode_all(&mut &answer[..]).map_err(|source| Error::Undecodable {
            method: method.to_owned(),
            source,
        })
    }

    /// Writes a raw value.
    pub(super) fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.overlay.set_storage(key, value);
    }

    /// The nodes of the trie that changed, and its new root.
    pub(super) fn changes(mut self) -> Result<(BackendTransaction<Blake2Hasher>, H256)> {
        let changes = self
            .overlay
            .drain_storage_changes(&self.state, StateVersion::V1)
            .map_err(|reason| Error::Unreadable { reason })?;
        Ok((changes.transaction, changes.transaction_storage_root))
    }
}

/// Writes a first state.
pub(super) fn write_first(trie: &Trie, storage: sp_core::storage::Storage) -> Result<H256> {
    let mut session = Session::new(trie.empty());
    for (key, value) in storage.top {
        session.set(key, Some(value));
    }
    let (changes, root) = session.changes()?;
    trie.write(changes);
    Ok(root)
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}
