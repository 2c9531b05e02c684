//! All variables of a scope as one text (manual, section 7.3.2).

use ir::expr::{Var, VarScope};
use ir::spec::ArgType;
use ir::types::SampleType::Str;
use state::sample::{Arg, Cursor, Fetched, OwnedValue};
use state::{Missing, Stream, Value};

use super::at;
use crate::checks;
use crate::row::{Example, Fetch};

pub const ROWS: &[Fetch] =
    &[Fetch::new("dump_all_vars", Str, at::ALWAYS, "All variables of a scope, whose names begin so", dump)
        .args(0, &[ArgType::Str, ArgType::Str, ArgType::Str])
        .check(checks::variable_scope)
        .examples(&[Example::new("", &[], ""), Example::new("", &["proc", "a", "; "], "")])];

/// For debugging, as the manual says: the text is put together in memory of its own.
fn dump<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let wanted = argument(args, 0);
    let prefix = argument(args, 1).unwrap_or(b"");
    let separator = argument(args, 2).unwrap_or(b", ");
    let names = &stream.plan.config.variables;
    let mut out = Vec::new();
    for (word, scope) in VarScope::WORDS {
        let is_wanted = wanted.map_or(scope != VarScope::Check, |wanted| wanted == word.as_bytes());
        if !is_wanted {
            continue;
        }
        stream.each_variable(scope, |var: Var, value| {
            let Some(name) = names.get(var.id.index()).filter(|name| name.starts_with(prefix)) else {
                return;
            };
            if !out.is_empty() {
                out.extend_from_slice(separator);
            }
            for part in [word.as_bytes(), b".", name, b"="] {
                out.extend_from_slice(part);
            }
            write_value(stream, value, &mut out);
        });
    }
    if out.len() >= stream.plan.config.global.tune.bufsize {
        return Err(Missing::Absent);
    }
    Ok(Value::Str(stream.arena.alloc_slice_copy(&out)))
}

fn argument(args: &[Arg], index: usize) -> Option<&[u8]> {
    match args.get(index) {
        Some(Arg::Str(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn write_value(stream: &Stream, value: &OwnedValue, out: &mut Vec<u8>) {
    match value {
        OwnedValue::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        OwnedValue::Sint(_) | OwnedValue::Ipv4(_) | OwnedValue::Ipv6(_) => {
            out.extend_from_slice(value.as_value().to_text(&stream.arena));
        }
        OwnedValue::Str(bytes) | OwnedValue::Meth(bytes) => write_quoted(bytes, out),
        OwnedValue::Bin(bytes) => bytes.iter().for_each(|byte| write_hex(*byte, out)),
    }
}

fn write_quoted(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in bytes {
        let escaped = match byte {
            b'"' | b'\\' => *byte,
            b'\r' => b'r',
            b'\n' => b'n',
            8 => b'b',
            0 => b'0',
            _ => {
                out.push(*byte);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', escaped]);
    }
    out.push(b'"');
}

fn write_hex(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::id::VarId;

    #[test]
    fn values_of_all_types() {
        let mut config = state::testing::config();
        config.variables = vec![b"name".to_vec(), b"number".to_vec()];
        let stream = state::testing::stream_of(config, &Default::default(), "");
        let var = |scope, id| Var { scope, id: VarId(id) };
        stream.set_variable(var(VarScope::Txn, 0), OwnedValue::Str(b"a\"\n\x01".to_vec()));
        stream.set_variable(var(VarScope::Txn, 1), OwnedValue::Sint(-5));
        stream.set_variable(var(VarScope::Sess, 1), OwnedValue::Bool(true));
        stream.set_variable(var(VarScope::Proc, 0), OwnedValue::Bin(b"\x00\xab".to_vec()));
        let check = |args: &[&str], expected: &str| {
            let args: Vec<Arg> = args.iter().map(|arg| Arg::Str(arg.as_bytes().into())).collect();
            let got = dump(&stream, Box::leak(args.into_boxed_slice()), &mut Cursor::default());
            assert_eq!(got, Ok(Value::Str(expected.as_bytes())));
        };
        check(&[], "sess.number=true, txn.name=\"a\\\"\\n\x01\", txn.number=-5, proc.name=00AB");
        check(&["txn", "nu"], "txn.number=-5");
        check(&["txn", "", "|"], "txn.name=\"a\\\"\\n\x01\"|txn.number=-5");
        check(&["res"], "");
    }
}
