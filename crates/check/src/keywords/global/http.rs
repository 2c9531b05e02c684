//! HTTP of the whole process: `tune.http.*`, `tune.h1.*`, `tune.h2.*` and what HTTP/1 tolerates.

use ir::Bytes;
use ir::config::{H2Errors, StatusCodes};
use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, NONE, ONE, OPTIONAL, Set};
use crate::line::Line;
use crate::numbers;

use super::tune::{ANY, ON_OFF, POSITIVE, POSITIVE_NUMBER, needed, number, switch, u32_of, usize_of};

const HERE: Sections = Sections::GLOBAL;

/// A word without arguments that sets something.
const fn setting(name: &'static str, doc: &'static str, set: fn(&mut Context<'_>)) -> Keyword {
    Keyword::new(name, doc, HERE, "", NONE, Set::Flag(set))
}

const fn rxbuf(name: &'static str, doc: &'static str, set: fn(&mut Context<'_>, u64)) -> Keyword {
    Keyword::new(name, doc, HERE, "<size>", OPTIONAL, Set::Size(0, u64::MAX, set))
        .malformed("'{}': unexpected character '{c}' in size argument '{v}'.")
}

/// `<number> [rq-load { auto | ignore | <load> }] [min <number>]`
fn client_streams(c: &mut Context<'_>, line: &Line<'_>) {
    let value = |index: usize| line.arg(index).map(|word| i64::from(numbers::wrapped(&word.text)));
    let streams = value(0).unwrap_or(0);
    if streams < 0 {
        return c.alert("out-of-range", line.span, numbers::fill(POSITIVE_NUMBER, line, 0));
    }
    c.global().tune.h2_clients.max_concurrent_streams = Some(u32_of(streams)).filter(|some| *some > 0);
    for at in (1..line.args.len()).step_by(2) {
        let keyword = line.keyword();
        let given = value(at + 1).filter(|n| *n > 0);
        let text = match (line.lossy(at).as_str(), given) {
            ("rq-load", _) if matches!(line.lossy(at + 1).as_str(), "ignore" | "auto") => continue,
            ("rq-load", Some(_)) => continue,
            ("rq-load", None) => {
                format!("'{keyword}' expects a strictly positive run-queue length, or 'auto' or 'ignore'.")
            }
            ("min", Some(least)) if least > streams => format!(
                "'{keyword}' minimum number of streams ({least}) cannot be higher than the maximum ({streams})'."
            ),
            ("min", Some(_)) => continue,
            ("min", None) => format!("'{keyword}' expects a strictly positive minimum number of streams'."),
            (other, _) => format!(
                "'{keyword}' only supports 'rq-load' or 'min' after the numeric value, but found '{other}'."
            ),
        };
        return c.alert("bad-value", line.span, text);
    }
}

/// `Content-Type` for `content-type`: the same but for the case.
fn case_adjust(c: &mut Context<'_>, line: &Line<'_>) {
    let (Some(from), Some(to)) = (line.arg(0), line.arg(1)) else {
        let text = format!("'{}' expects <from> and <to> as argument.", line.keyword());
        return c.alert("missing-argument", line.span, text);
    };
    if let Err(text) = add_case(c, &from.text, &to.text) {
        c.alert("bad-value", line.span, text);
    }
}

/// Notes how a header is written; the error is HAProxy's.
pub fn add_case(c: &mut Context<'_>, from: &[u8], to: &[u8]) -> Result<(), String> {
    if to.is_empty() {
        return Err("expect <to>".into());
    }
    if !from.eq_ignore_ascii_case(to) {
        return Err("<from> and <to> must not differ except the case".into());
    }
    if !c.process.header_cases.insert(from.to_vec()) {
        return Err(format!("duplicate entry '{}'", String::from_utf8_lossy(from)));
    }
    c.global().header_cases.insert(from.to_ascii_lowercase(), to.to_vec());
    Ok(())
}

fn case_file(c: &mut Context<'_>, path: Bytes) {
    c.process.header_case_file = Some(path);
}

fn error_codes(c: &mut Context<'_>, line: &Line<'_>) {
    let known = c.config.global.http_codes.errors;
    c.config.global.http_codes.errors = status_codes(c, line, known);
}

fn failure_codes(c: &mut Context<'_>, line: &Line<'_>) {
    let known = c.config.global.http_codes.failures;
    c.config.global.http_codes.failures = status_codes(c, line, known);
}

/// `404,410-418 +500 -503`: a word without a sign replaces what was `known`.
fn status_codes(c: &mut Context<'_>, line: &Line<'_>, known: StatusCodes) -> StatusCodes {
    let mut codes = known;
    if line.args.is_empty() {
        let text = format!("Missing status codes range for '{}'.", line.keyword());
        c.alert("missing-argument", line.span, text);
    }
    for word in line.args {
        if !matches!(word.text.first(), Some(b'+' | b'-')) {
            codes = StatusCodes::NONE;
        }
        let text = match change_codes(&word.text, &mut codes) {
            Ok(()) => continue,
            Err(Some(at)) => format!(
                "Invalid status codes range '{}' in '{}' at position {at}. Ranges must be in the form \
                 [+-]{{low[-{{high}}]}}[,...].",
                word.lossy(),
                line.keyword()
            ),
            Err(None) => format!(
                "Invalid status codes range '{}' in '{}'.\n Codes must be between 100 and 599 and ranges in \
                 ascending order.",
                word.lossy(),
                line.keyword()
            ),
        };
        c.alert("bad-value", word.span, text);
        break;
    }
    codes
}

/// The error is where the text is no range, or that the codes are wrong.
fn change_codes(text: &[u8], codes: &mut StatusCodes) -> Result<(), Option<usize>> {
    let add = text.first() != Some(&b'-');
    let mut at = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let number = |at: &mut usize| {
        let start = *at;
        *at += text[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let code = u16::try_from(numbers::lenient(&text[start..*at])).unwrap_or(u16::MAX);
        if *at == start { Err(Some(start)) } else { Ok(code) }
    };
    loop {
        let low = number(&mut at)?;
        let mut high = low;
        if text.get(at) == Some(&b'-') {
            at += 1;
            high = number(&mut at)?;
        }
        match text.get(at) {
            None | Some(b',') if high < low || low < 100 || high > 599 => return Err(None),
            None | Some(b',') => codes.set(low, high, add),
            Some(_) => return Err(Some(at)),
        }
        if at == text.len() {
            return Ok(());
        }
        at += 1;
    }
}

const FRAME: &str = "'{}' expects a numeric value between 16384 and 16777215.";
const TABLE: &str = "'{}' expects a numeric value between 4096 and 65536.";

pub const ROWS: &[Keyword] = &[
    needed(
        "tune.http.maxhdr",
        "The greatest number of headers.",
        (1, 32767),
        "'{}' expects a numeric value between 1 and 32767",
        |c, n| c.global().tune.http_maxhdr = usize_of(n),
    ),
    needed("tune.http.logurilen", "How much of a URI a log line shows.", ANY, "", |c, n| {
        c.global().tune.http_logurilen = usize_of(n).saturating_add(1)
    }),
    needed("tune.http.cookielen", "How much of a captured cookie is kept.", ANY, "", |c, n| {
        // HAProxy counts one more; none of that is the usual number.
        c.global().tune.http_cookielen = usize_of(if n == -1 { 63 } else { n });
    }),
    number(
        "tune.h2.max-concurrent-streams",
        "Streams of an HTTP/2 connection.",
        POSITIVE,
        POSITIVE_NUMBER,
        |c, n| c.global().tune.h2_max_concurrent_streams = u32_of(n),
    ),
    Keyword::new(
        "tune.h2.fe.max-concurrent-streams",
        "Streams of a client's HTTP/2 connection.",
        HERE,
        "<number> [rq-load { auto | ignore | <load> }] [min <number>]",
        MANY,
        Set::Line(client_streams),
    ),
    number(
        "tune.h2.be.max-concurrent-streams",
        "Streams of a server's HTTP/2 connection.",
        POSITIVE,
        POSITIVE_NUMBER,
        |c, n| c.global().tune.h2_servers.max_concurrent_streams = Some(u32_of(n)),
    ),
    number(
        "tune.h2.initial-window-size",
        "The window of an HTTP/2 stream.",
        POSITIVE,
        POSITIVE_NUMBER,
        |c, n| c.global().tune.h2_initial_window_size = u32_of(n),
    ),
    number(
        "tune.h2.fe.initial-window-size",
        "The window of a client's HTTP/2 stream.",
        POSITIVE,
        POSITIVE_NUMBER,
        |c, n| c.global().tune.h2_clients.initial_window_size = Some(u32_of(n)).filter(|some| *some > 0),
    ),
    number(
        "tune.h2.be.initial-window-size",
        "The window of a server's HTTP/2 stream.",
        POSITIVE,
        POSITIVE_NUMBER,
        |c, n| c.global().tune.h2_servers.initial_window_size = Some(u32_of(n)),
    ),
    number("tune.h2.header-table-size", "The HPACK table.", (4096, 65536), TABLE, |c, n| {
        c.global().tune.h2_header_table_size = u32_of(n)
    }),
    number("tune.h2.max-frame-size", "The largest HTTP/2 frame.", (16384, 16_777_215), FRAME, |c, n| {
        c.global().tune.h2_max_frame_size = Some(u32_of(n))
    }),
    rxbuf("tune.h2.be.rxbuf", "Buffers of a server's HTTP/2 connection.", |c, size| {
        c.global().tune.h2_servers.rxbuf = Some(size)
    }),
    rxbuf("tune.h2.fe.rxbuf", "Buffers of a client's HTTP/2 connection.", |c, size| {
        c.global().tune.h2_clients.rxbuf = u32::try_from(size).unwrap_or(u32::MAX)
    }),
    number(
        "tune.h1.be.glitches-threshold",
        "Small faults after which a server's HTTP/1 connection is closed.",
        POSITIVE,
        POSITIVE_NUMBER,
        |c, n| c.global().tune.h1_glitches.servers = u32_of(n),
    ),
    number(
        "tune.h1.fe.glitches-threshold",
        "Small faults after which a client's HTTP/1 connection is closed.",
        POSITIVE,
        POSITIVE_NUMBER,
        |c, n| c.global().tune.h1_glitches.clients = u32_of(n),
    ),
    number(
        "tune.h2.be.glitches-threshold",
        "Small faults after which a server's connection is closed.",
        POSITIVE,
        POSITIVE_NUMBER,
        |c, n| c.global().tune.h2_servers.glitches_threshold = u32_of(n),
    ),
    number(
        "tune.h2.fe.glitches-threshold",
        "Small faults after which a client's connection is closed.",
        POSITIVE,
        POSITIVE_NUMBER,
        |c, n| c.global().tune.h2_clients.glitches_threshold = u32_of(n),
    ),
    number("tune.h2.be.max-frames-at-once", "Frames of a server handled in a row.", ANY, "", |c, n| {
        c.global().tune.h2_servers.max_frames_at_once = u32_of(n)
    }),
    number("tune.h2.fe.max-frames-at-once", "Frames of a client handled in a row.", ANY, "", |c, n| {
        c.global().tune.h2_clients.max_frames_at_once = u32_of(n)
    }),
    number("tune.h2.fe.max-rst-at-once", "Resets of a client handled in a row.", ANY, "", |c, n| {
        c.global().tune.h2_clients.max_rst_at_once = u32_of(n)
    }),
    number(
        "tune.h2.fe.max-total-streams",
        "Streams after which a client's connection is renewed.",
        POSITIVE,
        POSITIVE_NUMBER,
        |c, n| c.global().tune.h2_clients.max_total_streams = u32_of(n),
    ),
    Keyword::new(
        "tune.h2.log-errors",
        "Which errors of HTTP/2 clients are logged.",
        HERE,
        "{ none | connection | stream }",
        OPTIONAL,
        Set::Choice(&["none", "connection", "stream"], |c, index| {
            let levels = [H2Errors::None, H2Errors::Connections, H2Errors::Streams];
            c.global().tune.h2_clients.log_errors = levels[index];
        }),
    )
    .range("'{}' expects 'none', 'connection', or 'stream'"),
    switch("tune.h2.zero-copy-fwd-send", "Sends without a copy.", ON_OFF),
    switch("tune.h1.zero-copy-fwd-recv", "Receives without a copy.", ON_OFF),
    switch("tune.h1.zero-copy-fwd-send", "Sends without a copy.", ON_OFF),
    Keyword::new(
        "h2-workaround-bogus-websocket-clients",
        "Does not announce extended CONNECT.",
        HERE,
        "",
        NONE,
        Set::Flag(|c| c.global().tune.h2_websocket = false),
    )
    .unlisted()
    .hidden(),
    setting("h1-accept-payload-with-any-method", "Accepts a body with any method.", |c| {
        c.global().any_method_payload = true
    }),
    setting(
        "h1-do-not-close-on-insecure-transfer-encoding",
        "Keeps connections with an unsafe transfer-encoding.",
        |c| c.global().keep_insecure_te = true,
    ),
    Keyword::new(
        "h1-case-adjust",
        "Writes a header's name in another case.",
        HERE,
        "<from> <to>",
        (0, 2),
        Set::Line(case_adjust),
    ),
    Keyword::new(
        "h1-case-adjust-file",
        "The file of header names in another case.",
        HERE,
        "<hdrs-file>",
        ONE,
        Set::Word(case_file),
    )
    .missing("'{}' expects <file> as argument."),
    Keyword::new(
        "http-err-codes",
        "Statuses that count as the client's errors.",
        HERE,
        "[+-]<range>[,...]",
        MANY,
        Set::Line(error_codes),
    ),
    Keyword::new(
        "http-fail-codes",
        "Statuses that count as the server's failures.",
        HERE,
        "[+-]<range>[,...]",
        MANY,
        Set::Line(failure_codes),
    ),
];
