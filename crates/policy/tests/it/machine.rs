//! What this machine is short of, or told by its surroundings: looked at from a second process.

use crate::{client, server::Server};
use kinitro_proto::{Fault, InfraFaultKind, Observation};
use std::{fs::File, net::TcpListener, process::Command};

const SECOND: &str = "KINITRO_POLICY_SECOND_PROCESS";

/// Runs the test of this name again in a process of its own, behind a line of shell.
fn again(name: &str, shell: &str) {
    let this = std::env::current_exe().unwrap();
    let shell = format!("{shell}; exec \"$0\" --exact \"$1\" --nocapture");
    let output = Command::new("sh")
        .args(["-c", &shell])
        .arg(this)
        .arg(name)
        .env(SECOND, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}\n{errors}"
    );
}

fn is_second() -> bool {
    std::env::var_os(SECOND).is_some()
}

fn is_network<T: std::fmt::Debug>(result: Result<T, Fault>) -> bool {
    matches!(result, Err(Fault::Infra(fault)) if fault.kind == InfraFaultKind::Network)
}

#[tokio::test]
async fn running_out_of_file_descriptors_is_our_fault() {
    if !is_second() {
        return again(
            "machine::running_out_of_file_descriptors_is_our_fault",
            "ulimit -n 100",
        );
    }
    let server = Server::honest().await;
    let client = client();
    let mut session = client.session(&server.policy()).await.unwrap();
    let files: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(is_network(session.act(&Observation::default()).await));
    assert!(is_network(client.session(&server.policy()).await));
    drop(files);
    session.act(&Observation::default()).await.unwrap();
}

#[tokio::test]
async fn a_proxy_of_the_surroundings_is_not_used() {
    if is_second() {
        let server = Server::honest().await;
        let url = format!("http://localhost:{}", server.address.port());
        for policy in [server.policy(), crate::endpoint(url)] {
            client()
                .session(&policy)
                .await
                .unwrap()
                .act(&Observation::default())
                .await
                .unwrap();
        }
        return;
    }
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let export = format!("export http_proxy={url} HTTP_PROXY={url} ALL_PROXY={url} all_proxy={url}");
    again("machine::a_proxy_of_the_surroundings_is_not_used", &export);
    assert!(proxy.accept().is_err(), "the proxy was called");
}
