//! A TOML file of miners: for running without a chain.

use super::{Miner, Snapshot, endpoint};
use crate::Error;
use kinitro_proto::{BlockNumber, Uid};
use std::{
    collections::HashMap,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};
use toml::{Table, Value};

/// A block's time on the chain, in seconds: what a file's own block counts in.
const BLOCK_SECONDS: u64 = 12;
/// More miners than a subnet has slots for are a mistake.
const MAX_MINERS: usize = 65_536;

/// Reads the file as it is now.
pub(super) async fn snapshot(path: &Path) -> Result<Snapshot, Error> {
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|error| unreadable(path, &error));
    text.and_then(|text| parse(&text))
        .map_err(|faults| Error::Miners {
            path: path.to_owned(),
            faults,
        })
}

/// Every fault of the file.
pub(crate) fn check(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error));
    let faults = text.and_then(|text| parse(&text)).err().unwrap_or_default();
    let named = |fault| format!("{}: {fault}", path.display());
    faults.into_iter().map(named).collect()
}

fn unreadable(path: &Path, error: &std::io::Error) -> Vec<String> {
    vec![format!(
        "could not read the miners file `{}`: {error}",
        path.display()
    )]
}

/// Reads a miners file, or lists everything that is wrong with it.
fn parse(text: &str) -> Result<Snapshot, Vec<String>> {
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| vec![error.to_string().trim_end().to_owned()])?;
    let mut faults = Vec::new();
    unknown_keys(
        &table,
        &["block", "block_hash", "miners"],
        "the file",
        &mut faults,
    );
    let block = whole(&table, "block", "the file", &mut faults).map_or_else(block_of_now, BlockNumber);
    let block_hash = text_of(&table, "block_hash", "the file", &mut faults).map(str::to_owned);
    let rows = match table.get("miners") {
        Some(Value::Array(rows)) if (1..=MAX_MINERS).contains(&rows.len()) => rows.as_slice(),
        Some(Value::Array(rows)) => {
            faults.push(format!(
                "`miners` has {} entries; from 1 to {MAX_MINERS} are possible",
                rows.len()
            ));
            &[]
        }
        Some(_) => {
            faults.push("`miners` is not a list; write each miner as a table `[[miners]]`".to_owned());
            &[]
        }
        None => {
            faults.push("no miners; write each miner as a table `[[miners]]`".to_owned());
            &[]
        }
    };
    let mut miners: Vec<_> = rows
        .iter()
        .enumerate()
        .filter_map(|(index, row)| miner(index, row, &mut faults))
        .collect();
    twice(
        "uid",
        miners.iter().map(|miner| miner.uid.to_string()),
        &mut faults,
    );
    twice(
        "hotkey",
        miners.iter().map(|miner| miner.hotkey.to_string()),
        &mut faults,
    );
    miners.sort_by_key(|miner| miner.uid);
    if faults.is_empty() {
        Ok(Snapshot {
            block,
            block_hash,
            miners,
        })
    } else {
        Err(faults)
    }
}

fn miner(index: usize, row: &Value, faults: &mut Vec<String>) -> Option<Miner> {
    let whole_row = format!("miner {}", index + 1);
    let Value::Table(row) = row else {
        faults.push(format!("{whole_row} is not a table"));
        return None;
    };
    unknown_keys(
        row,
        &["uid", "hotkey", "endpoint", "commit_block"],
        &whole_row,
        faults,
    );
    let required = |key: &str, faults: &mut Vec<String>| {
        if !row.contains_key(key) {
            faults.push(format!("{whole_row} has no `{key}`"));
        }
    };
    for key in ["uid", "hotkey", "endpoint"] {
        required(key, faults);
    }
    let commit_block = whole(row, "commit_block", &whole_row, faults).map(BlockNumber);
    let uid = whole(row, "uid", &whole_row, faults).and_then(|uid| {
        let fits = u16::try_from(uid).map(Uid);
        fits.map_err(|_| faults.push(format!("{whole_row}: `uid` is {uid}; it goes from 0 to 65535")))
            .ok()
    });
    let hotkey = text_of(row, "hotkey", &whole_row, faults).and_then(|text| {
        text.parse()
            .map_err(|error| faults.push(format!("{whole_row}: {error}")))
            .ok()
    });
    let endpoint = text_of(row, "endpoint", &whole_row, faults).and_then(|text| {
        endpoint(text)
            .map_err(|fault| faults.push(format!("{whole_row}: {fault}")))
            .ok()
    });
    Some(Miner {
        uid: uid?,
        hotkey: hotkey?,
        endpoint: endpoint?,
        commit_block,
        repo: None,
        revision: None,
    })
}

fn whole(table: &Table, key: &str, whose: &str, faults: &mut Vec<String>) -> Option<u64> {
    let value = table.get(key)?;
    let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
    if number.is_none() {
        faults.push(format!(
            "{whose}: `{key}` is {value}; it is a whole number, not negative"
        ));
    }
    number
}

fn text_of<'a>(table: &'a Table, key: &str, whose: &str, faults: &mut Vec<String>) -> Option<&'a str> {
    let value = table.get(key)?;
    if !value.is_str() {
        faults.push(format!("{whose}: `{key}` is {value}; it is text in quotes"));
    }
    value.as_str()
}

fn unknown_keys(table: &Table, known: &[&str], whose: &str, faults: &mut Vec<String>) {
    for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
        faults.push(format!(
            "{whose}: `{key}` is unknown; known: {}",
            known.join(", ")
        ));
    }
}

fn twice(what: &str, values: impl Iterator<Item = String>, faults: &mut Vec<String>) {
    let mut seen: HashMap<String, u32> = HashMap::new();
    for value in values {
        let count = seen.entry(value).or_default();
        *count += 1;
    }
    let mut doubled: Vec<_> = seen.into_iter().filter(|(_, count)| *count > 1).collect();
    doubled.sort();
    faults.extend(
        doubled
            .into_iter()
            .map(|(value, count)| format!("{what} `{value}` stands {count} times")),
    );
}

/// A file has no chain: its block rises with the clock, so that validators see newer weights as newer.
fn block_of_now() -> BlockNumber {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    BlockNumber(since.as_secs() / BLOCK_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_good_file_is_read_in_the_order_of_uids() {
        let text = r#"
            block = 77
            [[miners]]
            uid = 9
            hotkey = "5B"
            endpoint = "https://b.example/policy"
            [[miners]]
            uid = 2
            hotkey = "5A"
            endpoint = "http://a.example:8001"
            commit_block = 70
        "#;
        let snapshot = parse(text).unwrap();
        assert_eq!(snapshot.block, BlockNumber(77));
        assert_eq!(
            snapshot
                .miners
                .iter()
                .map(|miner| miner.uid.0)
                .collect::<Vec<_>>(),
            [2, 9]
        );
        assert_eq!(snapshot.miners[0].commit_block, Some(BlockNumber(70)));
    }

    #[test]
    fn every_fault_is_listed_at_once() {
        let text = r#"
            colour = "blue"
            [[miners]]
            uid = 70000
            hotkey = "5A"
            endpoint = "ftp://a.example"
            [[miners]]
            uid = 1
            hotkey = "not a key"
            endpoint = 7
            [[miners]]
            uid = 3
            hotkey = "5C"
            endpoint = "http://c.example"
            commit_block = -1
            [[miners]]
            uid = 3
            hotkey = "5C"
            endpoint = "http://c.example"
            [[miners]]
        "#;
        let faults = parse(text).unwrap_err();
        let parts = [
            "`colour` is unknown",
            "`uid` is 70000",
            "scheme `ftp`",
            "`not a key` is not a hotkey",
            "`endpoint` is 7",
            "`commit_block` is -1",
            "uid `3` stands 2 times",
            "hotkey `5C` stands 2 times",
            "miner 5 has no `uid`",
            "miner 5 has no `hotkey`",
            "miner 5 has no `endpoint`",
        ];
        for part in parts {
            assert!(
                faults.iter().any(|fault| fault.contains(part)),
                "{part} in {faults:#?}"
            );
        }
    }

    #[test]
    fn a_file_without_miners_says_how_to_write_one() {
        for text in ["", "miners = []", "miners = 3"] {
            assert_eq!(parse(text).unwrap_err().len(), 1, "`{text}`");
        }
        assert!(parse("[[miners").unwrap_err()[0].contains("TOML parse error"));
    }

    proptest! {
        #[test]
        fn no_text_can_crash_the_reader(text in ".{0,400}") {
            drop(parse(&text));
        }
    }
}
