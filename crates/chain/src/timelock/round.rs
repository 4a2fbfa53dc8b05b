//! When a commit is revealed: at the end of which epoch, and so with which drand round.

use super::Beacon;
use crate::EpochClock;
use std::time::Duration;

/// After so many blocks without an epoch the chain runs one, whatever its tempo.
const LONGEST_EPOCH: u64 = 50_400;

/// The round's pulse is published so many blocks after the epoch it is meant for, never before.
const MARGIN: u64 = 3;

impl EpochClock {
    /// The block whose epoch reveals what is committed in the block after `head`; none if the subnet has no epochs.
    pub(crate) fn reveal_block(&self, head: u64) -> Option<u64> {
        if self.tempo == 0 {
            return None;
        }
        let next = head.saturating_add(1);
        let by_tempo = self.last_epoch.saturating_add(u64::from(self.tempo));
        let by_request = if self.pending_at > 0 {
            self.pending_at
        } else {
            u64::MAX
        };
        let by_length = next.saturating_add((LONGEST_EPOCH + 1).saturating_sub(self.since_step));
        let first = next.max(by_tempo.min(by_request).min(by_length));
        // A commit in a block that ends an epoch belongs to the one that begins there.
        let epochs = self.reveal_period.saturating_add(u64::from(first == next)).max(1);
        let length = u64::from(self.tempo).min(LONGEST_EPOCH + 2);
        Some(first.saturating_add((epochs - 1).saturating_mul(length)))
    }

    /// The drand round that reveals what is committed in the block after `head`, at `now` since 1970.
    pub(crate) fn reveal_round(
        &self,
        head: u64,
        now: Duration,
        block_time: Duration,
        beacon: &Beacon,
    ) -> Option<u64> {
        let blocks = self
            .reveal_block(head)?
            .saturating_sub(head)
            .saturating_add(MARGIN);
        let since = Duration::from_secs(beacon.genesis);
        let nanos = u128::from(blocks)
            .checked_mul(block_time.as_nanos())?
            .checked_add(now.checked_sub(since)?.as_nanos())?;
        let period = Duration::from_secs(u64::from(beacon.period)).as_nanos();
        u64::try_from(nanos.checked_div(period)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Case {
        last_epoch_block: u64,
        pending_epoch_at: u64,
        subnet_epoch_index: u64,
        tempo: u16,
        blocks_since_last_step: u64,
        current_block: u64,
        subnet_reveal_period_epochs: u64,
        block_time: f64,
        before: f64,
        after: f64,
        round: u64,
    }

    #[derive(Deserialize)]
    struct Fixture {
        cases: Vec<Case>,
    }

    impl Case {
        fn round_at(&self, now: f64) -> u64 {
            let clock = EpochClock {
                tempo: self.tempo,
                index: self.subnet_epoch_index,
                last_epoch: self.last_epoch_block,
                pending_at: self.pending_epoch_at,
                since_step: self.blocks_since_last_step,
                reveal_period: self.subnet_reveal_period_epochs,
            };
            let time = Duration::from_secs_f64;
            let made = clock.reveal_round(
                self.current_block,
                time(now),
                time(self.block_time),
                &Beacon::quicknet(),
            );
            made.unwrap()
        }
    }

    #[test]
    fn the_official_library_picks_the_same_round() {
        let fixture = include_str!("../../tests/fixtures/sdk/reveal_rounds.json");
        let cases = serde_json::from_str::<Fixture>(fixture).unwrap().cases;
        assert_eq!(cases.len(), 130);
        for case in cases {
            let (before, after) = (case.round_at(case.before), case.round_at(case.after));
            assert!(
                (before..=after).contains(&case.round),
                "{case:?}: {before} to {after}"
            );
            assert!(after - before <= 1);
        }
    }

    #[test]
    fn a_subnet_without_epochs_reveals_nothing() {
        let clock = EpochClock {
            tempo: 0,
            index: 0,
            last_epoch: 0,
            pending_at: 0,
            since_step: 0,
            reveal_period: 1,
        };
        assert_eq!(clock.reveal_block(10), None);
    }

    /// The chain's rule, block by block.
    fn stepped(clock: &EpochClock, head: u64) -> u64 {
        let EpochClock {
            tempo,
            mut index,
            mut last_epoch,
            mut pending_at,
            mut since_step,
            reveal_period,
        } = *clock;
        let mut target = None;
        for block in head + 1.. {
            let due = pending_at > 0 && block >= pending_at;
            let fires =
                due || since_step > LONGEST_EPOCH || block.saturating_sub(last_epoch) >= u64::from(tempo);
            let target = *target.get_or_insert(index + u64::from(fires) + reveal_period);
            if !fires {
                since_step += 1;
                continue;
            }
            (index, last_epoch, pending_at, since_step) = (index + 1, block, 0, 0);
            if index >= target {
                return block;
            }
        }
        unreachable!("an epoch comes at the latest after its longest length")
    }

    proptest! {
        #[test]
        fn reckoned_at_once_is_the_same_as_block_by_block(
            tempo in prop_oneof![1..20_u16, 300..400_u16, 50_000..=u16::MAX],
            last_epoch in 0..100_000_u64,
            into in 0..70_000_u64,
            pending in prop_oneof![Just(0_u64), 0..200_000_u64],
            since_step in prop_oneof![0..400_u64, 50_300..50_500_u64],
            reveal_period in 0..4_u64,
        ) {
            let clock = EpochClock { tempo, index: 5, last_epoch, pending_at: pending, since_step, reveal_period };
            let head = last_epoch + into;
            prop_assert_eq!(clock.reveal_block(head), Some(stepped(&clock, head)));
        }

        #[test]
        fn no_state_of_the_chain_overflows(
            numbers in prop::array::uniform6(any::<u64>()), tempo in any::<u16>(), nanos in any::<u64>(), period in any::<u32>()
        ) {
            let [index, last_epoch, pending_at, since_step, reveal_period, head] = numbers;
            let clock = EpochClock { tempo, index, last_epoch, pending_at, since_step, reveal_period };
            let beacon = Beacon { period, ..Beacon::quicknet() };
            let time = Duration::from_nanos(nanos);
            let _: Option<u64> = clock.reveal_round(head, time, time, &beacon);
        }
    }
}
