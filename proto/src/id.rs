//! The ids. Each is its own type, so that none can stand where another belongs; a text that is not
//! an id cannot become one.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// A task's id: a UUID version 7, so ids sort by the time they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub Uuid);

impl TaskId {
    /// Makes a new id from the clock and randomness.
    #[must_use]
    pub fn now() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TaskId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Uuid::parse_str(text)
            .map(Self)
            .map_err(|_| bad("task id", text, "a UUID"))
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $what:literal, $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                text.parse().map(Self).map_err(|_| bad($what, text, $rule))
            }
        }
    };
}

number!(
    /// A cycle's number in the ledger, from 1.
    CycleId, i64, "cycle id", "a whole number"
);
number!(
    /// A miner's slot in its subnet.
    Uid, u16, "uid", "a whole number from 0 to 65535"
);
number!(
    /// A block's height on the chain.
    BlockNumber, u64, "block number", "a whole number, not negative"
);

/// What makes an episode reproducible: 63 random bits. Never shown to a miner (I8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(u64);

impl Seed {
    /// Keeps the lower 63 bits, so that the seed fits PostgreSQL's `bigint`.
    #[must_use]
    pub const fn new(bits: u64) -> Self {
        Self(bits & (u64::MAX >> 1))
    }

    /// The seed as a number, 0 … 2^63 − 1.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self> {
                let check: fn(&str) -> bool = $check;
                if check(&text) { Ok(Self(text)) } else { Err(bad($what, &text, $rule)) }
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text!(
    /// A set of environments that share one image, e.g. `metaworld`.
    Family, "family", "1 to 32 of a-z, 0-9, `-` and `_`", is_token
);
text!(
    /// One environment, `family/name`, e.g. `metaworld/push-v3`.
    Environment, "environment", "`family/name`, both of a-z, 0-9, `-` and `_`", is_environment
);
text!(
    /// A miner's public key on the chain, SS58 text.
    Hotkey, "hotkey", "1 to 64 letters and digits", is_hotkey
);
text!(
    /// The name an executor gives itself; may stand in a subject.
    ExecutorId, "executor id", "1 to 64 of letters, digits, `-` and `_`", is_executor
);

impl Environment {
    /// The family it belongs to: the part before the slash.
    #[must_use]
    pub fn family(&self) -> Family {
        Family(self.split().0.to_owned())
    }

    /// Its name within the family: the part after the slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.split().1
    }

    fn split(&self) -> (&str, &str) {
        self.0
            .split_once('/')
            .expect("an environment has one slash: checked when it was made")
    }
}

fn is_token(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
}

fn is_environment(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(family, name)| is_token(family) && is_token(name))
}

fn is_hotkey(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_executor(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn bad(what: &'static str, value: &str, rule: &'static str) -> Error {
    Error::BadId {
        what,
        value: value.chars().take(80).collect(),
        rule,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_knows_its_family() {
        let environment: Environment = "metaworld/push-v3".parse().unwrap();
        assert_eq!(environment.family().as_str(), "metaworld");
        assert_eq!(environment.name(), "push-v3");
    }

    #[test]
    fn texts_that_could_break_a_subject_are_no_ids() {
        for text in [
            "", "a/b/c", "a", "/a", "a/", "A/b", "a/b*", "a/b.c", "a/b c", "a/b>",
        ] {
            assert!(text.parse::<Environment>().is_err(), "`{text}`");
        }
        assert!("a.b".parse::<Family>().is_err());
        assert!("x".repeat(65).parse::<ExecutorId>().is_err());
    }

    #[test]
    fn a_seed_fits_a_bigint() {
        assert_eq!(Seed::new(u64::MAX).get(), i64::MAX.cast_unsigned());
    }
}
