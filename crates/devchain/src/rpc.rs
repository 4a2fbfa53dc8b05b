//! What clients call: the JSON-RPC methods of a real node that SDKs use, over WebSocket and HTTP on one port.

mod author;
mod chain;
mod dev;
mod failure;
mod heads;
mod state;
mod storage;
mod system;

use crate::{Error, error::Result, node::engine::Engine};
use jsonrpsee::{
    RpcModule,
    core::server::SubscriptionSink,
    server::{BatchRequestConfig, RandomStringIdProvider, Server, ServerConfig, ServerHandle},
    types::{ErrorObjectOwned, params::ParamsSequence},
};
use serde::Serialize;
use std::{net::SocketAddr, sync::Arc};

/// How many may be connected.
const CONNECTIONS: u32 = 256;
/// How many subscriptions each may have.
const SUBSCRIPTIONS: u32 = 256;
/// A request's size: a full page of keys fits easily.
const REQUEST_BYTES: u32 = 4 * 1024 * 1024;
/// A response's size: metadata takes under two megabytes in hex.
const RESPONSE_BYTES: u32 = 16 * 1024 * 1024;
/// Requests in one batch.
const BATCH: u32 = 256;
/// Messages that a slow reader may have waiting before its subscriptions wait for it.
const MESSAGES: u32 = 256;

/// A method's answer.
type Answer<R> = Result<R, ErrorObjectOwned>;

/// Serves the chain; says where it listens.
pub(crate) async fn serve(engine: &Arc<Engine>, address: SocketAddr) -> Result<(SocketAddr, ServerHandle)> {
    let config = ServerConfig::builder()
        .max_connections(CONNECTIONS)
        .max_subscriptions_per_connection(SUBSCRIPTIONS)
        .max_request_body_size(REQUEST_BYTES)
        .max_response_body_size(RESPONSE_BYTES)
        .set_batch_request_config(BatchRequestConfig::Limit(BATCH))
        .set_message_buffer_capacity(MESSAGES)
        .set_id_provider(RandomStringIdProvider::new(16))
        .set_tcp_no_delay(true)
        .build();
    let listen = |source| Error::Listen {
        address,
        source: Arc::new(source),
    };
    // It may reuse an address whose old connections linger, so a chain can be started anew on the same port.
    let server = Server::builder()
        .set_config(config)
        .build(address)
        .await
        .map_err(listen)?;
    let address = server.local_addr().map_err(listen)?;
    Ok((address, server.start(methods(engine))))
}

fn methods(engine: &Arc<Engine>) -> RpcModule<Engine> {
    let mut module = Module(RpcModule::from_arc(Arc::clone(engine)));
    system::register(&mut module);
    chain::register(&mut module);
    heads::register(&mut module);
    state::register(&mut module);
    storage::register(&mut module);
    author::register(&mut module);
    dev::register(&mut module);
    let mut names: Vec<_> = module.0.method_names().chain(["rpc_methods"]).collect();
    names.sort_unstable();
    let answer = serde_json::json!({ "methods": names });
    module
        .0
        .register_method("rpc_methods", move |_, _, _| answer.clone())
        .expect(UNIQUE);
    module.0
}

const UNIQUE: &str = "every method is registered once";

/// The methods so far.
struct Module(RpcModule<Engine>);

impl Module {
    /// Registers a method and its other names. It may take its time.
    fn method<R>(&mut self, names: &[&'static str], method: fn(&Engine, &mut ParamsSequence<'_>) -> Answer<R>)
    where
        R: Serialize + Clone + Send + 'static,
    {
        for name in names {
            self.0
                .register_blocking_method(name, move |parameters, engine, _| {
                    method(&engine, &mut parameters.sequence())
                })
                .expect(UNIQUE);
        }
    }

    /// Gives a subscription's two methods their other names.
    fn aliases(&mut self, of: &'static str, aliases: &[&'static str]) {
        for alias in aliases {
            self.0.register_alias(alias, of).expect(UNIQUE);
        }
    }
}

/// Sends a subscriber something; `false` once it is gone.
async fn tell(sink: &SubscriptionSink, message: &impl Serialize) -> bool {
    let message = jsonrpsee::SubscriptionMessage::new(sink.method_name(), sink.subscription_id(), message);
    match message {
        Ok(message) => sink.send(message).await.is_ok(),
        Err(_) => false,
    }
}
