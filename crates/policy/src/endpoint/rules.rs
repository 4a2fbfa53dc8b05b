//! Which addresses we call: public ones, and those that the operator allows.

use crate::Ranges;
use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 space that is not public, from IANA's registry of special-purpose addresses, and the one public
/// address that is a cloud's door into its own machines.
const V4: &[(Ipv4Net, &str)] = &[
    (v4([0, 0, 0, 0], 8), "unspecified"),
    (v4([10, 0, 0, 0], 8), "private"),
    (v4([100, 64, 0, 0], 10), "carrier-grade NAT"),
    (v4([127, 0, 0, 0], 8), "loopback"),
    (v4([169, 254, 169, 254], 32), "cloud metadata"),
    (v4([169, 254, 0, 0], 16), "link-local"),
    (v4([172, 16, 0, 0], 12), "private"),
    (v4([192, 0, 0, 0], 24), "protocol assignment"),
    (v4([192, 0, 2, 0], 24), "documentation"),
    (v4([192, 88, 99, 0], 24), "6to4 relay"),
    (v4([192, 168, 0, 0], 16), "private"),
    (v4([198, 18, 0, 0], 15), "benchmarking"),
    (v4([198, 51, 100, 0], 24), "documentation"),
    (v4([203, 0, 113, 0], 24), "documentation"),
    (v4([168, 63, 129, 16], 32), "cloud metadata"),
    (v4([224, 0, 0, 0], 4), "multicast"),
    (v4([240, 0, 0, 0], 4), "reserved"),
];

/// What is not public within `2000::/3`.
const V6: &[(Ipv6Net, &str)] = &[
    (v6([0x2001, 0xdb8, 0], 32), "documentation"),
    (v6([0x2001, 0, 0], 23), "protocol assignment"),
    (v6([0x2002, 0, 0], 16), "6to4"),
    (v6([0x3fff, 0, 0], 20), "documentation"),
];

/// Names for what lies outside `2000::/3`, where nothing is public.
const V6_OUTSIDE: &[(Ipv6Net, &str)] = &[
    (v6([0x64, 0xff9b, 0], 32), "NAT64"),
    (v6([0x64, 0xff9b, 1], 48), "NAT64"),
    (v6([0xfc00, 0, 0], 7), "private"),
    (v6([0xfe80, 0, 0], 10), "link-local"),
    (v6([0xff00, 0, 0], 8), "multicast"),
];

const GLOBAL: Ipv6Net = v6([0x2000, 0, 0], 3);

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c]: [u16; 3], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// The rules, with the operator's exceptions.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    allowed: Ranges,
}

impl Rules {
    pub(crate) fn new(allowed: Ranges) -> Self {
        Self { allowed }
    }

    /// The rule that the address breaks, in a word or two; none when we may call it.
    pub(crate) fn broken(&self, address: IpAddr) -> Option<&'static str> {
        if self.allows(address) {
            None
        } else {
            special(address.to_canonical())
        }
    }

    /// As [`Rules::broken`], of an address that we would call from `source`: who would call from the
    /// address itself is on the machine that has it, however public it is.
    pub(crate) fn broken_from(&self, source: IpAddr, address: IpAddr) -> Option<&'static str> {
        let own = source == address && !self.allows(address);
        if own {
            Some("this machine's own")
        } else {
            self.broken(address)
        }
    }

    /// Whether the operator named the address. An IPv4 address in IPv6 clothes is the IPv4 address.
    fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allowed.0.iter().any(|range| range.contains(&address))
    }
}

fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => V4
            .iter()
            .find(|(range, _)| range.contains(&address))
            .map(|(_, name)| *name),
        IpAddr::V6(address) if address.is_loopback() => Some("loopback"),
        IpAddr::V6(address) if address.is_unspecified() => Some("unspecified"),
        IpAddr::V6(address) if GLOBAL.contains(&address) => named(V6, address),
        IpAddr::V6(address) => named(V6_OUTSIDE, address).or(Some("reserved")),
    }
}

fn named(table: &[(Ipv6Net, &'static str)], address: Ipv6Addr) -> Option<&'static str> {
    table
        .iter()
        .find(|(range, _)| range.contains(&address))
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn broken(text: &str, allowed: &str) -> Option<&'static str> {
        Rules::new(allowed.parse().unwrap()).broken(text.parse().unwrap())
    }

    #[test]
    fn every_special_address_is_refused_by_its_name() {
        let table = [
            ("0.0.0.0", "unspecified"),
            ("0.255.255.255", "unspecified"),
            ("10.0.0.0", "private"),
            ("10.255.255.255", "private"),
            ("100.64.0.1", "carrier-grade NAT"),
            ("100.100.100.200", "carrier-grade NAT"),
            ("127.0.0.1", "loopback"),
            ("127.255.0.9", "loopback"),
            ("169.254.169.254", "cloud metadata"),
            ("169.254.0.1", "link-local"),
            ("172.16.0.1", "private"),
            ("172.31.255.255", "private"),
            ("192.0.0.192", "protocol assignment"),
            ("192.0.2.1", "documentation"),
            ("192.168.1.1", "private"),
            ("198.19.255.255", "benchmarking"),
            ("168.63.129.16", "cloud metadata"),
            ("224.0.0.1", "multicast"),
            ("255.255.255.255", "reserved"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("::ffff:10.0.0.1", "private"),
            ("::ffff:169.254.169.254", "cloud metadata"),
            ("::127.0.0.1", "reserved"),
            ("::ffff:0:127.0.0.1", "reserved"),
            ("64:ff9b::10.0.0.1", "NAT64"),
            ("64:ff9b:1::1", "NAT64"),
            ("100::1", "reserved"),
            ("2001::1", "protocol assignment"),
            ("2001:db8::1", "documentation"),
            ("2002:7f00:1::", "6to4"),
            ("3fff::1", "documentation"),
            ("5f00::1", "reserved"),
            ("fc00::1", "private"),
            ("fd00:ec2::254", "private"),
            ("fe80::1", "link-local"),
            ("fec0::1", "reserved"),
            ("ff02::1", "multicast"),
        ];
        for (text, rule) in table {
            assert_eq!(broken(text, ""), Some(rule), "{text}");
        }
    }

    #[test]
    fn public_addresses_beside_the_special_ones_are_called() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "2606:4700::1111",
            "2a00::1",
            "2003::1",
            "2001:200::1",
            "3ffe::1",
        ] {
            assert_eq!(broken(text, ""), None, "{text}");
        }
    }

    #[test]
    fn the_operators_ranges_lift_the_rule_for_nothing_else() {
        assert_eq!(broken("127.0.0.1", "127.0.0.0/8"), None);
        assert_eq!(broken("::ffff:127.0.0.1", "127.0.0.0/8"), None);
        assert_eq!(broken("::1", "127.0.0.0/8"), Some("loopback"));
        assert_eq!(broken("10.0.0.8", "10.0.0.7"), Some("private"));
    }

    #[test]
    fn an_address_of_this_machine_is_refused_unless_named() {
        let (public, other) = ("1.1.1.1".parse().unwrap(), "9.9.9.9".parse().unwrap());
        let rules = |text: &str| Rules::new(text.parse().unwrap());
        assert_eq!(rules("").broken_from(public, public), Some("this machine's own"));
        assert_eq!(rules("").broken_from(other, public), None);
        assert_eq!(rules("1.1.1.1").broken_from(public, public), None);
    }

    proptest! {
        #[test]
        fn an_ipv4_address_has_one_answer_in_either_clothes(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let rules = Rules::new(Ranges::default());
            prop_assert_eq!(rules.broken(address.into()), rules.broken(address.to_ipv6_mapped().into()));
        }
    }
}
