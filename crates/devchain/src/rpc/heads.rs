//! Subscriptions to new blocks. The newest block is final at once, so all three tell the same.

use super::{Module, UNIQUE, tell};
use crate::node::engine::Engine;
use jsonrpsee::core::server::PendingSubscriptionSink;
use std::sync::Arc;

pub(super) fn register(module: &mut Module) {
    let subscriptions = [
        (
            "chain_subscribeNewHeads",
            "chain_newHead",
            "chain_unsubscribeNewHeads",
        ),
        (
            "chain_subscribeFinalizedHeads",
            "chain_finalizedHead",
            "chain_unsubscribeFinalizedHeads",
        ),
        (
            "chain_subscribeAllHeads",
            "chain_allHead",
            "chain_unsubscribeAllHeads",
        ),
    ];
    for (subscribe, notification, unsubscribe) in subscriptions {
        let follow = async move |_, pending, engine, _| follow(pending, engine).await;
        module
            .0
            .register_subscription(subscribe, notification, unsubscribe, follow)
            .expect(UNIQUE);
    }
    module.aliases(
        "chain_subscribeNewHeads",
        &["chain_subscribeNewHead", "subscribe_newHead"],
    );
    module.aliases(
        "chain_unsubscribeNewHeads",
        &["chain_unsubscribeNewHead", "unsubscribe_newHead"],
    );
    module.aliases(
        "chain_subscribeFinalizedHeads",
        &["chain_subscribeFinalisedHeads"],
    );
    module.aliases(
        "chain_unsubscribeFinalizedHeads",
        &["chain_unsubscribeFinalisedHeads"],
    );
}

/// Tells the newest header, and from then on every one.
async fn follow(pending: PendingSubscriptionSink, engine: Arc<Engine>) {
    let mut heights = engine.heights();
    let Ok(sink) = pending.accept().await else { return };
    let mut next = *heights.borrow_and_update();
    loop {
        let height = *heights.borrow_and_update();
        while next <= height {
            let Some(block) = engine.ledger().block(next) else {
                return;
            };
            if !tell(&sink, &block.header).await {
                return;
            }
            next += 1;
        }
        tokio::select! {
            () = sink.closed() => return,
            changed = heights.changed() => if changed.is_err() { return },
        }
    }
}
