//! What a bundle's lines come to, cell by cell, and whether they can be a cycle's at all.

use crate::{
    Error, Result,
    bundle::{self, CycleLine, Line, MinerLine, MissingLine, MissingState, Outcome, ResultLine},
    commitment, seed,
};
use kinitro_proto::{Environment, Hotkey, Seed, Uid};
use kinitro_scoring::confidence::{Entrant, Outcomes};
use std::{collections::HashSet, io::BufRead};

/// The most miners: a subnet has no more slots.
pub const MAX_MINERS: u32 = 65_536;

/// The most cells, which are miners × environments.
pub const MAX_CELLS: u64 = 1 << 22;

/// The most tasks, which are cells × episodes.
pub const MAX_TASKS: u64 = 1 << 24;

/// The greatest reward, either way: no cell's sum is beyond what a float holds.
const MAX_REWARD: f64 = 1e100;

/// Takes a bundle's lines in their order and refuses what no cycle of ours can have. The scorer and who checks it push the
/// same lines, so both judge the same figures.
///
/// Memory grows with the lines that came and not with what the first of them promises: two bits an episode, 32 bytes a
/// cell, 64 a miner, and 8 a seed.
#[derive(Debug, Default)]
pub struct Tally {
    cycle: Option<Box<CycleLine>>,
    pub(crate) hotkeys: Vec<Hotkey>,
    known: HashSet<Hotkey>,
    /// Aligned with the hotkeys.
    pub(crate) entrants: Vec<Entrant>,
    /// By miner, then environment; as many as have begun.
    cells: Vec<Cell>,
    /// By environment, then episode; as many as have been asked for.
    seeds: Vec<Seed>,
    at: Place,
}

/// What is beside the successes of a cell.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cell {
    pub(crate) miner_faults: u32,
    pub(crate) reward: f64,
}

/// The episode whose line is next.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    miner: usize,
    environment: usize,
    episode: u32,
}

impl Tally {
    /// Starts before the first line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a whole bundle.
    ///
    /// # Errors
    ///
    /// As [`bundle::read`], [`Tally::push`] and [`Tally::finish`].
    pub fn read(reader: impl BufRead) -> Result<(Self, bundle::Read)> {
        let mut tally = Self::new();
        let read = bundle::read(reader, |line| tally.push(&line))?;
        tally.finish()?;
        Ok((tally, read))
    }

    /// Takes the next line.
    ///
    /// # Errors
    ///
    /// If another line should be there, the seed is not the formula's, the secret not the committed one, or the result one
    /// that cannot be. The tally is of no use then.
    pub fn push(&mut self, line: &Line) -> Result<()> {
        match (&self.cycle, line) {
            (None, Line::Cycle(cycle)) => self.open(cycle),
            (Some(cycle), Line::Miner(miner)) if self.hotkeys.len() < cycle.miners as usize => {
                self.add_miner(miner)
            }
            (Some(_), Line::Result(result))
                if self.is_at(result.uid, &result.environment, result.episode) =>
            {
                self.add_result(result)
            }
            (Some(_), Line::Missing(missing))
                if self.is_at(missing.uid, &missing.environment, missing.episode) =>
            {
                self.add_missing(missing)
            }
            _ => Err(Error::Order {
                expected: self.expected(),
                found: line.to_string(),
            }),
        }
    }

    /// Says that there are no more lines.
    ///
    /// # Errors
    ///
    /// If some are missing.
    pub fn finish(&self) -> Result<()> {
        if self.is_complete() {
            return Ok(());
        }
        Err(Error::Order {
            expected: self.expected(),
            found: "the end".to_owned(),
        })
    }

    /// The cycle's line, once it came.
    #[must_use]
    pub fn cycle(&self) -> Option<&CycleLine> {
        self.cycle.as_deref()
    }

    /// How many lines of episodes came.
    #[must_use]
    pub fn episodes(&self) -> u64 {
        let Some(cycle) = &self.cycle else { return 0 };
        let each = u64::from(cycle.episodes_per_environment);
        let cells = self.at.miner * cycle.environments.len() + self.at.environment;
        cells as u64 * each + u64::from(self.at.episode)
    }

    /// The cycle, if every line of it came.
    pub(crate) fn completed(&self) -> Result<&CycleLine> {
        let cycle = self.cycle.as_deref().filter(|_| self.is_complete());
        cycle.ok_or(Error::Unfinished)
    }

    /// A miner's cell: all of them are there once the tally is complete.
    pub(crate) fn cell(&self, miner: usize, environment: usize) -> Cell {
        let environments = self.cycle.as_ref().map_or(0, |cycle| cycle.environments.len());
        self.cells[miner * environments + environment]
    }

    fn is_complete(&self) -> bool {
        self.cycle.as_ref().is_some_and(|cycle| {
            let miners = cycle.miners as usize;
            self.hotkeys.len() == miners && self.at.miner == miners
        })
    }

    fn open(&mut self, cycle: &CycleLine) -> Result<()> {
        let fault = |fault: String| Err(Error::Cycle { fault });
        if cycle.environments.is_empty() || cycle.episodes_per_environment == 0 {
            return fault("it has no environment or no episode".to_owned());
        }
        let mut environments = HashSet::new();
        if let Some(twice) = cycle.environments.iter().find(|e| !environments.insert(*e)) {
            return fault(format!("`{twice}` is there twice"));
        }
        let cells = u64::from(cycle.miners).saturating_mul(environments.len() as u64);
        let tasks = cells.saturating_mul(u64::from(cycle.episodes_per_environment));
        let limits = [
            (
                "the miners' number",
                u64::from(cycle.miners),
                u64::from(MAX_MINERS),
            ),
            ("the cells' number", cells, MAX_CELLS),
            ("the episodes' number", tasks, MAX_TASKS),
        ];
        if let Some((what, _, limit)) = limits.into_iter().find(|(_, found, limit)| found > limit) {
            return Err(Error::TooMuch { what, limit });
        }
        let found = commitment(&cycle.secret);
        if found != cycle.secret_hash {
            return Err(Error::Commitment {
                expected: hex::encode(cycle.secret_hash),
                found: hex::encode(found),
            });
        }
        self.cycle = Some(Box::new(cycle.clone()));
        Ok(())
    }

    fn add_miner(&mut self, miner: &MinerLine) -> Result<()> {
        if let Some(last) = self.entrants.last()
            && last.uid >= miner.uid
        {
            return Err(Error::Order {
                expected: format!("a miner after {}", last.uid),
                found: format!("miner {}", miner.uid),
            });
        }
        if !self.known.insert(miner.hotkey.clone()) {
            return Err(Error::Order {
                expected: "a hotkey that is not there yet".to_owned(),
                found: format!("`{}`", miner.hotkey),
            });
        }
        self.hotkeys.push(miner.hotkey.clone());
        self.entrants.push(Entrant {
            uid: miner.uid,
            commit_block: miner.commit_block,
            // Room for its episodes is made when they come.
            outcomes: Outcomes::new(0, 0),
        });
        Ok(())
    }

    fn add_result(&mut self, line: &ResultLine) -> Result<()> {
        let rule = |rule| {
            Err(Error::Rule {
                uid: line.uid,
                environment: line.environment.clone(),
                episode: line.episode,
                rule,
            })
        };
        if !(-MAX_REWARD..=MAX_REWARD).contains(&line.reward) {
            return rule("a reward is within ±1e100");
        }
        if line.attempt == 0 {
            return rule("attempts count from 1");
        }
        match (line.outcome, &line.fault) {
            (Outcome::Scored, Some(_)) => return rule("only a miner's fault has a kind"),
            (Outcome::MinerFault, None) => return rule("a miner's fault has a kind"),
            (Outcome::MinerFault, Some(_)) if line.success || line.reward != 0.0 => {
                return rule("a miner's fault fails, without a reward");
            }
            (Outcome::Scored, None) | (Outcome::MinerFault, Some(_)) => {}
        }
        self.check_seed(line.uid, line.seed)?;
        self.begin();
        let Place {
            miner,
            environment,
            episode,
        } = self.at;
        self.entrants[miner]
            .outcomes
            .record(environment, episode, line.success);
        let cell = self.cells.last_mut().expect("the cell has begun");
        cell.miner_faults += u32::from(line.outcome == Outcome::MinerFault);
        cell.reward += line.reward;
        self.advance();
        Ok(())
    }

    fn add_missing(&mut self, line: &MissingLine) -> Result<()> {
        if line.state == MissingState::Discarded && line.reason.is_none() {
            return Err(Error::Rule {
                uid: line.uid,
                environment: line.environment.clone(),
                episode: line.episode,
                rule: "what was given up on has a reason",
            });
        }
        self.check_seed(line.uid, line.seed)?;
        self.begin();
        self.advance();
        Ok(())
    }

    /// The same episode has the same seed for every miner, so it is computed for the first one.
    fn check_seed(&mut self, uid: Uid, found: Seed) -> Result<()> {
        let Some(cycle) = &self.cycle else {
            return Err(Error::Unfinished);
        };
        let Place {
            environment, episode, ..
        } = self.at;
        let index = environment * cycle.episodes_per_environment as usize + episode as usize;
        let environment = &cycle.environments[environment];
        if index == self.seeds.len() {
            self.seeds.push(seed(&cycle.secret, environment, episode));
        }
        let expected = self.seeds[index];
        if found == expected {
            return Ok(());
        }
        Err(Error::Seed {
            uid,
            environment: environment.clone(),
            episode,
            expected: expected.get(),
            found: found.get(),
        })
    }

    /// Makes room for what comes at this place.
    fn begin(&mut self) {
        let Some(cycle) = &self.cycle else { return };
        let Place {
            miner,
            environment,
            episode,
        } = self.at;
        if episode == 0 {
            self.cells.push(Cell::default());
            if environment == 0 {
                self.entrants[miner].outcomes =
                    Outcomes::new(cycle.environments.len(), cycle.episodes_per_environment);
            }
        }
    }

    fn advance(&mut self) {
        let Some(cycle) = &self.cycle else { return };
        self.at.episode += 1;
        if self.at.episode == cycle.episodes_per_environment {
            self.at.episode = 0;
            self.at.environment += 1;
        }
        if self.at.environment == cycle.environments.len() {
            self.at.environment = 0;
            self.at.miner += 1;
        }
    }

    fn is_at(&self, uid: Uid, environment: &Environment, episode: u32) -> bool {
        self.next_episode() == Some((uid, environment, episode))
    }

    /// Whose line is next, once all miners are known and until all lines came.
    fn next_episode(&self) -> Option<(Uid, &Environment, u32)> {
        let cycle = self.cycle.as_ref()?;
        let entrant = self.entrants.get(self.at.miner)?;
        let is_known = self.hotkeys.len() == cycle.miners as usize;
        is_known.then(|| {
            (
                entrant.uid,
                &cycle.environments[self.at.environment],
                self.at.episode,
            )
        })
    }

    fn expected(&self) -> String {
        let Some(cycle) = &self.cycle else {
            return "the cycle's line".to_owned();
        };
        match self.next_episode() {
            Some((uid, environment, episode)) => format!("episode {episode} of {environment} of miner {uid}"),
            None if self.hotkeys.len() < cycle.miners as usize => {
                format!("miner {} of {}", self.hotkeys.len() + 1, cycle.miners)
            }
            None => "the end".to_owned(),
        }
    }
}
