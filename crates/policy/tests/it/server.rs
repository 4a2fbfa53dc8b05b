//! A TCP server that does what a test tells it to, byte by byte.

use crate::{ACTION, endpoint};
use kinitro_proto::Policy;
use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

/// A running server; it ends when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
    accept: AbortHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

/// One accepted connection.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Treats every connection alike.
    pub(crate) async fn new<F: Future<Output = ()> + Send + 'static>(
        treat: impl Fn(Connection) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counter, log) = (Arc::clone(&connections), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(treat(Connection {
                    stream,
                    requests: Arc::clone(&log),
                }));
            }
        });
        Self {
            address,
            connections,
            requests,
            accept: task.abort_handle(),
        }
    }

    /// Answers every request with these bytes and keeps the connection.
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::new(move |mut connection| {
            let answer = answer.clone();
            async move { while connection.request().await.is_some() && connection.send(&answer).await {} }
        })
        .await
    }

    /// Answers every request with status 200 and this body.
    pub(crate) async fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::answering(ok(body)).await
    }

    pub(crate) async fn honest() -> Self {
        Self::ok(ACTION).await
    }

    pub(crate) fn policy(&self) -> Policy {
        endpoint(format!("http://{}", self.address))
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The requests so far: head and body as they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Connection {
    /// Reads one whole request; none when the client has closed.
    pub(crate) async fn request(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        while !is_whole(&bytes) {
            if self.stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return None;
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        self.requests.lock().unwrap().push(text.clone());
        Some(text)
    }

    /// Sends the bytes; false when the client has closed.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends one byte, then the next after a pause, until the client closes.
    pub(crate) async fn drip(&mut self, bytes: impl AsRef<[u8]>, pause: Duration) {
        let mut pause = tokio::time::interval(pause);
        for byte in bytes.as_ref() {
            pause.tick().await;
            if !self.send([*byte]).await {
                return;
            }
        }
    }

    /// Does nothing, for ever, with the connection open.
    pub(crate) async fn hang(self) {
        std::future::pending::<()>().await;
    }
}

/// An answer with status 200 and this body.
pub(crate) fn ok(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An answer with this status line and no body.
pub(crate) fn status(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}
