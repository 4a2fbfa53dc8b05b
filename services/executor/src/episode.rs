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
    let mut observation = clock.simulator(started, limits, reset.map_err(fault))?;
    let started = Instant::now();
    let reset = session
        .reset(&task.environment, decoy)
        .instrument(info_span!("policy.reset"))
        .await;
    clock.policy(started, limits, reset)?;

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
        let action = clock.policy(started, limits, action)?;
        let started = Instant::now();
        let step = simulator
            .step(&action)
            .instrument(debug_span!("simulator.step"))
            .await;
        let step = clock.simulator(started, limits, step.map_err(fault))?;
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

    /// Counts a call of the simulator. A fault of the call itself comes before the budget's: it has its owner.
    fn simulator<T>(
        &mut self,
        started: Instant,
        limits: &Limits,
        answer: Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.simulator += started.elapsed();
        let answer = answer?;
        if self.simulator <= limits.budget {
            return Ok(answer);
        }
        let seen = over("simulator", limits);
        Err(InfraFault::new(InfraFaultKind::SimulatorSlow, seen).into())
    }

    /// Counts a call of the policy, likewise.
    fn policy<T>(&mut self, started: Instant, limits: &Limits, answer: Result<T, Fault>) -> Result<T, Fault> {
        let took = started.elapsed();
        self.policy += took;
        self.policy_max = self.policy_max.max(took);
        let answer = answer?;
        if self.policy <= limits.budget {
            return Ok(answer);
        }
        let seen = over("policy", limits);
        Err(MinerFault::new(MinerFaultKind::EpisodeTimeout, seen).into())
    }
}

fn over(whose: &str, limits: &Limits) -> String {
    format!(
        "the {whose} took more than {} s in one episode",
        limits.budget.as_secs_f64()
    )
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Limits = Limits {
        max_steps: 1,
        budget: Duration::ZERO,
        images: false,
    };

    #[test]
    fn each_side_pays_for_its_own_time() {
        let mut clock = Clock::default();
        let ours = clock.simulator(Instant::now(), &NOTHING, Ok(())).unwrap_err();
        assert!(matches!(ours, Fault::Infra(fault) if fault.kind == InfraFaultKind::SimulatorSlow));
        let theirs = clock.policy(Instant::now(), &NOTHING, Ok(())).unwrap_err();
        assert!(matches!(theirs, Fault::Miner(fault) if fault.kind == MinerFaultKind::EpisodeTimeout));
    }

    #[test]
    fn a_fault_of_ours_is_never_made_the_miners_by_the_clock() {
        let fault = InfraFault::new(InfraFaultKind::Network, "no name server");
        let answer: Result<(), Fault> = Err(fault.clone().into());
        let seen = Clock::default().policy(Instant::now(), &NOTHING, answer);
        assert_eq!(seen.unwrap_err(), Fault::Infra(fault));
    }
}
