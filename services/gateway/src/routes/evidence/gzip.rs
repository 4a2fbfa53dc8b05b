//! One gzip stream made of many gzip members, without compressing anything again.
//!
//! Members laid end to end are a gzip file, but not a body that every client reads: curl fails after the first
//! member, browsers stop there without a word. So what the members hold is joined under one head and one end.

use bytes::Bytes;
use flate2::Crc;

/// A head without a name, a comment or a time, made on an unknown system.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// So many bytes of a head that stand anywhere are taken for one. By chance they will hardly ever be there.
const UNLIKELY: usize = 8;
/// Checksum and length.
const TRAILER: usize = 8;
/// What a flush leaves: an empty block that is not the last and ends with a whole byte.
const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];
/// An empty last block, as a compressor writes it, in one of two ways.
const LAST: [&[u8]; 2] = [&[3, 0], &[1, 0, 0, 0xff, 0xff]];
/// The most a block that is not compressed can hold.
const STORED: usize = 65_535;

/// The stream so far: what its end will say.
#[derive(Debug, Default)]
pub(super) struct Joined {
    crc: u32,
    length: u32,
}

impl Joined {
    /// How the stream begins.
    pub(super) const fn head() -> Bytes {
        Bytes::from_static(&HEAD)
    }

    /// The blocks of a member whose writer flushed before it finished, and the length of the text in them. `None`
    /// if it did not, for then the last block cannot be told from the others without unpacking them; and if it is
    /// not one plain member.
    pub(super) fn member(&mut self, member: &Bytes) -> Option<(Bytes, u32)> {
        let inner = member.len().checked_sub(TRAILER)?;
        let (blocks, trailer) = member.split_at(inner);
        let is_head = |bytes: &[u8]| bytes.starts_with(&HEAD[..UNLIKELY]);
        let (first, others) = (is_head(blocks), blocks.windows(UNLIKELY).skip(1));
        if !first || others.into_iter().any(is_head) {
            return None;
        }
        let last = LAST.iter().find(|last| {
            let before = blocks.strip_suffix(**last);
            before.is_some_and(|before| before.len() >= HEAD.len() && before.ends_with(&FLUSHED))
        })?;
        let number = |at: usize| {
            let bytes: [u8; 4] = trailer[at..at + 4].try_into().expect("four bytes of eight");
            u32::from_le_bytes(bytes)
        };
        let length = number(4);
        self.add(number(0), length);
        Some((member.slice(HEAD.len()..inner - last.len()), length))
    }

    /// Text of a member that cannot be joined, as blocks that are not compressed.
    pub(super) fn text(&mut self, text: &[u8]) -> Bytes {
        let mut blocks = Vec::with_capacity(text.len() + 16);
        for part in text.chunks(STORED) {
            let length = u16::try_from(part.len()).expect("a part is no longer than its length can say");
            blocks.push(0);
            blocks.extend_from_slice(&length.to_le_bytes());
            blocks.extend_from_slice(&(!length).to_le_bytes());
            blocks.extend_from_slice(part);
            let mut crc = Crc::new();
            crc.update(part);
            self.add(crc.sum(), length.into());
        }
        Bytes::from(blocks)
    }

    /// How the stream ends.
    pub(super) fn end(&self) -> Bytes {
        let numbers = [self.crc.to_le_bytes(), self.length.to_le_bytes()];
        Bytes::from([LAST[0], numbers.as_flattened()].concat())
    }

    fn add(&mut self, crc: u32, length: u32) {
        self.crc = times(power(length), self.crc) ^ crc;
        // As the format has it: the length's last 32 bits.
        self.length = self.length.wrapping_add(length);
    }
}

/// The polynomial of gzip's checksum; as everywhere here, the lowest power is the highest bit.
const POLYNOMIAL: u32 = 0xedb8_8320;
/// The power 0.
const ONE: u32 = 1 << 31;

/// The product of two polynomials, modulo the checksum's.
fn times(mut a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    while a != 0 {
        if a & ONE != 0 {
            product ^= b;
        }
        a <<= 1;
        b = if b & 1 == 0 { b >> 1 } else { (b >> 1) ^ POLYNOMIAL };
    }
    product
}

/// What a checksum is multiplied by when that many bytes follow: the power of eight times as much.
fn power(mut bytes: u32) -> u32 {
    let (mut power, mut square) = (ONE, ONE >> 8);
    while bytes != 0 {
        if bytes & 1 == 1 {
            power = times(power, square);
        }
        square = times(square, square);
        bytes >>= 1;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, read::GzDecoder, write::GzEncoder};
    use std::io::{Read, Write};

    /// A member as a bundle's writer makes it.
    fn flushed(text: &[u8], level: Compression) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), level);
        encoder.write_all(text).unwrap();
        encoder.flush().unwrap();
        Bytes::from(encoder.finish().unwrap())
    }

    /// A member of a writer that did not flush.
    fn finished(text: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        Bytes::from(encoder.finish().unwrap())
    }

    fn lines(from: u32, to: u32) -> Vec<u8> {
        (from..to)
            .flat_map(|n| format!("{{\"line\":{n},\"of\":{}}}\n", n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect()
    }

    /// Reads one member and nothing behind it, as curl and browsers do.
    fn read(stream: &[u8]) -> Vec<u8> {
        let (mut text, mut rest) = (Vec::new(), stream);
        let mut decoder = flate2::bufread::GzDecoder::new(&mut rest);
        decoder.read_to_end(&mut text).unwrap();
        assert!(rest.is_empty(), "{} bytes behind the end", rest.len());
        text
    }

    #[test]
    fn members_become_one_stream_and_are_not_compressed_again() {
        for level in [0, 1, 6, 9].map(Compression::new) {
            let texts = [lines(0, 9000), lines(9000, 9001), Vec::new(), lines(9001, 20_000)];
            let members = texts.each_ref().map(|text| flushed(text, level));
            let mut joined = Joined::default();
            let mut stream = Joined::head().to_vec();
            for (member, text) in members.iter().zip(&texts) {
                let (blocks, length) = joined.member(member).expect("it was flushed");
                assert_eq!(length as usize, text.len());
                stream.extend_from_slice(&blocks);
            }
            stream.extend_from_slice(&joined.end());
            assert!(read(&stream) == texts.concat(), "{level:?}");
            let whole: usize = members.iter().map(Bytes::len).sum();
            assert!(stream.len() < whole, "{} of {whole} bytes", stream.len());
        }
    }

    #[test]
    fn a_member_that_was_not_flushed_is_joined_as_it_unpacks() {
        let texts = [lines(0, 5000), lines(5000, 9000), lines(9000, 9100)];
        let mut joined = Joined::default();
        let mut stream = Joined::head().to_vec();
        stream.extend_from_slice(&joined.member(&flushed(&texts[0], Compression::fast())).unwrap().0);
        let plain = finished(&texts[1]);
        assert!(joined.member(&plain).is_none());
        let mut text = Vec::new();
        GzDecoder::new(&plain[..]).read_to_end(&mut text).unwrap();
        stream.extend_from_slice(&joined.text(&text));
        stream.extend_from_slice(&joined.member(&flushed(&texts[2], Compression::fast())).unwrap().0);
        stream.extend_from_slice(&joined.end());
        assert!(read(&stream) == texts.concat());
    }

    #[test]
    fn what_is_no_plain_member_is_not_joined() {
        let member = flushed(&lines(0, 10), Compression::fast());
        let mut named = member.to_vec();
        named[3] = 8;
        for bytes in [
            Bytes::from(named),
            Bytes::from([&member[..], &member[..]].concat()),
            member.slice(..17),
            member.slice(1..),
            Bytes::new(),
            Bytes::from_static(b"{\"kind\":\"cycle\"}\n"),
        ] {
            assert!(Joined::default().member(&bytes).is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn a_stream_of_nothing_is_empty() {
        let stream = [Joined::head(), Joined::default().end()].concat();
        assert!(read(&stream).is_empty());
    }
}
