//! Actions that say where a stream goes: on, away, to a service, or into a wait.

use ir::spec::{ActionArg, ActionOption};
use ir::types::SampleType;
use proto::message::{Framing, Version};
use state::plan::{ActionValue, Args, Outcome};
use state::session::Mux;
use state::{Stream, Value};

use crate::row::{Action, sets};

const BODY: &[ActionOption] = &[
    ActionOption::new("time", &[ActionArg::Time]),
    ActionOption::new("at-least", &[ActionArg::Size]),
    ActionOption::new("use-large-buffer", &[]),
];
/// Indexes in [`BODY`].
const TIME: usize = 0;
const AT_LEAST: usize = 1;

const NAME: &[ActionOption] = &[ActionOption::new("name", &[ActionArg::Expr])];
const PROTO: &[ActionOption] = &[ActionOption::once("proto", &[ActionArg::Str])];

pub const ROWS: &[Action] = &[
    Action::new(
        "accept",
        sets::QUIC | sets::TCP,
        &[],
        "Ends this rule list, the connection is accepted",
        stop,
    )
    .unlisted(sets::TCP)
    .last(),
    Action::new("allow", sets::HTTP, &[], "Ends this rule list, the message is accepted", stop).last(),
    Action::new(
        "reject",
        sets::QUIC | sets::TCP | sets::REQUEST,
        &[],
        "Closes the connection without an answer",
        reject,
    )
    .unlisted(sets::TCP),
    Action::new("close", sets::TCP_RESPONSE, &[], "Closes the server's connection at once", close)
        .unlisted(sets::TCP)
        .last(),
    Action::new(
        "expect-proxy",
        sets::CONNECTION,
        &[ActionArg::Str],
        "The connection begins with a PROXY header",
        expect_proxy,
    )
    .unlisted(sets::TCP),
    Action::new(
        "expect-netscaler-cip",
        sets::CONNECTION,
        &[ActionArg::Str],
        "The connection begins with a NetScaler header",
        expect_netscaler,
    )
    .unlisted(sets::TCP),
    Action::new(
        "use-service",
        sets::CONTENT | sets::REQUEST,
        &[ActionArg::Service],
        "Has a service answer instead of a server",
        use_service,
    ),
    Action::new(
        "pause",
        sets::REQUEST | sets::RESPONSE,
        &[ActionArg::TimeOrExpr],
        "Waits before the next rule",
        pause,
    ),
    Action::new(
        "wait-for-body",
        sets::REQUEST | sets::RESPONSE,
        &[],
        "Waits until the body has come, or as much of it as fits into the buffer",
        wait_for_body,
    )
    .options(BODY),
    Action::new(
        "strict-mode",
        sets::HTTP,
        &[ActionArg::Str],
        "Whether a rewrite that fails refuses the message (`on`) or is left out (`off`)",
        strict_mode,
    ),
    Action::new(
        "wait-for-handshake",
        sets::REQUEST,
        &[],
        "Waits for the end of the TLS handshake, which every request already follows",
        go_on,
    ),
    Action::new(
        "early-hint",
        sets::REQUEST,
        &[ActionArg::Str, ActionArg::Fmt],
        "Sends a 103 response with a header field",
        early_hint,
    ),
    Action::new("switch-mode", sets::CONTENT, &[ActionArg::Str], "Goes on as HTTP", switch_mode)
        .options(PROTO),
    Action::new("attach-srv", sets::SESSION, &[ActionArg::Str], "Gives the connection to a server", attach)
        .options(NAME),
];

const EARLY_HINTS: u16 = 103;

fn go_on(_: &mut Stream, _: &Args) -> Outcome {
    Outcome::Continue
}

fn strict_mode(stream: &mut Stream, args: &Args) -> Outcome {
    stream.soft_rewrites = args.str(0).eq_ignore_ascii_case(b"off");
    Outcome::Continue
}

fn stop(_: &mut Stream, _: &Args) -> Outcome {
    Outcome::Stop
}

fn reject(_: &mut Stream, _: &Args) -> Outcome {
    Outcome::Reject
}

fn close(_: &mut Stream, _: &Args) -> Outcome {
    Outcome::Close
}

fn expect_proxy(stream: &mut Stream, _: &Args) -> Outcome {
    stream.session.expects_proxy.set(true);
    Outcome::Continue
}

fn expect_netscaler(stream: &mut Stream, _: &Args) -> Outcome {
    stream.session.expects_netscaler.set(true);
    Outcome::Continue
}

fn use_service(_: &mut Stream, args: &Args) -> Outcome {
    match args.values.first() {
        Some(ActionValue::Service(id)) => Outcome::Service(*id),
        _ => Outcome::Continue,
    }
}

/// An expression that gives no number of milliseconds does not wait.
fn pause(stream: &mut Stream, args: &Args) -> Outcome {
    let wait = match args.values.first() {
        Some(ActionValue::Time(ms)) => Some(*ms),
        Some(ActionValue::Expr(expr)) => {
            match expr.eval(stream).ok().and_then(|value| value.cast(SampleType::Sint, &stream.arena)) {
                Some(Value::Sint(ms)) => Some(ms),
                _ => None,
            }
        }
        _ => None,
    };
    match wait.and_then(|ms| u64::try_from(ms).ok()) {
        Some(ms @ 1..) => Outcome::Pause(ms),
        _ => Outcome::Continue,
    }
}

fn wait_for_body(stream: &mut Stream, args: &Args) -> Outcome {
    let least = args.option_int(AT_LEAST).and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
    let (head, body) = match stream.in_response() {
        true => (&stream.res, &stream.res_body),
        false => (&stream.req, &stream.req_body),
    };
    // A client that asks for leave to send its body is given that, even if all of it is here.
    if !stream.in_response() && stream.req.waits_for_leave() {
        return Outcome::WaitForBody(args.option_int(TIME).map_or(0, i64::unsigned_abs), least);
    }
    let enough = least > 0 && body.bytes.len() >= least;
    if enough || body.complete || head.framing == Framing::None {
        return Outcome::Continue;
    }
    Outcome::WaitForBody(args.option_int(TIME).map_or(0, i64::unsigned_abs), least)
}

/// The rules behind it that say the same without a condition add to the same message: see
/// [`crate::run`]. HTTP/1.0 knows none.
pub(crate) fn early_hint(stream: &mut Stream, args: &Args) -> Outcome {
    if stream.req.version < Version::Http11 {
        return Outcome::Continue;
    }
    stream.with_scratch(|stream, value| {
        args.write(1, stream, value);
        if stream.res.is_empty() {
            stream.res.start_response(EARLY_HINTS, b"Early Hints", Version::Http11);
        }
        stream.res.add(args.str(0), value);
    });
    Outcome::Hint
}

/// Only the runtime has connections: it reads the server and its name out of the rule.
fn attach(_: &mut Stream, _: &Args) -> Outcome {
    Outcome::Attach
}

fn switch_mode(_: &mut Stream, args: &Args) -> Outcome {
    let proto = args.option(0).and_then(|values| values.first()).map(ActionValue::bytes);
    Outcome::SwitchMode(match proto {
        Some(b"h1") => Some(Mux::Http1),
        Some(b"h2") => Some(Mux::Http2),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run_stream;
    use state::testing;

    fn check(rule: &str, expected: Outcome) {
        let input = "GET / HTTP/1.1\nx-wait: 7";
        let (_, outcome) = run_stream(testing::config(), input, rule);
        assert_eq!(outcome, expected, "{rule}");
    }

    #[test]
    fn outcomes() {
        check("allow", Outcome::Stop);
        check("reject", Outcome::Reject);
        check("use-service 4", Outcome::Service(ir::id::ServiceId(4)));
        check("strict-mode off", Outcome::Continue);
        check("early-hint link </a>", Outcome::Hint);
    }

    #[test]
    fn hints_join() {
        let rules = "early-hint Link </a>\nearly-hint link %[method]\nallow\nearly-hint x y";
        let (stream, outcome) = run_stream(testing::config(), "GET / HTTP/1.1", rules);
        let fields: Vec<_> = stream.res.fields().collect();
        assert_eq!((outcome, stream.res.status()), (Outcome::Hint, 103));
        assert_eq!(fields, [(&b"link"[..], &b"</a>"[..]), (b"link", b"GET")]);
        let (stream, outcome) = run_stream(testing::config(), "GET / HTTP/1.0", "early-hint a b");
        assert!(outcome == Outcome::Continue && stream.res.is_empty());
    }

    #[test]
    fn pauses() {
        check("pause 50", Outcome::Pause(50));
        check("pause req.hdr(x-wait)", Outcome::Pause(7));
        check("pause req.hdr(none)", Outcome::Continue);
        check("pause method", Outcome::Continue);
        check("pause 0", Outcome::Continue);
    }

    #[test]
    fn bodies() {
        check("wait-for-body time 5", Outcome::Continue);
        let wait = |rule: &str, expected: Outcome| {
            let (mut stream, _) = run_stream(testing::config(), "POST / HTTP/1.1\n\nabc", rule);
            stream.req.framing = Framing::Length(10);
            stream.req_body.complete = false;
            let outcome = crate::run(&mut stream, ir::id::ProxyId(0), ir::spec::RuleSet::HttpRequest, &mut 0);
            assert_eq!(outcome, expected, "{rule}");
        };
        wait("wait-for-body time 5", Outcome::WaitForBody(5, 0));
        wait("wait-for-body time 5 at-least 4", Outcome::WaitForBody(5, 4));
        wait("wait-for-body time 5 at-least 3", Outcome::Continue);
    }
}
