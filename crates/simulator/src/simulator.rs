//! One simulator: an episode at a time, warm between episodes, dead after the first call that broke it.

use crate::config::{Config, Size};
use crate::error::{Call, Error, Exit, Result};
use crate::scripted::Scripted;
use crate::transport::Pipe;
use crate::wire::{
    Broken, ErrorKind, ProtocolError, Reply, Request, VERSION, check_action, check_observation, check_reward,
};
use kinitro_proto::catalogue::FamilyEntry;
use kinitro_proto::{Action, Environment, Observation, Seed, Step};
use std::time::Duration;

/// A running simulator of one family. Dropping it kills it; [`close`](Self::close) lets it end by itself.
#[derive(Debug)]
pub struct Simulator {
    /// `None` while a call is under way and after one that broke it. So a call that is abandoned half way
    /// leaves nothing behind that could answer the next one, and kills the simulator by its drop.
    backend: Option<Backend>,
    limits: Limits,
}

/// How a simulator is spoken to.
#[derive(Debug)]
pub(crate) enum Backend {
    Piped(Box<Pipe>),
    Scripted(Box<Scripted>),
}

/// What a simulator may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    hello: Duration,
    reset: Duration,
    step: Duration,
    memory: Size,
}

impl Limits {
    pub(crate) fn new(config: &Config, memory: Size) -> Self {
        let Config {
            simulator_hello_timeout: hello,
            simulator_reset_timeout: reset,
            simulator_step_timeout: step,
            ..
        } = *config;
        Self {
            hello,
            reset,
            step,
            memory,
        }
    }

    const fn of(&self, call: Call) -> Duration {
        match call {
            Call::Hello => self.hello,
            Call::Reset => self.reset,
            Call::Step | Call::Close => self.step,
        }
    }
}

impl Simulator {
    /// Greets a simulator just started, and checks that it is the one asked for.
    ///
    /// # Errors
    /// [`Error::Mismatch`], or what broke it.
    pub(crate) async fn greet(backend: Backend, limits: Limits, family: &FamilyEntry) -> Result<Self> {
        let mut simulator = Self {
            backend: Some(backend),
            limits,
        };
        let reply = simulator
            .call(Call::Hello, &Request::Hello { version: VERSION })
            .await?;
        let Reply::Hello {
            version,
            family: name,
            environments,
        } = reply
        else {
            return Err(simulator.wrong_reply(Call::Hello, &reply));
        };
        if version != VERSION || name != family.name.as_str() {
            let said = format!("family `{}`, version `{version}`", cut(&name));
            let expected = format!("family `{}`, version `{VERSION}`", family.name);
            return Err(Error::Mismatch { said, expected });
        }
        let mut wanted = family.environments.iter().map(|entry| entry.id.as_str());
        match wanted.find(|id| !environments.iter().any(|known| known == id)) {
            None => Ok(simulator),
            Some(missing) => {
                let said = format!("family `{name}` without environment `{missing}`");
                Err(Error::Mismatch {
                    said,
                    expected: "all the catalogue's: is the image up to date?".to_owned(),
                })
            }
        }
    }

    /// Begins an episode: the same environment and seed give the same one, whatever ran before.
    ///
    /// # Errors
    /// See [`Error`]; after any but [`Error::Reported`] the simulator is dead.
    pub async fn reset(
        &mut self,
        environment: &Environment,
        seed: Seed,
        images: bool,
    ) -> Result<Observation> {
        let request = Request::Reset {
            environment: environment.as_str(),
            seed: seed.get(),
            images,
        };
        match self.call(Call::Reset, &request).await? {
            Reply::Observation { observation } => {
                self.checked(Call::Reset, check_observation(&observation))?;
                Ok(observation)
            }
            other => Err(self.wrong_reply(Call::Reset, &other)),
        }
    }

    /// Takes a step.
    ///
    /// # Errors
    /// See [`Error`]; after any but [`Error::Action`] and [`Error::Reported`] the simulator is dead.
    pub async fn step(&mut self, action: &Action) -> Result<Step> {
        check_action(action).map_err(|message| Error::Action { message })?;
        match self.call(Call::Step, &Request::Step { action }).await? {
            Reply::Step {
                observation,
                reward,
                done,
                success,
            } => {
                self.checked(Call::Step, check_observation(&observation))?;
                self.checked(Call::Step, check_reward(reward))?;
                Ok(Step {
                    observation,
                    reward,
                    done,
                    success,
                })
            }
            other => Err(self.wrong_reply(Call::Step, &other)),
        }
    }

    /// Whether it can take a call: no call broke it, none was abandoned, and it has not ended meanwhile.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        match &self.backend {
            Some(Backend::Piped(pipe)) => !pipe.has_ended(),
            Some(Backend::Scripted(_)) => true,
            None => false,
        }
    }

    /// Lets it end by itself, and kills it if it does not within some seconds. Nothing is to be done for one
    /// that is dead already.
    ///
    /// # Errors
    /// [`Error::Crash`] if it ends with anything but 0, [`Error::Hang`] if it does not end.
    pub async fn close(mut self) -> Result<()> {
        let call = Call::Close;
        let Some(Backend::Piped(mut pipe)) = self.backend.take() else {
            return Ok(());
        };
        let limit = self.limits.of(call);
        let ended = match tokio::time::timeout(limit, pipe.close()).await {
            Ok(Ok(Some(Exit::Code(0)))) => return Ok(()),
            Ok(Ok(Some(_)) | Err(_)) => Broken::Ended,
            Ok(Ok(None)) | Err(_) => return Err(Error::Hang { call, limit }),
        };
        Err(self.why(call, &mut Backend::Piped(pipe), ended).await)
    }

    /// Sends a request and takes its reply; whatever breaks kills the simulator.
    async fn call(&mut self, call: Call, request: &Request<'_>) -> Result<Reply> {
        let mut backend = self.backend.take().ok_or(Error::Unusable { call })?;
        let limit = self.limits.of(call);
        match tokio::time::timeout(limit, backend.exchange(request)).await {
            Ok(Ok(reply)) => {
                self.backend = Some(backend);
                answered(call, reply)
            }
            Ok(Err(broken)) => Err(self.why(call, &mut backend, broken).await),
            Err(_) => Err(Error::Hang { call, limit }),
        }
    }

    /// What broke it, once it is known how it ended.
    async fn why(&mut self, call: Call, backend: &mut Backend, broken: Broken) -> Error {
        let source = match broken {
            Broken::Scripted(error) => return error,
            Broken::Wire(source) => source,
            Broken::Ended => match backend.exit().await {
                Some((Exit::OutOfMemory, _)) => {
                    return Error::OutOfMemory {
                        call,
                        limit: self.limits.memory,
                    };
                }
                Some((exit, stderr)) => return Error::Crash { call, exit, stderr },
                None => ProtocolError::Closed,
            },
        };
        Error::Protocol { call, source }
    }

    fn checked(&mut self, call: Call, checked: Result<(), ProtocolError>) -> Result<()> {
        checked.map_err(|source| {
            self.backend = None;
            Error::Protocol { call, source }
        })
    }

    fn wrong_reply(&mut self, call: Call, reply: &Reply) -> Error {
        self.backend = None;
        Error::Protocol {
            call,
            source: ProtocolError::WrongReply { found: reply.name() },
        }
    }
}

impl Backend {
    async fn exchange(&mut self, request: &Request<'_>) -> Result<Reply, Broken> {
        match self {
            Self::Piped(pipe) => pipe.exchange(request).await,
            Self::Scripted(scripted) => scripted.exchange(request).await,
        }
    }

    /// How it ended, and its last words; `None` if it lives on.
    async fn exit(&mut self) -> Option<(Exit, String)> {
        match self {
            Self::Piped(pipe) => pipe.exit().await.map(|exit| (exit, pipe.last_words())),
            Self::Scripted(_) => Some((Exit::Code(0), String::new())),
        }
    }
}

/// Turns an error reply into an error. The simulator serves on after it.
fn answered(call: Call, reply: Reply) -> Result<Reply> {
    match reply {
        Reply::Error {
            kind: ErrorKind::Action,
            message,
        } if call == Call::Step => Err(Error::Action {
            message: cut(&message),
        }),
        Reply::Error { kind, message } => Err(Error::Reported {
            call,
            kind,
            message: cut(&message),
        }),
        reply => Ok(reply),
    }
}

/// Text of a simulator, cut to what a fault carries.
fn cut(text: &str) -> String {
    text.chars().take(400).collect()
}
