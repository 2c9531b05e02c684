//! `cookie`: persistence by a cookie.

use base::time::{TimeError, Unit};
use diag::{Diagnostic, Place};
use ir::config::{Cookie, CookieMode};
use syntax::Word;

use super::DLB;
use crate::context::Context;
use crate::fail::Fail;
use crate::keyword::{Keyword, MANY, Set, warn_side};
use crate::line::Line;

/// Options without a value.
const FLAGS: [&str; 10] = [
    "rewrite", "indirect", "insert", "nocache", "postonly", "preserve", "prefix", "httponly", "secure",
    "dynamic",
];

/// Options with one, and what messages call it.
const VALUES: [(&str, &str); 4] = [
    ("domain", "<domain>"),
    ("maxidle", "<idletime> in seconds"),
    ("maxlife", "<lifetime> in seconds"),
    ("attr", "<value>"),
];

fn cookie(c: &mut Context<'_>, line: &Line<'_>) {
    if line.args.is_empty() {
        return c.alert("missing-argument", line.span, "'cookie' expects <cookie_name> as argument.");
    }
    c.px.http_only.cookie = true;
    let mut cookie = Cookie { name: line.args[0].text.clone(), ..Cookie::default() };
    let mut flags = Vec::new();
    let mut words = line.args[1..].iter();
    while let Some(word) = words.next() {
        if let Some((name, what)) = VALUES.iter().find(|(name, _)| word.is(name)) {
            let Some(value) = words.next() else {
                let text = format!("'{name}' expects {what} as argument.");
                return c.alert_tight("missing-argument", word.span, text);
            };
            if let Err(fail) = option(c, name, value, &mut cookie) {
                return c.push(Diagnostic::error(fail.code, fail.span, fail.message).at(Place::ParsingTight));
            }
        } else if let Some(flag) = FLAGS.iter().find(|flag| word.is(flag)) {
            if *flag == "dynamic" && !c.px.kind.takes_backend() {
                warn_side(c, &Line { name: std::slice::from_ref(word), ..*line }, "");
            }
            flags.push(*flag);
        } else {
            let text = "'cookie' supports 'rewrite', 'insert', 'prefix', 'indirect', 'nocache', 'postonly', \
                        'domain', 'maxidle', 'dynamic', 'maxlife' and 'attr' options.";
            return c.alert("unknown-keyword", word.span, text);
        }
    }
    contradictions(c, line, &flags);
    let has = |name: &str| flags.contains(&name);
    cookie.mode = match () {
        () if has("rewrite") => CookieMode::Rewrite,
        () if has("insert") => CookieMode::Insert,
        () if has("prefix") => CookieMode::Prefix,
        () => CookieMode::Passive,
    };
    let settled = Cookie {
        indirect: has("indirect"),
        nocache: has("nocache"),
        postonly: has("postonly"),
        preserve: has("preserve"),
        httponly: has("httponly"),
        secure: has("secure"),
        dynamic: has("dynamic"),
        ..cookie
    };
    c.px.proxy.cookie = Some(Box::new(settled));
}

fn contradictions(c: &mut Context<'_>, line: &Line<'_>, flags: &[&str]) {
    let has = |name: &str| flags.contains(&name);
    let mut refuse = |wrong: bool, text: &str| {
        if wrong {
            c.alert("bad-cookie", line.span, text);
        }
    };
    let modes = [has("rewrite"), has("insert"), has("prefix")].iter().filter(|used| **used).count();
    refuse(has("rewrite") && has("indirect"), "cookie 'rewrite' and 'indirect' modes are incompatible.");
    refuse(modes > 1, "cookie 'rewrite', 'insert' and 'prefix' modes are incompatible.");
    let alone = has("preserve") && !has("insert") && !has("indirect");
    refuse(alone, "cookie 'preserve' requires at least 'insert' or 'indirect'.");
}

/// Checks the value of an option and stores it.
fn option(c: &mut Context<'_>, name: &str, value: &Word, cookie: &mut Cookie) -> Result<(), Fail> {
    let fail = |text: String| Fail::new("bad-cookie", value.span, text);
    match name {
        "domain" => {
            if !value.text.contains(&b'.') {
                let text = format!(
                    "domain '{}' contains no embedded dot, this configuration may not work properly (see \
                     RFC6265#5.2.3).",
                    value.lossy()
                );
                c.warn_tight("cookie-domain", value.span, text);
            }
            let may = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            match value.text.iter().find(|byte| !may(byte)) {
                Some(bad) => Err(fail(format!(
                    "character '{}' is not permitted in domain name '{}'.",
                    char::from(*bad),
                    value.lossy()
                ))),
                None => {
                    cookie.domains.push(value.text.clone());
                    Ok(())
                }
            }
        }
        "attr" => match value.text.iter().find(|byte| byte.is_ascii_control() || **byte == b';') {
            Some(bad) => Err(fail(format!("character '%x{bad:02X}' is not permitted in attribute value."))),
            None => {
                cookie.attributes.push(value.text.clone());
                Ok(())
            }
        },
        _ => crate::numbers::parse_time(c, value, Unit::S)
            .map(|time| {
                let most = if name == "maxidle" { &mut cookie.maxidle } else { &mut cookie.maxlife };
                *most = time;
            })
            .map_err(|error| match error {
                TimeError::Over => fail(format!(
                    "timer overflow in argument <{}> to <{name}>, maximum value is 2147483647 s (~68 years).",
                    value.lossy()
                )),
                TimeError::Unexpected(at) => {
                    let at = crate::numbers::character(&value.text, at);
                    fail(format!("unexpected character '{at}' in argument to <{name}>."))
                }
            }),
    }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "cookie",
        "Persistence by a cookie.",
        DLB,
        "<name> [ rewrite | insert | prefix ] [ indirect ] [ nocache ] [ postonly ] [ preserve ] [ httponly ] \
         [ secure ] [ domain <domain> ]* [ maxidle <idle> ] [ maxlife <life> ] [ dynamic ] [ attr <value> ]*",
        MANY,
        Set::Line(cookie),
    ),
    Keyword::new(
        "dynamic-cookie-key",
        "The secret of dynamic cookies.",
        DLB,
        "<string>",
        (1, usize::MAX),
        Set::Word(|c, key| {
            c.px.log_ignored.cookie_key = true;
            c.px.proxy.dynamic_cookie_key = Some(key);
        }),
    )
    .missing("'{}' expects <secret_key> as argument."),
];
