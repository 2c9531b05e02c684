//! Patterns of ACLs and keys of maps, on a line or in a file: whether each can be what it is
//! compared as. Left out: comparing.

use base::pattern::{self, FileName, Range};
use diag::Span;
use ir::config::PatternList;
use ir::expr::{Arg, MatchMethod};
use ir::id::PatternListId;
use ir::types::SampleType;

use crate::context::Context;
use crate::draft::Usage;
use crate::loader::LuaMap;

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

/// Adds a list of patterns to the configuration.
pub fn add(c: &mut Context<'_>, list: PatternList) -> PatternListId {
    let lists = &mut c.config.pattern_lists;
    lists.push(list);
    PatternListId(u32::try_from(lists.len() - 1).unwrap_or(u32::MAX))
}

/// Checks the file of an ACL's `-f`: a pattern a line, or with `-M` a pattern and a value.
pub fn file(
    c: &mut Context<'_>,
    name: &[u8],
    reading: Reading,
    is_map: bool,
    span: Span,
) -> Result<PatternListId, String> {
    let (list, text) = open(c, name, is_map, &place(c, span), (reading, SampleType::Str))?;
    for (number, line) in pattern::lines(&text.unwrap_or_default()) {
        let pattern = if is_map { pattern::key_and_value(line).0 } else { line };
        check(c, reading, pattern).map_err(|error| at_line(&error, number, name))?;
    }
    if let Some(list) = c.config.pattern_lists.get_mut(list.index()) {
        list.is_acl = true;
    }
    Ok(list)
}

/// Checks the map of a converter, the values in it, and the default behind it.
pub fn map(
    c: &mut Context<'_>,
    args: &[Arg],
    method: MatchMethod,
    out: SampleType,
    span: Span,
) -> Result<(), String> {
    let name = match args.first() {
        Some(Arg::Map(name) | Arg::Str(name)) => name.as_slice(),
        _ => b"",
    };
    let reading = Reading { method, dotted: false, ignore_case: false, no_dns: true };
    let (_, text) = open(c, name, true, &place(c, span), (reading, out))?;
    for (number, line) in pattern::lines(&text.unwrap_or_default()) {
        let (key, value) = pattern::key_and_value(line);
        let checked = match is_value(value, out) {
            true => check(c, reading, key),
            false => Err(format!("unable to parse '{}'", String::from_utf8_lossy(value))),
        };
        checked.map_err(|error| at_line(&error, number, name))?;
    }
    match args.get(1) {
        Some(Arg::Str(default)) if !is_value(default, out) => {
            Err(format!("map: cannot parse default ip <{}>.", String::from_utf8_lossy(default)))
        }
        _ => Ok(()),
    }
}

/// Adds the map of a script.
pub fn lua_map(c: &mut Context<'_>, map: &LuaMap) -> Result<(), String> {
    let place = format!("file '{}' line {}", map.script, map.line);
    let reading = Reading { method: map.method, dotted: false, ignore_case: false, no_dns: true };
    // What stands in it was read when the script made it.
    let (list, _) = open(c, &map.name, true, &place, (reading, SampleType::Str))?;
    if !c.config.script_maps.contains(&(list, map.method)) {
        c.config.script_maps.push((list, map.method));
    }
    Ok(())
}

/// Where a list is used, in HAProxy's words.
fn place(c: &Context<'_>, span: Span) -> String {
    format!("file '{}' line {}", c.file(span), span.line)
}

fn at_line(error: &str, number: usize, file: &[u8]) -> String {
    format!("{error} at line {number} of file '{}'", String::from_utf8_lossy(file))
}

/// What is known of a file of patterns.
#[derive(Debug)]
pub struct FileUse {
    list: PatternListId,
    /// How its content was checked.
    read: Vec<(Reading, SampleType)>,
}

/// The list of a file, and its content. No content where the list stands in memory only, or was
/// checked before in the same way.
fn open(
    c: &mut Context<'_>,
    name: &[u8],
    is_map: bool,
    place: &str,
    reading: (Reading, SampleType),
) -> Result<(PatternListId, Option<Vec<u8>>), String> {
    let file = FileName::parse(name);
    let used = format!("{} at {place}", if is_map { "map" } else { "acl" });
    let known = c.pattern_files.get(file.path).map(|known| (known.list, known.read.contains(&reading)));
    let Some((list, is_checked)) = known else {
        let text = read(c, file)?;
        let list = PatternList {
            path: file.path.to_vec(),
            file: text.is_some().then(|| c.path(file.path)),
            is_late: matches!(
                c.usage,
                Usage::UseBackend | Usage::Balance | Usage::Log | Usage::LogSd | Usage::UniqueId
            ),
            is_map,
            has_values: is_map,
            display: format!("pattern loaded from file '{}' used by {used}", String::from_utf8_lossy(name))
                .into(),
            ..PatternList::default()
        };
        let list = add(c, list);
        c.pattern_files.insert(file.path.to_vec(), FileUse { list, read: vec![reading] });
        return Ok((list, text));
    };
    let Some(found) = c.config.pattern_lists.get_mut(list.index()) else { return Ok((list, None)) };
    if found.has_values != is_map {
        let (was, is) = if is_map { ("one", "two") } else { ("two", "one") };
        return Err(format!(
            "The file \"{}\" is already used as {was} column file and cannot be used by as {is} column file.",
            String::from_utf8_lossy(name)
        ));
    }
    found.is_map |= is_map;
    found.display.extend_from_slice(format!(", by {used}").as_bytes());
    let is_file = found.file.is_some();
    if is_checked || !is_file {
        return Ok((list, None));
    }
    if let Some(known) = c.pattern_files.get_mut(file.path) {
        known.read.push(reading);
    }
    Ok((list, read(c, FileName { optional: false, ..file })?))
}

/// The content of a file; nothing of one that may be missing or stands in memory only.
fn read(c: &Context<'_>, file: FileName<'_>) -> Result<Option<Vec<u8>>, String> {
    let shown = String::from_utf8_lossy(file.path);
    if file.is_virtual {
        return Ok(None);
    }
    match c.read_file(file.path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error == "Is a directory" => {
            Err(format!("error encountered while reading  <{shown}> : {error}"))
        }
        Err(_) if file.optional => Ok(None),
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
    let hosts = &mut c.config.pattern_hosts;
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
