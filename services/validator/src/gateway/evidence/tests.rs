//! Evidence that comes as it should, and in every other way.

use super::*;
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, header},
    response::{IntoResponse, Response as Served},
    routing::get,
};
use flate2::{Compression, write::GzEncoder};
use futures::{StreamExt, stream};
use std::io::Write;
use tokio::net::TcpListener;

const LIMITS: Limits = Limits {
    bytes: 1024 * 1024,
    time: Duration::from_secs(5),
    stall: Duration::from_millis(300),
};

async fn gateway(answer: impl Fn(HeaderMap) -> Served + Clone + Send + Sync + 'static) -> Http {
    kinitro_chassis::tls::install();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let backend = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().route(
        "/v1/cycles/7/evidence",
        get(async move |headers: HeaderMap| answer(headers)),
    );
    tokio::spawn(async move { axum::serve(listener, app).await });
    Http::new(&backend.parse().unwrap(), Duration::from_millis(100)).unwrap()
}

/// All of the evidence, or what became of the reading of it.
async fn whole(http: &Http, limits: Limits) -> Result<Option<io::Result<Vec<u8>>>> {
    let read = |reader: &mut dyn BufRead| {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).map(|_| all)
    };
    http.evidence(CycleId(7), limits, read).await
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn gzip(body: impl Into<Body>) -> Served {
    ([(CONTENT_ENCODING, "gzip")], body.into()).into_response()
}

fn pieces(pieces: Vec<Vec<u8>>) -> Body {
    Body::from_stream(stream::iter(pieces).map(|piece| Ok::<_, io::Error>(Bytes::from(piece))))
}

#[tokio::test]
async fn packed_evidence_of_many_members_is_unpacked_as_it_comes() {
    let http = gateway(|headers| {
        assert_eq!(headers[ACCEPT_ENCODING], "gzip");
        let body = [packed(b"one\n"), packed(b"two\n"), packed(b"three\n")].concat();
        // Cut where no member ends.
        gzip(pieces(body.chunks(7).map(<[u8]>::to_vec).collect()))
    })
    .await;
    let all = whole(&http, LIMITS).await.unwrap().unwrap().unwrap();
    assert_eq!(all, b"one\ntwo\nthree\n");
}

#[tokio::test]
async fn plain_evidence_is_read_as_it_is() {
    let http =
        gateway(|_| pieces(vec![b"one\n".to_vec(), Vec::new(), b"two\n".to_vec()]).into_response()).await;
    let all = whole(&http, LIMITS).await.unwrap().unwrap().unwrap();
    assert_eq!(all, b"one\ntwo\n");
}

#[tokio::test]
async fn what_is_not_there_is_none_and_redirects_are_not_followed() {
    let http = gateway(|_| StatusCode::NOT_FOUND.into_response()).await;
    assert!(whole(&http, LIMITS).await.unwrap().is_none());
    for status in [204, 302, 308, 500, 503] {
        let http = gateway(move |_| {
            let location = [(header::LOCATION, "http://127.0.0.1:1/")];
            (StatusCode::from_u16(status).unwrap(), location).into_response()
        })
        .await;
        let error = whole(&http, LIMITS).await.unwrap_err();
        assert!(
            matches!(error, Error::Status { status: is, .. } if is == status),
            "{error}"
        );
        assert!(error.is_passing());
    }
}

#[tokio::test]
async fn endless_evidence_is_cut_off_at_its_bound_packed_or_not() {
    let endless = |piece: Vec<u8>| {
        let piece = Bytes::from(piece);
        Body::from_stream(stream::repeat_with(move || Ok::<_, io::Error>(piece.clone())))
    };
    let http = gateway(move |_| endless(vec![b' '; 64 * 1024]).into_response()).await;
    let error = whole(&http, LIMITS).await.unwrap_err();
    assert!(
        matches!(error, Error::TooLong { limit } if limit == LIMITS.bytes),
        "{error}"
    );

    // A few bytes that unpack to many.
    let http = gateway(move |_| gzip(packed(&vec![0; 16 * 1024 * 1024]))).await;
    let error = whole(&http, LIMITS).await.unwrap_err();
    assert!(matches!(error, Error::TooLong { .. }), "{error}");

    // Many bytes that unpack to none.
    let http = gateway(move |_| gzip(endless(packed(b"").repeat(1000)))).await;
    let error = whole(&http, LIMITS).await.unwrap_err();
    assert!(matches!(error, Error::TooLong { .. }), "{error}");
}

#[tokio::test]
async fn evidence_that_stops_coming_is_given_up_and_never_taken_for_whole() {
    let stalled = || {
        let first = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"one\n"))]);
        Body::from_stream(first.chain(stream::pending()))
    };
    let http = gateway(move |_| stalled().into_response()).await;
    let error = whole(&http, LIMITS).await.unwrap_err();
    assert!(matches!(error, Error::Stalled { .. }), "{error}");
    assert!(error.is_passing());

    // A byte now and then is no stall, and takes too long.
    let slow = Limits {
        time: Duration::from_millis(600),
        ..LIMITS
    };
    let http = gateway(move |_| drops().into_response()).await;
    let error = whole(&http, slow).await.unwrap_err();
    assert!(matches!(error, Error::Unanswered { .. }), "{error}");

    let broken = || {
        let first = stream::iter([
            Ok(Bytes::from_static(b"one\n")),
            Err(io::Error::from(io::ErrorKind::BrokenPipe)),
        ]);
        Body::from_stream(first)
    };
    let http = gateway(move |_| broken().into_response()).await;
    let error = whole(&http, LIMITS).await.unwrap_err();
    assert!(matches!(error, Error::Unanswered { .. }), "{error}");
}

/// A byte every tenth of a second, for ever.
fn drops() -> Body {
    let every = time::interval(Duration::from_millis(100));
    let ticks = stream::unfold(every, async |mut every| {
        every.tick().await;
        Some((Ok::<_, io::Error>(Bytes::from_static(b" ")), every))
    });
    Body::from_stream(ticks)
}

#[tokio::test]
async fn what_is_packed_badly_is_an_error_of_the_reader() {
    let mut cut = packed(b"one\ntwo\nthree\n");
    cut.truncate(cut.len() - 9);
    for body in [b"one\n".to_vec(), cut] {
        let http = gateway(move |_| gzip(body.clone())).await;
        let read = whole(&http, LIMITS).await.unwrap().unwrap();
        assert!(read.is_err(), "{read:?}");
    }
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_ends_the_download() {
    let http = gateway(|_| {
        let forever = stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from_static(b"line\n")));
        Body::from_stream(forever).into_response()
    })
    .await;
    let first = |reader: &mut dyn BufRead| {
        let mut line = String::new();
        reader.read_line(&mut line).map(|_| line)
    };
    let read = http.evidence(CycleId(7), LIMITS, first).await.unwrap().unwrap();
    assert_eq!(read.unwrap(), "line\n");
}

#[tokio::test]
async fn work_that_breaks_off_is_an_error() {
    let http = gateway(|_| "one\n".into_response()).await;
    let worked = http
        .evidence(CycleId(7), LIMITS, |_: &mut dyn BufRead| panic!("on purpose"))
        .await;
    let error = worked.map(|_: Option<()>| ()).unwrap_err();
    assert!(matches!(error, Error::Crashed(_)), "{error}");
    assert!(!error.is_passing());
}
