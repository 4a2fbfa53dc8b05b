//! What cycles come to.

use crate::made::{ENVIRONMENTS, cycle_line, lines, lines_of, miner_lines, settled, tally};
use kinitro_audit::{
    Error, Judged, Tally, Verdict,
    bundle::{CycleLine, Line, MissingLine, MissingState},
    judge,
};
use kinitro_proto::Uid;
use kinitro_scoring::{MissingCell, success_rate};

/// The made cycle with other settings, and with these episodes' results lost: miner, environment, episode.
fn judged(change: impl FnOnce(&mut CycleLine), lost: &[(u16, usize, u32)]) -> Judged {
    let mut cycle = cycle_line(7);
    change(&mut cycle);
    let mut lines = lines_of(&cycle, &miner_lines());
    for line in &mut lines {
        let Line::Result(result) = line else { continue };
        let is_lost = |(uid, place, episode): &(u16, usize, u32)| {
            result.uid == Uid(*uid)
                && result.environment.as_str() == ENVIRONMENTS[*place]
                && result.episode == *episode
        };
        if lost.iter().any(is_lost) {
            *line = Line::Missing(MissingLine {
                uid: result.uid,
                environment: result.environment.clone(),
                episode: result.episode,
                seed: result.seed,
                task: result.task,
                state: MissingState::Cancelled,
                reason: None,
            });
        }
    }
    judge(&tally(&lines)).unwrap()
}

fn verdict(judged: Judged) -> Verdict {
    match judged {
        Judged::Settled(verdict) => verdict,
        Judged::Expired(reason) => panic!("expired: {reason}"),
    }
}

fn reason(judged: Judged) -> String {
    match judged {
        Judged::Settled(_) => panic!("settled"),
        Judged::Expired(reason) => reason,
    }
}

fn weight(verdict: &Verdict, uid: u16) -> f64 {
    verdict
        .miners
        .iter()
        .find(|miner| miner.uid == Uid(uid))
        .unwrap()
        .weight
}

fn missing(missing_cell: MissingCell) -> impl FnOnce(&mut CycleLine) {
    move |cycle| cycle.settings.missing_cell = missing_cell
}

/// Three of the four results of miner 40 in `metaworld/push-v3`, where it is the best.
const LOST: [(u16, usize, u32); 3] = [(40, 1, 0), (40, 1, 1), (40, 1, 2)];

#[test]
fn the_better_miner_has_the_greater_weight() {
    let verdict = settled(&tally(&lines(7)));
    assert!((verdict.miners.iter().map(|miner| miner.weight).sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(weight(&verdict, 12) > weight(&verdict, 41));
    assert!(weight(&verdict, 41) > weight(&verdict, 3));
    assert_eq!(verdict.frontier, [Uid(12), Uid(40)]);
    let uids: Vec<_> = verdict.miners.iter().map(|miner| miner.uid.0).collect();
    assert_eq!(uids, [3, 12, 40, 41]);
}

#[test]
fn scores_are_listed_by_uid_and_environment_with_what_they_are_of() {
    let verdict = settled(&tally(&lines(7)));
    assert_eq!(verdict.scores.len(), 12);
    let score = &verdict.scores[9];
    assert_eq!(
        (score.uid, score.environment.as_str()),
        (Uid(41), ENVIRONMENTS[0])
    );
    assert_eq!((score.episodes, score.successes, score.miner_faults), (4, 0, 1));
    let with_missing = &verdict.scores[1];
    assert_eq!((with_missing.episodes, with_missing.uid), (3, Uid(3)));
    for score in &verdict.scores {
        assert_eq!(
            Some(score.success_rate),
            success_rate(score.successes, score.episodes)
        );
        assert!(score.low <= score.success_rate && score.success_rate <= score.high);
    }
    // The mean of 0.1 · number − 7.5 over the episodes 0 to 3 of the first cell.
    assert!((verdict.scores[0].mean_reward + 7.35).abs() < 1e-12);
}

#[test]
fn a_missing_cell_is_never_a_zero() {
    let told = reason(judged(|_| {}, &LOST));
    assert_eq!(
        told,
        "1 of 12 cells have fewer than the 2 results they need: miner 40 in metaworld/push-v3 has 1"
    );
}

#[test]
fn many_short_cells_are_counted_and_a_few_named() {
    let told = reason(judged(|cycle| cycle.settings.min_episodes = 5, &[]));
    assert!(
        told.starts_with("12 of 12 cells have fewer than the 5 results they need: miner 3 in"),
        "{told}"
    );
    assert!(told.ends_with(", …"), "{told}");
    assert_eq!(told.matches("miner").count(), 5);
}

#[test]
fn a_cell_without_results_is_missing_even_if_none_is_required() {
    let lost = [0, 1, 2, 3].map(|episode| (40, 1, episode));
    let told = reason(judged(|cycle| cycle.settings.min_episodes = 0, &lost));
    assert!(told.contains("miner 40 in metaworld/push-v3 has 0"), "{told}");
}

#[test]
fn a_cell_with_half_its_results_is_scored_on_them() {
    let verdict = verdict(judged(|_| {}, &LOST[..2]));
    let score = &verdict.scores[7];
    assert_eq!((score.uid, score.episodes), (Uid(40), 2));
    assert_eq!(Some(score.success_rate), success_rate(score.successes, 2));
}

#[test]
fn missing_cells_count_as_zero_or_not_at_all_if_the_settings_say_so() {
    let zero = verdict(judged(missing(MissingCell::Zero), &LOST));
    let exclude = verdict(judged(missing(MissingCell::Exclude), &LOST));
    let whole = verdict(judged(missing(MissingCell::Zero), &[]));
    assert!(weight(&zero, 40) < weight(&whole, 40));
    assert!(weight(&exclude, 40) < weight(&whole, 40));
    // The results that it has are told, and count for nothing.
    let score = &zero.scores[7];
    assert_eq!((score.uid, score.episodes, score.successes), (Uid(40), 1, 1));
    assert_eq!(zero.scores, exclude.scores);
}

#[test]
fn if_points_are_required_who_has_none_gets_nothing() {
    let verdict = verdict(judged(|cycle| cycle.settings.require_points = true, &[]));
    assert_eq!(verdict.miners[0].points.to_bits(), 0);
    assert_eq!(verdict.miners[0].weight.to_bits(), 0);
    assert!((verdict.miners.iter().map(|miner| miner.weight).sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn if_points_are_required_and_nobody_has_any_the_cycle_expires() {
    let nothing_counts = |cycle: &mut CycleLine| {
        cycle.settings.require_points = true;
        cycle.settings.missing_cell = MissingCell::Exclude;
        cycle.settings.min_episodes = 5;
    };
    let told = reason(judged(nothing_counts, &[]));
    assert_eq!(told, "no miner has won a point, and the settings require points");
}

#[test]
fn nobody_to_pay_is_no_settled_cycle() {
    let mut cycle = cycle_line(7);
    cycle.miners = 0;
    let told = reason(judge(&tally(&lines_of(&cycle, &[]))).unwrap());
    assert_eq!(told, "there is no miner to give weights to");
}

#[test]
fn another_strategy_is_refused_by_name() {
    let mut cycle = cycle_line(7);
    cycle.strategy = "tarot".to_owned();
    let error = judge(&tally(&lines_of(&cycle, &miner_lines()))).unwrap_err();
    assert!(error.to_string().contains("tarot"), "{error}");
}

#[test]
fn settings_that_cannot_be_computed_with_are_an_error() {
    let mut cycle = cycle_line(7);
    cycle.settings.temperature = 0.0;
    let error = judge(&tally(&lines_of(&cycle, &miner_lines()))).unwrap_err();
    assert!(matches!(error, Error::Scoring { .. }), "{error}");
}

#[test]
fn what_is_not_complete_is_not_judged() {
    let mut tally = Tally::new();
    for line in &lines(7)[..50] {
        assert!(matches!(judge(&tally), Err(Error::Unfinished)));
        tally.push(line).unwrap();
    }
    assert_eq!(tally.episodes(), 45);
    assert!(matches!(judge(&tally), Err(Error::Unfinished)));
}

#[test]
fn how_stable_ranks_are_depends_on_the_secret_and_nothing_else() {
    let stability = |cycle| settled(&tally(&lines(cycle))).stability;
    assert_eq!(stability(7), stability(7));
    assert_eq!(stability(7).of_rank.len(), 4);
    assert!(
        stability(7)
            .of_rank
            .iter()
            .all(|share| (0.0..=1.0).contains(share))
    );
    // Another secret, other draws: the results of both cycles are the same.
    assert_ne!(stability(7), stability(8));
}
