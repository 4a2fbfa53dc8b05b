//! Tasks in PostgreSQL's binary COPY format.

use super::NewTask;
use kinitro_proto::CycleId;

/// The columns that [`Buffer`] writes, in its order.
pub(super) const STATEMENT: &str =
    "COPY tasks (id, cycle_id, uid, environment, episode, seed) FROM STDIN (FORMAT binary)";

/// When to send: large enough to make a round trip cheap, small enough to hold.
const FULL: usize = 256 * 1024;

/// Rows on their way to the server.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
}

impl Buffer {
    /// A buffer with the format's head: its signature, no flags, no extension.
    pub(super) fn new() -> Self {
        let mut bytes = Vec::with_capacity(FULL + 512);
        bytes.extend_from_slice(b"PGCOPY\n\xff\r\n\0");
        bytes.extend_from_slice(&[0; 8]);
        Self { bytes }
    }

    pub(super) fn push(&mut self, cycle: CycleId, task: &NewTask) {
        self.bytes.extend_from_slice(&6_i16.to_be_bytes());
        self.field(task.id.0.as_bytes());
        self.field(&cycle.0.to_be_bytes());
        self.field(&i32::from(task.uid.0).to_be_bytes());
        self.field(task.environment.as_str().as_bytes());
        // An episode beyond the column arrives negative there, and the column's check refuses the cycle.
        self.field(&task.episode.to_be_bytes());
        self.field(&task.seed.get().to_be_bytes());
    }

    /// The format's end.
    pub(super) fn end(&mut self) {
        self.bytes.extend_from_slice(&(-1_i16).to_be_bytes());
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= FULL
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    fn field(&mut self, value: &[u8]) {
        let length = i32::try_from(value.len()).expect("ids are at most 65 bytes long");
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(value);
    }
}
