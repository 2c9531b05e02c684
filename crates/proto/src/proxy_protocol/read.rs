//! Reading a header out of the first bytes of a connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{SIGNATURE, Tlvs, tlv};

/// What HAProxy allows for the value of a TLV: any, `AUTHORITY`, `UNIQUE_ID`.
const MAX_VALUE: usize = 1024;
const MAX_AUTHORITY: usize = 255;
const MAX_UNIQUE_ID: usize = 128;

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Source and destination. `None`: those of the connection itself count.
    pub addresses: Option<(SocketAddr, SocketAddr)>,
    pub tlvs: Tlvs<'a>,
}

/// How far the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    NeedMore,
    /// The header, and how many bytes it takes.
    Done(Header<'a>, usize),
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// They do not begin like one.
    NotHeader,
    /// Version 1 with another word than `TCP4`, `TCP6` and `UNKNOWN`.
    Protocol,
    Malformed,
    /// What stands behind these addresses is malformed.
    Tlvs(Option<(SocketAddr, SocketAddr)>),
}

/// Looks for a header at the start of `bytes`.
///
/// # Errors
/// What is wrong with them.
pub fn parse(bytes: &[u8]) -> Result<Parsed<'_>, Refused> {
    if bytes.len() < 6 {
        return Ok(Parsed::NeedMore);
    }
    match bytes.strip_prefix(b"PROXY ") {
        Some(line) => text(bytes, line),
        None => binary(bytes),
    }
}

/// `PROXY TCP4 <src> <dst> <sport> <dport>\r\n`
fn text<'a>(bytes: &'a [u8], line: &'a [u8]) -> Result<Parsed<'a>, Refused> {
    /// From so many bytes on the second word must be whole.
    const SHORTEST: usize = 9;
    let is_start = |word: &[u8]| {
        let rest = word.starts_with(&line[..line.len().min(word.len())]);
        rest && (line.len() >= word.len() || bytes.len() < SHORTEST)
    };
    if !is_start(b"TCP4 ") && !is_start(b"TCP6 ") && !is_start(b"UNKNOWN\r\n") {
        return Err(Refused::Protocol);
    }
    // The longest line has 107 bytes.
    let Some(end) = memchr::memchr(b'\n', &bytes[..bytes.len().min(107)]) else {
        return if bytes.len() >= 107 { Err(Refused::Malformed) } else { Ok(Parsed::NeedMore) };
    };
    let end = end + 1;
    let Some(line) = bytes[6..end].strip_suffix(b"\r\n") else { return Err(Refused::Malformed) };
    let addresses = match line.split_first_chunk::<5>() {
        Some((b"TCP4 ", rest)) => Some(pair::<Ipv4Addr>(rest)?),
        Some((b"TCP6 ", rest)) => Some(pair::<Ipv6Addr>(rest)?),
        _ => None,
    };
    Ok(Parsed::Done(Header { addresses, tlvs: Tlvs::default() }, end))
}

fn pair<A: std::str::FromStr + Into<IpAddr>>(text: &[u8]) -> Result<(SocketAddr, SocketAddr), Refused> {
    let words = std::str::from_utf8(text).map_err(|_| Refused::Malformed)?.split(' ').collect::<Vec<_>>();
    let [src, dst, sport, dport] = words[..] else { return Err(Refused::Malformed) };
    let address = |ip: &str, port: &str| {
        let ip: A = ip.parse().map_err(|_| Refused::Malformed)?;
        let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| is_number).ok_or(Refused::Malformed)?;
        Ok(SocketAddr::new(ip.into(), port))
    };
    Ok((address(src, sport)?, address(dst, dport)?))
}

fn binary(bytes: &[u8]) -> Result<Parsed<'_>, Refused> {
    let Some((head, _)) = bytes.split_first_chunk::<16>() else { return Ok(Parsed::NeedMore) };
    if head[..12] != *SIGNATURE || head[12] >> 4 != 2 {
        return Err(Refused::NotHeader);
    }
    let end = 16 + usize::from(u16::from_be_bytes([head[14], head[15]]));
    let Some(whole) = bytes.get(..end) else { return Ok(Parsed::NeedMore) };
    let body = &whole[16..];
    let (addresses, tlvs) = match (head[12] & 15, head[13]) {
        (0, _) => (None, body),
        (1, 0x11) => {
            let (block, rest) = body.split_first_chunk::<12>().ok_or(Refused::Malformed)?;
            let ip = |at: usize| Ipv4Addr::new(block[at], block[at + 1], block[at + 2], block[at + 3]);
            let port = |at: usize| u16::from_be_bytes([block[at], block[at + 1]]);
            (Some(((ip(0), port(8)).into(), (ip(4), port(10)).into())), rest)
        }
        (1, 0x21) => {
            let (block, rest) = body.split_first_chunk::<36>().ok_or(Refused::Malformed)?;
            let ip = |at: usize| {
                let octets: [u8; 16] = std::array::from_fn(|index| block[at + index]);
                Ipv6Addr::from(octets)
            };
            let port = |at: usize| u16::from_be_bytes([block[at], block[at + 1]]);
            (Some(((ip(0), port(32)).into(), (ip(16), port(34)).into())), rest)
        }
        // Another command, or another family, which HAProxy takes for a broken header.
        _ => return Err(Refused::Malformed),
    };
    let tlvs = Tlvs(tlvs);
    check(whole, tlvs).map_err(|Malformed| Refused::Tlvs(addresses))?;
    Ok(Parsed::Done(Header { addresses, tlvs }, end))
}

/// TLVs that are not as they must be.
struct Malformed;

/// The TLVs must fill the header, be within HAProxy's bounds, and bear the right checksum.
fn check(whole: &[u8], mut tlvs: Tlvs<'_>) -> Result<(), Malformed> {
    while !tlvs.0.is_empty() {
        // Where the value stands in the header.
        let at = whole.len() - tlvs.0.len() + 3;
        let (kind, value) = tlvs.next().ok_or(Malformed)?;
        let fits = match kind {
            tlv::CRC32C => value.len() == 4 && checksum(whole, at).to_be_bytes() == *value,
            tlv::AUTHORITY => value.len() <= MAX_AUTHORITY,
            tlv::UNIQUE_ID => value.len() <= MAX_UNIQUE_ID,
            _ => value.len() <= MAX_VALUE,
        };
        if !fits {
            return Err(Malformed);
        }
    }
    Ok(())
}

/// The CRC-32c of a header whose checksum at `at` counts as zero.
fn checksum(whole: &[u8], at: usize) -> u32 {
    let mut copy = whole.to_vec();
    copy[at..at + 4].fill(0);
    base::hash::crc32c(&copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy_protocol::V2;

    fn addresses(text: &str) -> Option<(SocketAddr, SocketAddr)> {
        match parse(text.as_bytes()) {
            Ok(Parsed::Done(header, len)) => {
                assert_eq!(len, text.find('\n').expect("line") + 1);
                header.addresses
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    fn pair(src: &str, dst: &str) -> Option<(SocketAddr, SocketAddr)> {
        Some((src.parse().expect("address"), dst.parse().expect("address")))
    }

    #[test]
    fn version_1() {
        let check = |text, expected| assert_eq!(addresses(text), expected, "{text}");
        check("PROXY TCP4 1.2.3.4 5.6.7.8 80 443\r\nGET", pair("1.2.3.4:80", "5.6.7.8:443"));
        check("PROXY TCP6 ::1 2001:db8::2 1 65535\r\n", pair("[::1]:1", "[2001:db8::2]:65535"));
        check("PROXY UNKNOWN\r\n", None);
    }

    #[test]
    fn version_1_refused() {
        let check = |text: &str, expected| assert_eq!(parse(text.as_bytes()), expected, "{text:?}");
        check("PROX", Ok(Parsed::NeedMore));
        check("PROXY TC", Ok(Parsed::NeedMore));
        check("PROXY TCP4 1.2.3.4 5.6.7.8 80 443\r", Ok(Parsed::NeedMore));
        check("PROXY TCP4", Err(Refused::Protocol));
        check("PROXY UNKNOWN", Err(Refused::Protocol));
        check("GET / HTTP/1.1\r\n\r\n", Err(Refused::NotHeader));
        check("PROXY UDP4 1.2.3.4 5.6.7.8 80 443\r\n", Err(Refused::Protocol));
        check("PROXY TCP4 1.2.3.4 5.6.7.8 80 443\n", Err(Refused::Malformed));
        check("PROXY TCP4 1.2.3.4 5.6.7.8 80\r\n", Err(Refused::Malformed));
        check("PROXY TCP4 ::1 5.6.7.8 80 443\r\n", Err(Refused::Malformed));
        check("PROXY TCP4 1.2.3.4 5.6.7.8 80 70000\r\n", Err(Refused::Malformed));
        check("PROXY TCP4 1.2.3.4 5.6.7.8 +80 443\r\n", Err(Refused::Malformed));
        check(&format!("PROXY TCP4 {}", "1".repeat(200)), Err(Refused::Malformed));
    }

    #[test]
    fn version_2() {
        for (src, dst) in [("1.2.3.4:80", "5.6.7.8:443"), ("[::1]:80", "[::2]:443")] {
            let mut bytes = Vec::new();
            let mut header = V2::new(&mut bytes, pair(src, dst));
            header.push(tlv::AUTHORITY, b"host");
            header.push(0xe1, b"");
            header.finish(true);
            let len = bytes.len();
            bytes.extend_from_slice(b"rest");
            let Ok(Parsed::Done(header, end)) = parse(&bytes) else { panic!("{src}") };
            assert_eq!((header.addresses, end), (pair(src, dst), len));
            let tlvs: Vec<_> = header.tlvs.filter(|(kind, _)| *kind != tlv::CRC32C).collect();
            assert_eq!(tlvs, [(tlv::AUTHORITY, &b"host"[..]), (0xe1, b"")]);
            for cut in 0..len {
                assert_eq!(parse(&bytes[..cut]), Ok(Parsed::NeedMore), "{cut} bytes");
            }
            // Another type than that of the checksum is no checksum.
            for at in (16..len).filter(|at| *at != len - 7) {
                let mut broken = bytes[..len].to_vec();
                broken[at] ^= 1;
                assert!(matches!(parse(&broken), Err(Refused::Tlvs(Some(_)))), "byte {at}");
            }
        }
    }

    #[test]
    fn local_and_unknown() {
        let mut bytes = Vec::new();
        V2::new(&mut bytes, None).finish(false);
        let header = Header { addresses: None, tlvs: Tlvs::default() };
        assert_eq!(parse(&bytes), Ok(Parsed::Done(header, 16)));
        let with = |command: u8, family: u8, body: &[u8]| {
            let mut bytes = SIGNATURE.to_vec();
            bytes.extend_from_slice(&[command, family, 0, body.len() as u8]);
            bytes.extend_from_slice(body);
            match parse(&bytes) {
                Ok(Parsed::Done(header, _)) => Ok(header.addresses),
                Ok(Parsed::NeedMore) => panic!("whole"),
                Err(error) => Err(error),
            }
        };
        assert_eq!(with(0x21, 0x31, b"whatever"), Err(Refused::Malformed));
        assert_eq!(with(0x21, 0x11, b"short"), Err(Refused::Malformed));
        assert_eq!(with(0x22, 0x11, b""), Err(Refused::Malformed));
        assert_eq!(with(0x11, 0x11, b""), Err(Refused::NotHeader));
        assert_eq!(with(0x20, 0, b"\x02\0\x05ab"), Err(Refused::Tlvs(None)));
        assert_eq!(with(0x20, 0, b"\x02\0"), Err(Refused::Tlvs(None)));
        let behind = pair("1.2.3.4:80", "5.6.7.8:443");
        let block = b"\x01\x02\x03\x04\x05\x06\x07\x08\0\x50\x01\xbb\x02";
        assert_eq!(with(0x21, 0x11, block), Err(Refused::Tlvs(behind)));
    }
}
