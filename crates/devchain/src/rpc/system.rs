//! What the node says of itself.

use super::{Answer, Module, failure::bad_parameter};
use crate::node::engine::Engine;
use codec::Encode;
use jsonrpsee::types::params::ParamsSequence;
use serde_json::{Value, json};
use sp_core::crypto::{AccountId32, Ss58Codec};

pub(super) fn register(module: &mut Module) {
    module.method(&["system_chain"], |_, _| Ok("Kinitro development chain"));
    module.method(&["system_name"], |_, _| Ok("kinitro-devchain"));
    module.method(&["system_version"], |_, _| Ok(env!("CARGO_PKG_VERSION")));
    module.method(&["system_chainType"], |_, _| Ok("Development"));
    module.method(&["system_nodeRoles"], |_, _| Ok(["Authority"]));
    module.method(&["system_peers"], |_, _| Ok(Vec::<Value>::new()));
    module.method(&["system_localListenAddresses"], |_, _| Ok(Vec::<Value>::new()));
    // It has no peers, so any well-formed identity will do.
    module.method(&["system_localPeerId"], |_, _| {
        Ok("12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp")
    });
    module.method(&["system_health"], |_, _| {
        Ok(json!({ "peers": 0, "isSyncing": false, "shouldHavePeers": false }))
    });
    module.method(&["system_properties"], |_, _| {
        Ok(json!({ "ss58Format": 42, "tokenDecimals": 9, "tokenSymbol": "TAO" }))
    });
    module.method(&["system_syncState"], |engine, _| {
        let height = engine.ledger().height();
        Ok(json!({ "startingBlock": 0, "currentBlock": height, "highestBlock": height }))
    });
    module.method(&["system_accountNextIndex", "account_nextIndex"], next_nonce);
}

/// The nonce for the account's next extrinsic, those that wait counted.
fn next_nonce(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<u32> {
    let address: String = parameters.next()?;
    let account = AccountId32::from_ss58check(&address)
        .map_err(|error| bad_parameter(format!("not an ss58 address: {error}")))?;
    let nonce: u32 = engine.ask(None, "AccountNonceApi_account_nonce", &account.encode())?;
    Ok(engine.pool().next_nonce(account.as_ref(), nonce))
}
