//! A gateway that serves what a test tells it to, and a cable to the chain that can be cut.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

/// The answer to all who ask, how often it changed, and how many have asked since.
#[derive(Default)]
struct Answer {
    weights: Option<Value>,
    version: u32,
    asked: u32,
}

/// A gateway on loopback.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    answer: Arc<Mutex<Answer>>,
    server: Option<(CancellationToken, JoinHandle<()>)>,
}

impl Backend {
    /// One without weights.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut backend = Self {
            address: listener.local_addr().unwrap(),
            answer: Arc::default(),
            server: None,
        };
        backend.serve_at(listener);
        backend
    }

    /// Serves these weights from now on.
    pub(crate) fn serve(&self, weights: Value) {
        let mut answer = self.answer.lock().unwrap();
        let version = answer.version + 1;
        *answer = Answer {
            weights: Some(weights),
            version,
            asked: 0,
        };
    }

    /// How often it was asked since its answer changed.
    pub(crate) fn asked(&self) -> u32 {
        self.answer.lock().unwrap().asked
    }

    /// Goes away: nobody listens any more.
    pub(crate) async fn leave(&mut self) {
        let (stop, served) = self.server.take().expect("it is there");
        stop.cancel();
        served.await.unwrap();
    }

    /// Comes back at the same address.
    pub(crate) async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serve_at(listener);
    }

    fn serve_at(&mut self, listener: TcpListener) {
        let app = Router::new()
            .route("/v1/weights/latest", get(latest))
            .with_state(Arc::clone(&self.answer));
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let served = tokio::spawn(async move {
            axum::serve(listener, app)
                .with_graceful_shutdown(stopped)
                .await
                .unwrap();
        });
        self.server = Some((stop, served));
    }
}

async fn latest(State(answer): State<Arc<Mutex<Answer>>>, headers: HeaderMap) -> Response {
    let mut answer = answer.lock().unwrap();
    answer.asked += 1;
    let tag = format!("\"{}\"", answer.version);
    match &answer.weights {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(_)
            if headers
                .get(header::IF_NONE_MATCH)
                .is_some_and(|known| *known == tag) =>
        {
            StatusCode::NOT_MODIFIED.into_response()
        }
        Some(weights) => ([(header::ETAG, tag)], weights.to_string()).into_response(),
    }
}

/// A cable between two: what goes in at its address comes out at the target.
pub(crate) struct Cable {
    pub(crate) address: SocketAddr,
    target: SocketAddr,
    forwarding: JoinHandle<()>,
}

impl Cable {
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            target,
            forwarding: tokio::spawn(forward(listener, target)),
        }
    }

    /// Ends every connection and takes no new one.
    pub(crate) async fn cut(&mut self) {
        self.forwarding.abort();
        let ended = (&mut self.forwarding).await;
        assert!(
            ended.is_err_and(|error| error.is_cancelled()),
            "it forwarded until now"
        );
    }

    /// Leads elsewhere, from the next connection on.
    pub(crate) fn lay_to(&mut self, target: SocketAddr) {
        self.target = target;
    }

    /// Takes connections again.
    pub(crate) async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.forwarding = tokio::spawn(forward(listener, self.target));
    }
}

async fn forward(listener: TcpListener, target: SocketAddr) {
    // Its connections end with it.
    let mut connections = JoinSet::new();
    loop {
        let (mut inner, _) = listener.accept().await.unwrap();
        connections.spawn(async move {
            if let Ok(mut outer) = TcpStream::connect(target).await {
                // Either side may end it, in any way.
                drop(copy_bidirectional(&mut inner, &mut outer).await);
            }
        });
    }
}
