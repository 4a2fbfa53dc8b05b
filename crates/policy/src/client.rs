//! The client all sessions share: one pool of connections, one set of rules.

use crate::{
    Config, Error, Lookup, Session, SystemLookup,
    endpoint::{Endpoint, Rules, Server, source},
    names::{Names, Pins},
    session::Http,
    wire,
};
use bytes::BytesMut;
use kinitro_proto::{Fault, InfraFault, InfraFaultKind, MinerFault, MinerFaultKind, Policy};
use reqwest::{
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect, retry,
};
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use url::Host;

/// How long a connection is kept unused: shorter than the five seconds after which the servers miners
/// mostly run (uvicorn) close theirs, so that hardly a call meets a closing one.
const IDLE: Duration = Duration::from_secs(4);
/// The most unused connections kept to one server; more than an executor has slots.
const MAX_IDLE: usize = 64;
/// The most headers of an answer. hyper bounds a head at 408 KiB in all.
const MAX_HEADERS: usize = 64;
/// The most addresses of a name that are tried.
const MAX_TARGETS: usize = 8;

/// Calls miners' policies, and nothing else does. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) http: reqwest::Client,
    rules: Rules,
    names: Names,
    pins: Pins,
    /// Whether this machine could call over IPv6 when it started.
    ipv6: bool,
}

impl Client {
    /// Makes the client; it looks names up as the system does.
    ///
    /// # Errors
    /// A configuration that breaks its laws, or TLS that cannot be set up.
    pub fn new(config: &Config) -> Result<Self, Error> {
        Self::with_lookup(config, Arc::new(SystemLookup))
    }

    /// Makes the client with another way to look names up. What it answers is judged all the same.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_lookup(config: &Config, lookup: Arc<dyn Lookup>) -> Result<Self, Error> {
        let faults = config.check();
        if !faults.is_empty() {
            return Err(Error::Config { faults });
        }
        let pins = Pins::default();
        let http = http(config, pins.clone())?;
        let rules = Rules::new(config.allow_addresses.clone());
        let ipv6 = source((Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 1), 9).into()).is_ok();
        let names = Names::new(lookup);
        Ok(Self {
            shared: Arc::new(Shared {
                config: config.clone(),
                http,
                rules,
                names,
                pins,
                ipv6,
            }),
        })
    }

    /// Reads a policy's endpoint, looks its name up, judges every address and pins those for the session.
    ///
    /// # Errors
    /// The fault of whoever caused it; ends within the reset's timeout and a second for finding out whose
    /// fault a silent name is.
    pub async fn session(&self, policy: &Policy) -> Result<Session, Fault> {
        let Policy::Endpoint { url } = policy else {
            let text = "this version calls policies by their endpoint only";
            return Err(InfraFault::new(InfraFaultKind::Internal, text).into());
        };
        match Endpoint::parse(url, &self.shared.config)? {
            Endpoint::Scripted(quality) => Ok(Session::scripted(quality)),
            Endpoint::Http(server) => self.http(server).await,
        }
    }

    async fn http(&self, server: Server) -> Result<Session, Fault> {
        let shared = Arc::clone(&self.shared);
        let addresses = shared.addresses(&server.host).await?;
        let targets = shared.targets(&addresses, server.port)?;
        // The connector takes the port from the URL, the addresses from the pin, and a literal as it is.
        let pin = match &server.host {
            Host::Domain(name) => Some(shared.pins.pin(name, &targets)),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        };
        Ok(Session::http(Http {
            shared,
            server,
            targets,
            _pin: pin,
            buffer: BytesMut::new(),
        }))
    }
}

impl Shared {
    async fn addresses(&self, host: &Host<String>) -> Result<BTreeSet<IpAddr>, Fault> {
        match host {
            Host::Ipv4(address) => Ok(BTreeSet::from([(*address).into()])),
            Host::Ipv6(address) => Ok(BTreeSet::from([(*address).into()])),
            Host::Domain(name) => {
                let addresses = self.names.resolve(name, self.config.reset_timeout).await?;
                Ok(addresses.into_iter().collect())
            }
        }
    }

    /// Those of the addresses that this machine has a way to. One forbidden address refuses them all: a
    /// name that sometimes is ours is an attack, not a server.
    fn targets(&self, addresses: &BTreeSet<IpAddr>, port: u16) -> Result<Vec<SocketAddr>, Fault> {
        let mut targets = Vec::new();
        for address in addresses {
            if let Some(rule) = self.rules.broken(*address) {
                return Err(forbidden(rule));
            }
            let target = SocketAddr::new(*address, port);
            match source(target) {
                Ok(own) => match self.rules.broken_from(own, *address) {
                    Some(rule) => return Err(forbidden(rule)),
                    None => targets.push(target),
                },
                // Out of descriptors or memory, not out of a route.
                Err(error) if wire::is_ours(&error) && !is_absent(&error) => {
                    return Err(network(&error.to_string()));
                }
                Err(_) => {}
            }
        }
        targets.truncate(MAX_TARGETS);
        if targets.is_empty() {
            Err(no_way(self.ipv6, addresses))
        } else {
            Ok(targets)
        }
    }
}

/// A miner that can be reached over IPv6 only, from a machine that never had any, would otherwise be
/// tried and missed for ever.
fn no_way(ipv6: bool, addresses: &BTreeSet<IpAddr>) -> Fault {
    if !ipv6 && addresses.iter().all(IpAddr::is_ipv6) {
        let text = "the endpoint has IPv6 addresses only, and this executor calls over IPv4";
        MinerFault::new(MinerFaultKind::Unreachable, text).into()
    } else {
        network("this machine has no route to the policy")
    }
}

/// Whether the error says that an address family is switched off: no route, as far as we care.
fn is_absent(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::AddrNotAvailable
}

fn forbidden(rule: &str) -> Fault {
    let text = format!("the endpoint has a {rule} address, which is not called");
    MinerFault::new(MinerFaultKind::ForbiddenAddress, text).into()
}

fn network(text: &str) -> Fault {
    InfraFault::new(InfraFaultKind::Network, text).into()
}

/// Everything that would follow, remember, unpack or route around is switched off by name, because
/// another crate of the same build may switch the feature on.
fn http(config: &Config, pins: Pins) -> Result<reqwest::Client, Error> {
    let json = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls()?)
        .dns_resolver(pins)
        .no_hickory_dns()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .http1_only()
        .http1_max_headers(MAX_HEADERS)
        // For a connection that outlives the call it was begun for; each call's own deadline is sooner.
        .connect_timeout(config.reset_timeout + Duration::from_secs(1))
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MAX_IDLE)
        .tcp_nodelay(true)
        .default_headers(json)
        .user_agent(concat!("kinitro/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|source| Error::Build { source })
}

/// TLS by `ring` and the roots that Mozilla trusts, built in: the same on every executor.
pub(crate) fn tls() -> Result<rustls::ClientConfig, Error> {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|source| Error::Tls { source })?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_route_is_ours_unless_we_never_had_what_the_miner_asks_for() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let is_miners = |ipv6, texts: &[&str]| matches!(no_way(ipv6, &addresses(texts)), Fault::Miner(_));
        assert!(is_miners(false, &["2a00::1", "2a00::2"]));
        assert!(!is_miners(true, &["2a00::1"]));
        assert!(!is_miners(false, &["2a00::1", "1.1.1.1"]));
        assert!(!is_miners(true, &["1.1.1.1"]));
    }

    #[test]
    fn a_configuration_that_breaks_its_laws_makes_no_client() {
        let config = Config {
            max_response_bytes: 0,
            ..Config::default()
        };
        let error = Client::new(&config).unwrap_err();
        assert!(error.to_string().contains("`max-response-bytes`"), "{error}");
    }
}
