//! `cache` sections. HAProxy stops reading at many of their mistakes, some told as warnings.

use diag::{Diagnostic, Effect, Place, Severity};
use ir::config::{Cache, EarlyHints};
use ir::spec::{Section, Sections};
use syntax::Word;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::section;

const HERE: Sections = Sections::one(Section::Cache);
const NAME_LEN: usize = 32;
const MEGABYTE: u64 = 1 << 20;

pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(name) = line.arg(0) else {
        c.abort("missing-name", line.span, "'cache' expects a <name> argument");
        return false;
    };
    if c.has_extra(line, 1, Effect::Abort) {
        return false;
    }
    let mut name_text = name.text.clone();
    if name_text.len() > NAME_LEN {
        name_text.truncate(NAME_LEN);
        let shown = String::from_utf8_lossy(&name_text);
        let text = format!("cache name is limited to {NAME_LEN} characters, truncate to '{shown}'.");
        c.warn_tight("long-name", name.span, text);
    }
    section::declare(c, Section::Cache, &name_text, line);
    // One whose sizes were wrong is gone.
    if c.config.caches.iter().any(|cache| cache.name == name_text) {
        let text = format!("Duplicate cache name '{}'.", String::from_utf8_lossy(&name_text));
        c.abort_tight("same-name", name.span, text);
        return false;
    }
    c.warn_parsed("cache", line.span);
    c.part.cache = Some(Cache { name: name_text, ..Cache::default() });
    true
}

/// Takes the cache when its sizes fit together.
pub fn close(c: &mut Context<'_>) {
    let Some(mut cache) = c.part.cache.take() else { return };
    let half = cache.total_max_size / 2;
    if cache.total_max_size == 0 {
        let text = format!("Size not specified for cache '{}'", String::from_utf8_lossy(&cache.name));
        return c.push(Diagnostic::post_error("no-size", text));
    }
    if cache.max_object_size > half {
        let text = format!("\"max-object-size\" is limited to an half of \"total-max-size\" => {half}");
        return c.push(Diagnostic::post_error("out-of-range", text));
    }
    if cache.max_object_size == 0 {
        cache.max_object_size = cache.total_max_size >> 8;
    }
    c.config.caches.push(cache);
}

/// A warning at which HAProxy nevertheless gives up.
fn give_up(c: &mut Context<'_>, word: Option<&Word>, line: &Line<'_>, text: String) {
    let span = word.map_or(line.span, |word| word.span);
    let told = Diagnostic::error("bad-value", span, text).at(Place::ParsingTight).with_effect(Effect::Abort);
    c.push(Diagnostic { severity: Severity::Warning, ..told });
}

fn current<'c>(c: &'c mut Context<'_>) -> Option<&'c mut Cache> {
    c.part.cache.as_mut()
}

/// The line's only argument as a number, as C's `strtoul` reads it.
fn number(c: &mut Context<'_>, line: &Line<'_>) -> Option<u64> {
    if c.has_extra(line, 1, Effect::Abort) {
        return None;
    }
    let value = line.arg(0).and_then(|word| unsigned(&word.text));
    if value.is_none() {
        let text = format!("{} wrong value '{}'", line.keyword(), line.lossy(0));
        give_up(c, line.arg(0), line, text);
    }
    value
}

/// Digits behind spaces and a sign; a negative number wraps around.
fn unsigned(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let value = base::bytes::parse_u64(digits).unwrap_or(u64::MAX);
    all_digits.then(|| if text.starts_with(b"-") { value.wrapping_neg() } else { value })
}

/// The same in HAProxy's `unsigned int`: the upper half is lost.
#[expect(clippy::cast_possible_truncation, reason = "HAProxy does the same")]
fn low_half(value: u64) -> u32 {
    value as u32
}

fn total_max_size(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(value) = number(c, line) else { return };
    let most = u64::from(u32::MAX) / MEGABYTE;
    if value > most {
        let text = format!("\"total-max-size\" ({}) must not be greater than {most}", line.lossy(0));
        return give_up(c, line.arg(0), line, text);
    }
    if let Some(cache) = current(c) {
        cache.total_max_size = value * MEGABYTE;
    }
}

fn max_object_size(c: &mut Context<'_>, line: &Line<'_>) {
    expects(c, line, "a maximum file size parameter in bytes.");
    let Some(value) = number(c, line) else { return };
    if let Some(cache) = current(c) {
        cache.max_object_size = u64::from(low_half(value));
    }
}

fn max_age(c: &mut Context<'_>, line: &Line<'_>) {
    if c.has_extra(line, 1, Effect::Abort) {
        return;
    }
    expects(c, line, "an age parameter in seconds.");
    let value = line.arg(0).map_or(0, |word| crate::numbers::lenient(&word.text));
    if let Some(cache) = current(c) {
        cache.max_age = value;
    }
}

/// The warning about a line without an argument.
fn expects(c: &mut Context<'_>, line: &Line<'_>, what: &str) {
    if line.args.is_empty() {
        c.warn_tight("missing-argument", line.span, format!("'{}' expects {what}", line.keyword()));
    }
}

fn process_vary(c: &mut Context<'_>, line: &Line<'_>) {
    const EXPECTED: &str = "\"on\" or \"off\" (enable or disable vary processing).";
    if c.has_extra(line, 1, Effect::Abort) {
        return;
    }
    expects(c, line, EXPECTED);
    let value = match line.lossy(0).as_str() {
        "on" => true,
        "off" => false,
        _ => return c.warn_tight("bad-switch", line.span, format!("'process-vary' expects {EXPECTED}")),
    };
    if let Some(cache) = current(c) {
        cache.process_vary = value;
    }
}

fn early_hints(c: &mut Context<'_>, line: &Line<'_>) {
    if c.has_extra(line, 3, Effect::Abort) {
        return;
    }
    let value = match line.lossy(0).as_str() {
        "on" => Some(EarlyHints::On),
        "off" => Some(EarlyHints::Off),
        "only" => Some(EarlyHints::Only),
        _ => {
            let text = "'early-hints' expects \"on\", \"off\" or \"only\" (enable or disable HTTP 103 Early Hints \
                        support, or store only hints).";
            c.warn_tight("bad-switch", line.span, text);
            None
        }
    };
    if let (Some(cache), Some(value)) = (current(c), value) {
        cache.early_hints = value;
    }
    if let Some(ratio) = line.arg(1) {
        hints_ratio(c, line, ratio);
    }
}

fn hints_ratio(c: &mut Context<'_>, line: &Line<'_>, ratio: &Word) {
    const EXPECTED: &str = "'early-hints ratio' expects an integer argument between 1 and 99";
    if !ratio.is("ratio") {
        let text = format!("'early-hints' unexpected argument '{}', expected 'ratio'.", ratio.lossy());
        return c.alert_tight("unknown-keyword", ratio.span, text);
    }
    let Some(word) = line.arg(2) else {
        return c.alert_tight("missing-argument", line.span, format!("{EXPECTED}."));
    };
    let value = unsigned(&word.text).map(low_half).filter(|value| (1..=99).contains(value));
    match (current(c), value) {
        (Some(cache), Some(value)) => cache.early_hints_ratio = value,
        _ => c.alert_tight("out-of-range", word.span, format!("{EXPECTED}, got '{}'.", word.lossy())),
    }
}

fn max_secondary_entries(c: &mut Context<'_>, line: &Line<'_>) {
    expects(c, line, "a strictly positive number.");
    let Some(value) = number(c, line).map(low_half) else { return };
    if value == 0 {
        let text = format!("max-secondary-entries wrong value '{}'", line.lossy(0));
        return give_up(c, line.arg(0), line, text);
    }
    if let Some(cache) = current(c) {
        cache.max_secondary_entries = value;
    }
}

const fn row(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    set: fn(&mut Context<'_>, &Line<'_>),
) -> Keyword {
    Keyword::new(name, doc, HERE, usage, MANY, Set::Line(set)).parsed()
}

pub const ROWS: &[Keyword] = &[
    row("total-max-size", "<megabytes>", "The memory of the cache.", total_max_size),
    row("max-object-size", "<bytes>", "The size of the largest object.", max_object_size),
    row("max-age", "<seconds>", "How long objects are kept at most.", max_age),
    row("process-vary", "<on|off>", "Whether variants of an object are kept.", process_vary),
    row(
        "max-secondary-entries",
        "<number>",
        "How many variants of an object are kept.",
        max_secondary_entries,
    ),
    row(
        "early-hints",
        "on|off|only [ratio <percent>]",
        "Whether hints are sent ahead of a miss.",
        early_hints,
    ),
];
