//! This chain's types for subxt, tied to one runtime.

use crate::Hash;
use std::sync::Arc;
use subxt::{
    client::{OfflineClient, OfflineClientAtBlock},
    config::{
        DefaultTransactionExtensions, RpcConfigFor,
        substrate::{BlakeTwo256, SubstrateHeader},
    },
    metadata::{ArcMetadata, Metadata},
    utils::{AccountId32, H256, MultiAddress, MultiSignature},
};

/// The node's legacy RPC methods, which every node has.
pub(crate) type Rpc = subxt::rpcs::LegacyRpcMethods<RpcConfigFor<Config>>;

/// What subxt needs to build extrinsics and to decode events, with nothing to ask the node for.
pub(crate) type Offline = OfflineClientAtBlock<Config>;

/// One runtime of one chain.
///
/// Bittensor's own transaction extensions are all empty, so the stock ones encode them. No historic types:
/// those built into other configurations belong to other chains.
#[derive(Debug, Clone)]
pub(crate) struct Config(Arc<Runtime>);

struct Runtime {
    genesis: Hash,
    spec_version: u32,
    transaction_version: u32,
    metadata: ArcMetadata,
}

impl Config {
    pub(crate) fn new(genesis: Hash, versions: (u32, u32), metadata: ArcMetadata) -> Self {
        let (spec_version, transaction_version) = versions;
        Self(Arc::new(Runtime {
            genesis,
            spec_version,
            transaction_version,
            metadata,
        }))
    }

    pub(crate) fn genesis(&self) -> Hash {
        self.0.genesis
    }

    pub(crate) fn spec_version(&self) -> u32 {
        self.0.spec_version
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    pub(crate) fn arc(&self) -> ArcMetadata {
        self.0.metadata.clone()
    }

    /// The same runtime, whatever the block: for building and decoding without the node.
    pub(crate) fn offline(&self) -> Offline {
        OfflineClient::new_with_config(self.clone())
            .at_block(0_u64)
            .expect("the configuration answers for every block")
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime")
            .field("genesis", &self.genesis)
            .field("spec_version", &self.spec_version)
            .finish_non_exhaustive()
    }
}

impl subxt::Config for Config {
    type AccountId = AccountId32;
    type Address = MultiAddress<AccountId32, ()>;
    type Signature = MultiSignature;
    type Hasher = BlakeTwo256;
    type Header = SubstrateHeader<H256>;
    type TransactionExtensions = DefaultTransactionExtensions<Self>;
    type AssetId = u32;

    fn genesis_hash(&self) -> Option<H256> {
        Some(self.0.genesis.into())
    }

    fn spec_and_transaction_version_for_block_number(&self, _: u64) -> Option<(u32, u32)> {
        Some((self.0.spec_version, self.0.transaction_version))
    }

    fn metadata_for_spec_version(&self, spec_version: u32) -> Option<ArcMetadata> {
        (spec_version == self.0.spec_version).then(|| self.0.metadata.clone())
    }
}
