//! Base85 with RFC 1924's alphabet: it has no colon, quote or backslash, so it stands in every commitment as it is.

use crate::{Error, Result};

const ALPHABET: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// How many characters these many bytes become: 5 for each 4, and one more than it has bytes for a shorter rest.
pub(crate) const fn encoded_len(bytes: usize) -> usize {
    bytes / 4 * 5
        + match bytes % 4 {
            0 => 0,
            rest => rest + 1,
        }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(encoded_len(bytes.len()));
    for chunk in bytes.chunks(4) {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes(word);
        let digits = [85_u32.pow(4), 85_u32.pow(3), 85_u32.pow(2), 85, 1].map(|power| word / power % 85);
        let kept = digits.into_iter().take(chunk.len() + 1);
        text.extend(kept.map(|digit| char::from(ALPHABET[digit as usize])));
    }
    text
}

/// Strictly what [`encode`] writes: of the many texts that stand for the same bytes, one is taken.
///
/// v2 took them all, so an envelope of 80 characters had 82 others with one more. A copy that differs in its text
/// only would count as a commitment of its own.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 5 * 4 + 4);
    for chunk in text.as_bytes().chunks(5) {
        let mut word = 0_u64;
        for index in 0..5 {
            // A short group is filled with the last digit, as encoders cut what zeros made.
            let digit = chunk.get(index).map_or(Ok(84), |byte| digit(*byte))?;
            word = word * 85 + u64::from(digit);
        }
        let word = u32::try_from(word).map_err(|_| fault("a group is beyond 32 bits"))?;
        bytes.extend(word.to_be_bytes().into_iter().take(chunk.len() - 1));
    }
    if encode(&bytes) == text {
        Ok(bytes)
    } else {
        Err(fault("it is not what its bytes are written as"))
    }
}

fn digit(byte: u8) -> Result<u8> {
    let digit = match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'Z' => byte - b'A' + 10,
        b'a'..=b'z' => byte - b'a' + 36,
        _ => {
            let at = ALPHABET[62..].iter().position(|known| *known == byte);
            let at = at.and_then(|at| u8::try_from(at).ok());
            at.ok_or_else(|| fault("a character is not of its alphabet"))? + 62
        }
    };
    Ok(digit)
}

const fn fault(fault: &'static str) -> Error {
    Error::Base85 { fault }
}
