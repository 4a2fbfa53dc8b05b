//! Families of subsets of few elements, one bit for each subset.

/// A family of subsets: bit `s` stands for the subset with mask `s`.
#[derive(Debug, Default)]
pub(super) struct Bitmap {
    elements: usize,
    words: Vec<u64>,
}

/// Within a word: the bits whose index has bit `i`.
const HAS_BIT: [u64; 6] = [
    0xaaaa_aaaa_aaaa_aaaa,
    0xcccc_cccc_cccc_cccc,
    0xf0f0_f0f0_f0f0_f0f0,
    0xff00_ff00_ff00_ff00,
    0xffff_0000_ffff_0000,
    0xffff_ffff_0000_0000,
];

/// Within a word: the bits whose index has that many bits.
const OF_SIZE: [u64; 7] = {
    let mut of_size = [0; 7];
    let mut index = 0u32;
    while index < 64 {
        of_size[index.count_ones() as usize] |= 1 << index;
        index += 1;
    }
    of_size
};

impl Bitmap {
    /// Starts over without members.
    pub(super) fn clear(&mut self, elements: usize) {
        self.elements = elements;
        self.words.clear();
        self.words.resize(1 << elements.saturating_sub(6), 0);
    }

    pub(super) fn insert(&mut self, subset: u32) {
        self.words[subset as usize / 64] |= 1 << (subset % 64);
    }

    /// Adds every subset of every member: one element after the other is left out.
    pub(super) fn close_downwards(&mut self) {
        for (bit, has) in HAS_BIT.iter().enumerate().take(self.elements) {
            self.words
                .iter_mut()
                .for_each(|word| *word |= (*word & has) >> (1 << bit));
        }
        for bit in 6..self.elements {
            let stride = 1 << (bit - 6);
            for pair in self.words.chunks_exact_mut(2 * stride) {
                let (without, with) = pair.split_at_mut(stride);
                without
                    .iter_mut()
                    .zip(with)
                    .for_each(|(without, with)| *without |= *with);
            }
        }
    }

    /// Calls with a size and how many subsets of it are **not** members, perhaps several times for one size.
    pub(super) fn missing(&self, mut found: impl FnMut(usize, i64)) {
        let all = if self.elements < 6 {
            (1 << (1 << self.elements)) - 1
        } else {
            u64::MAX
        };
        for (index, word) in self.words.iter().enumerate() {
            let missing = !word & all;
            if missing == 0 {
                continue;
            }
            for (size, of_size) in OF_SIZE.iter().enumerate() {
                found(
                    index.count_ones() as usize + size,
                    i64::from((missing & of_size).count_ones()),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_within_a_member_is_missing() {
        for elements in 0..9 {
            let mut map = Bitmap::default();
            map.clear(elements);
            let full = (1u32 << elements) - 1;
            let members = [full & 0b1_0110_1001, full & 0b0_1100_0111];
            members.iter().for_each(|&member| map.insert(member));
            map.close_downwards();
            let mut found = [0; 16];
            map.missing(|size, count| found[size] += count);
            let mut expected = [0; 16];
            for subset in (0..=full).filter(|subset| members.iter().all(|member| subset & !member != 0)) {
                expected[subset.count_ones() as usize] += 1;
            }
            assert_eq!(found, expected, "{elements}");
        }
    }
}
