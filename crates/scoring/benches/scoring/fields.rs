//! Fields of candidates to be scored, the same in every run.

use kinitro_proto::{BlockNumber, Uid};
use kinitro_scoring::Candidate;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// Episodes behind every rate.
const EPISODES: u32 = 50;

fn random() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(20)
}

fn field(miners: usize, mut row: impl FnMut(usize) -> Vec<f64>) -> Vec<Candidate> {
    let candidate = |place: usize| Candidate {
        uid: Uid(u16::try_from(place).expect("uids are few")),
        commit_block: Some(BlockNumber(place as u64)),
        scores: row(place).into_iter().map(Some).collect(),
    };
    (0..miners).map(candidate).collect()
}

/// The share of successful episodes when each succeeds with that probability.
fn rate(random: &mut impl Rng, probability: f64) -> f64 {
    let successes = (0..EPISODES)
        .filter(|_| random.random_bool(probability.clamp(0.0, 1.0)))
        .count();
    successes as f64 / f64::from(EPISODES)
}

/// Every cell on its own.
pub(crate) fn independent(environments: usize, miners: usize) -> Vec<Candidate> {
    let mut random = random();
    field(miners, |_| {
        (0..environments)
            .map(|_| {
                let probability = random.random();
                rate(&mut random, probability)
            })
            .collect()
    })
}

/// Miners have skills and environments difficulties; `noise` is how much a cell is its own.
pub(crate) fn correlated(environments: usize, miners: usize, noise: f64) -> Vec<Candidate> {
    let mut random = random();
    let difficulties: Vec<f64> = (0..environments).map(|_| random.random()).collect();
    field(miners, |_| {
        let skill: f64 = random.random();
        difficulties
            .iter()
            .map(|difficulty| {
                let own = noise * (random.random::<f64>() - 0.5) * 2.0;
                rate(&mut random, 0.5 + skill - difficulty + own)
            })
            .collect()
    })
}

/// All in one block.
pub(crate) fn of_one_block(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates
        .iter_mut()
        .for_each(|candidate| candidate.commit_block = None);
    candidates
}

/// Pairs in one block.
pub(crate) fn in_pairs(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    for (place, candidate) in candidates.iter_mut().enumerate() {
        candidate.commit_block = Some(BlockNumber(place as u64 / 2));
    }
    candidates
}

/// One against the rest: the first is half good everywhere, each other perfect in some environments, useless in the rest.
fn against_one(
    environments: usize,
    miners: usize,
    mut others: impl FnMut(&mut ChaCha8Rng) -> Vec<bool>,
) -> Vec<Candidate> {
    let mut random = random();
    field(miners, |place| match place {
        0 => vec![0.5; environments],
        _ => others(&mut random)
            .into_iter()
            .map(|ahead| f64::from(u8::from(ahead)))
            .collect(),
    })
}

/// Each other is ahead in that share of the environments.
pub(crate) fn of_density(environments: usize, miners: usize, density: f64) -> Vec<Candidate> {
    against_one(environments, miners, |random| {
        (0..environments).map(|_| random.random_bool(density)).collect()
    })
}

/// Each other is ahead in all but that many environments.
pub(crate) fn all_but(environments: usize, miners: usize, behind: usize) -> Vec<Candidate> {
    against_one(environments, miners, |random| {
        let mut ahead = vec![true; environments];
        ahead[..behind].fill(false);
        ahead.shuffle(random);
        ahead
    })
}

/// Each other is ahead in all but some environments of its own, which nobody else is behind in.
pub(crate) fn all_but_own(environments: usize, behind: usize) -> Vec<Candidate> {
    let mut place = 0;
    against_one(environments, environments / behind + 1, |_| {
        place += 1;
        (0..environments).map(|e| e / behind != place - 1).collect()
    })
}

/// The first eight share a block and are ahead of each other here and there, the others of each of them.
pub(crate) fn against_eight(environments: usize, miners: usize, density: f64) -> Vec<Candidate> {
    let mut random = random();
    let mut candidates = field(miners, |place| {
        (0..environments)
            .map(|_| match place {
                0..8 => [0.2, 0.5, 0.8][random.random_range(0..3)],
                _ if random.random_bool(density) => 1.0,
                _ => [0.0, 0.4, 0.7][random.random_range(0..3)],
            })
            .collect()
    });
    for candidate in &mut candidates[..8] {
        candidate.commit_block = Some(BlockNumber(0));
    }
    candidates
}
