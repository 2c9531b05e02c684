//! `log` lines and the formats of log lines.

use base::addr::{Endpoint, LogTarget as Target, Transport};
use ir::Bytes;
use ir::config::{Facility, Level, LogFraming, LogOrigin, LogPreset, LogTarget, LogTransport};
use ir::expr::Address;
use syntax::Word;

use super::{DFL, DFLB, Side, has_side};
use crate::context::Context;
use crate::draft::Kind;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, SOME, Set};
use crate::line::Line;

const FRAMINGS: [(&str, LogFraming); 8] = [
    ("local", LogFraming::Local),
    ("rfc3164", LogFraming::Rfc3164),
    ("rfc5424", LogFraming::Rfc5424),
    ("priority", LogFraming::Priority),
    ("short", LogFraming::Short),
    ("timed", LogFraming::Timed),
    ("iso", LogFraming::Iso),
    ("raw", LogFraming::Raw),
];

/// The greatest size of a line when `len` does not say.
const DEFAULT_LEN: usize = 1024;
const SYSLOG_PORT: u16 = 514;

/// Reads a log target. `or_global` is what the message about missing words adds.
pub fn target(c: &mut Context<'_>, line: &Line<'_>, or_global: &str) -> Checked<LogTarget> {
    if line.args.len() < 2 {
        let message = format!("expects <address> and <facility> {or_global} as arguments");
        return Err(Fail::new("missing-argument", line.span, message));
    }
    let mut words = Words { words: line.args, at: 1, line };
    let mut done = LogTarget {
        transport: LogTransport::Stdout,
        framing: LogFraming::Default,
        facility: Facility(0),
        max_level: Level::Debug,
        min_level: Level::Emerg,
        len: DEFAULT_LEN,
        sample: None,
        profile: None,
        place: line.place(),
    };
    if let Some(value) = words.option("len") {
        done.len = length(&value)?;
    }
    if let Some(value) = words.option("format") {
        done.framing = named(&FRAMINGS, &value).ok_or_else(|| value.fail("unknown log format"))?;
    }
    if let Some(value) = words.option("sample") {
        done.sample = Some(sample(&value)?);
    }
    if let Some(value) = words.option("profile") {
        done.profile = Some(value.word.text);
    }
    let facility = words.next();
    done.facility = Facility::NAMES
        .iter()
        .position(|name| name.as_bytes() == facility.word.text)
        .and_then(|index| u8::try_from(index).ok())
        .map(Facility)
        .ok_or_else(|| facility.fail("unknown log facility"))?;
    if words.has_more() {
        let value = words.next();
        done.max_level = level(&value).ok_or_else(|| value.fail("unknown optional log level"))?;
    }
    if words.has_more() {
        let value = words.next();
        done.min_level = level(&value).ok_or_else(|| value.fail("unknown optional minimum log level"))?;
    }
    if words.has_more() {
        return Err(words.next().fail("cannot handle unexpected argument"));
    }
    done.transport = transport(c, &line.args[0])?;
    Ok(done)
}

/// The words of the line, read from left to right. A missing word is an empty one, as HAProxy
/// sees it.
struct Words<'a> {
    words: &'a [Word],
    at: usize,
    line: &'a Line<'a>,
}

/// A word that is there, or the empty one at the line's end.
struct Value {
    word: Word,
}

impl Value {
    fn fail(&self, what: &str) -> Fail {
        Fail::new("bad-log", self.word.span, format!("{what} '{}'", self.word.lossy()))
    }
}

impl Words<'_> {
    fn has_more(&self) -> bool {
        self.at < self.words.len()
    }

    fn next(&mut self) -> Value {
        let missing = || Word { text: Bytes::new(), span: self.line.span, verbatim: None };
        let word = self.words.get(self.at).cloned().unwrap_or_else(missing);
        self.at += 1;
        Value { word }
    }

    fn option(&mut self, keyword: &str) -> Option<Value> {
        self.words.get(self.at).filter(|word| word.is(keyword))?;
        self.at += 1;
        Some(self.next())
    }
}

fn named<T: Copy>(table: &[(&str, T)], value: &Value) -> Option<T> {
    table.iter().find(|(name, _)| value.word.is(name)).map(|(_, value)| *value)
}

fn level(value: &Value) -> Option<Level> {
    let index = Level::NAMES.iter().position(|name| value.word.is(name))?;
    Level::ALL.get(index).copied()
}

fn length(value: &Value) -> Checked<usize> {
    let len = crate::numbers::lenient(&value.word.text);
    usize::try_from(len).ok().filter(|len| (80..=65535).contains(len)).ok_or_else(|| {
        let message = format!("invalid log length '{}', must be between 80 and 65535", value.word.lossy());
        Fail::new("out-of-range", value.word.span, message)
    })
}

/// `1,3-5:8`
fn sample(value: &Value) -> Checked<(Vec<(u32, u32)>, u32)> {
    let span = value.word.span;
    let fail = |message: String| Fail::new("bad-sample", span, message);
    let text = value.word.lossy().into_owned();
    let Some((ranges, size)) = text.split_once(':') else { return Err(fail("Missing sample size".into())) };
    let mut done: Vec<(u32, u32)> = Vec::new();
    for range in ranges.split(',').filter(|range| !range.is_empty()) {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let bounds = low.parse().ok().zip(high.parse().ok());
        let is_range = range.contains('-');
        let valid =
            bounds.filter(|(low, high)| *low > 0 && (!is_range && low == high || is_range && low < high));
        let (low, high): (u32, u32) = valid.ok_or_else(|| fail(format!("wrong sample range '{range}'")))?;
        if done.iter().any(|(other_low, other_high)| low <= *other_high && high >= *other_low) {
            return Err(fail("ranges are overlapping".into()));
        }
        done.push((low, high));
    }
    let greatest = done.iter().map(|(_, high)| *high).max();
    let greatest = greatest.ok_or_else(|| fail("no sampling ranges given".into()))?;
    let number: Option<u32> = size.parse().ok().filter(|size| *size > 0);
    let number =
        number.ok_or_else(|| fail(format!("wrong sample size '{size}' for sample range '{ranges}'")))?;
    if number < greatest {
        let message = format!(
            "sample size {number} should be greater or equal to {greatest} the maximum of the high ranges limits"
        );
        return Err(fail(message));
    }
    done.sort_unstable();
    Ok((done, number))
}

fn transport(c: &mut Context<'_>, word: &Word) -> Checked<LogTransport> {
    let target = base::addr::parse_log_target(&word.text, &|name| c.variable(name));
    let target = target.map_err(|error| Fail::new(error.code(), word.span, error.to_string()))?;
    let address = match target {
        Target::Ring(name) => return Ok(LogTransport::Ring(name)),
        Target::Backend(name) => return Ok(LogTransport::Backend(name)),
        Target::Address(address) => address,
    };
    let rules = &base::addr::Rules::LOG;
    crate::address::check_socket(c, &address, word, rules)?;
    let ip = match &address.endpoint {
        Endpoint::Ip { host, .. } => Some(crate::address::resolve(c, host, &word.text, word)?),
        _ => None,
    };
    address
        .check_protocol(rules, ip, &word.text)
        .map_err(|error| Fail::new(error.code(), word.span, error.to_string()))?;
    let plain = match &address.endpoint {
        Endpoint::Ip { port, .. } if let Some(ip) = ip => {
            let (port, _) = crate::address::ports(port);
            Address::Ip(ip, if port == 0 { SYSLOG_PORT } else { port })
        }
        other => crate::address::plain(other),
    };
    Ok(match plain {
        plain if address.transport != Transport::Datagram => LogTransport::Tcp(plain),
        Address::Fd(1) => LogTransport::Stdout,
        Address::Fd(2) => LogTransport::Stderr,
        Address::Fd(fd) => LogTransport::Fd(fd),
        plain => LogTransport::Datagram(plain),
    })
}

/// The framing that a word names.
pub fn framing(word: &Word) -> Option<LogFraming> {
    FRAMINGS.iter().find(|(name, _)| word.is(name)).map(|(_, framing)| *framing)
}

/// A `log` line of any section but `global`.
pub fn log(c: &mut Context<'_>, line: &Line<'_>) {
    if line.is_no() {
        if !line.args.is_empty() {
            return c.alert("extra-argument", line.span, "log : 'no log' does not expect arguments");
        }
        c.px.proxy.logs.clear();
        c.px.log_global = false;
        return;
    }
    if line.args.len() == 1 && line.args[0].is("global") {
        // The targets are those known by now, as HAProxy copies them.
        if !c.px.log_global {
            c.px.log_global = true;
            let targets = c.config.global.log.clone();
            c.px.proxy.logs.extend(targets);
        }
        return;
    }
    match target(c, line, "or global") {
        Ok(target) => c.px.proxy.logs.push(target),
        Err(fail) => c.alert(fail.code, fail.span, format!("{} : {}", line.keyword(), fail.message)),
    }
}

/// Takes the one word of a format line; the format itself is read when the proxy is complete.
fn format(c: &mut Context<'_>, line: &Line<'_>) -> Option<Word> {
    let keyword = line.keyword();
    if line.args.len() > 1 {
        let text = format!("{keyword} expects only one argument, don't forget to escape spaces!");
        c.alert("extra-argument", line.args[1].span, text);
        return None;
    }
    let Some(word) = line.arg(0) else {
        c.alert("missing-argument", line.span, format!("{keyword} expects an argument."));
        return None;
    };
    if c.px.kind == Kind::Backend && !keyword.starts_with("unique-id") {
        let text = format!("backend '{}' : '{keyword}' directive is ignored in backends.", c.px.name());
        c.warn("wrong-side", line.span, text);
        // It is checked all the same.
        return (keyword == "error-log-format").then(|| word.clone());
    }
    Some(word.clone())
}

/// Defaults that give two formats.
pub fn warn_overridden(c: &mut Context<'_>, line: &Line<'_>, new: &str) {
    let old = match c.px.proxy.log_preset {
        LogPreset::Default => return,
        LogPreset::Tcplog => "option tcplog",
        LogPreset::TcpClf => "option tcplog clf",
        LogPreset::Httplog => "option httplog",
        LogPreset::Clf => "option httplog clf",
        LogPreset::Httpslog => "option httpslog",
        LogPreset::Custom => "log-format",
    };
    warn_replaced(c, line, new, old);
}

fn warn_replaced(c: &mut Context<'_>, line: &Line<'_>, new: &str, old: &str) {
    if c.px.kind == Kind::Defaults {
        let text = format!("'{new}' overrides previous '{old}' in 'defaults' section.");
        c.warn_tight("overridden", line.span, text);
    }
}

fn log_format(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = format(c, line) else { return };
    warn_overridden(c, line, "log-format");
    c.px.proxy.log_preset = LogPreset::Custom;
    c.px.log_format = Some(word);
}

fn error_log_format(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = format(c, line) else { return };
    if c.px.error_log_format.is_some() {
        warn_replaced(c, line, "error-log-format", "error-log-format");
    }
    c.px.error_log_format = Some(word);
}

fn log_format_sd(c: &mut Context<'_>, line: &Line<'_>) {
    if let Some(word) = format(c, line) {
        c.px.log_format_sd = Some(word);
    }
}

fn unique_id_format(c: &mut Context<'_>, line: &Line<'_>) {
    if let Some(word) = format(c, line) {
        c.px.unique_id_format = Some(word);
    }
}

fn log_steps(c: &mut Context<'_>, line: &Line<'_>) {
    const STEPS: [LogOrigin; 12] = [
        LogOrigin::Accept,
        LogOrigin::Request,
        LogOrigin::Connect,
        LogOrigin::Response,
        LogOrigin::Close,
        LogOrigin::HttpRequest,
        LogOrigin::HttpResponse,
        LogOrigin::HttpAfterResponse,
        LogOrigin::TcpConnection,
        LogOrigin::TcpSession,
        LogOrigin::TcpContent,
        LogOrigin::TcpResponse,
    ];
    if !has_side(c, line, "log-steps", Side::Frontend) {
        return;
    }
    let steps = line.lossy(0);
    c.px.log_ignored.steps = true;
    if steps == "all" || steps.is_empty() {
        c.px.proxy.log_steps.get_or_insert(0);
        return;
    }
    let mut bits = c.px.proxy.log_steps.unwrap_or(0);
    // A comma may end the list.
    for name in steps.strip_suffix(',').unwrap_or(&steps).split(',') {
        let Some(step) = STEPS.iter().find(|step| step.step() == name) else {
            let all = STEPS.map(LogOrigin::step).join(", ");
            let text = format!("invalid log step name ({name}). Expected values are: {all}");
            return c.alert("unknown-step", line.span, text);
        };
        bits |= step.bit();
    }
    c.px.proxy.log_steps = Some(bits);
}

pub const ROWS: &[Keyword] = &[
    Keyword::new("log", "Where the proxy logs.", DFLB, "global | <target> [len <length>] [format <format>] [sample <ranges>:<size>] [profile <name>] <facility> [<level> [<minlevel>]]", MANY, Set::Line(log)).with_no(),
    Keyword::new("log-tag", "The program's name in log lines.", DFLB, "<string>", SOME, Set::Word(|c, tag| c.px.proxy.log_tag = Some(tag)))
        .missing("'{}' expects a tag for use in syslog."),
    Keyword::new("log-format", "The log line.", DFL, "<fmt>", MANY, Set::Line(log_format)).own_side(),
    Keyword::new("log-format-sd", "The structured data of RFC 5424.", DFL, "<fmt>", MANY, Set::Line(log_format_sd)).own_side(),
    Keyword::new("error-log-format", "The log line of failed connections.", DFL, "<fmt>", MANY, Set::Line(error_log_format)).own_side(),
    Keyword::new("unique-id-format", "The unique id of a request.", DFLB, "<fmt>", MANY, Set::Line(unique_id_format)),
    Keyword::new("unique-id-header", "The header that carries the unique id.", DFL, "<name>", SOME, Set::Word(|c, name| c.px.proxy.unique_id_header = Some(name)))
        .missing("{} expects an argument.")
        .own_side(),
    Keyword::new("log-steps", "When log lines are written.", DFL, "<steps>", MANY, Set::Line(log_steps)).own_side().listed(),
];
