//! Whose fault a failed call is. Ours is only what nobody outside can bring about: an error of this
//! machine's own making, or a route that is gone. Texts never name the endpoint.

use crate::{endpoint::source, names::Unpinned};
use kinitro_proto::{Fault, InfraFault, InfraFaultKind, MinerFault, MinerFaultKind};
use std::{
    error::Error,
    io::{self, ErrorKind},
    net::SocketAddr,
};

/// Linux's numbers for what only this machine can lack: permission (a packet filter of ours), memory,
/// file descriptors (all processes', this one's), an address or a port to call from, a network card
/// that is up, buffers.
///
/// Not among them is what an ICMP answer can bring about from outside: "network unreachable", "host
/// unreachable" and, with IPv6, "permission denied". For these the routing table is asked.
const OURS: [i32; 8] = [1, 12, 23, 24, 98, 99, 100, 105];

/// The fault of a call that failed on its way to these targets.
pub(super) fn fault(error: &reqwest::Error, targets: &[SocketAddr]) -> Fault {
    if let Some(unpinned) = find::<Unpinned>(error) {
        return InfraFault::new(InfraFaultKind::Internal, unpinned.to_string()).into();
    }
    match find::<io::Error>(error) {
        Some(error) if is_ours(error) => InfraFault::new(InfraFaultKind::Network, error.to_string()).into(),
        _ if !is_routed(targets) => no_route(),
        cause => theirs(error, cause).into(),
    }
}

/// Whether the connection ended before any answer began, as a kept one may between two calls.
pub(super) fn is_closed_unanswered(error: &reqwest::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    let closed = |error: &hyper::Error| error.is_incomplete_message() || error.is_canceled();
    let reset = |error: &io::Error| matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset);
    error.is_request()
        && !error.is_connect()
        && (find::<hyper::Error>(error).is_some_and(closed) || find::<io::Error>(error).is_some_and(reset))
}

/// Whether this machine knows a way to each target.
pub(super) fn is_routed(targets: &[SocketAddr]) -> bool {
    targets.iter().all(|target| source(*target).is_ok())
}

pub(super) fn no_route() -> Fault {
    InfraFault::new(
        InfraFaultKind::Network,
        "this machine has no route to the policy any more",
    )
    .into()
}

/// Whether nobody but this machine can have caused the error.
pub(crate) fn is_ours(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|number| OURS.contains(&number))
}

fn theirs(error: &reqwest::Error, cause: Option<&io::Error>) -> MinerFault {
    let hyper = |is: fn(&hyper::Error) -> bool| find::<hyper::Error>(error).is_some_and(is);
    let unreachable = |text: &str| MinerFault::new(MinerFaultKind::Unreachable, text);
    if hyper(hyper::Error::is_parse_too_large) {
        return MinerFault::new(MinerFaultKind::TooLarge, "the answer's head is over its limit");
    }
    match (find::<rustls::Error>(error), cause.map(io::Error::kind)) {
        // What rustls says of a certificate holds names.
        (Some(rustls::Error::InvalidCertificate(_)), _) => unreachable("the TLS certificate is not valid"),
        (Some(_), _) => unreachable("TLS could not be agreed on"),
        _ if error.is_timeout() => MinerFault::new(MinerFaultKind::Timeout, "the connection timed out"),
        (None, Some(kind)) if error.is_connect() => unreachable(&format!("no connection: {kind}")),
        _ if hyper(hyper::Error::is_incomplete_message) => {
            unreachable("the connection was closed within the answer")
        }
        _ if hyper(hyper::Error::is_parse) => unreachable("the answer is not HTTP"),
        (None, Some(kind)) => unreachable(&format!("the connection broke: {kind}")),
        (None, None) => unreachable("the connection broke"),
    }
}

/// The first cause of the type. An `io::Error` hides the one it wraps from `source`.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        let wrapped = || error.downcast_ref::<io::Error>()?.get_ref();
        if let Some(found) = error.downcast_ref::<T>().or_else(|| find(wrapped()?)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_outside_can_cause_is_ours() {
        // EPERM ENOMEM ENFILE EMFILE EADDRINUSE EADDRNOTAVAIL ENETDOWN ENOBUFS
        for number in [1, 12, 23, 24, 98, 99, 100, 105] {
            assert!(is_ours(&io::Error::from_raw_os_error(number)), "{number}");
        }
        // EPIPE EACCES ENETUNREACH ECONNABORTED ECONNRESET ETIMEDOUT ECONNREFUSED EHOSTUNREACH
        for number in [32, 13, 101, 103, 104, 110, 111, 113] {
            assert!(!is_ours(&io::Error::from_raw_os_error(number)), "{number}");
        }
        assert!(!is_ours(&io::Error::other("x")));
    }

    #[test]
    fn a_cause_is_found_behind_an_io_error_that_hides_it() {
        let inner = io::Error::other(rustls::Error::DecryptError);
        let outer = io::Error::other(inner);
        assert!(matches!(
            find::<rustls::Error>(&outer),
            Some(rustls::Error::DecryptError)
        ));
        assert!(find::<Unpinned>(&outer).is_none());
    }

    #[test]
    fn the_routing_table_tells_whether_there_is_a_way() {
        assert!(is_routed(&["127.0.0.1:1".parse().unwrap()]));
        // The kernel refuses a connection to a broadcast address: a target nobody has a way to.
        assert!(!is_routed(&["255.255.255.255:1".parse().unwrap()]));
    }
}
