//! Whether a name server of ours still answers: one question about the root of all names, whose
//! servers no miner runs.

use futures::future;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use tokio::{net::UdpSocket, time};

/// The system's own limit on name servers.
const MAX_SERVERS: usize = 3;
/// Tries, because a datagram may be lost; each waits this long, so a dead server costs one second.
const TRIES: u32 = 2;
const WAIT: Duration = Duration::from_millis(500);
/// A question with an id of its own, recursion wanted: the name servers (type 2, class 1) of the root.
const QUESTION: [u8; 17] = [0x6b, 0x69, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
/// The answer of a forwarder whose own servers are away: it is alive, looking names up is not.
const SERVFAIL: u8 = 2;

/// The name servers the system asks.
pub(super) async fn configured() -> Vec<SocketAddr> {
    servers(
        &tokio::fs::read_to_string("/etc/resolv.conf")
            .await
            .unwrap_or_default(),
    )
}

/// Whether any of the servers knows the root.
pub(super) async fn any_answers(servers: &[SocketAddr]) -> bool {
    future::join_all(servers.iter().map(|server| answers(*server)))
        .await
        .contains(&true)
}

fn servers(text: &str) -> Vec<SocketAddr> {
    let mut servers: Vec<_> = text.lines().filter_map(server).take(MAX_SERVERS).collect();
    if servers.is_empty() {
        // What the system asks when none is configured.
        servers.push((Ipv4Addr::LOCALHOST, 53).into());
    }
    servers
}

fn server(line: &str) -> Option<SocketAddr> {
    let mut words = line.split_whitespace();
    let address = words
        .next()
        .filter(|word| *word == "nameserver")
        .and_then(|_| words.next())?;
    address.parse::<IpAddr>().ok().map(|address| (address, 53).into())
}

async fn answers(server: SocketAddr) -> bool {
    for _ in 0..TRIES {
        if let Ok(Ok(true)) = time::timeout(WAIT, ask(server)).await {
            return true;
        }
    }
    false
}

async fn ask(server: SocketAddr) -> io::Result<bool> {
    let any: IpAddr = if server.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(&QUESTION).await?;
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer).await?;
    Ok(length >= 12 && answer[..2] == QUESTION[..2] && answer[2] & 0x80 != 0 && answer[3] & 0x0f != SERVFAIL)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name server that answers every question with this code; none is silence.
    async fn name_server(code: Option<u8>) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut question = [0; 512];
            loop {
                let (length, from) = socket.recv_from(&mut question).await.unwrap();
                let Some(code) = code else { continue };
                question[2] |= 0x80;
                question[3] = 0x80 | code;
                socket.send_to(&question[..length], from).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn a_server_that_answers_works_whatever_it_thinks_of_the_question() {
        for code in [0, 3, 5] {
            assert!(any_answers(&[name_server(Some(code)).await]).await, "code {code}");
        }
    }

    #[tokio::test]
    async fn silence_a_closed_port_and_a_forwarder_without_servers_do_not_work() {
        let closed = UdpSocket::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let servers = [name_server(None).await, closed, name_server(Some(SERVFAIL)).await];
        assert!(!any_answers(&servers).await);
        assert!(!any_answers(&[]).await);
    }

    #[tokio::test]
    async fn one_working_server_is_enough() {
        assert!(any_answers(&[name_server(None).await, name_server(Some(0)).await]).await);
    }

    #[test]
    fn the_systems_servers_are_read_as_the_system_reads_them() {
        let text = "# x\nsearch a.example\nnameserver 10.0.0.53\nnameserver fe80::1%eth0\noptions ndots:5\nnameserver ::1";
        assert_eq!(
            servers(text),
            [
                "10.0.0.53:53".parse().unwrap(),
                "[::1]:53".parse::<SocketAddr>().unwrap()
            ]
        );
        assert_eq!(servers(""), ["127.0.0.1:53".parse::<SocketAddr>().unwrap()]);
        assert_eq!(servers(&"nameserver 10.0.0.53\n".repeat(9)).len(), MAX_SERVERS);
    }
}
