//! The evidence of a settled cycle: JSON Lines, of which there is one text only.
//!
//! First the cycle, then its miners by uid, then for each miner by uid, environment in the cycle's order and episode one
//! line: its result, or why there is none.

mod line;
mod reader;
mod writer;

pub use line::{CycleLine, Line, MinerLine, MissingLine, MissingState, Outcome, ResultLine};
pub use reader::{Read, gunzip, read, read_within};
pub use writer::{Finished, Writer};

/// The version of the format, in the first line.
pub const SCHEMA: &str = "kinitro.evidence.v1";

/// The most bytes of the first line, its end included: hundreds of environments fit in.
pub const MAX_CYCLE_LINE: usize = 1024 * 1024;

/// The most bytes of any other line, its end included.
pub const MAX_LINE: usize = 64 * 1024;

/// The most bytes of a whole bundle: more than the greatest cycle's.
pub const MAX_BYTES: u64 = 8 * 1024 * 1024 * 1024;
