//! The steps of checks: `tcp-check` and `http-check` (manual, 4.2).

mod expect;

use ir::expr::Address;
use ir::sources::Sources;
use syntax::Word;

use super::DLB;
use crate::action;
use crate::context::Context;
use crate::draft::{Draft, Step};
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::logformat::{self, Use};
use crate::places::Place;

const MUXES: [(&str, bool); 6] =
    [("none", false), ("spop", false), ("h1", true), ("h2", true), ("fcgi", true), ("qmux", true)];
const ACTIONS: &str = "'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'";

/// The words behind a step's name.
struct Words<'a> {
    words: &'a [Word],
    at: usize,
    /// The step's name.
    name: &'a Word,
    http: bool,
}

impl<'a> Words<'a> {
    fn word(&self) -> Option<&'a Word> {
        self.words.get(self.at)
    }

    fn fail<T>(&self, message: impl Into<String>) -> Checked<T> {
        let at = self.word().or(self.words.last()).unwrap_or(self.name);
        Err(Fail::new("bad-check", at.span, message))
    }

    /// The value behind the option at hand; both are taken.
    fn value(&mut self, what: &str) -> Checked<&'a Word> {
        match self.words.get(self.at + 1) {
            Some(value) => {
                self.at += 2;
                Ok(value)
            }
            None => {
                let option = self.word().map_or_else(String::new, |word| word.lossy().into_owned());
                self.fail(format!("'{option}' expects {what}"))
            }
        }
    }
}

fn line(c: &mut Context<'_>, line: &Line<'_>) {
    if let Err(fail) = read(c, line) {
        c.fail(fail);
    }
}

/// Reads a step and adds it to those of the proxy at hand, which stands for a `healthcheck`
/// section where one is read.
pub fn read(c: &mut Context<'_>, line: &Line<'_>) -> Checked<()> {
    let (keyword, http) = (line.keyword(), line.name[0].is("http-check"));
    let name = line.lossy(0);
    if http && (name == "disable-on-404" || name == "send-state") {
        let Some(extra) = line.arg(1) else { return Ok(()) };
        let text = format!("'{keyword}' cannot handle unexpected argument '{}'.", extra.lossy());
        return Err(Fail::new("extra-argument", extra.span, text));
    }
    let Some((first, words)) = line.args.split_first() else { return unknown(line, http) };
    let mut words = Words { words, at: 0, name: first, http };
    let read = match name.as_str() {
        "connect" => connect(c, &mut words).map(Step::Connect),
        "send" if http => send_http(c, &mut words).map(|()| Step::Send),
        "send" | "send-binary" | "send-lf" | "send-binary-lf" if !http => {
            send(c, &mut words, &name).map(|()| Step::Send)
        }
        "expect" => expect::read(c, &mut words).map(|()| Step::Expect),
        "comment" => comment(&words).map(|()| Step::Other),
        _ => match action::check_step(c, line.args) {
            Some(read) => read.map(|()| Step::Other),
            None => return unknown(line, http),
        },
    };
    read.and_then(|step| add(&mut c.px, step, first, http))
        .map_err(|fail| fail.wrap(|text| format!("'{keyword} {name}' : {text}.")))
}

fn unknown(line: &Line<'_>, http: bool) -> Checked<()> {
    let known = match http {
        true => "'disable-on-404', 'send-state', 'comment', 'connect', 'send', 'expect'",
        false => "'comment', 'connect', 'send', 'send-binary', 'expect'",
    };
    let text = format!("'{}' only supports {known}, {ACTIONS}. but got '{}'", line.keyword(), line.lossy(0));
    Err(Fail::new("unknown-keyword", line.span, text))
}

/// Adds a step. The order of HTTP's is checked when they are those that run.
fn add(px: &mut Draft, step: Step, name: &Word, http: bool) -> Checked<()> {
    let method = px.checks.method;
    if !http {
        px.steps.tcp.push(step);
        px.steps.unused_tcp = method != "tcp-check";
        return Ok(());
    }
    px.steps.unused_http = method != "httpchk";
    if method == "httpchk" {
        let last = px.steps.http.iter().rev().find(|step| **step != Step::Other);
        let missing = match (last, step) {
            (None, _) => "",
            (Some(last), Step::Send) if !matches!(last, Step::Connect(_)) => "connect",
            (Some(last), Step::Expect) if !matches!(last, Step::Send | Step::Expect) => "send",
            (Some(last), Step::Connect(_)) if *last != Step::Expect => "expect",
            _ => "",
        };
        if !missing.is_empty() {
            let message = format!(
                "unable to add http-check {} rule at step {} (missing {missing} rule).",
                name.lossy(),
                px.steps.next_http + 1
            );
            return Err(Fail::new("bad-order", name.span, message));
        }
    }
    // A `send` that takes over the option's request takes over its number too.
    let taken_over = method == "httpchk" && step == Step::Send && std::mem::take(&mut px.steps.implicit_send);
    px.steps.next_http = if taken_over { 1 } else { px.steps.next_http + 1 };
    px.steps.http.push(step);
    Ok(())
}

fn comment(words: &Words<'_>) -> Checked<()> {
    match words.word() {
        Some(_) => Ok(()),
        None => words.fail("expects a string as argument"),
    }
}

/// `connect`, with all that a server's line may say about connections.
fn connect(c: &mut Context<'_>, words: &mut Words<'_>) -> Checked<bool> {
    let mut has_port = false;
    let steps = if words.http { &c.px.steps.http } else { &c.px.steps.tcp };
    if matches!(steps.iter().find(|step| **step != Step::Other), Some(Step::Send | Step::Expect)) {
        return words.fail(
            "first step MUST also be a 'connect', optionally preceded by a 'set-var', an 'unset-var' or a \
             'comment', when there is a 'connect' step in the tcp-check ruleset",
        );
    }
    while let Some(word) = words.word() {
        match word.lossy().as_ref() {
            "ssl" => {
                c.px.steps.tls = true;
                words.at += 1;
            }
            "default" | "send-proxy" | "via-socks4" | "linger" => words.at += 1,
            "comment" | "sni" => {
                words.value("a string as argument.")?;
            }
            "addr" => {
                let value = words.value("<ipv4|ipv6> as argument.")?;
                let rules = base::addr::Rules::CONNECT;
                let found = crate::address::resolved(c, &value.text, value, &rules)
                    .map_err(|fail| fail.wrap(|text| format!("'addr' : {text}.")))?;
                has_port |= matches!(found.first(), Some(Address::Ip(_, 1..)));
            }
            "port" => {
                port(c, words)?;
                has_port = true;
            }
            "proto" => mux(words)?,
            "alpn" => {
                if words.words.get(words.at + 1).is_none() {
                    return words.fail("'alpn' : missing the comma-delimited ALPN protocol suite");
                }
                words.at += 2;
            }
            other => {
                return words.fail(format!(
                    "expects 'comment', 'port', 'addr', 'send-proxy', 'ssl', 'sni', 'alpn' or 'via-socks4', \
                     'linger', 'default' but got '{other}' as argument."
                ));
            }
        }
    }
    Ok(has_port)
}

fn port(c: &mut Context<'_>, words: &mut Words<'_>) -> Checked<()> {
    let value = words.value("a port number or a sample expression as argument.")?;
    if !value.text.iter().all(u8::is_ascii_digit) {
        return expression(c, words, value, "port");
    }
    match base::bytes::parse_i64(&value.text) {
        Some(1..=65535) => Ok(()),
        _ => words.fail(format!(
            "expects a valid TCP port (from range 1 to 65535) or a sample expression, got {}.",
            value.lossy()
        )),
    }
}

/// An expression of one word that a check can evaluate.
fn expression(c: &mut Context<'_>, words: &Words<'_>, value: &Word, what: &str) -> Checked<()> {
    let start = format!("error detected while parsing {what} expression : ");
    let (expr, _) = crate::expr::words(c, std::slice::from_ref(value))
        .map_err(|fail| fail.wrap(|text| format!("{start}{text}")))?;
    let uses = c.registry.fetches().get(expr.fetch.index()).map(|spec| (spec.contexts, spec.uses));
    match uses.filter(|(contexts, _)| !Place::BE_CHK_RUL.allows(*contexts)) {
        Some((_, uses)) => words.fail(format!(
            "{start} fetch method '{}' extracts information from '{}', none of which is available here.\n",
            value.lossy(),
            Sources::names(uses)
        )),
        None => Ok(()),
    }
}

fn mux(words: &mut Words<'_>) -> Checked<()> {
    let value = words.value("a MUX protocol as argument.")?;
    let shown = value.lossy();
    match MUXES.iter().find(|(name, _)| *name == shown) {
        None => words.fail(format!("'proto' : unknown MUX protocol '{shown}'.")),
        Some((_, is_http)) if *is_http != words.http => {
            let keyword = if words.http { "http-check" } else { "tcp-check" };
            words.fail(format!("'proto' : invalid MUX protocol '{shown}' for {keyword}"))
        }
        Some(_) => Ok(()),
    }
}

fn send(c: &mut Context<'_>, words: &mut Words<'_>, name: &str) -> Checked<()> {
    let Some(data) = words.word() else {
        let what = if name == "send-binary" { "binary string" } else { "string" };
        // HAProxy swaps the two.
        return words.fail(format!("'{what}' expects a {name} as argument"));
    };
    words.at += 1;
    while let Some(word) = words.word() {
        if !word.is("comment") {
            return words.fail(format!("expects 'comment' but got '{}' as argument.", word.lossy()));
        }
        words.value("a string as argument.")?;
    }
    match name {
        "send-binary" => binary(data).map_err(|fail| {
            fail.wrap(|text| format!("'{}' invalid binary string ({text}).\n", data.lossy()))
        }),
        "send" => Ok(()),
        _ => format(c, data),
    }
}

/// Hexadecimal digits.
fn binary(word: &Word) -> Checked<()> {
    let fail = |message: String| Err(Fail::new("bad-binary", word.span, message));
    if !word.text.len().is_multiple_of(2) {
        return fail("an even number of hex digit is expected".into());
    }
    match word.text.iter().find(|byte| !byte.is_ascii_hexdigit()) {
        Some(bad) => fail(format!("an hex digit is expected (found '{}')", char::from(*bad))),
        None => Ok(()),
    }
}

/// A log-format that a check can write.
fn format(c: &mut Context<'_>, word: &Word) -> Checked<()> {
    logformat::check(c, word, Use::Value, Place::BE_CHK_RUL)
        .map(drop)
        .map_err(|fail| fail.wrap(|text| format!("'{}' invalid log-format string ({text}).\n", word.lossy())))
}

/// `http-check send`: the parts of a request.
fn send_http(c: &mut Context<'_>, words: &mut Words<'_>) -> Checked<()> {
    let (mut formats, mut headers, mut host) = (Vec::new(), Vec::new(), None);
    let mut body = None;
    while let Some(word) = words.word() {
        match word.lossy().as_ref() {
            "meth" | "uri" | "ver" | "comment" => {
                words.value("a string as argument.")?;
            }
            "body" => {
                words.value("a string as argument.")?;
                body = None;
            }
            "uri-lf" => formats.push(words.value("a string as argument.")?),
            "body-lf" => body = Some(words.value("a string as argument.")?),
            "hdr" => {
                let (Some(name), Some(value)) =
                    (words.words.get(words.at + 1), words.words.get(words.at + 2))
                else {
                    return words.fail("'hdr' expects <name> and <value> as arguments");
                };
                words.at += 3;
                if name.text.eq_ignore_ascii_case(b"host")
                    && let Some(before) = host.replace(value)
                {
                    let before: &Word = before;
                    return words.fail(format!(
                        "'{}' header already defined (previous value is '{}')",
                        name.lossy(),
                        before.lossy()
                    ));
                }
                let own: [&[u8]; 2] = [b"content-length", b"transfer-encoding"];
                if !own.iter().any(|own| name.text.eq_ignore_ascii_case(own)) {
                    headers.push(value);
                }
            }
            other => {
                return words.fail(format!(
                    "expects 'comment', 'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body' or 'body-lf' but got \
                     '{other}' as argument."
                ));
            }
        }
    }
    formats.into_iter().try_for_each(|word| format(c, word))?;
    for value in headers {
        logformat::check(c, value, Use::Value, Place::BE_CHK_RUL)?;
    }
    body.map_or(Ok(()), |body| format(c, body))
}

pub const ROWS: &[Keyword] = &[
    Keyword::new("http-check", "A step of an HTTP check.", DLB, "<action> …", MANY, Set::Line(line))
        .listed()
        .parsed(),
    Keyword::new("tcp-check", "A step of a TCP check.", DLB, "<action> …", MANY, Set::Line(line))
        .listed()
        .parsed(),
];
