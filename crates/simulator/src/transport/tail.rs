//! The last bytes of a simulator's standard error.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt};

/// What is kept of standard error: enough for any traceback, and a bound on a flood.
const KEPT_BYTES: usize = 64 << 10;

/// What of it goes into an error: a fault's detail is cut at 512 characters.
const LAST_LINES: usize = 6;
const LAST_CHARS: usize = 360;

/// A bounded memory of what was written last. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    /// Takes bytes in, and forgets the oldest.
    pub(super) fn push(&self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(KEPT_BYTES)..];
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let surplus = (kept.len() + bytes.len()).saturating_sub(KEPT_BYTES);
        kept.drain(..surplus);
        kept.extend(bytes);
    }

    /// Reads a stream to its end, so that its writer never blocks.
    pub(super) async fn drain(&self, mut stream: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 8 << 10];
        // A stream that fails has nothing more to say: the same as its end.
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            self.push(&buffer[..read]);
        }
    }

    /// The last lines, cut to what an error can carry. A traceback's last line says what happened, so what is
    /// cut off is the beginning.
    pub(super) fn last_words(&self) -> String {
        let bytes: Vec<u8> = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().copied().collect()
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut lines: Vec<&str> = text
            .lines()
            .rev()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .take(LAST_LINES)
            .collect();
        lines.reverse();
        let joined = lines.join(" | ");
        let surplus = joined.chars().count().saturating_sub(LAST_CHARS);
        joined.chars().skip(surplus).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_bounded_and_keeps_the_end() {
        let tail = Tail::default();
        for n in 0..100_000 {
            tail.push(format!("line {n}\n").as_bytes());
        }
        tail.push(&vec![b'x'; KEPT_BYTES * 2]);
        assert_eq!(tail.0.lock().unwrap().len(), KEPT_BYTES);
        tail.push(b"\nlast\n\n");
        assert_eq!(tail.0.lock().unwrap().len(), KEPT_BYTES);
        assert!(tail.last_words().ends_with("xxx | last"), "{}", tail.last_words());
        assert_eq!(tail.last_words().chars().count(), LAST_CHARS);
    }

    #[test]
    fn only_the_last_lines_are_words() {
        let tail = Tail::default();
        tail.push(b"1\n2\n3\n4\n5\n6\n7\n\xff8");
        assert_eq!(tail.last_words(), "3 | 4 | 5 | 6 | 7 | \u{fffd}8");
    }
}
