//! `kinitro db`: the ledger's database.

use crate::{
    commands::Database,
    exit::{Exit, print},
};
use clap::{Args, Subcommand};
use kinitro_store::{Cycle, MigrationState, create_database, drop_database, read::Status};
use std::io::{self, BufRead, IsTerminal, Write};

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create the database; nothing happens if it is there
    #[command(after_help = "Example:\n  kinitro db create && kinitro db migrate")]
    Create(Database),
    /// Bring the schema up to date
    #[command(
        visible_alias = "init",
        after_help = "Example:\n  kinitro db migrate --database-url postgresql://kinitro@db:5432/kinitro"
    )]
    Migrate(Database),
    /// Show migrations, cycles, miners and the latest weights
    #[command(after_help = "Example:\n  kinitro db status")]
    Status(Database),
    /// Drop the database, create it and migrate: all history is lost
    #[command(after_help = "Example:\n  kinitro db reset --force")]
    Reset(Destructive),
    /// Drop the database: all history is lost
    #[command(after_help = "Example:\n  kinitro db drop --force")]
    Drop(Destructive),
}

/// What asks before it destroys.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Destructive {
    #[command(flatten)]
    database: Database,
    /// Do not ask
    #[arg(long, short)]
    force: bool,
}

pub(crate) async fn run(command: Command) -> Result<(), Exit> {
    match command {
        Command::Create(database) => create(&database).await,
        Command::Migrate(database) => migrate(&database).await,
        Command::Status(database) => status(&database).await,
        Command::Drop(what) => {
            what.confirm("drop")?;
            drop_(&what.database).await
        }
        Command::Reset(what) => {
            what.confirm("reset")?;
            drop_(&what.database).await?;
            create(&what.database).await?;
            migrate(&what.database).await
        }
    }
}

async fn create(database: &Database) -> Result<(), Exit> {
    let name = database.database_url.database();
    let created = create_database(&database.database_url).await?;
    print(if created {
        format!("created database `{name}`")
    } else {
        format!("database `{name}` is there already")
    })
}

async fn migrate(database: &Database) -> Result<(), Exit> {
    let store = database.store();
    store.migrate().await?;
    let migrations = store.migration_status().await?;
    print(format!(
        "the schema is up to date: {} migrations",
        migrations.len()
    ))
}

async fn drop_(database: &Database) -> Result<(), Exit> {
    let name = database.database_url.database();
    let dropped = drop_database(&database.database_url).await?;
    print(if dropped {
        format!("dropped database `{name}`")
    } else {
        format!("there is no database `{name}`")
    })
}

async fn status(database: &Database) -> Result<(), Exit> {
    let store = database.store();
    let migrations = store.migration_status().await?;
    let pending: Vec<_> = migrations
        .iter()
        .filter(|migration| migration.state != MigrationState::Applied)
        .collect();
    if !pending.is_empty() {
        for migration in pending {
            print(format!(
                "migration {:04} {}: {:?}",
                migration.version, migration.description, migration.state
            ))?;
        }
        return Err(Exit::Conflict(
            "the schema is not this version's; run `kinitro db migrate`".to_owned(),
        ));
    }
    let status = store.status().await?;
    print(told(&status))
}

fn told(status: &Status) -> String {
    let cycle = |cycle: &Option<Cycle>| {
        cycle.as_ref().map_or("none".to_owned(), |c| {
            format!("{} at block {} ({})", c.id, c.block_number, c.state)
        })
    };
    let weights = status
        .latest_weights
        .as_ref()
        .map_or("none".to_owned(), |weights| {
            format!(
                "cycle {}, block {}, {} miners, {}",
                weights.cycle,
                weights.block_number,
                weights.uids.len(),
                weights.created_at
            )
        });
    format!(
        "cycles:          {}\nminers scored:   {}\nlatest settled:  {}\nrunning now:     {}\nlatest weights:  {weights}",
        status.counts.cycles,
        status.counts.miners,
        cycle(&status.latest_settled),
        cycle(&status.current),
    )
}

impl Destructive {
    /// Asks on a terminal; anywhere else only `--force` will do.
    fn confirm(&self, verb: &str) -> Result<(), Exit> {
        let name = self.database.database_url.database();
        if self.force {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(Exit::Conflict(format!(
                "would {verb} database `{name}` and all its history; --force does it"
            )));
        }
        let mut error = io::stderr();
        write!(
            error,
            "{verb} database `{name}` and all its history? Type its name: "
        )
        .map_err(Exit::failure)?;
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map_err(Exit::failure)?;
        if line.trim() == name {
            Ok(())
        } else {
            Err(Exit::Conflict("nothing was changed".to_owned()))
        }
    }
}
