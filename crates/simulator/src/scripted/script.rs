//! What scripted simulators do, and where they count.

use super::fault::{Rate, ScriptedFault, ScriptedFaultKind};
use crate::config::duration;
use clap::Args;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What scripted simulators do.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Script {
    /// Steps of an episode, for `--eval-mode scripted`
    #[arg(
        long,
        env = "KINITRO_EXECUTOR_SCRIPTED_STEPS",
        value_name = "N",
        default_value_t = 1
    )]
    pub scripted_steps: u32,

    /// How long a step takes, for `--eval-mode scripted`
    #[arg(long, env = "KINITRO_EXECUTOR_SCRIPTED_STEP_DELAY", value_name = "TIME", default_value = "0s",
          value_parser = duration)]
    pub scripted_step_delay: Duration,

    /// Faults to have, e.g. `crash:0.05`; may be given several times
    #[arg(long = "scripted-fault", value_name = "FAULT", hide = true)]
    pub scripted_faults: Vec<ScriptedFault>,
}

impl Script {
    /// Every fault of these settings, in words.
    pub(crate) fn check(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.scripted_steps == 0 {
            faults.push("--scripted-steps is zero: an episode has at least one step".to_owned());
        }
        for fault in self
            .scripted_faults
            .iter()
            .filter(|fault| fault.step > self.scripted_steps)
        {
            faults.push(format!(
                "--scripted-fault `{fault}` comes after the last step of an episode"
            ));
        }
        faults
    }
}

impl Default for Script {
    fn default() -> Self {
        Self {
            scripted_steps: 1,
            scripted_step_delay: Duration::ZERO,
            scripted_faults: Vec::new(),
        }
    }
}

/// The script and how often a launcher's simulators were started and reset.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    script: Script,
    starts: AtomicU64,
    resets: AtomicU64,
}

impl Stage {
    pub(crate) fn new(script: Script) -> Self {
        Self {
            script,
            ..Self::default()
        }
    }

    pub(super) const fn script(&self) -> &Script {
        &self.script
    }

    /// Counts a start, and says whether it is to fail.
    pub(super) fn fails_start(&self) -> bool {
        let count = self.starts.fetch_add(1, Ordering::Relaxed) + 1;
        self.script
            .scripted_faults
            .iter()
            .filter(|fault| fault.kind == ScriptedFaultKind::Start)
            .any(|fault| matches!(fault.rate, Rate::Every(n) if count % n == 0))
    }

    /// Counts a reset, and says which fault its episode is to have: the first that strikes.
    pub(super) fn fault_of_reset(&self, seed: u64) -> Option<ScriptedFault> {
        let count = self.resets.fetch_add(1, Ordering::Relaxed) + 1;
        self.script
            .scripted_faults
            .iter()
            .enumerate()
            .filter(|(_, fault)| fault.kind != ScriptedFaultKind::Start)
            .find(|(index, fault)| fault.rate.strikes(count, seed, *index))
            .map(|(_, fault)| *fault)
    }
}
