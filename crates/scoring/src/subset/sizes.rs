use num_bigint::BigUint;

/// Points for winning a subset, by its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    /// The size. What v2 pays and `pareto-subset` uses.
    #[default]
    Linear,
    /// 2^(size − 1). Known to v2, never chosen there.
    Exponential,
    /// 1. Known to v2, never chosen there.
    Equal,
}

impl Scheme {
    /// The points for one subset of that size, which is not 0.
    #[must_use]
    pub fn points(self, size: usize) -> BigUint {
        match self {
            Self::Linear => size.into(),
            Self::Exponential => BigUint::from(1u8) << (size - 1),
            Self::Equal => 1u8.into(),
        }
    }
}

/// How many subsets a candidate wins, by their size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sizes(Vec<u128>);

impl Sizes {
    /// From the counts of the sizes 0, 1, 2, …; the empty subset is no contest and is left out.
    pub(crate) fn new(mut counts: Vec<u128>) -> Self {
        if let Some(empty) = counts.first_mut() {
            *empty = 0;
        }
        Self(counts)
    }

    /// How many of the size.
    #[must_use]
    pub fn of(&self, size: usize) -> u128 {
        self.0.get(size).copied().unwrap_or_default()
    }

    /// The sizes of which there are any, ascending, each with its count.
    pub fn iter(&self) -> impl Iterator<Item = (usize, u128)> + '_ {
        self.0.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.0.iter().sum()
    }

    /// The points for them: summed exactly, rounded once, to the nearest and at a tie to the even.
    #[must_use]
    pub fn points(&self, scheme: Scheme) -> f64 {
        let points = self.iter().map(|(size, count)| scheme.points(size) * count);
        round(&points.sum())
    }
}

/// The nearest `f64`.
fn round(whole: &BigUint) -> f64 {
    let dropped = whole.bits().saturating_sub(64);
    let high = (whole >> dropped).iter_u64_digits().next().unwrap_or_default();
    // What was dropped only decides ties of the next rounding; one low bit stands for all of it.
    let rest = whole.trailing_zeros().is_some_and(|zeros| zeros < dropped);
    (high | u64::from(rest)) as f64 * 2f64.powi(i32::try_from(dropped).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_rounded_once_and_ties_to_the_even() {
        let big = |text: &str| text.parse::<BigUint>().unwrap();
        for text in [
            "0",
            "1",
            "9007199254740992",
            "9007199254740993",
            "9007199254740995",
            "18446744073709551615",
            "28147497671065600",
            "170141183460469231731687303715884105728",
            "170141183460469250621153235194464960513",
            "170141183460469250621153235194464960512",
            "11790184577738583171520872861412518665678211592275841109096961",
        ] {
            assert_eq!(
                round(&big(text)).to_bits(),
                text.parse::<f64>().unwrap().to_bits(),
                "{text}"
            );
        }
    }

    #[test]
    fn the_empty_subset_counts_nowhere() {
        let sizes = Sizes::new(vec![1, 2, 1]);
        assert_eq!((sizes.of(0), sizes.total()), (0, 3));
        assert_eq!(sizes.iter().collect::<Vec<_>>(), [(1, 2), (2, 1)]);
        let points = [Scheme::Linear, Scheme::Exponential, Scheme::Equal].map(|scheme| sizes.points(scheme));
        assert_eq!(points, [4.0, 4.0, 3.0]);
    }
}
