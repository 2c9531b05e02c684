//! `source`: the address to connect from.

use std::net::SocketAddr;

use ir::config::{Foreign, Source};
use ir::expr::Address;
use syntax::Word;

use super::DLB;
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

/// How far behind the end of a list of values HAProxy can look.
const MAX_HISTORY: i64 = 10;

fn source(c: &mut Context<'_>, line: &Line<'_>) {
    if let Err(fail) = read(c, line) {
        c.fail(fail);
    }
}

fn read(c: &mut Context<'_>, line: &Line<'_>) -> Checked<()> {
    let Some(word) = line.arg(0) else {
        let text =
            "'source' expects <addr>[:<port>], and optionally 'usesrc' <addr>, and 'interface' <name>.";
        return Err(Fail::new("missing-argument", line.span, text));
    };
    let mut source = address(c, "source", word)?;
    let mut words = line.args[1..].iter();
    while let Some(option) = words.next() {
        match option.text.as_slice() {
            b"usesrc" => {
                let value = words.next().ok_or_else(|| {
                    let text = "'usesrc' expects <addr>[:<port>], 'client', or 'clientip' as argument.";
                    Fail::new("missing-argument", line.span, text)
                })?;
                let foreign = usesrc(c, value)?;
                if let Some(source) = &mut source {
                    source.foreign = foreign;
                }
            }
            b"interface" => {
                let device = words.next().ok_or_else(|| {
                    Fail::new("missing-argument", line.span, "'source' : missing interface name.")
                })?;
                if let Some(source) = &mut source {
                    source.device = Some(device.text.clone());
                }
            }
            _ => {
                let text = "'source' only supports optional keywords 'interface' and 'usesrc'.";
                return Err(Fail::new("unknown-keyword", option.span, text));
            }
        }
    }
    c.px.proxy.source = source.map(Box::new);
    Ok(())
}

/// The source that the addresses of a port range make; none where they are no IP addresses.
pub fn source_of(addresses: &[Address]) -> Option<Source> {
    let (Some(Address::Ip(ip, port)), Some(Address::Ip(_, last))) = (addresses.first(), addresses.last())
    else {
        return None;
    };
    let last_port = Some(*last).filter(|last| last != port);
    Some(Source { address: SocketAddr::new(*ip, *port), last_port, device: None, foreign: None })
}

fn address(c: &mut Context<'_>, keyword: &str, word: &Word) -> Checked<Option<Source>> {
    let found = crate::address::resolved(c, &word.text, word, &base::addr::Rules::CONNECT);
    let found = found.map_err(|fail| fail.wrap(|why| format!("'{keyword} {}' : {why}", word.lossy())))?;
    Ok(source_of(&found))
}

/// `client`, `clientip`, `hdr_ip(name[,occurrence])` or an address.
fn usesrc(c: &mut Context<'_>, word: &Word) -> Checked<Option<Foreign>> {
    match word.text.as_slice() {
        b"client" => return Ok(Some(Foreign::Client)),
        b"clientip" => return Ok(Some(Foreign::ClientIp)),
        _ => {}
    }
    let Some(inner) = word.text.strip_prefix(b"hdr_ip(") else {
        return Ok(address(c, "usesrc", word)?.map(|source| Foreign::Address(source.address)));
    };
    let end = inner.iter().position(|byte| *byte == b')').unwrap_or(inner.len());
    let mut parts = inner[..end].splitn(2, |byte| *byte == b',');
    let name = parts.next().unwrap_or_default().trim_ascii();
    let occurrence = parts.next().map_or(-1, crate::numbers::lenient);
    if occurrence < -MAX_HISTORY {
        let text = format!(
            "usesrc hdr_ip(name,num) does not support negative occurrences values smaller than {MAX_HISTORY}."
        );
        return Err(Fail::new("out-of-range", word.span, text));
    }
    c.px.source_header = Some(name.to_vec()).filter(|_| occurrence != 0);
    let occurrence = i32::try_from(occurrence).unwrap_or(i32::MAX);
    Ok(Some(Foreign::Header(name.to_ascii_lowercase(), occurrence)))
}

pub const ROWS: &[Keyword] = &[Keyword::new(
    "source",
    "The address to connect from.",
    DLB,
    "<addr>[:<port>] [usesrc { <addr2>[:<port2>] | client | clientip | hdr_ip(<hdr>[,<occ>]) }] [interface <name>]",
    MANY,
    Set::Line(source),
)];
