//! Variables that an expression sets.

use ir::expr::{Var, VarScope};
use ir::id::VarId;
use ir::spec::ArgType;
use ir::types::SampleType::Any;
use state::sample::Arg;
use state::vars::Conditions;
use state::{Stream, Value};

use crate::checks;
use crate::row::{Converter, Example};

pub const ROWS: &[Converter] = &[
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
    let dot = memchr::memchr(b'.', text)?;
    let scope = match &text[..dot] {
        b"proc" => VarScope::Proc,
        b"sess" => VarScope::Sess,
        b"txn" => VarScope::Txn,
        b"req" => VarScope::Req,
        b"res" => VarScope::Res,
        b"check" => VarScope::Check,
        _ => return None,
    };
    let index = stream.plan.config.variables.iter().position(|name| *name == text[dot + 1..])?;
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
