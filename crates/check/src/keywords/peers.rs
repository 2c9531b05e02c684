//! `peers` sections. Peers are servers and the local one listens: their lines are read into the
//! proxy at hand, which goes with the section until the end of the configuration.

use diag::{Diagnostic, Effect, Place, Span};
use ir::Bytes;
use ir::spec::{Section, Sections};

use super::{bind, proxy, server};
use crate::context::Context;
use crate::draft::{Draft, Kind};
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::post::addresses;
use crate::{inherit, section};

const HERE: Sections = Sections::one(Section::Peers);

/// A section while its lines are read, and until its names are checked.
#[derive(Clone, Debug, Default)]
pub struct PeersDraft {
    pub name: Bytes,
    pub place: Span,
    pub disabled: bool,
    pub shards: i64,
    /// The peers with their names, in order, each beside its server in `draft`.
    pub peers: Vec<PeerDraft>,
    pub tables: Vec<Bytes>,
    /// The proxy that holds servers, addresses and logs.
    pub draft: Draft,
    /// The local peer has a name: the section is complete.
    pub complete: bool,
    bind_line: bool,
    peer_line: bool,
    /// The first line about the address to listen on, and how many addresses there are.
    listener: Option<Span>,
    addresses: usize,
    pub default_bind: Option<bind::BindDraft>,
}

/// A peer.
#[derive(Clone, Debug)]
pub struct PeerDraft {
    pub name: Bytes,
    pub local: bool,
    /// `shard`
    pub shard: i64,
    pub place: Span,
}

impl PeersDraft {
    /// Whether no line needed the section's proxy.
    pub fn is_empty(&self) -> bool {
        let proxy = &self.draft.proxy;
        self.peers.is_empty() && proxy.binds.is_empty() && proxy.logs.is_empty() && self.tables.is_empty()
    }
}

/// The words of a server that mean nothing for a peer.
const IGNORED: [&str; 4] = ["init-addr", "resolvers", "check", "agent-check"];

pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(name) = section::name(c, line) else { return false };
    if c.has_extra(line, 1, Effect::Abort)
        || section::refuse_name(c, line, name, Place::Parsing, Effect::Abort)
    {
        return false;
    }
    for place in section::declare(c, Section::Peers, &name.text, line).into_iter().rev() {
        section::same_name(c, line, "peers section", "another peers section", place);
    }
    c.warn_parsed("peers", line.span);
    c.px = inherit::unnamed(Kind::Listen);
    c.part.peers = PeersDraft { name: name.text.clone(), place: line.span, ..PeersDraft::default() };
    true
}

pub fn close(c: &mut Context<'_>) {
    let mut peers = std::mem::take(&mut c.part.peers);
    peers.draft = std::mem::take(&mut c.px);
    c.peers.push(peers);
}

const MIXED: &str = "mixing \"peer\" and \"bind\" line is forbidden";

fn bind_line(c: &mut Context<'_>, line: &Line<'_>) {
    c.part.peers.listener.get_or_insert(line.span);
    if line.name[0].is("default-bind") {
        bind::default_line(c, line);
        return;
    }
    if c.part.peers.peer_line {
        return c.alert("mixed-peers", line.span, MIXED);
    }
    only_one(c, line);
    if let Some(word) = line.arg(0) {
        match bind::addresses(c, word) {
            Ok((found, _)) => c.part.peers.addresses += found.len(),
            Err(_) => return bind::section_line(c, line),
        }
    }
    if c.part.peers.addresses > 1 {
        let text = "Only one listener per \"peers\" section is authorized. Multiple listening addresses or port \
                    range are not supported.";
        return c.alert("many-listeners", line.span, text);
    }
    bind::section_line(c, line);
    c.part.peers.bind_line = true;
}

/// Tells about a second address to listen on.
fn only_one(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(first) = c.part.peers.listener.filter(|_| c.part.peers.addresses > 0) else { return };
    let text = format!(
        "One listener per \"peers\" section is authorized but another is already configured at [{}].",
        c.at(first)
    );
    c.alert("many-listeners", line.span, text);
}

/// `peer`, `server`
fn peer(c: &mut Context<'_>, line: &Line<'_>) {
    let is_peer = line.name[0].is("peer");
    let name = line.arg(0).map(|word| word.text.clone()).unwrap_or_default();
    let local = c.variable(b"HAPROXY_LOCALPEER").is_some_and(|local| local == name);
    if is_peer {
        if c.part.peers.bind_line {
            return c.alert("mixed-peers", line.span, MIXED);
        }
        c.part.peers.peer_line = true;
    }
    let start = format!("'{} {}' :", line.keyword(), line.lossy(0));
    if local && c.part.peers.complete {
        let first = c.part.peers.peers.iter().find(|peer| peer.local).map_or(line.span, |peer| peer.place);
        let text = format!(
            "{start} local peer name already referenced at {}. {}",
            c.at(first),
            String::from_utf8_lossy(&name)
        );
        return c.alert("same-name", line.span, text);
    }
    if local {
        c.px.proxy.name.clone_from(&name);
        c.part.peers.complete = true;
    }
    let by_bind = local && !is_peer;
    if !by_bind && line.args.len() < 2 {
        return without_address(c, line, &start, is_peer, local);
    }
    let before = c.diags.len();
    match by_bind {
        true => server::local_peer(c, line),
        false => server::line(c, line),
    }
    if !c.diags[before..].iter().any(Diagnostic::is_fatal) {
        doubt(c, line, &start);
        if let Some(more) = c.px.servers.last().cloned() {
            addresses::fits(c, "peers", &more, &mut server::Told::new(line.span));
        }
        if c.diags[before..].iter().any(Diagnostic::is_fatal) {
            // As if the line had not been there.
            c.px.servers.pop();
            c.px.proxy.servers.pop();
            c.seen.servers.remove(&name);
            return;
        }
        let shard = value_of(line, "shard").unwrap_or(0);
        let is_large = c.part.peers.shards != 0 && shard > c.part.peers.shards;
        let shard = if is_large { 0 } else { shard };
        c.part.peers.peers.push(PeerDraft { name, local, shard, place: line.span });
    }
    if local && is_peer {
        listen(c, line);
    }
}

/// Warns about words that mean nothing here.
fn doubt(c: &mut Context<'_>, line: &Line<'_>, start: &str) {
    let shard = value_of(line, "shard").unwrap_or(0);
    if c.part.peers.shards != 0 && shard > c.part.peers.shards {
        let shards = c.part.peers.shards;
        let text = format!("{start} {shard} peer shard greater value than {shards} shards value is ignored.");
        c.warn("large-shard", line.span, text);
    }
    if line.args.iter().any(|word| IGNORED.iter().any(|name| word.is(name))) {
        let text = format!("{start} init_addr, resolvers, check and agent are ignored for peers.");
        c.warn("ignored", line.span, text);
    }
}

/// A peer that nothing leads to is left out.
fn without_address(c: &mut Context<'_>, line: &Line<'_>, start: &str, is_peer: bool, local: bool) {
    if is_peer {
        let text = format!("{start} ignoring invalid peer definition (missing address:port)");
        c.warn("no-address", line.span, text);
    } else {
        let text = format!("{start} ignoring server (not a local peer, valid address:port is expected)");
        c.push(Diagnostic::remark("no-address", line.span, text));
    }
    if local {
        c.part.peers.complete = false;
        c.px.proxy.name = b"(null)".to_vec();
    }
}

/// The local peer's own address is where it listens.
fn listen(c: &mut Context<'_>, line: &Line<'_>) {
    c.part.peers.listener.get_or_insert(line.span);
    only_one(c, line);
    c.part.peers.addresses += 1;
    if let Some(address) = line.arg(1) {
        bind::add(c, line, address, &format!("'peer {}'", line.lossy(0)), usize::MAX);
    }
}

/// The number behind a word of the line.
fn value_of(line: &Line<'_>, name: &str) -> Option<i64> {
    let at = line.args.iter().position(|word| word.is(name))?;
    line.arg(at + 1).map(|word| crate::numbers::lenient(&word.text))
}

fn shards(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else {
        return c.alert("missing-argument", line.span, "'shards' : missing value");
    };
    let Some(value) = base::bytes::parse_i64(&word.text) else {
        let text = format!("'shards' : expects an integer argument, found '{}'", word.lossy());
        return c.alert("bad-number", word.span, text);
    };
    if value == 0 {
        let text = "'shards' : expects a strictly positive integer argument";
        return c.alert("out-of-range", word.span, text);
    }
    c.part.peers.shards = i64::from(crate::numbers::wrapped(&word.text));
}

fn table(c: &mut Context<'_>, line: &Line<'_>) {
    let name = line.arg(0).map(|word| word.text.as_slice()).unwrap_or_default();
    let name = [c.part.peers.name.as_slice(), b"/", name].concat();
    if let Some(other) = c.table(&name) {
        let at = c.at_place(other.place);
        let text = format!(
            "stick-table name '{}' conflicts with table declared in peers '{}' at {at}.",
            line.lossy(0),
            String::from_utf8_lossy(&c.part.peers.name)
        );
        return c.alert("same-name", line.span, text);
    }
    let words = line.args.get(1..).unwrap_or_default();
    let Some(table) = super::stick_table::parse(c, line, words, name.clone(), true) else { return };
    c.add_table(table);
    c.part.peers.tables.push(name);
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
    row("bind", "[<address>]:port [param*]", "Where the local peer listens.", bind_line),
    row("default-bind", "[param*]", "What the bind line starts from.", bind_line),
    row("default-server", "[param*]", "What the peers start from.", server::default_line),
    row("log", "<target> … <facility> [<level>]", "Where the section logs.", proxy::log::log).with_no(),
    row("peer", "<name> [<address>]:port [param*]", "A peer.", peer),
    row("server", "<name> [<address>:<port>] [param*]", "A peer; the local one without its address.", peer),
    row("shards", "<number>", "Over how many peers the tables are split.", shards),
    row("table", "<name> type <type> size <size> [param*]", "A table that the peers share.", table),
    row("disabled", "", "Does not use the section.", |c, _| c.part.peers.disabled = true),
    row("enabled", "", "Uses the section.", |c, _| c.part.peers.disabled = false),
];
