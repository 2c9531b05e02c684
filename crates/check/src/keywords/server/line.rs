//! The beginning of a line: the name, the address, what the server starts from; and its end.

use base::addr::{Endpoint, Host, Port, Rules, Transport};
use ir::config::{Link, Server};
use ir::expr::Address;
use ir::spec::Section;
use syntax::Word;

use super::{Family, ServerDraft, ServerMore, Told, words};
use crate::context::Context;
use crate::draft::Usage;
use crate::fail::{Checked, Fail};
use crate::line::Line;
use crate::logformat::{self, Use};
use crate::places::Place;

/// `server` and `server-template`: adds what the line describes to the proxy.
pub fn line(c: &mut Context<'_>, line: &Line<'_>) {
    for draft in read(c, line, true) {
        push(c, draft);
    }
}

/// The local peer on a `server` line: its address stands on the section's `bind` line.
pub fn local_peer(c: &mut Context<'_>, line: &Line<'_>) {
    for draft in read(c, line, false) {
        push(c, draft);
    }
}

fn push(c: &mut Context<'_>, draft: ServerDraft) {
    let ServerDraft { mut server, more, told } = draft;
    server.tls = (more.ssl == Some(true)).then(|| Box::new(more.tls.clone()));
    if server.id != 0 {
        let shown = String::from_utf8_lossy(&server.name).into_owned();
        c.seen.server_ids.entry(server.id).or_insert((told.at, shown));
    }
    c.seen.servers.entry(server.name.clone()).or_insert(server.place.line);
    c.px.proxy.servers.push(server);
    c.px.servers.push(more);
}

/// `default-server`
pub fn default_line(c: &mut Context<'_>, line: &Line<'_>) {
    let mut told = Told::new(line.span);
    let (name, at) = match line.args {
        [word, rest @ ..] if word.is("name") => match rest.first() {
            Some(name) => (name.text.clone(), 2),
            None => return told.alert(c, "missing-argument", "default-server name: missing value."),
        },
        _ => (Vec::new(), 0),
    };
    let known = c.px.default_servers.get(&name).cloned();
    if let Some(other) = c.seen.servers.get(&name).filter(|_| !name.is_empty() && known.is_none()) {
        let shown = String::from_utf8_lossy(&name);
        let text = format!("default-server name '{shown}' conflicts with server defined at line {other}.");
        return told.alert(c, "same-name", text);
    }
    let fresh = || fresh(c, line);
    let (server, more) = known.unwrap_or_else(fresh);
    let mut draft = ServerDraft { server: Server { place: line.place(), ..server }, more, told };
    let Ok(read) = from(c, &mut draft, &line.args[at..]) else { return };
    words(c, &line.args[at + read..], &mut draft, true, true);
    // What was read before an error holds, too.
    draft.server.name.clear();
    c.px.default_servers.insert(name, (draft.server, draft.more));
}

/// The servers that a line describes.
fn read(c: &mut Context<'_>, line: &Line<'_>, has_address: bool) -> Vec<ServerDraft> {
    let is_template = line.name[0].is("server-template");
    let mut told = Told::new(line.span);
    let header = if is_template { 3 } else { 2 } - usize::from(!has_address);
    let (Some(name), true) = (line.arg(0), line.args.len() >= header) else {
        let form =
            if is_template { "<prefix> <nb | range> <addr>[:<port>]" } else { "<name> and <addr>[:<port>]" };
        let text = format!("'{}' expects {form} as arguments.", line.keyword());
        told.alert(c, "missing-argument", text);
        return Vec::new();
    };
    if let Some(bad) = crate::section::bad_character(&name.text) {
        let what = if is_template { "prefix" } else { "name" };
        let text =
            format!("character '{bad}' is not permitted in {} {what} '{}'.", line.keyword(), name.lossy());
        told.alert(c, "bad-name", text);
        return Vec::new();
    }
    let numbers = match is_template.then(|| template_range(&line.args[1])) {
        None => None,
        Some(Some(range)) => Some(range),
        Some(None) => {
            let text = format!("Wrong {} number or range arg '{}'.", line.keyword(), line.lossy(1));
            told.alert(c, "bad-range", text);
            return Vec::new();
        }
    };
    let keyword = if is_template { "server-template" } else { "server" };
    told.who = ["'", keyword, " ", &c.px.name(), "/", &name.lossy(), "' : "].concat();
    if !is_template && let Some(other) = known_at(c, &name.text) {
        told.alert(c, "same-name", same_name(&name.lossy(), other));
        return Vec::new();
    }
    let (server, more) = start(c, line, b"");
    let mut draft = ServerDraft { server, more, told };
    if !is_template {
        draft.server.name.clone_from(&name.text);
    }
    if has_address && let Err(fail) = set_address(c, &mut draft, &line.args[header - 1]) {
        draft.told.alert(c, fail.code, fail.message);
        return Vec::new();
    }
    let Ok(read) = from(c, &mut draft, &line.args[header..]) else { return Vec::new() };
    if !words(c, &line.args[header + read..], &mut draft, false, !has_address) || !finish(c, &mut draft) {
        return Vec::new();
    }
    if draft.server.weight == 0 {
        let text = "configured with weight of 0 will never be selected by load balancing algorithms";
        let text = format!("{}{text}", draft.told.who);
        c.push(diag::Diagnostic::remark("zero-weight", line.span, text).at(diag::Place::Line));
    }
    match numbers {
        None => vec![draft],
        Some(range) => template(c, draft, &name.text, range),
    }
}

/// The line of a server or a named default of the section.
fn known_at(c: &Context<'_>, name: &[u8]) -> Option<u32> {
    let default = c.px.default_servers.get(name).filter(|_| !name.is_empty());
    c.seen.servers.get(name).copied().or(default.map(|(server, _)| server.place.line))
}

fn same_name(name: &str, line: u32) -> String {
    format!("another server named '{name}' was already defined at line {line}, please use a distinct name.")
}

/// The servers of a template, up to the first whose name is taken.
fn template(
    c: &mut Context<'_>,
    mut draft: ServerDraft,
    prefix: &[u8],
    (first, last): (u32, u32),
) -> Vec<ServerDraft> {
    let mut all = Vec::new();
    for number in first..=last {
        let name = [prefix, number.to_string().as_bytes()].concat();
        if let Some(other) = known_at(c, &name) {
            draft.told.alert(c, "same-name", same_name(&String::from_utf8_lossy(&name), other));
            break;
        }
        let mut one = draft.clone();
        one.server.name = name;
        match number == first {
            true => one.more.template = Some(prefix.to_vec()),
            false => one.server.id = 0,
        }
        all.push(one);
    }
    all
}

/// `5`, or `1-5`
fn template_range(word: &Word) -> Option<(u32, u32)> {
    let dash = word.text.iter().position(|byte| *byte == b'-');
    let number = |text: &[u8]| crate::numbers::wrapped(text);
    let (first, last) = match dash {
        Some(dash) => (number(&word.text[..dash]), number(&word.text[dash + 1..])),
        None => (1, number(&word.text)),
    };
    let range = (u32::try_from(first).ok()?, u32::try_from(last).ok()?);
    // As many servers as one line may reasonably stand for.
    (range.0 <= range.1 && range.1 - range.0 < 65536).then_some(range)
}

/// What a line starts from: a `default-server` of the section, or HAProxy's own.
fn start(c: &Context<'_>, line: &Line<'_>, default: &[u8]) -> Settings {
    match c.px.default_servers.get(default) {
        Some((server, more)) => {
            let more = ServerMore { default_ssl: more.ssl == Some(true), ..more.clone() };
            (Server { place: line.place(), ..server.clone() }, more)
        }
        None => fresh(c, line),
    }
}

fn fresh(c: &Context<'_>, line: &Line<'_>) -> Settings {
    (blank(line.place()), ServerMore::new(c.config.global.ssl_default_server.clone()))
}

/// A server without settings.
fn blank(place: ir::expr::Place) -> Server {
    Server {
        name: Vec::new(),
        id: 0,
        address_text: Vec::new(),
        address: None,
        port_offset: None,
        weight: 1,
        hash_key: Default::default(),
        guid: None,
        backup: false,
        disabled: false,
        starts_down: false,
        strict_maxconn: false,
        maxconn: 0,
        minconn: 0,
        maxqueue: 0,
        cookie: None,
        non_stick: false,
        send_proxy: Default::default(),
        check: false,
        proto: None,
        websocket: Default::default(),
        max_reuse: -1,
        link: Link::default(),
        pool_max_conn: -1,
        pool_low_conn: 0,
        pool_conn_name: None,
        pool_purge_delay: 5000,
        redir: None,
        tls: None,
        log: Default::default(),
        may_miss_address: false,
        reverse: false,
        place,
    }
}

/// `from none`, `from be:name`, `from srv:[backend/]name`: whose settings the line starts from.
/// Gives the number of words read.
fn from(c: &mut Context<'_>, draft: &mut ServerDraft, words: &[Word]) -> Result<usize, ()> {
    if !words.first().is_some_and(|word| word.is("from")) {
        return Ok(0);
    }
    let fail = |c: &mut Context<'_>, draft: &mut ServerDraft, text: String| {
        draft.told.alert(c, "bad-from", text);
    };
    let Some(value) = words.get(1) else {
        fail(c, draft, "from: missing value.".into());
        return Err(());
    };
    let found = match value.text.as_slice() {
        b"none" => Ok(None),
        text if text.starts_with(b"be:") => default_of(c, &text[3..]),
        text if text.starts_with(b"srv:") => server_of(c, &text[4..]).map(Some),
        _ => Err(format!("invalid '{}' value for 'from' keyword.", value.lossy())),
    };
    match found {
        Ok(found) => copy(c, draft, found),
        Err(text) => {
            fail(c, draft, text);
            return Err(());
        }
    }
    if words.get(2).is_some_and(|word| word.is("from")) {
        fail(c, draft, "'from' keyword can only be specified once.".into());
        return Err(());
    }
    Ok(2)
}

/// Takes over the settings, not the name and the address.
fn copy(c: &Context<'_>, draft: &mut ServerDraft, from: Option<(Server, ServerMore)>) {
    let line = draft.server.clone();
    let none = || (blank(line.place), ServerMore::new(c.config.global.ssl_default_server.clone()));
    let (server, more) = from.unwrap_or_else(none);
    draft.server = Server {
        name: line.name,
        id: line.id,
        address_text: line.address_text,
        address: line.address,
        port_offset: line.port_offset,
        place: line.place,
        ..server
    };
    let own = &draft.more;
    draft.more = ServerMore {
        family: own.family,
        transport: own.transport,
        port: own.port,
        maps_ports: own.maps_ports,
        ..more
    };
}

/// What a server is, without its words at hand.
type Settings = (Server, ServerMore);

/// The `default-server` of a backend; of this one without a name.
fn default_of(c: &Context<'_>, name: &[u8]) -> Result<Option<Settings>, String> {
    if name.is_empty() || name == c.px.proxy.name {
        return Ok(c.px.default_servers.get(b"".as_slice()).cloned());
    }
    match backend(c, name) {
        Some(px) => Ok(px.default_servers.get(b"".as_slice()).cloned()),
        None => Err(format!("from: unknown backend instance '{}'.", String::from_utf8_lossy(name))),
    }
}

fn backend<'c>(c: &'c Context<'_>, name: &[u8]) -> Option<&'c crate::draft::Draft> {
    let index = *c.seen.proxies.get(name)?;
    c.drafts.get(index).filter(|draft| draft.kind.is_backend())
}

/// A server, or a named default.
fn server_of(c: &Context<'_>, name: &[u8]) -> Result<Settings, String> {
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let (px, name) = match name.iter().position(|byte| *byte == b'/') {
        None => (&c.px, name),
        Some(slash) if name[..slash] == c.px.proxy.name => (&c.px, &name[slash + 1..]),
        Some(slash) => match backend(c, &name[..slash]) {
            Some(px) => (px, &name[slash + 1..]),
            None => return Err(format!("from: unknown backend '{}'.", shown(&name[..slash]))),
        },
    };
    if name.is_empty() {
        return Err("from: require <backend>/<server>.".into());
    }
    let own = px.proxy.servers.iter().position(|server| server.name == name);
    let settings = own.and_then(|at| Some((px.proxy.servers[at].clone(), px.servers.get(at)?.clone())));
    settings
        .or_else(|| px.default_servers.get(name).cloned())
        .ok_or_else(|| format!("from: unknown server '{}' in backend '{}'.", shown(name), px.name()))
}

fn set_address(c: &mut Context<'_>, draft: &mut ServerDraft, word: &Word) -> Checked<()> {
    let (rules, resolves) = match c.section {
        Some(Section::Peers) => (Rules::PEER, true),
        Some(Section::Listen | Section::Backend) => (Rules::SERVER, false),
        _ => (Rules::SERVER, true),
    };
    let address = crate::address::parse(c, &word.text, word, &rules)?;
    draft.server.reverse = matches!(address.endpoint, Endpoint::ReverseHttp(_));
    crate::address::warn_parsed(c, &address, word);
    draft.server.address_text = word.text.clone();
    draft.more.transport = address.transport;
    draft.server.log.datagram = address.transport == Transport::Datagram;
    (draft.more.family, draft.more.maps_ports) = match &address.endpoint {
        Endpoint::Ip { host: Host::Name { .. }, .. } => (Family::Name, false),
        Endpoint::Ip { .. } => (Family::Ip, false),
        Endpoint::ReverseHttp(_) => (Family::Reverse, false),
        _ => (Family::Local, true),
    };
    let Endpoint::Ip { host, port } = &address.endpoint else {
        draft.server.address = Some(crate::address::plain(&address.endpoint));
        return Ok(());
    };
    if let Port::Offset(offset) = port {
        draft.server.port_offset = Some(*offset);
    }
    let (port, _) = crate::address::ports(port);
    draft.more.port = port;
    draft.more.maps_ports = port == 0;
    if let Host::Name { name, .. } = host
        && !resolves
        && !has_labels(name)
    {
        let server = String::from_utf8_lossy(&draft.server.name);
        let text = match name.starts_with(b"_") {
            true => format!(
                "backend '{}', server '{server}': failed to parse FQDN '{}'",
                c.px.name(),
                String::from_utf8_lossy(name)
            ),
            false => format!("Can't create DNS resolution for server '{server}'"),
        };
        return Err(Fail::new("bad-name", word.span, text));
    }
    let found = crate::address::resolve(c, host, &word.text, word);
    draft.server.address = match found {
        Ok(ip) => Some(Address::Ip(ip, port)),
        Err(fail) if resolves => return Err(fail),
        // A name that does not resolve is told after the last line.
        Err(_) => None,
    };
    Ok(())
}

/// Whether a name can be asked for: no label is empty but the last one.
fn has_labels(name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    name.split(|byte| *byte == b'.').all(|label| !label.is_empty())
}

/// What only the whole line can tell.
fn finish(c: &mut Context<'_>, draft: &mut ServerDraft) -> bool {
    let more = &draft.more;
    let text = if draft.server.check && more.track.is_some() {
        "unable to enable checks and tracking at the same time!".to_owned()
    } else if more.init_state && more.track.is_some() {
        "unable to set init-state and tracking at the same time!".to_owned()
    } else if more.agent && more.agent_port == 0 {
        format!("server {} does not have agent port. Agent check has been disabled.", draft.shown())
    } else {
        String::new()
    };
    if !text.is_empty() {
        draft.told.alert(c, "check-and-track", text);
        return false;
    }
    if let Err(fail) = expressions(c, draft) {
        let text =
            format!("error detected while parsing sni or pool-conn-name expressions : {}.", fail.message);
        draft.told.alert(c, fail.code, text);
        return false;
    }
    proxy_formats(c, draft) && finish_transport(c, draft)
}

/// The values of what the PROXY protocol carries.
fn proxy_formats(c: &mut Context<'_>, draft: &mut ServerDraft) -> bool {
    for (is_part, kind, word) in &draft.more.tlvs {
        let format = c.within(Usage::Server, |c| logformat::check(c, word, Use::Value, Place::BE_SRV_CON));
        match format {
            Ok(format) if *is_part => draft.server.send_proxy.ssl_parts.push((*kind, format)),
            Ok(format) => draft.server.send_proxy.tlvs.push((*kind, format)),
            Err(fail) => {
                draft.told.alert(c, fail.code, fail.message);
                return false;
            }
        }
    }
    true
}

fn finish_transport(c: &mut Context<'_>, draft: &mut ServerDraft) -> bool {
    if draft.more.transport == Transport::Quic {
        let text = "QUIC protocol selected but support not compiled in (check build options).";
        draft.told.alert(c, "quic", text);
        return false;
    }
    let wants_h3 = draft.more.tls.alpn.iter().flatten().any(|name| name == b"h3");
    if c.px.proxy.mode == ir::config::Mode::Http
        && draft.server.proto.is_none()
        && wants_h3
        && !c.experimental()
    {
        let text = "HTTP/3 on TCP listed via ALPN requires the QMUX protocol which is experimental, must be \
                    allowed via a global 'expose-experimental-directives'.";
        draft.told.alert(c, "experimental", text);
        return false;
    }
    true
}

fn expressions(c: &mut Context<'_>, draft: &mut ServerDraft) -> Checked<()> {
    if let Some(word) = draft.more.sni.clone() {
        draft.more.tls.sni = Some(expression(c, &word)?);
    }
    if let Some(word) = draft.more.pool_conn_name.clone() {
        draft.server.pool_conn_name = Some(Box::new(expression(c, &word)?));
    }
    Ok(())
}

fn expression(c: &mut Context<'_>, word: &Word) -> Checked<ir::expr::Expr> {
    let expr = c.within(Usage::Server, |c| crate::expr::word(c, word))?;
    crate::expr::require_any(c, &expr, Place::BE_SRV_CON, &word.lossy(), word.span)?;
    Ok(expr)
}
