//! What is explained adds up to what was scored, and says what happened.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod golden {
    #[expect(dead_code, reason = "the rest of it is for tests/golden.rs")]
    pub(crate) mod read;
}

use kinitro_proto::{BlockNumber, Uid};
use kinitro_scoring::{
    Candidate, Error, MissingCell, Scored, Settings, UNCOMMITTED_BLOCK,
    explain::{Explainer, Explanation, Subsets},
    score,
    subset::Contest,
};
use proptest::{collection::vec, option, prelude::*};

fn names(environments: usize) -> Vec<String> {
    (0..environments).map(|e| format!("e{e}")).collect()
}

fn candidate(uid: u16, block: u64, scores: &[f64]) -> Candidate {
    Candidate {
        uid: Uid(uid),
        commit_block: Some(BlockNumber(block)),
        scores: scores.iter().copied().map(Some).collect(),
    }
}

/// Everything about everyone, as it was and as it is explained.
fn all<R>(
    candidates: &[Candidate],
    settings: &Settings,
    look: impl FnOnce(&Scored, &Explainer<'_>, &[Explanation<'_>]) -> R,
) -> R {
    let environments = names(candidates.first().map_or(0, |first| first.scores.len()));
    let scored = score(environments.len(), candidates, settings).unwrap();
    let explainer = Explainer::new(&environments, candidates, settings, &scored).unwrap();
    let each = (0..candidates.len()).map(|place| Explanation {
        rivals: Some(explainer.rivals(place)),
        subsets: explainer.subsets(place).unwrap(),
        ..explainer.explain(place)
    });
    look(&scored, &explainer, &each.collect::<Vec<_>>())
}

fn sum(sizes: &[Subsets]) -> u128 {
    sizes.iter().map(|of| of.subsets * of.size as u128).sum()
}

#[test]
fn the_reach_its_bars_and_what_is_lost_are_told_with_margins() {
    let field = [
        candidate(1, 10, &[0.5, 0.8, 0.3]),
        candidate(2, 20, &[0.75, 0.95, 0.35]),
        candidate(3, 30, &[0.9, 0.2, 0.2]),
    ];
    all(&field, &Settings::default(), |scored, explainer, told| {
        // The first could win all of it, and loses to both: to the second more.
        let first = &told[0];
        assert_eq!(
            (first.reach.len(), &first.barred, first.tightest),
            (3, &vec![], None)
        );
        let losses: Vec<_> = first
            .losses
            .iter()
            .map(|loss| (loss.uid.0, loss.environments.clone()))
            .collect();
        assert_eq!(losses, [(2, vec!["e0", "e1"])]);
        assert_eq!(first.losses[0].tightest.unwrap().environment, "e1");
        // The second is barred by the first where it is not ahead by enough.
        let second = &told[1];
        assert_eq!(second.reach, ["e0", "e1"]);
        let barred = &second.barred[0];
        assert_eq!(
            (barred.environment, barred.by, barred.worst.unwrap().uid),
            ("e2", 1, Uid(1))
        );
        assert_eq!(
            barred.worst.unwrap().margin.to_bits(),
            (0.35 - scored.thresholds[0][2].unwrap()).to_bits()
        );
        let tightest = second.tightest.unwrap();
        assert_eq!((tightest.uid, tightest.environment), (Uid(1), "e1"));
        assert_eq!(
            tightest.margin.to_bits(),
            (0.95 - scored.thresholds[0][1].unwrap()).to_bits()
        );
        let taken = &second.losses[0];
        assert_eq!((taken.uid, &taken.environments), (Uid(3), &vec!["e0"]));
        // It has {e1} and {e0, e1}, the third {e0}, the first whatever holds e2.
        let won = |place: usize| -> Vec<(usize, u128)> {
            told[place].won.iter().map(|of| (of.size, of.subsets)).collect()
        };
        assert_eq!(
            (won(0), won(1), won(2)),
            (vec![(1, 1), (2, 2), (3, 1)], vec![(1, 1), (2, 1)], vec![(1, 1)])
        );
        let listed = told[1].subsets.as_ref().unwrap();
        let runners: Vec<_> = listed
            .iter()
            .map(|won| (won.environments.clone(), won.runner_up.unwrap()))
            .collect();
        assert_eq!(runners[0].0, ["e0", "e1"]);
        assert_eq!(
            (runners[0].1.uid, runners[0].1.next, runners[0].1.environment),
            (Uid(1), true, "e1")
        );
        assert_eq!(runners[1].0, ["e1"]);
        assert!(explainer.unwon().is_empty());
        let rivals = told[1].rivals.as_ref().unwrap();
        assert_eq!(rivals.earlier[0].tightest(), second.tightest);
        assert_eq!(rivals.earlier[0].worst(), barred.worst);
        assert_eq!(
            (
                rivals.later[0].uid,
                rivals.later[0].ahead.len(),
                rivals.later[0].same_block
            ),
            (Uid(3), 1, false)
        );
    });
}

#[test]
fn where_nobody_stands_the_subsets_are_nobodys() {
    // The second is not clear of the first, the third of the first but not of the second.
    let field = [
        candidate(1, 1, &[0.5]),
        candidate(2, 2, &[0.58]),
        candidate(3, 3, &[0.62]),
    ];
    all(&field, &Settings::default(), |_, explainer, told| {
        assert_eq!(explainer.unwon(), [Subsets { size: 1, subsets: 1 }]);
        assert!(
            told.iter()
                .all(|told| told.won.is_empty() && told.subsets == Some(Vec::new()))
        );
        assert_eq!(told[0].losses[0].uid, Uid(3));
        assert_eq!(told[2].barred[0].worst.unwrap().uid, Uid(2));
    });
}

#[test]
fn who_would_not_have_it_either_is_the_nearest_and_not_the_next() {
    // Without the first nobody stands: the third is clear of nobody's threshold but the second's, and so on.
    let field = [
        candidate(1, 1, &[0.9]),
        candidate(2, 2, &[0.5]),
        candidate(3, 3, &[0.58]),
        candidate(4, 4, &[0.62]),
    ];
    all(&field, &Settings::default(), |scored, _, told| {
        let runner_up = told[0].subsets.as_ref().unwrap()[0].runner_up.unwrap();
        assert_eq!((runner_up.uid, runner_up.next), (Uid(4), false));
        assert_eq!(
            runner_up.margin.to_bits(),
            (scored.thresholds[0][0].unwrap() - 0.62).to_bits()
        );
    });
}

#[test]
fn in_one_block_neither_need_be_ahead_and_the_lower_uid_wins() {
    let field = [candidate(5, 7, &[0.5]), candidate(4, 7, &[0.55])];
    all(&field, &Settings::default(), |_, _, told| {
        assert_eq!(
            (told[0].points.to_bits(), told[1].points.to_bits()),
            (0f64.to_bits(), 1f64.to_bits())
        );
        let rival = &told[0].rivals.as_ref().unwrap().later[0];
        assert!(rival.same_block && rival.ahead.is_empty());
        let runner_up = told[1].subsets.as_ref().unwrap()[0].runner_up.unwrap();
        assert_eq!((runner_up.uid, runner_up.next), (Uid(5), true));
    });
}

#[test]
fn who_takes_no_part_bars_nobody_and_has_no_margin() {
    let settings = Settings {
        missing_cell: MissingCell::Exclude,
        ..Settings::default()
    };
    let mut first = candidate(1, 1, &[0.5, 0.5]);
    first.scores[1] = None;
    let field = [first, candidate(2, 2, &[0.1, 0.1])];
    all(&field, &settings, |_, _, told| {
        assert_eq!(told[0].reach, ["e0"]);
        assert_eq!((told[0].barred[0].by, told[0].barred[0].worst), (0, None));
        assert_eq!(told[1].reach, ["e1"]);
        let cell = told[1].rivals.as_ref().unwrap().earlier[0].ahead[0];
        assert_eq!(
            (cell.environment, cell.score, cell.threshold, cell.margin),
            ("e1", Some(0.1), None, None)
        );
        assert_eq!(told[1].subsets.as_ref().unwrap()[0].runner_up, None);
    });
    // As a zero the same cell asks 0.02 of a challenger.
    all(
        &field,
        &Settings {
            missing_cell: MissingCell::Zero,
            ..settings
        },
        |_, _, told| {
            let cell = told[1].rivals.as_ref().unwrap().earlier[0].ahead[0];
            assert_eq!((cell.environment, cell.threshold), ("e1", Some(0.02)));
        },
    );
}

#[test]
fn many_environments_are_counted_and_not_listed() {
    let environments = names(128);
    let field = [candidate(1, 1, &[0.5; 128])];
    let settings = Settings::default();
    let scored = score(128, &field, &settings).unwrap();
    let explainer = Explainer::new(&environments, &field, &settings, &scored).unwrap();
    assert_eq!(explainer.subsets(0).unwrap(), None);
    assert!(explainer.unwon().is_empty());
    assert_eq!(
        explainer.explain(0).won[127],
        Subsets {
            size: 128,
            subsets: 1
        }
    );
}

#[test]
fn all_golden_points_are_the_sum_of_what_is_explained() {
    let file = golden::read::file("scoring.json");
    let mut ran = 0;
    for case in golden::read::list(&file["cases"]) {
        let (environments, candidates, settings) = golden::read::case_input(&case["input"]);
        let scored = match score(environments, &candidates, &settings) {
            Err(Error::Temperature(_)) => continue,
            scored => scored.unwrap(),
        };
        let names = names(environments);
        let explainer = Explainer::new(&names, &candidates, &settings, &scored).unwrap();
        for place in 0..candidates.len() {
            let told = explainer.explain(place);
            assert_eq!(
                (sum(&told.won) as f64).to_bits(),
                told.points.to_bits(),
                "{}",
                case["name"]
            );
        }
        ran += 1;
    }
    assert!(ran > 70, "{ran}");
}

/// Few blocks and few scores, so that ties and draws are frequent.
fn field() -> impl Strategy<Value = Vec<Candidate>> {
    (1usize..6).prop_flat_map(|environments| {
        let scores = vec(
            option::weighted(0.9, (0u8..=10).prop_map(|x| f64::from(x) / 10.0)),
            environments,
        );
        let rows = vec((option::weighted(0.9, 0u64..5), scores), 1..7);
        rows.prop_map(|rows| {
            let uids = (0..u16::MAX).rev().map(Uid);
            let rows = rows.into_iter().zip(uids);
            rows.map(|((block, scores), uid)| Candidate {
                uid,
                commit_block: block.map(BlockNumber),
                scores,
            })
            .collect()
        })
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let rules = [MissingCell::Expire, MissingCell::Zero, MissingCell::Exclude];
    prop::sample::select(rules.to_vec()).prop_map(|missing_cell| Settings {
        missing_cell,
        ..Settings::default()
    })
}

fn block(candidate: &Candidate) -> u64 {
    candidate.commit_block.map_or(UNCOMMITTED_BLOCK, |block| block.0)
}

proptest! {
    #[test]
    fn the_parts_add_up_to_the_points((candidates, settings) in (field(), settings())) {
        all(&candidates, &settings, |scored, explainer, told| {
            let environments = candidates[0].scores.len();
            let mut subsets: u128 = explainer.unwon().iter().map(|of| of.subsets).sum();
            for (place, told) in told.iter().enumerate() {
                prop_assert_eq!(told.points.to_bits(), scored.points[place].to_bits());
                prop_assert_eq!((sum(&told.won) as f64).to_bits(), told.points.to_bits());
                subsets += told.won.iter().map(|of| of.subsets).sum::<u128>();
                prop_assert_eq!(told.reach.len() + told.barred.len(), environments);
                // One by one they are as many of each size, and within reach.
                let listed = told.subsets.as_ref().unwrap();
                for of in &told.won {
                    let found = listed.iter().filter(|won| won.environments.len() == of.size).count();
                    prop_assert_eq!(found as u128, of.subsets);
                }
                prop_assert_eq!(listed.len() as u128, told.won.iter().map(|of| of.subsets).sum::<u128>());
                prop_assert!(listed.iter().all(|won| won.environments.iter().all(|e| told.reach.contains(e))));
            }
            prop_assert_eq!(subsets, (1u128 << environments) - 1);
            Ok(())
        })?;
    }

    #[test]
    fn margins_say_who_is_ahead((candidates, settings) in (field(), settings())) {
        all(&candidates, &settings, |_, _, told| {
            for (candidate, told) in candidates.iter().zip(told) {
                let rivals = told.rivals.as_ref().unwrap();
                prop_assert_eq!(rivals.earlier.len() + rivals.later.len() + 1, candidates.len());
                for rival in rivals.earlier.iter().chain(&rivals.later) {
                    let other = candidates.iter().find(|other| other.uid == rival.uid).unwrap();
                    prop_assert_eq!(rival.same_block, block(other) == block(candidate));
                    prop_assert!(rival.ahead.iter().all(|cell| cell.margin.is_none_or(|margin| margin > 0.0)));
                    prop_assert!(rival.behind.iter().all(|cell| cell.margin.is_none_or(|margin| margin <= 0.0)));
                }
                // It is in reach iff it is ahead of everyone earlier, and takes part.
                for barred in &told.barred {
                    let before = rivals.earlier.iter().filter(|rival| {
                        rival.behind.iter().any(|cell| cell.environment == barred.environment)
                    });
                    let takes_part = settings.missing_cell != MissingCell::Exclude || {
                        let e: usize = barred.environment[1..].parse().unwrap();
                        candidate.scores[e].is_some()
                    };
                    prop_assert_eq!(barred.by, if takes_part { before.count() } else { 0 });
                    prop_assert!(barred.by > 0 || !takes_part);
                }
                let leads = rivals.earlier.iter().flat_map(|rival| &rival.ahead);
                let leads = leads.filter(|cell| told.reach.contains(&cell.environment));
                let least = leads.filter_map(|cell| cell.margin).min_by(f64::total_cmp);
                prop_assert_eq!(told.tightest.map(|lead| lead.margin), least);
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_is_in_reach_and_not_won_is_lost_to_somebody_named((candidates, settings) in (field(), settings())) {
        let environments = candidates[0].scores.len();
        let contest = Contest::new(environments, &candidates, &settings).unwrap();
        all(&candidates, &settings, |_, _, told| {
            for (place, told) in told.iter().enumerate() {
                prop_assert_eq!(told.more_losses, 0);
                let mask = |names: &[&str]| names.iter().fold(0u128, |mask, name| {
                    mask | 1 << name[1..].parse::<u32>().unwrap()
                });
                let reach = mask(&told.reach);
                for subset in (1..1u128 << environments).filter(|subset| subset & !reach == 0) {
                    let lost = told.losses.iter().any(|loss| subset & !mask(&loss.environments) == 0);
                    prop_assert_eq!(contest.stands(place, subset), !lost);
                    // Who stands and does not win yields to a lower uid of its block.
                    if let (false, Some(winner)) = (lost, contest.winner(subset)) {
                        let tied = block(&candidates[winner]) == block(&candidates[place]);
                        prop_assert!(winner == place || tied && candidates[winner].uid < candidates[place].uid);
                    }
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_next_is_who_wins_without_the_winner((candidates, settings) in (field(), settings())) {
        all(&candidates, &settings, |_, _, told| {
            for (place, told) in told.iter().enumerate() {
                let mut others = candidates.clone();
                others.remove(place);
                let contest = Contest::new(candidates[0].scores.len(), &others, &settings).unwrap();
                for won in told.subsets.as_ref().unwrap() {
                    let mask = won.environments.iter().fold(0, |mask, name| mask | 1 << name[1..].parse::<u32>().unwrap());
                    let next = contest.winner(mask).map(|winner| others[winner].uid);
                    let said = won.runner_up.filter(|runner_up| runner_up.next);
                    prop_assert_eq!(said.map(|runner_up| runner_up.uid), next);
                    if let Some(runner_up) = won.runner_up {
                        prop_assert!(runner_up.margin >= 0.0, "{:?}", runner_up);
                        prop_assert!(won.environments.contains(&runner_up.environment));
                    }
                }
            }
            Ok(())
        })?;
    }
}
