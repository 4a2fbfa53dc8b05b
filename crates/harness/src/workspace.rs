//! Where things are, and ports.

use rand::Rng;
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate lies two folders below the root")
        .to_owned()
}

/// A loopback port that is free now, below the range the kernel takes for outgoing connections, so that a
/// stopped server finds it free again.
pub(crate) fn free_port() -> u16 {
    (0..64)
        .map(|_| rand::rng().random_range(20_000..32_000))
        .find(|&port| TcpListener::bind(loopback(port)).is_ok())
        .expect("of 64 ports below 32000 one is free")
}

pub(crate) fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// The end of a server's log, for a panic message.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_else(|error| format!("no log: {error}"));
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
