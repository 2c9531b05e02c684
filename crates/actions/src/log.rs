//! Actions on the log line of the stream: its level, and what is captured for it.

use ir::config::Level;
use ir::spec::{ActionArg, ActionOption};
use state::Stream;
use state::plan::{ActionValue, Args, Outcome};

use crate::row::{Action, sets};

const SLOT: &[ActionOption] = &[
    ActionOption::new("len", &[ActionArg::Int(0, i32::MAX as i64)]),
    ActionOption::new("id", &[ActionArg::Int(0, i32::MAX as i64)]),
];
/// Index in [`SLOT`]. The checker gives every `len` an `id` as well: that of a new slot.
const ID: usize = 1;

const PROFILE: &[ActionOption] = &[ActionOption::new("profile", &[ActionArg::Str])];

pub const ROWS: &[Action] = &[
    Action::new("do-log", sets::QUIC | sets::ALL, &[], "Logs at once", do_log).options(PROFILE),
    Action::new(
        "set-log-level",
        sets::CONTENT | sets::TCP_RESPONSE | sets::HTTP,
        &[ActionArg::Str],
        "Sets the level of the log line, or `silent` for none",
        set_log_level,
    ),
    Action::new(
        "capture",
        sets::CONTENT | sets::HTTP,
        &[ActionArg::Expr],
        "Keeps a sample for the log line, in a slot beside captured headers",
        capture,
    )
    .unlisted(sets::CONTENT)
    .options(SLOT),
];

fn do_log(stream: &mut Stream, args: &Args) -> Outcome {
    let name = args.option(0).and_then(|values| values.first()).map(ActionValue::bytes);
    Outcome::Log(name.and_then(|name| stream.plan.log_profile(name)))
}

fn set_log_level(stream: &mut Stream, args: &Args) -> Outcome {
    stream.log_silent = args.str(0) == b"silent";
    stream.log_level = level(args.str(0));
    Outcome::Continue
}

fn level(name: &[u8]) -> Option<Level> {
    let number = Level::NAMES.iter().position(|level| level.as_bytes() == name)?;
    Level::ALL.get(number).copied()
}

/// A slot that the frontend does not have is left out.
fn capture(stream: &mut Stream, args: &Args) -> Outcome {
    let (Some(id), Some(ActionValue::Expr(expr))) = (args.option_int(ID), args.values.first()) else {
        return Outcome::Continue;
    };
    if let Ok(value) = expr.eval(stream) {
        stream.capture(stream.in_response(), id, value.to_text(&stream.arena));
    }
    Outcome::Continue
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run_stream;
    use ir::config::Capture;
    use state::testing;

    #[test]
    fn levels() {
        let check = |name: &str, level: Option<Level>, silent: bool| {
            let (stream, _) =
                run_stream(testing::config(), "GET / HTTP/1.1", &format!("set-log-level {name}"));
            assert_eq!((stream.log_level, stream.log_silent), (level, silent), "{name}");
        };
        check("emerg", Some(Level::Emerg), false);
        check("debug", Some(Level::Debug), false);
        check("silent", None, true);
    }

    #[test]
    fn captures() {
        let check = |rule: &str, expected: [Option<&str>; 2]| {
            let mut config = testing::config();
            config.proxies[0].request_captures = vec![Capture { name: Vec::new(), len: 3 }; 2];
            let (stream, _) = run_stream(config, "GET /long HTTP/1.1", rule);
            let kept = stream.request_captures.borrow();
            assert_eq!([kept.get(0), kept.get(1)], expected.map(|text| text.map(str::as_bytes)), "{rule}");
        };
        check("capture path id 1", [None, Some("/lo")]);
        check("capture path len 3 id 0", [Some("/lo"), None]);
        check("capture path id 2", [None, None]);
        check("capture req.fhdr(x) id 0", [None, None]);
        check("capture str() id 0", [Some(""), None]);
    }
}
