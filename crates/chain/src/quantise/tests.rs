use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn quantised(weights: &[(u16, f64)], max_weight: u16) -> Result<Quantised> {
    quantise(
        &weights.iter().map(|(uid, w)| (Uid(*uid), *w)).collect(),
        max_weight,
    )
}

#[test]
fn the_official_sdk_makes_the_same_of_every_case() {
    let fixture = include_str!("../../tests/fixtures/sdk/quantise.json");
    let fixture: Value = serde_json::from_str(fixture).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 106);
    let mut refused = 0;
    for case in cases {
        let weights: Vec<(u16, f64)> = serde_json::from_value(case["weights"].clone()).unwrap();
        let max_weight = u16::try_from(case["max_weight"].as_u64().unwrap()).unwrap();
        let ours = quantised(&weights, max_weight).ok();
        let theirs = (!case["uids"].is_null()).then(|| Quantised {
            uids: serde_json::from_value(case["uids"].clone()).unwrap(),
            values: serde_json::from_value(case["values"].clone()).unwrap(),
        });
        match theirs {
            Some(theirs)
                if !is_within(&theirs.values, max_weight) && is_within(&theirs.values, max_weight + 1) =>
            {
                let ours = ours.unwrap();
                assert_eq!(ours.uids, theirs.uids);
                assert!(is_within(&ours.values, max_weight), "{case}");
                assert!(
                    ours.values
                        .iter()
                        .zip(&theirs.values)
                        .all(|(our, their)| our - their <= 1)
                );
                refused += 1;
            }
            theirs => assert_eq!(ours, theirs, "{case}"),
        }
    }
    assert_eq!(refused, 1, "a case that the chain would refuse from the SDK");
}

/// The chain's check of the maximum.
fn is_within(values: &[u16], max_weight: u16) -> bool {
    let total: u64 = values.iter().copied().map(u64::from).sum();
    65535 * 65535 <= u64::from(max_weight) * total
}

#[test]
fn halves_go_to_the_even_neighbour() {
    let made = quantised(&[(0, 65535.0), (1, 0.5), (2, 1.5), (3, 2.5)], u16::MAX).unwrap();
    assert_eq!((made.uids, made.values), (vec![0, 2, 3], vec![65535, 2, 2]));
}

#[test]
fn what_is_no_weight_is_refused_with_its_uid() {
    for bad in [-0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = quantised(&[(3, 1.0), (7, bad)], u16::MAX)
            .unwrap_err()
            .to_string();
        assert!(error.contains("uid `7`"), "{error}");
    }
}

#[test]
fn nothing_to_set_is_an_error() {
    for weights in [&[][..], &[(0, 0.0), (1, -0.0)]] {
        assert!(quantised(weights, u16::MAX).is_err());
        assert!(quantised(weights, 1000).is_err());
    }
}

#[test]
fn too_few_miners_for_the_maximum_give_nobody_without_a_weight_one() {
    let made = quantised(&[(0, 3.0), (1, 0.0), (2, 1.0)], 20_000).unwrap();
    assert_eq!((made.uids, made.values), (vec![0, 2], vec![65535, 65535]));
}

fn weights() -> impl Strategy<Value = BTreeMap<Uid, f64>> {
    let weight = prop_oneof![Just(0.0), 0.0..1.0_f64, 0.0..1e-6_f64, 1e-3..1e9_f64];
    prop::collection::btree_map((0..1024_u16).prop_map(Uid), weight, 1..80)
}

proptest! {
    #[test]
    fn the_largest_is_65535_and_the_order_stays(weights in weights(), max_weight in 1..=u16::MAX) {
        prop_assume!(weights.values().any(|w| *w > 1e-9));
        let made = quantise(&weights, max_weight).unwrap();
        prop_assert_eq!(made.values.iter().max(), Some(&u16::MAX));
        prop_assert!(!made.values.contains(&0));
        prop_assert_eq!(made.uids.len(), made.values.len());
        prop_assert!(made.uids.is_sorted_by(|a, b| a < b));
        let pairs: Vec<(f64, u16)> = made.uids.iter().zip(&made.values).map(|(u, v)| (weights[&Uid(*u)], *v)).collect();
        for (a, b) in pairs.iter().zip(&pairs[1..]) {
            prop_assert!(a.0.total_cmp(&b.0).is_le() && a.1 <= b.1 || a.0.total_cmp(&b.0).is_ge() && a.1 >= b.1);
        }
    }

    #[test]
    fn scale_does_not_matter(weights in weights(), power in -20..20_i32) {
        let scaled = weights.iter().map(|(uid, w)| (*uid, w * 2_f64.powi(power))).collect();
        prop_assert_eq!(quantise(&weights, u16::MAX).ok(), quantise(&scaled, u16::MAX).ok());
    }

    #[test]
    fn no_share_is_above_the_maximum_where_that_can_be(weights in weights(), max_weight in 1..u16::MAX) {
        let positive = weights.values().filter(|w| **w > 1e-3).count();
        prop_assume!(positive * usize::from(max_weight) > usize::from(u16::MAX) * 3 / 2);
        let made = quantise(&weights, max_weight).unwrap();
        prop_assert!(is_within(&made.values, max_weight), "{made:?}");
    }
}
