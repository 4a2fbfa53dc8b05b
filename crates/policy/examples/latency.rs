//! What the client adds to one `act`: p50 and p99 against a server that answers at once, on loopback.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use kinitro_policy::{Client, Config, Session};
use kinitro_proto::{Image, Observation, Policy};
use std::{
    collections::BTreeMap,
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

const CALLS: usize = 5000;
const BODY: &str = r#"{"action":{"continuous":{"ee_twist":[0.1,0.2,0.3,0.0,0.0,0.0],"gripper":[0.5]}}}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = server()?;
    let allow_addresses = "127.0.0.0/8".parse()?;
    let client = Client::new(&Config {
        allow_addresses,
        ..Config::default()
    })?;
    let policy = Policy::Endpoint {
        url: format!("http://{address}"),
    };
    let image = |shade| Image {
        data: vec![shade; 84 * 84 * 3],
        shape: vec![84, 84, 3],
        dtype: "uint8".to_owned(),
    };
    let proprio = [
        ("ee_pos", 3),
        ("ee_quat", 4),
        ("ee_vel_lin", 3),
        ("ee_vel_ang", 3),
        ("gripper", 1),
    ];
    let blind = Observation {
        proprio: proprio
            .iter()
            .map(|(name, length)| ((*name).to_owned(), vec![0.123_456_789; *length]))
            .collect(),
        ..Observation::default()
    };
    let rgb = BTreeMap::from([("corner".to_owned(), image(7)), ("corner2".to_owned(), image(9))]);
    let seeing = Observation { rgb, ..blind.clone() };
    for (name, observation) in [("no images", blind), ("two images 84x84x3", seeing)] {
        let mut session = client
            .session(&policy)
            .await
            .map_err(|fault| format!("{fault:?}"))?;
        let mut times = times(&mut session, &observation).await?;
        times.sort();
        let [p50, p99] = [50, 99].map(|percent| times[times.len() * percent / 100]);
        println!("{name}: {CALLS} calls, p50 {p50:?}, p99 {p99:?}");
    }
    Ok(())
}

async fn times(session: &mut Session, observation: &Observation) -> Result<Vec<Duration>, Box<dyn Error>> {
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let start = Instant::now();
        session
            .act(observation)
            .await
            .map_err(|fault| format!("{fault:?}"))?;
        times.push(start.elapsed());
    }
    Ok(times)
}

/// A thread a connection: read a request, answer it.
fn server() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    Ok(address)
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{BODY}", BODY.len());
    loop {
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line)? > 2 {
            if let Some(number) = line.strip_prefix("content-length: ") {
                length = number.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        stream.write_all(answer.as_bytes())?;
    }
}
