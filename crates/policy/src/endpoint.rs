//! What a miner's text says: an address we may call, a scripted policy, or nothing of the kind.

mod route;
mod rules;

pub(crate) use route::source;
pub(crate) use rules::Rules;

use crate::Config;
use kinitro_proto::{MinerFault, MinerFaultKind};
use url::{Host, Url};

/// The most bytes an endpoint's text may have. What a commitment holds is 128.
const MAX_LENGTH: usize = 512;

/// A policy's endpoint, well-formed; its addresses are still to be judged.
#[derive(Debug)]
pub(crate) enum Endpoint {
    /// No network: every answer is this quality.
    Scripted(f64),
    /// An HTTP server.
    Http(Server),
}

/// Where a policy's two calls go.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
    pub(crate) reset: Url,
    pub(crate) act: Url,
}

impl Endpoint {
    /// Reads an endpoint's text. The fault's detail names the rule that is broken, never the endpoint:
    /// miners may keep theirs secret.
    pub(crate) fn parse(text: &str, config: &Config) -> Result<Self, MinerFault> {
        let refuse = |rule: &str| MinerFault::new(MinerFaultKind::BadEndpoint, rule);
        if text.len() > MAX_LENGTH {
            return Err(refuse("an endpoint has at most 512 bytes"));
        }
        match text.strip_prefix("scripted:") {
            Some(quality) if config.scripted => scripted(quality).map_err(refuse),
            _ => server(text, config.allow_http).map(Self::Http).map_err(refuse),
        }
    }
}

fn scripted(quality: &str) -> Result<Endpoint, &'static str> {
    let quality = quality
        .parse::<f64>()
        .ok()
        .filter(|quality| (0.0..=1.0).contains(quality));
    quality
        .map(Endpoint::Scripted)
        .ok_or("a scripted policy's quality is a number from 0 to 1")
}

fn server(text: &str, allow_http: bool) -> Result<Server, &'static str> {
    // The URL standard drops tabs and newlines and takes `\` for `/`: no honest endpoint needs that.
    if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err("an endpoint has no spaces, control characters or backslashes");
    }
    // Nor for a missing host, which it finds further on in the text.
    if authority(text).is_empty() {
        return Err("the endpoint has no host");
    }
    let url = Url::parse(text).map_err(|_| "the endpoint is not a URL")?;
    match url.scheme() {
        "https" => {}
        "http" if allow_http => {}
        "http" => return Err("the endpoint's scheme is `https` here"),
        _ => return Err("the endpoint's scheme is `http` or `https`"),
    }
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err("an endpoint has no credentials");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an endpoint has no query and no fragment");
    }
    let host = url.host().ok_or("the endpoint has no host")?.to_owned();
    if matches!(&host, Host::Domain(name) if name.len() > 253) {
        return Err("the endpoint's host name is too long");
    }
    let port = url
        .port_or_known_default()
        .filter(|port| *port != 0)
        .ok_or("the endpoint's port is not 0")?;
    Ok(Server {
        host,
        port,
        reset: below(&url, "reset"),
        act: below(&url, "act"),
    })
}

/// The text between `//` and the path.
fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or("")
}

/// The base with one more segment; slashes at the base's end count for nothing, as in v2.
fn below(base: &Url, name: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{name}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Endpoint, MinerFault> {
        Endpoint::parse(text, &Config::default())
    }

    fn act(text: &str) -> String {
        match parse(text).unwrap() {
            Endpoint::Http(server) => server.act.to_string(),
            Endpoint::Scripted(_) => panic!("`{text}` is a server"),
        }
    }

    #[test]
    fn a_path_is_kept_and_slashes_at_its_end_are_not_doubled() {
        assert_eq!(act("https://a.example"), "https://a.example/act");
        assert_eq!(act("https://a.example/"), "https://a.example/act");
        assert_eq!(
            act("http://a.example:8000/good/"),
            "http://a.example:8000/good/act"
        );
        assert_eq!(act("http://a.example/x%20y/z//"), "http://a.example/x%20y/z/act");
        assert_eq!(act("HTTPS://A.Example:443/P"), "https://a.example/P/act");
    }

    #[test]
    fn what_is_no_plain_http_url_is_a_bad_endpoint() {
        let long = format!("https://a.example/{}", "x".repeat(512));
        let texts = [
            "",
            "x",
            "a.example",
            "//a.example",
            "https:",
            "https://",
            "http:///act",
            "http://:80",
            "file:///etc/passwd",
            "ftp://a.example",
            "http:a.example",
            "http:/a.example",
            "http:////a.example",
            "gopher://a.example",
            "unix:/run/docker.sock",
            "ws://a.example",
            "data:,x",
            "javascript:x",
            "http://user:pw@a.example",
            "http://user@a.example",
            "http://@a.example",
            "http://:@a.example",
            "http://a.example@10.0.0.1/",
            "http://a.example:0",
            "http://a.example:65536",
            "http://a.example:x",
            "http://a.example/?q",
            "http://a.example/#f",
            "http://a.example#@b.example",
            "http://a b.example",
            "http://a.example/a b",
            "ht\ttp://a.example",
            "http://a.example/\n",
            "\u{0}http://a.example",
            "http:\\\\a.example",
            "http://a.example\\@b.example",
            "http://a.example/\u{7f}",
            "http://[::1",
            "http://[fe80::1%25eth0]/",
            "http://1.2.3.4.5",
            "http://256.1.1.1",
            "http://0x100000000",
            "http://a%00b/",
            "scripted:0.7",
            &long,
        ];
        for text in texts {
            let fault = parse(text).err().unwrap_or_else(|| panic!("`{text}` was taken"));
            assert_eq!(fault.kind, MinerFaultKind::BadEndpoint, "`{text}`");
            assert!(
                !fault.detail.contains("example"),
                "the detail tells the endpoint: {}",
                fault.detail
            );
        }
    }

    #[test]
    fn plain_http_can_be_switched_off() {
        let config = Config {
            allow_http: false,
            ..Config::default()
        };
        assert!(Endpoint::parse("http://a.example", &config).is_err());
        assert!(Endpoint::parse("https://a.example", &config).is_ok());
    }

    #[test]
    fn a_scripted_quality_is_from_0_to_1_and_only_where_allowed() {
        let config = Config {
            scripted: true,
            ..Config::default()
        };
        assert!(matches!(Endpoint::parse("scripted:0.7", &config), Ok(Endpoint::Scripted(q)) if q == 0.7));
        for text in [
            "scripted:",
            "scripted:NaN",
            "scripted:-0.1",
            "scripted:1.1",
            "scripted:inf",
            "scripted:x",
        ] {
            assert!(Endpoint::parse(text, &config).is_err(), "`{text}`");
        }
        assert!(parse("scripted:0.7").is_err());
    }
}
