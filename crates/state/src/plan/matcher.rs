//! Patterns of ACLs and maps in their compiled form (manual, section 7.1). Left out: what an
//! ACL does with the answer (`acl`), and the values of a map (`map`).

use bumpalo::Bump;
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

/// The bounds are included.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    min: i64,
    max: i64,
}

impl Matcher {
    pub fn new(method: MatchMethod, ignore_case: bool, patterns: &[Vec<u8>]) -> Result<Self, BuildError> {
        Ok(Self(match method {
            MatchMethod::Found => Kind::Found,
            MatchMethod::Bool => Kind::Bool,
            MatchMethod::Int => Kind::Int(ranges(patterns)?),
            MatchMethod::Len => Kind::Len(ranges(patterns)?),
            MatchMethod::Ip => Kind::Ip(Networks::new(patterns)?),
            MatchMethod::Bin => {
                let patterns: Result<Vec<_>, _> = patterns.iter().map(|text| binary(text)).collect();
                Kind::Bin(Words::new(MatchMethod::Str, false, &patterns?))
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
    ranges.iter().position(|range| range.min <= number && number <= range.max)
}

/// Numbers, ranges `a:b`, `a:`, `:b`, and the operators `eq ge gt le lt`, each of which holds
/// for the numbers behind it.
fn ranges(patterns: &[Vec<u8>]) -> Result<Vec<Range>, BuildError> {
    let mut operator: &[u8] = b"eq";
    let mut ranges = Vec::new();
    for text in patterns {
        if matches!(text.as_slice(), b"eq" | b"ge" | b"gt" | b"le" | b"lt") {
            operator = text;
            continue;
        }
        let invalid = || {
            let text = String::from_utf8_lossy(text);
            BuildError(format!("'{text}' is not a valid number range"))
        };
        let range = range(text).ok_or_else(invalid)?;
        let single = (range.min == range.max).then_some(range.min);
        ranges.push(match (operator, single) {
            (b"eq", _) => range,
            (b"ge", Some(number)) => Range { min: number, max: i64::MAX },
            (b"gt", Some(number)) => Range { min: number.checked_add(1).ok_or_else(invalid)?, max: i64::MAX },
            (b"le", Some(number)) => Range { min: i64::MIN, max: number },
            (_, Some(number)) => Range { min: i64::MIN, max: number.checked_sub(1).ok_or_else(invalid)? },
            (_, None) => return Err(invalid()),
        });
    }
    Ok(ranges)
}

fn range(text: &[u8]) -> Option<Range> {
    let Some(separator) = memchr::memchr2(b':', b'-', text) else {
        let number = base::bytes::parse_i64(text)?;
        return Some(Range { min: number, max: number });
    };
    let bound = |text: &[u8], open: i64| {
        if text.is_empty() { Some(open) } else { base::bytes::parse_i64(text) }
    };
    let (min, max) = (&text[..separator], &text[separator + 1..]);
    if min.is_empty() && max.is_empty() {
        return None;
    }
    let range = Range { min: bound(min, i64::MIN)?, max: bound(max, i64::MAX)? };
    (range.min <= range.max).then_some(range)
}

/// Bytes written as hexadecimal digits, in pairs.
fn binary(text: &[u8]) -> Result<Vec<u8>, BuildError> {
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(base::bytes::hex_digit(*high)? << 4 | base::bytes::hex_digit(*low)?),
        _ => None,
    };
    text.chunks(2).map(pair).collect::<Option<_>>().ok_or_else(|| {
        let text = String::from_utf8_lossy(text);
        BuildError(format!("'{text}' is not made of pairs of hexadecimal digits"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: MatchMethod, patterns: &[&str], value: Value, expected: Option<usize>) {
        let bytes: Vec<_> = patterns.iter().map(|text| text.as_bytes().to_vec()).collect();
        let matcher = Matcher::new(method, false, &bytes).expect("patterns");
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
        check(Int, &["gt", "2"], Value::Sint(2), None);
        check(Int, &["gt", "2"], Value::Sint(3), Some(0));
        check(Int, &["ge", "2"], Value::Sint(2), Some(0));
        check(Int, &["lt", "2"], Value::Sint(2), None);
        check(Int, &["le", "2"], Value::Sint(2), Some(0));
        check(Int, &["eq", "2", "lt", "0"], Value::Sint(-4), Some(1));
        check(Int, &["12"], Value::Str(b"12"), Some(0));
        check(Int, &["0"], Value::Str(b""), None);
        check(Len, &["3"], Value::Str(b"abc"), Some(0));
        check(Len, &["gt", "3"], Value::Str(b"abc"), None);
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
    }

    #[test]
    fn refused() {
        let check = |method, pattern: &str| {
            assert!(Matcher::new(method, false, &[pattern.as_bytes().to_vec()]).is_err(), "{pattern}");
        };
        for text in ["", "x", "1:x", "9:1", ":", "1.5"] {
            check(MatchMethod::Int, text);
        }
        check(MatchMethod::Bin, "0");
        check(MatchMethod::Bin, "0g");
        check(MatchMethod::Reg, "(");
        check(MatchMethod::Ip, "host");
    }
}
