//! Somebody between the gateway and who asks it, and changes what it says.

use axum::{
    Router,
    body::Body,
    http::{StatusCode, Uri},
    response::Response,
};
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// An answer that may be changed.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

type Edit = dyn FnMut(&str, &mut Told) + Send;

/// A gateway on loopback that passes on what another one says, not always truly.
pub(crate) struct Forger {
    pub(crate) address: SocketAddr,
    /// Who says the truth.
    pub(crate) gateway: SocketAddr,
    edit: Arc<Mutex<Box<Edit>>>,
}

impl Forger {
    /// One that changes nothing yet; ends with the test's runtime.
    pub(crate) async fn before(gateway: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let edit: Arc<Mutex<Box<Edit>>> = Arc::new(Mutex::new(Box::new(|_, _| {})));
        let shared = Arc::clone(&edit);
        let app = Router::new().fallback(async move |uri: Uri| {
            let mut told = fetched(gateway, uri.path()).await;
            (shared.lock().unwrap())(uri.path(), &mut told);
            told.into_response()
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            address,
            gateway,
            edit,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes every answer from now on.
    pub(crate) fn forge(&self, edit: impl FnMut(&str, &mut Told) + Send + 'static) {
        *self.edit.lock().unwrap() = Box::new(edit);
    }

    /// Changes the weights' JSON.
    pub(crate) fn forge_weights(&self, edit: impl Fn(&mut Value) + Send + 'static) {
        self.forge(move |path, told| {
            if path.contains("weights") {
                told.edit_json(&edit);
            }
        });
    }

    /// Changes the evidence.
    pub(crate) fn forge_evidence(&self, edit: impl Fn(String) -> String + Send + 'static) {
        self.forge(move |path, told| {
            if path.ends_with("/evidence") {
                let text = String::from_utf8(std::mem::take(&mut told.body)).unwrap();
                told.body = edit(text).into_bytes();
            }
        });
    }
}

impl Told {
    pub(crate) fn edit_json(&mut self, edit: impl Fn(&mut Value)) {
        let mut json = serde_json::from_slice(&self.body).unwrap();
        edit(&mut json);
        self.body = json.to_string().into_bytes();
    }

    pub(crate) fn header(&mut self, name: &str) -> &mut String {
        let header = self.headers.iter_mut().find(|(known, _)| known == name);
        &mut header.expect("the gateway sends it").1
    }

    fn into_response(self) -> Response {
        let mut response = Response::builder().status(StatusCode::from_u16(self.status).unwrap());
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(Body::from(self.body)).unwrap()
    }
}

/// What the gateway says, asked in the oldest way: whole, and neither packed nor in chunks.
pub(crate) async fn fetched(gateway: SocketAddr, path: &str) -> Told {
    let mut stream = TcpStream::connect(gateway).await.unwrap();
    let request = format!("GET {path} HTTP/1.0\r\nhost: {gateway}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("an answer has a head");
    let body = answer.split_off(end + 4);
    let head = String::from_utf8(answer).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        // What says how long the body is, or that it is known already, is no longer true.
        .filter(|(name, _)| {
            ["content-type", "location"].contains(&name.as_str()) || name.starts_with("kinitro-")
        });
    Told {
        status,
        headers: headers.collect(),
        body,
    }
}
