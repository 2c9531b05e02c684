//! Patterns of ACLs and keys of maps, on a line or in a file: whether each can be what it is
//! compared as. Left out: comparing.

use base::pattern::{self, FileName, Range};
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
    for (number, line) in pattern::lines(&text) {
        let pattern = if is_map { pattern::key_and_value(line).0 } else { line };
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
        for (number, line) in pattern::lines(&text) {
            let (key, value) = pattern::key_and_value(line);
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
    let file = FileName::parse(name);
    let path = file.path;
    let known = c.pattern_files.get(path);
    if let Some(known) = known {
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
    let is_empty = file.is_virtual || c.config.pattern_sources.absent.contains(path);
    let text = if is_empty { None } else { read(c, file, known.is_some())? };
    let known = c.pattern_files.entry(path.to_vec()).or_insert(FileUse { is_map, read: Vec::new() });
    known.read.push(reading);
    Ok(text)
}

/// The content of a file; nothing of one that may be missing.
fn read(c: &mut Context<'_>, file: FileName<'_>, is_known: bool) -> Result<Option<Vec<u8>>, String> {
    let shown = String::from_utf8_lossy(file.path);
    match c.read_file(file.path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error == "Is a directory" => {
            Err(format!("error encountered while reading  <{shown}> : {error}"))
        }
        Err(_) if file.optional && !is_known => {
            c.config.pattern_sources.absent.insert(file.path.to_vec());
            Ok(None)
        }
        Err(_) => Err(format!("failed to open pattern file <{shown}>")),
    }
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
pub fn check(c: &mut Context<'_>, reading: Reading, pattern: &[u8]) -> Result<(), String> {
    match reading.method {
        MatchMethod::Int | MatchMethod::Len => Range::parse(pattern, reading.dotted).map(drop),
        MatchMethod::Ip => network(c, pattern, !reading.no_dns),
        MatchMethod::Bin => pattern::binary(pattern).map(drop),
        MatchMethod::Reg => c.loader.check_regex(pattern, reading.ignore_case),
        _ => Ok(()),
    }
}

/// Names are resolved while the configuration is read (manual, 7.1.5).
fn network(c: &mut Context<'_>, text: &[u8], resolves: bool) -> Result<(), String> {
    let hosts = &mut c.config.pattern_sources.hosts;
    let loader = &*c.loader;
    let mut resolve = |host: &[u8]| {
        if let Some(known) = hosts.get(host) {
            return Some(*known);
        }
        let found = loader.resolve_host(host)?;
        hosts.insert(host.to_vec(), found);
        Some(found)
    };
    let found = pattern::network(text, |host| if resolves { resolve(host) } else { None });
    let refuse = || format!("'{}' is not a valid IPv4 or IPv6 address", String::from_utf8_lossy(text));
    found.map(drop).ok_or_else(refuse)
}
