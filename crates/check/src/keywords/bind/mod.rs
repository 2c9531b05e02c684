//! `bind` lines: addresses, then words of a table of their own.

mod socket;
pub mod tls;

use ir::config::{Bind, TlsBind};
use ir::expr::Address;
use ir::spec::Support;
use syntax::Word;

use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::line::Line;

/// One word of a `bind` line with the values behind it.
pub struct BindKeyword {
    pub name: &'static str,
    pub doc: &'static str,
    /// How many values follow.
    pub args: usize,
    /// Whether `-dK` names it as a word of a crt-list's brackets.
    pub crt_list: bool,
    pub support: Support,
    /// What is missing when a value is: the message behind `'name' : `.
    pub missing: &'static str,
    pub set: fn(&mut Context<'_>, &mut BindDraft, &[Word]) -> Checked<()>,
}

impl BindKeyword {
    const fn new(
        name: &'static str,
        doc: &'static str,
        args: usize,
        set: fn(&mut Context<'_>, &mut BindDraft, &[Word]) -> Checked<()>,
    ) -> Self {
        let (crt_list, support) = (false, Support::Full);
        Self { name, doc, args, crt_list, support, missing: "missing value", set }
    }

    /// Accepted, not executed yet.
    const fn parsed(name: &'static str, doc: &'static str, args: usize) -> Self {
        Self { support: Support::Parsed, ..Self::new(name, doc, args, |_, _, _| Ok(())) }
    }

    const fn missing(self, missing: &'static str) -> Self {
        Self { missing, ..self }
    }

    /// A word of a crt-list's brackets as well.
    const fn in_crt_list(self) -> Self {
        Self { crt_list: true, ..self }
    }
}

/// A line while its words are read; all its addresses share it.
#[derive(Clone, Debug)]
pub struct BindDraft {
    pub bind: Bind,
    pub tls: TlsBind,
    pub ssl: bool,
}

/// Every word a `bind` line understands.
pub fn keywords() -> impl Iterator<Item = &'static BindKeyword> {
    socket_keywords().chain(tls_keywords())
}

/// Those that have nothing to do with TLS.
pub fn socket_keywords() -> impl Iterator<Item = &'static BindKeyword> {
    socket::ROWS.iter()
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
    let addresses = match addresses(c, word) {
        Ok(addresses) => addresses,
        Err(fail) => return c.alert(fail.code, fail.span, format!("{shown} : {}", fail.message)),
    };
    let mut draft = BindDraft::new(c, line);
    if !words(c, line, &mut draft, from) {
        return;
    }
    if draft.ssl {
        draft.bind.tls = Some(draft.tls);
    }
    let mut text = Some(word.text.clone());
    for address in addresses {
        c.px.bind_texts.push(text.take());
        let bind = Bind { address, ..draft.bind.clone() };
        c.px.proxy.binds.push(bind);
    }
}

impl BindDraft {
    /// What a line starts from.
    pub fn new(c: &Context<'_>, line: &Line<'_>) -> Self {
        let start = || Self { bind: empty(line), tls: c.config.global.ssl_default_bind.clone(), ssl: false };
        c.part.peers.default_bind.clone().unwrap_or_else(start)
    }
}

fn words(c: &mut Context<'_>, line: &Line<'_>, draft: &mut BindDraft, from: usize) -> bool {
    let start = format!("'{} {}'", line.keyword(), line.lossy(0));
    let section = c.section_name.clone();
    let mut at = from;
    while let Some(word) = line.arg(at) {
        let Some(row) = keywords().find(|row| word.is(row.name)) else {
            let best = crate::hint::best(&word.text, keywords().map(|row| row.name));
            let hint = best.map_or_else(|| ".".to_owned(), |best| format!("; did you mean '{best}' maybe ?"));
            let text = format!("{start} in section '{section}': unknown keyword '{}'{hint}", word.lossy());
            c.alert("unknown-keyword", word.span, text);
            return false;
        };
        if let Err(fail) = set(c, row, draft, line, at) {
            let text = format!("{start} in section '{section}' : {}", fail.message);
            c.alert(fail.code, fail.span, text);
            return false;
        }
        if row.support == Support::Parsed {
            c.warn_parsed(row.name, word.span);
        }
        at += 1 + row.args;
    }
    true
}

/// Runs the row of the word at `at` on the values behind it.
pub fn set(
    c: &mut Context<'_>,
    row: &BindKeyword,
    draft: &mut BindDraft,
    line: &Line<'_>,
    at: usize,
) -> Checked<()> {
    let missing = || {
        let span = line.arg(at).map_or(line.span, |word| word.span);
        Fail::new("missing-argument", span, format!("'{}' : {}", row.name, row.missing))
    };
    let values = line.args.get(at + 1..=at + row.args).ok_or_else(missing)?;
    (row.set)(c, draft, values)
}

/// The addresses of a comma list with port ranges.
pub fn addresses(c: &Context<'_>, word: &Word) -> Checked<Vec<Address>> {
    let prefix = c.unix_prefix.clone();
    let rules = base::addr::Rules { unix_prefix: &prefix, ..base::addr::Rules::BIND };
    let mut all = Vec::new();
    for text in word.text.split(|byte| *byte == b',').filter(|text| !text.is_empty()) {
        let address = crate::address::parse(c, text, word, &rules)?;
        crate::address::refuse_quic(&address, text, word)?;
        all.extend(crate::address::resolved(c, text, word, &rules)?);
    }
    Ok(all)
}

/// A socket without anything but its place.
pub fn empty(line: &Line<'_>) -> Bind {
    Bind {
        address: Address::Fd(-1),
        name: None,
        id: None,
        maxconn: 0,
        backlog: None,
        accept_proxy: false,
        defer_accept: false,
        tcp_fast_open: false,
        transparent: false,
        interface: None,
        mss: None,
        tcp_ut: None,
        v4v6: false,
        v6only: false,
        proto: None,
        unix_mode: None,
        unix_uid: None,
        unix_gid: None,
        tls: None,
        place: line.place(),
    }
}
