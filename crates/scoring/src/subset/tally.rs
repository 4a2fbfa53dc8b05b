//! Counts of subsets by size, as sums of cubes.

/// Sums of signed cubes: the subsets that hold all of some elements and any of `free` others.
///
/// A cube adds one number here, whatever its dimension; sizes are worked out once, at the end.
#[derive(Debug)]
pub(super) struct Tally {
    width: usize,
    /// At `taken · width + free`. As large as the number of steps at most, times a small map's members.
    cubes: Vec<i64>,
}

impl Tally {
    pub(super) fn new(elements: usize) -> Self {
        let width = elements + 1;
        Self {
            width,
            cubes: vec![0; width * width],
        }
    }

    /// The cubes that hold `taken` elements, by the number of the free ones.
    pub(super) fn row(&mut self, taken: usize) -> &mut [i64] {
        &mut self.cubes[taken * self.width..(taken + 1) * self.width]
    }

    pub(super) fn add(&mut self, taken: usize, free: usize, sign: i64) {
        self.row(taken)[free] += sign;
    }

    /// Moves what was counted within one cube into the counts by size.
    ///
    /// Modulo 2^128, as no count is over the number of all subsets less the empty one.
    pub(super) fn drain(&mut self, taken: usize, free: usize, binomials: &Binomials, sizes: &mut [u128]) {
        for more in 0..=free {
            for (rest, cubes) in self.row(taken + more)[..=free - more].iter_mut().enumerate() {
                let count = std::mem::take(cubes);
                if count != 0 {
                    binomials.add(taken + more, rest, i128::from(count), sizes);
                }
            }
        }
    }
}

/// Pascal's triangle.
#[derive(Debug)]
pub(super) struct Binomials {
    width: usize,
    rows: Vec<u128>,
}

impl Binomials {
    pub(super) fn new(elements: usize) -> Self {
        let width = elements + 1;
        let mut rows = vec![0; width * width];
        for n in 0..width {
            rows[n * width] = 1;
            for k in 1..=n {
                rows[n * width + k] = rows[(n - 1) * width + k - 1] + rows[(n - 1) * width + k];
            }
        }
        Self { width, rows }
    }

    /// Adds `count` cubes that hold `taken` elements and any of `free` others.
    pub(super) fn add(&self, taken: usize, free: usize, count: i128, sizes: &mut [u128]) {
        let row = &self.rows[free * self.width..=free * self.width + free];
        for (size, ways) in sizes[taken..].iter_mut().zip(row) {
            *size = size.wrapping_add(ways.wrapping_mul(count.cast_unsigned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cubes_come_to_binomials_even_of_the_most_elements() {
        let (mut tally, binomials) = (Tally::new(128), Binomials::new(128));
        tally.add(0, 128, 1);
        tally.add(1, 127, -1);
        let mut sizes = vec![0; 129];
        tally.drain(0, 128, &binomials, &mut sizes);
        // Those without the one element.
        let mut expected = vec![0; 129];
        binomials.add(0, 127, 1, &mut expected);
        assert_eq!(sizes, expected);
        assert_eq!(sizes.iter().sum::<u128>(), 1 << 127);
        tally.drain(0, 128, &binomials, &mut sizes);
        assert_eq!(sizes, expected, "drained once");
    }
}
