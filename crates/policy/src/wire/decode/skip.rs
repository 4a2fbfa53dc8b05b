//! Reads past a value: nothing is kept, its depth is counted.

use super::{MAX_DEPTH, OUT_OF_RANGE};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use std::fmt;

/// A map that was skipped.
pub(super) struct SkipMap;

impl<'de> Deserialize<'de> for SkipMap {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = SkipMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SkipMap, A::Error> {
                Skip(MAX_DEPTH).visit_map(map).map(|()| SkipMap)
            }
        }
        from.deserialize_map(Visit)
    }
}

/// Skips any value with at most this many levels in it.
#[derive(Clone, Copy)]
struct Skip(usize);

impl Skip {
    fn below<E: Error>(self) -> Result<Self, E> {
        self.0
            .checked_sub(1)
            .map(Self)
            .ok_or_else(|| E::custom(format_args!("`extra` is deeper than {MAX_DEPTH}")))
    }
}

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let below = self.below()?;
        while list.next_element_seed(below)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let first = map.next_key::<Key>()?;
        if matches!(first, Some(Key { is_number: true })) {
            return finite(&map.next_value::<String>()?);
        }
        let below = self.below()?;
        let mut key = first;
        while key.is_some() {
            map.next_value_seed(below)?;
            key = map.next_key()?;
        }
        Ok(())
    }
}

/// What `serde_json` calls the one key of a number, if a crate of the same build has it keep numbers as text (its
/// feature `arbitrary_precision`): to [`Skip`] such a number comes as a map, in range or not.
const NUMBER: &str = "$serde_json::private::Number";

/// A key, of which only that is of interest.
struct Key {
    is_number: bool,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
                let is_number = key == NUMBER;
                Ok(Key { is_number })
            }
        }
        from.deserialize_str(Visit)
    }
}

/// Refuses what is too large for a number, in the parser's own words.
fn finite<E: Error>(number: &str) -> Result<(), E> {
    match number.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(()),
        Ok(_) => Err(E::custom(OUT_OF_RANGE)),
        Err(_) => Err(E::custom("a number's text is no number")),
    }
}
