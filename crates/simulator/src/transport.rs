//! A simulator's streams, however it was started: frames in, frames out, the last words of its standard
//! error, how it ended, and a guard that kills it.

pub(crate) mod docker;
pub(crate) mod process;
mod tail;

use crate::error::Exit;
use crate::wire::{Broken, ProtocolError, Reply, Request, read_frame, to_frame};
use futures::FutureExt;
use kinitro_proto::encoding;
use std::pin::Pin;
use std::time::Duration;
pub(crate) use tail::Tail;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How much is read from a simulator at once. A frame with four small pictures fits.
const BUFFER_BYTES: usize = 128 << 10;

/// How long the keeper may take to find out how a simulator ended, once its output is closed.
const EXIT_WITHIN: Duration = Duration::from_secs(5);

type Reader = BufReader<Pin<Box<dyn AsyncRead + Send>>>;

/// A running simulator's streams. Dropping it kills the simulator.
pub(crate) struct Pipe {
    input: Option<Pin<Box<dyn AsyncWrite + Send>>>,
    output: Reader,
    stderr: Tail,
    ended: watch::Receiver<Option<Exit>>,
    _kill: DropGuard,
}

/// The keeper's end of a [`Pipe`]: the one task that owns the process or container holds it.
pub(crate) struct Keeper {
    ended: watch::Sender<Option<Exit>>,
    kill: CancellationToken,
    stderr: Tail,
}

impl Pipe {
    /// Joins the two streams with a keeper that is still to be run.
    fn new(
        input: impl AsyncWrite + Send + 'static,
        output: impl AsyncRead + Send + 'static,
    ) -> (Self, Keeper) {
        let (sender, ended) = watch::channel(None);
        let kill = CancellationToken::new();
        let stderr = Tail::default();
        let keeper = Keeper {
            ended: sender,
            kill: kill.clone(),
            stderr: stderr.clone(),
        };
        let output =
            BufReader::with_capacity(BUFFER_BYTES, Box::pin(output) as Pin<Box<dyn AsyncRead + Send>>);
        (
            Self {
                input: Some(Box::pin(input)),
                output,
                stderr,
                ended,
                _kill: kill.drop_guard(),
            },
            keeper,
        )
    }

    /// Sends a request and reads its reply. To be called again only after it has answered.
    pub(crate) async fn exchange(&mut self, request: &Request<'_>) -> Result<Reply, Broken> {
        self.expect_silence()?;
        let frame = to_frame(request)?;
        self.write(&frame).await?;
        let body = read_frame(&mut self.output).await?;
        encoding::from_slice(&body).map_err(|source| {
            ProtocolError::Undecodable {
                source: source.into(),
            }
            .into()
        })
    }

    /// A second reply to one request would be taken for the reply to the next one, and all that follow would
    /// be off by one. So nothing may be waiting when a request is sent.
    fn expect_silence(&mut self) -> Result<(), Broken> {
        match self.output.fill_buf().now_or_never() {
            None => Ok(()),
            Some(Ok([])) | Some(Err(_)) => Err(Broken::Ended),
            Some(Ok(_)) => Err(ProtocolError::Unasked.into()),
        }
    }

    async fn write(&mut self, frame: &[u8]) -> Result<(), Broken> {
        let input = self.input.as_mut().ok_or(Broken::Ended)?;
        input.write_all(frame).await.map_err(|_| Broken::Ended)?;
        input.flush().await.map_err(|_| Broken::Ended)
    }

    /// Asks the simulator to exit, closes its input, and waits for its end.
    pub(crate) async fn close(&mut self) -> Result<Option<Exit>, Broken> {
        self.write(&to_frame(&Request::Close)?).await?;
        if let Some(mut input) = self.input.take() {
            // A socket is closed by its shutdown, a pipe by its drop.
            input.shutdown().await.map_err(|_| Broken::Ended)?;
        }
        Ok(self.exit().await)
    }

    /// How the simulator ended; `None` if it still runs after some seconds.
    pub(crate) async fn exit(&mut self) -> Option<Exit> {
        let ended = self.ended.wait_for(Option::is_some);
        match tokio::time::timeout(EXIT_WITHIN, ended).await {
            Ok(Ok(exit)) => *exit,
            // The keeper was dropped with its runtime, and the simulator with it.
            Ok(Err(_)) => Some(Exit::Unknown),
            Err(_) => None,
        }
    }

    /// Whether the simulator is known to have ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.has_changed().is_err() || self.ended.borrow().is_some()
    }

    /// The last words of its standard error.
    pub(crate) fn last_words(&self) -> String {
        self.stderr.last_words()
    }
}

impl std::fmt::Debug for Pipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipe")
            .field("ended", &*self.ended.borrow())
            .finish_non_exhaustive()
    }
}
