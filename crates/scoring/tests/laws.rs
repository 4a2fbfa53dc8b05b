//! What holds for all inputs, not only for the golden ones.

use kinitro_proto::{BlockNumber, Uid};
use kinitro_scoring::{
    Candidate, Error, MAX_ENVIRONMENTS, Settings, UNCOMMITTED_BLOCK, score, subset::Contest, threshold,
};
use proptest::{collection::vec, option, prelude::*, sample::SizeRange};

/// Candidates with distinct uids, few blocks and few scores, so that ties and draws are frequent.
fn field(
    environments: impl Strategy<Value = usize>,
    count: impl Into<SizeRange>,
) -> impl Strategy<Value = (usize, Vec<Candidate>)> {
    let count = count.into();
    environments.prop_flat_map(move |environments| {
        let scores = vec(
            option::weighted(0.9, (0u8..=10).prop_map(|x| f64::from(x) / 10.0)),
            environments,
        );
        let candidate = (option::weighted(0.9, 0u64..6), scores);
        (
            Just(environments),
            vec(candidate, count.clone()).prop_map(candidates),
        )
    })
}

fn candidates(rows: Vec<(Option<u64>, Vec<Option<f64>>)>) -> Vec<Candidate> {
    // Uids run against the order of the list.
    let uids = (0..u16::MAX).rev().map(Uid);
    let rows = rows.into_iter().zip(uids);
    rows.map(|((block, scores), uid)| Candidate {
        uid,
        commit_block: block.map(BlockNumber),
        scores,
    })
    .collect()
}

/// The winner of a subset as the rule is worded, one pair and one cell at a time.
fn worded_winner(candidates: &[Candidate], thresholds: &[Vec<Option<f64>>], subset: u32) -> Option<usize> {
    let block = |place: usize| {
        candidates[place]
            .commit_block
            .map_or(UNCOMMITTED_BLOCK, |block| block.0)
    };
    let beats = |a: usize, b: usize| {
        (0..32).filter(|e| subset >> e & 1 == 1).all(|e: usize| {
            candidates[a].scores[e].unwrap_or(0.0) > thresholds[b][e].unwrap_or(threshold::MISSING)
        })
    };
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|&place| (block(place), candidates[place].uid));
    order.into_iter().find(|&c| {
        (0..candidates.len()).filter(|&o| o != c).all(|o| {
            if block(c) <= block(o) {
                !beats(o, c)
            } else {
                beats(c, o)
            }
        })
    })
}

proptest! {
    #[test]
    fn contests_decide_as_the_rule_is_worded((environments, candidates) in field(0usize..9, 0..7)) {
        let scored = score(environments, &candidates, &Settings::default()).unwrap();
        let contest = Contest::new(environments, &candidates, &Settings::default()).unwrap();
        let mut points = vec![0.0; candidates.len()];
        for mask in 1..1u32 << environments {
            let expected = worded_winner(&candidates, &scored.thresholds, mask);
            prop_assert_eq!(contest.winner(mask.into()), expected, "{:b}", mask);
            if let Some(place) = expected {
                points[place] += f64::from(mask.count_ones());
            }
        }
        prop_assert_eq!(points, scored.points);
    }

    #[test]
    fn weights_sum_to_one_and_the_16_bits_never_over((environments, candidates) in field(0usize..9, 1..40)) {
        let scored = score(environments, &candidates, &Settings::default()).unwrap();
        prop_assert!((scored.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        prop_assert!(scored.weights.iter().all(|weight| (0.0..=1.0).contains(weight)));
        let total: usize = scored.weights_u16.iter().map(|&part| usize::from(part)).sum();
        prop_assert!(total <= 65535 && total + candidates.len() > 65535, "{}", total);
    }

    #[test]
    fn points_are_never_more_than_there_are((environments, candidates) in field(1usize..9, 1..12)) {
        let scored = score(environments, &candidates, &Settings::default()).unwrap();
        let all = (environments << (environments - 1)) as f64;
        prop_assert!(scored.points.iter().sum::<f64>() <= all);
        if candidates.len() == 1 {
            prop_assert_eq!(scored.points[0], all);
        }
    }

    #[test]
    fn the_order_of_the_list_decides_no_points(
        ((environments, candidates), shuffled) in field(0usize..7, 0..12).prop_flat_map(|(environments, list)| {
            (Just((environments, list.clone())), Just(list).prop_shuffle())
        })
    ) {
        let settings = Settings::default();
        let (one, other) =
            (score(environments, &candidates, &settings).unwrap(), score(environments, &shuffled, &settings).unwrap());
        for (place, candidate) in candidates.iter().enumerate() {
            let there = shuffled.iter().position(|other| other.uid == candidate.uid).unwrap();
            prop_assert_eq!(one.points[place], other.points[there]);
            prop_assert_eq!(&one.thresholds[place], &other.thresholds[there]);
            // Sums in another order may differ in the last bit.
            prop_assert!((one.weights[place] - other.weights[there]).abs() < 1e-12);
        }
    }

    #[test]
    fn who_copies_an_earlier_committer_gets_no_points((environments, mut list) in field(1usize..7, 1..8), lag in 1u64..9) {
        let original = list.pop().unwrap();
        let block = BlockNumber(original.commit_block.map_or(0, |block| block.0));
        let copy = Candidate {
            uid: Uid(0),
            commit_block: Some(BlockNumber(block.0 + lag)),
            scores: original.scores.clone(),
        };
        list.push(Candidate { commit_block: Some(block), ..original });
        list.push(copy);
        let scored = score(environments, &list, &Settings::default()).unwrap();
        prop_assert_eq!(scored.points.last(), Some(&0.0));
    }

    #[test]
    fn a_better_score_never_costs_the_earliest_points((environments, list) in field(1usize..6, 2..6), e in 0usize..6) {
        let mut before = list;
        before[0].commit_block = Some(BlockNumber(0));
        before[1..].iter_mut().for_each(|other| other.commit_block = Some(BlockNumber(9)));
        let mut after = before.clone();
        after[0].scores[e % environments] = Some(1.0);
        let settings = Settings::default();
        let (before, after) =
            (score(environments, &before, &settings).unwrap(), score(environments, &after, &settings).unwrap());
        prop_assert!(after.points[0] >= before.points[0]);
    }
}

#[test]
fn the_limits_of_a_cycle_are_scored() {
    let row = |place: u64| {
        let cell = |e: u64| Some((place * 7919 + e * 104_729 + place * e * 31) as f64 % 100.0 / 100.0);
        (Some(place / 2), (0..MAX_ENVIRONMENTS as u64).map(cell).collect())
    };
    let candidates = candidates((0..256).map(row).collect());
    let scored = score(MAX_ENVIRONMENTS, &candidates, &Settings::default()).unwrap();
    assert_eq!(scored.weights.len(), 256);
    assert!(scored.points.iter().any(|&points| points > 0.0));
}

#[test]
fn too_many_environments_are_refused_with_the_limit() {
    let candidates = candidates(vec![(None, vec![None; 129])]);
    let error = score(129, &candidates, &Settings::default()).unwrap_err();
    assert_eq!(
        error,
        Error::TooManyEnvironments {
            found: 129,
            limit: MAX_ENVIRONMENTS
        }
    );
    assert!(
        error.to_string().contains("`129`") && error.to_string().contains("`128`"),
        "{error}"
    );
}

#[test]
fn malformed_candidates_are_refused() {
    let settings = Settings::default();
    let refused =
        |scores: Vec<Option<f64>>| score(1, &candidates(vec![(None, scores)]), &settings).unwrap_err();
    assert!(matches!(
        refused(vec![]),
        Error::Cells {
            found: 0,
            expected: 1,
            ..
        }
    ));
    for bad in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
        assert!(matches!(refused(vec![Some(bad)]), Error::Score { .. }), "{bad}");
    }
    let mut twice = candidates(vec![(None, vec![None]); 2]);
    twice[1].uid = twice[0].uid;
    assert!(matches!(score(1, &twice, &settings), Err(Error::Twice { .. })));
    let nan = Settings {
        temperature: f64::NAN,
        ..settings
    };
    assert!(matches!(score(0, &[], &nan), Err(Error::Temperature(_))));
}
