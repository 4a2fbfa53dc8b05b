//! A link to the chain that can be held or cut, now or in the middle of an answer.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// What the link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It carries everything.
    Open,
    /// It carries nothing, and does not say so.
    Held,
    /// Connections are closed, new ones at once.
    Cut,
}

pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    target: Mutex<SocketAddr>,
    mode: watch::Sender<Mode>,
    /// How many bytes of answers are still carried before the link changes by itself.
    armed: Mutex<Option<(usize, Mode)>>,
}

impl Proxy {
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            mode: watch::Sender::new(Mode::Open),
            armed: Mutex::default(),
        });
        tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.shared.mode.send_replace(mode);
    }

    /// New connections lead there.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        *self.shared.target.lock().unwrap() = target;
    }

    /// Changes after that many bytes of answers.
    pub(crate) fn after(&self, bytes: usize, mode: Mode) {
        *self.shared.armed.lock().unwrap() = Some((bytes, mode));
    }

    /// Waits until the link is no longer open.
    pub(crate) async fn changed(&self) {
        let mut mode = self.shared.mode.subscribe();
        mode.wait_for(|mode| *mode != Mode::Open).await.unwrap();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        if *shared.mode.borrow() == Mode::Cut {
            continue;
        }
        let target = *shared.target.lock().unwrap();
        let Ok(server) = TcpStream::connect(target).await else {
            continue;
        };
        let (client_read, client_write) = client.into_split();
        let (server_read, server_write) = server.into_split();
        let shared = shared.clone();
        tokio::spawn(async move {
            let mut mode = shared.mode.subscribe();
            tokio::select! {
                () = carry(client_read, server_write, &shared, false) => {}
                () = carry(server_read, client_write, &shared, true) => {}
                _ = mode.wait_for(|mode| *mode == Mode::Cut) => {}
            }
        });
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared, answers: bool) {
    let mut mode = shared.mode.subscribe();
    let mut chunk = vec![0; 4096];
    loop {
        let length = match from.read(&mut chunk).await {
            Ok(length) if length > 0 => length,
            _ => return,
        };
        if answers {
            shared.count(length);
        }
        let open = mode.wait_for(|mode| *mode == Mode::Open).await.map(drop);
        if open.is_err() || to.write_all(&chunk[..length]).await.is_err() {
            return;
        }
    }
}

impl Shared {
    fn count(&self, length: usize) {
        let mut armed = self.armed.lock().unwrap();
        match *armed {
            Some((left, mode)) if left < length => {
                *armed = None;
                self.mode.send_replace(mode);
            }
            Some((left, mode)) => *armed = Some((left - length, mode)),
            None => {}
        }
    }
}
