//! Arithmetic whose every bit is fixed, so that weights are the same on any machine: sums in numpy's order
//! and an exponential that calls no system library.

use std::ops::{Add, Neg};

/// Sums in numpy's pairwise order (v2 §11.8), in `f32` or `f64`.
///
/// 0 plus: under 8 values left to right from −0; up to 128 with eight accumulators,
/// `((r0+r1)+(r2+r3))+((r4+r5)+(r6+r7))`, then the tail; more: split at half, rounded down to a multiple of 8.
#[must_use]
pub fn sum<T: Copy + Default + Add<Output = T> + Neg<Output = T>>(values: &[T]) -> T {
    T::default() + pairwise(values)
}

fn pairwise<T: Copy + Default + Add<Output = T> + Neg<Output = T>>(values: &[T]) -> T {
    if values.len() < 8 {
        return values.iter().fold(-T::default(), |total, &value| total + value);
    }
    if values.len() > 128 {
        let half = values.len() / 2;
        let (left, right) = values.split_at(half - half % 8);
        return pairwise(left) + pairwise(right);
    }
    let (blocks, tail) = values.as_chunks::<8>();
    let mut lanes = blocks[0];
    for block in &blocks[1..] {
        for (lane, &value) in lanes.iter_mut().zip(block) {
            *lane = *lane + value;
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    tail.iter()
        .fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |total, &value| {
            total + value
        })
}

/// A number as the unevaluated sum of two, about 106 bits.
#[derive(Clone, Copy)]
struct Double {
    high: f64,
    low: f64,
}

impl Double {
    /// `a + b` without loss.
    fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let rest = high - a;
        Self {
            high,
            low: (a - (high - rest)) + (b - rest),
        }
    }

    /// `a · b` without loss.
    fn product(a: f64, b: f64) -> Self {
        let high = a * b;
        Self {
            high,
            low: a.mul_add(b, -high),
        }
    }

    fn plus(self, other: Self) -> Self {
        let high = Self::sum(self.high, other.high);
        let low = Self::sum(self.low, other.low);
        let first = Self::sum(high.high, high.low + low.high);
        Self::sum(first.high, first.low + low.low)
    }

    fn times(self, other: Self) -> Self {
        let product = Self::product(self.high, other.high);
        let cross = self.high.mul_add(other.low, self.low * other.high);
        Self::sum(product.high, product.low + cross)
    }

    fn over(self, divisor: f64) -> Self {
        let high = self.high / divisor;
        let rest = (-high).mul_add(divisor, self.high) + self.low;
        Self::sum(high, rest / divisor)
    }
}

/// ln 2 in three parts, about 160 bits.
const LN_2: [f64; 3] = [
    std::f64::consts::LN_2,
    2.3190468138462996e-17,
    5.707708438416212e-34,
];

/// `e^x` for `x ≤ 0`, rounded once from about 100 bits, with IEEE operations alone.
///
/// All weights of the golden vectors are those of a correctly rounded exponential; a system's own differs from
/// another's in the last bit, which would make weights depend on the machine.
///
/// `x = k·ln 2 + r`, `e^x = 2^k · e^r`, `|r| ≤ ln 2 / 2`; `e^r` by its series in double-double arithmetic.
#[must_use]
pub fn exp(x: f64) -> f64 {
    debug_assert!(x <= 0.0, "softmax subtracts the greatest first");
    // Below this half of the least number above 0 is not reached.
    if x < -745.14 {
        return 0.0;
    }
    let k = (x * std::f64::consts::LOG2_E).round_ties_even();
    let parts = LN_2.map(|part| Double::product(-k, part));
    let r = parts
        .iter()
        .fold(Double { high: x, low: 0.0 }, |rest, &part| rest.plus(part));
    // Horner: 1 + r(1 + r/2(1 + r/3(…))); the 28th term is under 2^-140.
    let one = Double { high: 1.0, low: 0.0 };
    let series = (1..=28u8)
        .rev()
        .fold(one, |inner, n| one.plus(r.over(f64::from(n)).times(inner)));
    // 2^k in two factors, for results below the normal numbers.
    let half = (k / 2.0).floor();
    series.high * power_of_two(half) * power_of_two(k - half)
}

/// `2^k` for `-1022 ≤ k ≤ 0`.
fn power_of_two(k: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number from 1 to 1023"
    )]
    f64::from_bits(((k + 1023.0) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_exponentials_have_their_correctly_rounded_bits() {
        let known = [
            (0.0, 0x3ff0000000000000),
            (-1.0, 0x3fd78b56362cef38),
            (-2.0, 0x3fc152aaa3bf81cc),
            (-3.0, 0x3fa97db0ccceb0af),
            (-10.0, 0x3f07cd79b5647c9b),
            (-36.0, 0x3cb0b6c3afdde064),
            (-100.0, 0x36ea8c1f14e2af5d),
            (-700.0, 0x00d14f2b0fb9307f),
            (-0.5, 0x3fe368b2fc6f960a),
            (-0.1, 0x3fecf46d99d52b3a),
            (-1e-09, 0x3fefffffff768fa1),
            (-0.3333333333333333, 0x3fe6edd3122f2ea5),
            (-16.19163824165812, 0x3e78f0b3fa7ad388),
            (-7.542458696225096, 0x3f415ebd5d797078),
            (-32.546723651992686, 0x3d0081c89d0de8ad),
            (-3.621814333377138, 0x3f9b6030f31ac259),
            (-26.79410021533446, 0x3d844ff577ecc9a0),
            (-18.28444584562928, 0x3e489beeb790b794),
            (-2.8999462387353403, 0x3fac2c64280c4d20),
            (-25.371786659471013, 0x3da50eabd57fd792),
            (-700.2624696090938, 0x00caa076b7ea9b2b),
        ];
        for (x, bits) in known {
            assert_eq!(exp(x).to_bits(), bits, "exp({x}) is {:e}", exp(x));
        }
    }

    #[test]
    fn the_tail_ends_in_zero() {
        assert_eq!(exp(-745.2).to_bits(), 0);
        assert_eq!(exp(f64::MIN).to_bits(), 0);
        assert_eq!(exp(f64::NEG_INFINITY).to_bits(), 0);
        assert!(exp(-745.13) > 0.0);
    }

    proptest! {
        #[test]
        fn the_exponential_is_the_systems_but_for_the_last_bit(x in -700.0..=0.0f64) {
            prop_assert!(exp(x).to_bits().abs_diff(x.exp().to_bits()) <= 1, "exp({x})");
        }

        #[test]
        fn whole_numbers_sum_exactly_in_any_order(values in prop::collection::vec(0u16..1000, 0..600)) {
            let floats: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
            let expected: u32 = values.iter().map(|&value| u32::from(value)).sum();
            prop_assert_eq!(sum(&floats).to_bits(), f64::from(expected).to_bits());
        }
    }
}
