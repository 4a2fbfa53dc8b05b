//! The same rows give the same bytes, wherever and however often.

use crate::made::{Published, bundle, lines, settled, tally};
use kinitro_audit::{Document, Verdict, bundle::Line};
use std::thread;

/// The document's text and, as no document says the rest, the whole verdict.
fn settle(lines: &[Line]) -> (String, Verdict) {
    let (_, finished) = bundle(lines);
    let tally = tally(lines);
    let verdict = settled(&tally);
    let document = Document::new(&tally, &verdict, finished.sha256).unwrap();
    (document.text().to_owned(), verdict)
}

#[test]
fn one_thread_and_eight_give_the_same_bytes() {
    let lines = lines(7);
    let alone = settle(&lines);
    assert_eq!(alone.0, Published::new(7).document);
    let together: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| settle(&lines))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(together.iter().all(|one| *one == alone));
}

#[test]
fn what_a_reader_gets_is_what_was_written_with_times_to_the_microsecond() {
    let mut lines = lines(7);
    if let Line::Cycle(cycle) = &mut lines[0] {
        cycle.opened_at = "2026-11-20T10:00:00.123456789Z".parse().unwrap();
    }
    let (text, _) = bundle(&lines);
    let mut read = Vec::new();
    kinitro_audit::bundle::read(text.as_slice(), |line| {
        read.push(line);
        Ok(())
    })
    .unwrap();
    assert!(text.windows(16).any(|part| part == b"10:00:00.123456Z"));
    // Read or not: the same documents.
    assert_eq!(settle(&lines), settle(&read));
    assert_eq!(lines[1..], read[1..]);
}

#[test]
fn a_zero_has_no_sign() {
    let with = |reward: f64| {
        let mut lines = lines(7);
        for line in &mut lines {
            if let Line::Result(result) = line {
                result.reward = reward;
            }
        }
        (bundle(&lines).0, settle(&lines))
    };
    let (text, (document, verdict)) = with(-0.0);
    assert_eq!((text, (document, verdict.clone())), with(0.0));
    assert!(
        verdict
            .scores
            .iter()
            .all(|score| score.mean_reward.to_bits() == 0)
    );
}
