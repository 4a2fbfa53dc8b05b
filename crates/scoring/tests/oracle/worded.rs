//! The rule as it is worded: subset by subset, pair by pair, cell by cell.

use kinitro_scoring::{Candidate, MissingCell, Settings, UNCOMMITTED_BLOCK, threshold};

/// How many subsets of each size every candidate wins.
pub(crate) fn sizes(environments: usize, candidates: &[Candidate], settings: &Settings) -> Vec<Vec<u128>> {
    let thresholds: Vec<Vec<Option<f64>>> = candidates
        .iter()
        .map(|candidate| {
            candidate
                .scores
                .iter()
                .map(|score| score.map(|rate| threshold::threshold(rate, settings)))
                .collect()
        })
        .collect();
    let block = |place: usize| {
        candidates[place]
            .commit_block
            .map_or(UNCOMMITTED_BLOCK, |block| block.0)
    };
    let excludes = settings.missing_cell == MissingCell::Exclude;
    let ahead = |a: usize, b: usize, e: usize| match (candidates[a].scores[e], thresholds[b][e]) {
        (None, _) if excludes => false,
        (Some(_), None) if excludes => true,
        (score, over) => score.unwrap_or(0.0) > over.unwrap_or(threshold::MISSING),
    };
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|&place| (block(place), candidates[place].uid));
    let mut sizes = vec![vec![0; environments + 1]; candidates.len()];
    for mask in 1..1u32 << environments {
        let subset: Vec<usize> = (0..environments).filter(|e| mask >> e & 1 == 1).collect();
        let beats = |a: usize, b: usize| subset.iter().all(|&e| ahead(a, b, e));
        let takes_part = |c: usize| !excludes || subset.iter().all(|&e| candidates[c].scores[e].is_some());
        let stands = |c: usize| {
            takes_part(c)
                && order.iter().filter(|&&other| other != c).all(|&other| {
                    if block(c) <= block(other) {
                        !beats(other, c)
                    } else {
                        beats(c, other)
                    }
                })
        };
        if let Some(&winner) = order.iter().find(|&&place| stands(place)) {
            sizes[winner][subset.len()] += 1;
        }
    }
    sizes
}
