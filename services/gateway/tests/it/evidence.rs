//! Downloads of evidence: the right bytes to whoever takes them, little memory, and nobody holds a place for ever.

use crate::{
    bundle::Bundle,
    client::{Gateway, PATIENCE},
    ledger::{self, migrated},
};
use flate2::bufread::GzDecoder;
use kinitro_harness::{Postgres, eventually};
use kinitro_store::Store;
use reqwest::{Method, Response};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{self, Read},
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{interval, timeout},
};

const PATH: &str = "/v1/cycles/1/evidence";
const GZIP: [(&str, &str); 1] = [("accept-encoding", "gzip")];
/// Far more than the kernel's buffers on both sides hold.
const LARGE: Bundle = Bundle {
    large: 40,
    lines: 10_000,
    unflushed: false,
    keys: Vec::new(),
};

async fn settled(store: &Store, bundle: &Bundle) {
    let cycle = ledger::next_running(store, 1000, 5, 62).await;
    ledger::settle_with(store, cycle, 5, bundle).await;
}

/// What the signed document says of it: digest and length.
async fn promised(gateway: &Gateway) -> (String, u64) {
    let evidence = &gateway.get("/v1/cycles/1/weights").await.json()["signed"]["evidence"];
    let sha256 = evidence["sha256"].as_str().unwrap().to_owned();
    (sha256, evidence["bytes"].as_u64().unwrap())
}

async fn open(gateway: &Gateway, headers: &[(&str, &str)]) -> Response {
    gateway.open(Method::GET, PATH, headers, String::new()).await
}

/// As browsers and curl do: one member, and nothing may stand behind it.
fn unpack(packed: &[u8]) -> Vec<u8> {
    let (mut text, mut rest) = (Vec::new(), packed);
    GzDecoder::new(&mut rest).read_to_end(&mut text).unwrap();
    assert!(rest.is_empty(), "{} bytes behind the end", rest.len());
    text
}

fn digest(text: &[u8]) -> (String, u64) {
    (hex::encode(Sha256::digest(text)), text.len() as u64)
}

#[tokio::test]
async fn the_evidence_is_what_the_document_names_in_either_form() {
    let small = |unflushed| Bundle {
        large: 3,
        lines: 2000,
        unflushed,
        keys: Vec::new(),
    };
    for bundle in [small(false), small(true), Bundle::default()] {
        let database = Postgres::database().await;
        settled(&migrated(&database.url()).await, &bundle).await;
        let gateway = Gateway::ready(&database.url()).await;
        let promised = promised(&gateway).await;
        let plain = open(&gateway, &[]).await;
        let headers = plain.headers().clone();
        assert_eq!(
            (plain.status().as_u16(), headers.get("content-encoding")),
            (200, None)
        );
        assert_eq!(headers["content-length"], promised.1.to_string());
        assert_eq!(headers["etag"], format!("\"{}\"", promised.0));
        assert_eq!(headers["content-type"], "application/x-ndjson");
        assert_eq!(
            headers["content-disposition"],
            "attachment; filename=\"cycle-1.evidence.jsonl\""
        );
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(headers["vary"], "accept-encoding");
        let text = plain.bytes().await.unwrap();
        assert_eq!(digest(&text), promised, "{bundle:?}");

        let packed = open(&gateway, &GZIP).await;
        let headers = packed.headers().clone();
        assert_eq!(headers["content-encoding"], "gzip");
        assert_eq!(headers["etag"], format!("W/\"{}\"", promised.0));
        assert_eq!(headers.get("content-length"), None);
        assert_eq!(headers["vary"], "accept-encoding");
        let packed = packed.bytes().await.unwrap();
        assert!(unpack(&packed) == text, "{bundle:?}");
        let smaller = packed.len() * 2 < text.len();
        assert_eq!(smaller, !bundle.unflushed, "{} of {}", packed.len(), text.len());
        gateway.stop().await;
    }
}

#[tokio::test]
async fn the_form_is_the_clients_choice() {
    let database = Postgres::database().await;
    settled(&migrated(&database.url()).await, &Bundle::default()).await;
    let gateway = Gateway::ready(&database.url()).await;
    for (accepted, form) in [
        ("gzip, deflate, br", Some("gzip")),
        ("identity;q=0, gzip;q=0.1", Some("gzip")),
        ("*", Some("gzip")),
        ("gzip;q=0", None),
        ("br, identity", None),
        ("", None),
    ] {
        let answer = open(&gateway, &[("accept-encoding", accepted)]).await;
        let told = answer
            .headers()
            .get("content-encoding")
            .map(|form| form.to_str().unwrap().to_owned());
        assert_eq!(
            (answer.status().as_u16(), told.as_deref()),
            (200, form),
            "`{accepted}`"
        );
    }
    for refused in ["identity;q=0", "*;q=0", "br, *;q=0"] {
        let headers = [("accept-encoding", refused)];
        let answer = gateway.send(Method::GET, PATH, &headers, String::new()).await;
        assert_eq!(answer.status, 406, "`{refused}`");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn who_has_it_or_asks_only_about_it_takes_no_place() {
    let database = Postgres::database().await;
    settled(&migrated(&database.url()).await, &LARGE).await;
    let gateway = Gateway::start_with(&database.url(), &["--max-downloads", "1"]).await;
    gateway.until(PATH, |answer| answer.status == 200).await;
    let (sha256, bytes) = promised(&gateway).await;
    let only_place = ask(gateway.address).await;
    for (tag, form) in [
        (format!("\"{sha256}\""), "identity"),
        (format!("W/\"{sha256}\""), "gzip"),
        (format!("W/\"{sha256}\""), "identity"),
        ("*".to_owned(), "gzip"),
    ] {
        let headers = [("if-none-match", tag.as_str()), ("accept-encoding", form)];
        let answer = gateway.send(Method::GET, PATH, &headers, String::new()).await;
        assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{tag}");
        assert!(answer.header("etag").unwrap().contains(&sha256));
        assert_eq!(
            answer.header("cache-control"),
            Some("public, max-age=31536000, immutable")
        );
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
    }
    let head = gateway.send(Method::HEAD, PATH, &[], String::new()).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), Some(bytes.to_string().as_str()));
    assert_eq!(head.header("etag"), Some(format!("\"{sha256}\"").as_str()));
    let head = gateway.send(Method::HEAD, PATH, &GZIP, String::new()).await;
    assert_eq!(
        (head.header("content-encoding"), head.header("content-length")),
        (Some("gzip"), None)
    );
    drop(only_place);
    gateway.stop().await;
}

/// Asks for the evidence as it is and reads the first of it, through buffers as small as the kernel allows.
async fn ask(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let request = format!("GET {PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut begin = [0; 1024];
    stream.read_exact(&mut begin).await.unwrap();
    assert!(
        begin.starts_with(b"HTTP/1.1 200 OK\r\n"),
        "{}",
        String::from_utf8_lossy(&begin)
    );
    stream
}

async fn running(gateway: &Gateway) -> String {
    let text = gateway.get("/metrics").await.text;
    let line = text
        .lines()
        .find(|line| line.starts_with("kinitro_evidence_downloads "));
    line.unwrap().to_owned()
}

/// Asks for another download until there is a place for it.
async fn until_free(gateway: &Gateway) -> Instant {
    eventually(PATIENCE, "a place for a download", async || {
        let answer = open(gateway, &GZIP).await;
        match answer.status().as_u16() {
            200 => Ok(Instant::now()),
            status => Err(status),
        }
    })
    .await
}

#[tokio::test]
async fn downloads_are_counted_and_one_that_is_given_up_makes_room() {
    let database = Postgres::database().await;
    settled(&migrated(&database.url()).await, &LARGE).await;
    let gateway = Gateway::start_with(&database.url(), &["--max-downloads", "2"]).await;
    gateway.until("/ready", |answer| answer.status == 200).await;
    let (first, second) = (ask(gateway.address).await, ask(gateway.address).await);
    assert_eq!(running(&gateway).await, "kinitro_evidence_downloads 2");
    let third = gateway.get(PATH).await;
    assert_eq!(third.status, 503);
    assert!(third.header("retry-after").unwrap().parse::<u64>().is_ok());
    assert_eq!(third.header("content-type"), Some("application/problem+json"));
    assert_eq!(
        third.json()["detail"],
        "Too many downloads at a time, try again later"
    );
    // Who only wants the weights is not kept waiting by those who download.
    assert_eq!(gateway.get("/v1/weights/latest").await.status, 200);

    drop(first);
    until_free(&gateway).await;
    drop(second);
    eventually(PATIENCE, "no download", async || {
        match running(&gateway).await.as_str() {
            "kinitro_evidence_downloads 0" => Ok(()),
            other => Err(other.to_owned()),
        }
    })
    .await;
    gateway.stop().await;
}

#[tokio::test]
async fn who_does_not_read_or_drips_is_cut() {
    let database = Postgres::database().await;
    settled(&migrated(&database.url()).await, &LARGE).await;
    let flags = ["--max-downloads", "1", "--send-timeout-seconds", "1"];
    let gateway = Gateway::start_with(&database.url(), &flags).await;
    gateway.until("/ready", |answer| answer.status == 200).await;
    for bytes_a_beat in [0, 64] {
        let start = Instant::now();
        let mut stream = ask(gateway.address).await;
        let dripping = tokio::spawn(async move {
            let (mut beat, mut drop_of_it) = (interval(Duration::from_millis(20)), vec![0; bytes_a_beat]);
            while stream.read_exact(&mut drop_of_it).await.is_ok() {
                beat.tick().await;
            }
        });
        let free = until_free(&gateway).await;
        assert!(
            free - start >= Duration::from_millis(900),
            "{bytes_a_beat}: {:?}",
            free - start
        );
        dripping.abort();
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_download_may_take_longer_than_any_other_answer() {
    let database = Postgres::database().await;
    settled(&migrated(&database.url()).await, &LARGE).await;
    let flags = ["--request-timeout-seconds", "2"];
    let gateway = Gateway::start_with(&database.url(), &flags).await;
    gateway.until("/ready", |answer| answer.status == 200).await;
    let promised = promised(&gateway).await;
    let (start, mut text) = (Instant::now(), Vec::new());
    let mut response = open(&gateway, &[]).await;
    let mut beat = interval(Duration::from_millis(100));
    while let Some(part) = response.chunk().await.unwrap() {
        text.extend_from_slice(&part);
        if start.elapsed() < Duration::from_secs(3) {
            beat.tick().await;
        }
    }
    assert!(start.elapsed() > Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(digest(&text), promised);
    gateway.stop().await;
}

/// Reads a download to its end or its breaking off.
async fn outcome(mut response: Response) -> Result<(), String> {
    loop {
        match timeout(PATIENCE, response.chunk()).await.unwrap() {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(error) => return Err(error.to_string()),
        }
    }
}

#[tokio::test]
async fn a_download_that_the_ledger_leaves_breaks_off() {
    let mut cluster = Postgres::private().await;
    settled(&migrated(&cluster.url()).await, &LARGE).await;
    let gateway = Gateway::ready(&cluster.url()).await;
    for headers in [&[][..], &GZIP] {
        let mut response = open(&gateway, headers).await;
        assert!(response.chunk().await.unwrap().is_some());
        cluster.stop();
        assert!(
            outcome(response).await.is_err(),
            "{headers:?}: taken for the whole"
        );
        let away = gateway.until(PATH, |answer| answer.status == 503).await;
        assert!(away.header("retry-after").is_some());
        cluster.start_again().await;
        gateway.until("/v1/cycles/1", |answer| answer.status == 200).await;
    }
    assert_eq!(running(&gateway).await, "kinitro_evidence_downloads 0");
    gateway.stop().await;
}

#[tokio::test]
async fn evidence_that_is_damaged_is_never_taken_for_the_whole() {
    let bundle = Bundle {
        large: 2,
        lines: 3000,
        ..Bundle::default()
    };
    for damage in [
        "DELETE FROM bundle_chunks WHERE place = 4",
        "DELETE FROM bundle_chunks WHERE place = 2",
        "UPDATE bundle_chunks SET bytes = (SELECT bytes FROM bundle_chunks WHERE place = 0) WHERE place = 3",
        "UPDATE bundle_chunks SET bytes = overlay(bytes PLACING '\\x00000000' FROM 1) WHERE place = 3",
        "INSERT INTO bundle_chunks SELECT cycle_id, 5, bytes FROM bundle_chunks WHERE place = 4",
    ] {
        let database = Postgres::database().await;
        settled(&migrated(&database.url()).await, &bundle).await;
        ledger::execute(&database.url(), damage).await;
        let gateway = Gateway::ready(&database.url()).await;
        for headers in [&[][..], &GZIP] {
            let response = open(&gateway, headers).await;
            assert_eq!(response.status().as_u16(), 200);
            let whole = outcome(response).await.is_ok();
            // Of a known length, what is beyond it is simply not sent.
            let surplus = damage.starts_with("INSERT") && headers.is_empty();
            assert_eq!(whole, surplus, "{damage}, {headers:?}");
        }
        gateway.stop().await;
    }
}

/// What the process holds, and the most it ever held, in bytes.
fn memory(which: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(which)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Unpacks what it is fed, and forgets all but the digest.
struct Digesting(Sha256);

impl io::Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "the figure is for whoever runs the test")]
async fn downloads_of_large_evidence_take_little_memory() {
    let database = Postgres::database().await;
    settled(&migrated(&database.url()).await, &LARGE).await;
    let gateway = Gateway::ready(&database.url()).await;
    let promised = promised(&gateway).await;
    assert!(promised.1 > 40_000_000, "{} bytes", promised.1);
    // Makes the highest mark what is held now.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory("VmRSS:");
    let plain = async || {
        let (mut response, mut digest) = (open(&gateway, &[]).await, Sha256::new());
        while let Some(part) = response.chunk().await.unwrap() {
            digest.update(&part);
        }
        digest
    };
    let packed = async || {
        let mut response = open(&gateway, &GZIP).await;
        let mut unpacking = flate2::write::GzDecoder::new(Digesting(Sha256::new()));
        while let Some(part) = response.chunk().await.unwrap() {
            io::Write::write_all(&mut unpacking, &part).unwrap();
        }
        unpacking.finish().unwrap().0
    };
    let digests = tokio::join!(plain(), packed(), plain(), packed());
    for digest in [digests.0, digests.1, digests.2, digests.3] {
        assert_eq!(hex::encode(digest.finalize()), promised.0);
    }
    let grown = memory("VmHWM:").saturating_sub(before);
    eprintln!(
        "four downloads at a time of {} bytes: {grown} bytes more at most",
        promised.1
    );
    assert!(grown < 16 * 1024 * 1024, "{grown} bytes");
    gateway.stop().await;
}
