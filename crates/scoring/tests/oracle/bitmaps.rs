//! The rule by bitmaps over all 2^E subsets: how points were counted while there were few environments.

use kinitro_scoring::{Candidate, Settings, UNCOMMITTED_BLOCK, threshold};

/// How many subsets of each size every candidate wins; a missing cell is a zero.
pub(crate) fn sizes(environments: usize, candidates: &[Candidate], settings: &Settings) -> Vec<Vec<u128>> {
    let rank = |place: usize| {
        let Candidate {
            commit_block, uid, ..
        } = candidates[place];
        (commit_block.map_or(UNCOMMITTED_BLOCK, |block| block.0), uid)
    };
    let over =
        |cell: Option<f64>| cell.map_or(threshold::MISSING, |rate| threshold::threshold(rate, settings));
    let beats = |winner: usize, loser: usize| {
        let cells = candidates[winner].scores.iter().zip(&candidates[loser].scores);
        let ahead = cells.map(|(score, other)| score.unwrap_or(0.0) > over(*other));
        ahead
            .zip(0u32..)
            .fold(0u32, |mask, (ahead, e)| mask | u32::from(ahead) << e)
    };
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|&place| rank(place));
    let full = (1u32 << environments) - 1;
    let mut open = closed(environments, &[full]);
    open[0] &= !1;
    let mut sizes = vec![vec![0; environments + 1]; candidates.len()];
    for place in order {
        let others = || (0..candidates.len()).filter(move |&other| other != place);
        let (later, earlier): (Vec<_>, Vec<_>) = others().partition(|&other| rank(place).0 <= rank(other).0);
        let must_win = earlier
            .iter()
            .fold(full, |mask, &other| mask & beats(place, other));
        let lost: Vec<u32> = later.iter().map(|&other| beats(other, place)).collect();
        let (can, lost) = (closed(environments, &[must_win]), closed(environments, &lost));
        for (index, word) in open.iter_mut().enumerate() {
            let wins = *word & can[index] & !lost[index];
            *word &= !wins;
            for bit in (0..64).filter(|bit| wins >> bit & 1 == 1) {
                sizes[place][(index.count_ones() + u32::count_ones(bit)) as usize] += 1;
            }
        }
    }
    sizes
}

/// All subsets of the masks, a bit for each.
fn closed(environments: usize, masks: &[u32]) -> Vec<u64> {
    let mut words = vec![0u64; 1 << environments.saturating_sub(6)];
    for &mask in masks {
        words[mask as usize / 64] |= 1 << (mask % 64);
    }
    for e in 0..environments {
        if e < 6 {
            let has = (0..64u32)
                .filter(|index| index >> e & 1 == 1)
                .fold(0u64, |has, index| has | 1 << index);
            words
                .iter_mut()
                .for_each(|word| *word |= (*word & has) >> (1 << e));
        } else {
            for pair in words.chunks_exact_mut(2 << (e - 6)) {
                let (without, with) = pair.split_at_mut(1 << (e - 6));
                without
                    .iter_mut()
                    .zip(with)
                    .for_each(|(without, with)| *without |= *with);
            }
        }
    }
    words
}
