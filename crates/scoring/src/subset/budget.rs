use std::sync::atomic::{AtomicU64, Ordering};

/// Steps between two looks at what others took.
const CHUNK: u64 = 1 << 16;

/// Steps that may be taken, by several threads together. Whether they suffice is the same on any machine and for any
/// number of threads: they do iff all steps together are not more.
#[derive(Debug)]
pub(super) struct Budget<'a> {
    limit: u64,
    taken: &'a AtomicU64,
    /// Not yet among those taken.
    here: u64,
}

/// No steps are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent;

impl<'a> Budget<'a> {
    /// A part of a budget that is used by all who share `taken`.
    pub(super) fn new(limit: u64, taken: &'a AtomicU64) -> Self {
        Self {
            limit,
            taken,
            here: 0,
        }
    }

    pub(super) fn spend(&mut self, steps: u64) -> Result<(), Spent> {
        self.here += steps;
        if self.here < CHUNK { Ok(()) } else { self.settle() }
    }

    /// Says at the end of the work whether all that was taken is within the limit.
    pub(super) fn settle(&mut self) -> Result<(), Spent> {
        let here = std::mem::take(&mut self.here);
        let before = self.taken.fetch_add(here, Ordering::Relaxed);
        if before.saturating_add(here) > self.limit {
            Err(Spent)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_is_allowed_and_one_more_is_not() {
        for (limit, answer) in [(300_000, Ok(())), (299_999, Err(Spent))] {
            let taken = AtomicU64::new(0);
            let mut parts = [Budget::new(limit, &taken), Budget::new(limit, &taken)];
            let work = (0..150_000).flat_map(|_| [0, 1]);
            let done = work.into_iter().try_for_each(|part: usize| parts[part].spend(1));
            assert_eq!(
                done.and_then(|()| parts.iter_mut().try_for_each(Budget::settle)),
                answer
            );
        }
    }
}
