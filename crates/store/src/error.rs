/// What can go wrong with the ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not the address of a database. Not shown, since it may hold a password.
    #[error("not the address of a database: {rule}")]
    BadUrl {
        /// What such an address looks like.
        rule: &'static str,
    },
    /// A server could not be reached at its maintenance database, or at all.
    #[error("could not connect to `{url}`")]
    Connect {
        /// The address, without its password.
        url: String,
        /// What the driver met.
        source: sqlx::Error,
    },
    /// A statement or a transaction failed.
    #[error("could not {doing}")]
    Query {
        /// What was being done.
        doing: &'static str,
        /// What the driver met.
        source: sqlx::Error,
    },
    /// The schema could not be brought up to date.
    #[error("could not migrate the database")]
    Migrate {
        /// What the migrator met.
        source: sqlx::migrate::MigrateError,
    },
    /// A number does not fit its column.
    #[error("{what} `{value}` is beyond what the ledger can hold")]
    OutOfRange {
        /// What the number is.
        what: &'static str,
        /// The number.
        value: u64,
    },
    /// A document is signed by a key that nobody added.
    #[error("no signing key `{key_id}` was added")]
    UnknownKey {
        /// The key's id.
        key_id: String,
    },
    /// A document is signed by a key that may not sign any more.
    #[error("the signing key `{key_id}` is retired")]
    RetiredKey {
        /// The key's id.
        key_id: String,
    },
    /// Another key has this key's id.
    #[error("the id `{key_id}` is that of another signing key")]
    KeyTaken {
        /// The id.
        key_id: String,
    },
}

impl Error {
    /// Whether trying again later may help: the database is away, busy or restarting, rather than refusing.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connect { source, .. } | Self::Query { source, .. } => passes(source),
            Self::Migrate { .. }
            | Self::BadUrl { .. }
            | Self::OutOfRange { .. }
            | Self::UnknownKey { .. }
            | Self::RetiredKey { .. }
            | Self::KeyTaken { .. } => false,
        }
    }

    /// Whether the database refuses who asks, or what they may do.
    #[must_use]
    pub fn is_unauthorised(&self) -> bool {
        match self {
            Self::Connect { source, .. } | Self::Query { source, .. } => refuses(source),
            Self::Migrate { .. }
            | Self::BadUrl { .. }
            | Self::OutOfRange { .. }
            | Self::UnknownKey { .. }
            | Self::RetiredKey { .. }
            | Self::KeyTaken { .. } => false,
        }
    }
}

/// Classes and codes: invalid authorization, insufficient privilege.
fn refuses(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|refused| refused.code());
    code.is_some_and(|code| code.starts_with("28") || code == "42501")
}

fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Classes: connection, transaction rollback, resources, lock not available, operator intervention
        // (statement timeouts among them), system error.
        sqlx::Error::Database(refused) => refused.code().is_some_and(|code| {
            ["08", "40", "53", "55", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class))
                || code == IDLE_IN_TRANSACTION
        }),
        _ => false,
    }
}

/// The session sat in a transaction for longer than it may.
const IDLE_IN_TRANSACTION: &str = "25P03";

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Says what was being done when the driver failed.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, doing: &'static str) -> Result<T> {
        self.map_err(|source| Error::Query { doing, source })
    }
}
