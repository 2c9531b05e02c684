//! IP networks: `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `2001:db8::/32`. Left out: resolving names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address and the bits of it that count. They are kept as given: the bits outside of the
/// mask are not cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    V4 { address: Ipv4Addr, mask: Ipv4Addr },
    V6 { address: Ipv6Addr, prefix: u8 },
}

impl Network {
    /// Reads an address with an optional mask. IPv4 masks may be dotted; without a mask all
    /// bits count. `None` for anything else, names included.
    pub fn parse(text: &[u8]) -> Option<Network> {
        let text = std::str::from_utf8(text).ok()?;
        let (address, mask) = match text.rsplit_once('/') {
            Some((address, mask)) => (address, Some(mask)),
            None => (text, None),
        };
        match address.parse().ok()? {
            IpAddr::V4(address) => {
                let mask = mask.map_or(Some(Ipv4Addr::BROADCAST), |m| parse_mask4(m.as_bytes()))?;
                Some(Network::V4 { address, mask })
            }
            IpAddr::V6(address) => {
                let prefix = mask.map_or(Some(128), |m| parse_prefix(m.as_bytes(), 128))?;
                Some(Network::V6 { address, prefix })
            }
        }
    }

    /// Whether the address lies in the network. Families are not converted.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self, address) {
            (Network::V4 { address, mask }, IpAddr::V4(other)) => {
                (address.to_bits() ^ other.to_bits()) & mask.to_bits() == 0
            }
            (Network::V6 { address, prefix }, IpAddr::V6(other)) => {
                (address.to_bits() ^ other.to_bits()) & mask6(*prefix).to_bits() == 0
            }
            _ => false,
        }
    }
}

/// Reads an IPv4 mask: dotted, not necessarily contiguous, or the number of leading ones.
pub fn parse_mask4(text: &[u8]) -> Option<Ipv4Addr> {
    if text.contains(&b'.') {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    parse_prefix(text, 32).map(mask4)
}

/// Reads an IPv6 mask: in the form of an address, or the number of leading ones.
pub fn parse_mask6(text: &[u8]) -> Option<Ipv6Addr> {
    if text.contains(&b':') {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    parse_prefix(text, 128).map(mask6)
}

/// The mask with `prefix` leading ones; 32 and more are all ones.
pub fn mask4(prefix: u8) -> Ipv4Addr {
    Ipv4Addr::from_bits(!u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0))
}

/// The mask with `prefix` leading ones; 128 and more are all ones.
pub fn mask6(prefix: u8) -> Ipv6Addr {
    Ipv6Addr::from_bits(!u128::MAX.checked_shr(u32::from(prefix)).unwrap_or(0))
}

fn parse_prefix(text: &[u8], max: u8) -> Option<u8> {
    let bits = u8::try_from(crate::bytes::parse_u64(text)?).ok()?;
    (bits <= max).then_some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(network: &str, inside: &[&str], outside: &[&str]) {
        let network = Network::parse(network.as_bytes()).expect(network);
        for address in inside {
            assert!(network.contains(address.parse().expect(address)), "{address} in {network:?}");
        }
        for address in outside {
            assert!(!network.contains(address.parse().expect(address)), "{address} not in {network:?}");
        }
    }

    #[test]
    fn membership() {
        check("10.0.0.0/8", &["10.0.0.0", "10.255.1.2"], &["11.0.0.0", "::ffff:10.0.0.1"]);
        check("10.1.2.3/255.0.0.255", &["10.9.9.3"], &["10.9.9.4"]);
        check("192.0.2.1", &["192.0.2.1"], &["192.0.2.2"]);
        check("0.0.0.0/0", &["255.255.255.255"], &["::"]);
        check("2001:db8::/33", &["2001:db8:7fff::1"], &["2001:db8:8000::1", "1.2.3.4"]);
        check("::1", &["::1"], &["::2"]);
        check("::/0", &["ffff::"], &["0.0.0.0"]);
    }

    #[test]
    fn refused() {
        for text in
            ["", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/x", "::/129", "host/8", "10.0/8", "1.2.3.4/8/8"]
        {
            assert_eq!(Network::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn masks() {
        assert_eq!(parse_mask4(b"24"), Some(Ipv4Addr::new(255, 255, 255, 0)));
        assert_eq!(parse_mask4(b"0"), Some(Ipv4Addr::UNSPECIFIED));
        assert_eq!(parse_mask4(b"255.255.0.255"), Some(Ipv4Addr::new(255, 255, 0, 255)));
        assert_eq!(parse_mask4(b"33"), None);
        assert_eq!(parse_mask6(b"ffff::"), Some("ffff::".parse().expect("address")));
        assert_eq!(parse_mask6(b"16"), Some("ffff::".parse().expect("address")));
        assert_eq!(parse_mask6(b"129"), None);
    }
}
