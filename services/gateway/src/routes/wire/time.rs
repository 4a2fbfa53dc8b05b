//! Times as text: RFC 3339 in UTC with `Z`, microseconds only where they are not zero.

use jiff::Timestamp;
use serde::Serializer;

/// A time as the API writes it.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    let format = if time.subsec_microsecond() == 0 {
        "%Y-%m-%dT%H:%M:%SZ"
    } else {
        "%Y-%m-%dT%H:%M:%S.%6fZ"
    };
    time.strftime(format).to_string()
}

/// Writes a time.
pub(crate) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*time))
}

/// Writes a time that may not be known yet.
pub(crate) mod option {
    use super::{Serializer, Timestamp, rfc3339};

    /// Writes the time, or null.
    pub(crate) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.serialize_str(&rfc3339(*time)),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_written_only_where_they_are_not_zero() {
        let text = |micros| rfc3339(Timestamp::from_microsecond(micros).unwrap());
        assert_eq!(text(1_705_314_600_000_000), "2024-01-15T10:30:00Z");
        assert_eq!(text(1_705_314_600_544_630), "2024-01-15T10:30:00.544630Z");
        assert_eq!(text(1_705_314_600_000_001), "2024-01-15T10:30:00.000001Z");
    }
}
