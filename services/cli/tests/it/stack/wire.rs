//! NATS as any stranger with a socket speaks it: to publish what no service of ours would, and to read the
//! streams without a consumer.

use kinitro_harness::Nats;
use kinitro_proto::{TaskResult, encoding, header};
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::SocketAddr};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// Where NATS is. Each question makes a connection of its own, so that none has to be kept alive.
pub(crate) struct Wire(SocketAddr);

/// A connection that asks one thing at a time.
struct Connection {
    stream: BufReader<TcpStream>,
    asked: u32,
}

/// What a subject holds or answers.
struct Message {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// A result as the stream keeps it.
pub(crate) struct Kept {
    pub(crate) result: TaskResult,
    pub(crate) traceparent: Option<String>,
}

impl Wire {
    pub(crate) fn to(nats: &Nats) -> Self {
        Self(nats.address())
    }

    /// Publishes to a stream and says what it answered.
    pub(crate) async fn publish(&self, subject: &str, headers: &[(&str, &str)], body: &[u8]) -> Value {
        let mut connection = Connection::open(self.0).await;
        let answer = connection.request(subject, headers, body).await;
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// Asks JetStream's API.
    pub(crate) async fn ask(&self, what: &str, body: Value) -> Value {
        let subject = format!("$JS.API.{what}");
        let answer = self.publish(&subject, &[], body.to_string().as_bytes()).await;
        assert!(answer["error"].is_null(), "{what}: {answer}");
        answer
    }

    /// How many messages a stream holds.
    pub(crate) async fn held(&self, stream: &str) -> u64 {
        let info = self.ask(&format!("STREAM.INFO.{stream}"), json!({})).await;
        info["state"]["messages"].as_u64().unwrap()
    }

    /// How many messages DEAD holds of each subject that is a dead letter's.
    pub(crate) async fn dead(&self) -> BTreeMap<String, u64> {
        let info = self
            .ask("STREAM.INFO.DEAD", json!({ "subjects_filter": "dead.>" }))
            .await;
        serde_json::from_value(info["state"]["subjects"].clone()).unwrap_or_default()
    }

    /// Every result there is, in order.
    pub(crate) async fn results(&self) -> Vec<Kept> {
        let state = self.ask("STREAM.INFO.RESULTS", json!({})).await["state"].take();
        let mut connection = Connection::open(self.0).await;
        let mut results = Vec::new();
        for sequence in state["first_seq"].as_u64().unwrap()..=state["last_seq"].as_u64().unwrap() {
            let body = json!({ "seq": sequence }).to_string();
            let message = connection
                .request("$JS.API.DIRECT.GET.RESULTS", &[], body.as_bytes())
                .await;
            let schema = message.headers.get(header::SCHEMA).map(String::as_str);
            // What a test put there itself may be anything.
            if let Ok(result) = encoding::decode(schema, &message.body) {
                let traceparent = message.headers.get(header::TRACEPARENT).cloned();
                results.push(Kept { result, traceparent });
            }
        }
        results
    }
}

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = BufReader::new(TcpStream::connect(address).await.unwrap());
        let mut connection = Self { stream, asked: 0 };
        connection
            .send(b"CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n")
            .await;
        connection
    }

    async fn request(&mut self, subject: &str, headers: &[(&str, &str)], body: &[u8]) -> Message {
        self.asked += 1;
        let (id, inbox) = (self.asked, format!("_INBOX.wire.{}", self.asked));
        let fields: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let head = format!("NATS/1.0\r\n{fields}\r\n");
        let (part, whole) = (head.len(), head.len() + body.len());
        let ask =
            format!("SUB {inbox} {id}\r\nUNSUB {id} 1\r\nHPUB {subject} {inbox} {part} {whole}\r\n{head}");
        self.send(&[ask.as_bytes(), body, b"\r\n"].concat()).await;
        self.answer().await
    }

    async fn answer(&mut self) -> Message {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).await.unwrap();
            let words: Vec<_> = line.split_whitespace().collect();
            let number = |back: usize| words[words.len() - back].parse::<usize>().unwrap();
            match words.first().copied() {
                Some("MSG") => return self.message(0, number(1)).await,
                Some("HMSG") => return self.message(number(2), number(1)).await,
                Some("PING") => self.send(b"PONG\r\n").await,
                Some("INFO" | "PONG" | "+OK") => {}
                _ => panic!("NATS said `{line}`"),
            }
        }
    }

    async fn message(&mut self, head: usize, whole: usize) -> Message {
        let mut bytes = vec![0; whole + 2];
        self.stream.read_exact(&mut bytes).await.unwrap();
        bytes.truncate(whole);
        let body = bytes.split_off(head);
        let fields = String::from_utf8(bytes).unwrap();
        let headers = fields.lines().filter_map(|line| line.split_once(": "));
        Message {
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body,
        }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).await.unwrap();
    }
}
