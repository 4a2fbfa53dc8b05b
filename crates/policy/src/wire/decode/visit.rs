//! The shapes of an answer. Written by hand because a derived struct also takes a list for a map and
//! cannot count.

use super::{MAX_CHANNELS, MAX_NAME, MAX_NUMBERS, skip::SkipMap};
use kinitro_proto::Action;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use std::{collections::BTreeMap, fmt, marker::PhantomData};

/// Whole numbers that every float up to here can tell apart: what JSON writers may write as `3.0`.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// `{"action":…}`.
pub(super) struct Answer(pub(super) Action);

/// What stands in `action`.
struct Wanted(Action);

/// Values by channel.
struct Channels<T>(BTreeMap<String, T>);

/// A channel's or a field's name.
struct Name(String);

/// A channel's numbers.
struct Numbers(Vec<f64>);

/// A channel's choice.
struct Whole(i64);

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Answer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map with `action`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answer, A::Error> {
                let mut action = None;
                while let Some(Name(name)) = map.next_key()? {
                    match name.as_str() {
                        "action" => once(&mut action, map.next_value::<Wanted>()?, "action")?,
                        _ => return Err(Error::unknown_field(&name, &["action"])),
                    }
                }
                action
                    .map(|Wanted(action)| Answer(action))
                    .ok_or_else(|| Error::missing_field("action"))
            }
        }
        from.deserialize_map(Visit)
    }
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Wanted;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an action")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wanted, A::Error> {
                let (mut continuous, mut discrete, mut extra) = (None, None, None);
                while let Some(Name(name)) = map.next_key()? {
                    match name.as_str() {
                        "continuous" => once(&mut continuous, map.next_value::<Channels<Numbers>>()?, &name)?,
                        "discrete" => once(&mut discrete, map.next_value::<Channels<Whole>>()?, &name)?,
                        "extra" => once(&mut extra, map.next_value::<SkipMap>()?, &name)?,
                        _ => return Err(Error::unknown_field(&name, &["continuous", "discrete", "extra"])),
                    }
                }
                let continuous = continuous.map(|Channels(map)| map).unwrap_or_default();
                let discrete = discrete.map(|Channels(map)| map).unwrap_or_default();
                Ok(Wanted(Action {
                    continuous: continuous
                        .into_iter()
                        .map(|(name, Numbers(numbers))| (name, numbers))
                        .collect(),
                    discrete: discrete
                        .into_iter()
                        .map(|(name, Whole(whole))| (name, whole))
                        .collect(),
                }))
            }
        }
        from.deserialize_map(Visit)
    }
}

fn once<T, E: Error>(place: &mut Option<T>, value: T, name: &str) -> Result<(), E> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom(format_args!("the key `{name}` stands twice"))),
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Channels<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visit<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Visit<T> {
            type Value = Channels<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a map of at most {MAX_CHANNELS} channels")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Channels<T>, A::Error> {
                let mut channels = BTreeMap::new();
                while let Some(Name(name)) = map.next_key()? {
                    if channels.len() == MAX_CHANNELS {
                        return Err(Error::invalid_length(MAX_CHANNELS + 1, &self));
                    }
                    if channels.contains_key(&name) {
                        return Err(Error::custom(format_args!("the channel `{name}` stands twice")));
                    }
                    let value = map.next_value()?;
                    channels.insert(name, value);
                }
                Ok(Channels(channels))
            }
        }
        from.deserialize_map(Visit(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(
                    f,
                    "a name of 1 to {MAX_NAME} characters without control characters"
                )
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
                let length = name.chars().take(MAX_NAME + 1).count();
                if (1..=MAX_NAME).contains(&length) && !name.contains(char::is_control) {
                    Ok(Name(name.to_owned()))
                } else {
                    Err(E::custom(format_args!("a key is not {}", Expected(&self))))
                }
            }
        }
        from.deserialize_str(Visit)
    }
}

struct Expected<'a, V>(&'a V);

impl<'de, V: Visitor<'de>> fmt::Display for Expected<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Numbers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MAX_NUMBERS} numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Numbers, A::Error> {
                let mut numbers = Vec::new();
                while let Some(number) = list.next_element::<f64>()? {
                    if numbers.len() == MAX_NUMBERS {
                        return Err(Error::invalid_length(MAX_NUMBERS + 1, &self));
                    }
                    numbers.push(number);
                }
                Ok(Numbers(numbers))
            }
        }
        from.deserialize_seq(Visit)
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of 64 bits")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Whole, E> {
                Ok(Whole(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
                i64::try_from(number)
                    .map(Whole)
                    .map_err(|_| E::custom("a choice is beyond 64 bits"))
            }

            #[expect(
                clippy::cast_possible_truncation,
                reason = "whole and within 53 bits: checked"
            )]
            fn visit_f64<E: Error>(self, number: f64) -> Result<Whole, E> {
                if number.fract() == 0.0 && number.abs() <= MAX_WHOLE {
                    Ok(Whole(number as i64))
                } else {
                    Err(E::custom("a choice is not a whole number"))
                }
            }
        }
        from.deserialize_i64(Visit)
    }
}
