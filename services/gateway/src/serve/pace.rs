//! A connection whose client has to keep taking what it asked for.
//!
//! Hyper bounds how long a head may take, and nothing bounds how long an answer may: who asks and does not read
//! would hold a connection, and what it was to be sent, for ever.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Interval, interval_at},
};

/// How much a client takes at least each time: this, or all there is.
pub(super) const LEAST: usize = 64 * 1024;

/// A stream that fails once its other end has taken less than [`LEAST`] for too long.
#[derive(Debug)]
pub(super) struct Paced<S> {
    stream: S,
    patience: Duration,
    taken: usize,
    /// Runs while there is something that the other end does not take.
    waiting: Option<Interval>,
}

impl<S> Paced<S> {
    pub(super) const fn new(stream: S, patience: Duration) -> Self {
        Self {
            stream,
            patience,
            taken: 0,
            waiting: None,
        }
    }

    fn begin_again(&mut self) {
        self.taken = 0;
        self.waiting = None;
    }

    fn judge(&mut self, cx: &mut Context<'_>, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &wrote {
            Poll::Ready(Ok(bytes)) => {
                self.taken += bytes;
                if self.taken >= LEAST {
                    self.begin_again();
                }
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                let patience = self.patience;
                let waiting = self
                    .waiting
                    .get_or_insert_with(|| interval_at(Instant::now() + patience, patience));
                if waiting.poll_tick(cx).is_ready() {
                    let slow = "the client takes too little of its answer";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, slow)));
                }
            }
        }
        wrote
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(cx, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Asked for once all has been written: then nothing waits.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if flushed.is_ready() {
            self.begin_again();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_nothing_is_cut_and_not_before_its_time() {
        let (_silent, stream) = duplex(1024);
        let start = Instant::now();
        let mut paced = Paced::new(stream, PATIENCE);
        let error = paced.write_all(&[0; 4096]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), PATIENCE);
    }

    /// Takes so much each second.
    async fn took(each_second: usize, whole: usize) -> io::Result<()> {
        let (mut reader, stream) = duplex(1024);
        let mut paced = Paced::new(stream, PATIENCE);
        let reading = async {
            let mut seconds = tokio::time::interval(Duration::from_secs(1));
            let mut buffer = vec![0; each_second];
            while seconds.tick().await > Instant::now() - PATIENCE
                && reader.read_exact(&mut buffer).await.is_ok()
            {}
        };
        let all = vec![0; whole];
        let writing = async {
            paced.write_all(&all).await?;
            paced.flush().await
        };
        tokio::select! {
            written = writing => written,
            () = reading => panic!("the reader never ends"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_drips_is_cut_and_whoever_is_merely_slow_is_not() {
        let least = LEAST / 10;
        assert!(took(least / 2, 4 * LEAST).await.is_err());
        assert!(took(2 * least, 4 * LEAST).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_between_two_answers_does_not_count() {
        let (mut reader, stream) = duplex(1024);
        let mut paced = Paced::new(stream, PATIENCE);
        for _ in 0..3 {
            let mut buffer = [0; 2048];
            let taking = async {
                tokio::time::advance(PATIENCE / 2).await;
                reader.read_exact(&mut buffer).await.unwrap();
            };
            let (written, ()) = tokio::join!(
                async {
                    paced.write_all(&[0; 2048]).await?;
                    paced.flush().await
                },
                taking
            );
            written.unwrap();
            tokio::time::advance(2 * PATIENCE).await;
        }
    }
}
