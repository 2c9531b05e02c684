//! Actions that set the limits of one stream: its times, its attempts to connect, its place in
//! queues.

use ir::spec::ActionArg::{Expr, IntOrExpr, Str, TimeOrExpr};
use state::Stream;
use state::plan::{Args, Outcome};

use crate::row::{Action, number, sets};

const STREAM: u16 = sets::CONTENT | sets::TCP_RESPONSE | sets::REQUEST | sets::RESPONSE;
/// The sets in which a server is still to be found.
const TO_SERVER: u16 = sets::CONTENT | sets::REQUEST;

pub const ROWS: &[Action] = &[
    Action::new(
        "set-bc-mark",
        TO_SERVER,
        &[IntOrExpr(i64::MIN, i64::MAX)],
        "Sets the mark of packets to the server",
        set_mark,
    ),
    Action::new(
        "set-bc-tos",
        TO_SERVER,
        &[IntOrExpr(i64::MIN, i64::MAX)],
        "Sets the TOS field of packets to the server",
        set_tos,
    ),
    Action::new(
        "set-nice",
        STREAM,
        &[Str],
        "Asks for a priority of the stream's task; all tasks have the same here",
        |_, _| Outcome::Continue,
    ),
    Action::new(
        "set-priority-class",
        TO_SERVER,
        &[Expr],
        "Sets the class in the queue: lower ones go first",
        set_class,
    ),
    Action::new(
        "set-priority-offset",
        TO_SERVER,
        &[Expr],
        "Sets the offset in the queue, in milliseconds",
        set_offset,
    ),
    Action::new(
        "disable-l7-retry",
        sets::REQUEST,
        &[],
        "Does not repeat this request once it was sent",
        disable_retry,
    ),
    Action::new(
        "set-retries",
        TO_SERVER,
        &[IntOrExpr(0, 100)],
        "Sets how often a failed connect is repeated",
        set_retries,
    ),
    Action::new(
        "set-timeout",
        sets::REQUEST | sets::RESPONSE,
        &[Str, TimeOrExpr],
        "Sets a timeout of this stream",
        set_timeout,
    ),
];

fn set_mark(stream: &mut Stream, args: &Args) -> Outcome {
    if let Some(mark) = number(stream, args, 0) {
        stream.overrides.mark = Some(mark as u32);
    }
    Outcome::Continue
}

fn set_tos(stream: &mut Stream, args: &Args) -> Outcome {
    if let Some(tos) = number(stream, args, 0) {
        stream.overrides.tos = Some(tos as i32);
    }
    Outcome::Continue
}

fn set_class(stream: &mut Stream, args: &Args) -> Outcome {
    const MOST: i16 = 0x7ff;
    if let Some(class) = number(stream, args, 0) {
        stream.priority.class = class.clamp(-i64::from(MOST), i64::from(MOST)) as i16;
    }
    Outcome::Continue
}

fn set_offset(stream: &mut Stream, args: &Args) -> Outcome {
    const MOST: i32 = 0x7ffff;
    if let Some(offset) = number(stream, args, 0) {
        stream.priority.offset = offset.clamp(-i64::from(MOST), i64::from(MOST)) as i32;
    }
    Outcome::Continue
}

fn set_retries(stream: &mut Stream, args: &Args) -> Outcome {
    const MOST: i64 = 100;
    if let Some(retries) = number(stream, args, 0) {
        stream.overrides.retries = u32::try_from(retries.clamp(0, MOST)).ok();
    }
    Outcome::Continue
}

/// What is no positive number of milliseconds changes nothing.
fn set_timeout(stream: &mut Stream, args: &Args) -> Outcome {
    let ms = number(stream, args, 1).and_then(|ms| u64::try_from(ms).ok()).filter(|ms| *ms > 0);
    let overrides = &mut stream.overrides;
    let limit = match args.str(0) {
        b"client" => &mut overrides.client,
        b"connect" => &mut overrides.connect,
        b"queue" => &mut overrides.queue,
        b"server" => &mut overrides.server,
        b"tarpit" => &mut overrides.tarpit,
        b"tunnel" => &mut overrides.tunnel,
        _ => return Outcome::Continue,
    };
    if ms.is_some() {
        *limit = ms;
    }
    Outcome::Continue
}

fn disable_retry(stream: &mut Stream, _: &Args) -> Outcome {
    stream.overrides.sends_once = true;
    Outcome::Continue
}

#[cfg(test)]
mod tests {
    use state::testing;

    use crate::testing::run_stream;

    #[test]
    fn limits_of_one_stream() {
        let rules = "set-timeout server 7\nset-timeout tunnel int(9)\nset-timeout client int(-1)\n\
                     set-retries 3\ndisable-l7-retry\nset-bc-mark 7\nset-bc-tos int(32)\nset-priority-class int(5000)\nset-priority-offset int(-20)";
        let (stream, _) = run_stream(testing::config(), "GET / HTTP/1.1\n", rules);
        assert_eq!((stream.server_timeout(), stream.tunnel_timeout()), (Some(7), Some(9)));
        assert_eq!((stream.client_timeout(), stream.max_retries()), (None, 3));
        assert_eq!((stream.overrides.mark, stream.overrides.tos), (Some(7), Some(32)));
        assert!(stream.overrides.sends_once);
        assert_eq!((stream.priority.class, stream.priority.offset), (0x7ff, -20));
    }
}
