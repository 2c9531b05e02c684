//! Actions that answer the client without a server: `deny`, `tarpit`, `return`, `auth`, and how
//! an answer is made of their options (manual, section 4.4).

use ir::spec::{ActionArg, ActionOption};
use proto::h1::reason_phrase;
use proto::message::Version;
use state::Stream;
use state::plan::{ActionValue, Args, Outcome};
use state::termination::{Cause, State};

use crate::pages;
use crate::room;
use crate::row::{Action, sets};

const CODE: &[ActionArg] = &[ActionArg::Int(200, 599)];

/// The options of an answer; `return` knows all but the last, by the same indexes.
const ANSWER: [ActionOption; 11] = [
    ActionOption::new("status", CODE),
    ActionOption::new("content-type", &[ActionArg::Str]),
    ActionOption::new("string", &[ActionArg::Str]),
    ActionOption::new("lf-string", &[ActionArg::Fmt]),
    ActionOption::new("file", &[ActionArg::File]),
    ActionOption::new("lf-file", &[ActionArg::FmtFile]),
    ActionOption::new("errorfile", &[ActionArg::File]),
    ActionOption::new("errorfiles", &[ActionArg::Str]),
    ActionOption::new("default-errorfiles", &[]),
    ActionOption::new("hdr", &[ActionArg::Str, ActionArg::Fmt]),
    ActionOption::first("deny_status", CODE),
];
const STATUS: usize = 0;
const CONTENT_TYPE: usize = 1;
const STRING: usize = 2;
const LF_STRING: usize = 3;
const FILE: usize = 4;
const LF_FILE: usize = 5;
const ERRORFILE: usize = 6;
const ERRORFILES: usize = 7;
const DEFAULT_ERRORFILES: usize = 8;
const HDR: usize = 9;
const DENY_STATUS: usize = 10;

const RETURN: &[ActionOption] = ANSWER.split_at(DENY_STATUS).0;
const REALM: &[ActionOption] = &[ActionOption::once("realm", &[ActionArg::Str])];

pub const ROWS: &[Action] = &[
    Action::new("deny", sets::REQUEST | sets::RESPONSE, &[], "Refuses the request or the response", deny)
        .options(&ANSWER)
        .last(),
    Action::new("tarpit", sets::REQUEST, &[], "Refuses the request after a while (`timeout tarpit`)", tarpit)
        .options(&ANSWER)
        .last(),
    Action::new("return", sets::REQUEST | sets::RESPONSE, &[], "Answers with what the options say", answer)
        .options(RETURN)
        .last(),
    Action::new("auth", sets::REQUEST, &[], "Asks the client for a user name and a password", auth)
        .options(REALM)
        .last(),
];

fn deny(stream: &mut Stream, args: &Args) -> Outcome {
    let status = status(args, if stream.in_response() { 502 } else { 403 });
    if is_plain(args) {
        return Outcome::Deny(status);
    }
    // The formats of the answer see how the stream ends.
    reply(stream, Cause::Proxy);
    make(stream, args, status);
    Outcome::Reply
}

fn tarpit(stream: &mut Stream, args: &Args) -> Outcome {
    let wait = stream.tarpit_timeout().unwrap_or(0);
    let status = status(args, 500);
    if is_plain(args) {
        return Outcome::Tarpit(status, wait);
    }
    make(stream, args, status);
    Outcome::Tarpit(0, wait)
}

fn answer(stream: &mut Stream, args: &Args) -> Outcome {
    // The formats of the answer see how the stream ends.
    reply(stream, Cause::Local);
    make(stream, args, status(args, 200));
    Outcome::Reply
}

fn auth(stream: &mut Stream, args: &Args) -> Outcome {
    let settings = stream.plan.settings(stream.rules_of);
    let realm =
        args.option(0).and_then(|values| values.first()).map_or(&settings.name[..], ActionValue::bytes);
    // A client that knows it talks to a proxy names the whole URI; over HTTP/2 all do.
    let (_, target) = stream.req.received();
    let to_proxy = settings.options.http_use_proxy_header && !target.starts_with(b"/") && target != b"*";
    let (status, name): (_, &[u8]) =
        if to_proxy { (407, b"proxy-authenticate") } else { (401, b"www-authenticate") };
    let proxy = stream.backend.unwrap_or(stream.session.frontend);
    pages::fill(stream, proxy, status);
    stream.with_scratch(|stream, value| {
        for part in [b"Basic realm=\"", realm, b"\""] {
            value.extend_from_slice(part);
        }
        stream.res.set(name, value);
    });
    reply(stream, Cause::Local)
}

/// Sends what `stream.res` and `stream.reply` hold, and says who ended the stream.
pub(crate) fn reply(stream: &mut Stream, cause: Cause) -> Outcome {
    let state = if stream.in_response() { State::Headers } else { State::Request };
    stream.termination.set(cause, state);
    Outcome::Reply
}

fn status(args: &Args, default: u16) -> u16 {
    let given = args.option_int(STATUS).or_else(|| args.option_int(DENY_STATUS));
    given.and_then(|code| u16::try_from(code).ok()).unwrap_or(default)
}

/// Whether a refusal is the error page of its status: nothing but `deny_status` was said.
fn is_plain(args: &Args) -> bool {
    matches!(args.options[..], [] | [(DENY_STATUS, _)])
}

/// Makes the answer in `stream.res` and `stream.reply`: the page of 500 where it is too large.
pub(crate) fn make(stream: &mut Stream, args: &Args, status: u16) {
    stream.answer_status = Some(status);
    let file = [ERRORFILE, ERRORFILES].into_iter().find_map(|index| args.option(index)?.first());
    if let Some(ActionValue::File(file)) = file
        && pages::raw(stream, file)
    {
        return;
    }
    // A section of pages that has none for the status still stands there by its name.
    if let Some(ActionValue::Str(_)) = file {
        stream.res.start_response(status, reason_phrase(status).as_bytes(), Version::Http11);
        stream.reply.clear();
        return pages::frame(&mut stream.res, 0);
    }
    if file.is_some() || args.option(DEFAULT_ERRORFILES).is_some() {
        let proxy = stream.backend.unwrap_or(stream.session.frontend);
        return pages::fill(stream, proxy, status);
    }
    // As in HAProxy, what the answer takes the place of is gone before its formats are written.
    stream.res.start_response(status, reason_phrase(status).as_bytes(), Version::Http11);
    stream.is_answering = true;
    let mut body = std::mem::take(&mut stream.reply);
    body.clear();
    for index in [STRING, LF_STRING, FILE, LF_FILE] {
        match args.option(index) {
            Some([ActionValue::Fmt(format)]) => format.write(stream, &mut body),
            Some([value]) => body.extend_from_slice(value.bytes()),
            _ => {}
        }
    }
    for (name, value) in fields(args) {
        stream.with_scratch(|stream, text| {
            write(value, stream, text);
            if !text.is_empty() {
                stream.res.add(name.bytes(), text);
            }
        });
    }
    stream.is_answering = false;
    pages::frame(&mut stream.res, body.len());
    if let Some([kind]) = args.option(CONTENT_TYPE)
        && !body.is_empty()
    {
        stream.res.add(b"content-type", kind.bytes());
    }
    stream.reply = body;
    if room::holds_answer(stream) {
        return;
    }
    match status {
        500 => pages::built_in(stream, status),
        _ => pages::fill(stream, stream.backend.unwrap_or(stream.session.frontend), 500),
    }
}

/// The `hdr` options. The answer's own fields cannot be set by them.
fn fields(args: &Args) -> impl Iterator<Item = (&ActionValue, &ActionValue)> {
    const OWN: [&[u8]; 3] = [b"content-length", b"transfer-encoding", b"content-type"];
    args.options.iter().filter_map(|(index, values)| match values.as_slice() {
        [name, value] if *index == HDR && !OWN.iter().any(|own| name.bytes().eq_ignore_ascii_case(own)) => {
            Some((name, value))
        }
        _ => None,
    })
}

fn write(value: &ActionValue, stream: &Stream, out: &mut Vec<u8>) {
    match value {
        ActionValue::Fmt(format) => format.write(stream, out),
        value => out.extend_from_slice(value.bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{run, run_in, run_stream};
    use state::testing;

    const REQUEST: &str = "GET /a HTTP/1.1\nhost: h";
    const RESPONSE: &str = "GET /a HTTP/1.1\n---\nHTTP/1.1 200 OK\nserver: s\n";

    fn check(input: &str, rule: &str, expected: &str) {
        assert_eq!(run(input, rule), expected, "{rule}");
    }

    #[test]
    fn refusals_by_a_page() {
        let check = |input: &str, rule: &str, expected: Outcome| {
            assert_eq!(run_stream(testing::config(), input, rule).1, expected, "{rule}");
        };
        check(REQUEST, "deny", Outcome::Deny(403));
        check(REQUEST, "deny deny_status 429", Outcome::Deny(429));
        check(RESPONSE, "deny", Outcome::Deny(502));
        check(REQUEST, "tarpit", Outcome::Tarpit(500, 0));
        check(REQUEST, "tarpit deny_status 429", Outcome::Tarpit(429, 0));
    }

    #[test]
    fn answers_of_their_own() {
        check(REQUEST, "return", "Reply\n200 OK\ncontent-length: 0\n\n");
        check(REQUEST, "return status 204", "Reply\n204 No Content\ncontent-length: 0\n\n");
        check(REQUEST, "deny status 403", "Reply\n403 Forbidden\ncontent-length: 0\n\n");
        check(
            REQUEST,
            "deny status 418 content-type text/plain lf-string <%[path]> hdr X-A %[method] hdr x-b %[req.hdr(no)]",
            "Reply\n418 I'm a teapot\nx-a: GET\ncontent-length: 4\ncontent-type: text/plain\n\n</a>",
        );
        check(
            REQUEST,
            "return content-type text/x string %[path] hdr content-length 9",
            "Reply\n200 OK\ncontent-length: 7\ncontent-type: text/x\n\n%[path]",
        );
        check(
            RESPONSE,
            "return content-type text/plain lf-string <%[res.hdr(server)]> hdr x-new a",
            "Reply\n200 OK\nx-new: a\ncontent-length: 2\ncontent-type: text/plain\n\n<>",
        );
        check(
            REQUEST,
            "tarpit status 503 content-type text/plain string zz",
            "Tarpit(0, 0)\n503 Service Unavailable\ncontent-length: 2\ncontent-type: text/plain\n\nzz",
        );
    }

    #[test]
    fn too_large() {
        let check = |rule: &str, expected: (Outcome, u16)| {
            let mut config = testing::config();
            config.global.tune.bufsize = 250;
            let (stream, outcome) = run_stream(config, REQUEST, &rule.replace("long", &"x".repeat(150)));
            assert_eq!((outcome, stream.status()), expected, "{rule}");
        };
        check("return content-type a/b string x", (Outcome::Reply, 200));
        check("return content-type a/b string long", (Outcome::Reply, 500));
        check("deny status 500 hdr x long", (Outcome::Reply, 500));
        check("redirect location long", (Outcome::Failed, 302));
    }

    #[test]
    fn who_ended_the_stream() {
        let check = |input: &str, rule: &str, letters: &[u8]| {
            let (stream, _) = run_stream(testing::config(), input, rule);
            assert_eq!(&stream.termination.letters()[..2], letters, "{rule}");
        };
        check(REQUEST, "return", b"LR");
        check(RESPONSE, "return", b"LH");
        check(REQUEST, "deny status 403", b"PR");
        check(RESPONSE, "deny status 403", b"PH");
        check(REQUEST, "redirect location /", b"LR");
        check(REQUEST, "auth", b"LR");
    }

    #[test]
    fn the_time_of_a_tarpit() {
        let check = |tarpit: Option<u64>, connect: Option<u64>, expected: u64| {
            let mut config = testing::config();
            config.proxies[0].timeouts.tarpit = tarpit;
            config.proxies[0].timeouts.connect = connect;
            assert_eq!(run_stream(config, REQUEST, "tarpit").1, Outcome::Tarpit(500, expected));
        };
        check(Some(7), Some(9), 7);
        check(None, Some(9), 9);
        check(None, None, 0);
    }

    #[test]
    fn asking_for_a_password() {
        let page = |status: &str, name: &str, realm: &str| {
            format!(
                "Reply\n{status} Unauthorized\ncontent-length: 112\ncache-control: no-cache\n\
                 content-type: text/html\n{name}: Basic realm=\"{realm}\"\n\n\
                 <html><body><h1>{status} Unauthorized</h1>\n\
                 You need a valid user and password to access this content.\n</body></html>\n"
            )
        };
        check(REQUEST, "auth", &page("401", "www-authenticate", "web"));
        check(REQUEST, "auth realm Mine", &page("401", "www-authenticate", "Mine"));
        let mut config = testing::config();
        config.proxies[0].options.http_use_proxy_header = true;
        let request = "GET http://h/a HTTP/1.1\nhost: h";
        assert_eq!(run_in(config.clone(), request, "auth"), page("407", "proxy-authenticate", "web"));
        assert_eq!(run_in(config, REQUEST, "auth"), page("401", "www-authenticate", "web"));
    }
}
