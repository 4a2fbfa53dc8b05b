//! What this machine's routing table says of an address, without a packet sent.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

/// The address we would call from. An error is this machine's own: connecting a datagram socket only
/// looks the route up, so nobody outside can cause it.
pub(crate) fn source(target: SocketAddr) -> io::Result<IpAddr> {
    let any: IpAddr = match target {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(target)?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_machine_is_its_own_source() {
        let target: SocketAddr = "127.0.0.1:9".parse().unwrap();
        assert_eq!(source(target).unwrap(), target.ip());
    }
}
