//! Sets of few elements in one word.

use std::fmt::Debug;
use std::ops::{BitAnd, BitOr, BitOrAssign, BitXor, Not};

/// A set of environments: bit `e` stands for the one at place `e`. One word or two, whichever is enough.
pub(super) trait Set:
    Copy
    + Ord
    + Debug
    + Send
    + Sync
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitOrAssign
    + BitXor<Output = Self>
    + Not<Output = Self>
{
    const EMPTY: Self;

    /// The least bits of the mask.
    fn of(mask: u128) -> Self;

    fn len(self) -> usize;

    /// The least element alone; nothing when there is none.
    fn first(self) -> Self;

    /// 1 if the element of that number is in it.
    fn bit(self, element: usize) -> u32;

    /// The number of the least element.
    fn least(self) -> usize;

    fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    fn without(self, other: Self) -> Self {
        self & !other
    }

    fn is_within(self, other: Self) -> bool {
        self.without(other).is_empty()
    }
}

macro_rules! word {
    ($word:ty, $of:expr) => {
        impl Set for $word {
            const EMPTY: Self = 0;

            fn of(mask: u128) -> Self {
                $of(mask)
            }

            fn len(self) -> usize {
                self.count_ones() as usize
            }

            fn first(self) -> Self {
                self & self.wrapping_neg()
            }

            fn bit(self, element: usize) -> u32 {
                u32::from(self >> element & 1 == 1)
            }

            fn least(self) -> usize {
                self.trailing_zeros() as usize
            }
        }
    };
}

word!(u64, low);
word!(u128, std::convert::identity);

#[expect(
    clippy::cast_possible_truncation,
    reason = "who asks for the short word has few elements"
)]
fn low(mask: u128) -> u64 {
    mask as u64
}

/// The mask with only the bits of `ground`, moved together to the least places.
pub(super) fn compress(mask: u128, ground: u128) -> u128 {
    let mut rest = ground;
    let mut compressed = 0;
    for place in 0..ground.count_ones() {
        compressed |= (mask >> rest.trailing_zeros() & 1) << place;
        rest &= rest - 1;
    }
    compressed
}

/// Leaves only sets that contain no other of them, in the order of their sizes; says how many comparisons it took.
pub(super) fn keep_minimal<S: Set>(sets: &mut Vec<S>, from: usize) -> u64 {
    sets[from..].sort_unstable_by_key(|set| (set.len(), *set));
    let (mut kept, mut compared) = (from, 0);
    for next in from..sets.len() {
        let set = sets[next];
        compared += kept - from;
        if !sets[from..kept].iter().any(|other| other.is_within(set)) {
            sets[kept] = set;
            kept += 1;
        }
    }
    sets.truncate(kept);
    compared as u64
}
