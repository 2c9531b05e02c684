//! Patterns of ACLs and keys of maps, on a line or in a file: whether each can be what it is
//! compared as. Left out: comparing.

use ir::expr::{Arg, MatchMethod};
use ir::types::SampleType;

use crate::context::Context;

/// How patterns are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub method: MatchMethod,
    /// Numbers are versions: `3.1`.
    pub dotted: bool,
    /// `-i`
    pub ignore_case: bool,
    /// `-n`: no names of hosts.
    pub no_dns: bool,
}

/// Checks the file of an ACL's `-f`: a pattern a line, or with `-M` a pattern and a value.
pub fn file(c: &mut Context<'_>, name: &[u8], reading: Reading, is_map: bool) -> Result<(), String> {
    let Some(text) = open(c, name, is_map, (reading, SampleType::Str))? else { return Ok(()) };
    for (number, line) in lines(&text) {
        let pattern = if is_map { key_and_value(line).0 } else { line };
        check(c, reading, pattern).map_err(|error| at_line(&error, number, name))?;
    }
    Ok(())
}

/// Checks the map of a converter, the values in it, and the default behind it.
pub fn map(c: &mut Context<'_>, args: &[Arg], method: MatchMethod, out: SampleType) -> Result<(), String> {
    let name = match args.first() {
        Some(Arg::Map(name) | Arg::Str(name)) => name.as_slice(),
        _ => b"",
    };
    let reading = Reading { method, dotted: false, ignore_case: false, no_dns: true };
    if let Some(text) = open(c, name, true, (reading, out))? {
        for (number, line) in lines(&text) {
            let (key, value) = key_and_value(line);
            let checked = match is_value(value, out) {
                true => check(c, reading, key),
                false => Err(format!("unable to parse '{}'", String::from_utf8_lossy(value))),
            };
            checked.map_err(|error| at_line(&error, number, name))?;
        }
    }
    match args.get(1) {
        Some(Arg::Str(default)) if !is_value(default, out) => {
            Err(format!("map: cannot parse default ip <{}>.", String::from_utf8_lossy(default)))
        }
        _ => Ok(()),
    }
}

fn at_line(error: &str, number: usize, file: &[u8]) -> String {
    format!("{error} at line {number} of file '{}'", String::from_utf8_lossy(file))
}

/// What is known of a file of patterns.
#[derive(Debug)]
pub struct FileUse {
    is_map: bool,
    /// How its content was checked.
    read: Vec<(Reading, SampleType)>,
}

/// The content of a file. Nothing where the list stands in memory only, or was checked before in
/// the same way.
fn open(
    c: &mut Context<'_>,
    name: &[u8],
    is_map: bool,
    reading: (Reading, SampleType),
) -> Result<Option<Vec<u8>>, String> {
    let behind = |prefix: &[u8]| name.strip_prefix(prefix).filter(|rest| !rest.is_empty());
    let optional = behind(b"opt@");
    let path = behind(b"file@").or(optional).unwrap_or(name);
    if let Some(known) = c.pattern_files.get(path) {
        if known.is_map != is_map {
            let (was, is) = if is_map { ("one", "two") } else { ("two", "one") };
            return Err(format!(
                "The file \"{}\" is already used as {was} column file and cannot be used by as {is} column file.",
                String::from_utf8_lossy(name)
            ));
        }
        if known.read.contains(&reading) {
            return Ok(None);
        }
    }
    let shown = String::from_utf8_lossy(path);
    let text = match (behind(b"virt@"), c.read_file(path)) {
        (Some(_), _) => None,
        (None, Ok(text)) => Some(text),
        (None, Err(error)) if error == "Is a directory" => {
            return Err(format!("error encountered while reading  <{shown}> : {error}"));
        }
        (None, Err(_)) if optional.is_some() => None,
        (None, Err(_)) => return Err(format!("failed to open pattern file <{shown}>")),
    };
    let known = c.pattern_files.entry(path.to_vec()).or_insert(FileUse { is_map, read: Vec::new() });
    known.read.push(reading);
    Ok(text)
}

/// The lines that hold something, with their numbers.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let numbered = text.split(|byte| *byte == b'\n').zip(1..);
    numbered.filter(|(line, _)| line.first() != Some(&b'#')).filter_map(move |(line, number)| {
        let end = line.iter().position(|byte| matches!(byte, b'\r' | 0)).unwrap_or(line.len());
        let start = line[..end].iter().take_while(|byte| is_blank(byte)).count();
        (start < end).then_some((number, &line[start..end]))
    })
}

/// A line of a map: the first word, and the rest without the blanks around it.
fn key_and_value(line: &[u8]) -> (&[u8], &[u8]) {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let end = line.iter().position(is_blank).unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    let start = rest.iter().take_while(|byte| is_blank(byte)).count();
    let blank = rest.iter().rev().take_while(|byte| is_blank(byte)).count();
    (key, rest.get(start..rest.len() - blank).unwrap_or_default())
}

/// Whether a map's value has the type that its converter gives.
fn is_value(value: &[u8], out: SampleType) -> bool {
    match out {
        SampleType::Sint => base::bytes::parse_i64_capped(value).is_some(),
        SampleType::Addr => {
            std::str::from_utf8(value).is_ok_and(|text| text.parse::<std::net::IpAddr>().is_ok())
        }
        _ => true,
    }
}

/// Whether a pattern can be what it is compared as.
pub fn check(c: &Context<'_>, reading: Reading, pattern: &[u8]) -> Result<(), String> {
    let refuse = |what: &str| Err(format!("'{}' {what}", String::from_utf8_lossy(pattern)));
    match reading.method {
        MatchMethod::Int | MatchMethod::Len if reading.dotted => match range(pattern, version) {
            Range::Valid => Ok(()),
            Range::Number => refuse("is not a dotted number"),
            Range::Bounds => refuse("is not a valid dotted number range"),
        },
        MatchMethod::Int | MatchMethod::Len => match range(pattern, number) {
            Range::Valid => Ok(()),
            Range::Number => refuse("is not a number"),
            Range::Bounds => refuse("is not a valid number range"),
        },
        MatchMethod::Ip if is_network(c, pattern, !reading.no_dns) => Ok(()),
        MatchMethod::Ip => refuse("is not a valid IPv4 or IPv6 address"),
        MatchMethod::Bin => ir::checks::hex_pairs(pattern),
        MatchMethod::Reg => c.loader.check_regex(pattern, reading.ignore_case),
        _ => Ok(()),
    }
}

/// Names are resolved while the configuration is read (manual, 7.1.5).
fn is_network(c: &Context<'_>, pattern: &[u8], resolve: bool) -> bool {
    if base::net::Network::parse(pattern).is_some() {
        return true;
    }
    let (host, mask) = match pattern.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&pattern[..slash], base::net::parse_mask4(&pattern[slash + 1..]).is_some()),
        None => (pattern, true),
    };
    resolve && mask && !host.is_empty() && c.loader.resolve_host(host).is_some()
}

enum Range {
    Valid,
    /// A single number is none.
    Number,
    /// A bound is none, or the bounds are the wrong way round.
    Bounds,
}

/// `10`, `10:20`, `:20`, `10:`; a dash stands for a colon.
fn range(text: &[u8], bound: fn(&[u8]) -> Option<i64>) -> Range {
    let Some(at) = text.iter().position(|byte| matches!(byte, b':' | b'-')) else {
        return match (text.is_empty(), bound(text)) {
            (true, _) => Range::Bounds,
            (false, None) => Range::Number,
            (false, Some(_)) => Range::Valid,
        };
    };
    let (low, high) = (&text[..at], &text[at + 1..]);
    let valid = match (low.is_empty(), high.is_empty()) {
        (true, false) => bound(high).is_some(),
        (_, true) => bound(low).is_some(),
        (false, false) => bound(low).zip(bound(high)).is_some_and(|(low, high)| low <= high),
    };
    if valid { Range::Valid } else { Range::Bounds }
}

/// A number of digits behind an optional minus sign.
pub fn number(text: &[u8]) -> Option<i64> {
    match text {
        [b'-'] => Some(0),
        [b'+', ..] => None,
        text => base::bytes::parse_i64(text),
    }
}

/// `3.1`, in one number.
pub fn version(text: &[u8]) -> Option<i64> {
    let part = |text: &[u8]| number(text).filter(|part| *part < 65536);
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let major = part(parts.next()?)?;
    let minor = parts.next().map_or(Some(0), part)?;
    Some((major << 16) | (minor & 0xffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let check = |text: &str, bound: fn(&[u8]) -> Option<i64>, expected: &str| {
            let found = match range(text.as_bytes(), bound) {
                Range::Valid => "valid",
                Range::Number => "number",
                Range::Bounds => "bounds",
            };
            assert_eq!(found, expected, "{text}");
        };
        check("10", number, "valid");
        check("10:20", number, "valid");
        check("10-20", number, "valid");
        check(":20", number, "valid");
        check("10:", number, "valid");
        check("20:10", number, "bounds");
        check("1.5", number, "number");
        check("x", number, "number");
        check("", number, "bounds");
        check(":", number, "bounds");
        check("3.1", version, "valid");
        check("3.0:3.3", version, "valid");
        check("3", version, "valid");
        check("3.x", version, "number");
        check("3.3:3.0", version, "bounds");
        check("3.70000", version, "number");
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
