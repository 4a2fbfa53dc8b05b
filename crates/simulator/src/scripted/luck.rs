//! Numbers that look random and are fixed.

/// How lucky an episode is, from 0 up to but not including 1.
///
/// A scripted episode succeeds iff this is less than the action's `quality`. It is the first output of
/// `SplitMix64`, so that a test in any language can tell.
#[must_use]
pub fn luck(seed: u64) -> f64 {
    let mut bits = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^= bits >> 31;
    // The upper 53 bits: all that a double holds, each exactly.
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luck_is_the_published_sequence() {
        // SplitMix64 seeded with 1234567 begins with 6457827717110365317 (Vigna's reference code).
        assert_eq!(
            luck(1_234_567),
            (6_457_827_717_110_365_317_u64 >> 11) as f64 / (1_u64 << 53) as f64
        );
    }

    #[test]
    fn luck_is_spread_evenly() {
        let lucky = (0..10_000).filter(|seed| luck(*seed) < 0.3).count();
        assert!((2_900..3_100).contains(&lucky), "{lucky}");
        assert!((0..10_000).all(|seed| (0.0..1.0).contains(&luck(seed))));
    }
}
