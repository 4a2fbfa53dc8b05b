//! What a hostile gateway may send without an end, or promise without sending it.

use crate::made::{Published, cycle_line, lines, lines_of, miner_lines};
use flate2::{Compression, write::GzEncoder};
use kinitro_audit::{
    Error, MAX_CELLS, MAX_MINERS, MAX_TASKS, Tally,
    bundle::{self, Line, MAX_CYCLE_LINE, MAX_LINE, Writer, gunzip},
};
use std::io::{self, BufReader, Read, Write};

/// A text that never ends, and how much of it was taken.
struct Endless {
    text: Vec<u8>,
    taken: usize,
}

impl Read for &mut Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.taken % self.text.len();
        let count = buffer.len().min(self.text.len() - at);
        buffer[..count].copy_from_slice(&self.text[at..at + count]);
        self.taken += count;
        Ok(count)
    }
}

fn taken_of(text: &[u8]) -> (usize, Error) {
    let mut endless = Endless {
        text: text.to_vec(),
        taken: 0,
    };
    let error = Tally::read(BufReader::new(&mut endless)).unwrap_err();
    (endless.taken, error)
}

#[test]
fn a_line_without_an_end_is_given_up_on() {
    let (taken, error) = taken_of(b"a");
    assert!(matches!(error.inner(), Error::TooMuch { .. }), "{error}");
    assert!(taken <= MAX_CYCLE_LINE + 16 * 1024, "{taken}");
}

#[test]
fn a_long_line_after_the_first_is_given_up_on_sooner() {
    let text = Published::new(7).evidence;
    let first = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let endless = text[..first].chain(io::repeat(b'a'));
    let mut counted = BufReader::new(endless);
    let error = bundle::read(&mut counted, |_| Ok(())).unwrap_err();
    assert!(matches!(error.inner(), Error::TooMuch { limit, .. } if *limit == MAX_LINE as u64));
}

#[test]
fn lines_without_an_end_are_given_up_on_at_the_first_too_many() {
    let text = Published::new(7).evidence;
    let (taken, error) = taken_of(&text);
    assert!(matches!(error.inner(), Error::Order { .. }), "{error}");
    assert!(taken <= text.len() + 64 * 1024, "{taken}");
}

#[test]
fn the_verifier_reads_no_more_than_the_answer_says() {
    let published = Published::new(7);
    let mut endless = Endless {
        text: published.evidence.clone(),
        taken: 0,
    };
    let checked = published.check_document().unwrap();
    checked.evidence(BufReader::new(&mut endless)).unwrap_err();
    assert!(
        endless.taken <= published.evidence.len() + 64 * 1024,
        "{}",
        endless.taken
    );
}

#[test]
fn a_little_that_unpacks_to_much_is_given_up_on() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        encoder.write_all(&vec![b'a'; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 100_000);
    let error = Tally::read(gunzip(bomb.as_slice())).unwrap_err();
    assert!(matches!(error.inner(), Error::TooMuch { .. }), "{error}");
}

#[test]
fn a_download_that_breaks_is_nobodys_lie() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::ConnectionReset))
        }
    }
    let published = Published::new(7);
    let half = &published.evidence[..1000];
    let refusal = published
        .check_document()
        .unwrap()
        .evidence(BufReader::new(half.chain(Broken)))
        .unwrap_err();
    assert!(
        matches!(refusal.error, Error::Read(_)),
        "{refusal}: {}",
        refusal.error
    );
    let cut = published.check_document().unwrap().evidence(half).unwrap_err();
    assert!(!matches!(cut.error, Error::Read(_)));
}

#[test]
fn a_cycle_that_promises_too_much_is_refused_at_once() {
    let many = |miners, episodes| {
        let mut cycle = cycle_line(7);
        cycle.miners = miners;
        cycle.episodes_per_environment = episodes;
        let error = Tally::new().push(&Line::Cycle(Box::new(cycle))).err();
        error.map(|error| match error {
            Error::TooMuch { limit, .. } => limit,
            other => panic!("{other}"),
        })
    };
    assert_eq!(many(u32::MAX, u32::MAX), Some(u64::from(MAX_MINERS)));
    assert_eq!(many(MAX_MINERS + 1, 1), Some(u64::from(MAX_MINERS)));
    assert_eq!(many(MAX_MINERS, u32::MAX), Some(MAX_TASKS));
    assert_eq!(many(MAX_MINERS, 1), None);
    let mut cycle = cycle_line(7);
    cycle.miners = MAX_MINERS;
    cycle.environments = (0..65).map(|e| format!("a/{e}").parse().unwrap()).collect();
    let error = Tally::new().push(&Line::Cycle(Box::new(cycle))).unwrap_err();
    assert!(
        matches!(error, Error::TooMuch { limit: MAX_CELLS, .. }),
        "{error}"
    );
}

#[test]
fn a_cycle_without_an_environment_or_an_episode_is_none() {
    let mut without = cycle_line(7);
    without.environments.clear();
    let mut idle = cycle_line(7);
    idle.episodes_per_environment = 0;
    for cycle in [without, idle] {
        let error = Tally::new().push(&Line::Cycle(Box::new(cycle))).unwrap_err();
        assert!(matches!(error, Error::Cycle { .. }), "{error}");
    }
}

#[test]
fn what_a_reader_would_refuse_is_not_written() {
    let mut writer = Writer::new();
    let mut cycle = cycle_line(7);
    cycle.code_version = "x".repeat(MAX_CYCLE_LINE);
    let error = writer.push(&Line::Cycle(Box::new(cycle))).unwrap_err();
    assert!(matches!(error.inner(), Error::TooMuch { .. }), "{error}");
    let mut cycle = cycle_line(7);
    cycle.settings.max_gap = f64::NAN;
    assert!(writer.push(&Line::Cycle(Box::new(cycle))).is_err());
    for line in lines(7) {
        if let Line::Result(mut result) = line {
            for reward in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                result.reward = reward;
                assert!(writer.push(&Line::Result(result.clone())).is_err());
            }
        }
    }
    let finished = writer.finish().unwrap();
    assert_eq!(
        (finished.lines, finished.bytes, finished.last_chunk),
        (0, 0, None)
    );
}

#[test]
fn a_large_bundle_comes_in_chunks_each_of_which_unpacks_alone() {
    let mut cycle = cycle_line(7);
    cycle.episodes_per_environment = 1000;
    let all = lines_of(&cycle, &miner_lines());
    let (mut writer, mut chunks, mut text) = (Writer::new(), Vec::new(), Vec::new());
    for line in &all {
        writer.push(line).unwrap();
        chunks.extend(writer.take_chunk());
    }
    let finished = writer.finish().unwrap();
    chunks.extend(finished.last_chunk);
    assert!(chunks.len() >= 3, "{}", chunks.len());
    for chunk in &chunks {
        // A flushed block that ends at a byte, then the empty last one, then checksum and length.
        assert_eq!(chunk[chunk.len() - 14..chunk.len() - 8], [0, 0, 0xff, 0xff, 3, 0]);
        let mut part = Vec::new();
        flate2::read::GzDecoder::new(chunk.as_slice())
            .read_to_end(&mut part)
            .unwrap();
        assert!(part.len() < (1 << 20) + MAX_LINE, "{}", part.len());
        text.extend(part);
    }
    let (_, read) = Tally::read(text.as_slice()).unwrap();
    assert_eq!(
        (read.sha256, read.bytes, read.lines),
        (finished.sha256, finished.bytes, finished.lines)
    );
    let (_, unpacked) = Tally::read(gunzip(chunks.concat().as_slice())).unwrap();
    assert_eq!(unpacked, read);
}
