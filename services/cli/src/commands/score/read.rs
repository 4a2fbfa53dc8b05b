//! A table of results as CSV, read whole or refused with everything that is wrong with it.

mod row;

use csv::{ByteRecord, Position, ReaderBuilder, Trim};
use kinitro_proto::{BlockNumber, Uid};
use kinitro_scoring::MAX_ENVIRONMENTS;
use row::{Columns, Row};
use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Read},
};

/// More bytes than this are not read: several times the largest table that can be scored.
const MAX_BYTES: u64 = 64 << 20;
/// The most miners; comparing each with each other takes their square.
const MAX_MINERS: usize = 4_096;
/// Faults that are named; the rest is counted.
const NAMED: usize = 50;

/// What the table says.
#[derive(Debug, PartialEq)]
pub(super) struct Results {
    /// In the order of their first rows.
    pub(super) environments: Vec<String>,
    /// By uid.
    pub(super) miners: Vec<Miner>,
}

/// A miner's rows.
#[derive(Debug, PartialEq)]
pub(super) struct Miner {
    pub(super) uid: Uid,
    pub(super) commit_block: Option<BlockNumber>,
    /// One for each environment; nothing where there is no row.
    pub(super) cells: Vec<Option<Cell>>,
}

/// What a miner's episodes in an environment came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    pub(super) episodes: u32,
    pub(super) successes: u32,
}

/// A miner while rows are read, and where it was first seen.
struct Seen {
    line: u64,
    commit_block: Option<BlockNumber>,
    /// By environment, with the line.
    cells: HashMap<usize, (u64, Cell)>,
}

/// Reads the table, or lists its faults.
pub(super) fn read(input: impl Read) -> Result<Results, Vec<String>> {
    let text = bounded(input).map_err(|error| vec![format!("could not read it: {error}")])?;
    let mut table = Table::default();
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_slice());
    match reader.byte_headers().map(Columns::new) {
        Ok(Ok(columns)) => {
            let mut lines = Lines::new(&text);
            for record in reader.byte_records() {
                table.take(&columns, record, &mut lines);
            }
            if table.rows == 0 && table.faults.is_empty() {
                table
                    .faults
                    .push("no rows: write one after the header for each miner and environment".to_owned());
            }
        }
        Ok(Err(faults)) => table.faults = faults,
        Err(error) => table.faults.push(format!("line 1: {error}")),
    }
    table.end()
}

fn bounded(input: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = input.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    if read as u64 > MAX_BYTES {
        let limit = MAX_BYTES >> 20;
        return Err(io::Error::other(format!("it is larger than {limit} MiB")));
    }
    Ok(text)
}

/// The lines of a text, counted as its rows are read: a row's own position is before the empty lines above it.
struct Lines<'a> {
    text: &'a [u8],
    place: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    const fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            place: 0,
            line: 1,
        }
    }

    /// The line that the row begins in.
    fn of(&mut self, position: Option<&Position>) -> u64 {
        let start = position.map_or(0, |position| position.byte());
        let start = usize::try_from(start).map_or(self.text.len(), |start| start.min(self.text.len()));
        let empty = self.text[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace());
        let start = (start + empty.count()).max(self.place);
        let passed = self.text[self.place..start].iter().filter(|&&byte| byte == b'\n');
        self.line += passed.count() as u64;
        self.place = start;
        self.line
    }
}

/// What the rows so far come to.
#[derive(Default)]
struct Table {
    rows: usize,
    environments: Vec<String>,
    places: HashMap<String, usize>,
    miners: BTreeMap<Uid, Seen>,
    /// Told once: every later row would have the same fault.
    too_many: TooMany,
    faults: Vec<String>,
}

#[derive(Default)]
struct TooMany {
    miners: bool,
    environments: bool,
}

impl Table {
    fn take(&mut self, columns: &Columns, record: csv::Result<ByteRecord>, lines: &mut Lines<'_>) {
        self.rows += 1;
        let record = match record {
            Ok(record) => record,
            Err(error) => return self.faults.push(error.to_string()),
        };
        let line = lines.of(record.position());
        match columns.row(line, &record) {
            Ok(row) => self.put(line, row),
            Err(faults) => self.faults.extend(faults),
        }
    }

    fn put(&mut self, line: u64, row: Row) {
        let Some(environment) = self.place(line, row.environment) else {
            return;
        };
        if self.miners.len() == MAX_MINERS && !self.miners.contains_key(&row.uid) {
            if !std::mem::replace(&mut self.too_many.miners, true) {
                self.faults.push(format!(
                    "line {line}, column `uid`: `{}` is one miner more than the {MAX_MINERS} there may be",
                    row.uid
                ));
            }
            return;
        }
        let seen = self.miners.entry(row.uid).or_insert_with(|| Seen {
            line,
            commit_block: row.commit_block,
            cells: HashMap::new(),
        });
        if seen.commit_block != row.commit_block {
            let said =
                |block: Option<BlockNumber>| block.map_or("nothing".to_owned(), |block| format!("`{block}`"));
            self.faults.push(format!(
                "line {line}, column `commit_block`: {}, but line {} has {} for miner {}: give a miner one block",
                said(row.commit_block),
                seen.line,
                said(seen.commit_block),
                row.uid
            ));
        }
        let before = seen.cells.get(&environment).map(|(line, _)| *line);
        if let Some(before) = before {
            self.faults.push(format!(
                "line {line}, column `environment`: `{}` of miner {} is in line {before} already: leave one of \
                 them out",
                self.environments[environment], row.uid
            ));
        } else {
            seen.cells.insert(environment, (line, row.cell));
        }
    }

    fn place(&mut self, line: u64, environment: String) -> Option<usize> {
        if let Some(&place) = self.places.get(&environment) {
            return Some(place);
        }
        if self.environments.len() == MAX_ENVIRONMENTS {
            if !std::mem::replace(&mut self.too_many.environments, true) {
                self.faults.push(format!(
                    "line {line}, column `environment`: `{environment}` is one environment more than the \
                     {MAX_ENVIRONMENTS} there may be"
                ));
            }
            return None;
        }
        let place = self.environments.len();
        self.places.insert(environment.clone(), place);
        self.environments.push(environment);
        Some(place)
    }

    fn end(mut self) -> Result<Results, Vec<String>> {
        if !self.faults.is_empty() {
            let more = self.faults.len().saturating_sub(NAMED);
            self.faults.truncate(NAMED);
            if more > 0 {
                self.faults.push(format!("and {more} more"));
            }
            return Err(self.faults);
        }
        let environments = self.environments.len();
        let miner = |(uid, seen): (Uid, Seen)| Miner {
            uid,
            commit_block: seen.commit_block,
            cells: (0..environments)
                .map(|e| seen.cells.get(&e).map(|(_, cell)| *cell))
                .collect(),
        };
        Ok(Results {
            miners: self.miners.into_iter().map(miner).collect(),
            environments: self.environments,
        })
    }
}
