//! A Python client as a child process: steps go in, answers come out, a line of JSON each.

use serde_json::Value;
use std::{path::Path, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// For one step, a transaction until it is final included; seconds where it takes long.
const STEP: Duration = Duration::from_secs(60);

/// One of the programs in `python/`, connected to a chain.
pub(crate) struct Client {
    name: &'static str,
    steps: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// The child's home, for what the libraries keep between runs.
    pub(crate) home: TempDir,
    _child: Child,
}

impl Client {
    /// Starts the program in its own environment, and has it connect.
    pub(crate) async fn start(name: &'static str, url: &str) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = here.join("../../target/venvs").join(name).join("bin/python");
        assert!(
            python.with_file_name("../made-of").exists(),
            "no Python environment `{}`: `scripts/test-chain venvs` makes it",
            python.display()
        );
        let home = tempfile::tempdir().unwrap();
        let mut child = Command::new(python)
            .arg(here.join("tests/clients/python").join(format!("{name}.py")))
            .arg(url)
            .arg(home.path().join("wallets"))
            // No proxy, no cache and no setting of whoever runs this.
            .env_clear()
            .env("HOME", home.path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut client = Self {
            name,
            steps: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()).lines(),
            home,
            _child: child,
        };
        client.ok(serde_json::json!({"step": "connect"})).await;
        client
    }

    /// What a step that succeeds answers.
    pub(crate) async fn ok(&mut self, step: Value) -> Value {
        let mut answer = self.answer(&step).await;
        match answer.get_mut("ok") {
            Some(ok) => ok.take(),
            None => panic!("{} failed at {step}: {answer}", self.name),
        }
    }

    /// What the library says of a step that fails.
    pub(crate) async fn error(&mut self, step: Value) -> String {
        let answer = self.answer(&step).await;
        let error = answer.get("error").and_then(Value::as_str);
        error
            .unwrap_or_else(|| panic!("{} did {step}: {answer}", self.name))
            .to_owned()
    }

    async fn answer(&mut self, step: &Value) -> Value {
        let name = self.name;
        let told = async {
            self.steps
                .write_all(format!("{step}\n").as_bytes())
                .await
                .unwrap();
            self.answers.next_line().await.unwrap()
        };
        let line = timeout(STEP, told).await;
        let line = line.unwrap_or_else(|_| panic!("{name} did not end {step} within {STEP:?}"));
        let line = line.unwrap_or_else(|| panic!("{name} ended at {step}; its words stand above"));
        serde_json::from_str(&line).unwrap()
    }
}
