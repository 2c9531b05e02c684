//! Actions on the method and the status.

use ir::spec::{ActionArg, ActionOption};
use proto::h1::reason_phrase;
use state::Stream;
use state::plan::{ActionValue, Args, Outcome};

use crate::row::{Action, sets};

const REASON: &[ActionOption] = &[ActionOption::once("reason", &[ActionArg::Str])];

pub const ROWS: &[Action] = &[
    Action::new("set-method", sets::REQUEST, &[ActionArg::Fmt], "Replaces the method", set_method),
    Action::new(
        "set-status",
        sets::RESPONSE | sets::AFTER,
        &[ActionArg::Int(100, 999)],
        "Replaces the status and its reason",
        set_status,
    )
    .options(REASON),
];

fn set_method(stream: &mut Stream, args: &Args) -> Outcome {
    stream.with_scratch(|stream, text| {
        args.write(0, stream, text);
        stream.req.set_method(text);
    });
    Outcome::Continue
}

fn set_status(stream: &mut Stream, args: &Args) -> Outcome {
    let Some(ActionValue::Int(status)) = args.values.first() else { return Outcome::Continue };
    let Ok(status) = u16::try_from(*status) else { return Outcome::Continue };
    // Behind an interim response another one has to come; only a protocol that was asked for may follow.
    if (100..200).contains(&status) && !(status == 101 && stream.req.flags.upgrade) {
        return Outcome::Failed;
    }
    let given = args.option(0).and_then(|values| values.first());
    let reason = given.map_or(reason_phrase(status).as_bytes(), ActionValue::bytes);
    stream.res.set_status(status, reason);
    stream.answer_status = Some(status);
    Outcome::Continue
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn start_lines() {
        let response = "GET / HTTP/1.1\n---\nHTTP/1.1 200 OK\n";
        assert_eq!(run("GET / HTTP/1.1", "set-method PUT"), "Continue\nPUT /\n");
        assert_eq!(run(response, "set-status 201"), "Continue\n201 Created\n");
        assert_eq!(run(response, "set-status 299 reason Fine"), "Continue\n299 Fine\n");
        assert_eq!(run(response, "set-status 101"), "Failed\n200 OK\n");
    }
}
