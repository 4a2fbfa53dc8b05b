//! The newest weights, scores and keys, kept in memory so that they are served when the ledger is away.
//!
//! One task owns this memory and replaces it whole; requests read whichever is there. A request for the
//! newest weights never touches the ledger, so an outage changes nothing in its way but one flag.

use crate::{
    gateway::{Gateway, POSTGRES},
    metrics::{CYCLE_BUCKETS, Figures, Ledger},
    routes::{keys::Keys, scores, weights, wire::kept::Kept},
};
use arc_swap::{ArcSwap, Guard};
use jiff::Timestamp;
use kinitro_chassis::{backoff::pause, report};
use kinitro_proto::{BlockNumber, CycleId};
use kinitro_store::{
    Cycle, CycleState, SigningKeyRow, Store,
    read::{EndedCycles, Score, Weights},
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// How many cycles back a look goes to find one that expired or settled.
const RECENT: u32 = 8;
/// The longest a look may take; after that the ledger counts as away.
const LOOK: Duration = Duration::from_secs(3);
/// How old the figures may get when nothing seems to have changed.
const REREAD: Duration = Duration::from_secs(15);

/// Whether the ledger answered last time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Link {
    #[default]
    NotAsked,
    Up,
    Away,
}

/// What is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    link: Link,
    /// Whether a cycle expired after the weights were made.
    overtaken: bool,
    /// The answer of `/v1/weights/latest`.
    pub(crate) weights: Option<Newest>,
    /// The answer of `/v1/scores/latest`.
    pub(crate) scores: Option<Kept>,
    /// The answer of `/v1/keys`; none only before the ledger was read.
    pub(crate) keys: Option<Kept>,
}

/// The newest weights, and what else they can be asked for by.
#[derive(Debug, Clone)]
pub(crate) struct Newest {
    pub(crate) cycle: CycleId,
    pub(crate) block: BlockNumber,
    pub(crate) kept: Kept,
}

impl Memory {
    /// Whether the last look at the ledger failed.
    pub(crate) fn is_away(&self) -> bool {
        self.link == Link::Away
    }

    /// Whether the ledger answered the last look.
    pub(crate) fn is_up(&self) -> bool {
        self.link == Link::Up
    }

    /// Whether what is kept may not be what should be served.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_away() || self.overtaken
    }
}

/// The memory, and the metrics that are read with it.
#[derive(Debug)]
pub(crate) struct Latest {
    memory: ArcSwap<Memory>,
    figures: Ledger,
}

impl Latest {
    /// Starts empty.
    pub(crate) fn new(figures: Ledger) -> Self {
        Self {
            memory: ArcSwap::default(),
            figures,
        }
    }

    /// What is kept now.
    pub(crate) fn load(&self) -> Guard<Arc<Memory>> {
        self.memory.load()
    }

    fn mark_away(&self) {
        let memory = Memory {
            link: Link::Away,
            ..Memory::clone(&self.load())
        };
        self.memory.store(Arc::new(memory));
    }
}

/// Keeps the memory as new as the ledger until the shutdown: looks every `every`, reads what has changed.
pub(crate) async fn follow(gateway: Arc<Gateway>, every: Duration, shutdown: CancellationToken) {
    let (mut seen, mut read_at) = (None, Instant::now());
    loop {
        let known = seen.take().filter(|_| read_at.elapsed() < REREAD);
        match timeout(LOOK, look(gateway.store(), known.as_ref())).await {
            Ok(Ok((sight, found))) => {
                if let Some(found) = found {
                    read_at = Instant::now();
                    gateway.latest.figures.set(found.figures(&sight));
                    gateway.latest.memory.store(Arc::new(found.memory(&sight)));
                }
                seen = Some(sight);
                came_back(&gateway);
            }
            Ok(Err(error)) => went_away(&gateway, &report(&error).to_string()),
            Err(_) => went_away(&gateway, "no answer in time"),
        }
        if !pause(every, &shutdown).await {
            return;
        }
    }
}

fn came_back(gateway: &Gateway) {
    if !gateway.health.faults().is_empty() {
        tracing::info!("the ledger answers");
    }
    gateway.health.met(POSTGRES);
}

fn went_away(gateway: &Gateway, why: &str) {
    if !gateway.latest.load().is_away() {
        tracing::warn!(
            error = why,
            "the ledger is away, serving the last weights as stale"
        );
    }
    gateway.latest.mark_away();
    // Not the driver's words: anyone may ask, and they name hosts and users.
    gateway.health.missing(POSTGRES, "the ledger does not answer");
}

/// What tells whether anything has changed.
#[derive(Debug, Clone, PartialEq)]
struct Sight {
    recent: Vec<(CycleId, CycleState)>,
    miners_active: u32,
    settled: Option<Cycle>,
}

impl Sight {
    /// Whether a cycle expired after the newest settled one.
    fn is_overtaken(&self) -> bool {
        let settled = self.settled.as_ref().map(|cycle| cycle.id);
        self.recent
            .iter()
            .any(|(id, state)| *state == CycleState::Expired && Some(*id) > settled)
    }
}

/// What is read when something has changed.
#[derive(Debug)]
struct Found {
    weights: Option<Weights>,
    scores: Vec<Score>,
    keys: Vec<SigningKeyRow>,
    ended: Vec<EndedCycles>,
}

async fn look(store: &Store, known: Option<&Sight>) -> kinitro_store::Result<(Sight, Option<Found>)> {
    let mut cycles = store.cycles(RECENT).await?;
    let miners_active = cycles.first().map_or(0, |cycle| cycle.miners);
    let recent = cycles.iter().map(|cycle| (cycle.id, cycle.state)).collect();
    let settled = match cycles.iter().position(|cycle| cycle.state == CycleState::Settled) {
        Some(place) => Some(cycles.swap_remove(place)),
        None => store.latest_settled_cycle().await?,
    };
    let sight = Sight {
        recent,
        miners_active,
        settled,
    };
    if known == Some(&sight) {
        return Ok((sight, None));
    }
    // A settled cycle never changes, so these see the same one.
    let (weights, scores) = match &sight.settled {
        Some(cycle) => (store.weights_of(cycle.id).await?, store.scores(cycle.id).await?),
        None => (None, Vec::new()),
    };
    let keys = store.signing_keys().await?;
    let ended = store.ended_cycles(&CYCLE_BUCKETS).await?;
    Ok((
        sight,
        Some(Found {
            weights,
            scores,
            keys,
            ended,
        }),
    ))
}

impl Found {
    fn memory(&self, sight: &Sight) -> Memory {
        let weights = self.weights.as_ref();
        let newest = |row: &Weights| Newest {
            cycle: row.cycle,
            block: row.block_number,
            kept: weights::Weights::kept(row),
        };
        Memory {
            link: Link::Up,
            overtaken: sight.is_overtaken(),
            weights: weights.map(newest),
            scores: sight.settled.as_ref().map(|cycle| {
                let made_at = cycle.finished_at.unwrap_or(cycle.opened_at);
                Kept::new(made_at, |stale| {
                    scores::Scores::new(cycle, &self.scores, weights, stale)
                })
            }),
            keys: Some(Kept::new(Timestamp::now(), |_| Keys::new(&self.keys))),
        }
    }

    fn figures(&self, sight: &Sight) -> Figures {
        let mut figures = Figures {
            cycles: ["settled", "expired", "cancelled"]
                .map(|state| (state, 0))
                .to_vec(),
            durations: vec![0; CYCLE_BUCKETS.len() + 1],
            miners_active: sight.miners_active.into(),
            ..Figures::default()
        };
        for ended in &self.ended {
            let name = ended.state.name();
            for (_, count) in figures.cycles.iter_mut().filter(|(state, _)| *state == name) {
                *count += ended.cycles;
            }
            if ended.state == CycleState::Settled {
                figures.duration_sum += ended.seconds;
                figures.durations[ended.bucket.min(CYCLE_BUCKETS.len())] += ended.cycles;
            }
        }
        let line = |score: &Score| (score.uid.0, score.environment.to_string(), score.success_rate);
        figures.scores = self.scores.iter().map(line).collect();
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::wire::cycle::tests::row;

    fn sight(states: &[CycleState]) -> Sight {
        let ids = (1..=i64::try_from(states.len()).unwrap()).rev().map(CycleId);
        let recent: Vec<_> = ids.zip(states.iter().copied()).collect();
        let settled = recent.iter().find(|(_, state)| *state == CycleState::Settled);
        let settled = settled.map(|(id, state)| Cycle {
            id: *id,
            ..row(*state)
        });
        Sight {
            recent,
            miners_active: 2,
            settled,
        }
    }

    #[test]
    fn weights_are_overtaken_by_a_cycle_that_expired_after_them() {
        use CycleState::{Cancelled, Expired, Running, Settled};
        for (newest_first, overtaken) in [
            (&[Settled, Expired][..], false),
            (&[Expired, Settled], true),
            (&[Running, Expired, Settled], true),
            (&[Running, Cancelled, Expired, Settled], true),
            (&[Cancelled, Settled], false),
            (&[Running, Settled, Expired], false),
            (&[], false),
        ] {
            assert_eq!(sight(newest_first).is_overtaken(), overtaken, "{newest_first:?}");
        }
    }

    #[test]
    fn the_figures_count_ended_cycles_and_time_settled_ones() {
        let ended = |state, bucket, cycles, seconds| EndedCycles {
            state,
            bucket,
            cycles,
            seconds,
        };
        let found = Found {
            weights: None,
            scores: Vec::new(),
            keys: Vec::new(),
            ended: vec![
                ended(CycleState::Settled, 0, 2, 11.0),
                ended(CycleState::Settled, CYCLE_BUCKETS.len(), 1, 20_000.0),
                ended(CycleState::Expired, 8, 3, 21_000.0),
            ],
        };
        let figures = found.figures(&sight(&[CycleState::Settled]));
        assert_eq!(figures.cycles, [("settled", 3), ("expired", 3), ("cancelled", 0)]);
        assert_eq!(figures.durations, [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert!((figures.duration_sum - 20_011.0).abs() < 1e-9);
    }

    #[test]
    fn the_last_weights_outlive_the_ledger_but_are_stale() {
        let latest = Latest::new(Ledger::default());
        let found = Found {
            weights: None,
            scores: Vec::new(),
            keys: Vec::new(),
            ended: Vec::new(),
        };
        latest
            .memory
            .store(Arc::new(found.memory(&sight(&[CycleState::Settled]))));
        assert!(!latest.load().is_stale() && latest.load().is_up());
        latest.mark_away();
        assert!(latest.load().is_stale() && !latest.load().is_up());
        assert!(latest.load().scores.is_some() && latest.load().keys.is_some());
    }
}
