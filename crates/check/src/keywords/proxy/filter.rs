//! `filter` and `filter-sequence`.

use base::time::Unit;
use ir::config::TraceFilter;
use syntax::Word;

use super::{FLB, spoe};
use crate::context::Context;
use crate::draft::{Filter, FilterKind, Kind, Usage};
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

/// What HAProxy lists when it does not know a filter.
const LISTED: &str = "\n    [BWLIM] bwlim-in\n    [BWLIM] bwlim-out\n    [CACHE] cache\n    [COMP] comp-req\n    \
                      [COMP] comp-res\n    [COMP] compression\n    [FCGI] fcgi-app";
/// Those of Lua files stand between.
const LISTED_LAST: &str = "\n    [SPOE] spoe\n    [TRACE] trace";

/// The words of a filter behind its name.
pub struct Args<'a> {
    pub name: &'a Word,
    pub words: &'a [Word],
    pub at: usize,
}

impl<'a> Args<'a> {
    pub fn word(&self) -> Option<&'a Word> {
        self.words.get(self.at)
    }

    pub fn fail<T>(&self, message: impl Into<String>) -> Checked<T> {
        let at = self.word().unwrap_or(self.name);
        Err(Fail::new("bad-filter", at.span, message))
    }

    /// The value behind the option at hand, both taken.
    pub fn value(&mut self, missing: impl FnOnce(&str, &str) -> String) -> Checked<&'a Word> {
        let option = self.word().map_or_else(String::new, |word| word.lossy().into_owned());
        match self.words.get(self.at + 1) {
            Some(value) => {
                self.at += 2;
                Ok(value)
            }
            None => self.fail(missing(&self.name.lossy(), &option)),
        }
    }
}

fn without_value(name: &str, option: &str) -> String {
    format!("'{name}' : '{option}' option without value")
}

fn filter(c: &mut Context<'_>, line: &Line<'_>) {
    if c.px.kind == Kind::Defaults {
        return missing(c, line, "");
    }
    let Some(name) = line.arg(0) else { return missing(c, line, "missing argument") };
    let mut args = Args { name, words: &line.args[1..], at: 0 };
    let kind = match c.within(Usage::Configuration, |c| kind(c, &mut args, line)) {
        Ok(kind) => kind,
        Err(fail) => return c.alert(fail.code, fail.span, format!("'filter' : {}", fail.message)),
    };
    if let Some(extra) = args.word() {
        let text = format!("'filter {}' : unknown keyword '{}'.", name.lossy(), extra.lossy());
        return c.alert("unknown-keyword", extra.span, text);
    }
    if let Some(name) = not_executed(&kind) {
        c.warn_parsed(name, line.span);
    }
    match kind {
        FilterKind::Cache { name, .. } => c.px.use_cache(&name, false, line.span),
        kind => c.px.filters.push(Filter { kind, place: line.span }),
    }
}

/// The name of a filter that does nothing yet.
fn not_executed(kind: &FilterKind) -> Option<&'static str> {
    Some(match kind {
        FilterKind::Trace => return None,
        FilterKind::Bandwidth { is_input: true, .. } => "bwlim-in",
        FilterKind::Bandwidth { is_input: false, .. } => "bwlim-out",
        FilterKind::Cache { .. } => "cache",
        FilterKind::Compression(name) => name,
        FilterKind::Fcgi(_) => "fcgi-app",
        FilterKind::Spoe { .. } => "spoe",
        FilterKind::Lua(_) => "filter",
    })
}

/// Messages that name their place twice.
fn missing(c: &mut Context<'_>, line: &Line<'_>, what: &str) {
    let (at, keyword, title) = (c.at(line.span), line.keyword(), c.px.title());
    let text = match c.px.kind {
        Kind::Defaults => format!("parsing [{at}] : {keyword} is not allowed in a 'default' section."),
        _ => format!("parsing [{at}] : {what} for '{keyword}' in {title}."),
    };
    c.alert("missing-argument", line.span, text);
}

fn kind(c: &mut Context<'_>, args: &mut Args<'_>, line: &Line<'_>) -> Checked<FilterKind> {
    match args.name.lossy().as_ref() {
        "bwlim-in" | "bwlim-out" => bandwidth(c, args),
        "cache" => {
            let name = named(args)?;
            let is_it = |filter: &Filter| matches!(&filter.kind, FilterKind::Cache { name: other, implicit: false } if *other == name);
            if c.px.filters.iter().any(is_it) {
                let shown = String::from_utf8_lossy(&name);
                let text =
                    format!("{}: multiple explicit declarations of the cache filter '{shown}'", c.px.name());
                return args.fail(text);
            }
            Ok(FilterKind::Cache { name, implicit: false })
        }
        "fcgi-app" => named(args).map(FilterKind::Fcgi),
        "compression" => compression(c, args, &["comp-req", "comp-res"], "compression"),
        "comp-req" => compression(c, args, &["comp-req"], "comp-req"),
        "comp-res" => compression(c, args, &["comp-res"], "comp-res"),
        "spoe" => spoe::filter(c, args, line),
        "trace" => trace(c, args),
        // Lua's filters read their arguments themselves.
        name if c.registry.lua_filters().iter().any(|filter| filter == name) => {
            args.at = args.words.len();
            Ok(FilterKind::Lua(name.to_owned()))
        }
        name => {
            let lua: String =
                c.registry.lua_filters().iter().map(|filter| format!("\n    [HLUA] {filter}")).collect();
            args.fail(format!("unknown keyword '{name}'. Registered keywords :{LISTED}{lua}{LISTED_LAST}"))
        }
    }
}

fn named(args: &mut Args<'_>) -> Checked<Vec<u8>> {
    let Some(name) = args.word() else {
        return args.fail(format!("{} : expects a <name> argument", args.name.lossy()));
    };
    args.at += 1;
    Ok(name.text.clone())
}

fn compression(
    c: &mut Context<'_>,
    args: &Args<'_>,
    clashes: &[&str],
    name: &'static str,
) -> Checked<FilterKind> {
    let is_clash = |other: &&str| *other == "compression" || clashes.contains(other);
    let mut others = c.px.filters.iter().filter_map(|filter| match &filter.kind {
        FilterKind::Compression(other) => Some(*other),
        _ => None,
    });
    if others.any(|other| is_clash(&other)) {
        return args.fail(format!("{}: Proxy supports only one {name} filter\n", c.px.name()));
    }
    Ok(FilterKind::Compression(name))
}

fn trace(c: &mut Context<'_>, args: &mut Args<'_>) -> Checked<FilterKind> {
    let mut filter = TraceFilter::default();
    while let Some(word) = args.word() {
        match word.lossy().as_ref() {
            "name" => {
                let name = args.value(without_value)?;
                if filter.name.replace(name.text.clone()).is_some() {
                    return args.fail("'trace' : 'name' option already defined");
                }
                continue;
            }
            "max-fwd" => {
                let max = crate::numbers::lenient(&args.value(without_value)?.text);
                let Ok(max) = u32::try_from(max) else {
                    let text = "'trace' : 'max-fwd' expect unsigned integer (0 to 4294967295 expected)";
                    return args.fail(text);
                };
                filter.max_fwd = max;
                continue;
            }
            "quiet" => filter.quiet = true,
            "random-forwarding" => filter.random_forwarding = true,
            "hexdump" => filter.hexdump = true,
            "random-parsing" => {}
            _ => break,
        }
        args.at += 1;
    }
    c.px.proxy.filters.push(ir::config::Filter::Trace(filter));
    Ok(FilterKind::Trace)
}

/// What a bandwidth filter was given so far.
#[derive(Default)]
struct Bandwidth {
    shared: bool,
    per_stream: bool,
    key: Option<ir::types::SampleType>,
    table: Option<Vec<u8>>,
    limit: u32,
    period: u32,
}

fn bandwidth(c: &mut Context<'_>, args: &mut Args<'_>) -> Checked<FilterKind> {
    let shown = args.name.lossy().into_owned();
    let Some(name) = args.word() else {
        return args.fail(format!("'{shown}' : a name is expected as first argument "));
    };
    let is_same = |filter: &Filter| matches!(&filter.kind, FilterKind::Bandwidth { name: other, .. } if *other == name.text);
    if c.px.filters.iter().any(is_same) {
        let text = format!("bwlim filter '{}' already declared for proxy '{}'\n", name.lossy(), c.px.name());
        return args.fail(text);
    }
    args.at += 1;
    let mut given = Bandwidth::default();
    while bandwidth_option(c, args, &mut given)? {}
    let missing = match &given {
        Bandwidth { shared: true, key: None, .. } => "key",
        Bandwidth { shared: true, limit: 0, .. } => "limit",
        Bandwidth { shared: false, period: 0, .. } => "default-period",
        Bandwidth { shared: false, limit: 0, .. } => "default-limit",
        _ => "",
    };
    if !missing.is_empty() {
        return args.fail(format!("'{shown}' : <{missing}> option is missing"));
    }
    let table = given.key.map(|key| (given.table, key));
    let is_input = shown == "bwlim-in";
    Ok(FilterKind::Bandwidth { name: name.text.clone(), table, is_input })
}

/// One option; false where there is none.
fn bandwidth_option(c: &mut Context<'_>, args: &mut Args<'_>, given: &mut Bandwidth) -> Checked<bool> {
    let Some(word) = args.word() else { return Ok(false) };
    let option = word.lossy().into_owned();
    let (of_shared, of_stream) = match option.as_str() {
        "key" | "table" | "limit" => (true, false),
        "default-period" | "default-limit" => (false, true),
        "min-size" => (false, false),
        _ => return Ok(false),
    };
    if (of_shared && given.per_stream) || (of_stream && given.shared) {
        let text = format!("'{}' : cannot mix per-stream and shared parameter", args.name.lossy());
        return args.fail(text);
    }
    let value = args.value(|name, option| {
        let what = match option {
            "key" => "sample expression",
            "table" => "table name",
            _ => "value",
        };
        format!("'{name}' : the {what} is missing for '{option}' option")
    })?;
    given.shared |= of_shared;
    given.per_stream |= of_stream;
    let wrong = |at: usize| {
        let found = crate::numbers::character(&value.text, at);
        let text = format!(
            "'{}' : invalid value for option '{option}' (unexpected character '{found}')",
            args.name.lossy()
        );
        Fail::new("bad-filter", value.span, text)
    };
    let size = || base::size::parse_u32(&value.text).map_err(|error| wrong(error.offset));
    match option.as_str() {
        "key" => {
            args.at -= 1;
            let (expr, taken) = crate::expr::words(c, &args.words[args.at..])?;
            args.at += taken;
            given.key = Some(expr.out);
        }
        "table" => given.table = Some(value.text.clone()),
        "default-period" => {
            given.period = match base::time::parse(&value.text, Unit::Ms) {
                Ok(time) => time.value,
                Err(base::time::TimeError::Unexpected(at)) => return Err(wrong(at)),
                Err(base::time::TimeError::Over) => return Err(wrong(0)),
            };
        }
        "min-size" => {
            size()?;
        }
        _ => given.limit = size()?,
    }
    Ok(true)
}

fn sequence(c: &mut Context<'_>, line: &Line<'_>) {
    if c.px.kind == Kind::Defaults {
        return missing(c, line, "");
    }
    match (line.arg(0), line.arg(1)) {
        (None, _) => missing(c, line, "missing argument"),
        (Some(way), _) if !way.is("request") && !way.is("response") => {
            missing(c, line, "expected either 'request' or 'response'");
        }
        (Some(_), None) => missing(c, line, "missing filter list"),
        (Some(way), Some(list)) => {
            let list = list.text.strip_suffix(b",").unwrap_or(&list.text);
            let names = list.split(|byte| *byte == b',').map(<[u8]>::to_vec).collect();
            c.px.filter_sequences.push((way.lossy().into_owned(), names));
        }
    }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new("filter", "A filter.", FLB, "<name> [param*]", MANY, Set::Line(filter)).own_side().listed(),
    Keyword::new(
        "filter-sequence",
        "The order of filters.",
        FLB,
        "{ request | response } <name>[,...]",
        MANY,
        Set::Line(sequence),
    )
    .own_side()
    .listed(),
];
