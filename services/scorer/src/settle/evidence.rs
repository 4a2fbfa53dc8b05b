//! A cycle's evidence: each of its rows is a line, and each line goes into the bundle and into the tally that is judged.

use super::blocking;
use crate::Error;
use kinitro_audit::{
    Tally,
    bundle::{CycleLine, Finished, Line, MinerLine, MissingLine, MissingState, Outcome, ResultLine, Writer},
};
use kinitro_proto::{CycleId, Uid};
use kinitro_store::{Episode, EpisodeEnd, Settlement, SettlingCycle, SnapshotMiner};

/// All of a cycle's lines, as the judge wants them, and what their text came to.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) tally: Tally,
    pub(super) bundle: Finished,
}

/// Reads the cycle's rows, one miner's at a time, and puts their text into the ledger chunk by chunk. So memory holds one
/// miner's rows, whatever the cycle's size.
///
/// # Errors
/// The ledger cannot be asked, or its rows are not those of a cycle.
pub(super) async fn gather(settlement: &mut Settlement) -> Result<Evidence, Error> {
    let cycle = settlement.cycle().id;
    let mut lines = Lines::begin(settlement.cycle())?;
    let miners: Vec<Uid> = settlement.cycle().miners.iter().map(|miner| miner.uid).collect();
    for uid in miners {
        let episodes = settlement.episodes(uid).await?;
        lines = blocking(cycle, move || lines.add(uid, episodes)).await?;
        keep(settlement, &mut lines.chunks).await?;
    }
    let (evidence, mut last) = lines.finish()?;
    keep(settlement, &mut last).await?;
    Ok(evidence)
}

async fn keep(settlement: &mut Settlement, chunks: &mut Vec<Vec<u8>>) -> Result<(), Error> {
    for chunk in chunks.drain(..) {
        settlement.append_bundle(&chunk).await?;
    }
    Ok(())
}

/// The lines so far.
struct Lines {
    cycle: CycleId,
    tally: Tally,
    writer: Writer,
    /// Chunks of the bundle that are not in the ledger yet.
    chunks: Vec<Vec<u8>>,
}

impl Lines {
    fn begin(cycle: &SettlingCycle) -> Result<Self, Error> {
        let mut lines = Self {
            cycle: cycle.id,
            tally: Tally::new(),
            writer: Writer::new(),
            chunks: Vec::new(),
        };
        lines.push(&Line::Cycle(Box::new(cycle_line(cycle)?)))?;
        for miner in &cycle.miners {
            lines.push(&Line::Miner(miner_line(miner)))?;
        }
        Ok(lines)
    }

    fn add(mut self, uid: Uid, episodes: Vec<Episode>) -> Result<Self, Error> {
        for episode in episodes {
            self.push(&episode_line(uid, episode))?;
        }
        Ok(self)
    }

    /// The tally first: it says what is wrong with a line.
    fn push(&mut self, line: &Line) -> Result<(), Error> {
        let pushed = self.tally.push(line).and_then(|()| self.writer.push(line));
        pushed.map_err(|source| unjudged(self.cycle, source))?;
        self.chunks.extend(self.writer.take_chunk());
        Ok(())
    }

    /// The evidence, and what is left to keep of it.
    fn finish(mut self) -> Result<(Evidence, Vec<Vec<u8>>), Error> {
        let cycle = self.cycle;
        let finished = self.tally.finish().and_then(|()| self.writer.finish());
        let mut bundle = finished.map_err(|source| unjudged(cycle, source))?;
        self.chunks.extend(bundle.last_chunk.take());
        let tally = self.tally;
        Ok((Evidence { tally, bundle }, self.chunks))
    }
}

pub(super) const fn unjudged(cycle: CycleId, source: kinitro_audit::Error) -> Error {
    Error::Judge { cycle, source }
}

fn cycle_line(cycle: &SettlingCycle) -> Result<CycleLine, Error> {
    let settings = serde_json::from_value(cycle.settings.clone());
    Ok(CycleLine {
        cycle: cycle.id,
        netuid: cycle.netuid,
        interval: cycle.interval_number,
        block: cycle.block_number,
        block_hash: cycle.block_hash.clone(),
        opened_at: cycle.opened_at,
        deadline: cycle.deadline,
        episodes_per_environment: cycle.episodes_per_environment,
        environments: cycle.environments.clone(),
        strategy: cycle.strategy.clone(),
        settings: settings.map_err(|source| Error::Settings {
            cycle: cycle.id,
            source,
        })?,
        code_version: cycle.code_version.clone(),
        secret_hash: cycle.secret_hash,
        secret: cycle.secret.0,
        miners: u32::try_from(cycle.miners.len()).expect("uids have 16 bits"),
    })
}

fn miner_line(miner: &SnapshotMiner) -> MinerLine {
    MinerLine {
        uid: miner.uid,
        hotkey: miner.hotkey.clone(),
        commit_block: miner.commit_block,
        repo: miner.repo.clone(),
        revision: miner.revision.clone(),
    }
}

fn episode_line(uid: Uid, row: Episode) -> Line {
    let Episode {
        task,
        environment,
        episode,
        seed,
        end,
    } = row;
    match end {
        EpisodeEnd::Result {
            attempt,
            executor,
            fault,
            success,
            reward,
            steps,
        } => Line::Result(ResultLine {
            uid,
            environment,
            episode,
            seed,
            task,
            attempt,
            executor,
            outcome: if fault.is_some() {
                Outcome::MinerFault
            } else {
                Outcome::Scored
            },
            fault,
            success,
            reward,
            steps,
        }),
        EpisodeEnd::Missing { state, reason } => Line::Missing(MissingLine {
            uid,
            environment,
            episode,
            seed,
            task,
            state: match state {
                kinitro_store::MissingState::Discarded => MissingState::Discarded,
                kinitro_store::MissingState::Cancelled => MissingState::Cancelled,
            },
            reason,
        }),
    }
}
