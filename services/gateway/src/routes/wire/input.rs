//! Whole numbers in paths and queries, read as leniently as the clients of version 2 are used to, and
//! refused in the same words.

use crate::Error;
use axum::extract::{Path, rejection::PathRejection};
use kinitro_proto::CycleId;
use serde_json::json;
use std::fmt;

/// The most characters version 2's reader takes for a number.
const MOST_DIGITS: usize = 4300;

/// Where a faulty value stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
}

/// A whole number of any size, as its shortest text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whole(String);

impl Whole {
    /// The number, if 64 bits hold it. Nothing in the ledger is beyond them.
    pub(crate) fn get(&self) -> Option<i64> {
        self.0.parse().ok()
    }
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a whole number: spaces around it, a sign, leading zeros, single underscores between digits and
/// a fraction of zeros are allowed.
///
/// # Errors
/// [`Error::Input`].
pub(crate) fn whole(place: Place, field: &'static str, text: &str) -> Result<Whole, Error> {
    let fault = |kind, message| {
        let place = match place {
            Place::Path => "path",
            Place::Query => "query",
        };
        let input: String = text.chars().take(MOST_DIGITS).collect();
        Error::Input {
            field,
            detail: json!([{"type": kind, "loc": [place, field], "msg": message, "input": input}]),
        }
    };
    if text.len() > MOST_DIGITS {
        return Err(fault(
            "int_parsing_size",
            "Unable to parse input string as an integer, exceeded maximum size",
        ));
    }
    shortest(text.trim()).ok_or_else(|| {
        fault(
            "int_parsing",
            "Input should be a valid integer, unable to parse string as an integer",
        )
    })
}

/// Reads the cycle that a path names. What no ledger can hold is not there.
///
/// # Errors
/// [`Error::Input`] or [`Error::NoCycle`].
pub(crate) fn cycle_id(path: Result<Path<String>, PathRejection>) -> Result<CycleId, Error> {
    let text = path.map(|Path(text)| text).unwrap_or_default();
    let number = whole(Place::Path, "cycle_id", &text)?;
    number.get().map(CycleId).ok_or_else(|| Error::NoCycle {
        cycle: number.to_string(),
    })
}

/// Reads how many of the newest are asked for; without a word, `usual`.
///
/// # Errors
/// [`Error::Input`].
pub(crate) fn limit(text: Option<&str>, usual: u32, most: u32) -> Result<u32, Error> {
    let Some(text) = text else { return Ok(usual) };
    let number = whole(Place::Query, "limit", text)?;
    let beyond = |kind, key: &str, bound, message| {
        let detail = json!([{
            "type": kind, "loc": ["query", "limit"], "msg": message, "input": text, "ctx": {key: bound},
        }]);
        Err(Error::Input {
            field: "limit",
            detail,
        })
    };
    let is_negative = number.0.starts_with('-');
    match number.get().map(u32::try_from) {
        Some(Ok(limit)) if (1..=most).contains(&limit) => Ok(limit),
        _ if is_negative || number.0 == "0" => {
            let message = "Input should be greater than or equal to 1".to_owned();
            beyond("greater_than_equal", "ge", 1, message)
        }
        _ => {
            let message = format!("Input should be less than or equal to {most}");
            beyond("less_than_equal", "le", most, message)
        }
    }
}

fn shortest(text: &str) -> Option<Whole> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match digits.split_once('.') {
        Some((digits, fraction)) if fraction.bytes().all(|b| b == b'0') => digits,
        Some(_) => return None,
        None => digits,
    };
    let groups_are_digits = digits
        .split('_')
        .all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    if !groups_are_digits {
        return None;
    }
    let plain = digits.replace('_', "");
    let plain = plain.trim_start_matches('0');
    Some(Whole(if plain.is_empty() {
        "0".to_owned()
    } else {
        format!("{sign}{plain}")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        whole(Place::Path, "block_number", text)
            .ok()
            .map(|number| number.to_string())
    }

    #[test]
    fn a_number_is_read_as_leniently_as_before() {
        for (text, number) in [
            ("5", "5"),
            ("+5", "5"),
            (" 5 ", "5"),
            ("-1", "-1"),
            ("007", "7"),
            ("1_000", "1000"),
            ("1.0", "1"),
            ("-0", "0"),
            ("99999999999999999999", "99999999999999999999"),
        ] {
            assert_eq!(read(text).as_deref(), Some(number), "`{text}`");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "x", "1.5", "1__0", "_1", "1_", "--1", "0x10", "1e3", "٣", "-", "+", ".",
        ] {
            assert_eq!(read(text), None, "`{text}`");
        }
    }

    #[test]
    fn only_64_bits_are_looked_up() {
        let number = |text| whole(Place::Path, "block_number", text).unwrap().get();
        assert_eq!(number("9223372036854775807"), Some(i64::MAX));
        assert_eq!(number("9223372036854775808"), None);
    }

    #[test]
    fn a_limit_has_its_bounds() {
        let read = |text| limit(text, 20, 100);
        for (text, expected) in [(None, 20), (Some("1"), 1), (Some("100"), 100), (Some(" +7 "), 7)] {
            assert_eq!(read(text).unwrap(), expected, "{text:?}");
        }
        for (text, kind, bound) in [
            ("0", "greater_than_equal", json!({"ge": 1})),
            ("-99999999999999999999", "greater_than_equal", json!({"ge": 1})),
            ("101", "less_than_equal", json!({"le": 100})),
            ("99999999999999999999", "less_than_equal", json!({"le": 100})),
        ] {
            let Err(Error::Input { detail, .. }) = read(Some(text)) else {
                panic!("`{text}` is refused")
            };
            assert_eq!(
                (&detail[0]["type"], &detail[0]["ctx"]),
                (&json!(kind), &bound),
                "`{text}`"
            );
        }
        assert!(read(Some("many")).is_err() && read(Some("")).is_err());
    }

    #[test]
    fn a_cycle_that_no_ledger_can_hold_is_not_there() {
        let read = |text: &str| cycle_id(Ok(Path(text.to_owned())));
        assert_eq!(read("7").unwrap(), CycleId(7));
        let Err(Error::NoCycle { cycle }) = read("99999999999999999999") else {
            panic!("not there")
        };
        assert_eq!(cycle, "99999999999999999999");
        assert!(matches!(read("seven"), Err(Error::Input { .. })));
    }

    #[test]
    fn the_refusal_is_in_the_words_of_version_2() {
        let Err(Error::Input { detail, .. }) = whole(Place::Query, "cycle_id", "x") else {
            panic!("refused")
        };
        let words = "Input should be a valid integer, unable to parse string as an integer";
        let expected =
            json!([{"type": "int_parsing", "loc": ["query", "cycle_id"], "msg": words, "input": "x"}]);
        assert_eq!(detail, expected);
        let long = "9".repeat(4301);
        let Err(Error::Input { detail, .. }) = whole(Place::Path, "cycle_id", &long) else {
            panic!("refused")
        };
        assert_eq!(detail[0]["type"], "int_parsing_size");
    }
}
