//! One row: a miner's figures in an environment.

use super::Cell;
use csv::ByteRecord;
use kinitro_proto::{BlockNumber, Uid};
use std::str::FromStr;

/// The columns, the last of which may be left out.
const NAMES: [&str; 5] = ["uid", "environment", "episodes", "successes", "commit_block"];
/// How long an environment's name may be.
const MAX_NAME: usize = 128;
/// The most episodes of a cell.
const MAX_EPISODES: u32 = 1_000_000;
/// How much of a wrong value is shown.
const SHOWN: usize = 40;

/// Where each column of [`NAMES`] is.
#[derive(Debug)]
pub(super) struct Columns {
    places: [Option<usize>; NAMES.len()],
    count: usize,
}

/// A row's values.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) uid: Uid,
    pub(super) environment: String,
    pub(super) cell: Cell,
    pub(super) commit_block: Option<BlockNumber>,
}

impl Columns {
    /// The columns that the header names, in any order.
    pub(super) fn new(header: &ByteRecord) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let mut places = [None; NAMES.len()];
        for (place, name) in header.iter().enumerate() {
            match NAMES.iter().position(|known| known.as_bytes() == name) {
                Some(known) if places[known].is_none() => places[known] = Some(place),
                Some(known) => faults.push(format!(
                    "line 1: the column `{}` is there twice: leave one out",
                    NAMES[known]
                )),
                None => faults.push(format!(
                    "line 1: the column `{}` is unknown; known: {}",
                    shown(name),
                    NAMES.join(", ")
                )),
            }
        }
        for (name, place) in NAMES.iter().zip(places).take(NAMES.len() - 1) {
            if place.is_none() {
                faults.push(format!(
                    "line 1: no column `{name}`: begin with the header `{}`",
                    NAMES.join(",")
                ));
            }
        }
        if faults.is_empty() {
            let count = header.len();
            Ok(Self { places, count })
        } else {
            Err(faults)
        }
    }

    /// The row's values, or everything that is wrong with them.
    pub(super) fn row(&self, line: u64, record: &ByteRecord) -> Result<Row, Vec<String>> {
        if record.len() != self.count {
            return Err(vec![format!(
                "line {line}: {} values, but the header has {} columns: write one for each",
                record.len(),
                self.count
            )]);
        }
        let mut faults = Vec::new();
        let mut values = Values {
            line,
            record,
            faults: &mut faults,
        };
        let [uid, environment, episodes, successes, commit_block] = self.places;
        let uid = values.number(uid, "uid", u64::from(u16::MAX)).map(Uid);
        let environment = values.name(environment);
        let episodes: Option<u32> = values.number(episodes, "episodes", MAX_EPISODES.into());
        let most = episodes.map_or(u64::from(MAX_EPISODES), u64::from);
        let successes = values.number(successes, "successes", most);
        let commit_block = values.block(commit_block);
        match (uid, environment, episodes, successes, commit_block) {
            (Some(uid), Some(environment), Some(episodes), Some(successes), Some(commit_block)) => Ok(Row {
                uid,
                environment,
                cell: Cell { episodes, successes },
                commit_block,
            }),
            _ => Err(faults),
        }
    }
}

/// A row's values, and what is wrong with them.
struct Values<'a> {
    line: u64,
    record: &'a ByteRecord,
    faults: &'a mut Vec<String>,
}

impl<'a> Values<'a> {
    fn value(&self, place: Option<usize>) -> &'a [u8] {
        place.and_then(|place| self.record.get(place)).unwrap_or_default()
    }

    fn fault(&mut self, column: &str, value: &[u8], what: &str) {
        let (line, value) = (self.line, shown(value));
        self.faults
            .push(format!("line {line}, column `{column}`: `{value}` {what}"));
    }

    /// A whole number from 0.
    fn number<T: FromStr + Into<u64> + Copy>(
        &mut self,
        place: Option<usize>,
        column: &str,
        most: u64,
    ) -> Option<T> {
        let value = self.value(place);
        // `parse` would take a sign.
        let digits = value.iter().all(u8::is_ascii_digit).then_some(value);
        let text = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let number: Option<T> = text.and_then(|text| text.parse().ok());
        let number = number.filter(|&number| number.into() <= most);
        if number.is_none() {
            self.fault(
                column,
                value,
                &format!("is not possible: write a whole number from 0 to {most}"),
            );
        }
        number
    }

    /// The name, as text that a terminal can be trusted with.
    fn name(&mut self, place: Option<usize>) -> Option<String> {
        let value = self.value(place);
        let text = std::str::from_utf8(value).ok();
        let name = text.filter(|text| {
            (1..=MAX_NAME).contains(&text.chars().count()) && !text.contains(char::is_control)
        });
        if name.is_none() {
            let what = format!("is no name: write 1 to {MAX_NAME} characters, e.g. `metaworld/push-v3`");
            self.fault("environment", value, &what);
        }
        name.map(str::to_owned)
    }

    /// The block, if it is known; nothing at all if what is there is none.
    fn block(&mut self, place: Option<usize>) -> Option<Option<BlockNumber>> {
        if self.value(place).is_empty() {
            return Some(None);
        }
        let block = self.number(place, "commit_block", u32::MAX.into());
        block.map(|block: u32| Some(BlockNumber(block.into())))
    }
}

/// A value in a message: cut, and without what would move the cursor.
fn shown(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().count() > SHOWN {
        shown.push('…');
    }
    shown
}
