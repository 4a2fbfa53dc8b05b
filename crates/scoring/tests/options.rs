//! What differs from v2 when it is asked for, and only then.

use kinitro_proto::{BlockNumber, Uid};
use kinitro_scoring::subset::Contest;
use kinitro_scoring::{Candidate, Error, MissingCell, Settings, score, weights};

fn candidates(rows: &[&[Option<f64>]]) -> Vec<Candidate> {
    let candidate = |(scores, place): (&&[Option<f64>], u16)| Candidate {
        uid: Uid(place),
        commit_block: Some(BlockNumber(place.into())),
        scores: scores.to_vec(),
    };
    rows.iter().zip(0..).map(candidate).collect()
}

fn settings(missing_cell: MissingCell) -> Settings {
    Settings {
        missing_cell,
        ..Settings::default()
    }
}

#[test]
fn who_is_excluded_wins_nothing_with_that_environment_even_alone() {
    let alone = candidates(&[&[Some(0.5), None]]);
    assert_eq!(
        score(2, &alone, &settings(MissingCell::Exclude)).unwrap().points,
        [1.0]
    );
    for old in [MissingCell::Zero, MissingCell::Expire] {
        assert_eq!(score(2, &alone, &settings(old)).unwrap().points, [4.0], "{old:?}");
    }
}

#[test]
fn who_is_excluded_is_behind_everyone_who_has_a_score_there() {
    let rows = candidates(&[&[Some(0.9), None], &[Some(0.1), Some(0.0)], &[Some(0.1), None]]);
    let contest = Contest::new(2, &rows, &settings(MissingCell::Exclude)).unwrap();
    assert_eq!(contest.beats(1, 0), 0b10, "without a gap, by a rate of 0");
    assert_eq!(contest.beats(0, 1), 0b01, "never there");
    assert_eq!(contest.beats(2, 0), 0, "nor against another who is excluded");
    assert_eq!(contest.must_win(1), 0b10);
    assert_eq!(
        [1, 2, 3].map(|subset| contest.winner(subset)),
        [Some(0), Some(1), None]
    );
    // A zero asks 0.02 of the others.
    let contest = Contest::new(2, &rows, &settings(MissingCell::Zero)).unwrap();
    assert_eq!(contest.beats(1, 0), 0);
    assert_eq!([1, 2, 3].map(|subset| contest.winner(subset)), [Some(0); 3]);
}

#[test]
fn a_missing_cell_that_expires_cycles_is_a_zero_to_who_scores_one_nevertheless() {
    let rows = candidates(&[&[Some(0.4), None, Some(0.3)], &[Some(0.6), Some(0.5), None]]);
    let [zero, expire] =
        [MissingCell::Zero, MissingCell::Expire].map(|old| score(3, &rows, &settings(old)).unwrap());
    assert_eq!(zero, expire);
}

#[test]
fn who_has_no_points_weighs_exactly_nothing_when_points_are_required() {
    let rows = candidates(&[
        &[Some(0.5), Some(0.2)],
        &[Some(0.2), Some(0.9)],
        &[Some(0.0), Some(0.0)],
    ]);
    let paid = score(2, &rows, &Settings::default()).unwrap();
    assert!(paid.weights[2] > 0.0, "v2 pays who has none");
    let required = Settings {
        require_points: true,
        ..Settings::default()
    };
    let scored = score(2, &rows, &required).unwrap();
    assert_eq!(scored.points, paid.points);
    assert_eq!(scored.points[2].to_bits(), 0);
    assert_eq!((scored.weights[2].to_bits(), scored.weights_u16[2]), (0, 0));
    assert_eq!(
        scored.weights[..2],
        weights::softmax(&scored.points[..2], 1.0).unwrap()
    );
}

#[test]
fn nobody_is_paid_when_points_are_required_and_nobody_has_any() {
    // The last is clearly ahead of the first, but of the second neither is.
    let rows = candidates(&[&[Some(0.5)], &[Some(0.58)], &[Some(0.62)]]);
    let required = Settings {
        require_points: true,
        ..Settings::default()
    };
    let scored = score(1, &rows, &Settings::default()).unwrap();
    assert_eq!(scored.points, [0.0; 3]);
    assert_eq!(scored.weights, [1.0 / 3.0; 3]);
    assert_eq!(score(1, &rows, &required).unwrap_err(), Error::NoPoints);
    assert_eq!(score(1, &[], &required).unwrap().weights, [0.0; 0]);
}
