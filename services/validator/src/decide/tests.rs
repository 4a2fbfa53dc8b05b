use super::*;
use crate::memory::tests::{intent, last};
use kinitro_chain::{EpochClock, Hash, Neuron, Quantised};
use kinitro_proto::{CycleId, Uid};

const HEAD: u64 = 5000;
const RULES: Rules = Rules {
    max_age: Duration::from_secs(14_400),
    version_key: 10_001_000,
};

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// Weights of cycle 7 at block 4000, settled ten minutes ago.
fn weights(shares: &[(u16, f64)]) -> Weights {
    Weights {
        cycle: CycleId(7),
        block: BlockNumber(4000),
        settled_at: now() - jiff::SignedDuration::from_mins(10),
        weights: shares.iter().map(|(uid, share)| (Uid(*uid), *share)).collect(),
        stale: false,
        hotkeys: None,
    }
}

/// Eight uids, all there since block 100; ours is 0, which last set weights long ago.
pub(crate) fn terms() -> Terms {
    let neuron = |uid: u16| Neuron {
        uid: Uid(uid),
        hotkey: format!("5Neuron{uid}").parse().unwrap(),
        registered_at: BlockNumber(100),
    };
    Terms {
        genesis: Hash([7; 32]),
        head: BlockNumber(HEAD),
        head_hash: Hash([5; 32]),
        uid: Some(Uid(0)),
        permit: true,
        is_owner: false,
        last_update: Some(BlockNumber(3000)),
        rate_limit: 100,
        version_key: 0,
        min_weights: 1,
        max_weight: u16::MAX,
        commit_reveal: false,
        commit_reveal_version: 4,
        neurons: (0..8).map(neuron).collect(),
        block_time: Duration::from_secs(12),
        epoch: EpochClock {
            tempo: 360,
            index: 10,
            last_epoch: 4800,
            pending_at: 0,
            since_step: 200,
            reveal_period: 1,
        },
    }
}

fn at_outset(weights: &Weights, last: Option<&Last>) -> Outset {
    outset(weights, last, BlockNumber(HEAD), now(), &RULES)
}

fn two() -> Weights {
    weights(&[(1, 0.75), (2, 0.25)])
}

fn planned(decision: Decision) -> Plan {
    match decision {
        Decision::Submit(plan) => plan,
        other => panic!("not submitted: {other:?}"),
    }
}

fn skipped(weights: &Weights, terms: &Terms) -> Reason {
    match decide(weights, terms, &RULES) {
        Decision::Skip(reason) => reason,
        other => panic!("not skipped: {other:?}"),
    }
}

#[test]
fn an_older_block_or_cycle_than_the_last_is_never_submitted() {
    for (cycle, block, expected) in [
        (6, 3000, Outset::New),
        (9, 3000, Outset::New),
        (6, 4000, Outset::New),
        (7, 4000, Outset::Done),
        (8, 4000, Outset::Skip(older(8, 4000))),
        (6, 4001, Outset::Skip(older(6, 4001))),
        (8, 4500, Outset::Skip(older(8, 4500))),
    ] {
        let last = last(cycle, block);
        assert_eq!(
            at_outset(&two(), Some(&last)),
            expected,
            "after cycle {cycle} of block {block}"
        );
    }
    assert_eq!(at_outset(&two(), None), Outset::New);
}

fn older(last_cycle: i64, last_block: u64) -> Reason {
    Reason::Older {
        cycle: CycleId(7),
        block: BlockNumber(4000),
        last_cycle: CycleId(last_cycle),
        last_block: BlockNumber(last_block),
    }
}

#[test]
fn what_is_done_is_done_though_it_has_become_stale_and_old() {
    let mut weights = two();
    weights.stale = true;
    weights.settled_at = Timestamp::UNIX_EPOCH;
    assert_eq!(at_outset(&weights, Some(&last(7, 4000))), Outset::Done);
}

#[test]
fn stale_or_old_weights_are_not_submitted() {
    let mut weights = two();
    weights.stale = true;
    assert!(matches!(
        at_outset(&weights, None),
        Outset::Skip(Reason::Stale { .. })
    ));
    let settled = |seconds: i64| Weights {
        settled_at: now() - jiff::SignedDuration::from_secs(seconds),
        ..two()
    };
    assert_eq!(at_outset(&settled(14_400), None), Outset::New);
    assert!(matches!(
        at_outset(&settled(14_401), None),
        Outset::Skip(Reason::TooOld { .. })
    ));
    // A clock that is a little off is none of our business.
    assert_eq!(at_outset(&settled(-300), None), Outset::New);
    assert_eq!(age(&settled(-300), now()), Some(Duration::ZERO));
    assert!(matches!(
        at_outset(&settled(-301), None),
        Outset::Skip(Reason::OfTheFuture { .. })
    ));
}

#[test]
fn weights_of_a_block_that_is_yet_to_come_are_of_another_chain() {
    let of_block = |block| Weights {
        block: BlockNumber(block),
        ..two()
    };
    assert_eq!(at_outset(&of_block(HEAD), None), Outset::New);
    let Outset::Skip(reason) = at_outset(&of_block(HEAD + 1), None) else {
        panic!("not skipped");
    };
    assert!(matches!(reason, Reason::OtherChain { .. }));
    assert!(reason.to_string().contains("another chain's"), "{reason}");
    let mut behind = terms();
    behind.head = BlockNumber(3999);
    assert!(matches!(skipped(&two(), &behind), Reason::OtherChain { .. }));
}

#[test]
fn weights_are_brought_into_the_chains_form() {
    let plan = planned(decide(&two(), &terms(), &RULES));
    assert_eq!((plan.cycle, plan.block), (CycleId(7), BlockNumber(4000)));
    let expected = Quantised {
        uids: vec![1, 2],
        values: vec![65535, 21845],
    };
    assert_eq!((plan.weights, plan.dropped), (expected, Vec::new()));
}

#[test]
fn a_uid_that_changed_hands_is_not_paid() {
    let mut terms = terms();
    let shares = weights(&[(1, 0.5), (2, 0.25), (3, 0.125), (4, 0.125), (5, 0.0)]);
    terms.neurons[1].registered_at = BlockNumber(4000);
    terms.neurons[2].registered_at = BlockNumber(4001);
    terms.neurons[5].registered_at = BlockNumber(4500);
    terms.neurons.retain(|neuron| neuron.uid != Uid(4));
    let plan = planned(decide(&shares, &terms, &RULES));
    assert_eq!(plan.weights.uids, [1, 3]);
    assert_eq!(plan.weights.values, [65535, 16384]);
    // Who earned nothing loses nothing.
    let dropped: Vec<_> = plan
        .dropped
        .iter()
        .map(|dropped| (dropped.uid.0, dropped.registered_at))
        .collect();
    assert_eq!(dropped, [(2, Some(BlockNumber(4001))), (4, None)]);
    let said: Vec<_> = plan.dropped.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "uid 2 (share 0.25): registered to somebody else at block 4001",
            "uid 4 (share 0.125): not registered any more"
        ]
    );
}

#[test]
fn a_uid_of_another_hotkey_than_was_signed_is_not_paid() {
    let mut shares = weights(&[(1, 0.5), (2, 0.25), (3, 0.25)]);
    let hotkey = |uid: u16| (Uid(uid), format!("5Neuron{uid}").parse().unwrap());
    shares.hotkeys = Some([hotkey(1), hotkey(2), hotkey(3)].into());
    let plan = planned(decide(&shares, &terms(), &RULES));
    assert_eq!(
        (plan.weights.uids.as_slice(), plan.dropped.len()),
        (&[1, 2, 3][..], 0)
    );
    shares.hotkeys = Some([hotkey(1), (Uid(2), hotkey(7).1)].into());
    let plan = planned(decide(&shares, &terms(), &RULES));
    assert_eq!(plan.weights.uids, [1]);
    let dropped: Vec<_> = plan.dropped.iter().map(|dropped| dropped.uid.0).collect();
    assert_eq!(dropped, [2, 3]);
}

#[test]
fn if_nobody_is_left_nothing_is_submitted() {
    let mut terms = terms();
    terms.neurons[1].registered_at = BlockNumber(4001);
    terms.neurons[2].registered_at = BlockNumber(4001);
    let nobody = Reason::NobodyLeft { cycle: CycleId(7) };
    assert_eq!(skipped(&two(), &terms), nobody);
    // One without a share is nobody, too.
    assert_eq!(skipped(&weights(&[(1, 1.0), (2, 0.0), (3, 0.0)]), &terms), nobody);
}

#[test]
fn shares_that_are_none_are_refused() {
    for bad in [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.25,
        -f64::MIN_POSITIVE,
    ] {
        let reason = skipped(&weights(&[(1, 1.0), (2, bad)]), &terms());
        assert!(
            matches!(reason, Reason::BadWeight { uid: Uid(2), .. }),
            "{bad}: {reason}"
        );
    }
    for shares in [
        &[][..],
        &[(1, 0.0)],
        &[(1, 0.5), (2, 0.4)],
        &[(1, 1.0), (2, 1.0)],
        &[(1, f64::MAX)],
    ] {
        let reason = skipped(&weights(shares), &terms());
        assert!(matches!(reason, Reason::BadSum { .. }), "{shares:?}: {reason}");
    }
    // Double precision does not sum to 1 exactly.
    planned(decide(
        &weights(&[(1, 0.1), (2, 0.2), (3, 0.7 + 1e-9)]),
        &terms(),
        &RULES,
    ));
    let many: Vec<_> = (0..9)
        .map(|uid| (uid, if uid == 0 { 1.0 } else { 0.0 }))
        .collect();
    let reason = skipped(&weights(&many), &terms());
    assert!(
        matches!(
            reason,
            Reason::TooMany {
                weights: 9,
                uids: 8,
                ..
            }
        ),
        "{reason}"
    );
}

#[test]
fn the_subnet_may_ask_for_more_weights_than_there_are() {
    let mut terms = terms();
    terms.min_weights = 3;
    assert_eq!(
        skipped(&two(), &terms),
        Reason::TooFew {
            cycle: CycleId(7),
            weights: 2,
            least: 3
        }
    );
    // It cannot ask for more than there are uids.
    terms.min_weights = 1024;
    let all: Vec<_> = (0..8).map(|uid| (uid, 0.125)).collect();
    planned(decide(&weights(&all), &terms, &RULES));
    // Weight on oneself alone is always taken.
    planned(decide(&weights(&[(0, 1.0)]), &terms, &RULES));
    assert!(matches!(
        skipped(&weights(&[(1, 1.0)]), &terms),
        Reason::TooFew { .. }
    ));
}

#[test]
fn who_may_not_set_weights_does_not_try() {
    let mut stranger = terms();
    stranger.uid = None;
    assert_eq!(skipped(&two(), &stranger), Reason::NotRegistered);
    assert!(Reason::NotRegistered.is_not_allowed());
    let mut poor = terms();
    poor.permit = false;
    assert_eq!(skipped(&two(), &poor), Reason::NoPermit);
    assert!(Reason::NoPermit.is_not_allowed());
    poor.is_owner = true;
    planned(decide(&two(), &poor, &RULES));
}

#[test]
fn a_subnet_that_asks_for_a_newer_validator_gets_nothing() {
    let mut terms = terms();
    terms.version_key = RULES.version_key;
    planned(decide(&two(), &terms, &RULES));
    terms.version_key += 1;
    let reason = skipped(&two(), &terms);
    assert!(matches!(
        reason,
        Reason::VersionKey {
            given: 10_001_000,
            required: 10_001_001
        }
    ));
    assert!(!reason.is_passing() && !reason.is_not_allowed());
}

#[test]
fn the_rate_limit_is_waited_for_to_the_block() {
    let mut terms = terms();
    for (last, until) in [
        (None, None),
        (Some(HEAD - 101), None),
        (Some(HEAD - 100), None),
        (Some(HEAD - 99), Some(HEAD + 1)),
        (Some(HEAD), Some(HEAD + 100)),
        (Some(u64::MAX), Some(u64::MAX)),
    ] {
        terms.last_update = last.map(BlockNumber);
        match (decide(&two(), &terms, &RULES), until) {
            (Decision::Submit(_), None) => {}
            (Decision::Wait { until, .. }, Some(expected)) => assert_eq!(until, BlockNumber(expected)),
            (decision, until) => panic!("after {last:?}: {decision:?}, expected {until:?}"),
        }
    }
}

#[test]
fn the_block_of_settling_is_told_from_the_clocks() {
    // Ten minutes are fifty blocks.
    assert_eq!(settled_at(&two(), &terms(), now()), BlockNumber(HEAD - 50));
    let mut fast = terms();
    fast.block_time = Duration::from_millis(250);
    assert_eq!(
        settled_at(&two(), &fast, now()),
        BlockNumber(4000),
        "not before its own block"
    );
    fast.block_time = Duration::ZERO;
    assert_eq!(settled_at(&two(), &fast, now()), BlockNumber(4000));
    let future = now() - jiff::SignedDuration::from_hours(1);
    assert_eq!(settled_at(&two(), &terms(), future), BlockNumber(HEAD));
}

#[test]
fn weights_that_the_chain_has_are_recognised() {
    let (plan, since) = (planned(decide(&two(), &terms(), &RULES)), BlockNumber(4950));
    let row = |uid: u16, weights: &[(u16, u16)]| WeightRow {
        uid: Uid(uid),
        weights: weights.iter().map(|(uid, value)| (Uid(*uid), *value)).collect(),
    };
    let ours = row(0, &[(2, 21845), (1, 65535)]);
    let others = row(3, &[(1, 65535), (2, 21845)]);
    let mut terms = terms();
    let mut found = |at: u64, rows: &[WeightRow]| {
        terms.last_update = Some(BlockNumber(at));
        holds(&plan, &terms, rows, since)
    };
    assert_eq!(
        found(4950, &[others.clone(), ours.clone()]),
        Some(BlockNumber(4950))
    );
    assert_eq!(
        found(4949, std::slice::from_ref(&ours)),
        None,
        "set before the cycle settled"
    );
    assert_eq!(found(4950, &[others]), None, "somebody else's");
    assert_eq!(found(4950, &[row(0, &[(1, 65535)])]), None);
    assert_eq!(found(4950, &[row(0, &[(1, 65535), (2, 21844)])]), None);
    terms.last_update = None;
    assert_eq!(holds(&plan, &terms, &[ours], since), None, "never set");
}

#[test]
fn what_was_sent_is_open_until_its_nonce_is_used_or_its_time_is_over() {
    // Signed at block 1040 with nonce 9, over at block 1104.
    let intent = intent(7, 1000);
    for (head, nonce, expected) in [
        (1040, 9, Fate::Open),
        (1104 + 7, 9, Fate::Open),
        (1104 + 8, 9, Fate::Expired),
        // A node that is behind.
        (1030, 8, Fate::Open),
        (1041, 10, Fate::Used),
        (9000, 12, Fate::Used),
        (u64::MAX, 9, Fate::Expired),
    ] {
        let fate = fate(&intent, BlockNumber(head), nonce);
        assert_eq!(fate, expected, "at {head} with nonce {nonce}");
    }
}

#[test]
fn weights_that_were_set_since_tell_what_blocks_cannot() {
    let intent = intent(7, 1000);
    let included = |at| Trace::Included { at: BlockNumber(at) };
    for (head, weights_set, expected) in [
        (1041, Some(1041), included(1041)),
        (9000, Some(1050), included(1050)),
        // The weights are those from before.
        (1041, Some(1040), Trace::Unclear),
        (1104 + 7, None, Trace::Unclear),
        (1104 + 8, Some(1040), Trace::Lost),
        (u64::MAX, None, Trace::Lost),
    ] {
        let trace = trace(&intent, BlockNumber(head), weights_set.map(BlockNumber));
        assert_eq!(trace, expected, "at {head}, weights set {weights_set:?}");
    }
}
