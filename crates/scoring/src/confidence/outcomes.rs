//! What each episode of a miner came to, and the same with episodes drawn again.

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};

/// Which episodes of a miner have a result, and which of them it won: two bits an episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcomes {
    episodes: u32,
    words: usize,
    ran: Vec<u64>,
    won: Vec<u64>,
}

impl Outcomes {
    /// No results yet, of so many environments with so many episodes each.
    #[must_use]
    pub fn new(environments: usize, episodes: u32) -> Self {
        let words = episodes.div_ceil(64) as usize;
        Self {
            episodes,
            words,
            ran: vec![0; environments * words],
            won: vec![0; environments * words],
        }
    }

    /// Takes the result of one episode; a second one of the same replaces the first.
    ///
    /// # Panics
    ///
    /// When there is no such environment or episode.
    pub fn record(&mut self, environment: usize, episode: u32, success: bool) {
        assert!(episode < self.episodes, "an episode of those there are");
        let word = environment * self.words + episode as usize / 64;
        let bit = 1 << (episode % 64);
        self.ran[word] |= bit;
        if success {
            self.won[word] |= bit;
        } else {
            self.won[word] &= !bit;
        }
    }

    /// How many episodes an environment has.
    #[must_use]
    pub const fn episodes(&self) -> u32 {
        self.episodes
    }

    /// Successes and results in the environment.
    ///
    /// # Panics
    ///
    /// When there is no such environment.
    #[must_use]
    pub fn count(&self, environment: usize) -> (u32, u32) {
        let count = |bits: &[u64]| bits.iter().map(|word| word.count_ones()).sum();
        (
            count(self.words_of(&self.won, environment)),
            count(self.words_of(&self.ran, environment)),
        )
    }

    /// Successes and results among the episodes drawn: an episode drawn twice counts twice.
    pub(super) fn drawn(&self, environment: usize, draw: &Draw) -> (u32, u32) {
        let ran = self.words_of(&self.ran, environment);
        let won = self.words_of(&self.won, environment);
        draw.planes[environment]
            .iter()
            .zip(0u32..)
            .fold((0, 0), |(successes, results), (plane, power)| {
                let count = |bits: &[u64]| -> u32 {
                    let both = bits.iter().zip(plane);
                    both.map(|(bits, plane)| (bits & plane).count_ones()).sum()
                };
                (successes + (count(won) << power), results + (count(ran) << power))
            })
    }

    fn words_of<'a>(&self, bits: &'a [u64], environment: usize) -> &'a [u64] {
        &bits[environment * self.words..][..self.words]
    }
}

/// How often each episode of each environment was drawn in one replicate.
///
/// The random words are those of `ChaCha20` with the seed as key, the replicate as the 64-bit nonce, and the block counter
/// from 0, read as little-endian 32-bit words. For each environment in order as many episodes are drawn as it has: the
/// word modulo their number, and a word at or over the greatest multiple of that number below 2³² is skipped, so that
/// no episode is likelier than another.
pub(super) struct Draw {
    /// Per environment, the counts as binary digits, least first: bit `i` of a digit is episode `i`'s.
    planes: Vec<Vec<Vec<u64>>>,
}

impl Draw {
    pub(super) fn new(seed: &[u8; 32], replicate: u32, environments: usize, episodes: u32) -> Self {
        let mut random = ChaCha20Rng::from_seed(*seed);
        random.set_stream(u64::from(replicate));
        let mut counts = vec![0u32; episodes as usize];
        let planes = (0..environments).map(|_| {
            counts.fill(0);
            (0..episodes).for_each(|_| counts[below(&mut random, episodes) as usize] += 1);
            planes(&counts)
        });
        Self {
            planes: planes.collect(),
        }
    }
}

/// A number below the bound, each as likely.
fn below(random: &mut impl RngCore, bound: u32) -> u32 {
    // 2^32 modulo the bound: so many words at the top are over its greatest multiple.
    let over = bound.wrapping_neg() % bound;
    loop {
        let word = random.next_u32();
        if word <= u32::MAX - over {
            return word % bound;
        }
    }
}

fn planes(counts: &[u32]) -> Vec<Vec<u64>> {
    let most = counts.iter().copied().max().unwrap_or(0);
    let digits = u32::BITS - most.leading_zeros();
    let word = |counts: &[u32], digit: u32| {
        let bits = counts.iter().zip(0u32..);
        bits.fold(0, |word, (count, bit)| {
            word | u64::from(count >> digit & 1) << bit
        })
    };
    (0..digits)
        .map(|digit| counts.chunks(64).map(|counts| word(counts, digit)).collect())
        .collect()
}
