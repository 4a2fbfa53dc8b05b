//! The chain's state at one block.

use super::{entry::Entry, fault};
use crate::{
    Error, Hash, Result,
    config::{Config, Rpc},
};
use kinitro_proto::BlockNumber;
use std::collections::BTreeMap;
use subxt::ext::{frame_decode::storage::IntoEncodableValues, scale_decode::DecodeAsType};

/// Keys asked for at once; nodes give 1000 at most.
const PAGE: usize = 512;

/// One block's state: whatever is read through it belongs together.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) rpc: Rpc,
    pub(crate) config: Config,
    pub(crate) number: BlockNumber,
    pub(crate) hash: Hash,
    pub(super) url: std::sync::Arc<str>,
}

impl View {
    /// The same at an earlier block, as this block's runtime reads it.
    pub(crate) fn at(&self, number: BlockNumber, hash: Hash) -> Self {
        Self {
            number,
            hash,
            ..self.clone()
        }
    }

    /// A storage entry as this block's runtime describes it.
    pub(crate) fn entry(&self, pallet: &'static str, name: &'static str) -> Result<Entry<'_>> {
        Entry::of(self.config.metadata(), pallet, name)
    }

    /// A constant of this block's runtime.
    pub(crate) fn constant<Value: DecodeAsType>(
        &self,
        pallet: &'static str,
        name: &'static str,
    ) -> Result<Value> {
        let address = subxt::dynamic::constant::<Value>(pallet, name);
        self.config
            .offline()
            .constants()
            .entry(address)
            .map_err(|error| super::entry::unexpected(pallet, name, error.into()))
    }

    /// One value, or what the runtime itself reads where nothing is stored.
    pub(crate) async fn value<Value: DecodeAsType>(
        &self,
        pallet: &'static str,
        name: &'static str,
        parts: impl IntoEncodableValues,
    ) -> Result<Value> {
        let entry = self.entry(pallet, name)?;
        let bytes = self.stored(&[entry.key(parts)?]).await?;
        entry.value_or_default(bytes[0].as_deref())
    }

    /// The keys below a prefix, at most so many.
    pub(crate) async fn keys(&self, prefix: &[u8], limit: usize, what: &'static str) -> Result<Vec<Vec<u8>>> {
        let mut keys: Vec<Vec<u8>> = Vec::new();
        loop {
            let page = self
                .rpc
                .state_get_keys_paged(
                    prefix,
                    u32::try_from(PAGE).expect("a page is small"),
                    keys.last().map(Vec::as_slice),
                    Some(self.hash.into()),
                )
                .await
                .map_err(|error| self.fault(what, error))?;
            let is_last = page.len() < PAGE;
            for key in page {
                if !key.starts_with(prefix) || keys.last().is_some_and(|last| *last >= key) {
                    return Err(self.bad_answer(what, "keys that were not asked for, or not in order"));
                }
                keys.push(key);
            }
            if keys.len() > limit {
                return Err(Error::TooMuch { what, limit });
            }
            if is_last {
                return Ok(keys);
            }
        }
    }

    /// What is stored under these keys, in their order; `None` where nothing is, whatever the default.
    pub(crate) async fn stored(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        const WHAT: &str = "stored values";
        let mut found = BTreeMap::new();
        for page in keys.chunks(PAGE) {
            let sets = self
                .rpc
                .state_query_storage_at(page.iter().map(Vec::as_slice), Some(self.hash.into()))
                .await
                .map_err(|error| self.fault(WHAT, error))?;
            for set in sets {
                if Hash::from(set.block) != self.hash {
                    return Err(self.bad_answer(WHAT, "values of another block"));
                }
                found.extend(set.changes.into_iter().map(|(key, value)| (key.0, value)));
            }
        }
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            values.push(found.remove(key).flatten().map(|value| value.0));
        }
        if found.is_empty() {
            Ok(values)
        } else {
            Err(self.bad_answer(WHAT, "keys that were not asked for"))
        }
    }

    /// Keys below a prefix and what is stored there.
    pub(crate) async fn rows(
        &self,
        prefix: &[u8],
        limit: usize,
        what: &'static str,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let keys = self.keys(prefix, limit, what).await?;
        let values = self.stored(&keys).await?;
        let rows = keys.into_iter().zip(values);
        Ok(rows
            .filter_map(|(key, value)| value.map(|value| (key, value)))
            .collect())
    }

    /// What an error of the RPC client means while this block is read.
    pub(crate) fn fault(&self, what: &'static str, error: subxt::rpcs::Error) -> Error {
        fault::of(&self.url, what, Some(self.hash), error)
    }

    fn bad_answer(&self, what: &'static str, reason: &'static str) -> Error {
        Error::BadAnswer {
            what,
            source: reason.into(),
        }
    }
}
