//! Our types in the database's columns and back.

use crate::{Error, Result};
use jiff::Timestamp;
use kinitro_proto::{Environment, Hotkey, Uid};
use sqlx::{
    Decode, Postgres, Row, Type,
    error::BoxDynError,
    postgres::{PgRow, PgTypeInfo, PgValueRef},
};
use std::str::FromStr;

/// The longest text of a stranger's that is kept, in characters.
const TEXT_LIMIT: usize = 2048;

/// Makes text safe to store: PostgreSQL refuses U+0000, and one such text must not fail a whole batch.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(TEXT_LIMIT)
        .collect()
}

/// A number that may be anything, kept within the column.
pub(crate) fn saturated(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that must be kept exactly.
pub(crate) fn exact<T: TryFrom<u64>>(what: &'static str, value: u64) -> Result<T> {
    T::try_from(value).map_err(|_| Error::OutOfRange { what, value })
}

/// Reads columns as our types.
pub(crate) trait Columns {
    /// A number of any of our widths, from `int` or `bigint`.
    fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T, sqlx::Error>;
    /// A text that is an id.
    fn id<T: FromStr<Err = kinitro_proto::Error>>(&self, column: &str) -> Result<T, sqlx::Error>;
    fn time(&self, column: &str) -> Result<Timestamp, sqlx::Error>;
    fn time_if_any(&self, column: &str) -> Result<Option<Timestamp>, sqlx::Error>;
    fn uids(&self, column: &str) -> Result<Vec<Uid>, sqlx::Error>;
    fn environments(&self, column: &str) -> Result<Vec<Environment>, sqlx::Error>;

    fn uid(&self, column: &str) -> Result<Uid, sqlx::Error> {
        self.number(column).map(Uid)
    }

    fn hotkey(&self, column: &str) -> Result<Hotkey, sqlx::Error> {
        self.id(column)
    }

    fn environment(&self, column: &str) -> Result<Environment, sqlx::Error> {
        self.id(column)
    }
}

impl Columns for PgRow {
    fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T, sqlx::Error> {
        let value = self
            .try_get::<i64, _>(column)
            .or_else(|_| self.try_get::<i32, _>(column).map(i64::from))?;
        T::try_from(value).map_err(|_| refused(column, format!("`{value}` is out of range").into()))
    }

    fn id<T: FromStr<Err = kinitro_proto::Error>>(&self, column: &str) -> Result<T, sqlx::Error> {
        self.try_get::<&str, _>(column)?
            .parse()
            .map_err(|error| refused(column, Box::new(error)))
    }

    fn time(&self, column: &str) -> Result<Timestamp, sqlx::Error> {
        self.try_get::<Stamp, _>(column).map(|stamp| stamp.0)
    }

    fn time_if_any(&self, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
        Ok(self.try_get::<Option<Stamp>, _>(column)?.map(|stamp| stamp.0))
    }

    fn uids(&self, column: &str) -> Result<Vec<Uid>, sqlx::Error> {
        numbers(column, &self.try_get::<Vec<i32>, _>(column)?).map(|uids| uids.into_iter().map(Uid).collect())
    }

    fn environments(&self, column: &str) -> Result<Vec<Environment>, sqlx::Error> {
        let texts = self.try_get::<Vec<String>, _>(column)?;
        let read = |text| Environment::try_from(text).map_err(|error| refused(column, Box::new(error)));
        texts.into_iter().map(read).collect()
    }
}

/// Numbers of 16 bits, from `int[]`.
pub(crate) fn numbers(column: &str, values: &[i32]) -> Result<Vec<u16>, sqlx::Error> {
    let read = |&value| {
        u16::try_from(value).map_err(|_| refused(column, format!("`{value}` is out of range").into()))
    };
    values.iter().map(read).collect()
}

/// The column holds something that is none of our values.
pub(crate) fn refused(column: &str, source: BoxDynError) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source,
    }
}

/// A `timestamptz` in the binary form: microseconds since 2000.
struct Stamp(Timestamp);

/// 2000-01-01T00:00:00Z in microseconds since 1970.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

impl Type<Postgres> for Stamp {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("TIMESTAMPTZ")
    }
}

impl<'r> Decode<'r, Postgres> for Stamp {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let micros = <i64 as Decode<Postgres>>::decode(value)?;
        let since_1970 = micros.checked_add(EPOCH_MICROS).ok_or("a time without end")?;
        Ok(Self(Timestamp::from_microsecond(since_1970)?))
    }
}
