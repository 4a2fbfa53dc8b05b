//! Intervals and stability against answers that are known.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use kinitro_proto::{BlockNumber, Uid};
use kinitro_scoring::{
    MissingCell, Settings,
    confidence::{
        Entrant, LEAST_REPLICATES, Outcomes, REPLICATES, Stability, ranks, stability, stability_within,
        wilson,
    },
};
use proptest::prelude::*;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};

const SEED: [u8; 32] = [7; 32];

/// One result an episode: `1` won, `0` lost, anything else is missing. One string an environment.
fn outcomes(environments: &[&str]) -> Outcomes {
    let episodes = u32::try_from(environments[0].len()).unwrap();
    let mut outcomes = Outcomes::new(environments.len(), episodes);
    for (e, results) in environments.iter().enumerate() {
        for (result, episode) in results.bytes().zip(0u32..) {
            if let b'0' | b'1' = result {
                outcomes.record(e, episode, result == b'1');
            }
        }
    }
    outcomes
}

fn entrant(uid: u16, block: u64, environments: &[&str]) -> Entrant {
    Entrant {
        uid: Uid(uid),
        commit_block: Some(BlockNumber(block)),
        outcomes: outcomes(environments),
    }
}

fn settings(episodes: u32) -> Settings {
    Settings {
        episodes_per_environment: episodes,
        min_episodes: 1,
        ..Settings::default()
    }
}

fn shares(entrants: &[Entrant], settings: &Settings) -> Vec<f64> {
    let environments = 1;
    let found = stability(environments, entrants, settings, &SEED).unwrap();
    assert_eq!(found.replicates, REPLICATES);
    found.of_rank
}

#[test]
fn intervals_are_those_of_the_tables() {
    // By the textbook's form, `(p + z²/2n ∓ z√(p(1−p)/n + z²/4n²)) / (1 + z²/n)`, in decimals of 50 digits.
    for (successes, episodes, low, high) in [
        (0, 10, 0.0, 0.2775),
        (1, 10, 0.0179, 0.4042),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (48, 50, 0.8654, 0.9890),
        (25, 50, 0.3664, 0.6336),
        (0, 1, 0.0, 0.7935),
    ] {
        let (found_low, found_high) = wilson(successes, episodes).unwrap();
        assert!(
            (found_low - low).abs() < 5e-5,
            "{successes} of {episodes}: {found_low}"
        );
        assert!(
            (found_high - high).abs() < 5e-5,
            "{successes} of {episodes}: {found_high}"
        );
    }
    assert_eq!(wilson(0, 0), None);
    assert_eq!(wilson(2, 1), None);
}

#[test]
fn intervals_are_the_same_to_the_bit_on_any_machine() {
    let bits = |successes, episodes| {
        let (low, high) = wilson(successes, episodes).unwrap();
        (low.to_bits(), high.to_bits())
    };
    // As Python computes the same operations.
    assert_eq!(bits(25, 50), (0x3fd773d6546be490, 0x3fe44614d5ca0db8));
    assert_eq!(bits(1, 3), (0x3faf7bdf471544f4, 0x3fe95ada40bb5a70));
    assert_eq!(bits(999, 1000), (0x3fefd1c6b26b6468, 0x3feffe8dc16394f5));
}

proptest! {
    #[test]
    fn the_rate_lies_within_its_interval_and_that_within_0_and_1(
        (successes, episodes) in (1u32..2_000_000).prop_flat_map(|episodes| (0..=episodes, Just(episodes)))
    ) {
        let (low, high) = wilson(successes, episodes).unwrap();
        let rate = f64::from(successes) / f64::from(episodes);
        prop_assert!((0.0..=rate).contains(&low) && (rate..=1.0).contains(&high), "{low} {rate} {high}");
        prop_assert_eq!(successes == 0, low.to_bits() == 0);
        prop_assert_eq!(successes == episodes, high.to_bits() == 1f64.to_bits());
        // Failures are as successes the other way around.
        let (other_low, other_high) = wilson(episodes - successes, episodes).unwrap();
        prop_assert!((1.0 - other_high - low).abs() < 1e-12 && (1.0 - other_low - high).abs() < 1e-12);
    }

    #[test]
    fn results_are_counted_however_they_come(results in prop::collection::vec(0u8..3, 1..200)) {
        let episodes = u32::try_from(results.len()).unwrap();
        let mut outcomes = Outcomes::new(2, episodes);
        for (result, episode) in results.iter().zip(0..episodes).rev().filter(|(result, _)| **result < 2) {
            outcomes.record(1, episode, *result == 0);
            outcomes.record(1, episode, *result == 1);
        }
        let count = |of: u8| u32::try_from(results.iter().filter(|result| **result == of).count()).unwrap();
        prop_assert_eq!(outcomes.count(0), (0, 0));
        prop_assert_eq!(outcomes.count(1), (count(1), count(0) + count(1)));
    }
}

#[test]
fn who_always_wins_always_does() {
    let field = [entrant(1, 1, &["0000000000"]), entrant(2, 2, &["1111111111"])];
    assert_eq!(shares(&field, &settings(10)), [1.0, 1.0]);
}

#[test]
fn equals_stay_equal_because_they_have_the_same_episodes() {
    // Drawn apart for each, the later one would often be ahead.
    let field = [entrant(2, 5, &["1010"]), entrant(1, 9, &["1010"])];
    assert_eq!(shares(&field, &settings(4)), [1.0, 1.0]);
}

#[test]
fn the_replicates_are_those_that_anyone_draws_from_the_seed() {
    // Of two episodes the earlier miner won the first and the later one the second: the later one is ahead iff the
    // second was drawn twice. Two divides 2^32, so no word is skipped.
    let field = [entrant(1, 1, &["10"]), entrant(2, 2, &["01"])];
    let keeps = (0..REPLICATES).filter(|&replicate| {
        let mut random = ChaCha20Rng::from_seed(SEED);
        random.set_stream(replicate.into());
        let drawn = [random.next_u32() % 2, random.next_u32() % 2];
        drawn != [1, 1]
    });
    let share = keeps.count() as f64 / f64::from(REPLICATES);
    assert!(
        (0.65..0.85).contains(&share),
        "three quarters, more or less: {share}"
    );
    assert_eq!(shares(&field, &settings(2)), [share, share]);
}

#[test]
fn a_cell_with_too_few_results_is_missing_in_every_replicate() {
    let settings = Settings {
        min_episodes: 3,
        missing_cell: MissingCell::Exclude,
        ..settings(4)
    };
    // The second has won what it has, and does not count.
    let field = [entrant(1, 1, &["0001"]), entrant(2, 2, &["11.."])];
    assert_eq!(shares(&field, &settings), [1.0, 1.0]);
    // If two are enough, it is ahead but where neither of its episodes was drawn, or the first won too often.
    let enough = Settings {
        min_episodes: 2,
        ..settings
    };
    let share = shares(&field, &enough)[1];
    assert!(share > 0.5 && share < 1.0, "{share}");
}

#[test]
fn who_cannot_afford_them_all_has_the_first_replicates_or_none_on_any_number_of_threads() {
    let field = [
        entrant(1, 1, &["1100110010", "1010101011", "0000010001"]),
        entrant(2, 2, &["0111011110", "0100101010", "1110010100"]),
        entrant(3, 3, &["1111010011", "1011101011", "1010111011"]),
        entrant(4, 3, &["1101110011", "0011101011", "1010101011"]),
    ];
    let within = |threads, steps| stability_within(threads, steps, 3, &field, &settings(10), &SEED).unwrap();
    let mut found = vec![Stability::default()];
    for power in 0..20 {
        for steps in [1 << power, 3 << power >> 1] {
            let stability = within(1, steps);
            assert_eq!(within(2, steps), stability);
            assert_eq!(within(7, steps), stability);
            assert!(stability.replicates >= found.last().unwrap().replicates);
            assert!(stability.replicates == 0 || stability.replicates >= LEAST_REPLICATES);
            assert_eq!(stability.of_rank.is_empty(), stability.replicates == 0);
            found.push(stability);
        }
    }
    assert!(found.iter().any(|few| (1..REPLICATES).contains(&few.replicates)));
    assert_eq!(found.last().unwrap().replicates, REPLICATES);
    // Not one of them is sure of its rank.
    assert!(found.last().unwrap().of_rank.iter().all(|share| *share < 1.0));
}

#[test]
fn nobody_has_no_stability() {
    assert_eq!(
        stability(3, &[], &settings(5), &SEED).unwrap(),
        Stability::default()
    );
}

#[test]
fn ranks_are_by_points_then_block_then_uid() {
    let candidate = |uid, block: Option<u64>| kinitro_scoring::Candidate {
        uid: Uid(uid),
        commit_block: block.map(BlockNumber),
        scores: Vec::new(),
    };
    let field = [
        candidate(9, Some(5)),
        candidate(1, None),
        candidate(8, Some(5)),
        candidate(2, Some(7)),
    ];
    assert_eq!(ranks(&field, &[1.0, 1.0, 1.0, 3.0]), [2, 3, 1, 0]);
}
