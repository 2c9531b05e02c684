//! `expect`: what a check waits for, and what follows from it.

use syntax::Word;

use super::{Words, binary, expression, format};
use crate::context::Context;
use crate::fail::{Checked, Fail};

const METHODS: [&str; 5] = ["str", "beg", "end", "sub", "reg"];

/// What is expected, with its pattern.
enum Pattern<'a> {
    Text,
    Binary(&'a Word),
    Regex(&'a Word, bool),
    Format(&'a Word),
    Statuses(&'a Word),
}

pub fn read(c: &mut Context<'_>, words: &mut Words<'_>) -> Checked<()> {
    if words.word().is_none() {
        return words.fail("expects at least a matching pattern as arguments");
    }
    let mut patterns: Vec<Pattern<'_>> = Vec::new();
    let mut messages = Vec::new();
    let mut has_pattern = false;
    while let Some(word) = words.word() {
        let bangs = word.text.iter().take_while(|byte| **byte == b'!').count();
        if bangs > 0 && bangs == word.text.len() {
            words.at += 1;
        }
        let negated = bangs > 0;
        let shown = words.word().map_or_else(String::new, |word| word.lossy().into_owned());
        let option = if bangs < word.text.len() { shown[bangs.min(shown.len())..].to_owned() } else { shown };
        if option == "custom" && !negated && !has_pattern {
            // HAProxy's own checks say so; it takes nothing.
            has_pattern = true;
            words.at += 1;
            continue;
        }
        if is_pattern(&option, words)? {
            if std::mem::replace(&mut has_pattern, true) {
                return words.fail("only one pattern expected");
            }
            pattern(words, &option, &mut patterns)?;
            continue;
        }
        if negated {
            return words.fail(format!("[!] not supported with '{option}'"));
        }
        other(c, words, &option, &mut messages)?;
    }
    messages.into_iter().try_for_each(|word| format(c, word))?;
    if !has_pattern {
        return words.fail("pattern not found");
    }
    patterns.iter().try_for_each(|pattern| check(c, pattern))
}

/// Whether a word names what is expected. Some belong to one kind of check only.
fn is_pattern(option: &str, words: &Words<'_>) -> Checked<bool> {
    match option {
        "string" | "rstring" | "string-lf" => Ok(true),
        "binary" | "rbinary" | "binary-lf" if !words.http => Ok(true),
        "status" | "rstatus" | "hdr" | "fhdr" if words.http => Ok(true),
        "min-recv" | "comment" | "on-success" | "on-error" | "ok-status" | "error-status" | "tout-status"
        | "status-code" | "custom" => Ok(false),
        _ if words.http => words.fail(format!(
            "'only supports min-recv, [!]string', '[!]rstring', '[!]string-lf', '[!]status', '[!]rstatus', \
             [!]hdr, [!]fhdr or comment but got '{option}' as argument."
        )),
        _ => words.fail(format!(
            "'only supports min-recv, '[!]binary', '[!]string', '[!]rstring', '[!]string-lf''[!]rbinary', \
             '[!]binary-lf' or comment but got '{option}' as argument."
        )),
    }
}

fn pattern<'a>(words: &mut Words<'a>, option: &str, patterns: &mut Vec<Pattern<'a>>) -> Checked<()> {
    if matches!(option, "hdr" | "fhdr") {
        return header(words, option, patterns);
    }
    let Some(value) = words.words.get(words.at + 1) else {
        return words.fail(format!("'{option}' expects a <pattern> as argument"));
    };
    words.at += 2;
    patterns.push(match option {
        "string" => Pattern::Text,
        "binary" => Pattern::Binary(value),
        "status" => Pattern::Statuses(value),
        "string-lf" | "binary-lf" => Pattern::Format(value),
        _ => Pattern::Regex(value, false),
    });
    Ok(())
}

/// `hdr name [-m <method>] <name> [value [-m <method>] <value>]`, the two also as log-formats.
fn header<'a>(words: &mut Words<'a>, option: &str, patterns: &mut Vec<Pattern<'a>>) -> Checked<()> {
    let at = words.at;
    let is = |index: usize, names: [&str; 2]| {
        words.words.get(index).is_some_and(|word| names.iter().any(|name| word.is(name)))
    };
    if !is(at + 1, ["name", "name-lf"]) || words.words.get(at + 2).is_none() {
        return words
            .fail(format!("'{option}' expects at the name keyword as first argument followed by a pattern"));
    }
    let is_format = words.words[at + 1].is("name-lf");
    let has_value_behind =
        |words: &Words<'a>| words.word().is_some_and(|word| word.is("value") || word.is("value-lf"));
    words.at += 2;
    let method = method(words, option, is_format)?;
    let Some(name) = words.word() else {
        return words.fail("unexpected error, undefined header name pattern");
    };
    patterns.push(kind(name, method, is_format, true));
    words.at += 1;
    if !has_value_behind(words) {
        return Ok(());
    }
    let is_format = words.word().is_some_and(|word| word.is("value-lf"));
    words.at += 1;
    let method = self::method(words, option, is_format)?;
    let Some(value) = words.word() else {
        return words.fail(format!("'{option}' expect a pattern with the value keyword"));
    };
    patterns.push(kind(value, method, is_format, false));
    words.at += 1;
    Ok(())
}

fn kind<'a>(word: &'a Word, method: &str, is_format: bool, ignore_case: bool) -> Pattern<'a> {
    match method {
        "reg" => Pattern::Regex(word, ignore_case),
        _ if is_format => Pattern::Format(word),
        _ => Pattern::Text,
    }
}

/// The method behind `-m`.
fn method(words: &mut Words<'_>, option: &str, is_format: bool) -> Checked<&'static str> {
    if !words.word().is_some_and(|word| word.is("-m")) {
        return Ok("str");
    }
    let Some(value) = words.words.get(words.at + 1) else {
        return words.fail(format!(
            "'{option}' : '-m' expects at a matching pattern ('str', 'beg', 'end', 'sub' or 'reg')"
        ));
    };
    let Some(method) = METHODS.iter().find(|method| value.is(method)) else {
        return words.fail(format!(
            "'{option}' : '-m' only supports 'str', 'beg', 'end', 'sub' or 'reg' (got '{}')",
            value.lossy()
        ));
    };
    if *method == "reg" && is_format {
        return words
            .fail(format!("'{option}': log-format string is not supported with a regex matching method"));
    }
    words.at += 2;
    Ok(method)
}

/// What is no pattern: messages, statuses, and how much must have come.
fn other<'a>(
    c: &mut Context<'_>,
    words: &mut Words<'a>,
    option: &str,
    messages: &mut Vec<&'a Word>,
) -> Checked<()> {
    let one_of = |value: &Word, known: &[&str]| {
        known.iter().any(|known| value.text.eq_ignore_ascii_case(known.as_bytes()))
    };
    let (known, listed): (&[&str], &str) = match option {
        "ok-status" => (&["L7OK", "L7OKC", "L6OK", "L4OK"], "'L4OK', 'L6OK', 'L7OK' or 'L7OKC'"),
        "error-status" => {
            (&["L7RSP", "L7STS", "L7OKC", "L6RSP", "L4CON"], "'L4CON', 'L6RSP', 'L7RSP' or 'L7STS'")
        }
        "tout-status" => (&["L7TOUT", "L6TOUT", "L4TOUT"], "'L4TOUT', 'L6TOUT' or 'L7TOUT'"),
        "min-recv" => {
            let value = words.value("a integer as argument")?;
            return match crate::numbers::lenient(&value.text) {
                -1..=0x7fff_ffff => Ok(()),
                _ => words.fail("'min-recv' expects -1 or an integer from 0 to INT_MAX"),
            };
        }
        "status-code" => {
            let value = words.value("an expression as argument")?;
            return expression(c, words, value, "status-code");
        }
        "custom" => return words.fail("only one pattern expected"),
        _ => {
            let value = words.value("a string as argument")?;
            if option != "comment" {
                messages.push(value);
            }
            return Ok(());
        }
    };
    let value = words.value("a string as argument")?;
    match one_of(value, known) {
        true => Ok(()),
        false => words.fail(format!("'{option}' only supports {listed} status (got '{}').", value.lossy())),
    }
}

fn check(c: &mut Context<'_>, pattern: &Pattern<'_>) -> Checked<()> {
    match pattern {
        Pattern::Text => Ok(()),
        Pattern::Binary(word) => {
            binary(word).map_err(|fail| fail.wrap(|text| format!("invalid binary string ({text})")))
        }
        Pattern::Regex(word, ignore_case) => c
            .loader
            .check_regex(&word.text, *ignore_case)
            .map_err(|message| Fail::new("bad-regex", word.span, message)),
        Pattern::Format(word) => format(c, word),
        Pattern::Statuses(word) => statuses(word),
    }
}

/// `200,300-399`: statuses and ranges of them.
fn statuses(word: &Word) -> Checked<()> {
    let fail = |message: String| Err(Fail::new("bad-status", word.span, message));
    let mut rest = word.text.as_slice();
    let number = |rest: &mut &[u8]| {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let value = crate::numbers::lenient(&rest[..digits]);
        *rest = &rest[digits..];
        value
    };
    loop {
        let first = number(&mut rest);
        let mut last = first;
        if let Some(behind) = rest.strip_prefix(b"-") {
            rest = behind;
            last = number(&mut rest);
        }
        if first > last {
            return fail(format!("invalid range of status codes '{}'", word.lossy()));
        }
        match rest.split_first() {
            None => return Ok(()),
            Some((b',', behind)) => rest = behind,
            Some((other, _)) => {
                let other = char::from(*other);
                return fail(format!("invalid character '{other}' in the list of status codes"));
            }
        }
    }
}
