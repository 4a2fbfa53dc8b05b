//! One policy through one episode.

use crate::{
    client::Shared,
    endpoint::Server,
    names::Pin,
    wire::{self, Call},
};
use bytes::{Bytes, BytesMut};
use kinitro_proto::{Action, Environment, Fault, Observation};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

/// A policy that may be called: its endpoint read, its addresses judged and pinned.
///
/// Calls are made one after another; a session that met a fault is of no further use to an episode, but
/// calling it again does no harm.
#[derive(Debug)]
pub struct Session {
    policy: Policy,
    timings: Timings,
}

/// The time a session's calls took: from the first byte of the connection to the answer decoded, faults
/// included, our own writing of the observation not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Answers asked for with `act`.
    pub acts: u32,
    /// All of `act`, in microseconds.
    pub act_us: u64,
    /// The slowest `act`, in microseconds.
    pub act_max_us: u64,
    /// All of `reset`, in microseconds; not part of the others.
    pub reset_us: u64,
}

#[derive(Debug)]
enum Policy {
    Scripted(f64),
    Http(Box<Http>),
}

#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) shared: Arc<Shared>,
    pub(crate) server: Server,
    pub(crate) targets: Vec<SocketAddr>,
    /// Keeps the name's addresses where the connector finds them; none for an address literal.
    pub(crate) _pin: Option<Pin>,
    pub(crate) buffer: BytesMut,
}

impl Session {
    pub(crate) fn scripted(quality: f64) -> Self {
        Self {
            policy: Policy::Scripted(quality),
            timings: Timings::default(),
        }
    }

    pub(crate) fn http(http: Http) -> Self {
        Self {
            policy: Policy::Http(Box::new(http)),
            timings: Timings::default(),
        }
    }

    /// Tells the policy that an episode begins. `decoy` stands where v2 told the true seed: it must not
    /// be derived from it. Only the answer's status counts; its body is read within the bounds so that
    /// the connection can be kept.
    ///
    /// # Errors
    /// The fault of whoever caused it; the whole call ends within the reset's timeout.
    pub async fn reset(&mut self, environment: &Environment, decoy: u32) -> Result<(), Fault> {
        let Policy::Http(http) = &mut self.policy else {
            return Ok(());
        };
        wire::reset(&mut http.buffer, environment, decoy).inspect_err(|_| http.buffer.clear())?;
        let body = http.buffer.split().freeze();
        let start = Instant::now();
        let answer = http
            .call(&http.server.reset, http.shared.config.reset_timeout)
            .post(body)
            .await;
        self.timings.reset_us += micros(start.elapsed());
        answer.map(drop)
    }

    /// Asks the policy what to do.
    ///
    /// # Errors
    /// The fault of whoever caused it; the whole call, connecting included, ends within the action's
    /// timeout.
    pub async fn act(&mut self, observation: &Observation) -> Result<Action, Fault> {
        let http = match &mut self.policy {
            Policy::Scripted(quality) => return Ok(scripted(*quality)),
            Policy::Http(http) => http,
        };
        wire::observation(&mut http.buffer, observation).inspect_err(|_| http.buffer.clear())?;
        let body = http.buffer.split().freeze();
        let start = Instant::now();
        let action = http.act(body).await;
        let took = micros(start.elapsed());
        self.timings.acts += 1;
        self.timings.act_us += took;
        self.timings.act_max_us = self.timings.act_max_us.max(took);
        action
    }

    /// The time the calls so far took. A scripted policy takes none.
    #[must_use]
    pub fn timings(&self) -> Timings {
        self.timings
    }
}

impl Http {
    async fn act(&self, body: Bytes) -> Result<Action, Fault> {
        let answer = self
            .call(&self.server.act, self.shared.config.action_timeout)
            .post(body)
            .await?;
        Ok(wire::action(&answer)?)
    }

    fn call<'a>(&'a self, url: &'a url::Url, limit: Duration) -> Call<'a> {
        let max_bytes = self.shared.config.max_response_bytes;
        Call {
            http: &self.shared.http,
            url,
            targets: &self.targets,
            limit,
            max_bytes,
        }
    }
}

fn scripted(quality: f64) -> Action {
    let continuous = BTreeMap::from([("quality".to_owned(), vec![quality])]);
    Action {
        continuous,
        ..Action::default()
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
