//! `resolvers` sections.

use base::addr::{Rules, Transport};
use diag::{Diagnostic, Effect, Place};
use ir::Bytes;
use ir::config::{Nameserver, Resolvers};
use ir::expr::Address;
use ir::spec::{Section, Sections};
use syntax::Word;

use super::server;
use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::{address, inherit, numbers, section};

const HERE: Sections = Sections::one(Section::Resolvers);
/// The sizes of the smallest and the largest DNS message.
const PAYLOAD: std::ops::RangeInclusive<i64> = 12..=65535;
const SYSTEM_FILE: &str = "/etc/resolv.conf";
const PORT: u16 = 53;

pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(name) = section::name(c, line) else { return false };
    if section::refuse_name(c, line, name, Place::Parsing, Effect::Abort) {
        return false;
    }
    if let Some(place) = section::declare(c, Section::Resolvers, &name.text, line).first().copied() {
        let text = format!(
            "Parsing [{}]: resolvers '{}' has same name as another resolvers (declared at {}).",
            c.at(line.span),
            name.lossy(),
            c.at_place(place)
        );
        c.push(Diagnostic::error("same-name", line.span, text).at(Place::Nowhere).with_effect(Effect::Abort));
        return false;
    }
    c.warn_parsed("resolvers", line.span);
    c.px = inherit::unnamed(crate::draft::Kind::Listen);
    let (name, place) = (name.text.clone(), line.place());
    c.config.resolvers.push(Resolvers { name, place, ..Resolvers::default() });
    true
}

fn current<'c>(c: &'c mut Context<'_>) -> Option<&'c mut Resolvers> {
    c.config.resolvers.last_mut()
}

fn nameserver(c: &mut Context<'_>, line: &Line<'_>) {
    let (Some(name), Some(target)) = (line.arg(0), line.arg(1)) else {
        let text = "'nameserver' expects <name> and <addr>[:<port>] as arguments.";
        return c.alert("missing-argument", line.span, text);
    };
    if let Some(bad) = section::bad_character(&name.text) {
        let text = format!("character '{bad}' is not permitted in server name '{}'.", name.lossy());
        return c.alert("bad-name", name.span, text);
    }
    if let Some(place) = declared(c, &name.text) {
        let text = format!(
            "Parsing [{}]: nameserver '{}' has same name as another nameserver (declared at {place}).",
            c.at(line.span),
            name.lossy()
        );
        return c.alert_bare("same-name", name.span, text);
    }
    let checked = address::parse(c, &target.text, target, &Rules::NAMESERVER).and_then(|parsed| {
        let all = address::resolved(c, &target.text, target, &Rules::NAMESERVER)?;
        Ok((parsed.transport == Transport::Stream, all))
    });
    let (stream, addresses) = match checked {
        Ok(done) => done,
        Err(fail) => {
            let text = format!("'nameserver {}' : {}", name.lossy(), fail.message);
            return c.alert(fail.code, fail.span, text);
        }
    };
    let before = c.diags.len();
    if stream {
        server::line(c, line);
    }
    if c.diags[before..].iter().any(Diagnostic::is_fatal) {
        if let Some(last) = c.diags.last_mut() {
            last.effect = Effect::Abort;
        }
        return;
    }
    let file = c.sources.name(line.span.file).as_bytes().to_vec();
    let Some(address) = addresses.into_iter().next() else { return };
    let new = Nameserver { name: name.text.clone(), address, stream, file, line: line.span.line };
    if let Some(section) = current(c) {
        section.nameservers.push(new);
    }
}

/// Where the section at hand already has a name server of that name.
fn declared(c: &Context<'_>, name: &[u8]) -> Option<String> {
    let section = c.config.resolvers.last()?;
    let other = section.nameservers.iter().find(|other| other.name == name)?;
    Some(format!("{}:{}", String::from_utf8_lossy(&other.file), other.line))
}

fn parse_resolv_conf(c: &mut Context<'_>, line: &Line<'_>) {
    let Ok(text) = c.loader.read_file(SYSTEM_FILE.as_bytes()) else {
        return c.alert_tight("no-file", line.span, format!("failed to open {SYSTEM_FILE}."));
    };
    let mut warnings = Vec::new();
    for (number, row) in text.split(|byte| *byte == b'\n').enumerate() {
        let rest = row.strip_prefix(b"nameserver").filter(|rest| !rest.is_empty());
        let Some(rest) = rest.filter(|rest| matches!(rest[0], b' ' | b'\t')) else { continue };
        let at = format!("{SYSTEM_FILE}:{}", number + 1);
        match system_server(c, rest, &at) {
            Ok(address) => add_system_server(c, rest, address, number + 1),
            Err(warning) => warnings.push(warning),
        }
    }
    if !warnings.is_empty() {
        // HAProxy indents all lines but the first.
        c.warn_tight("bad-nameserver", line.span, warnings.join("\n        "));
    }
}

fn first_word(text: &[u8]) -> &[u8] {
    text.split(u8::is_ascii_whitespace).find(|word| !word.is_empty()).unwrap_or_default()
}

/// The address of a line of the system's file.
fn system_server(c: &Context<'_>, rest: &[u8], at: &str) -> Result<std::net::IpAddr, String> {
    let word = first_word(rest);
    let shown = String::from_utf8_lossy(word);
    if word.is_empty() {
        return Err(format!("parsing [{at}] : nameserver line is missing address."));
    }
    if let Some(place) = declared(c, word) {
        return Err(format!(
            "Parsing [{at}] : generated name for {SYSTEM_FILE} nameserver '{shown}' conflicts with another \
             nameserver (declared at {place}), it appears to be a duplicate and will be excluded."
        ));
    }
    shown.parse().map_err(|_| {
        format!("parsing [{at}] : address '{shown}' could not be recognized, nameserver will be excluded.")
    })
}

fn add_system_server(c: &mut Context<'_>, rest: &[u8], ip: std::net::IpAddr, line: usize) {
    let name: Bytes = first_word(rest).to_vec();
    let (file, line) = (SYSTEM_FILE.as_bytes().to_vec(), u32::try_from(line).unwrap_or(u32::MAX));
    if let Some(section) = current(c) {
        section.nameservers.push(Nameserver {
            name,
            address: Address::Ip(ip, PORT),
            stream: false,
            file,
            line,
        });
    }
}

fn hold(c: &mut Context<'_>, line: &Line<'_>) {
    let (Some(event), Some(time)) = (line.arg(0), line.arg(1)) else {
        let text = "'hold' expects an <event> and a <time> as arguments.";
        c.alert("missing-argument", line.span, text);
        let text = "<event> can be either 'valid', 'nx', 'refused', 'timeout', or 'other'";
        return c.alert_bare("missing-argument", line.span, text);
    };
    let Some(value) = numbers::section_time(c, time, &event.lossy(), "hold") else { return };
    let Some(section) = current(c) else { return };
    let hold = &mut section.hold;
    let known = match event.text.as_slice() {
        b"nx" => &mut hold.nx,
        b"other" => &mut hold.other,
        b"refused" => &mut hold.refused,
        b"timeout" => &mut hold.timeout,
        b"valid" => &mut hold.valid,
        b"obsolete" => &mut hold.obsolete,
        _ => {
            let text = format!(
                "'hold' unknown <event>: '{}', expects either 'nx', 'timeout', 'valid', 'obsolete' or 'other'.",
                event.lossy()
            );
            return c.alert("unknown-event", event.span, text);
        }
    };
    *known = value;
    numbers::doubt_small(c, time, &format!("hold {}", event.lossy()));
}

/// A number as C's `atoi` reads it.
fn number<'l>(c: &mut Context<'_>, line: &Line<'l>) -> Option<(i64, &'l Word)> {
    let Some(word) = line.arg(0) else {
        c.alert("missing-argument", line.span, format!("'{}' expects <nb> as argument.", line.keyword()));
        return None;
    };
    Some((numbers::lenient(&word.text), word))
}

fn accepted_payload_size(c: &mut Context<'_>, line: &Line<'_>) {
    let Some((value, word)) = number(c, line) else { return };
    if !PAYLOAD.contains(&value) {
        let text = format!(
            "'accepted_payload_size' must be between {} and {} inclusive (was {}).",
            PAYLOAD.start(),
            PAYLOAD.end(),
            word.lossy()
        );
        return c.alert("out-of-range", word.span, text);
    }
    if let Some(section) = current(c) {
        section.accepted_payload_size = u32::try_from(value).unwrap_or(512);
    }
}

fn resolve_retries(c: &mut Context<'_>, line: &Line<'_>) {
    let Some((value, _)) = number(c, line) else { return };
    if let Some(section) = current(c) {
        section.resolve_retries = value;
    }
}

fn timeout(c: &mut Context<'_>, line: &Line<'_>) {
    const EXPECTED: &str = "'timeout' expects 'retry' or 'resolve' and <time> as arguments";
    let Some(what) = line.arg(0) else {
        return c.alert("missing-argument", line.span, format!("{EXPECTED}."));
    };
    if !what.is("retry") && !what.is("resolve") {
        return c.alert("unknown-timeout", what.span, format!("{EXPECTED} got '{}'.", what.lossy()));
    }
    let keyword = format!("timeout {}", what.lossy());
    let Some(time) = line.arg(1) else {
        return c.alert("missing-argument", line.span, format!("'{keyword}' expects <time> as argument."));
    };
    let Some(value) = numbers::section_time(c, time, &time.lossy(), &keyword) else { return };
    if let Some(section) = current(c) {
        match what.is("retry") {
            true => section.timeout_retry = value,
            false => section.timeout_resolve = value,
        }
    }
    numbers::doubt_small(c, time, &keyword);
}

fn resolution_pool_size(c: &mut Context<'_>, line: &Line<'_>) {
    let text =
        "'resolution_pool_size' directive is not supported anymore (it never appeared in a stable release).";
    c.alert("removed", line.span, text);
}

const fn row(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    set: fn(&mut Context<'_>, &Line<'_>),
) -> Keyword {
    Keyword::new(name, doc, HERE, usage, MANY, Set::Line(set)).parsed()
}

pub const ROWS: &[Keyword] = &[
    row("nameserver", "<name> <address>[:port] [param*]", "A name server.", nameserver),
    row("parse-resolv-conf", "", "Takes the system's name servers.", parse_resolv_conf),
    row("hold", "<status> <period>", "How long an answer of a kind is kept.", hold),
    row("accepted_payload_size", "<nb>", "The size of the largest answer.", accepted_payload_size),
    row("resolve_retries", "<nb>", "How often a query is sent.", resolve_retries),
    row("timeout", "<event> <time>", "How long a query waits.", timeout),
    Keyword::new("resolution_pool_size", "Removed.", HERE, "", MANY, Set::Line(resolution_pool_size))
        .hidden(),
];
