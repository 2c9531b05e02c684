//! Values that are wanted under a condition only, as what explains an error.

use ir::config::Mode;
use ir::spec::ArgType;
use ir::types::SampleType::Any;
use state::plan::Answer;
use state::sample::Arg;
use state::{Stream, Value};

use super::text_arg;
use crate::checks;
use crate::row::{Converter, Example};

pub const ROWS: &[Converter] =
    &[Converter::new("when", Any, Any, "The value where a state of the stream or an ACL holds", when)
        .args(1, &[ArgType::Str, ArgType::Str, ArgType::Str])
        .check(checks::condition)
        .examples(&[
            Example::new("a", &["normal"], "a"),
            Example::none("a", &["!normal"]),
            Example::none("a", &["error"]),
            Example::none("a", &["stopping"]),
            Example::new("a", &["!forwarded"], "a"),
            Example::none("a", &["processed"]),
            Example::none("a", &["toapplet"]),
            Example::none("a", &["acl", "empty"]),
            Example::new("a", &["!acl", "empty"], "a"),
        ])];

fn is_forwarded(stream: &Stream) -> bool {
    stream.server.is_some() && stream.timing.dequeued.is_some()
}

/// A service of the process answers.
fn is_served(stream: &Stream) -> bool {
    stream.server.is_none() && !stream.server_label.is_empty()
}

/// What never became a request has no stream in HAProxy, and so no error.
fn has_failed(stream: &Stream) -> bool {
    let is_http = stream.plan.settings(stream.session.frontend).mode == Mode::Http;
    stream.has_failed() && !(is_http && stream.req.is_empty())
}

fn when<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let word = text_arg(args, 0)?;
    let (word, is_negated) = word.strip_prefix(b"!").map_or((word, false), |word| (word, true));
    let holds = match word {
        b"stopping" => stream.plan.live.is_stopping(),
        b"error" => has_failed(stream),
        b"normal" => !has_failed(stream),
        b"forwarded" => is_forwarded(stream),
        b"toapplet" => is_served(stream),
        b"processed" => is_forwarded(stream) || is_served(stream),
        b"acl" => match args.get(1) {
            Some(Arg::Acl(acl, _)) => acl.eval(stream) == Answer::Yes,
            _ => return None,
        },
        _ => return None,
    };
    (holds != is_negated).then_some(value)
}
