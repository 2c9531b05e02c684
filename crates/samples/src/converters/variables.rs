//! What an expression leaves behind: variables and captures.

use ir::expr::{Var, VarScope};
use ir::id::VarId;
use ir::spec::ArgType;
use ir::types::SampleType::{Any, Str};
use state::sample::Arg;
use state::vars::Conditions;
use state::{Stream, Value};

use super::{int_arg, text_of};
use crate::checks;
use crate::row::{Converter, Example};

pub const ROWS: &[Converter] = &[
    Converter::new("capture-req", Str, Str, "Keeps the value in a capture slot of the request", capture_req)
        .args(1, &[ArgType::Sint])
        .examples(&[Example::none("a", &["0"])]),
    Converter::new("capture-res", Str, Str, "Keeps the value in a capture slot of the response", capture_res)
        .args(1, &[ArgType::Sint])
        .examples(&[Example::none("a", &["0"])]),
    Converter::new(
        "set-var",
        Any,
        Any,
        "Sets a variable and passes the value on; none where it was not set",
        set_var,
    )
    .args(1, &[ArgType::Var, ArgType::Str, ArgType::Str, ArgType::Str, ArgType::Str])
    .check(checks::set_variable)
    .examples(&[Example::new("a", &["txn.x"], "a")]),
    Converter::new("unset-var", Any, Any, "Forgets a variable and passes the value on", unset_var)
        .args(1, &[ArgType::Var])
        .examples(&[Example::none("a", &["txn.unresolved"])]),
];

/// A variable by its text `scope.name`, as it stands where a number may stand as well.
pub(super) fn find(stream: &Stream, text: &[u8]) -> Option<Var> {
    let (scope, name) = VarScope::split(text)?;
    let index = stream.plan.config.variables.iter().position(|known| known == name)?;
    Some(Var { scope, id: VarId(u32::try_from(index).ok()?) })
}

fn set_var<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let Some(Arg::Var(var)) = args.first() else { return None };
    let conditions = args[1..].iter().filter_map(|condition| match condition {
        Arg::Str(name) => Some(&**name),
        _ => None,
    });
    stream.set_variable_if(*var, value, Conditions::of(conditions)).then_some(value)
}

fn unset_var<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let Some(Arg::Var(var)) = args.first() else { return None };
    stream.unset_variable(*var).then_some(value)
}

/// Without such a slot there is no value.
fn capture<'a>(stream: &Stream, of_response: bool, args: &[Arg], value: Value<'a>) -> Option<Value<'a>> {
    stream.capture(of_response, int_arg(args, 0)?, text_of(value)?).then_some(value)
}

fn capture_req<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    capture(stream, false, args, value)
}

fn capture_res<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    capture(stream, true, args, value)
}

#[cfg(test)]
mod tests {
    use ir::config::Capture;

    use super::*;

    #[test]
    fn captures() {
        let check = |slot: i64, expected: [Option<&[u8]>; 2], passes: bool| {
            let mut config = state::testing::config();
            config.proxies[0].response_captures = vec![Capture { name: Vec::new(), len: 2 }; 2];
            let stream = state::testing::stream_of(config, &Default::default(), "");
            let answer = capture_res(&stream, &[Arg::Sint(slot)], Value::Str(b"long")).is_some();
            assert_eq!(answer, passes, "{slot}");
            let kept = stream.response_captures.borrow();
            assert_eq!([kept.get(0), kept.get(1)], expected, "{slot}");
        };
        check(0, [Some(b"lo"), None], true);
        check(1, [None, Some(b"lo")], true);
        check(2, [None, None], false);
        check(-1, [None, None], false);
    }
}
