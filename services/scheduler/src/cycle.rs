//! Opening a cycle: the miners at one block, and every task, in one transaction.

use crate::{
    Config, Error,
    miners::{MinerSource, Snapshot},
    plan,
};
use kinitro_audit::{MAX_CELLS, MAX_MINERS, MAX_TASKS, STRATEGY};
use kinitro_proto::{CycleId, Event};
use kinitro_store::{NewCycle, NewMiner, Secret, Store};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A cycle that this scheduler has opened.
pub(crate) struct Opened {
    pub(crate) cycle: CycleId,
    pub(crate) tasks: u64,
    pub(crate) secret_hash: [u8; 32],
}

impl Opened {
    /// The word of it: with the commitment, so that whoever watches has it before the first episode is run.
    pub(crate) fn event(&self) -> Event {
        Event::CycleOpened {
            cycle: self.cycle,
            tasks: self.tasks,
            secret_hash: Some(hex::encode(self.secret_hash)),
        }
    }
}

/// Opens the current interval's cycle if it is due. The miners are read only then, so while a cycle runs nothing
/// here waits for where they come from.
///
/// # Errors
/// The miners cannot be read, or the ledger refuses; nothing was opened, and the next call tries again.
pub(crate) async fn open_if_due(
    config: &Config,
    miners: &MinerSource,
    store: &Store,
    shutdown: &CancellationToken,
) -> Result<Option<Opened>, Error> {
    let is_due = async || store.is_due(config.netuid(), config.interval()).await;
    if !is_due().await? {
        return Ok(None);
    }
    let snapshot = match shutdown.run_until_cancelled(miners.snapshot()).await {
        None => return Ok(None),
        // Another scheduler, whose node was a block ahead, has opened it meanwhile.
        Some(Err(Error::Behind { .. })) if !is_due().await? => return Ok(None),
        Some(snapshot) => snapshot?,
    };
    let (cycle, secret) = new_cycle(config, &snapshot);
    check_size(&cycle)?;
    let tasks = plan::tasks(
        &snapshot.miners,
        &cycle.environments,
        config.episodes_per_env,
        &secret,
    );
    // None: another scheduler was quicker.
    let Some(id) = store.open_cycle(&cycle, tasks).await? else {
        return Ok(None);
    };
    let (block, miners) = (snapshot.block.0, snapshot.miners.len());
    tracing::info!(cycle.id = id.0, block, miners, "opened the cycle");
    let cells = miners as u64 * cycle.environments.len() as u64;
    Ok(Some(Opened {
        cycle: id,
        tasks: cells * u64::from(config.episodes_per_env),
        secret_hash: cycle.secret_hash,
    }))
}

/// What is opened can be judged: a cycle beyond the limits of evidence would run for nothing.
fn check_size(cycle: &NewCycle) -> Result<(), Error> {
    let (miners, environments) = (cycle.miners.len(), cycle.environments.len());
    let cells = miners as u64 * environments as u64;
    let tasks = cells.saturating_mul(cycle.episodes_per_environment.into());
    let limits = [
        ("miners", miners as u64, u64::from(MAX_MINERS)),
        ("cells", cells, MAX_CELLS),
        ("tasks", tasks, MAX_TASKS),
    ];
    match limits.into_iter().find(|(_, found, most)| found > most) {
        None => Ok(()),
        Some((what, found, most)) => Err(Error::TooLarge {
            miners,
            environments,
            episodes: cycle.episodes_per_environment,
            limit: format!("{found} {what}, at most {most}"),
        }),
    }
}

fn new_cycle(config: &Config, snapshot: &Snapshot) -> (NewCycle, [u8; 32]) {
    let secret: [u8; 32] = rand::random();
    let miners = snapshot.miners.iter().map(|miner| NewMiner {
        uid: miner.uid,
        hotkey: miner.hotkey.clone(),
        commit_block: miner.commit_block,
        endpoint: miner.endpoint.clone(),
        repo: miner.repo.clone(),
        revision: miner.revision.clone(),
    });
    let cycle = NewCycle {
        netuid: config.netuid(),
        interval: config.interval(),
        timeout: Duration::from_secs(config.cycle_timeout.into()),
        block_number: snapshot.block,
        block_hash: snapshot.block_hash.clone(),
        secret: Secret(secret),
        secret_hash: kinitro_audit::commitment(&secret),
        episodes_per_environment: config.episodes_per_env,
        environments: config.environments(),
        strategy: STRATEGY.to_owned(),
        settings: serde_json::to_value(config.settings()).expect("numbers are JSON"),
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        miners: miners.collect(),
    };
    (cycle, secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::miners::Miner;
    use clap::Parser;
    use kinitro_proto::{BlockNumber, Uid};

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        config: Config,
    }

    fn cycle(episodes: &str, miners: u16) -> (NewCycle, [u8; 32]) {
        let args = [
            "kinitro",
            "--missing-cell",
            "zero",
            "--episodes-per-env",
            episodes,
        ];
        let config = Cli::try_parse_from(args).unwrap().config;
        let miner = |uid| Miner {
            uid: Uid(uid),
            hotkey: format!("5A{uid}").parse().unwrap(),
            endpoint: "https://a.example".to_owned(),
            commit_block: None,
            repo: None,
            revision: None,
        };
        let snapshot = Snapshot {
            block: BlockNumber(7),
            block_hash: None,
            miners: (0..miners).map(miner).collect(),
        };
        new_cycle(&config, &snapshot)
    }

    #[test]
    fn the_event_has_the_commitment_and_not_the_secret() {
        let (cycle, secret) = cycle("2", 3);
        assert_eq!(cycle.settings["missing_cell"], "zero");
        let opened = Opened {
            cycle: CycleId(1),
            tasks: 6,
            secret_hash: cycle.secret_hash,
        };
        let Event::CycleOpened { secret_hash, .. } = opened.event() else {
            panic!("another event")
        };
        let digits = secret_hash.unwrap();
        assert_eq!(digits, hex::encode(kinitro_audit::commitment(&secret)));
        assert_ne!(digits, hex::encode(secret));
        assert_ne!(self::cycle("2", 3).1, secret, "a secret is drawn for each cycle");
    }

    #[test]
    fn a_cycle_that_could_never_be_judged_is_not_opened() {
        assert!(check_size(&cycle("50", 256).0).is_ok());
        let error = check_size(&cycle("4000000000", 1).0).unwrap_err();
        assert!(error.to_string().contains("tasks, at most 16777216"), "{error}");
    }
}
