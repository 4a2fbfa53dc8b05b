//! Sizes of memory and disk.

use std::fmt;
use std::str::FromStr;

/// A number of bytes. All units are powers of 1024, as Docker's are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

const UNITS: [&str; 5] = ["", "k", "m", "g", "t"];

impl Size {
    /// So many mebibytes.
    #[must_use]
    pub const fn from_mib(mebibytes: u32) -> Self {
        Self((mebibytes as u64) << 20)
    }

    /// The size in bytes, for Docker: at most `i64::MAX`.
    #[must_use]
    pub const fn bytes(self) -> i64 {
        self.0.cast_signed()
    }
}

impl FromStr for Size {
    type Err = String;

    /// Reads Docker's grammar (`8g`, `512m`, `8GB`), Kubernetes' (`8Gi`, `512Mi`) and plain bytes; whole
    /// numbers only, upper and lower case alike.
    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.trim().to_ascii_lowercase();
        let split = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
        let (number, suffix) = lower.split_at(split);
        let unit = suffix
            .strip_suffix("ib")
            .or(suffix.strip_suffix(['i', 'b']))
            .unwrap_or(suffix);
        let bare_i = unit.is_empty() && suffix.starts_with('i');
        let power = UNITS.iter().position(|known| *known == unit).filter(|_| !bare_i);
        power
            .zip(number.parse::<i64>().ok())
            .and_then(|(power, number)| number.checked_mul(1 << (10 * power)))
            .map(|bytes| Self(bytes.cast_unsigned()))
            .ok_or_else(|| {
                format!("`{text}` is no size: write a whole number and k, m, g or t, e.g. `8g` or `512Mi`")
            })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let power = (1..UNITS.len())
            .rev()
            .find(|power| self.0.trailing_zeros() as usize >= 10 * power)
            .unwrap_or(0);
        let number = self.0 >> (10 * power);
        match power {
            0 => write!(f, "{number}B"),
            _ => write!(f, "{number}{}iB", UNITS[power].to_ascii_uppercase()),
        }
    }
}
