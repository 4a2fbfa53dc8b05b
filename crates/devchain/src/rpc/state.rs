//! The runtime and its version.

use super::{Answer, Module, UNIQUE, tell};
use crate::node::engine::Engine;
use codec::Encode;
use jsonrpsee::{core::server::PendingSubscriptionSink, types::params::ParamsSequence};
use pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo;
use sp_core::{Bytes, H256};
use sp_version::RuntimeVersion;
use sp_weights::Weight;
use std::sync::Arc;

pub(super) fn register(module: &mut Module) {
    module.method(&["state_call", "state_callAt"], call);
    module.method(&["state_getMetadata"], metadata);
    module.method(&["state_getRuntimeVersion", "chain_getRuntimeVersion"], version);
    module.method(&["payment_queryInfo"], fee);
    let follow = async move |_, pending, engine, _| follow(pending, engine).await;
    let (subscribe, unsubscribe) = ("state_subscribeRuntimeVersion", "state_unsubscribeRuntimeVersion");
    module
        .0
        .register_subscription(subscribe, "state_runtimeVersion", unsubscribe, follow)
        .expect(UNIQUE);
    module.aliases(subscribe, &["chain_subscribeRuntimeVersion"]);
    module.aliases(unsubscribe, &["chain_unsubscribeRuntimeVersion"]);
}

fn call(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<Bytes> {
    let (method, arguments): (String, Bytes) = (parameters.next()?, parameters.next()?);
    Ok(Bytes(engine.call(
        parameters.optional_next()?,
        &method,
        &arguments,
    )?))
}

fn metadata(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<Bytes> {
    Ok(Bytes(engine.ask(
        parameters.optional_next()?,
        "Metadata_metadata",
        &[],
    )?))
}

fn version(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<RuntimeVersion> {
    Ok(engine.version(parameters.optional_next()?)?)
}

fn fee(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<RuntimeDispatchInfo<u64, Weight>> {
    let (extrinsic, at): (Bytes, Option<H256>) = (parameters.next()?, parameters.optional_next()?);
    let length = u32::try_from(extrinsic.len()).unwrap_or(u32::MAX);
    let arguments = [&extrinsic[..], &length.encode()].concat();
    Ok(engine.ask(at, "TransactionPaymentApi_query_info", &arguments)?)
}

/// Tells the runtime's version, and from then on every new one.
async fn follow(pending: PendingSubscriptionSink, engine: Arc<Engine>) {
    let mut heights = engine.heights();
    let Ok(sink) = pending.accept().await else { return };
    let mut told = None;
    loop {
        heights.mark_unchanged();
        let Ok(version) = engine.version(None) else { return };
        if told.as_ref() != Some(&version) {
            if !tell(&sink, &version).await {
                return;
            }
            told = Some(version);
        }
        tokio::select! {
            () = sink.closed() => return,
            changed = heights.changed() => if changed.is_err() { return },
        }
    }
}
