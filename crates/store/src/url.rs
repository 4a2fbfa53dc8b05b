//! The address of a database.

use crate::{Error, Result};
use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use std::{fmt, str::FromStr};
use url::Url;

/// The address of a PostgreSQL database, `postgresql://user:password@host:port/database`.
///
/// `postgres://` and `postgresql+asyncpg://` are read too. It prints with its password masked.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    url: Url,
    options: Options,
}

/// The driver's form of the address, made when the text is read so that it cannot fail later.
#[derive(Clone)]
struct Options(PgConnectOptions);

/// Made from the address alone, so the addresses decide.
impl PartialEq for Options {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Options {}

impl DatabaseUrl {
    /// Where the ledger is unless told otherwise.
    pub const DEFAULT: &str = "postgresql://postgres:postgres@localhost:5432/kinitro";

    /// The database's name.
    #[must_use]
    pub fn database(&self) -> &str {
        self.options
            .0
            .get_database()
            .expect("an address without a database is refused when it is read")
    }

    /// How the pool connects: no statement and no idle transaction lasts for ever.
    pub(crate) fn options(&self) -> PgConnectOptions {
        self.options.0.clone().application_name("kinitro").options([
            ("statement_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ])
    }

    /// How the schema is changed: in its own time.
    pub(crate) fn patient_options(&self) -> PgConnectOptions {
        self.options.0.clone().application_name("kinitro db")
    }

    /// The same server's maintenance database.
    pub(crate) fn maintenance_options(&self) -> PgConnectOptions {
        self.patient_options().database("postgres")
    }
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |rule| Error::BadUrl { rule };
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad(SCHEMES))?;
        if !["postgres", "postgresql", "postgresql+asyncpg"].contains(&scheme) {
            return Err(bad(SCHEMES));
        }
        let url = Url::parse(&format!("postgresql://{rest}")).map_err(|_| bad(SHAPE))?;
        let options = PgConnectOptions::from_url(&url).map_err(|_| bad(SHAPE))?;
        if url.path().trim_matches('/').is_empty() {
            return Err(bad("it names no database"));
        }
        Ok(Self {
            url,
            options: Options(options),
        })
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        if shown.password().is_some() {
            shown
                .set_password(Some("***"))
                .expect("a URL with a password can have another");
        }
        // A password may also come as a parameter, and no parameter is needed to tell databases apart.
        shown.set_query(None);
        shown.fmt(f)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const SCHEMES: &str = "it starts with `postgresql://`, `postgres://` or `postgresql+asyncpg://`";
const SHAPE: &str = "it looks like `postgresql://user:password@host:port/database`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_schemes_name_the_same_database() {
        let read = |scheme: &str| format!("{scheme}://u:p@h:5433/d").parse::<DatabaseUrl>().unwrap();
        assert_eq!(read("postgres"), read("postgresql"));
        assert_eq!(read("postgresql+asyncpg"), read("postgresql"));
        assert_ne!(read("postgres"), "postgres://u:p@h:5433/e".parse().unwrap());
        assert_eq!(
            DatabaseUrl::DEFAULT.parse::<DatabaseUrl>().unwrap().database(),
            "kinitro"
        );
    }

    #[test]
    fn a_password_is_never_printed() {
        let url: DatabaseUrl = "postgres://u:s%65cret@h/d?password=secret".parse().unwrap();
        assert_eq!(url.to_string(), "postgresql://u:***@h/d");
        assert_eq!(format!("{url:?}"), "postgresql://u:***@h/d");
        let error = "mysql://u:secret@h/d".parse::<DatabaseUrl>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "kinitro",
            "mysql://h/d",
            "postgres://h",
            "postgres://h/",
            "postgres://h:port/d",
        ] {
            assert!(text.parse::<DatabaseUrl>().is_err(), "`{text}`");
        }
    }
}
