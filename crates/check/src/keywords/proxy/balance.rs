//! `balance` and its arguments.

use ir::Bytes;
use ir::config::{Affinity, Balance};

use super::DLB;
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, SOME, Set};
use crate::line::Line;

/// What may follow the name in the same word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paren {
    No,
    /// Anything: the algorithm reads it.
    Rest,
    /// An argument in parentheses.
    Must,
}

/// An algorithm: its name, and how its arguments are read.
struct Algorithm {
    name: &'static str,
    paren: Paren,
    args: fn(&mut Context<'_>, &Line<'_>, &[u8]) -> Checked<Balance>,
}

const ALGORITHMS: [Algorithm; 13] = [
    plain("roundrobin"),
    plain("static-rr"),
    plain("first"),
    plain("leastconn"),
    plain("source"),
    Algorithm { name: "random", paren: Paren::Rest, args: random },
    Algorithm { name: "uri", paren: Paren::No, args: uri },
    Algorithm { name: "url_param", paren: Paren::No, args: url_param },
    Algorithm { name: "hash", paren: Paren::No, args: hash },
    Algorithm { name: "hdr", paren: Paren::Must, args: hdr },
    Algorithm { name: "rdp-cookie", paren: Paren::Rest, args: rdp_cookie },
    Algorithm { name: "log-hash", paren: Paren::No, args: log_hash },
    plain("sticky"),
];

impl Algorithm {
    /// What follows the name, when the word is this algorithm's.
    fn rest<'w>(&self, word: &'w [u8]) -> Option<&'w [u8]> {
        let rest = word.strip_prefix(self.name.as_bytes())?;
        let takes = match self.paren {
            Paren::No => rest.is_empty(),
            Paren::Rest => true,
            Paren::Must => rest.starts_with(b"("),
        };
        takes.then_some(rest)
    }
}

const fn plain(name: &'static str) -> Algorithm {
    Algorithm { name, paren: Paren::No, args: |_, _, _| Ok(Balance::default()) }
}

fn fail(line: &Line<'_>, message: impl Into<String>) -> Fail {
    Fail::new("bad-balance", line.span, message)
}

/// `random`, `random(draws)`; anything else behind the name is as good as nothing.
fn random(_: &mut Context<'_>, line: &Line<'_>, rest: &[u8]) -> Checked<Balance> {
    let done = |draws: i64| Balance { args: vec![draws.to_string().into_bytes()], ..Balance::default() };
    let Some(inner) = rest.strip_prefix(b"(").filter(|inner| inner.first() != Some(&b')')) else {
        return Ok(done(2));
    };
    let (draws, rest) = crate::numbers::strtol(inner, true);
    match rest.first() {
        Some(b')') if draws < 1 => Err(fail(line, "random : number of draws must be at least 1.")),
        Some(b')') => Ok(done(draws)),
        None => Err(fail(line, "random : missing closing parenthesis.")),
        Some(other) => {
            let text = format!("random : unexpected character '{}' after argument.", char::from(*other));
            Err(fail(line, text))
        }
    }
}

/// What stands between the parentheses; HAProxy reads nothing behind them.
fn inner(rest: &[u8]) -> Option<&[u8]> {
    let inner = rest.strip_prefix(b"(")?;
    let end = inner.iter().position(|byte| *byte == b')')?;
    Some(&inner[..end]).filter(|inner| !inner.is_empty())
}

fn uri(_: &mut Context<'_>, line: &Line<'_>, _: &[u8]) -> Checked<Balance> {
    let mut words = line.args[1..].iter();
    while let Some(word) = words.next() {
        match word.lossy().as_ref() {
            "len" | "depth" => {
                let value = words.next().map_or_else(String::new, |word| word.lossy().into_owned());
                if crate::numbers::wrapped(value.as_bytes()) <= 0 {
                    let text =
                        format!("uri : '{}' expects a positive integer (got '{value}').", word.lossy());
                    return Err(fail(line, text));
                }
            }
            "whole" | "path-only" => {}
            other => {
                let text = format!(
                    "uri only accepts parameters 'len', 'depth', 'path-only', and 'whole' (got '{other}')."
                );
                return Err(fail(line, text));
            }
        }
    }
    Ok(Balance { args: modifiers(line), ..Balance::default() })
}

fn url_param(_: &mut Context<'_>, line: &Line<'_>, _: &[u8]) -> Checked<Balance> {
    if line.args.len() < 2 {
        return Err(fail(line, "url_param requires an URL parameter name."));
    }
    if let Some(word) = line.arg(2).filter(|word| !word.is("check_post")) {
        let text = format!("url_param only accepts 'check_post' modifier (got '{}').", word.lossy());
        return Err(fail(line, text));
    }
    Ok(Balance { args: modifiers(line), ..Balance::default() })
}

fn hash(c: &mut Context<'_>, line: &Line<'_>, _: &[u8]) -> Checked<Balance> {
    if line.args.len() < 2 {
        return Err(fail(line, "hash requires a sample expression."));
    }
    if let Some(extra) = line.arg(2) {
        return Err(fail(line, format!("hash takes no other argument (got '{}').", extra.lossy())));
    }
    // Read when the proxy is complete.
    c.px.balance_hash = Some(line.args[1].clone());
    Ok(Balance::default())
}

fn log_hash(_: &mut Context<'_>, line: &Line<'_>, _: &[u8]) -> Checked<Balance> {
    let Some(word) = line.arg(1) else { return Err(fail(line, "log-hash requires a converter list.")) };
    Ok(Balance { args: vec![word.text.clone()], ..Balance::default() })
}

fn hdr(_: &mut Context<'_>, line: &Line<'_>, rest: &[u8]) -> Checked<Balance> {
    let name = inner(rest).ok_or_else(|| fail(line, "hdr requires an http header field name."))?;
    if let Some(word) = line.arg(1).filter(|word| !word.is("use_domain_only")) {
        let text =
            format!("{} only accepts 'use_domain_only' modifier (got '{}').", line.lossy(0), word.lossy());
        return Err(fail(line, text));
    }
    let mut args = vec![name.to_ascii_lowercase()];
    args.extend(modifiers(line));
    Ok(Balance { args, ..Balance::default() })
}

fn rdp_cookie(_: &mut Context<'_>, line: &Line<'_>, rest: &[u8]) -> Checked<Balance> {
    let name = match rest {
        b"" => b"mstshash",
        _ => inner(rest).ok_or_else(|| fail(line, "rdp-cookie : missing cookie name."))?,
    };
    Ok(Balance { args: vec![name.to_vec()], ..Balance::default() })
}

fn modifiers(line: &Line<'_>) -> Vec<Bytes> {
    line.args[1..].iter().map(|word| word.text.clone()).collect()
}

fn balance(c: &mut Context<'_>, line: &Line<'_>) {
    // Without an argument it is the default.
    let Some(word) = line.arg(0) else {
        c.px.proxy.balance = Balance::default();
        return;
    };
    let found = ALGORITHMS.iter().find_map(|known| Some((known, known.rest(&word.text)?)));
    let Some((found, rest)) = found else {
        let text = "balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', 'url_param', \
                    'hash', 'hdr(name)', 'rdp-cookie(name)', 'log-hash' and 'sticky' options.";
        return c.alert("unknown-balance", word.span, text);
    };
    match (found.args)(c, line, rest) {
        Ok(balance) => c.px.proxy.balance = Balance { algorithm: found.name, ..balance },
        Err(fail) => c.alert(fail.code, fail.span, format!("balance {}", fail.message)),
    }
}

fn hash_type(c: &mut Context<'_>, line: &Line<'_>) {
    let is_one = |index: usize, names: &[&str]| {
        line.arg(index).is_none_or(|word| names.iter().any(|name| word.is(name)))
    };
    let text = if line.arg(0).is_some_and(|word| word.is("avalanche")) {
        "experimental feature 'hash-type avalanche' is not supported anymore, please use 'hash-type map-based \
         sdbm avalanche' instead."
    } else if line.args.is_empty() || !is_one(0, &["consistent", "map-based"]) {
        "'hash-type' only supports 'consistent' and 'map-based'."
    } else if !is_one(1, &["sdbm", "djb2", "wt6", "crc32", "none"]) {
        "'hash-type' only supports 'sdbm', 'djb2', 'crc32', or 'wt6' hash functions."
    } else if !is_one(2, &["avalanche"]) {
        "'hash-type' only supports 'avalanche' as a modifier for hash functions."
    } else {
        c.px.proxy.hash_type = line.args.iter().take(3).map(|word| word.text.clone()).collect();
        return;
    };
    c.alert("bad-hash", line.span, text);
}

fn balance_factor(c: &mut Context<'_>, line: &Line<'_>) {
    let value = line.arg(0).map_or(0, |word| crate::numbers::wrapped(&word.text));
    if value != 0 && value <= 100 {
        c.alert("out-of-range", line.span, "'hash-balance-factor' must be 0 or greater than 100.");
    } else {
        c.px.proxy.hash_balance_factor = u32::try_from(value).unwrap_or(0);
    }
}

fn preserve_affinity(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else {
        let text = "'hash-preserve-affinity' needs a keyword to specify when to preserve hash affinity";
        return c.alert("missing-argument", line.span, text);
    };
    if !super::only_in_backends(c, line, "") {
        return;
    }
    c.px.proxy.hash_affinity = match word.lossy().as_ref() {
        "always" => Affinity::Always,
        "maxconn" => Affinity::Maxconn,
        "maxqueue" => Affinity::Maxqueue,
        other => {
            let text = format!("'hash-preserve-affinity': unknown keyword '{other}'");
            return c.alert("unknown-keyword", word.span, text);
        }
    };
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "balance",
        "How servers are chosen.",
        DLB,
        "<algorithm> [ <arguments> ]",
        MANY,
        Set::Line(balance),
    ),
    Keyword::new(
        "hash-type",
        "How hashes are mapped to servers.",
        DLB,
        "<method> <function> <modifier>",
        MANY,
        Set::Line(hash_type),
    ),
    Keyword::new(
        "hash-balance-factor",
        "How unequal a consistent hash may load servers.",
        DLB,
        "<factor>",
        SOME,
        Set::Line(balance_factor),
    )
    .missing("'{}' expects an integer argument.")
    .own_side(),
    Keyword::new(
        "hash-preserve-affinity",
        "When a hash keeps to its server.",
        DLB,
        "{ always | maxconn | maxqueue }",
        MANY,
        Set::Line(preserve_affinity),
    )
    .own_side()
    .listed(),
];
