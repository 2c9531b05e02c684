//! `balance` and its arguments.

use ir::Bytes;
use ir::config::Balance;

use super::DLB;
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, ONE, Set};
use crate::line::Line;

/// Whether an argument in parentheses follows the name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paren {
    No,
    May,
    Must,
}

/// An algorithm: its name, and how its arguments are read.
struct Algorithm {
    name: &'static str,
    paren: Paren,
    args: fn(&mut Context<'_>, &Line<'_>, Option<&[u8]>) -> Checked<Balance>,
}

const ALGORITHMS: [Algorithm; 12] = [
    plain("roundrobin"),
    plain("static-rr"),
    plain("first"),
    plain("leastconn"),
    plain("source"),
    Algorithm { name: "random", paren: Paren::May, args: random },
    Algorithm { name: "uri", paren: Paren::No, args: uri },
    Algorithm { name: "url_param", paren: Paren::No, args: url_param },
    Algorithm { name: "hash", paren: Paren::No, args: hash },
    Algorithm { name: "hdr", paren: Paren::Must, args: hdr },
    Algorithm { name: "rdp-cookie", paren: Paren::May, args: rdp_cookie },
    plain("sticky"),
];

impl Algorithm {
    fn takes(&self, has_paren: bool) -> bool {
        match self.paren {
            Paren::No => !has_paren,
            Paren::May => true,
            Paren::Must => has_paren,
        }
    }
}

const fn plain(name: &'static str) -> Algorithm {
    Algorithm { name, paren: Paren::No, args: |_, _, _| Ok(Balance::default()) }
}

fn fail(line: &Line<'_>, message: impl Into<String>) -> Fail {
    Fail::new("bad-balance", line.span, message)
}

fn random(_: &mut Context<'_>, line: &Line<'_>, draws: Option<&[u8]>) -> Checked<Balance> {
    let Some(draws) = draws else { return Ok(Balance { args: vec![b"2".to_vec()], ..Balance::default() }) };
    if base::bytes::parse_u64(draws).is_none_or(|draws| draws == 0) {
        return Err(fail(line, "random : number of draws must be at least 1."));
    }
    Ok(Balance { args: vec![draws.to_vec()], ..Balance::default() })
}

fn uri(_: &mut Context<'_>, line: &Line<'_>, _: Option<&[u8]>) -> Checked<Balance> {
    let mut words = line.args[1..].iter();
    while let Some(word) = words.next() {
        match word.lossy().as_ref() {
            "len" | "depth" => {
                let value = words.next().map_or_else(String::new, |word| word.lossy().into_owned());
                if crate::numbers::lenient(value.as_bytes()) <= 0 {
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
    Ok(Balance { args: rest(line), ..Balance::default() })
}

fn url_param(_: &mut Context<'_>, line: &Line<'_>, _: Option<&[u8]>) -> Checked<Balance> {
    if line.args.len() < 2 {
        return Err(fail(line, "url_param requires an URL parameter name."));
    }
    if let Some(word) = line.arg(2).filter(|word| !word.is("check_post")) {
        let text = format!("url_param only accepts 'check_post' modifier (got '{}').", word.lossy());
        return Err(fail(line, text));
    }
    Ok(Balance { args: rest(line), ..Balance::default() })
}

fn hash(c: &mut Context<'_>, line: &Line<'_>, _: Option<&[u8]>) -> Checked<Balance> {
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

fn hdr(_: &mut Context<'_>, line: &Line<'_>, name: Option<&[u8]>) -> Checked<Balance> {
    let name = name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| fail(line, "hdr requires an http header field name."))?;
    if let Some(word) = line.arg(1).filter(|word| !word.is("use_domain_only")) {
        let text =
            format!("{} only accepts 'use_domain_only' modifier (got '{}').", line.lossy(0), word.lossy());
        return Err(fail(line, text));
    }
    let mut args = vec![name.to_ascii_lowercase()];
    args.extend(rest(line));
    Ok(Balance { args, ..Balance::default() })
}

fn rdp_cookie(_: &mut Context<'_>, line: &Line<'_>, name: Option<&[u8]>) -> Checked<Balance> {
    match name {
        Some(b"") => Err(fail(line, "rdp-cookie : missing cookie name.")),
        Some(name) => Ok(Balance { args: vec![name.to_vec()], ..Balance::default() }),
        None => Ok(Balance { args: vec![b"mstshash".to_vec()], ..Balance::default() }),
    }
}

fn rest(line: &Line<'_>) -> Vec<Bytes> {
    line.args[1..].iter().map(|word| word.text.clone()).collect()
}

fn balance(c: &mut Context<'_>, line: &Line<'_>) {
    // Without an argument it is the default.
    let Some(word) = line.arg(0) else {
        c.px.proxy.balance = Balance::default();
        return;
    };
    let (name, paren) = match word.text.iter().position(|byte| *byte == b'(') {
        Some(open) => {
            let inner = &word.text[open + 1..];
            (&word.text[..open], Some(inner.strip_suffix(b")").unwrap_or(inner)))
        }
        None => (word.text.as_slice(), None),
    };
    let found = ALGORITHMS.iter().find(|known| known.name.as_bytes() == name && known.takes(paren.is_some()));
    let Some(found) = found else {
        let text = "balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', 'url_param', \
                    'hash', 'hdr(name)', 'rdp-cookie(name)', 'log-hash' and 'sticky' options.";
        return c.alert("unknown-balance", word.span, text);
    };
    match (found.args)(c, line, paren) {
        Ok(balance) => c.px.proxy.balance = Balance { algorithm: found.name, ..balance },
        Err(fail) => c.alert(fail.code, fail.span, format!("balance {}", fail.message)),
    }
}

fn hash_type(c: &mut Context<'_>, line: &Line<'_>) {
    let is_one = |index: usize, names: &[&str]| {
        line.arg(index).is_none_or(|word| names.iter().any(|name| word.is(name)))
    };
    let text = if line.args.is_empty() || !is_one(0, &["consistent", "map-based"]) {
        "'hash-type' only supports 'consistent' and 'map-based'."
    } else if !is_one(1, &["sdbm", "djb2", "wt6", "crc32", "none"]) {
        "'hash-type' only supports 'sdbm', 'djb2', 'crc32', or 'wt6' hash functions."
    } else if !is_one(2, &["avalanche"]) {
        "'hash-type' only supports 'avalanche' as a modifier for hash functions."
    } else {
        c.px.proxy.hash_type = line.args.iter().map(|word| word.text.clone()).collect();
        return;
    };
    c.alert("bad-hash", line.span, text);
}

fn balance_factor(c: &mut Context<'_>, line: &Line<'_>) {
    let value = line.arg(0).map_or(0, |word| crate::numbers::lenient(&word.text));
    if value != 0 && value <= 100 {
        c.alert("out-of-range", line.span, "'hash-balance-factor' must be 0 or greater than 100.");
    }
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
        ONE,
        Set::Line(balance_factor),
    )
    .missing("'{}' expects an integer argument.")
    .parsed(),
    Keyword::new(
        "hash-preserve-affinity",
        "When a hash keeps to its server.",
        DLB,
        "{ always | maxconn | maxqueue }",
        ONE,
        Set::Nothing,
    )
    .listed()
    .parsed(),
];
