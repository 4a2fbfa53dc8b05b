//! The one text of a value: compact JSON, its keys in the order of the fields, its numbers as `serde_json` writes them.
//! A reader takes that text only.

use serde::{Serialize, de::DeserializeOwned};

/// Why a text is not the canonical one.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It is no such value.
    Json(serde_json::Error),
    /// It is one, written in another way than ours.
    Another {
        /// The first byte that differs, from 0.
        at: usize,
    },
}

/// Reads a value from its one text.
pub(crate) fn decode<T: Serialize + DeserializeOwned>(
    text: &[u8],
    scratch: &mut Vec<u8>,
) -> Result<T, Fault> {
    let value: T = serde_json::from_slice(text).map_err(Fault::Json)?;
    scratch.clear();
    serde_json::to_writer(&mut *scratch, &value).map_err(Fault::Json)?;
    if scratch == text {
        return Ok(value);
    }
    let alike = scratch
        .iter()
        .zip(text)
        .take_while(|(ours, theirs)| ours == theirs);
    Err(Fault::Another { at: alike.count() })
}

/// 32 bytes as 64 lower-case hexadecimal digits.
pub(crate) mod hex32 {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes)
            .map_err(|_| de::Error::custom("64 hexadecimal digits are expected"))?;
        Ok(bytes)
    }
}

/// RFC 3339 in UTC, always with six decimals.
pub(crate) mod time {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{time:.6}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|_| de::Error::custom("a time is expected"))
    }
}

/// A finite number. JSON has no others, and `serde_json` would write them as `null`. Zero has no sign.
pub(crate) mod finite {
    use serde::{Deserialize, Deserializer, Serializer, ser};

    pub(crate) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if number.is_finite() {
            // −0.0 + 0.0 is 0.0.
            serializer.serialize_f64(*number + 0.0)
        } else {
            Err(ser::Error::custom(format_args!(
                "`{number}` is not a finite number"
            )))
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        f64::deserialize(deserializer)
    }
}

/// A list of finite numbers.
pub(crate) mod finites {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize)]
    #[serde(transparent)]
    struct Finite(#[serde(serialize_with = "super::finite::serialize")] f64);

    pub(crate) fn serialize<S: Serializer>(numbers: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(numbers.iter().copied().map(Finite))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        Vec::deserialize(deserializer)
    }
}
