//! Whole numbers in paths and queries, read as leniently as the clients of version 2 are used to, and
//! refused in the same words.

use crate::Error;
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
