//! Cycles that could not be judged. What is wrong with them is wrong a second later too, and finding it out again may
//! cost minutes of a processor, so each waits longer and longer.

use kinitro_chassis::backoff::Backoff;
use kinitro_proto::CycleId;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

const BASE: Duration = Duration::from_secs(5);
const MAX: Duration = Duration::from_secs(300);
/// A look at the deadline itself may come a moment too early: the ledger's clock decides.
const AFTER_DEADLINE: Duration = Duration::from_secs(1);

/// When to look at which cycle again. Holds only cycles that can still be settled.
#[derive(Debug, Default)]
pub(crate) struct Postponed {
    cycles: HashMap<CycleId, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    until: Instant,
    backoff: Backoff,
}

impl Postponed {
    /// Forgets every cycle but these: the others have ended.
    pub(crate) fn keep_only(&mut self, cycles: &[CycleId]) {
        self.cycles.retain(|cycle, _| cycles.contains(cycle));
    }

    /// Forgets the cycle: it is over, or may well be.
    pub(crate) fn forget(&mut self, cycle: CycleId) {
        self.cycles.remove(&cycle);
    }

    /// Whether no cycle is put off.
    pub(crate) fn is_empty(&self) -> bool {
        self.cycles.is_empty()
    }

    /// Whether it is time to look at the cycle.
    pub(crate) fn is_due(&self, cycle: CycleId, now: Instant) -> bool {
        self.cycles.get(&cycle).is_none_or(|waiting| waiting.until <= now)
    }

    /// Puts the cycle off, and says for how long. Not past its deadline, which is so far `ahead`: then it ends.
    pub(crate) fn postpone(&mut self, cycle: CycleId, ahead: Option<Duration>, now: Instant) -> Duration {
        let waiting = self.cycles.entry(cycle).or_insert_with(|| Waiting {
            until: now,
            backoff: Backoff::new(BASE, MAX),
        });
        let wait = waiting.backoff.next_wait();
        let wait = ahead.map_or(wait, |ahead| wait.min(ahead + AFTER_DEADLINE));
        waiting.until = now + wait;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: CycleId = CycleId(1);
    const TWO: CycleId = CycleId(2);

    #[test]
    fn a_cycle_waits_longer_each_time_and_never_longer_than_the_most() {
        let (mut postponed, now) = (Postponed::default(), Instant::now());
        assert!(postponed.is_due(ONE, now));
        let waits: Vec<_> = (0..12).map(|_| postponed.postpone(ONE, None, now)).collect();
        assert!(waits[0] >= BASE / 2 && waits[0] <= BASE, "{waits:?}");
        assert!(waits[5] > waits[0] * 4, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= MAX), "{waits:?}");
        let last = waits[11];
        assert!(!postponed.is_due(ONE, now + last - Duration::from_millis(1)));
        assert!(postponed.is_due(ONE, now + last));
        assert!(postponed.is_due(TWO, now));
    }

    #[test]
    fn a_deadline_is_not_waited_past() {
        let (mut postponed, now) = (Postponed::default(), Instant::now());
        for _ in 0..10 {
            postponed.postpone(ONE, None, now);
        }
        let ahead = Duration::from_secs(7);
        assert_eq!(postponed.postpone(ONE, Some(ahead), now), ahead + AFTER_DEADLINE);
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let (mut postponed, now) = (Postponed::default(), Instant::now());
        postponed.postpone(ONE, None, now);
        postponed.postpone(TWO, None, now);
        postponed.keep_only(&[TWO]);
        assert_eq!(postponed.cycles.keys().collect::<Vec<_>>(), [&TWO]);
        assert!(postponed.is_due(ONE, now) && !postponed.is_due(TWO, now));
    }
}
