//! Dumps: what an operator restores after a loss.

use super::cluster::client;
use std::{
    io::{Seek, SeekFrom},
    process::Command,
};

/// Dumps one database and restores the dump into another, empty one.
pub(super) fn copy(port: u16, from: &str, to: &str) {
    // Handed over open: the tools may run as a user who may not enter the tests' folders.
    let mut dump = tempfile::tempfile().expect("a temporary file");
    let output = dump.try_clone().expect("an open file has more handles");
    run(client("pg_dump", port)
        .args(["--format=custom", from])
        .stdout(output));
    dump.seek(SeekFrom::Start(0)).expect("a file can be read again");
    run(client("pg_restore", port)
        .args(["--exit-on-error", "--single-transaction", "--dbname", to])
        .stdin(dump));
}

/// Runs a command to its end; what it has to say goes to the test's own standard error.
fn run(command: &mut Command) {
    let status = command
        .status()
        .unwrap_or_else(|error| panic!("could not run {command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}
