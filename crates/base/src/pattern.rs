//! Patterns of ACLs and keys of maps as they are written, on a line or in a file (manual, section
//! 7.1). The checker and the plan read them here, so that one takes what the other took. Left
//! out: regular expressions, and comparing.

use std::net::IpAddr;

use crate::bytes::{hex_digit, parse_i64};
use crate::net::{Network, parse_mask4};

/// Numbers from `min` to `max`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub min: i64,
    pub max: i64,
}

impl Range {
    /// Reads `10`, `10:20`, `:20`, `10:`; a dash stands for a colon. The numbers of `dotted` ranges
    /// are versions.
    ///
    /// # Errors
    /// HAProxy's words for what is wrong.
    pub fn parse(text: &[u8], dotted: bool) -> Result<Self, String> {
        let read = if dotted { version } else { number };
        let refuse = |what: &str| Err(format!("'{}' {what}", String::from_utf8_lossy(text)));
        let Some(at) = text.iter().position(|byte| matches!(byte, b':' | b'-')) else {
            return match read(text) {
                Some(number) => Ok(Self { min: number, max: number }),
                None if text.is_empty() => refuse(invalid(dotted)),
                None if dotted => refuse("is not a dotted number"),
                None => refuse("is not a number"),
            };
        };
        let bound = |text: &[u8], open| if text.is_empty() { Some(open) } else { read(text) };
        let (low, high) = (&text[..at], &text[at + 1..]);
        let bounds = bound(low, i64::MIN).zip(bound(high, i64::MAX));
        match bounds {
            Some((min, max)) if min <= max && !(low.is_empty() && high.is_empty()) => Ok(Self { min, max }),
            _ => refuse(invalid(dotted)),
        }
    }

    pub fn contains(&self, number: i64) -> bool {
        self.min <= number && number <= self.max
    }
}

fn invalid(dotted: bool) -> &'static str {
    if dotted { "is not a valid dotted number range" } else { "is not a valid number range" }
}

/// A number of digits behind an optional minus sign.
pub fn number(text: &[u8]) -> Option<i64> {
    match text {
        [b'-'] => Some(0),
        [b'+', ..] => None,
        text => parse_i64(text),
    }
}

/// `3.1`, in one number.
fn version(text: &[u8]) -> Option<i64> {
    let part = |text: &[u8]| number(text).filter(|part| *part < 65536);
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let major = part(parts.next()?)?;
    let minor = parts.next().map_or(Some(0), part)?;
    Some((major << 16) | (minor & 0xffff))
}

/// The bytes that a text stands for whose hexadecimal digits come in pairs.
///
/// # Errors
/// HAProxy's words for what is wrong.
pub fn binary(text: &[u8]) -> Result<Vec<u8>, String> {
    if text.len() % 2 == 1 {
        return Err("an even number of hex digit is expected".into());
    }
    let digit = |byte: u8| {
        hex_digit(byte)
            .ok_or_else(|| format!("an hex digit is expected (found '{}')", String::from_utf8_lossy(&[byte])))
    };
    text.chunks_exact(2).map(|pair| Ok(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// A network whose address may be the name of a host, which `resolve` is asked for.
pub fn network(text: &[u8], resolve: impl FnOnce(&[u8]) -> Option<IpAddr>) -> Option<Network> {
    if let Some(network) = Network::parse(text) {
        return Some(network);
    }
    let (host, mask) = match text.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&text[..slash], parse_mask4(&text[slash + 1..])?),
        None => (text, std::net::Ipv4Addr::BROADCAST),
    };
    if host.is_empty() {
        return None;
    }
    Some(match resolve(host)? {
        IpAddr::V4(address) => Network::V4 { address, mask },
        IpAddr::V6(address) => Network::V6 { address, prefix: 128 },
    })
}

/// The name of a file of patterns in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileName<'a> {
    /// Without `file@` and `opt@`: by it two mentions of a file are known as one.
    pub path: &'a [u8],
    /// `opt@`: it may be missing.
    pub optional: bool,
    /// `virt@`: it stands in memory only.
    pub is_virtual: bool,
}

impl<'a> FileName<'a> {
    pub fn parse(name: &'a [u8]) -> Self {
        let behind = |prefix: &[u8]| name.strip_prefix(prefix).filter(|rest| !rest.is_empty());
        let optional = behind(b"opt@");
        let path = behind(b"file@").or(optional).unwrap_or(name);
        Self { path, optional: optional.is_some(), is_virtual: behind(b"virt@").is_some() }
    }
}

/// The lines of a file that hold something, with their numbers: no comments, no blanks in front.
pub fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let numbered = text.split(|byte| *byte == b'\n').zip(1..);
    numbered.filter(|(line, _)| line.first() != Some(&b'#')).filter_map(move |(line, number)| {
        let end = line.iter().position(|byte| matches!(byte, b'\r' | 0)).unwrap_or(line.len());
        let start = line[..end].iter().take_while(|byte| is_blank(byte)).count();
        (start < end).then_some((number, &line[start..end]))
    })
}

/// A line of a map: the first word, and the rest without the blanks around it.
pub fn key_and_value(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(is_blank).unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    let start = rest.iter().take_while(|byte| is_blank(byte)).count();
    let blank = rest.iter().rev().take_while(|byte| is_blank(byte)).count();
    (key, rest.get(start..rest.len() - blank).unwrap_or_default())
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let check = |text: &str, dotted, expected: Result<(i64, i64), &str>| {
            let found = Range::parse(text.as_bytes(), dotted).map(|range| (range.min, range.max));
            let expected = expected.map_err(|what| format!("'{text}' {what}"));
            assert_eq!(found, expected, "{text}");
        };
        let bounds = Err("is not a valid number range");
        check("10", false, Ok((10, 10)));
        check("10:20", false, Ok((10, 20)));
        check("10-20", false, Ok((10, 20)));
        check(":20", false, Ok((i64::MIN, 20)));
        check("-20", false, Ok((i64::MIN, 20)));
        check(":-1", false, Ok((i64::MIN, -1)));
        check("10:", false, Ok((10, i64::MAX)));
        check("20:10", false, bounds);
        check("", false, bounds);
        check(":", false, bounds);
        check("1:x", false, bounds);
        check("1.5", false, Err("is not a number"));
        check("x", false, Err("is not a number"));
        check("3.1", true, Ok((0x30001, 0x30001)));
        check("3.0-3.3", true, Ok((0x30000, 0x30003)));
        check(":2.65535", true, Ok((i64::MIN, 0x2ffff)));
        check("3", true, Ok((0x30000, 0x30000)));
        check("3.x", true, Err("is not a dotted number"));
        check("3.70000", true, Err("is not a dotted number"));
        check("3.3:3.0", true, Err("is not a valid dotted number range"));
    }

    #[test]
    fn networks() {
        let check = |text: &str, expected: Option<&str>| {
            let resolve = |host: &[u8]| (host == b"host").then(|| "192.0.2.9".parse().expect("address"));
            let expected = expected.and_then(|text| Network::parse(text.as_bytes()));
            assert_eq!(network(text.as_bytes(), resolve), expected, "{text}");
        };
        check("10.0.0.0/8", Some("10.0.0.0/8"));
        check("host", Some("192.0.2.9"));
        check("host/24", Some("192.0.2.9/24"));
        check("host/x", None);
        check("other", None);
        check("/8", None);
    }

    #[test]
    fn bytes() {
        assert_eq!(binary(b"00fF"), Ok(vec![0, 255]));
        assert_eq!(binary(b"0"), Err("an even number of hex digit is expected".into()));
        assert_eq!(binary(b"0g"), Err("an hex digit is expected (found 'g')".into()));
    }

    #[test]
    fn names_of_files() {
        let check = |name: &str, path: &str, optional, is_virtual| {
            let expected = FileName { path: path.as_bytes(), optional, is_virtual };
            assert_eq!(FileName::parse(name.as_bytes()), expected, "{name}");
        };
        check("/x", "/x", false, false);
        check("file@/x", "/x", false, false);
        check("opt@/x", "/x", true, false);
        check("virt@x", "virt@x", false, true);
        check("opt@", "opt@", false, false);
    }

    #[test]
    fn lines_of_files() {
        let text = b"# comment\n\n a b \t c \r\n\tkey\n";
        let found: Vec<_> = lines(text).collect();
        assert_eq!(found, [(3, b"a b \t c ".as_slice()), (4, b"key")]);
        assert_eq!(key_and_value(found[0].1), (b"a".as_slice(), b"b \t c".as_slice()));
        assert_eq!(key_and_value(b"key"), (b"key".as_slice(), b"".as_slice()));
    }
}
