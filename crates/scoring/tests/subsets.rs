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

fn counted(field: &Field, threads: usize) -> Vec<Sizes> {
    let contest = Contest::new(field.environments, &field.candidates, &field.settings).unwrap();
    contest.count(threads, subset::STEPS).unwrap()
}

fn agrees(field: &Field, found: &[Sizes], expected: &[Vec<u128>]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        for (size, &count) in expected.iter().enumerate() {
            assert_eq!(found.of(size), count, "of size {size}: {field:?}");
        }
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
