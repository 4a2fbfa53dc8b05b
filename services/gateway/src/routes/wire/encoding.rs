//! In which form a client takes a body: as it is, or compressed with gzip.

use crate::{Error, Result};
use axum::http::{HeaderMap, header};

/// A form of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As it is.
    Identity,
    /// Compressed.
    Gzip,
}

/// The form that the client likes best; of two that it likes as well, the smaller one. Without a word from the
/// client, as it is.
///
/// # Errors
/// [`Error::NoEncoding`] if it takes neither.
pub(crate) fn encoding(request: &HeaderMap) -> Result<Encoding> {
    let wanted = Wanted::read(request);
    let gzip = wanted.gzip.or(wanted.any).unwrap_or(0);
    // Taken unless it is excluded, and of no particular worth unless it is named.
    let identity = wanted.identity.or(wanted.any.filter(|worth| *worth == 0));
    match (gzip, identity) {
        (0, Some(0)) => Err(Error::NoEncoding),
        (0, _) => Ok(Encoding::Identity),
        (gzip, Some(identity)) if identity > gzip => Ok(Encoding::Identity),
        _ => Ok(Encoding::Gzip),
    }
}

/// What each coding is worth to the client, in thousandths; 0 is refused.
#[derive(Debug, Default)]
struct Wanted {
    gzip: Option<u16>,
    identity: Option<u16>,
    any: Option<u16>,
}

impl Wanted {
    fn read(request: &HeaderMap) -> Self {
        let mut wanted = Self::default();
        let values = request.get_all(header::ACCEPT_ENCODING).into_iter();
        for item in values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
        {
            let (coding, worth) = item.split_once(';').unwrap_or((item, "q=1"));
            // What cannot be read says nothing.
            let Some(worth) = thousandths(worth) else { continue };
            match coding.trim().to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => wanted.gzip = Some(worth),
                "identity" => wanted.identity = Some(worth),
                "*" => wanted.any = Some(worth),
                _ => {}
            }
        }
        wanted
    }
}

/// `q=` and a number from 0 to 1 with at most three digits behind the point.
fn thousandths(text: &str) -> Option<u16> {
    let (name, number) = text.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, rest) = number.trim().split_once('.').unwrap_or((number.trim(), ""));
    if rest.len() > 3 || !rest.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let rest = format!("{rest:0<3}").parse::<u16>().ok()?;
    match (whole, rest) {
        ("0", rest) => Some(rest),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(values: &[&str]) -> Option<Encoding> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ACCEPT_ENCODING, value.parse().unwrap());
        }
        match encoding(&headers) {
            Ok(encoding) => Some(encoding),
            Err(Error::NoEncoding) => None,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn the_form_is_what_the_client_likes_best() {
        use Encoding::{Gzip, Identity};
        for (value, expected) in [
            ("gzip", Some(Gzip)),
            ("deflate, gzip, br, zstd", Some(Gzip)),
            ("GZIP;Q=0.5", Some(Gzip)),
            ("x-gzip", Some(Gzip)),
            ("gzip;q=0.001", Some(Gzip)),
            ("*", Some(Gzip)),
            ("gzip, identity", Some(Gzip)),
            ("gzip;q=0.5, identity;q=0.5", Some(Gzip)),
            ("gzip;q=0.5, identity", Some(Identity)),
            ("gzip;q=0.5, identity;q=0.501", Some(Identity)),
            ("gzip;q=0", Some(Identity)),
            ("gzip;q=0.000, *", Some(Identity)),
            ("identity;q=0, gzip;q=0.1", Some(Gzip)),
            ("identity;q=0, *", Some(Gzip)),
            ("*;q=0, gzip", Some(Gzip)),
            ("*;q=0, identity", Some(Identity)),
            ("br", Some(Identity)),
            ("", Some(Identity)),
            ("identity", Some(Identity)),
            ("identity;q=0", None),
            ("*;q=0", None),
            ("identity;q=0, gzip;q=0", None),
            ("br, *;q=0", None),
        ] {
            assert_eq!(asking(&[value]), expected, "`{value}`");
        }
        assert_eq!(asking(&[]), Some(Identity));
        assert_eq!(asking(&["br", "gzip"]), Some(Gzip));
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for value in [
            "gzip;q=2",
            "gzip;q=-1",
            "gzip;q=1.5",
            "gzip;q=0.1234",
            "gzip;q=x",
            "gzip;q",
            "gzip;level=9",
            ";",
            ",,",
            "gzipped",
            "gzip;q=",
        ] {
            assert_eq!(asking(&[value]), Some(Encoding::Identity), "`{value}`");
        }
    }
}
