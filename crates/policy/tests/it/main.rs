//! The client against servers that mean it no good: each guard has a test that fails without it.
//! Nothing but loopback is ever dialled.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic")]

mod bodies;
mod connections;
mod heads;
mod machine;
mod memory;
mod names;
mod server;
mod time;
mod wire;

use kinitro_policy::{Client, Config, Session};
use kinitro_proto::{Action, Fault, InfraFaultKind, MinerFault, MinerFaultKind, Observation, Policy};
use server::Server;
use std::time::Duration;

/// What an honest policy answers.
const ACTION: &str = r#"{"action":{"continuous":{"gripper":[0.5]},"discrete":{},"extra":{}}}"#;

/// Loopback may be called; there is time enough for a busy machine.
fn config() -> Config {
    Config {
        action_timeout: Duration::from_secs(5),
        allow_addresses: "127.0.0.0/8".parse().unwrap(),
        ..Config::default()
    }
}

/// For the tests that wait for a deadline.
fn hasty() -> Config {
    Config {
        action_timeout: Duration::from_millis(400),
        reset_timeout: Duration::from_secs(2),
        ..config()
    }
}

fn client() -> Client {
    Client::new(&config()).unwrap()
}

fn endpoint(url: impl Into<String>) -> Policy {
    Policy::Endpoint { url: url.into() }
}

async fn session(server: &Server) -> Session {
    client().session(&server.policy()).await.unwrap()
}

/// A session with little time for each call.
async fn hasty_session(server: &Server) -> Session {
    Client::new(&hasty())
        .unwrap()
        .session(&server.policy())
        .await
        .unwrap()
}

/// What one `act` in a fresh session ends with.
async fn act(server: &Server) -> Result<Action, Fault> {
    session(server).await.act(&Observation::default()).await
}

/// The miner's fault that one `act` ends with.
async fn fault(server: &Server) -> MinerFault {
    miner(act(server).await)
}

/// The miner's fault that a call ended with.
fn miner<T: std::fmt::Debug>(result: Result<T, Fault>) -> MinerFault {
    match result {
        Err(Fault::Miner(fault)) => fault,
        other => panic!("not the miner's fault: {other:?}"),
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T, Fault>) -> MinerFaultKind {
    miner(result).kind
}

/// Runs the call until this machine did not stand still in it: a busy machine may, and the client says so.
async fn unstalled<T>(mut call: impl AsyncFnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    for _ in 0..10 {
        match call().await {
            Err(Fault::Infra(fault)) if fault.kind == InfraFaultKind::Internal => {}
            other => return other,
        }
    }
    panic!("this machine stands still all the time")
}
