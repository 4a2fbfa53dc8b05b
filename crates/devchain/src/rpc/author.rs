//! Submitting transactions.

use super::{Answer, Module, UNIQUE, tell};
use crate::node::{
    engine::Engine,
    pool::{Rejection, STATUSES},
};
use jsonrpsee::{
    core::server::PendingSubscriptionSink,
    types::{ErrorObjectOwned, params::ParamsSequence},
};
use sp_core::{Bytes, H256};
use std::sync::Arc;
use tokio::sync::mpsc;

pub(super) fn register(module: &mut Module) {
    module.method(&["author_submitExtrinsic"], submit);
    module.method(&["author_pendingExtrinsics"], |engine, _| {
        let waiting = engine.pool().pending();
        Ok(waiting
            .into_iter()
            .map(|(_, bytes)| Bytes(bytes.to_vec()))
            .collect::<Vec<_>>())
    });
    let watch = async move |parameters: jsonrpsee::types::Params<'static>, pending, engine, _| {
        watch(parameters.one::<Bytes>(), pending, engine).await;
    };
    let (subscribe, unsubscribe) = ("author_submitAndWatchExtrinsic", "author_unwatchExtrinsic");
    module
        .0
        .register_subscription(subscribe, "author_extrinsicUpdate", unsubscribe, watch)
        .expect(UNIQUE);
}

fn submit(engine: &Engine, parameters: &mut ParamsSequence<'_>) -> Answer<H256> {
    let extrinsic: Bytes = parameters.next()?;
    Ok(engine.submit(&extrinsic, None)?)
}

/// Submits a transaction and tells what becomes of it.
async fn watch(extrinsic: Answer<Bytes>, pending: PendingSubscriptionSink, engine: Arc<Engine>) {
    let extrinsic = match extrinsic {
        Ok(extrinsic) => extrinsic,
        Err(error) => return pending.reject(error).await,
    };
    let (watcher, mut statuses) = mpsc::channel(STATUSES);
    // Judging it takes a while: not on the threads that serve others.
    let submitted = tokio::task::spawn_blocking(move || engine.submit(&extrinsic, Some(watcher))).await;
    let submitted = submitted.unwrap_or(Err(Rejection::Full));
    if let Err(rejection) = submitted {
        return pending.reject(ErrorObjectOwned::from(rejection)).await;
    }
    let Ok(sink) = pending.accept().await else { return };
    loop {
        tokio::select! {
            () = sink.closed() => return,
            status = statuses.recv() => match status {
                Some(status) if tell(&sink, &status).await && !status.is_last() => {}
                _ => return,
            },
        }
    }
}
