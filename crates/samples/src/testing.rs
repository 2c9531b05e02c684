//! Runs the examples of rows, for the tests of this crate and of those above it that bring rows.
//! A variable `txn.x` of an argument holds the text `x`, `txn.none` nothing. Not used by the proxy.

use std::sync::Arc;

use bumpalo::Bump;
use ir::checks::{ArgFacts, ArgsCheck};
use ir::config::Config;
use ir::expr::{self, MatchMethod, Var, VarScope};
use ir::id::{ProxyId, ServerId, TableId, UserlistId, VarId};
use ir::spec::{ArgList, ArgType, Support};
use state::plan::{Acl, Functions, Map, Regex};
use state::sample::{Arg, Cursor, OwnedValue};
use state::{Stream, Value, testing};

use crate::row::{Converter, Example, Fetch};

/// # Panics
/// Where a row does not answer as its example says.
pub fn run_fetches(rows: impl Iterator<Item = &'static Fetch>) {
    for row in rows {
        for example in row.examples {
            let answer = fetch(row, example);
            assert_eq!(answer.as_deref(), example.answer, "{}: {example:?}", row.spec.name);
        }
    }
}

/// With functions that make what the plan keeps for the rows.
///
/// # Panics
/// Where a row does not answer as its example says.
pub fn run_converters(rows: impl Iterator<Item = &'static Converter>, functions: &Functions) {
    for row in rows {
        for example in row.examples {
            let answer = convert(row, example, functions);
            assert_eq!(answer.as_deref(), example.answer, "{}: {example:?}", row.spec.name);
        }
    }
}

fn fetch(row: &Fetch, example: &Example) -> Option<String> {
    let spec = &row.spec;
    let (stream, args) = call(example.input, example, &Functions::default(), spec.args, spec.check, None)?;
    let value = (row.run)(&stream, &args, &mut Cursor::default()).ok()?;
    Some(shown(value, &stream.arena))
}

/// A stream, and the arguments of a converter's example; nothing where they are refused.
///
/// # Panics
/// Where the arguments cannot be prepared.
pub fn prepared(row: &Converter, example: &Example, functions: &Functions) -> Option<(Stream, Vec<Arg>)> {
    const REQUEST: &str = "GET /x HTTP/1.1\nhost: a\n";
    let spec = &row.spec;
    let (stream, mut args) = call(REQUEST, example, functions, spec.args, spec.check, spec.map)?;
    if let Some(prepare) = row.prepare {
        prepare(&stream.plan.config, &mut args).unwrap_or_else(|error| panic!("{example:?}: {error}"));
    }
    Some((stream, args))
}

/// The bytes of an example's input.
pub fn input(example: &Example) -> Vec<u8> {
    if example.is_hex { unhex(example.input) } else { example.input.as_bytes().to_vec() }
}

fn convert(row: &Converter, example: &Example, functions: &Functions) -> Option<String> {
    let arena = Bump::new();
    let (stream, args) = prepared(row, example, functions)?;
    let bytes = input(example);
    let input = Value::Str(&bytes).cast(row.spec.input, &arena);
    let answer = (row.run)(&stream, &args, input.unwrap_or(Value::Bool(example.input == "1")));
    answer.map(|value| shown(value, &arena))
}

/// # Panics
/// Where rows of fetches say something that cannot be.
pub fn check_fetches(rows: impl Iterator<Item = &'static Fetch>) {
    let mut names = Vec::new();
    for row in rows {
        check_row(&mut names, row.spec.name, row.spec.doc, row.spec.args);
    }
}

/// # Panics
/// Where rows of converters say something that cannot be.
pub fn check_converters(rows: impl Iterator<Item = &'static Converter>) {
    let mut names = Vec::new();
    for row in rows {
        check_row(&mut names, row.spec.name, row.spec.doc, row.spec.args);
        let is_full = row.spec.support == Support::Full;
        assert!(!is_full || !row.examples.is_empty(), "{} has no example", row.spec.name);
    }
}

fn check_row(names: &mut Vec<&'static str>, name: &'static str, doc: &str, args: ArgList) {
    assert!(!names.contains(&name), "{name} is there twice");
    names.push(name);
    assert!(args.required <= args.types.len(), "{name}");
    assert!(!doc.is_empty(), "{name} has no documentation");
}

/// A stream, and the arguments of an example as the checker and the plan would make them; nothing
/// where the row's own check refuses them.
fn call(
    input: &str,
    example: &Example,
    functions: &Functions,
    list: ArgList,
    check: Option<ArgsCheck>,
    map: Option<MatchMethod>,
) -> Option<(Stream, Vec<Arg>)> {
    let mut facts = World::default();
    let texts = example.args.iter().copied();
    let mut args: Vec<_> = list.types.iter().zip(texts).map(|(kind, text)| checked(*kind, text)).collect();
    if let Some(check) = check {
        check(&mut facts, &mut args).ok()?;
    }
    let args = args.into_iter().map(|arg| runnable(arg, map)).collect();
    let variables = facts.variables.iter().map(|name| name.as_bytes().to_vec()).collect();
    let config = Config { variables, ..testing::config() };
    let stream = testing::stream_of(config, functions, input);
    for (id, name) in (0..).map(VarId).zip(facts.variables).filter(|(_, name)| name != "none") {
        stream.set_variable(Var { scope: VarScope::Txn, id }, OwnedValue::Str(name.into_bytes()));
    }
    Some((stream, args))
}

fn checked(kind: ArgType, text: &str) -> expr::Arg {
    let bytes = || text.as_bytes().to_vec();
    match kind {
        _ if text.is_empty() => expr::Arg::Stop,
        ArgType::Sint => expr::Arg::Sint(text.parse().expect("number")),
        ArgType::Time => expr::Arg::Time(text.parse().expect("number")),
        ArgType::Ipv4 => expr::Arg::Ipv4(text.parse().expect("address")),
        ArgType::Ipv6 => expr::Arg::Ipv6(text.parse().expect("address")),
        ArgType::Mask4 => expr::Arg::Mask4(base::net::parse_mask4(text.as_bytes()).expect("mask")),
        ArgType::Mask6 => expr::Arg::Mask6(base::net::parse_mask6(text.as_bytes()).expect("mask")),
        ArgType::Frontend | ArgType::Backend => expr::Arg::Proxy(ProxyId(0)),
        ArgType::Server => expr::Arg::Server(ProxyId(0), ServerId(0)),
        ArgType::Table => expr::Arg::Table(TableId(0)),
        ArgType::Userlist => expr::Arg::Userlist(UserlistId(0)),
        ArgType::Regex => expr::Arg::Regex(bytes(), false),
        ArgType::Map => expr::Arg::Map(bytes()),
        _ => expr::Arg::Str(bytes()),
    }
}

/// The text of a map stands for its file.
fn runnable(arg: expr::Arg, map: Option<MatchMethod>) -> Arg {
    match arg {
        expr::Arg::Stop => Arg::Stop,
        expr::Arg::Sint(number) => Arg::Sint(number),
        expr::Arg::Str(text) => Arg::Str(text.into()),
        expr::Arg::Ipv4(address) => Arg::Ipv4(address),
        expr::Arg::Ipv6(address) => Arg::Ipv6(address),
        expr::Arg::Mask4(mask) => Arg::Mask4(mask),
        expr::Arg::Mask6(mask) => Arg::Mask6(mask),
        expr::Arg::Time(ms) => Arg::Time(ms),
        expr::Arg::Size(bytes) => Arg::Size(bytes),
        expr::Arg::Proxy(id) => Arg::Proxy(id),
        expr::Arg::Server(proxy, server) => Arg::Server(proxy, server),
        expr::Arg::Table(id) => Arg::Table(id),
        expr::Arg::Userlist(id) => Arg::Userlist(id),
        expr::Arg::Var(var) => Arg::Var(var),
        expr::Arg::Regex(source, ignore_case) => Arg::Regex(Regex::new(&source, ignore_case).expect("regex")),
        expr::Arg::Map(text) => {
            let map = Map::parse(&text, map.unwrap_or(MatchMethod::Str));
            Arg::Map(Box::new(map.expect("map")))
        }
        // An ACL without tests does not hold.
        expr::Arg::Acl(name) => Arg::Acl(
            Arc::new(Acl { name: name.as_slice().into(), tests: Vec::new() }),
            name.starts_with(b"!"),
        ),
    }
}

/// The bytes of hexadecimal digits.
fn unhex(text: &str) -> Vec<u8> {
    let digit = |digit: u8| base::bytes::hex_digit(digit).expect("digit");
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn shown(value: Value, arena: &Bump) -> String {
    readable(match value {
        Value::Bin(bytes) => bytes,
        other => other.to_text(arena),
    })
}

/// The text, or what is no text in hexadecimal.
fn readable(bytes: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let is_binary = |text: &&str| text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    let text = std::str::from_utf8(bytes).ok().filter(|text| !is_binary(text));
    text.map_or_else(|| hex(bytes), str::to_owned)
}

/// What the checks of arguments ask: everything is there.
#[derive(Default)]
struct World {
    variables: Vec<String>,
}

impl ArgFacts for World {
    fn variable(&mut self, name: &[u8]) -> Result<Var, String> {
        let name = name.strip_prefix(b"txn.").ok_or("no variable")?;
        let name = String::from_utf8_lossy(name).into_owned();
        let known = self.variables.iter().position(|known| *known == name);
        let index = known.unwrap_or(self.variables.len());
        if known.is_none() {
            self.variables.push(name);
        }
        Ok(Var { scope: VarScope::Txn, id: VarId(u32::try_from(index).unwrap_or(u32::MAX)) })
    }

    fn has_acl(&mut self, _: &[u8]) -> bool {
        true
    }

    fn has_digest(&self, _: &[u8]) -> bool {
        true
    }

    fn keep_public_key(&mut self, _: &[u8]) -> bool {
        true
    }

    fn let_tokens_use(&mut self, _: &[u8]) {}

    fn may_tokens_use(&self, _: &[u8]) -> Option<bool> {
        Some(true)
    }

    fn is_web_key(&self, _: &[u8]) -> bool {
        true
    }

    fn not_executed(&mut self, _: &'static str) {}

    fn warn(&mut self, _: &str) {}
}
