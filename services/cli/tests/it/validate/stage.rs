//! A chain in this process, a gateway, and validators between them as real processes.

use super::backend::Backend;
use crate::stack::{PATIENCE, Process, kinitro};
use jiff::Timestamp;
use kinitro_chain::{Chain, TimelockedCommit};
use kinitro_devchain::{Devchain, Options, account};
use kinitro_harness::eventually;
use kinitro_proto::{Hotkey, Uid};
use serde_json::{Value, json};
use std::{
    fs,
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    process::Output,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task,
};

/// The subnet of everything here.
pub(crate) const NETUID: u16 = 1;
/// Who signs.
pub(crate) const VALIDATOR: &str = "//validator";
/// What a validator says of each submission.
pub(crate) const ON_CHAIN: &str = "weights are on the chain";

/// Declare it before the processes: it prints their logs if the test fails.
pub(crate) struct Stage {
    pub(crate) chain: Devchain,
    pub(crate) backend: Backend,
    /// Reads the chain, as anybody may.
    reader: Chain,
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
}

impl Stage {
    /// A chain with four miners, uids 2 to 5, at block 10, and a gateway without weights.
    pub(crate) async fn start(options: Options) -> Self {
        let chain = Devchain::start(options.seed_miners(4)).await.unwrap();
        chain.new_blocks(10).await.unwrap();
        let backend = Backend::start().await;
        let folder = tempfile::Builder::new()
            .prefix("kinitro-validate-")
            .tempdir()
            .unwrap();
        let state = folder.path().join("state").display().to_string();
        let settings = vec![
            (
                "KINITRO_VALIDATOR_BACKEND_URL",
                format!("http://{}", backend.address),
            ),
            ("KINITRO_VALIDATOR_NETWORK", chain.url()),
            ("KINITRO_VALIDATOR_NETUID", NETUID.to_string()),
            ("KINITRO_VALIDATOR_HOTKEY_URI", VALIDATOR.to_owned()),
            ("KINITRO_VALIDATOR_POLL_INTERVAL_SECONDS", "1".to_owned()),
            ("KINITRO_VALIDATOR_STATE_DIR", state),
            ("KINITRO_HEALTH_LISTEN", "127.0.0.1:0".to_owned()),
            ("KINITRO_LOG_FORMAT", "json".to_owned()),
            ("KINITRO_LOG_LEVEL", "kinitro_chassis=debug,info".to_owned()),
        ];
        let reader = Chain::new(chain.url().parse().unwrap());
        Self {
            chain,
            backend,
            reader,
            folder,
            settings,
        }
    }

    /// A setting of the processes that are started from now on.
    pub(crate) fn set(&mut self, name: &'static str, value: impl ToString) {
        self.settings.retain(|(known, _)| *known != name);
        self.settings.push((name, value.to_string()));
    }

    /// The gateway serves these weights of a cycle, settled just now.
    pub(crate) fn settle(&self, cycle: u32, block: u32, shares: &[(u16, f64)]) {
        self.backend.serve(weights(cycle, block, shares));
    }

    /// A validator that watches.
    pub(crate) fn validator(&self, name: &str, flags: &[&str]) -> Process {
        let command = kinitro(&[&["validate"], flags].concat(), &self.settings);
        Process::spawn(command, &self.folder.path().join(format!("{name}.log")))
    }

    /// A validator that looks once: its exit code and what it printed and logged.
    pub(crate) async fn once(&self, flags: &[&str]) -> (Option<i32>, String, String) {
        let mut command = kinitro(&[&["validate", "--once"], flags].concat(), &self.settings);
        // The chain and the gateway live in this thread.
        let output: Output = task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// The validator's weights as the chain has them, by uid.
    pub(crate) async fn on_chain(&self) -> Vec<(u16, u16)> {
        let rows = self.reader.weights(NETUID).await.unwrap();
        let row = rows.into_iter().find(|row| row.uid == Uid(0));
        let weights = row.map(|row| row.weights).unwrap_or_default();
        weights.into_iter().map(|(uid, value)| (uid.0, value)).collect()
    }

    /// How many extrinsics of the validator the chain has taken.
    pub(crate) async fn included(&self) -> u32 {
        self.reader.nonce(&hotkey()).await.unwrap()
    }

    /// The validator's timelocked weights.
    pub(crate) async fn committed(&self) -> Vec<TimelockedCommit> {
        self.reader.timelocked_commits(NETUID, &hotkey()).await.unwrap()
    }

    /// The newest block's number.
    pub(crate) fn head(&self) -> u32 {
        self.chain.head().number
    }

    /// Waits until the validator has said something so often.
    pub(crate) async fn said(&self, process: &Process, message: &str, times: usize) {
        let what = format!("`{message}`, {times} times");
        eventually(PATIENCE, &what, async || {
            let said = process.said(message);
            if said >= times { Ok(()) } else { Err(said) }
        })
        .await;
        assert_eq!(process.said(message), times, "`{message}`");
    }

    /// Waits until an extrinsic waits to be included.
    pub(crate) async fn sent(&self) {
        eventually(PATIENCE, "an extrinsic in the pool", async || {
            self.chain.waiting() == 1
        })
        .await;
    }

    /// Waits until the gateway was asked so often since its answer changed: then every round but the last is over.
    pub(crate) async fn asked(&self, times: u32) {
        eventually(PATIENCE, "further questions to the gateway", async || {
            self.backend.asked() >= times
        })
        .await;
    }

    /// Where the validator's memory is.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The last log lines of that message.
    pub(crate) fn lines(&self, name: &str, message: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join(format!("{name}.log"))).unwrap();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["message"] == message).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for entry in fs::read_dir(self.folder.path()).into_iter().flatten().flatten() {
                let log = fs::read_to_string(entry.path()).unwrap_or_default();
                // Whoever reads it is the reader of the test's failure.
                drop(writeln!(io::stderr(), "--- {}\n{log}", entry.path().display()));
            }
        }
    }
}

/// A cycle's weights, settled just now.
pub(crate) fn weights(cycle: u32, block: u32, shares: &[(u16, f64)]) -> Value {
    let shares: serde_json::Map<_, _> = shares
        .iter()
        .map(|(uid, share)| (uid.to_string(), json!(share)))
        .collect();
    json!({ "cycle_id": cycle, "block_number": block, "timestamp": Timestamp::now().to_string(), "weights": shares, "stale": false })
}

/// The validator's hotkey.
pub(crate) fn hotkey() -> Hotkey {
    account(VALIDATOR).to_string().parse().unwrap()
}

/// What a health address answers, whatever form it has.
pub(crate) async fn text(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
