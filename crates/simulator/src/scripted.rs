//! Simulators without physics, in this process: as deterministic as real ones, and as faulty as they are told
//! to be. For tests and load.

mod fault;
mod luck;
mod script;

use crate::config::Size;
use crate::error::{Call, Error, Exit};
use crate::wire::{Broken, ErrorKind, ProtocolError, Reply, Request, VERSION};
pub use fault::{Rate, ScriptedFault, ScriptedFaultKind};
use kinitro_proto::catalogue::FamilyEntry;
use kinitro_proto::{Action, Observation};
pub use luck::luck;
pub use script::Script;
pub(crate) use script::Stage;
use std::sync::Arc;
use std::time::Duration;

/// The channels a scripted simulator takes, with their sizes: its own, and those of the real families, so
/// that a policy made for one of them is no misfit.
const CHANNELS: [(&str, usize); 4] = [
    ("quality", 1),
    ("ee_twist", 6),
    ("gripper", 1),
    ("joint_pos_target", 43),
];

/// A simulator that plays a [`Script`].
#[derive(Debug)]
pub(crate) struct Scripted {
    family: FamilyEntry,
    stage: Arc<Stage>,
    memory: Size,
    episode: Option<Episode>,
}

#[derive(Debug)]
struct Episode {
    luck: f64,
    steps: u32,
    success: bool,
    fault: Option<ScriptedFault>,
}

impl Scripted {
    /// Starts, unless the script says that it cannot.
    ///
    /// # Errors
    /// [`Error::Start`], the start fault of the script.
    pub(crate) fn start(family: &FamilyEntry, memory: Size, stage: &Arc<Stage>) -> Result<Self, Error> {
        if stage.fails_start() {
            return Err(Error::Start {
                family: family.name.clone(),
                source: "the script says so".into(),
            });
        }
        Ok(Self {
            family: family.clone(),
            stage: Arc::clone(stage),
            memory,
            episode: None,
        })
    }

    /// Answers a request as a real simulator would.
    pub(crate) async fn exchange(&mut self, request: &Request<'_>) -> Result<Reply, Broken> {
        match request {
            Request::Hello { .. } => Ok(self.hello()),
            Request::Reset {
                environment, seed, ..
            } => self.reset(environment, *seed).await,
            Request::Step { action } => self.step(action).await,
            Request::Close => Err(Broken::Ended),
        }
    }

    fn hello(&self) -> Reply {
        let environments = self
            .family
            .environments
            .iter()
            .map(|entry| entry.id.to_string())
            .collect();
        Reply::Hello {
            version: VERSION,
            family: self.family.name.to_string(),
            environments,
        }
    }

    async fn reset(&mut self, environment: &str, seed: u64) -> Result<Reply, Broken> {
        if !self
            .family
            .environments
            .iter()
            .any(|entry| entry.id.as_str() == environment)
        {
            return Ok(refused(
                ErrorKind::Environment,
                format!("no environment `{environment}`"),
            ));
        }
        let fault = self.stage.fault_of_reset(seed);
        let episode = Episode {
            luck: luck(seed),
            steps: 0,
            success: false,
            fault,
        };
        let episode = self.episode.insert(episode);
        if let Some(reply) = misbehave(episode.due(), Call::Reset, self.memory).await {
            return reply;
        }
        Ok(Reply::Observation {
            observation: episode.observation(),
        })
    }

    async fn step(&mut self, action: &Action) -> Result<Reply, Broken> {
        let script = self.stage.script();
        let Some(episode) = self.episode.as_mut() else {
            return Ok(refused(ErrorKind::Request, "step before reset".to_owned()));
        };
        if episode.steps >= script.scripted_steps {
            return Ok(refused(
                ErrorKind::Request,
                "step after the episode is done".to_owned(),
            ));
        }
        if let Err(message) = check(action) {
            return Ok(refused(ErrorKind::Action, message));
        }
        take(script.scripted_step_delay).await;
        episode.steps += 1;
        if let Some(reply) = misbehave(episode.due(), Call::Step, self.memory).await {
            return reply;
        }
        let quality = action.continuous.get("quality").map_or(0.0, |values| values[0]);
        episode.success |= episode.luck < quality;
        let done = episode.steps == script.scripted_steps;
        let success = done && episode.success;
        let reward = f64::from(u8::from(success));
        Ok(Reply::Step {
            observation: episode.observation(),
            reward,
            done,
            success,
        })
    }
}

impl Episode {
    /// The fault that is due at this step, 0 being the reset.
    fn due(&self) -> Option<ScriptedFaultKind> {
        self.fault
            .filter(|fault| fault.step == self.steps)
            .map(|fault| fault.kind)
    }

    fn observation(&self) -> Observation {
        let proprio = [("scripted".to_owned(), vec![f64::from(self.steps)])].into();
        Observation {
            proprio,
            ..Observation::default()
        }
    }
}

fn check(action: &Action) -> Result<(), String> {
    if let Some(channel) = action.discrete.keys().next() {
        return Err(format!("unknown discrete channel `{channel}`"));
    }
    for (channel, values) in &action.continuous {
        match CHANNELS.iter().find(|(known, _)| known == channel) {
            None => return Err(format!("unknown channel `{channel}`")),
            Some((_, size)) if values.len() != *size => {
                return Err(format!(
                    "channel `{channel}` has `{}` numbers, not `{size}`",
                    values.len()
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// What comes instead of the right reply, if a fault is due.
async fn misbehave(due: Option<ScriptedFaultKind>, call: Call, limit: Size) -> Option<Result<Reply, Broken>> {
    Some(match due? {
        ScriptedFaultKind::Crash => {
            let (exit, stderr) = (Exit::Code(1), "the script says so".to_owned());
            Err(Broken::Scripted(Error::Crash { call, exit, stderr }))
        }
        ScriptedFaultKind::Oom => Err(Broken::Scripted(Error::OutOfMemory { call, limit })),
        ScriptedFaultKind::Protocol => Err(ProtocolError::Unasked.into()),
        ScriptedFaultKind::Error => Ok(refused(ErrorKind::Internal, "the script says so".to_owned())),
        // The caller's time limit ends it, as it ends a real one.
        ScriptedFaultKind::Hang => std::future::pending().await,
        ScriptedFaultKind::Start => return None,
    })
}

fn refused(kind: ErrorKind, message: String) -> Reply {
    Reply::Error { kind, message }
}

#[expect(
    clippy::disallowed_methods,
    reason = "there is no event: taking time is what is simulated"
)]
async fn take(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
