//! A bundle on its way to a client, a chunk at a time.

use super::gzip::Joined;
use crate::{Error, Result, routes::wire::encoding::Encoding};
use axum::body::Body;
use bytes::{Buf, Bytes, buf::Reader};
use flate2::bufread::MultiGzDecoder;
use futures::stream;
use kinitro_chassis::report;
use kinitro_proto::CycleId;
use kinitro_store::Store;
use prometheus_client::metrics::gauge::Gauge;
use std::{io::Read, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// The most that is handed over at a time.
const PIECE: usize = 64 * 1024;

/// How many downloads may run, and how many do.
#[derive(Debug)]
pub(crate) struct Downloads {
    free: Arc<Semaphore>,
    running: Gauge,
}

/// One of the downloads that may run, until dropped.
#[derive(Debug)]
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
    running: Gauge,
}

impl Downloads {
    /// At most so many at a time, counted there.
    pub(crate) fn new(most: usize, running: Gauge) -> Self {
        Self {
            free: Arc::new(Semaphore::new(most)),
            running,
        }
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::Busy`] at once, if none is free: who waited for one would hold a connection.
    pub(super) fn slot(&self) -> Result<Slot> {
        let permit = Arc::clone(&self.free).try_acquire_owned();
        let permit = permit.map_err(|_| Error::Busy)?;
        self.running.inc();
        Ok(Slot {
            _permit: permit,
            running: self.running.clone(),
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.running.dec();
    }
}

/// The chunks of a bundle, read when they are asked for.
#[derive(Debug)]
pub(super) struct Chunks {
    store: Store,
    cycle: CycleId,
    place: u32,
    /// For each.
    patience: Duration,
}

impl Chunks {
    pub(super) const fn new(store: Store, cycle: CycleId, patience: Duration) -> Self {
        Self {
            store,
            cycle,
            place: 0,
            patience,
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        let reading = self.store.bundle_chunk(self.cycle, self.place);
        let chunk = timeout(self.patience, reading)
            .await
            .map_err(|_| Error::Timeout)??;
        self.place += 1;
        Ok(chunk.map(Bytes::from))
    }
}

/// What of the current chunk has not been handed over.
#[derive(Debug)]
enum Rest {
    /// To be handed over as it is.
    Ready(Bytes),
    /// To be unpacked.
    Packed(Box<MultiGzDecoder<Reader<Bytes>>>),
}

/// How the client takes it.
#[derive(Debug)]
enum Form {
    Plain,
    Gzip(Joined),
}

/// A download. It holds the chunk it is at, compressed as it was kept, and its slot.
#[derive(Debug)]
pub(super) struct Download {
    chunks: Chunks,
    /// The chunk that was read before it was asked for.
    first: Option<Bytes>,
    form: Form,
    rest: Rest,
    /// Bytes of text that are still to come.
    missing: u64,
    ended: bool,
    _slot: Slot,
}

impl Download {
    /// Begins the download of so many bytes of text and reads its first chunk, so that a ledger that is away is
    /// told by the answer's status.
    ///
    /// # Errors
    /// If there is no chunk, or the ledger does not answer in time.
    pub(super) async fn begin(mut chunks: Chunks, bytes: u64, form: Encoding, slot: Slot) -> Result<Self> {
        let cycle = chunks.cycle;
        let first = chunks.next().await?.ok_or(Error::NoEvidence { cycle })?;
        let (form, head) = match form {
            Encoding::Identity => (Form::Plain, Bytes::new()),
            Encoding::Gzip => (Form::Gzip(Joined::default()), Joined::head()),
        };
        Ok(Self {
            chunks,
            first: Some(first),
            form,
            rest: Rest::Ready(head),
            missing: bytes,
            ended: false,
            _slot: slot,
        })
    }

    /// The body that hands it over. A fault breaks the connection off: the client is not to take a part for the
    /// whole.
    pub(super) fn into_body(self) -> Body {
        Body::from_stream(stream::try_unfold(self, async |mut download| {
            let piece = download.next().await.inspect_err(|error| {
                let cycle = download.chunks.cycle;
                tracing::warn!(cycle.id = %cycle, error = %report(error), "a download of evidence broke off");
            });
            Ok::<_, Error>(piece?.map(|piece| (piece, download)))
        }))
    }

    /// What comes next, at most [`PIECE`] and a little; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if let Some(piece) = self.piece()? {
                return Ok(Some(piece));
            }
            if self.ended {
                return Ok(None);
            }
            let chunk = match self.first.take() {
                Some(chunk) => Some(chunk),
                None => self.chunks.next().await?,
            };
            self.rest = match chunk {
                Some(chunk) => self.open(chunk)?,
                None => Rest::Ready(self.end()?),
            };
        }
    }

    /// The next piece of what is at hand.
    fn piece(&mut self) -> Result<Option<Bytes>> {
        let decoder = match &mut self.rest {
            Rest::Ready(bytes) if bytes.is_empty() => return Ok(None),
            Rest::Ready(bytes) => return Ok(Some(bytes.split_to(bytes.len().min(PIECE)))),
            Rest::Packed(decoder) => decoder,
        };
        let mut text = Vec::with_capacity(PIECE);
        let read = decoder.take(PIECE as u64).read_to_end(&mut text);
        read.map_err(|source| self.damaged(Some(source)))?;
        if text.is_empty() {
            self.rest = Rest::Ready(Bytes::new());
            return Ok(None);
        }
        self.count(text.len() as u64)?;
        Ok(Some(match &mut self.form {
            Form::Plain => Bytes::from(text),
            Form::Gzip(joined) => joined.text(&text),
        }))
    }

    fn open(&mut self, chunk: Bytes) -> Result<Rest> {
        if let Form::Gzip(joined) = &mut self.form
            && let Some((blocks, length)) = joined.member(&chunk)
        {
            self.count(length.into())?;
            return Ok(Rest::Ready(blocks));
        }
        Ok(Rest::Packed(Box::new(MultiGzDecoder::new(chunk.reader()))))
    }

    fn end(&mut self) -> Result<Bytes> {
        self.ended = true;
        match &self.form {
            _ if self.missing > 0 => Err(self.damaged(None)),
            Form::Plain => Ok(Bytes::new()),
            Form::Gzip(joined) => Ok(joined.end()),
        }
    }

    fn count(&mut self, bytes: u64) -> Result<()> {
        self.missing = self
            .missing
            .checked_sub(bytes)
            .ok_or_else(|| self.damaged(None))?;
        Ok(())
    }

    fn damaged(&self, source: Option<std::io::Error>) -> Error {
        let cycle = self.chunks.cycle;
        Error::Damaged { cycle, source }
    }
}
