use kinitro_harness::{Nats, eventually};
use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
    time::Duration,
};

const SOON: Duration = Duration::from_secs(10);

/// One request of the text protocol, its answer's body.
fn ask(address: SocketAddr, subject: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let publish = format!(
        "CONNECT {{\"verbose\":false}}\r\nSUB inbox 1\r\nPUB {subject} inbox {}\r\n{body}\r\n",
        body.len()
    );
    stream.write_all(publish.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    lines.find(|line| line.starts_with("MSG inbox")).unwrap();
    lines.next().unwrap()
}

const CREATE: &str = r#"{"name":"S","subjects":["s"],"storage":"file"}"#;

#[tokio::test]
async fn the_store_survives_a_kill_and_not_a_wipe() {
    let mut nats = Nats::start().await;
    let created = ask(nats.address(), "$JS.API.STREAM.CREATE.S", CREATE);
    assert!(created.contains("\"did_create\":true"), "{created}");
    assert!(ask(nats.address(), "s", "hello").contains("\"seq\":1"));

    let url = nats.url();
    nats.restart().await;
    assert_eq!(nats.url(), url);
    assert!(ask(nats.address(), "s", "again").contains("\"seq\":2"));

    nats.stop();
    assert!(TcpStream::connect(nats.address()).is_err());
    nats.wipe_store();
    nats.start_again().await;
    assert!(ask(nats.address(), "$JS.API.STREAM.INFO.S", "").contains("stream not found"));
}

#[tokio::test]
async fn servers_do_not_disturb_each_other() {
    let (first, second) = tokio::join!(Nats::start(), Nats::start());
    assert_ne!(first.url(), second.url());
    ask(first.address(), "$JS.API.STREAM.CREATE.S", CREATE);
    assert!(ask(second.address(), "$JS.API.STREAM.INFO.S", "").contains("stream not found"));
}

#[tokio::test]
async fn the_oldest_supported_server_takes_our_settings() {
    let nats = Nats::start_oldest().await;
    let mut greeting = String::new();
    BufReader::new(TcpStream::connect(nats.address()).unwrap())
        .read_line(&mut greeting)
        .unwrap();
    assert!(greeting.contains("\"version\":\"2.11."), "{greeting}");
}

#[tokio::test]
async fn a_server_ends_with_its_handle() {
    let nats = Nats::start().await;
    let address = nats.address();
    drop(nats);
    assert!(TcpStream::connect(address).is_err());
}

/// Runs as a child of the test below only: says where its server is and waits to be killed.
#[tokio::test]
#[ignore = "the other half of `a_server_ends_with_a_killed_test`"]
async fn wait_to_be_killed() {
    let nats = Nats::start().await;
    std::io::stdout()
        .write_all(format!("\naddress={}\n", nats.address()).as_bytes())
        .unwrap();
    std::future::pending().await
}

#[tokio::test]
async fn a_server_ends_with_a_killed_test() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "nats::wait_to_be_killed", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let address = lines
        .find_map(|line| line.strip_prefix("address=").map(str::to_owned))
        .unwrap();
    assert!(TcpStream::connect(&address).is_ok());
    child.kill().unwrap();
    child.wait().unwrap();
    eventually(SOON, "the orphan's end", async || {
        TcpStream::connect(&address).is_err()
    })
    .await;
}
