//! A policy's answer, read strictly: known keys, numbers only, everything counted. Nothing is kept that
//! the action does not need, and nothing recurses deeper than [`MAX_DEPTH`].

mod skip;
mod visit;

use kinitro_proto::{Action, MinerFault, MinerFaultKind};
use serde_json::error::Category;
use std::collections::BTreeMap;

/// The most channels of a kind.
const MAX_CHANNELS: usize = 64;
/// The most characters of a channel's name.
const MAX_NAME: usize = 64;
/// The most numbers of a channel.
const MAX_NUMBERS: usize = 1024;
/// The deepest that `extra`, which is skipped, may nest.
const MAX_DEPTH: usize = 16;

/// What the parser says of a number that no double holds.
const OUT_OF_RANGE: &str = "number out of range";

/// Reads `{"action":{"continuous":{…},"discrete":{…},"extra":{…}}}`.
pub(crate) fn action(body: &[u8]) -> Result<Action, MinerFault> {
    let visit::Answer(action) = serde_json::from_slice(body).map_err(|error| blame(&error, body))?;
    match beyond(&action.continuous) {
        Some(name) => Err(MinerFault::new(
            MinerFaultKind::NotFinite,
            format!("a number of channel `{name}` is beyond a 32-bit float"),
        )),
        None => Ok(action),
    }
}

/// The first channel with a number that is no finite 32-bit float.
fn beyond(channels: &BTreeMap<String, Vec<f64>>) -> Option<&str> {
    let fits = |number: &f64| number.abs() <= f64::from(f32::MAX);
    channels
        .iter()
        .find(|(_, numbers)| !numbers.iter().all(fits))
        .map(|(name, _)| name.as_str())
}

fn blame(error: &serde_json::Error, body: &[u8]) -> MinerFault {
    let text = error.to_string();
    let kind = match error.classify() {
        // The parser has no type for it; a test holds the text.
        _ if text.starts_with(OUT_OF_RANGE) => MinerFaultKind::NotFinite,
        Category::Data => MinerFaultKind::BadAction,
        _ if is_literal(word(body, offset(body, error))) => MinerFaultKind::NotFinite,
        Category::Syntax | Category::Eof | Category::Io => MinerFaultKind::NotJson,
    };
    MinerFault::new(kind, text)
}

/// The literals Python writes for numbers that JSON does not have.
fn is_literal(word: &[u8]) -> bool {
    matches!(word.strip_prefix(b"-").unwrap_or(word), b"NaN" | b"Infinity")
}

/// Where in the body the parser stopped: it counts lines and columns from 1.
fn offset(body: &[u8], error: &serde_json::Error) -> usize {
    let lines = body.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
    (before + error.column()).saturating_sub(1)
}

/// The letters and signs around the offset.
fn word(body: &[u8], offset: usize) -> &[u8] {
    let part = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'-';
    let (before, after) = body.split_at(offset.min(body.len()));
    let start = before.len() - before.iter().rev().take_while(|byte| part(byte)).count();
    let end = before.len() + after.iter().take_while(|byte| part(byte)).count();
    &body[start..end]
}

#[cfg(test)]
mod tests;
