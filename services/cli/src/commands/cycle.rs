//! `kinitro cycle`: following cycles in the ledger.

mod progress;
mod show;

use crate::{
    commands::Database,
    exit::{Exit, print},
};
use clap::{Args, Subcommand};
use kinitro_chassis::{backoff, report, shutdown};
use kinitro_proto::CycleId;
use kinitro_store::{Cycle, CycleState, Store, read::FamilyProgress};
use progress::Progress;
use std::time::Duration;
use tokio::time::Instant;

/// How often the ledger is asked.
const LOOK: Duration = Duration::from_secs(1);

/// What to do with cycles.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the newest cycles
    #[command(after_help = "Example:\n  kinitro cycle list --limit 5")]
    List {
        #[command(flatten)]
        database: Database,
        /// How many
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Show a cycle: leaderboard, frontier and weights if it is settled, else how far it is
    #[command(after_help = "Example:\n  kinitro cycle show 42")]
    Show {
        #[command(flatten)]
        database: Database,
        /// The cycle [default: the newest]
        cycle: Option<CycleId>,
    },
    /// Follow the newest cycle: tasks done, rate, time left, by family
    #[command(after_help = "\
Example:
  kinitro cycle watch --until-settled --timeout 7200

Exit codes: 0 settled, 1 expired or cancelled, 6 not within --timeout.")]
    Watch(Watch),
}

/// How to follow a cycle.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Watch {
    #[command(flatten)]
    database: Database,
    /// End when the cycle has ended, and show what it came to
    #[arg(long)]
    until_settled: bool,
    /// Seconds to wait for that
    #[arg(long, default_value_t = 14_400, value_name = "SECONDS")]
    timeout: u64,
    /// The gateway's address, to be named at the end
    #[arg(long, value_name = "URL")]
    gateway_url: Option<String>,
}

pub(crate) async fn run(command: Command) -> Result<(), Exit> {
    match command {
        Command::List { database, limit } => {
            let cycles = database.store().cycles(limit).await?;
            print(show::list(&cycles))
        }
        Command::Show { database, cycle } => {
            let store = database.store();
            let found = match cycle {
                Some(cycle) => store.cycle(cycle).await?,
                None => newest(&store).await?,
            };
            let cycle = found.ok_or_else(|| Exit::NotFound("there is no such cycle".to_owned()))?;
            show_cycle(&store, &cycle).await
        }
        Command::Watch(watch) => watch.run().await,
    }
}

async fn newest(store: &Store) -> Result<Option<Cycle>, Exit> {
    Ok(store.cycles(1).await?.into_iter().next())
}

/// The newest cycle, and how far it is.
async fn look(store: &Store) -> Result<Option<(Cycle, Vec<FamilyProgress>)>, kinitro_store::Error> {
    let Some(cycle) = store.cycles(1).await?.into_iter().next() else {
        return Ok(None);
    };
    let families = store.progress(cycle.id).await?;
    Ok(Some((cycle, families)))
}

async fn show_cycle(store: &Store, cycle: &Cycle) -> Result<(), Exit> {
    if let Some(board) = store.leaderboard(cycle.id).await? {
        let weights = store.weights_of(cycle.id).await?;
        return print(show::settled(&board, weights.as_ref()));
    }
    let families = store.progress(cycle.id).await?;
    print(show::unsettled(cycle, &families))
}

impl Watch {
    async fn run(self) -> Result<(), Exit> {
        let stop = shutdown::on_signal().map_err(Exit::failure)?;
        let store = self.database.store();
        let until = Instant::now() + Duration::from_secs(self.timeout);
        let mut progress = Progress::new();
        loop {
            match look(&store).await {
                Ok(Some((cycle, families))) => {
                    progress.show(&cycle, &families)?;
                    if self.until_settled && !cycle.state.is_active() {
                        progress.end();
                        return self.end(&store, &cycle).await;
                    }
                }
                Ok(None) => tracing::debug!("no cycle yet"),
                // The ledger may be restarting: that is no reason to stop watching.
                Err(error) => {
                    tracing::warn!(error = %report(&error), "the ledger does not answer: trying again")
                }
            }
            if self.until_settled && Instant::now() >= until {
                progress.end();
                let within = self.timeout;
                return Err(Exit::TimedOut(format!("no cycle ended within {within} s")));
            }
            if !backoff::pause(LOOK, &stop).await {
                progress.end();
                return Ok(());
            }
        }
    }

    async fn end(&self, store: &Store, cycle: &Cycle) -> Result<(), Exit> {
        show_cycle(store, cycle).await?;
        if cycle.state != CycleState::Settled {
            let reason = cycle.reason.as_deref().unwrap_or("no reason is known");
            return Err(Exit::Failure(format!(
                "cycle {} {}: {reason}",
                cycle.id, cycle.state
            )));
        }
        match &self.gateway_url {
            Some(url) => print(format!(
                "\nGateway: {url}  (weights: {}/v1/weights/latest)",
                url.trim_end_matches('/')
            )),
            None => Ok(()),
        }
    }
}
