//! The cluster all tests share, and the template every cluster is copied from. One lock guards both: test
//! processes of a run, and of several runs, find or make them in turn.

use super::cluster::{copy, initialise, is_ready, own, server};
use crate::workspace::{free_port, root, tail};
use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Stdio,
    sync::mpsc,
    time::{Duration, Instant},
};

/// How long another test process may hold the lock: it makes the template at most.
const LOCK: Duration = Duration::from_secs(120);
const START: Duration = Duration::from_secs(30);

/// The template's folder, made if it is missing.
pub(super) fn template() -> PathBuf {
    let home = home();
    let _lock = lock(&home);
    made_template(&home)
}

/// The shared cluster's port, the cluster started if it does not answer.
pub(super) fn port() -> u16 {
    let home = home();
    let _lock = lock(&home);
    recorded_port(&home)
        .filter(|&port| is_ready(port))
        .unwrap_or_else(|| start(&home))
}

fn start(home: &Path) -> u16 {
    let template = made_template(home);
    let (data, log) = (home.join("shared"), home.join("shared.log"));
    absent(fs::remove_dir_all(&data));
    copy(&template, &data);
    for _ in 0..8 {
        let port = free_port();
        if starts(&data, port, &log) {
            fs::write(home.join("port"), port.to_string()).expect("the port can be written");
            return port;
        }
    }
    panic!(
        "the shared postgres did not start, 8 ports tried:\n{}",
        tail(&log)
    );
}

/// The server outlives this process on purpose.
fn starts(data: &Path, port: u16, log: &Path) -> bool {
    let output = File::create(log).expect("the log can be written");
    let mut command = server(data, port);
    // A group of its own: the terminal's Ctrl-C is for the tests, not for what outlives them.
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stderr(output.try_clone().expect("a file"))
        .stdout(output);
    let mut child = command.spawn().expect("postgres can be run: initdb was");
    let end = Instant::now() + START;
    while matches!(child.try_wait(), Ok(None)) {
        if is_ready(port) {
            return true;
        }
        assert!(
            Instant::now() < end,
            "the shared postgres did not answer:\n{}",
            tail(log)
        );
        pause();
    }
    false
}

/// Made beside its place and moved there whole, so that half a template is never found.
fn made_template(home: &Path) -> PathBuf {
    let template = home.join("template");
    if !template.exists() {
        let draft = home.join("draft");
        absent(fs::remove_dir_all(&draft));
        initialise(&draft);
        fs::rename(&draft, &template).expect("a folder can be renamed in place");
    }
    template
}

fn recorded_port(home: &Path) -> Option<u16> {
    fs::read_to_string(home.join("port")).ok()?.parse().ok()
}

fn home() -> PathBuf {
    let home = root().join("target/test-postgres");
    fs::create_dir_all(&home).expect("the target folder can be written");
    own(&home);
    home
}

fn lock(home: &Path) -> File {
    let file = File::options()
        .create(true)
        .append(true)
        .open(home.join("lock"))
        .expect("the lock file opens");
    let end = Instant::now() + LOCK;
    loop {
        match file.try_lock() {
            Ok(()) => return file,
            Err(TryLockError::WouldBlock) => assert!(Instant::now() < end, "{LOCK:?} without the lock"),
            Err(TryLockError::Error(error)) => panic!("could not lock: {error}"),
        }
        pause();
    }
}

fn absent(removed: io::Result<()>) {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => panic!("could not remove: {error}"),
        _ => {}
    }
}

/// Waits 20 ms on a thread that may block: the lock of another process and a server's start announce nothing.
fn pause() {
    let (_keep, never) = mpsc::channel::<()>();
    never
        .recv_timeout(Duration::from_millis(20))
        .expect_err("nobody sends");
}
