//! `redirect` (manual, section 4.2, `redirect`).

use ir::spec::{ActionArg, ActionOption};
use proto::h1::reason_phrase;
use proto::message::{Head, Version};
use state::Stream;
use state::plan::{ActionValue, Args, Outcome};
use state::termination::Cause;

use crate::pages;
use crate::reply::reply;
use crate::room;
use crate::row::{Action, sets};

const OPTIONS: &[ActionOption] = &[
    ActionOption::new("location", &[ActionArg::Fmt]),
    ActionOption::new("prefix", &[ActionArg::Fmt]),
    ActionOption::new("scheme", &[ActionArg::Fmt]),
    ActionOption::new("code", &[ActionArg::Int(0, i64::MAX)]),
    ActionOption::new("drop-query", &[]),
    ActionOption::new("keep-query", &[]),
    ActionOption::new("append-slash", &[]),
    ActionOption::new("ignore-empty", &[]),
    ActionOption::new("set-cookie", &[ActionArg::Str]),
    ActionOption::new("set-cookie-fmt", &[ActionArg::Fmt]),
    ActionOption::new("clear-cookie", &[ActionArg::Str]),
];
const LOCATION: usize = 0;
const PREFIX: usize = 1;
const SCHEME: usize = 2;
const CODE: usize = 3;
const DROP_QUERY: usize = 4;
const KEEP_QUERY: usize = 5;
const APPEND_SLASH: usize = 6;
const IGNORE_EMPTY: usize = 7;
const SET_COOKIE: usize = 8;
const SET_COOKIE_FMT: usize = 9;
const CLEAR_COOKIE: usize = 10;

pub const ROWS: &[Action] = &[Action::new(
    "redirect",
    sets::REQUEST | sets::RESPONSE,
    &[],
    "Sends the client to another place",
    redirect,
)
.options(OPTIONS)
.last()];

fn redirect(stream: &mut Stream, args: &Args) -> Outcome {
    let code = args.option_int(CODE).and_then(|code| u16::try_from(code).ok()).unwrap_or(302);
    stream.with_scratch(|stream, text| {
        if !location(stream, args, text) {
            return Outcome::Continue;
        }
        let location_len = text.len();
        cookie(stream, args, text);
        stream.reply.clear();
        stream.answer_status = Some(code);
        let res = &mut stream.res;
        res.start_response(code, reason_phrase(code).as_bytes(), Version::Http11);
        pages::frame(res, 0);
        res.add(b"location", &text[..location_len]);
        if matches!(code, 302 | 303 | 307) {
            res.add(b"cache-control", b"no-cache");
        }
        if text.len() > location_len {
            res.add(b"set-cookie", &text[location_len..]);
        }
        if !room::holds_answer(stream) {
            stream.res.clear();
            return Outcome::Failed;
        }
        reply(stream, Cause::Local)
    })
}

/// Writes the location; `false`: it is empty, and then the rule does not apply.
fn location(stream: &Stream, args: &Args, out: &mut Vec<u8>) -> bool {
    let given = |index| args.option(index).is_some();
    let kind = args.options.iter().rev().find(|(index, _)| matches!(*index, LOCATION | PREFIX | SCHEME));
    let Some((kind, values)) = kind else { return false };
    let [target] = values.as_slice() else { return false };
    let path = request_path(&stream.req, given(DROP_QUERY));
    match *kind {
        SCHEME => {
            write(target, stream, out);
            out.extend_from_slice(b"://");
            // The first element only, should there be a list.
            let host = stream.req.get(b"host").unwrap_or_default();
            out.extend_from_slice(host);
            out.extend_from_slice(path);
        }
        PREFIX => {
            // `/` is a way to say: no prefix.
            let text = match target {
                ActionValue::Fmt(format) => &format.text,
                other => other.bytes(),
            };
            if text != b"/" {
                write(target, stream, out);
            }
            out.extend_from_slice(path);
        }
        _ => {
            write(target, stream, out);
            if out.is_empty() && given(IGNORE_EMPTY) {
                return false;
            }
            // Where there is a response, the request is gone.
            if given(KEEP_QUERY) && !stream.in_response() {
                keep_query(&stream.req, out);
            }
            return true;
        }
    }
    if given(APPEND_SLASH) && out.last().is_some_and(|last| *last != b'/') {
        out.push(b'/');
    }
    true
}

fn request_path(req: &Head, drop_query: bool) -> &[u8] {
    let path = if drop_query { req.path() } else { req.path_and_query() };
    path.unwrap_or(b"/")
}

/// Appends the request's query string, if it is not empty.
fn keep_query(req: &Head, out: &mut Vec<u8>) {
    let Some(query) = req.query().filter(|query| !query.is_empty()) else { return };
    match memchr::memchr(b'?', out) {
        None => out.push(b'?'),
        Some(at) if at + 1 < out.len() => out.push(b'&'),
        Some(_) => {}
    }
    out.extend_from_slice(query);
}

/// Writes the cookie's field, if there is one; the last option that makes one counts.
fn cookie(stream: &Stream, args: &Args, out: &mut Vec<u8>) {
    let cookies = [SET_COOKIE, SET_COOKIE_FMT, CLEAR_COOKIE];
    let last = args.options.iter().rev().find(|(index, _)| cookies.contains(index));
    let Some((kind, values)) = last else { return };
    let Some(value) = values.first() else { return };
    write(value, stream, out);
    out.extend_from_slice(match *kind {
        CLEAR_COOKIE => b"; path=/; Max-Age=0;",
        _ => &b"; path=/;"[..],
    });
}

fn write(value: &ActionValue, stream: &Stream, out: &mut Vec<u8>) {
    match value {
        ActionValue::Fmt(format) => format.write(stream, out),
        value => out.extend_from_slice(value.bytes()),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    /// The answer without its first line and its length, which never differ but for the status.
    fn check(request: &str, rule: &str, status: &str, expected: &str) {
        let answer = run(request, rule);
        assert_eq!(answer, format!("Reply\n{status}\ncontent-length: 0\n{expected}\n\n"), "{rule}");
    }

    const REQUEST: &str = "GET /a?b=c HTTP/1.1\nhost: h:8080";

    #[test]
    fn places() {
        check(REQUEST, "redirect location /x", "302 Found", "location: /x\ncache-control: no-cache");
        check(REQUEST, "redirect location %[path]/ code 301", "301 Moved Permanently", "location: /a/");
        check(
            REQUEST,
            "redirect prefix http://p code 308",
            "308 Permanent Redirect",
            "location: http://p/a?b=c",
        );
        check(REQUEST, "redirect prefix / code 301", "301 Moved Permanently", "location: /a?b=c");
        check(REQUEST, "redirect prefix /p drop-query code 301", "301 Moved Permanently", "location: /p/a");
        check(
            REQUEST,
            "redirect scheme https code 301",
            "301 Moved Permanently",
            "location: https://h:8080/a?b=c",
        );
        let slash = "redirect prefix /p drop-query append-slash code 301";
        check(REQUEST, slash, "301 Moved Permanently", "location: /p/a/");
        check("GET * HTTP/1.1", "redirect prefix /p code 301", "301 Moved Permanently", "location: /p/");
    }

    #[test]
    fn queries() {
        let check = |location: &str, request: &str, expected: &str| {
            let rule = format!("redirect location {location} keep-query code 301");
            check(request, &rule, "301 Moved Permanently", expected);
        };
        check("/x", "GET /a?b=c HTTP/1.1", "location: /x?b=c");
        check("/x?y", "GET /a?b=c HTTP/1.1", "location: /x?y&b=c");
        check("/x?", "GET /a?b=c HTTP/1.1", "location: /x?b=c");
        check("/x", "GET /a? HTTP/1.1", "location: /x");
        check("/x", "GET /a HTTP/1.1", "location: /x");
    }

    #[test]
    fn cookies() {
        let check = |option: &str, expected: &str| {
            let rule = format!("redirect location / code 301 {option}");
            check(REQUEST, &rule, "301 Moved Permanently", &format!("location: /\nset-cookie: {expected}"));
        };
        check("set-cookie A=1", "A=1; path=/;");
        check("clear-cookie A=", "A=; path=/; Max-Age=0;");
        check("set-cookie-fmt A=%[method]", "A=GET; path=/;");
        check("set-cookie A=1 clear-cookie B=", "B=; path=/; Max-Age=0;");
    }

    #[test]
    fn an_empty_place() {
        let rule = "redirect location %[req.hdr(none)]";
        check(REQUEST, rule, "302 Found", "location: \ncache-control: no-cache");
        assert!(run(REQUEST, &format!("{rule} ignore-empty")).starts_with("Continue\n"));
    }
}
