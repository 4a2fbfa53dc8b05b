//! Deployment ids that are UUIDs: 16 bytes instead of 36 characters.

use crate::{Error, Result};

/// The bytes of 32 hexadecimal digits; dashes may stand anywhere, as v2 had it.
pub(crate) fn bytes(text: &str) -> Result<[u8; 16]> {
    let mut digits = text.bytes().filter(|byte| *byte != b'-');
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        let high = digits.next().and_then(nibble).ok_or(Error::NotUuid)?;
        let low = digits.next().and_then(nibble).ok_or(Error::NotUuid)?;
        *byte = high << 4 | low;
    }
    if digits.next().is_some() {
        return Err(Error::NotUuid);
    }
    Ok(bytes)
}

/// Lower case, 8-4-4-4-12.
pub(crate) fn text(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    text
}

/// A hexadecimal digit's value, of either case.
pub(crate) const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
