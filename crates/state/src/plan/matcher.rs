//! Patterns of ACLs and maps in their compiled form (manual, section 7.1). Left out: what an
//! ACL does with the answer (`acl`), and the values of a map (`map`).

use base::net::Network;
use base::pattern::{self, Range};
use bumpalo::Bump;
use ir::config::PatternSources;
use ir::expr::MatchMethod;
use ir::types::SampleType;

use super::networks::Networks;
use super::words::Words;
use super::{BuildError, Regex};
use crate::sample::Value;

/// The patterns of one test, compiled for its matching method.
#[derive(Debug)]
pub struct Matcher(Kind);

#[derive(Debug)]
enum Kind {
    Found,
    Bool,
    Int(Vec<Range>),
    Len(Vec<Range>),
    Ip(Networks),
    Bin(Words),
    Text(Words),
    Reg(Vec<Regex>),
}

/// How patterns are read and compared.
pub(super) struct How<'a> {
    pub method: MatchMethod,
    pub ignore_case: bool,
    /// Numbers are versions: `3.1`.
    pub dotted: bool,
    pub sources: &'a PatternSources,
}

impl Matcher {
    pub(super) fn new(how: &How<'_>, patterns: &[Vec<u8>]) -> Result<Self, BuildError> {
        let How { method, ignore_case, .. } = *how;
        Ok(Self(match method {
            MatchMethod::Found => Kind::Found,
            MatchMethod::Bool => Kind::Bool,
            MatchMethod::Int => Kind::Int(each(patterns, |text| Range::parse(text, how.dotted))?),
            MatchMethod::Len => Kind::Len(each(patterns, |text| Range::parse(text, how.dotted))?),
            MatchMethod::Ip => Kind::Ip(Networks::new(&each(patterns, |text| network(text, how.sources))?)),
            MatchMethod::Bin => {
                Kind::Bin(Words::new(MatchMethod::Str, false, &each(patterns, pattern::binary)?))
            }
            MatchMethod::Reg => {
                let compile = |source: &Vec<u8>| Regex::new(source, ignore_case);
                Kind::Reg(patterns.iter().map(compile).collect::<Result<_, _>>()?)
            }
            _ => Kind::Text(Words::new(method, ignore_case, patterns)),
        }))
    }

    /// Whether a pattern matches.
    pub fn is_match<'a>(&self, value: Value<'a>, arena: &'a Bump) -> bool {
        self.find(value, arena).is_some()
    }

    /// The index of the pattern that matches: the longest one for networks and prefixes, else
    /// the first one. Methods without patterns give 0.
    pub fn find<'a>(&self, value: Value<'a>, arena: &'a Bump) -> Option<usize> {
        match &self.0 {
            Kind::Found => Some(0),
            Kind::Bool => match value.cast(SampleType::Bool, arena)? {
                Value::Bool(true) => Some(0),
                _ => None,
            },
            Kind::Int(ranges) => match value.cast(SampleType::Sint, arena)? {
                Value::Sint(number) => position(ranges, number),
                _ => None,
            },
            Kind::Len(ranges) => position(ranges, value.to_text(arena).len() as i64),
            Kind::Ip(networks) => match value.cast(SampleType::Addr, arena)? {
                Value::Ipv4(address) => networks.find(address.into()),
                Value::Ipv6(address) => networks.find(address.into()),
                _ => None,
            },
            Kind::Bin(words) => match value.cast(SampleType::Bin, arena)? {
                Value::Bin(bytes) => words.find(bytes, arena),
                _ => None,
            },
            Kind::Text(words) => words.find(value.to_text(arena), arena),
            Kind::Reg(regexes) => {
                let text = value.to_text(arena);
                regexes.iter().position(|regex| regex.is_match(text))
            }
        }
    }
}

fn position(ranges: &[Range], number: i64) -> Option<usize> {
    ranges.iter().position(|range| range.contains(number))
}

fn each<T>(patterns: &[Vec<u8>], read: impl Fn(&[u8]) -> Result<T, String>) -> Result<Vec<T>, BuildError> {
    patterns.iter().map(|text| read(text).map_err(BuildError)).collect()
}

/// A network whose host has the address that the checker found.
fn network(text: &[u8], sources: &PatternSources) -> Result<Network, String> {
    let found = pattern::network(text, |host| sources.hosts.get(host).copied());
    found.ok_or_else(|| format!("'{}' is not a valid IPv4 or IPv6 address", String::from_utf8_lossy(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(method: MatchMethod, dotted: bool, patterns: &[Vec<u8>]) -> Result<Matcher, BuildError> {
        let sources = PatternSources {
            hosts: [(b"host".to_vec(), "192.0.2.1".parse().expect("address"))].into(),
            ..PatternSources::default()
        };
        Matcher::new(&How { method, ignore_case: false, dotted, sources: &sources }, patterns)
    }

    fn check(method: MatchMethod, patterns: &[&str], value: Value, expected: Option<usize>) {
        let bytes: Vec<_> = patterns.iter().map(|text| text.as_bytes().to_vec()).collect();
        let matcher = matcher(method, false, &bytes).expect("patterns");
        assert_eq!(matcher.find(value, &Bump::new()), expected, "{method:?} {patterns:?} on {value:?}");
    }

    #[test]
    fn numbers() {
        use MatchMethod::{Int, Len};
        check(Int, &["5"], Value::Sint(5), Some(0));
        check(Int, &["5", "7:9"], Value::Sint(8), Some(1));
        check(Int, &["7:9"], Value::Sint(10), None);
        check(Int, &["7:"], Value::Sint(i64::MAX), Some(0));
        check(Int, &[":7"], Value::Sint(-1), Some(0));
        check(Int, &["-7"], Value::Sint(6), Some(0));
        check(Int, &["12"], Value::Str(b"12"), Some(0));
        check(Int, &["0"], Value::Str(b""), None);
        check(Len, &["3"], Value::Str(b"abc"), Some(0));
        check(Len, &["4:"], Value::Str(b"abc"), None);
    }

    #[test]
    fn versions() {
        let check = |pattern: &str, version: i64, expected: bool| {
            let matcher = matcher(MatchMethod::Int, true, &[pattern.as_bytes().to_vec()]).expect(pattern);
            assert_eq!(matcher.is_match(Value::Sint(version), &Bump::new()), expected, "{pattern}");
        };
        check("3.0-3.1", 0x30001, true);
        check("3.0-3.1", 0x30002, false);
        check(":2.65535", 0x20001, true);
    }

    #[test]
    fn others() {
        use MatchMethod::{Bin, Bool, Found, Ip, Reg};
        check(Found, &[], Value::Bool(false), Some(0));
        check(Bool, &[], Value::Bool(false), None);
        check(Bool, &[], Value::Sint(2), Some(0));
        check(Bin, &["00ff", "FE"], Value::Bin(b"\xfe"), Some(1));
        check(Bin, &["00ff"], Value::Bin(b"\0"), None);
        check(Reg, &["^a", "b+$"], Value::Str(b"xbb"), Some(1));
        check(Reg, &["^a"], Value::Str(b"ba"), None);
        check(Ip, &["10.0.0.0/8"], Value::Str(b"10.9.9.9"), Some(0));
        check(Ip, &["10.0.0.0/8"], Value::Str(b"nothing"), None);
        check(Ip, &["host"], Value::Str(b"192.0.2.1"), Some(0));
    }

    #[test]
    fn refused() {
        let check = |method, pattern: &str| {
            assert!(matcher(method, false, &[pattern.as_bytes().to_vec()]).is_err(), "{pattern}");
        };
        for text in ["", "x", "1:x", "9:1", ":", "1.5"] {
            check(MatchMethod::Int, text);
        }
        check(MatchMethod::Bin, "0");
        check(MatchMethod::Bin, "0g");
        check(MatchMethod::Reg, "(");
        check(MatchMethod::Ip, "other");
    }
}
