//! A cycle's evidence as it comes: read by a thread that may compute, a piece at a time, never whole in memory.

use super::http::{Http, refused, sent, unanswered};
use crate::{Error, error::Result};
use kinitro_audit::bundle::gunzip;
use kinitro_proto::CycleId;
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING},
};
use std::{
    io::{self, BufRead, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{sync::mpsc, task, time};
use url::Url;

/// Pieces on their way from the socket to the reader: what is in memory at most, beside the reader's own.
const PIECES: usize = 16;
/// What the reader takes at once.
const BUFFER: usize = 64 * 1024;

/// What evidence may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The most bytes, before and after they are unpacked.
    pub(crate) bytes: u64,
    /// The time for all of it.
    pub(crate) time: Duration,
    /// The time between two pieces.
    pub(crate) stall: Duration,
}

impl Default for Limits {
    /// 256 miners in 50 environments with 50 episodes each are about 200 MB.
    fn default() -> Self {
        Self {
            bytes: 2 * 1024 * 1024 * 1024,
            time: Duration::from_secs(600),
            stall: Duration::from_secs(30),
        }
    }
}

impl Http {
    /// Lets `work` read a cycle's evidence, unpacked, while it comes; none if the gateway has none. What ends the
    /// download is told before whatever the work made of it.
    pub(crate) async fn evidence<T: Send + 'static>(
        &self,
        cycle: CycleId,
        limits: Limits,
        work: impl FnOnce(&mut dyn BufRead) -> T + Send + 'static,
    ) -> Result<Option<T>> {
        let url = self.url(&["v1", "cycles", &cycle.to_string(), "evidence"]);
        let request = self.get(&url).timeout(limits.time);
        let response = sent(request.header(ACCEPT_ENCODING, "gzip"), &url).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status => return Err(refused(&url, status)),
        }
        let is_packed = response
            .headers()
            .get(CONTENT_ENCODING)
            .is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip"));
        let (sender, receiver) = mpsc::channel(PIECES);
        let (is_over, over) = (Arc::new(AtomicBool::new(false)), limits.bytes);
        let reader = Pieces::new(receiver, over, Arc::clone(&is_over));
        let too_long = Arc::clone(&is_over);
        let working = task::spawn_blocking(move || {
            if is_packed {
                // One stream or many, as they were packed.
                let unpacked = gunzip(BufReader::with_capacity(BUFFER, reader));
                let unpacked = Bounded::new(unpacked, over, too_long);
                work(&mut BufReader::with_capacity(BUFFER, unpacked))
            } else {
                work(&mut BufReader::with_capacity(BUFFER, reader))
            }
        });
        let fed = feed(response, &url, sender, limits.stall).await;
        let worked = working.await.map_err(Error::Crashed)?;
        if is_over.load(Ordering::Relaxed) {
            return Err(Error::TooLong { limit: limits.bytes });
        }
        fed.map(|()| Some(worked))
    }
}

/// Hands the body on until it ends, or nobody reads it any more.
async fn feed(
    mut response: Response,
    url: &Url,
    sender: mpsc::Sender<io::Result<Vec<u8>>>,
    stall: Duration,
) -> Result<()> {
    loop {
        let piece = match time::timeout(stall, response.chunk()).await {
            Ok(Ok(Some(piece))) => piece,
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(source)) => {
                return Err(cut(&sender, unanswered(url, source)).await);
            }
            Err(_) => {
                let url = url.to_string();
                return Err(cut(&sender, Error::Stalled { url, after: stall }).await);
            }
        };
        if sender.send(Ok(piece.to_vec())).await.is_err() {
            return Ok(());
        }
    }
}

/// Tells the reader that this is not the end of the evidence.
async fn cut(sender: &mpsc::Sender<io::Result<Vec<u8>>>, error: Error) -> Error {
    let broken = io::Error::from(io::ErrorKind::ConnectionAborted);
    // A reader that has gone needs no telling.
    drop(sender.send(Err(broken)).await);
    error
}

/// What the socket gave, read by a thread.
struct Pieces {
    receiver: mpsc::Receiver<io::Result<Vec<u8>>>,
    piece: io::Cursor<Vec<u8>>,
}

impl Pieces {
    fn new(
        receiver: mpsc::Receiver<io::Result<Vec<u8>>>,
        limit: u64,
        is_over: Arc<AtomicBool>,
    ) -> Bounded<Self> {
        let piece = io::Cursor::default();
        Bounded::new(Self { receiver, piece }, limit, is_over)
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = io::Cursor::new(piece?),
                None => return Ok(0),
            }
        }
    }
}

/// A reader that ends in an error at its bound, and tells that it was there.
struct Bounded<R> {
    inner: R,
    left: u64,
    is_over: Arc<AtomicBool>,
}

impl<R> Bounded<R> {
    const fn new(inner: R, limit: u64, is_over: Arc<AtomicBool>) -> Self {
        let left = limit;
        Self { inner, left, is_over }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => {
                self.left = left;
                Ok(read)
            }
            None => {
                self.is_over.store(true, Ordering::Relaxed);
                Err(io::ErrorKind::FileTooLarge.into())
            }
        }
    }
}

#[cfg(test)]
mod tests;
