//! Which chain: a name everyone knows, or a node's address.

use crate::Error;
use std::{fmt, str::FromStr};
use url::Url;

const KNOWN: [(&str, &str); 4] = [
    ("finney", "wss://entrypoint-finney.opentensor.ai:443"),
    ("test", "wss://test.finney.opentensor.ai:443"),
    ("archive", "wss://archive.chain.opentensor.ai:443"),
    ("local", "ws://127.0.0.1:9944"),
];

/// A chain to talk to: `finney`, `test`, `archive`, `local`, or a `ws://` or `wss://` URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Network {
    name: Option<&'static str>,
    url: Url,
}

impl Network {
    /// The node's address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The address without what may be secret in it: a password, a path or a query with an access key.
    #[must_use]
    pub fn origin(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{}://{host}:{port}", self.url.scheme())
    }
}

impl FromStr for Network {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some((name, url)) = KNOWN.iter().find(|(name, _)| *name == text) {
            let url = Url::parse(url).expect("a URL of the table above parses: tested");
            return Ok(Self {
                name: Some(name),
                url,
            });
        }
        Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "ws" | "wss") && url.has_host())
            .map(|url| Self { name: None, url })
            .ok_or_else(|| Error::Network {
                text: text.chars().take(80).collect(),
            })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => f.write_str(name),
            None => f.write_str(self.url.as_str()),
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => f.write_str(name),
            None => f.write_str(&self.origin()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_names_stand_for_their_nodes() {
        for (name, url) in KNOWN {
            let network: Network = name.parse().unwrap();
            assert_eq!(network.url(), &Url::parse(url).unwrap());
            assert_eq!(network.to_string(), name);
        }
    }

    #[test]
    fn a_url_stands_for_itself() {
        let network: Network = "ws://127.0.0.1:4000".parse().unwrap();
        assert_eq!(network.to_string().parse::<Network>().unwrap(), network);
        assert_eq!(network.origin(), "ws://127.0.0.1:4000");
    }

    #[test]
    fn anything_else_is_no_network() {
        for text in [
            "",
            "mainnet",
            "Finney",
            "http://127.0.0.1:9944",
            "ws://",
            "127.0.0.1:9944",
        ] {
            assert!(text.parse::<Network>().is_err(), "`{text}`");
        }
    }

    #[test]
    fn an_access_key_in_the_address_is_not_shown() {
        let network: Network = "wss://me:pass@node.example/v1/secret?key=hidden".parse().unwrap();
        let shown = format!("{network:?} {}", network.origin());
        assert_eq!(shown, "wss://node.example:443 wss://node.example:443");
    }
}
