//! The episode loop: every observation and every action passes through here, and every fault gets its
//! owner here.

use kinitro_policy::Session;
use kinitro_proto::{Fault, InfraFault, InfraFaultKind, MinerFault, MinerFaultKind, Rollout, Task, Timings};
use kinitro_simulator::Simulator;
use std::time::{Duration, Instant};
use tracing::{Instrument, debug_span, info_span};

/// The bounds of an episode.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_steps: u32,
    /// For the miner's answers in sum, and apart from them for the simulator's: nobody pays for the
    /// other's slowness.
    pub(crate) budget: Duration,
    pub(crate) images: bool,
}

/// Runs one episode from reset to its end. Every call is a span of the task's trace; the thousand calls of the
/// steps only when logs are at `debug`.
///
/// # Errors
/// The first fault, with its owner; the episode ends there.
pub(crate) async fn run(
    task: &Task,
    simulator: &mut Simulator,
    session: &mut Session,
    limits: &Limits,
    clock: &mut Clock,
) -> Result<Rollout, Fault> {
    let fault = |error: kinitro_simulator::Error| error.fault();
    // What a miner is told instead of the seed (I8): a number that means nothing.
    let decoy = rand::random::<u32>() >> 1;
    let started = Instant::now();
    let reset = simulator.reset(&task.environment, task.seed, limits.images);
    let reset = reset.instrument(info_span!("simulator.reset")).await;
    clock.simulator(started, limits)?;
    let mut observation = reset.map_err(fault)?;
    let started = Instant::now();
    let reset = session
        .reset(&task.environment, decoy)
        .instrument(info_span!("policy.reset"))
        .await;
    clock.policy(started, limits)?;
    reset?;

    let mut rollout = Rollout {
        success: false,
        reward: 0.0,
        steps: 0,
    };
    while rollout.steps < limits.max_steps {
        let started = Instant::now();
        let action = session
            .act(&observation)
            .instrument(debug_span!("policy.act"))
            .await;
        clock.policy(started, limits)?;
        let action = action?;
        let started = Instant::now();
        let step = simulator
            .step(&action)
            .instrument(debug_span!("simulator.step"))
            .await;
        clock.simulator(started, limits)?;
        let step = step.map_err(fault)?;
        rollout.steps += 1;
        rollout.reward += step.reward;
        rollout.success |= step.success;
        observation = step.observation;
        if step.done {
            break;
        }
    }
    if rollout.reward.is_finite() {
        Ok(rollout)
    } else {
        Err(InfraFault::new(
            InfraFaultKind::SimulatorProtocol,
            "the rewards' sum is not finite",
        )
        .into())
    }
}

/// Where an episode's time goes.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    simulator: Duration,
    policy: Duration,
    policy_max: Duration,
}

impl Clock {
    /// The times so far, in all since `started`.
    pub(crate) fn timings(&self, started: Instant) -> Timings {
        Timings {
            total_us: micros(started.elapsed()),
            simulator_us: micros(self.simulator),
            policy_us: micros(self.policy),
            policy_max_us: micros(self.policy_max),
        }
    }

    fn simulator(&mut self, started: Instant, limits: &Limits) -> Result<(), Fault> {
        self.simulator += started.elapsed();
        if self.simulator <= limits.budget {
            return Ok(());
        }
        let seen = format!(
            "the simulator took more than {} s in one episode",
            limits.budget.as_secs_f64()
        );
        Err(InfraFault::new(InfraFaultKind::SimulatorSlow, seen).into())
    }

    fn policy(&mut self, started: Instant, limits: &Limits) -> Result<(), Fault> {
        let took = started.elapsed();
        self.policy += took;
        self.policy_max = self.policy_max.max(took);
        if self.policy <= limits.budget {
            return Ok(());
        }
        let seen = format!(
            "the policy took more than {} s in one episode",
            limits.budget.as_secs_f64()
        );
        Err(MinerFault::new(MinerFaultKind::EpisodeTimeout, seen).into())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
