//! `server`, `server-template` and `default-server` lines.

mod health;
mod link;
mod tls;

use base::addr::{Endpoint, Host, Port};
use diag::{Diagnostic, Place, Span};
use ir::config::{Server, TlsServer};
use ir::expr::Address;
use ir::spec::{Section, Support};
use syntax::Word;

use crate::context::Context;
use crate::draft::Kind;
use crate::fail::{Checked, Fail};
use crate::line::Line;

/// One word of a `server` line with the values behind it.
pub struct ServerKeyword {
    pub name: &'static str,
    pub doc: &'static str,
    /// How many values follow.
    pub args: usize,
    /// How many values `-dK` says; nothing where it leaves the word out.
    pub listed: Option<i8>,
    /// Whether `default-server` takes it.
    pub in_default: bool,
    pub support: Support,
    /// The message when a value is missing.
    pub missing: &'static str,
    pub set: fn(&mut Context<'_>, &mut ServerDraft, &[Word]) -> Checked<()>,
}

impl ServerKeyword {
    const fn new(
        name: &'static str,
        doc: &'static str,
        args: usize,
        set: fn(&mut Context<'_>, &mut ServerDraft, &[Word]) -> Checked<()>,
    ) -> Self {
        let missing = "'{}' expects <value> as argument.";
        let (listed, in_default, support) = (Some(args as i8), true, Support::Full);
        Self { name, doc, args, listed, in_default, support, missing, set }
    }

    /// Accepted, not executed yet.
    const fn parsed(name: &'static str, doc: &'static str, args: usize) -> Self {
        Self { support: Support::Parsed, ..Self::new(name, doc, args, |_, _, _| Ok(())) }
    }

    const fn missing(self, missing: &'static str) -> Self {
        Self { missing, ..self }
    }

    /// `-dK` says another number of values, or nothing.
    const fn listed(self, listed: Option<i8>) -> Self {
        Self { listed, ..self }
    }

    /// Not accepted by `default-server`.
    const fn not_default(self) -> Self {
        Self { in_default: false, ..self }
    }
}

/// A server while its words are read.
#[derive(Clone)]
pub struct ServerDraft {
    pub server: Server,
    pub tls: TlsServer,
    /// `ssl`
    pub ssl: bool,
    /// `sni`, read when the line is complete.
    pub sni: Option<Word>,
    /// The port of the address.
    pub port: u16,
    /// `track`, `check`: they exclude each other.
    pub track: bool,
    /// `init-addr`, and whether `resolvers` was given.
    pub init_addr: InitAddr,
}

/// What happens at start to a server whose name does not resolve (manual, `init-addr`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InitAddr {
    /// `init-addr` was given: it says whether the server may start without an address.
    pub may_miss: Option<bool>,
    /// With `resolvers` a server may start without an address unless `init-addr` says no.
    pub has_resolvers: bool,
    /// The address that `init-addr` ends with.
    pub fallback: Option<std::net::IpAddr>,
}

/// Every word a `server` line understands.
pub fn keywords() -> impl Iterator<Item = &'static ServerKeyword> {
    link::ROWS.iter().chain(health::ROWS).chain(tls::ROWS)
}

/// `default-server`
pub fn default_line(c: &mut Context<'_>, line: &Line<'_>) {
    let mut draft = start(c, line);
    let told = Told { at: line.span, who: String::new(), has_address: false };
    if words(c, line.args, &mut draft, &told, true) {
        c.px.default_init_addr = draft.init_addr;
        c.px.default_tls = Some(draft.tls.clone());
        c.px.default_server = Some(store(draft));
    }
}

/// `server` and `server-template`
pub fn line(c: &mut Context<'_>, line: &Line<'_>) {
    let is_template = line.name[0].is("server-template");
    let header = if is_template { 3 } else { 2 };
    let (Some(name), Some(address)) = (line.arg(0), line.arg(header - 1)) else {
        let shape =
            if is_template { "<prefix> <nb | range> <addr>[:<port>]" } else { "<name> and <addr>[:<port>]" };
        let text = format!("'{}' expects {shape} as arguments.", line.keyword());
        return told_at(c, "missing-argument", line.span, text);
    };
    if let Some(bad) = crate::section::bad_character(&name.text) {
        let what = if is_template { "prefix" } else { "name" };
        let text =
            format!("character '{bad}' is not permitted in {} {what} '{}'.", line.keyword(), name.lossy());
        return told_at(c, "bad-name", name.span, text);
    }
    let numbers = match is_template.then(|| template_range(&line.args[1])) {
        None => None,
        Some(Some(range)) => Some(range),
        Some(None) => {
            let text = format!("Wrong server-template number or range arg '{}'.", line.lossy(1));
            return told_at(c, "bad-range", line.args[1].span, text);
        }
    };
    let mut draft = start(c, line);
    draft.server.name = name.text.clone();
    let who = format!("'server {}/{}' : ", c.px.name(), name.lossy());
    let told = Told { at: line.span, who, has_address: true };
    if let Some(line) = c.seen.servers.get(&name.text) {
        let text = format!(
            "another server named '{}' was already defined at line {line}, please use a distinct name.",
            name.lossy()
        );
        return told.tell(c, "same-name", text);
    }
    if let Err(fail) = set_address(c, &mut draft, address) {
        return told.tell(c, fail.code, fail.message);
    }
    if !words(c, &line.args[header..], &mut draft, &told, false) {
        return;
    }
    if draft.track && draft.server.check {
        return told.tell(
            c,
            "check-and-track",
            "unable to enable checks and tracking at the same time!".into(),
        );
    }
    if let Err(fail) = finish_sni(c, &mut draft) {
        return told.tell(c, fail.code, fail.message);
    }
    finish_address(&mut draft, address);
    match numbers {
        None => push(c, draft),
        Some((first, last)) => {
            for number in first..=last {
                let mut one = draft.clone();
                one.server.name = [name.text.as_slice(), number.to_string().as_bytes()].concat();
                push(c, one);
            }
        }
    }
}

/// The local peer on a `server` line: its address stands on the section's `bind` line.
pub fn local_peer(c: &mut Context<'_>, line: &Line<'_>) {
    let Some((name, rest)) = line.args.split_first() else { return };
    let mut draft = start(c, line);
    draft.server.name.clone_from(&name.text);
    let who = format!("'server {}/{}' : ", c.px.name(), name.lossy());
    let told = Told { at: line.span, who, has_address: false };
    if words(c, rest, &mut draft, &told, false) {
        push(c, draft);
    }
}

fn push(c: &mut Context<'_>, draft: ServerDraft) {
    if !draft.ssl && draft.tls.ca_file.is_none() {
        c.px.without_ca.push((c.px.proxy.servers.len(), draft.tls.verify));
    }
    let server = store(draft);
    c.seen.servers.entry(server.name.clone()).or_insert(server.place.line);
    c.px.proxy.servers.push(server);
}

/// How a server's messages begin.
struct Told {
    at: Span,
    who: String,
    /// Whether an address stands in front of the words.
    has_address: bool,
}

impl Told {
    fn tell(&self, c: &mut Context<'_>, code: &'static str, text: String) {
        told_at(c, code, self.at, format!("{}{text}", self.who));
    }
}

fn told_at(c: &mut Context<'_>, code: &'static str, span: Span, text: String) {
    c.push(Diagnostic::error(code, span, text).at(Place::Line));
}

fn words(
    c: &mut Context<'_>,
    words: &[Word],
    draft: &mut ServerDraft,
    told: &Told,
    is_default: bool,
) -> bool {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let Some(row) = keywords().find(|row| word.is(row.name)) else {
            let best = crate::hint::best(&word.text, keywords().map(|row| row.name));
            let hint = best.map_or_else(|| ".".to_owned(), |best| format!("; did you mean '{best}' maybe ?"));
            let advice =
                if told.has_address { "" } else { " Hint: no address was expected for this server." };
            told.tell(c, "unknown-keyword", format!("unknown keyword '{}'{hint}{advice}", word.lossy()));
            return false;
        };
        if is_default && !row.in_default {
            let text = format!("'{}' option is not accepted in default-server sections", row.name);
            told.tell(c, "not-in-default-server", text);
        } else {
            let result = match words.get(at + 1..=at + row.args) {
                Some(values) => (row.set)(c, draft, values),
                None => Err(Fail::new("missing-argument", word.span, row.missing.replace("{}", row.name))),
            };
            if let Err(fail) = result {
                told.tell(c, fail.code, format!("{}.", fail.message));
                return false;
            }
            if row.support == Support::Parsed {
                c.warn_parsed(row.name, word.span);
            }
        }
        at += 1 + row.args;
    }
    true
}

/// What a line starts from: the section's `default-server`, or HAProxy's own.
fn start(c: &Context<'_>, line: &Line<'_>) -> ServerDraft {
    let server = match &c.px.default_server {
        Some(server) => Server { place: line.place(), ..server.clone() },
        None => Server {
            name: Vec::new(),
            id: 0,
            address_text: Vec::new(),
            address: None,
            port_offset: None,
            weight: 1,
            backup: false,
            disabled: false,
            maxconn: 0,
            minconn: 0,
            maxqueue: 0,
            cookie: None,
            send_proxy: None,
            check: false,
            proto: None,
            source: None,
            pool_max_conn: -1,
            pool_purge_delay: 5000,
            redir: None,
            tls: None,
            may_miss_address: false,
            place: line.place(),
        },
    };
    let tls = c.px.default_tls.clone().unwrap_or_else(|| c.config.global.ssl_default_server.clone());
    ServerDraft {
        ssl: server.tls.is_some(),
        server,
        tls,
        sni: None,
        port: 0,
        track: false,
        init_addr: c.px.default_init_addr,
    }
}

fn store(draft: ServerDraft) -> Server {
    let mut server = draft.server;
    server.tls = draft.ssl.then_some(draft.tls);
    server
}

fn set_address(c: &Context<'_>, draft: &mut ServerDraft, word: &Word) -> Checked<()> {
    let rules = match c.section {
        Some(Section::Peers) => base::addr::Rules::PEER,
        _ => base::addr::Rules::SERVER,
    };
    let address = crate::address::parse(c, &word.text, word, &rules)?;
    crate::address::refuse_quic(&address, &word.text, word)?;
    draft.server.address_text = word.text.clone();
    draft.server.address = match &address.endpoint {
        Endpoint::Ip { host, port } => {
            if let Port::Offset(offset) = port {
                draft.server.port_offset = Some(*offset);
            }
            let (port, _) = crate::address::ports(port);
            draft.port = port;
            match host {
                Host::Ip(ip) => Some(Address::Ip(*ip, port)),
                Host::Name { .. } => {
                    let ip = crate::address::resolve(c, host, &word.text, word);
                    // A backend's name that does not resolve is told after the last line.
                    let is_backend = c.section.is_some_and(|section| Kind::of(section).is_some());
                    let ip = if is_backend { ip.ok() } else { Some(ip?) };
                    ip.map(|ip| Address::Ip(ip, port))
                }
            }
        }
        other => Some(crate::address::plain(other, word)?),
    };
    Ok(())
}

fn finish_sni(c: &mut Context<'_>, draft: &mut ServerDraft) -> Checked<()> {
    let Some(word) = draft.sni.take() else { return Ok(()) };
    let within = |fail: Fail| {
        fail.wrap(|text| format!("error detected while parsing sni or pool-conn-name expressions : {text}."))
    };
    let expr = c.within(crate::draft::Usage::Server, |c| crate::expr::word(c, &word)).map_err(within)?;
    let place = crate::places::Place::BE_SRV_CON;
    crate::expr::require_any(c, &expr, place, &word.lossy(), word.span).map_err(within)?;
    draft.tls.sni = Some(expr);
    Ok(())
}

/// What `init-addr` makes of a name that does not resolve.
fn finish_address(draft: &mut ServerDraft, word: &Word) {
    let init = draft.init_addr;
    if draft.server.address.is_some() {
        return;
    }
    if let Some(ip) = init.fallback {
        draft.server.address = Some(Address::Ip(ip, draft.port));
    }
    // Names of SRV records are for the resolvers alone.
    let is_record = init.has_resolvers && word.text.starts_with(b"_");
    draft.server.may_miss_address = is_record || init.may_miss.unwrap_or(init.has_resolvers);
}

/// `5`, or `1-5`
fn template_range(word: &Word) -> Option<(u32, u32)> {
    let text = word.as_str()?;
    let (first, last) = text.split_once('-').unwrap_or(("1", text));
    let range = (first.parse().ok()?, last.parse().ok()?);
    // As many servers as one line may reasonably stand for.
    (range.0 <= range.1 && range.1 - range.0 < 65536).then_some(range)
}
