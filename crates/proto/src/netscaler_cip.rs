//! The NetScaler "client IP insertion" header in front of a connection: a magic number, a length, and
//! the IP and TCP headers of the client's first packet. Both forms are read: the older one without a
//! type, the newer one with it. Left out: writing, which nobody does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Why bytes are no such header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Less than a header has.
    Truncated,
    Magic,
    /// No TCP over IPv4 or IPv6, or another form.
    Protocol,
}

/// The client's address, its destination, and the length of the header, which may be more than there
/// is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub src: SocketAddr,
    pub dst: SocketAddr,
    pub len: usize,
}

const TCP: u8 = 6;
const IPV6_HEADER: usize = 40;

/// Reads the header, whose addresses must be there.
///
/// # Errors
/// See [`Refused`].
pub fn parse(bytes: &[u8], magic: u32) -> Result<Header, Refused> {
    /// The shortest header of each form, the shortest with an IP header behind it.
    const SHORTEST: usize = 12;
    const WITH_IP: usize = 20;
    let word = |at: usize| {
        bytes.get(at..at + 4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]))
    };
    if bytes.len() < SHORTEST {
        return Err(Refused::Truncated);
    }
    if word(0) != Some(magic) {
        return Err(Refused::Magic);
    }
    let (len, at) = match bytes[8] {
        legacy if legacy & 0xd0 == 0x40 => (word(4).unwrap_or(0), 8),
        0 => (u32::from(u16::from_be_bytes([bytes[10], bytes[11]])), 12),
        _ => return Err(Refused::Protocol),
    };
    let (inner, len) = (&bytes[at..], len as usize);
    if bytes.len() < WITH_IP {
        return Err(Refused::Truncated);
    }
    match inner[0] >> 4 {
        4 => {
            const BOTH: usize = 40;
            if bytes.len() < BOTH || bytes.len() < len {
                return Err(Refused::Truncated);
            }
            if inner[9] != TCP {
                return Err(Refused::Protocol);
            }
            let ip = |at: usize| Ipv4Addr::new(inner[at], inner[at + 1], inner[at + 2], inner[at + 3]).into();
            ends(bytes, at, usize::from(inner[0] & 0xf) * 4, len, ip(12), ip(16))
        }
        6 => {
            const BOTH: usize = 60;
            if bytes.len() < BOTH || bytes.len() < len {
                return Err(Refused::Truncated);
            }
            if inner[6] != TCP {
                return Err(Refused::Protocol);
            }
            let ip = |at: usize| {
                let octets: [u8; 16] = inner[at..at + 16].try_into().unwrap_or_default();
                Ipv6Addr::from(octets).into()
            };
            ends(bytes, at, IPV6_HEADER, len, ip(8), ip(24))
        }
        _ => Err(Refused::Protocol),
    }
}

/// The ports from the TCP header behind `ip_header` bytes, and where all ends.
fn ends(
    bytes: &[u8],
    at: usize,
    ip_header: usize,
    len: usize,
    src: IpAddr,
    dst: IpAddr,
) -> Result<Header, Refused> {
    let ports = bytes.get(at + ip_header..at + ip_header + 4).ok_or(Refused::Truncated)?;
    let port = |at: usize| u16::from_be_bytes([ports[at], ports[at + 1]]);
    let (src, dst) = (SocketAddr::new(src, port(0)), SocketAddr::new(dst, port(2)));
    Ok(Header { src, dst, len: at + len })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: u32 = 0x0102_0304;

    fn ipv4() -> Vec<u8> {
        let mut packet = vec![0; 40];
        packet[0] = 0x45;
        packet[9] = TCP;
        packet[12..16].copy_from_slice(&[192, 0, 2, 1]);
        packet[16..20].copy_from_slice(&[198, 51, 100, 2]);
        packet[20..24].copy_from_slice(&[0x04, 0xd2, 0, 80]);
        packet
    }

    fn ipv6() -> Vec<u8> {
        let mut packet = vec![0; 60];
        packet[0] = 0x60;
        packet[6] = TCP;
        packet[23] = 1;
        packet[39] = 2;
        packet[40..44].copy_from_slice(&[0x04, 0xd2, 0, 80]);
        packet
    }

    /// The two forms of a header around a packet.
    fn forms(packet: &[u8]) -> [Vec<u8>; 2] {
        let len = packet.len() as u16;
        let magic = MAGIC.to_be_bytes();
        let legacy = [&magic[..], &u32::from(len).to_be_bytes(), packet].concat();
        let typed = [&magic[..], &[0; 4], &[0; 2], &len.to_be_bytes(), packet].concat();
        [legacy, typed]
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<(&str, &str, usize), Refused>) {
        let expected = expected.map(|(src, dst, len)| Header {
            src: src.parse().expect("address"),
            dst: dst.parse().expect("address"),
            len,
        });
        assert_eq!(parse(bytes, MAGIC), expected, "{bytes:?}");
    }

    #[test]
    fn headers() {
        let [legacy, typed] = forms(&ipv4());
        let (src, dst) = ("192.0.2.1:1234", "198.51.100.2:80");
        check(&[&legacy[..], b"GET"].concat(), Ok((src, dst, 48)));
        check(&typed, Ok((src, dst, 52)));
        let [legacy, typed] = forms(&ipv6());
        // The older form shows the version where the newer has its type.
        check(&legacy, Ok(("[::1]:1234", "[::2]:80", 68)));
        check(&typed, Ok(("[::1]:1234", "[::2]:80", 72)));
    }

    #[test]
    fn refusals() {
        let [legacy, typed] = forms(&ipv4());
        for len in 0..40 {
            check(&legacy[..len], Err(Refused::Truncated));
        }
        // The addresses are there: the rest is missed by who takes the header.
        check(&legacy[..40], Ok(("192.0.2.1:1234", "198.51.100.2:80", 48)));
        check(b"GET / HTTP/1.1\r\n\r\n", Err(Refused::Magic));
        let mut udp = typed.clone();
        udp[12 + 9] = 17;
        check(&udp, Err(Refused::Protocol));
        let mut other = typed;
        other[8] = 0x90;
        check(&other, Err(Refused::Protocol));
        let mut far = legacy;
        far[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
        check(&far, Err(Refused::Truncated));
    }
}
