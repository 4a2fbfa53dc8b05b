//! The settings, as flags and environment variables. Version 2's names are kept where they exist.

mod images;
mod parse;
mod size;

use crate::scripted::Script;
use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
pub use images::Images;
use kinitro_proto::catalogue::{self, FamilyEntry};
pub(crate) use parse::duration;
pub use size::Size;
use std::path::PathBuf;
use std::time::Duration;

/// How simulators are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Mode {
    /// In a container without a network.
    #[default]
    Docker,
    /// As a child process, for development without Docker. It shields nothing.
    Process,
    /// In this process, without physics, for tests and load.
    Scripted,
}

/// How simulators are started and how long they may take.
#[derive(Debug, Clone, Args)]
#[group(skip)]
#[command(next_help_heading = "Simulators")]
pub struct Config {
    /// How simulators are run
    #[arg(long, env = "KINITRO_EXECUTOR_EVAL_MODE", value_enum, default_value_t = Mode::Docker)]
    pub eval_mode: Mode,

    /// Images that replace the catalogue's, as a JSON object from family to image
    #[arg(
        long,
        env = "KINITRO_EXECUTOR_EVAL_IMAGES",
        value_name = "JSON",
        default_value_t
    )]
    pub eval_images: Images,

    /// The most memory of a simulator, e.g. `8g` or `512Mi` [default: the family's own]
    #[arg(long, env = "KINITRO_EXECUTOR_EVAL_MEM_LIMIT", value_name = "SIZE")]
    pub eval_mem_limit: Option<Size>,

    /// Give every simulator all graphics cards
    #[arg(long, env = "KINITRO_EXECUTOR_EVAL_GPU", num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub eval_gpu: bool,

    /// The Docker daemon's socket
    #[arg(long, env = "KINITRO_EXECUTOR_DOCKER_SOCKET", value_name = "PATH", default_value = SOCKET)]
    pub docker_socket: PathBuf,

    /// The folder with a folder per family, for `--eval-mode process`
    #[arg(long, env = "KINITRO_EXECUTOR_ENVIRONMENTS_DIR", value_name = "DIR", default_value = ENVIRONMENTS)]
    pub environments_dir: PathBuf,

    /// What replaces the word `python` of a family's command, for `--eval-mode process`
    #[arg(long, env = "KINITRO_EXECUTOR_PYTHON", value_name = "PROGRAM", default_value = PYTHON)]
    pub python: PathBuf,

    /// How long a simulator may take from its start to its `hello`
    #[arg(long, env = "KINITRO_EXECUTOR_SIMULATOR_HELLO_TIMEOUT", value_name = "TIME", default_value = "60s",
          value_parser = duration)]
    pub simulator_hello_timeout: Duration,

    /// How long a `reset` may take
    #[arg(long, env = "KINITRO_EXECUTOR_SIMULATOR_RESET_TIMEOUT", value_name = "TIME", default_value = "60s",
          value_parser = duration)]
    pub simulator_reset_timeout: Duration,

    /// How long a `step` may take
    #[arg(long, env = "KINITRO_EXECUTOR_SIMULATOR_STEP_TIMEOUT", value_name = "TIME", default_value = "30s",
          value_parser = duration)]
    pub simulator_step_timeout: Duration,

    /// What scripted simulators do.
    #[command(flatten)]
    pub script: Script,
}

const SOCKET: &str = "/var/run/docker.sock";
const ENVIRONMENTS: &str = "environments";
const PYTHON: &str = "python3";

/// Docker itself refuses less than 6 MiB; no interpreter starts below this.
const LEAST_MEMORY: Size = Size::from_mib(16);

impl Config {
    /// The memory a family's simulator may take: the operator's word, else the family's.
    pub(crate) fn memory(&self, family: &FamilyEntry) -> Result<Size, String> {
        self.eval_mem_limit.map_or_else(|| family.memory.parse(), Ok)
    }

    /// Every fault of these settings, in words; empty if there is none.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (family, image) in self.eval_images.iter() {
            if catalogue::family(family).is_none() {
                faults.push(format!(
                    "--eval-images names family `{family}`, which the catalogue does not"
                ));
            }
            if image.trim().is_empty() {
                faults.push(format!("--eval-images gives family `{family}` an empty image"));
            }
        }
        if let Some(size) = self.eval_mem_limit
            && size < LEAST_MEMORY
        {
            faults.push(format!(
                "--eval-mem-limit is `{size}`, less than `{LEAST_MEMORY}`"
            ));
        }
        for (flag, limit) in [
            ("--simulator-hello-timeout", self.simulator_hello_timeout),
            ("--simulator-reset-timeout", self.simulator_reset_timeout),
            ("--simulator-step-timeout", self.simulator_step_timeout),
        ] {
            if limit.is_zero() {
                faults.push(format!("{flag} is zero: every simulator would be killed"));
            }
        }
        if self.eval_mode == Mode::Process && !self.environments_dir.is_dir() {
            faults.push(format!(
                "--environments-dir `{}` is no folder",
                self.environments_dir.display()
            ));
        }
        faults.extend(self.script.check());
        faults
    }
}

impl Default for Config {
    /// The defaults of the flags, whatever the environment says.
    fn default() -> Self {
        Self {
            eval_mode: Mode::Docker,
            eval_images: Images::default(),
            eval_mem_limit: None,
            eval_gpu: false,
            docker_socket: SOCKET.into(),
            environments_dir: ENVIRONMENTS.into(),
            python: PYTHON.into(),
            simulator_hello_timeout: Duration::from_secs(60),
            simulator_reset_timeout: Duration::from_secs(60),
            simulator_step_timeout: Duration::from_secs(30),
            script: Script::default(),
        }
    }
}

#[cfg(test)]
mod tests;
