//! The counts of subsets against slower ways to count them.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod oracle {
    pub(crate) mod bitmaps;
    pub(crate) mod fields;
    pub(crate) mod worded;
}

use kinitro_scoring::subset::{self, Contest, Scheme, Sizes};
use kinitro_scoring::{Error, MissingCell, score_on};
use oracle::fields::{BLOCKS, Blocks, Field, KINDS, Kind, field};
use rand::{Rng, SeedableRng, rngs::StdRng};

fn counted(field: &Field, threads: usize) -> Vec<Sizes> {
    let contest = Contest::new(field.environments, &field.candidates, &field.settings).unwrap();
    contest.count(threads, subset::STEPS).unwrap()
}

fn agrees_by_size(found: &[Sizes], expected: &[Vec<u128>], field: &Field) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        for (size, &count) in expected.iter().enumerate() {
            assert_eq!(found.of(size), count, "of size {size}: {field:?}");
        }
    }
}

fn agrees(field: &Field, found: &[Sizes], expected: &[Vec<u128>]) {
    agrees_by_size(found, expected, field);
    for (found, expected) in found.iter().zip(expected) {
        let points = |weight: fn(u128) -> u128| {
            let sizes = (0u128..).zip(expected).skip(1);
            sizes.map(|(size, count)| weight(size) * count).sum::<u128>() as f64
        };
        assert_eq!(
            found.points(Scheme::Linear).to_bits(),
            points(|size| size).to_bits()
        );
        assert_eq!(
            found.points(Scheme::Exponential).to_bits(),
            points(|size| 1 << (size - 1)).to_bits()
        );
        assert_eq!(found.points(Scheme::Equal).to_bits(), points(|_| 1).to_bits());
    }
}

/// Counts that many fields of each kind, with each kind of blocks, and says how many there were.
fn worded(environments: &[usize], most: usize, each: u64) -> u64 {
    let mut cases = 0;
    for &environments in environments {
        for kind in KINDS {
            for blocks in BLOCKS {
                for seed in 0..each {
                    let miners = usize::try_from(seed).unwrap() % (most + 1);
                    let field = field(
                        seed + 1000 * environments as u64,
                        environments,
                        miners,
                        kind,
                        blocks,
                    );
                    let expected = oracle::worded::sizes(environments, &field.candidates, &field.settings);
                    agrees(&field, &counted(&field, 1), &expected);
                    cases += 1;
                }
            }
        }
    }
    cases
}

#[test]
fn counts_of_up_to_three_environments_are_those_of_the_rule_as_worded() {
    assert_eq!(worded(&[0, 1, 2, 3], 8, 1000), 72_000);
}

#[test]
fn counts_of_four_environments_are_those_of_the_rule_as_worded() {
    assert_eq!(worded(&[4], 8, 1600), 28_800);
}

#[test]
fn counts_of_five_and_six_environments_are_those_of_the_rule_as_worded() {
    assert_eq!(worded(&[5, 6], 8, 150), 5_400);
}

#[test]
fn counts_of_up_to_ten_environments_are_those_of_the_rule_as_worded() {
    assert_eq!(worded(&[7, 8, 9, 10], 8, 9), 648);
}

#[test]
fn counts_of_many_miners_are_those_of_bitmaps() {
    let mut cases = 0;
    for (environments, miners) in [(12, 64), (13, 30), (14, 48), (16, 40)] {
        for kind in KINDS {
            for blocks in BLOCKS {
                let mut field = field(cases, environments, miners, kind, blocks);
                field.settings.missing_cell = MissingCell::Zero;
                let expected = oracle::bitmaps::sizes(environments, &field.candidates, &field.settings);
                agrees(&field, &counted(&field, 2), &expected);
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 72);
}

#[test]
fn more_than_64_environments_are_counted() {
    // Alone: all subsets, of which there are more than an f64 holds digits of.
    let mut alone = field(1, 128, 1, Kind::Fine, Blocks::Different);
    alone.settings.missing_cell = MissingCell::Zero;
    let found = counted(&alone, 1);
    assert_eq!(found[0].total(), u128::MAX);
    assert_eq!(
        found[0].points(Scheme::Linear).to_bits(),
        2f64.powi(134).to_bits()
    );
    // Each of eight environments is there a dozen times: a subset is won by who wins the eight's that it touches.
    for (seed, kind) in (0..).zip(KINDS) {
        for blocks in BLOCKS {
            let mut few = field(seed, 8, 9, kind, blocks);
            let mut many = field(seed, 8, 9, kind, blocks);
            many.environments = 8 * 12 + 4;
            for candidate in &mut many.candidates {
                candidate.scores = candidate.scores.repeat(13);
                candidate.scores.truncate(many.environments);
            }
            let expected = copied(&few, &[13, 13, 13, 13, 12, 12, 12, 12]);
            agrees_by_size(&counted(&many, 2), &expected, &many);
            // And those who are counted together.
            few.candidates.truncate(3);
            agrees_by_size(&counted(&few, 1), &copied(&few, &[1; 8]), &few);
        }
    }
}

/// The counts when each environment is there that many times.
fn copied(field: &Field, times: &[usize; 8]) -> Vec<Vec<u128>> {
    let contest = Contest::new(field.environments, &field.candidates, &field.settings).unwrap();
    let all: usize = times.iter().sum();
    let mut sizes = vec![vec![0; all + 1]; field.candidates.len()];
    for subset in 1..1u128 << 8 {
        let Some(winner) = contest.winner(subset) else {
            continue;
        };
        // Of each that it touches at least one copy: the product of (1 + x)^times - 1.
        let mut ways = vec![1u128];
        for e in (0..8).filter(|e| subset >> e & 1 == 1) {
            let before = ways.clone();
            for _ in 0..times[e] {
                let shifted = std::iter::once(0).chain(ways.clone());
                let same = ways.iter().copied().chain([0]);
                ways = same
                    .zip(shifted)
                    .map(|(same, shifted): (u128, u128)| same + shifted)
                    .collect();
            }
            ways.iter_mut()
                .zip(before)
                .for_each(|(ways, before)| *ways -= before);
        }
        sizes[winner]
            .iter_mut()
            .zip(ways)
            .for_each(|(size, ways)| *size += ways);
    }
    sizes
}

#[test]
fn the_slower_ways_agree_with_each_other() {
    for (seed, kind) in (0..).zip(KINDS) {
        let mut field = field(seed, 8, 7, kind, Blocks::Few);
        field.settings.missing_cell = MissingCell::Zero;
        let sizes = [oracle::worded::sizes, oracle::bitmaps::sizes]
            .map(|sizes| sizes(field.environments, &field.candidates, &field.settings));
        assert_eq!(sizes[0], sizes[1]);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for (seed, kind) in (0..).zip(KINDS) {
        for blocks in BLOCKS {
            let mut field = field(seed, 20, 24, kind, blocks);
            field.settings.temperature = 1e5;
            let bytes = [1, 2, 8].map(|threads| {
                let scored =
                    score_on(threads, field.environments, &field.candidates, &field.settings).unwrap();
                format!("{scored:?}")
            });
            assert_eq!(bytes[0], bytes[1]);
            assert_eq!(bytes[0], bytes[2]);
        }
    }
}

/// The first is half good everywhere, the others perfect in three of four environments and useless in the rest.
fn hard() -> Field {
    let mut field = field(7, 36, 160, Kind::Identical, Blocks::Different);
    let mut random = StdRng::seed_from_u64(7);
    field.candidates.sort_by_key(|candidate| candidate.commit_block);
    for candidate in &mut field.candidates {
        candidate.scores.fill(Some(0.5));
    }
    for candidate in &mut field.candidates[1..] {
        candidate
            .scores
            .fill_with(|| Some(f64::from(u8::from(random.random_bool(0.75)))));
    }
    field.settings.temperature = 1e9;
    field
}

#[test]
fn a_hard_candidate_is_counted_in_pieces_to_the_same_bytes_on_any_number_of_threads() {
    let field = hard();
    let (whole, steps) = subset::points(
        field.environments,
        &field.candidates,
        &field.settings,
        subset::STEPS,
    )
    .unwrap();
    // More than a candidate gets before it is cut into pieces.
    assert!(steps > 1 << 22, "{steps}");
    for threads in [1, 2, 8] {
        let scored = score_on(threads, field.environments, &field.candidates, &field.settings).unwrap();
        assert_eq!(scored.points, whole);
    }
    let contest = Contest::new(field.environments, &field.candidates, &field.settings).unwrap();
    let refused = [1, 2, 8].map(|threads| contest.count(threads, (1 << 22) + 1).unwrap_err());
    assert!(refused.iter().all(|error| *error == refused[0]));
    let uid = field.candidates[0].uid;
    assert_eq!(
        refused[0],
        Error::TooHard {
            uid,
            steps: (1 << 22) + 1
        }
    );
}

#[test]
fn what_takes_too_many_steps_is_refused_alike_on_any_number_of_threads() {
    for blocks in BLOCKS {
        let field = field(2, 24, 40, Kind::Fine, blocks);
        let contest = Contest::new(field.environments, &field.candidates, &field.settings).unwrap();
        let answers = [1, 2, 8].map(|threads| contest.count(threads, 100).unwrap_err());
        assert!(matches!(answers[0], Error::TooHard { steps: 100, .. }));
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], answers[2]);
        let text = answers[0].to_string();
        assert!(text.contains("`100` steps"), "{text}");
        let points = subset::points(field.environments, &field.candidates, &field.settings, 100);
        assert_eq!(points.unwrap_err(), answers[0]);
    }
}
