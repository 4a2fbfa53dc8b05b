//! The family the tests run, and how to run it.

use kinitro_proto::catalogue::FamilyEntry;
use kinitro_proto::{Action, Environment, Fault, InfraFault, InfraFaultKind, Seed};
use kinitro_simulator::{Config, Error, Launcher, Mode, Script, Simulator};
use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A seed with little luck and one with much: see `luck`.
pub(crate) const LUCKY: Seed = Seed::new(7);

pub(crate) fn family() -> FamilyEntry {
    toml::from_str(include_str!("../fake/family.toml")).unwrap()
}

pub(crate) fn environment(name: &str) -> Environment {
    format!("fake/{name}").parse().unwrap()
}

pub(crate) fn config(mode: Mode) -> Config {
    Config {
        eval_mode: mode,
        environments_dir: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"),
        script: Script {
            scripted_steps: 3,
            ..Script::default()
        },
        ..Config::default()
    }
}

// Every launcher of the test that runs: each test is a thread of its own, and so is its runtime.
thread_local! {
    static LAUNCHERS: RefCell<Vec<Launcher>> = const { RefCell::new(Vec::new()) };
}

/// Runs a test, and checks that it leaves no process and no container.
pub(crate) async fn leaving_nothing(test: impl Future<Output = ()>) {
    test.await;
    for launcher in LAUNCHERS.take() {
        assert!(
            launcher.drain(Duration::from_secs(20)).await,
            "a simulator still runs"
        );
    }
}

pub(crate) fn unique() -> String {
    format!("test-{}", uuid::Uuid::new_v4().simple())
}

pub(crate) async fn launcher(config: &Config) -> Launcher {
    launcher_of(config, &unique()).await
}

pub(crate) async fn launcher_of(config: &Config, owner: &str) -> Launcher {
    if config.eval_mode == Mode::Docker {
        build_image();
    }
    let launcher = Launcher::connect(config, &owner.parse().unwrap()).await.unwrap();
    LAUNCHERS.with_borrow_mut(|launchers| launchers.push(launcher.clone()));
    launcher
}

pub(crate) async fn start(mode: Mode) -> Simulator {
    launcher(&config(mode)).await.start(&family()).await.unwrap()
}

/// Begins an episode of an environment in a simulator of its own.
pub(crate) async fn begin(config: &Config, name: &str) -> Simulator {
    let mut simulator = launcher(config).await.start(&family()).await.unwrap();
    simulator.reset(&environment(name), LUCKY, false).await.unwrap();
    simulator
}

pub(crate) fn quality(value: f64) -> Action {
    Action {
        continuous: [("quality".to_owned(), vec![value])].into(),
        ..Action::default()
    }
}

/// The fault of an error that must be ours.
pub(crate) fn ours(error: &Error) -> InfraFault {
    match error.fault() {
        Fault::Infra(fault) => fault,
        Fault::Miner(fault) => panic!("blamed the miner: {fault}"),
    }
}

pub(crate) fn assert_fault(error: &Error, kind: InfraFaultKind, words: &[&str]) {
    let fault = ours(error);
    assert_eq!(fault.kind, kind, "{fault}");
    for word in words {
        assert!(fault.detail.contains(word), "`{word}` in `{}`", fault.detail);
    }
}

/// Waits for what must come.
pub(crate) async fn within<T>(seconds: u64, what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(seconds), what)
        .await
        .expect("it comes in time")
}

/// Builds the image of the test's family. A second build takes a moment: all layers are there.
pub(crate) fn build_image() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fake");
    let built = Command::new("docker")
        .args(["build", "--quiet", "--tag", &family().image, folder])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(
        built.status.success(),
        "is Docker running, and `python:3.12-slim` on this machine? {said}"
    );
}
