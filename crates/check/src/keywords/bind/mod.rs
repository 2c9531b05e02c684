//! `bind` lines: addresses, then words of a table of their own.

mod inet;
mod socket;
pub mod thread;
pub mod tls;

pub use inet::{MAX_SECRET, too_long, user_timeout};
pub use socket::check_proto;

use base::addr::{Endpoint, Rules, Transport};
use ir::config::{Bind, ReverseBind, Shards, TlsBind};
use ir::expr::{Address, Place};
use ir::spec::Support;
use syntax::Word;

use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::given::{self, Given};
use crate::line::Line;

/// One word of a `bind` line with the value behind it.
pub struct BindKeyword {
    pub name: &'static str,
    pub doc: &'static str,
    /// How many values follow.
    pub args: usize,
    /// Whether `-dK` names it as a word of a crt-list's brackets.
    pub crt_list: bool,
    pub support: Support,
    /// The message when the value is missing; `{}` stands for the word. Empty: the value is read
    /// as an empty one.
    pub missing: &'static str,
    /// Whether sockets of reverse HTTP take it.
    pub reverse: bool,
    pub set: Set,
}

/// Checks and stores what a word says.
pub type Set = fn(&mut Context<'_>, &mut BindDraft, &Given<'_>) -> Checked<()>;

impl BindKeyword {
    /// A word without a value.
    const fn flag(name: &'static str, doc: &'static str, set: Set) -> Self {
        let support = Support::Full;
        Self { name, doc, args: 0, crt_list: false, support, missing: "", reverse: false, set }
    }

    const fn value(name: &'static str, doc: &'static str, missing: &'static str, set: Set) -> Self {
        Self { args: 1, missing, ..Self::flag(name, doc, set) }
    }

    /// Accepted and checked, not executed yet.
    const fn parsed(self) -> Self {
        Self { support: Support::Parsed, ..self }
    }

    /// A word of a crt-list's brackets as well.
    const fn in_crt_list(self) -> Self {
        Self { crt_list: true, ..self }
    }

    /// Sockets of reverse HTTP take it.
    const fn for_reverse(self) -> Self {
        Self { reverse: true, ..self }
    }
}

/// Nothing to store.
fn nothing(_: &mut Context<'_>, _: &mut BindDraft, _: &Given<'_>) -> Checked<()> {
    Ok(())
}

/// A line while its words are read; all its addresses share it.
#[derive(Clone, Debug)]
pub struct BindDraft {
    pub bind: Bind,
    pub tls: TlsBind,
    pub ssl: bool,
    /// How many sockets the line opens.
    pub sockets: usize,
    /// The first address is `rhttp@…`.
    pub is_reverse: bool,
    pub line: BindLine,
    /// What there is to warn about the word at hand.
    pub warnings: Vec<Fail>,
}

/// What the checks after the last line want to know of a `bind` line.
#[derive(Clone, Debug, Default)]
pub struct BindLine {
    /// The addresses as they were written.
    pub text: Vec<u8>,
    /// Its first socket among the proxy's.
    pub first: usize,
    /// Something like `crt` was given, whether or not `ssl` was.
    pub has_certificates: bool,
    pub default_crt: bool,
    pub generates: bool,
    /// `ca-sign-file`
    pub signs: Option<Vec<u8>>,
    /// `alpn`, whether or not `ssl` was given.
    pub alpn: Option<Vec<Vec<u8>>>,
}

impl BindLine {
    /// The addresses for a message.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }
}

/// Every word a `bind` line understands.
pub fn keywords() -> impl Iterator<Item = &'static BindKeyword> {
    socket_keywords().chain(tls_keywords())
}

/// Those that have nothing to do with TLS.
pub fn socket_keywords() -> impl Iterator<Item = &'static BindKeyword> {
    socket::ROWS.iter().chain(inet::ROWS)
}

/// Those about TLS.
pub fn tls_keywords() -> impl Iterator<Item = &'static BindKeyword> {
    tls::ROWS.iter()
}

/// Checks a line and adds its addresses to the proxy.
pub fn line(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else {
        let text = "'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments.";
        return c.alert("missing-argument", line.span, text);
    };
    add(c, line, word, "'bind'", 1);
}

/// The line of a section that is no proxy. It may have no address, and messages name it.
pub fn section_line(c: &mut Context<'_>, line: &Line<'_>) {
    if let Some(word) = line.arg(0) {
        add(c, line, word, &format!("'{} {}'", line.keyword(), word.lossy()), 1);
    }
}

/// `default-bind`: what the section's only line starts from.
pub fn default_line(c: &mut Context<'_>, line: &Line<'_>) {
    let mut draft = BindDraft::new(c, line);
    if words(c, line, &mut draft, 0) {
        c.part.peers.default_bind = Some(draft);
    }
}

/// Adds the addresses of a word, with what the words from `from` on say. `shown` introduces the
/// line in messages.
pub fn add(c: &mut Context<'_>, line: &Line<'_>, word: &Word, shown: &str, from: usize) {
    let (addresses, is_reverse) = match addresses(c, word) {
        Ok(addresses) => addresses,
        Err(fail) => {
            let text = format!("{shown} : {}", given::indented(&fail.message));
            return c.alert(fail.code, fail.span, text);
        }
    };
    let mut draft = BindDraft { sockets: addresses.len(), is_reverse, ..BindDraft::new(c, line) };
    if is_reverse {
        draft.bind.reverse = reverse(&word.text);
    }
    draft.line.text.clone_from(&word.text);
    if !words(c, line, &mut draft, from) {
        return;
    }
    c.px.bind_lines.push(BindLine { first: c.px.proxy.binds.len(), ..draft.line });
    let bind = Bind { tls: draft.ssl.then_some(draft.tls), ..draft.bind };
    for address in addresses {
        c.px.proxy.binds.push(Bind { address, ..bind.clone() });
    }
}

impl BindDraft {
    /// What a line starts from.
    pub fn new(c: &Context<'_>, line: &Line<'_>) -> Self {
        let start = || Self { tls: c.config.global.ssl_default_bind.clone(), ..Self::bare(line.place()) };
        let mut draft = c.part.peers.default_bind.clone().unwrap_or_else(start);
        draft.bind.shards = c.process.default_shards;
        draft
    }

    /// Without any word.
    pub fn bare(place: Place) -> Self {
        Self {
            bind: empty(place),
            tls: TlsBind::default(),
            ssl: false,
            sockets: 0,
            is_reverse: false,
            line: BindLine::default(),
            warnings: Vec::new(),
        }
    }
}

/// Reads the words of a line from one on.
fn words(c: &mut Context<'_>, line: &Line<'_>, draft: &mut BindDraft, from: usize) -> bool {
    let title = format!("{} {}", line.keyword(), line.lossy(0));
    let section = c.section_name.clone();
    let mut at = from;
    while let Some(word) = line.arg(at) {
        let Some(row) = given::find(word, keywords(), |row| row.name) else {
            let best = crate::hint::best(&word.text, keywords().map(|row| row.name));
            let hint = best.map_or_else(|| ".".to_owned(), |best| format!("; did you mean '{best}' maybe ?"));
            let text = format!("'{title}' in section '{section}': unknown keyword '{}'{hint}", word.lossy());
            c.alert("unknown-keyword", word.span, text);
            c.suggest(word.span, best);
            return false;
        };
        if draft.is_reverse && !row.reverse {
            let text = format!("'{}' option is not accepted for reverse HTTP", word.lossy());
            c.alert_bare("reverse-http", word.span, text);
            return false;
        }
        if let Err(fail) = set(c, row, draft, &line.args[at..]) {
            let text = format!("'{title}' in section '{section}' : {}", given::indented(&fail.message));
            c.alert(fail.code, fail.span, text);
            return false;
        }
        for told in std::mem::take(&mut draft.warnings) {
            let text = format!("'{title}' in section '{section}' : {}", given::indented(&told.message));
            c.warn(told.code, told.span, text);
        }
        if row.support == Support::Parsed {
            c.warn_parsed(row.name, word.span);
        }
        at += 1 + row.args;
    }
    true
}

/// Runs the row of the first word on the value behind it.
pub fn set(c: &mut Context<'_>, row: &BindKeyword, draft: &mut BindDraft, words: &[Word]) -> Checked<()> {
    let Some(word) = words.first() else { return Ok(()) };
    let none = Word { text: Vec::new(), span: word.span, verbatim: None };
    let value = match words.get(1) {
        Some(value) if row.args > 0 => value,
        _ if row.missing.is_empty() => &none,
        _ => {
            return Err(Fail::new("missing-argument", word.span, row.missing.replace("{}", &word.lossy())));
        }
    };
    (row.set)(c, draft, &Given { word, value })
}

/// The server of `rhttp@<backend>/<server>`; the checks of the section say what is wrong with it.
fn reverse(text: &[u8]) -> Option<ReverseBind> {
    let place = text.strip_prefix(b"rhttp@")?;
    let slash = place.iter().position(|byte| *byte == b'/')?;
    let (backend, server) = (place[..slash].to_vec(), place[slash + 1..].to_vec());
    Some(ReverseBind { backend, server, connections: 1 })
}

/// The addresses of a comma list with port ranges, and whether they are of reverse HTTP.
pub fn addresses(c: &mut Context<'_>, word: &Word) -> Checked<(Vec<Address>, bool)> {
    let prefix = c.unix_prefix.clone();
    let rules = Rules { unix_prefix: &prefix, ..Rules::BIND };
    let (mut all, mut reverse) = (Vec::new(), None);
    for text in split(&word.text) {
        let address = crate::address::parse(c, text, word, &rules)?;
        let is_reverse = matches!(address.endpoint, Endpoint::ReverseHttp(_));
        let found = crate::address::resolved(c, text, word, &rules)?;
        if *reverse.get_or_insert(is_reverse) != is_reverse {
            return Err(Fail::new("reverse-http", word.span, "Cannot mix reverse HTTP bind with others."));
        }
        if address.transport == Transport::Datagram {
            c.warn_parsed("datagram listener", word.span);
        }
        all.extend(found);
    }
    Ok((all, reverse.unwrap_or(false)))
}

/// The addresses of a list: nothing behind the last comma is no address, nothing before one is.
fn split(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_suffix(b",").unwrap_or(text);
    text.split(|byte| *byte == b',')
}

/// A socket without anything but its place.
fn empty(place: Place) -> Bind {
    Bind {
        address: Address::Fd(-1),
        reverse: None,
        name: None,
        id: None,
        maxconn: 0,
        backlog: None,
        accept_proxy: false,
        netscaler_magic: None,
        defer_accept: false,
        tcp_fast_open: false,
        transparent: false,
        interface: None,
        mss: None,
        save_syn: 0,
        tcp_ut: None,
        congestion: None,
        md5_secret: None,
        namespace: None,
        threads: Vec::new(),
        shards: Shards::default(),
        idle_ping: None,
        v4v6: false,
        v6only: false,
        proto: None,
        unix_mode: None,
        unix_uid: None,
        unix_gid: None,
        tls: None,
        place,
    }
}
