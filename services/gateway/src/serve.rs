//! The listening side: connections, each bounded in number, in size and in time.
//!
//! `axum::serve` sets no timer on its connections, so a client that sends its head byte by byte would
//! hold one for ever. Here hyper's own timer cuts it; and one that does not read its answer is cut by ours.

mod pace;

use crate::config::Limits;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use pace::Paced;
use std::{io, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream, lookup_host},
    sync::Semaphore,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Between two tries to accept when the machine is out of sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// What the kernel keeps of an answer that a client does not take. Left to itself it would let that grow to
/// megabytes, and tell us only every few megabytes that a slow client has taken something.
const SEND_BUFFER: u32 = 256 * 1024;

/// Listens there; connections inherit the listener's send buffer.
pub(crate) async fn listen(host: &str, port: u16) -> io::Result<TcpListener> {
    let mut failed = None;
    for address in lookup_host((host, port)).await? {
        let listening = || {
            let socket = if address.is_ipv4() {
                TcpSocket::new_v4()?
            } else {
                TcpSocket::new_v6()?
            };
            socket.set_reuseaddr(true)?;
            socket.set_send_buffer_size(SEND_BUFFER)?;
            socket.bind(address)?;
            socket.listen(BACKLOG)
        };
        match listening() {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the host has no address")))
}

/// Serves until the shutdown, then lets running requests end within the grace period.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    // Cuts what is still running when the grace period is over.
    let cut = CancellationToken::new();
    let accepting = async {
        loop {
            // Permit first: what is beyond the limit waits in the kernel's queue, not in our memory.
            let permit = Arc::clone(&permits)
                .acquire_owned()
                .await
                .expect("the semaphore is never closed");
            let Some(stream) = accept(&listener).await else {
                continue;
            };
            let task = connection(stream, router.clone(), limits, shutdown.clone());
            let cut = cut.clone();
            connections.spawn(async move {
                cut.run_until_cancelled(task).await;
                drop(permit);
            });
        }
    };
    shutdown.run_until_cancelled(accepting).await;
    drop(listener);
    connections.close();
    if timeout(limits.grace, connections.wait()).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "requests outlived the grace period, cut"
        );
        cut.cancel();
        connections.wait().await;
    }
}

async fn accept(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => Some(stream),
        Err(error) => {
            tracing::warn!(%error, "could not accept a connection");
            // Out of file descriptors, most likely: trying again at once would spin.
            tokio::time::interval_at(tokio::time::Instant::now() + ACCEPT_PAUSE, ACCEPT_PAUSE)
                .tick()
                .await;
            None
        }
    }
}

async fn connection(stream: TcpStream, router: Router, limits: Limits, shutdown: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not set `TCP_NODELAY`");
    }
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.head_bytes)
        .serve_connection(
            TokioIo::new(Paced::new(stream, limits.send_timeout)),
            TowerToHyperService::new(router),
        );
    let mut serving = pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        // The client's doing mostly: a broken line, a head too slow or too large, an answer not taken. Hyper has
        // answered what it could.
        tracing::debug!(%error, "connection ended early");
    }
}
