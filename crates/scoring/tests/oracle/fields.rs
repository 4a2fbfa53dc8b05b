//! Fields of candidates, from a seed: of many kinds, more often than not with ties.

use kinitro_proto::{BlockNumber, Uid};
use kinitro_scoring::{Candidate, MissingCell, Settings};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// How the scores of a field come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any of a few rates.
    Coarse,
    /// Any rate.
    Fine,
    /// All the same.
    Identical,
    /// A miner's skill and some noise.
    Correlated,
    /// The earliest are half good everywhere, the others perfect in some environments and useless in the rest.
    Adversarial,
    /// Everyone is ahead of those before in all environments but some.
    Ladder,
}

pub(crate) const KINDS: [Kind; 6] = [
    Kind::Coarse,
    Kind::Fine,
    Kind::Identical,
    Kind::Correlated,
    Kind::Adversarial,
    Kind::Ladder,
];

/// How many different blocks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blocks {
    /// One each.
    Different,
    /// A few, shared.
    Few,
    /// The one of unknown commitments.
    Unknown,
}

pub(crate) const BLOCKS: [Blocks; 3] = [Blocks::Different, Blocks::Few, Blocks::Unknown];

/// A field and how it was made.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) environments: usize,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) settings: Settings,
}

pub(crate) fn field(seed: u64, environments: usize, miners: usize, kind: Kind, blocks: Blocks) -> Field {
    let mut random = StdRng::seed_from_u64(seed);
    let missing = if random.random_bool(0.3) {
        random.random_range(0.0..0.5)
    } else {
        0.0
    };
    let density = random.random_range(0.2..0.95);
    let noise = random.random_range(0.0..0.5);
    let few: u64 = random.random_range(1..4);
    let mut uids: Vec<u16> = (0..u16::try_from(miners).unwrap()).collect();
    uids.shuffle(&mut random);
    let mut candidates = Vec::new();
    for (place, uid) in uids.into_iter().enumerate() {
        let skill: f64 = random.random();
        let mut cell = || match kind {
            Kind::Coarse => f64::from(random.random_range(0..=5u8)) / 5.0,
            Kind::Fine => random.random(),
            Kind::Identical => 0.5,
            Kind::Correlated => (skill + noise * (random.random::<f64>() - 0.5)).clamp(0.0, 1.0),
            Kind::Adversarial if place < 2 => 0.5,
            Kind::Adversarial => f64::from(u8::from(random.random_bool(density))),
            Kind::Ladder if random.random_bool(density) => (place as f64 * 0.15).min(1.0),
            Kind::Ladder => 0.3,
        };
        let scores: Vec<f64> = (0..environments).map(|_| cell()).collect();
        let scores = scores
            .into_iter()
            .map(|score| (!random.random_bool(missing)).then_some(score))
            .collect();
        let block = match blocks {
            Blocks::Different => Some(place as u64),
            Blocks::Few => random.random_bool(0.9).then(|| random.random_range(0..few)),
            Blocks::Unknown => None,
        };
        let commit_block = block.map(BlockNumber);
        candidates.push(Candidate {
            uid: Uid(uid),
            commit_block,
            scores,
        });
    }
    candidates.shuffle(&mut random);
    let missing_cell =
        [MissingCell::Zero, MissingCell::Exclude, MissingCell::Expire][random.random_range(0..3)];
    let min_gap = [0.02, 0.0, 0.1][random.random_range(0..3)];
    let settings = Settings {
        missing_cell,
        min_gap,
        ..Settings::default()
    };
    Field {
        environments,
        candidates,
        settings,
    }
}
