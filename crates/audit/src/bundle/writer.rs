//! Writes a bundle: its digest, and its text in compressed chunks that can be kept one by one.

use super::{Line, MAX_BYTES};
use crate::{Error, Result};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::{fmt, io::Write};

/// The text of a chunk: large enough to compress well, small enough to hold in memory by the dozen.
const CHUNK: usize = 1024 * 1024;

/// Writes the lines it is given, in the caller's order. Holds a chunk or two, never the bundle.
pub struct Writer {
    digest: Sha256,
    bytes: u64,
    lines: u64,
    text: Vec<u8>,
    encoder: GzEncoder<Vec<u8>>,
    /// Bytes of text in the encoder.
    pending: usize,
    ready: Vec<Vec<u8>>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The digest of the text, uncompressed.
    pub sha256: [u8; 32],
    /// Bytes of text, uncompressed.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// What is left to keep: the last chunk, and those that were never taken.
    pub last_chunk: Option<Vec<u8>>,
}

impl Writer {
    /// Starts an empty bundle.
    #[must_use]
    pub fn new() -> Self {
        Self {
            digest: Sha256::new(),
            bytes: 0,
            lines: 0,
            text: Vec::new(),
            encoder: encoder(),
            pending: 0,
            ready: Vec::new(),
        }
    }

    /// Writes a line.
    ///
    /// # Errors
    ///
    /// If it has no text (a number that is not finite), or is longer than a reader takes.
    pub fn push(&mut self, line: &Line) -> Result<()> {
        let line_number = self.lines + 1;
        let at_line = |source| Error::Line {
            line: line_number,
            source: Box::new(source),
        };
        line.encode(&mut self.text).map_err(at_line)?;
        self.text.push(b'\n');
        let limit = Line::limit(line_number);
        if self.text.len() > limit {
            return Err(at_line(Error::TooMuch {
                what: "the line's length",
                limit: limit as u64,
            }));
        }
        self.digest.update(&self.text);
        self.encoder.write_all(&self.text).map_err(Error::Compress)?;
        self.bytes += self.text.len() as u64;
        self.lines = line_number;
        self.pending += self.text.len();
        if self.bytes > MAX_BYTES {
            return Err(Error::TooMuch {
                what: "the evidence's length",
                limit: MAX_BYTES,
            });
        }
        if self.pending >= CHUNK {
            self.close_chunk()?;
        }
        Ok(())
    }

    /// The next chunk that is full, if there is one: a gzip member of its own, of about 1 MiB of text. To be asked after
    /// each line: what is not taken stays in memory.
    pub fn take_chunk(&mut self) -> Option<Vec<u8>> {
        (!self.ready.is_empty()).then(|| self.ready.remove(0))
    }

    /// Ends the bundle.
    ///
    /// # Errors
    ///
    /// If the last chunk cannot be compressed.
    pub fn finish(mut self) -> Result<Finished> {
        if self.pending > 0 {
            self.close_chunk()?;
        }
        let rest = self.ready.concat();
        Ok(Finished {
            sha256: self.digest.finalize().into(),
            bytes: self.bytes,
            lines: self.lines,
            last_chunk: (!rest.is_empty()).then_some(rest),
        })
    }

    fn close_chunk(&mut self) -> Result<()> {
        let mut full = std::mem::replace(&mut self.encoder, encoder());
        // So that the member's data end at a byte: who serves the chunks as one gzip stream, the only form that all clients
        // read, can then join them without compressing again.
        full.flush().map_err(Error::Compress)?;
        self.ready.push(full.finish().map_err(Error::Compress)?);
        self.pending = 0;
        Ok(())
    }
}

fn encoder() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::default())
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("bytes", &self.bytes)
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}
