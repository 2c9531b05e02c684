//! What the table of an action's arguments cannot say: arguments that depend on each other, and
//! words out of a fixed list.

use diag::Span;
use ir::expr::ActionValue;
use ir::spec::RuleSet;
use syntax::Word;

use super::{Action, answers};
use crate::context::Context;
use crate::draft::PendingRule;
use crate::fail::{Checked, Fail};
use crate::line::starts_condition;

/// Checks the arguments of an action together; `words` begins with its name.
pub fn finish(c: &mut Context<'_>, action: &mut Action, words: &[Word], set: RuleSet) -> Checked<()> {
    let Some(name) = words.first() else { return Ok(()) };
    match action.spec.name {
        "redirect" => validate_redirect(action, words, set),
        "del-header" => name_method(c, action, name),
        "normalize-uri" => normalizer(action, words),
        "return" | "deny" | "tarpit" => answers::check(c, action, words),
        "del-headers-bin" => binary_method(action, name),
        "cache-use" | "cache-store" => {
            if words.get(1).is_some_and(starts_condition) {
                return Err(Fail::new("missing-argument", name.span, "expects a cache name"));
            }
            c.px.use_cache(word(action, 0), true, name.span);
            Ok(())
        }
        "set-header" | "add-header" | "early-hint" => {
            warn_header_name(c, words);
            Ok(())
        }
        _ => fixed_words(c, action, name),
    }
}

/// What the action names that only the end of the configuration knows.
pub fn pending(action: &Action, set: RuleSet, span: Span) -> Option<PendingRule> {
    let text = |value: Option<&ActionValue>| match value {
        Some(ActionValue::Str(text)) => text.clone(),
        _ => Vec::new(),
    };
    let first = || text(action.args.first());
    Some(match action.spec.name {
        "send-spoe-group" => PendingRule::Group(first(), text(action.args.get(1))),
        "attach-srv" => PendingRule::Attach(first(), action.has("name")),
        "do-log" if action.has("profile") => PendingRule::Profile(text(action.option("profile"))),
        "wait-for-body" if action.has("use-large-buffer") => PendingRule::LargeBuffer(span),
        "return" | "deny" | "tarpit" if action.has("errorfiles") => {
            PendingRule::Errors(text(action.option("errorfiles")), answers::status(action, set))
        }
        _ => return None,
    })
}

/// The literal at an index of the arguments.
fn word(action: &Action, index: usize) -> &[u8] {
    match action.args.get(index) {
        Some(ActionValue::Str(text)) => text,
        _ => b"",
    }
}

/// The protocols that `proto` names (manual, 5.1).
const MUXES: [&[u8]; 6] = [b"h1", b"h2", b"fcgi", b"none", b"spop", b"qmux"];

/// Arguments out of a fixed list, and options that must be there.
fn fixed_words(c: &Context<'_>, action: &Action, name: &Word) -> Checked<()> {
    let first = word(action, 0);
    let shown = String::from_utf8_lossy(first);
    let has_frontend = c.px.kind.takes_frontend();
    let known = |list: &[&str]| list.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(first));
    let message = match action.spec.name {
        "wait-for-body" if !action.has("time") => "expects time <time> [ at-least <bytes> ]".into(),
        "set-log-level"
            if first != b"silent"
                && !ir::config::Level::NAMES.iter().any(|name| name.as_bytes() == first) =>
        {
            "expects exactly 1 argument (log level name or 'silent')".into()
        }
        "strict-mode" if !known(&["on", "off"]) => {
            format!("Unexpected value '{shown}'. Only 'on' and 'off' are supported")
        }
        "switch-mode" if !has_frontend => {
            format!(
                "'tcp-request switch-mode' not allowed because {} has no frontend capability",
                c.px.title()
            )
        }
        "switch-mode" if first != b"http" => {
            format!("'tcp-request switch-mode' expects a valid mode (got '{shown}').")
        }
        "switch-mode" => match action.option("proto") {
            Some(ActionValue::Str(proto)) if !MUXES.contains(&proto.as_slice()) => format!(
                "'tcp-request switch-mode': 'proto' expects a valid MUX protocol, if specified (got '{}')",
                String::from_utf8_lossy(proto)
            ),
            _ => return Ok(()),
        },
        _ => return Ok(()),
    };
    Err(Fail::new("bad-argument", name.span, message))
}

fn normalizer(action: &Action, words: &[Word]) -> Checked<()> {
    let name = &words[0];
    let normalizer = word(action, 0);
    let shown = String::from_utf8_lossy(normalizer);
    let fail = |message: String| Err(Fail::new("bad-argument", name.span, message));
    let takes = match normalizer {
        b"path-strip-dotdot" => "full",
        b"percent-decode-unreserved" | b"percent-to-uppercase" => "strict",
        b"fragment-encode"
        | b"fragment-strip"
        | b"path-merge-slashes"
        | b"path-strip-dot"
        | b"query-sort-by-name" => return Ok(()),
        _ => return fail(format!("unknown normalizer '{shown}'")),
    };
    match words.get(2) {
        Some(word) if !word.is(takes) && !starts_condition(word) => {
            fail(format!("unknown argument '{}' for '{shown}' normalizer", word.lossy()))
        }
        _ => Ok(()),
    }
}

/// `del-headers-bin`: the same methods as `del-header`, but for regular expressions.
fn binary_method(action: &Action, word: &Word) -> Checked<()> {
    let Some(ActionValue::Str(method)) = action.option("-m") else { return Ok(()) };
    let message = match method.as_slice() {
        b"str" | b"beg" | b"end" | b"sub" => return Ok(()),
        b"reg" => "-m reg is unsupported with del-headers-bin due to performance reasons".into(),
        other => format!("-m with unsupported matching method '{}'", String::from_utf8_lossy(other)),
    };
    Err(Fail::new("bad-method", word.span, message))
}

/// `del-header`: the method behind `-m`; the name of `-m reg` is a regular expression.
fn name_method(c: &Context<'_>, action: &mut Action, word: &Word) -> Checked<()> {
    let Some((_, method)) = action.options.first() else { return Ok(()) };
    let [ActionValue::Str(method)] = method.as_slice() else { return Ok(()) };
    match method.as_slice() {
        b"str" | b"beg" | b"end" | b"sub" => Ok(()),
        b"reg" => {
            let Some(ActionValue::Str(source)) = action.args.first() else { return Ok(()) };
            let source = source.clone();
            let checked = c.loader.check_regex(&source, true);
            checked.map_err(|message| Fail::new("bad-regex", word.span, message))?;
            action.args[0] = ActionValue::Regex { source, ignore_case: true };
            Ok(())
        }
        other => {
            let other = String::from_utf8_lossy(other);
            let message = format!("-m with unsupported matching method '{other}'");
            Err(Fail::new("bad-method", word.span, message))
        }
    }
}

/// Warns about a header name that no header can have.
fn warn_header_name(c: &mut Context<'_>, words: &[Word]) {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let Some(name) = words.get(1) else { return };
    let bad = name.text.iter().enumerate().find(|(at, byte)| !(is_token(byte) || *at == 0 && **byte == b':'));
    if let Some((_, bad)) = bad {
        let text =
            format!("header name '{}' contains forbidden character '{}'.", name.lossy(), char::from(*bad));
        c.warn("bad-header-name", name.span, text);
    }
}

/// What the table of arguments cannot say.
fn validate_redirect(action: &Action, words: &[Word], set: RuleSet) -> Checked<()> {
    let rest = words.get(action.taken);
    let span = rest.or(words.first()).map_or_else(Span::default, |word| word.span);
    if let Some(word) = rest.filter(|word| !starts_condition(word)) {
        let message = format!(
            "expects 'code', 'prefix', 'location', 'scheme', 'set-cookie', 'set-cookie-fmt', 'clear-cookie', \
             'drop-query', 'keep-query', 'ignore-empty' or 'append-slash' (was '{}')",
            word.lossy()
        );
        return Err(Fail::new("bad-redirect", span, message));
    }
    if let Some(code) = code(action)
        && !matches!(code, 301..=303 | 307 | 308)
    {
        let at = words.iter().rposition(|word| *word.text == *b"code");
        let told = at.and_then(|at| words.get(at + 1)).map_or_else(|| code.to_string().into(), Word::lossy);
        let message =
            format!("'code': unsupported HTTP code '{told}' (must be one of 301, 302, 303, 307 or 308)");
        return Err(Fail::new("bad-redirect", span, message));
    }
    let keywords = action.options.iter().rev().map(|(index, _)| action.spec.options[*index].keyword);
    let kind = keywords.into_iter().find(|keyword| ["prefix", "location", "scheme"].contains(keyword));
    if kind.is_none() {
        let message = "redirection type expected ('prefix', 'location', or 'scheme')";
        return Err(Fail::new("bad-redirect", span, message));
    }
    if set == RuleSet::HttpResponse && kind != Some("location") {
        return Err(Fail::new("bad-redirect", span, "response only supports redirect type 'location'"));
    }
    Ok(())
}

fn code(action: &Action) -> Option<i64> {
    action.options.iter().rev().find_map(|(index, values)| match values.first() {
        Some(ActionValue::Int(code)) if action.spec.options[*index].keyword == "code" => Some(*code),
        _ => None,
    })
}
