//! Reads a bundle line by line, and takes none that is not byte for byte what the writer writes.

use super::{Line, MAX_BYTES};
use crate::{Error, Result};
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, ErrorKind};

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The digest of the text.
    pub sha256: [u8; 32],
    /// Its bytes.
    pub bytes: u64,
    /// Its lines.
    pub lines: u64,
}

/// Reads a bundle's text to its end, giving each line away. Holds one line.
///
/// # Errors
///
/// If it breaks off, a line is not as the writer writes it, something is over its limit, or the caller refuses a line.
pub fn read(reader: impl BufRead, each: impl FnMut(Line) -> Result<()>) -> Result<Read> {
    read_within(reader, MAX_BYTES, each)
}

/// As [`read`], of at most so many bytes.
///
/// # Errors
///
/// As [`read`].
pub fn read_within(
    mut reader: impl BufRead,
    max_bytes: u64,
    mut each: impl FnMut(Line) -> Result<()>,
) -> Result<Read> {
    let (mut text, mut scratch) = (Vec::new(), Vec::new());
    let mut digest = Sha256::new();
    let (mut bytes, mut lines) = (0, 0);
    loop {
        let number = lines + 1;
        let at_line = |source| match source {
            // The way here broke: no line is to blame.
            Error::Read(_) => source,
            source => Error::Line {
                line: number,
                source: Box::new(source),
            },
        };
        if !next(&mut reader, Line::limit(number), &mut text).map_err(at_line)? {
            break;
        }
        lines = number;
        bytes += text.len() as u64;
        if bytes > max_bytes {
            return Err(Error::TooMuch {
                what: "the evidence's length",
                limit: max_bytes,
            });
        }
        digest.update(&text);
        text.pop();
        let line = Line::decode(&mut text, &mut scratch).map_err(at_line)?;
        each(line).map_err(at_line)?;
    }
    Ok(Read {
        sha256: digest.finalize().into(),
        bytes,
        lines,
    })
}

/// The text of compressed evidence: all gzip members, one after the other. As it may be of any length, it is for
/// [`read`], which has a limit.
pub fn gunzip(reader: impl BufRead) -> impl BufRead {
    BufReader::new(MultiGzDecoder::new(reader))
}

/// Takes the next line with its end; false if there is none.
fn next(reader: &mut impl BufRead, limit: usize, text: &mut Vec<u8>) -> Result<bool> {
    text.clear();
    loop {
        let part = match reader.fill_buf() {
            Ok(part) => part,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Error::Read(error)),
        };
        if part.is_empty() {
            return if text.is_empty() {
                Ok(false)
            } else {
                Err(Error::Truncated)
            };
        }
        let end = part.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(part.len(), |end| end + 1);
        if text.len() + taken > limit {
            return Err(Error::TooMuch {
                what: "the line's length",
                limit: limit as u64,
            });
        }
        text.extend_from_slice(&part[..taken]);
        reader.consume(taken);
        if end.is_some() {
            return Ok(true);
        }
    }
}
