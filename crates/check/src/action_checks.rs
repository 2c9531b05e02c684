//! What the table of an action's arguments cannot say: arguments that depend on each other, and
//! words out of a fixed list.

use diag::Span;
use ir::config::Capture;
use ir::expr::ActionValue;
use ir::spec::RuleSet;
use syntax::Word;

use crate::action::Action;
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::line::starts_condition;

/// Checks the arguments of an action together; `words` begins with its name.
pub fn finish(c: &mut Context<'_>, action: &mut Action, words: &[Word], set: RuleSet) -> Checked<()> {
    let Some(name) = words.first() else { return Ok(()) };
    match action.spec.name {
        "redirect" => validate_redirect(action, words, set),
        "del-header" => name_method(c, action, name),
        "capture" => reserve_slot(c, action, set, name),
        "normalize-uri" => normalizer(c, action, name),
        "return" | "deny" | "tarpit" => answer(c, action, name),
        "set-header" | "add-header" | "early-hint" => {
            warn_header_name(c, words);
            Ok(())
        }
        _ => fixed_words(action, name),
    }
}

/// The literal at an index of the arguments.
fn word(action: &Action, index: usize) -> &[u8] {
    match action.args.get(index) {
        Some(ActionValue::Str(text)) => text,
        _ => b"",
    }
}

fn given(action: &Action, keyword: &str) -> bool {
    action.options.iter().any(|(index, _)| action.spec.options[*index].keyword == keyword)
}

/// Arguments out of a fixed list, and options that must be there.
fn fixed_words(action: &Action, name: &Word) -> Checked<()> {
    let first = word(action, 0);
    let shown = String::from_utf8_lossy(first);
    let known = |list: &[&str]| list.iter().any(|known| known.as_bytes() == first);
    let message = match action.spec.name {
        "wait-for-body" if !given(action, "time") => "expects time <time> [ at-least <bytes> ]".into(),
        "set-log-level" if first != b"silent" && !known(&ir::config::Level::NAMES) => {
            "expects exactly 1 argument (log level name or 'silent')".into()
        }
        "strict-mode" if !known(&["on", "off"]) => {
            format!("Unexpected value '{shown}'. Only 'on' and 'off' are supported")
        }
        "set-timeout" if !known(&["client", "connect", "queue", "server", "tarpit", "tunnel"]) => format!(
            "'set-timeout' rule supports 'client'/'connect'/'queue'/'server'/'tarpit'/'tunnel' (got '{shown}')"
        ),
        _ => return Ok(()),
    };
    Err(Fail::new("bad-argument", name.span, message))
}

fn normalizer(c: &mut Context<'_>, action: &Action, name: &Word) -> Checked<()> {
    if !c.experimental {
        let text = "'normalize-uri' action is experimental, must be allowed via a global \
                    'expose-experimental-directives'";
        c.alert("experimental", name.span, text);
    }
    let normalizer = word(action, 0);
    let takes = match normalizer {
        b"path-strip-dotdot" => "full",
        b"percent-decode-unreserved" | b"percent-to-uppercase" => "strict",
        b"fragment-encode"
        | b"fragment-strip"
        | b"path-merge-slashes"
        | b"path-strip-dot"
        | b"query-sort-by-name" => "",
        _ => {
            let message = format!("unknown normalizer '{}'", String::from_utf8_lossy(normalizer));
            return Err(Fail::new("unknown-normalizer", name.span, message));
        }
    };
    match ["full", "strict"].into_iter().find(|keyword| *keyword != takes && given(action, keyword)) {
        Some(keyword) => {
            let normalizer = String::from_utf8_lossy(normalizer);
            let message = format!("unknown argument '{keyword}' for '{normalizer}' normalizer");
            Err(Fail::new("bad-argument", name.span, message))
        }
        None => Ok(()),
    }
}

fn keywords_of(action: &Action) -> Vec<&'static str> {
    action.options.iter().map(|(index, _)| action.spec.options[*index].keyword).collect()
}

/// The options that say what an answer's body is.
const BODIES: [&str; 7] =
    ["string", "lf-string", "file", "lf-file", "errorfile", "errorfiles", "default-errorfiles"];

/// The options of `return`, `deny` and `tarpit`: one body, of a type, for a status that has one.
fn answer(c: &mut Context<'_>, action: &Action, name: &Word) -> Checked<()> {
    let fail = |message: String| Err(Fail::new("bad-answer", name.span, message));
    let option = |keyword: &str| {
        let mut options = action.options.iter();
        let found = options.find(|(index, _)| action.spec.options[*index].keyword == keyword);
        found.map(|(_, values)| values.first())
    };
    let keywords = keywords_of(action);
    let mut bodies = keywords.iter().copied().filter(|keyword| BODIES.contains(keyword));
    let body = bodies.next();
    if let (Some(first), Some(second)) = (body, bodies.next()) {
        return fail(format!("unexpected '{second}' argument, '{first}' already defined"));
    }
    let status = match option("status").or(option("deny_status")).flatten() {
        Some(ActionValue::Int(status)) => Some(*status),
        _ => None,
    };
    let kind = match option("content-type").flatten() {
        Some(ActionValue::Str(kind)) => Some(String::from_utf8_lossy(kind).into_owned()),
        _ => None,
    };
    let bodyless = matches!(status, Some(204 | 304));
    let is_format = matches!(body, Some("lf-string" | "lf-file"));
    let empty = match body.and_then(option).flatten() {
        Some(ActionValue::Str(text) | ActionValue::File(text)) => text.is_empty(),
        _ => false,
    };
    let only_status = matches!(keywords[..], ["deny_status"]);
    let body = body.or(only_status.then_some("default-errorfiles"));
    let mut ignored = |what: String| c.warn("ignored", name.span, what);
    match body {
        None => {
            if let Some(kind) = kind {
                ignored(format!(
                    "content-type '{kind}' ignored by the http reply because neither errorfile nor payload defined."
                ));
            }
        }
        Some(page @ ("errorfile" | "errorfiles" | "default-errorfiles")) => {
            if let Some(status) = status.filter(|_| page != "errorfile")
                && !crate::keywords::has_error_page(status)
            {
                return fail(format!(
                    "status code '{status}' not handled by default with '{page}' argument."
                ));
            }
            if let Some(kind) = kind {
                ignored(format!(
                    "content-type '{kind}' ignored by the http reply when used with an errorfile."
                ));
            }
            if given(action, "hdr") {
                ignored("hdr parameters ignored by the http reply when used with an errorfile.".into());
            }
        }
        Some(_) if bodyless && (is_format || !empty) => {
            return fail(format!("No body expected for {} responses", status.unwrap_or(0)));
        }
        Some(_) if is_format && kind.is_none() => {
            return fail("a content type must be defined with a log-format payload".into());
        }
        Some(_) if kind.is_none() && !empty => {
            return fail("a content type must be defined when non-empty payload is configured".into());
        }
        Some(_) => {}
    }
    Ok(())
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

/// `capture … len`: takes the next slot of the frontend, which becomes the value of `id`.
fn reserve_slot(c: &mut Context<'_>, action: &mut Action, set: RuleSet, word: &Word) -> Checked<()> {
    let fail = |message: &str| Err(Fail::new("bad-capture", word.span, message));
    let number = |keyword: &str| {
        action.options.iter().find_map(|(index, values)| match values.first() {
            Some(ActionValue::Int(number)) if action.spec.options[*index].keyword == keyword => Some(*number),
            _ => None,
        })
    };
    let (len, id) = (number("len"), number("id"));
    let id_option = action.spec.options.iter().position(|option| option.keyword == "id");
    let Some(id_option) = id_option else { return Ok(()) };
    match (len, id) {
        (None | Some(0), _) if set == RuleSet::TcpContent => {
            fail("'tcp-request content capture' : a positive 'len' argument is mandatory")
        }
        (None, None) => fail("expects <expression> [ 'len' <length> | id <idx> ]"),
        (Some(..=0), _) => fail("length must be > 0"),
        (Some(len), None) => {
            if !matches!(set, RuleSet::TcpContent | RuleSet::HttpRequest) {
                return fail("expects 'id', found 'len'");
            }
            let slots = &mut c.px.proxy.request_captures;
            let slot = i64::try_from(slots.len()).unwrap_or(i64::MAX);
            slots.push(Capture { name: Vec::new(), len: usize::try_from(len).unwrap_or(0) });
            action.options.push((id_option, vec![ActionValue::Int(slot)]));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Warns about a header name that no header can have.
fn warn_header_name(c: &mut Context<'_>, words: &[Word]) {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let Some(name) = words.get(1) else { return };
    if let Some(bad) = name.text.iter().find(|byte| !is_token(byte)) {
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
    let used = |keyword: &str| {
        action.options.iter().any(|(index, _)| action.spec.options[*index].keyword == keyword)
    };
    if let Some(code) = code(action)
        && !matches!(code, 301..=303 | 307 | 308)
    {
        let message =
            format!("'code': unsupported HTTP code '{code}' (must be one of 301, 302, 303, 307 or 308)");
        return Err(Fail::new("bad-redirect", span, message));
    }
    if !["prefix", "location", "scheme"].iter().any(|kind| used(kind)) {
        let message = "redirection type expected ('prefix', 'location', or 'scheme')";
        return Err(Fail::new("bad-redirect", span, message));
    }
    if set == RuleSet::HttpResponse && !used("location") {
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
