//! The schema: databases made and dropped, migrations applied and listed.

use crate::{DatabaseUrl, Error, Result, Store, error::Doing};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, migrate::Migrator, postgres::PgConnectOptions,
};
use std::{collections::BTreeMap, io, time::Duration};

/// What is kept: the files of the folder `migrations`, in order.
static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// How long a server has to take a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// The codes of `duplicate_database`, and of its catalogue's key when two create it at once.
const DUPLICATE: [&str; 2] = ["42P04", "23505"];

/// One numbered step of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub description: String,
    /// Whether the database has it.
    pub state: MigrationState,
}

/// Whether the database has a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationState {
    /// It has.
    Applied,
    /// Not yet.
    Pending,
    /// It has another one of that number: the file was changed after it was applied.
    Changed,
    /// It has one that this version does not know: a newer version was here.
    Unknown,
}

impl Store {
    /// Brings the schema up to date. Two may do so at once: one waits for the other.
    ///
    /// # Errors
    /// [`Error::Migrate`], also if an applied migration differs from this version's.
    pub async fn migrate(&self) -> Result<()> {
        let mut connection = connected(&self.patient())
            .await
            .doing("connect to the database")?;
        MIGRATOR
            .run_direct(None, &mut connection, false)
            .await
            .map_err(|source| Error::Migrate { source })?;
        connection.close().await.doing("close the connection")
    }

    /// Lists the migrations that this version or the database knows, in order.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn migration_status(&self) -> Result<Vec<Migration>> {
        let mut applied = self.applied_migrations().await?;
        let mut list = Vec::new();
        for known in MIGRATOR.iter() {
            let state = match applied.remove(&known.version) {
                None => MigrationState::Pending,
                Some((_, checksum)) if checksum == *known.checksum => MigrationState::Applied,
                Some(_) => MigrationState::Changed,
            };
            list.push(Migration {
                version: known.version,
                description: known.description.to_string(),
                state,
            });
        }
        list.extend(applied.into_iter().map(|(version, (description, _))| Migration {
            version,
            description,
            state: MigrationState::Unknown,
        }));
        Ok(list)
    }

    async fn applied_migrations(&self) -> Result<BTreeMap<i64, (String, Vec<u8>)>> {
        let listed: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
            .fetch_one(&self.pool)
            .await
            .doing("look for the list of migrations")?;
        if !listed {
            return Ok(BTreeMap::new());
        }
        let rows: Vec<(i64, String, Vec<u8>)> =
            sqlx::query_as("SELECT version, description, checksum FROM _sqlx_migrations WHERE success")
                .fetch_all(&self.pool)
                .await
                .doing("list the applied migrations")?;
        Ok(rows
            .into_iter()
            .map(|(version, description, checksum)| (version, (description, checksum)))
            .collect())
    }

    /// The pool's options without its limits on time: a migration of a large table takes as long as it takes.
    fn patient(&self) -> PgConnectOptions {
        let options = self.pool.connect_options();
        options.as_ref().clone().options([
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
        ])
    }
}

/// Creates the database through the server's maintenance database; false if it is there already.
///
/// # Errors
/// If the server is away or refuses.
pub async fn create_database(url: &DatabaseUrl) -> Result<bool> {
    let mut connection = maintenance(url).await?;
    let statement = format!("CREATE DATABASE {}", quoted(url.database()));
    let created = match sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
    {
        Ok(_) => true,
        Err(sqlx::Error::Database(refused)) if is_duplicate(refused.code().as_deref()) => false,
        Err(source) => {
            return Err(Error::Query {
                doing: "create the database",
                source,
            });
        }
    };
    connection.close().await.doing("close the connection")?;
    Ok(created)
}

/// Drops the database, ending its sessions; false if there is none.
///
/// # Errors
/// If the server is away or refuses.
pub async fn drop_database(url: &DatabaseUrl) -> Result<bool> {
    let mut connection = maintenance(url).await?;
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(url.database())
        .fetch_one(&mut connection)
        .await
        .doing("look for the database")?;
    let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(url.database()));
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .doing("drop the database")?;
    connection.close().await.doing("close the connection")?;
    Ok(there)
}

async fn maintenance(url: &DatabaseUrl) -> Result<PgConnection> {
    let connecting = connected(&url.maintenance_options()).await;
    connecting.map_err(|source| Error::Connect {
        url: url.to_string(),
        source,
    })
}

async fn connected(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection within 10 s");
    tokio::time::timeout(CONNECT, options.connect())
        .await
        .map_err(late)?
}

fn is_duplicate(code: Option<&str>) -> bool {
    code.is_some_and(|code| DUPLICATE.contains(&code))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
