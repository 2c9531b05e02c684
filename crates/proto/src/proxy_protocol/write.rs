//! Writing headers.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};

use super::{SIGNATURE, tlv};

/// Appends a line of version 1; `UNKNOWN` where there are no addresses. Of two families the
/// IPv4 address is mapped into IPv6.
pub fn write_v1(out: &mut Vec<u8>, addresses: Option<(SocketAddr, SocketAddr)>) {
    let Some((src, dst)) = addresses else { return out.extend_from_slice(b"PROXY UNKNOWN\r\n") };
    let (source, destination) = one_family(src.ip(), dst.ip());
    let family = if source.is_ipv4() { "TCP4" } else { "TCP6" };
    let (sport, dport) = (src.port(), dst.port());
    // Writing to a vector does not fail.
    let _ = write!(out, "PROXY {family} {source} {destination} {sport} {dport}\r\n");
}

/// A header of version 2 that is being written at the end of a buffer.
#[derive(Debug)]
pub struct V2<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> V2<'a> {
    /// Begins one; without addresses it is that of a connection of our own (`LOCAL`).
    pub fn new(out: &'a mut Vec<u8>, addresses: Option<(SocketAddr, SocketAddr)>) -> Self {
        let start = out.len();
        out.extend_from_slice(SIGNATURE);
        match addresses {
            None => out.extend_from_slice(&[0x20, 0, 0, 0]),
            Some((src, dst)) => {
                let (source, destination) = one_family(src.ip(), dst.ip());
                out.extend_from_slice(&[0x21, if source.is_ipv4() { 0x11 } else { 0x21 }, 0, 0]);
                for ip in [source, destination] {
                    match ip {
                        IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
                        IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
                    }
                }
                for port in [src.port(), dst.port()] {
                    out.extend_from_slice(&port.to_be_bytes());
                }
            }
        }
        Self { out, start }
    }

    /// Appends a TLV. One that is too long for the header is left out.
    pub fn push(&mut self, kind: u8, value: &[u8]) {
        self.push_with(kind, |out| out.extend_from_slice(value));
    }

    /// Appends a TLV whose value `write` appends.
    pub fn push_with(&mut self, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
        let at = self.out.len();
        self.out.extend_from_slice(&[kind, 0, 0]);
        write(self.out);
        match u16::try_from(self.out.len() - at - 3) {
            Ok(len) if self.out.len() - self.start - 16 <= usize::from(u16::MAX) => {
                self.out[at + 1..at + 3].copy_from_slice(&len.to_be_bytes());
            }
            _ => self.out.truncate(at),
        }
    }

    /// Ends the header, if wanted with a checksum.
    pub fn finish(mut self, checksum: bool) {
        if checksum {
            self.push(tlv::CRC32C, &[0; 4]);
        }
        let len = u16::try_from(self.out.len() - self.start - 16).unwrap_or(u16::MAX);
        self.out[self.start + 14..self.start + 16].copy_from_slice(&len.to_be_bytes());
        if checksum {
            let sum = base::hash::crc32c(&self.out[self.start..]);
            let at = self.out.len() - 4;
            self.out[at..].copy_from_slice(&sum.to_be_bytes());
        }
    }
}

/// Both addresses in one family.
fn one_family(src: IpAddr, dst: IpAddr) -> (IpAddr, IpAddr) {
    let mapped = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().into(),
        IpAddr::V6(_) => ip,
    };
    if src.is_ipv4() == dst.is_ipv4() { (src, dst) } else { (mapped(src), mapped(dst)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_1() {
        let check = |addresses: Option<(&str, &str)>, expected: &str| {
            let mut out = Vec::new();
            let parse = |text: &str| text.parse().expect("address");
            write_v1(&mut out, addresses.map(|(src, dst)| (parse(src), parse(dst))));
            assert_eq!(String::from_utf8_lossy(&out), expected);
        };
        check(Some(("1.2.3.4:5", "6.7.8.9:10")), "PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\n");
        check(Some(("[::1]:5", "[2001:db8::1]:10")), "PROXY TCP6 ::1 2001:db8::1 5 10\r\n");
        check(Some(("1.2.3.4:5", "[::1]:10")), "PROXY TCP6 ::ffff:1.2.3.4 ::1 5 10\r\n");
        check(None, "PROXY UNKNOWN\r\n");
    }

    #[test]
    fn a_value_that_is_too_long_is_left_out() {
        let mut out = Vec::new();
        let mut header = V2::new(&mut out, None);
        header.push(1, &[0; 65_000]);
        header.push(2, &[0; 65_536]);
        header.push(3, &[0; 1000]);
        header.push(4, b"x");
        header.finish(false);
        assert_eq!(out.len(), 16 + 65_003 + 4);
        assert_eq!(out[14..16], 65_007u16.to_be_bytes());
    }
}
