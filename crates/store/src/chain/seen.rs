//! How a block fits what was seen before. Pure.

use super::ChainBlock;
use crate::row::Columns;
use kinitro_proto::BlockNumber;
use sqlx::{Row, postgres::PgRow};

/// How many blocks a node may be below the highest head seen. Two nodes of one chain are rarely at the same block,
/// and two schedulers may ask different ones: without slack, the one whose node is second would never open a cycle.
const SLACK: u64 = 5;

/// How a block fits what was seen of the chain before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing was known of the subnet's chain.
    First,
    /// The same chain, and not behind.
    Same,
    /// Another chain than before. It was noted, and is the subnet's from now on.
    Reset {
        /// The genesis before.
        was: String,
    },
    /// The same chain at an older block: the node is behind.
    Behind {
        /// The block that it should have reached.
        highest: BlockNumber,
    },
}

/// What a block was looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// To know how far the chain is.
    Head,
    /// To read the commitments there: never below where they were read before.
    Commitments,
}

/// What the ledger knows of the subnet's chain.
#[derive(Debug)]
pub(super) struct Known {
    genesis_hash: String,
    head_block: u64,
    read_block: Option<u64>,
}

impl Known {
    pub(super) fn of(row: &PgRow) -> Result<Self, sqlx::Error> {
        let read: Option<i64> = row.try_get("read_block")?;
        Ok(Self {
            genesis_hash: row.try_get("genesis_hash")?,
            head_block: row.number("head_block")?,
            read_block: read.map(|_| row.number("read_block")).transpose()?,
        })
    }

    pub(super) fn judge(self, at: &ChainBlock, look: Look) -> Seen {
        let number = at.number.0;
        if self.genesis_hash != at.genesis_hash {
            return Seen::Reset {
                was: self.genesis_hash,
            };
        }
        let read = self.read_block.filter(|_| look == Look::Commitments);
        let floor = self.head_block.saturating_sub(SLACK).max(read.unwrap_or(0));
        if number < floor {
            let highest = BlockNumber(self.head_block);
            return Seen::Behind { highest };
        }
        Seen::Same
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(head: u64, read: Option<u64>, number: u64, look: Look) -> Seen {
        let known = Known {
            genesis_hash: "a".to_owned(),
            head_block: head,
            read_block: read,
        };
        let at = ChainBlock {
            netuid: 1,
            genesis_hash: "a".to_owned(),
            number: BlockNumber(number),
        };
        known.judge(&at, look)
    }

    #[test]
    fn a_head_may_be_a_little_below_another_nodes_and_no_more() {
        let behind = Seen::Behind {
            highest: BlockNumber(100),
        };
        for (number, seen) in [
            (101, Seen::Same),
            (100, Seen::Same),
            (95, Seen::Same),
            (94, behind),
        ] {
            assert_eq!(judge(100, Some(99), number, Look::Head), seen, "{number}");
        }
        assert_eq!(judge(3, None, 0, Look::Commitments), Seen::Same);
    }

    #[test]
    fn commitments_are_never_read_at_an_older_block_than_before() {
        let behind = Seen::Behind {
            highest: BlockNumber(100),
        };
        assert_eq!(judge(100, Some(99), 98, Look::Commitments), behind);
        assert_eq!(judge(100, Some(99), 99, Look::Commitments), Seen::Same);
        assert_eq!(judge(100, None, 94, Look::Commitments), behind);
    }
}
