//! Arithmetic and logic. Overflows give the greatest or the least number.

use std::fmt::Write;

use ir::spec::ArgType;
use ir::types::SampleType::{Bool, Sint, Str};
use state::sample::Arg;
use state::sample::text;
use state::{Stream, Value};

use super::operand;
use crate::checks;
use crate::room;
use crate::row::{Converter, Example};

/// A number or the name of a variable.
const OPERAND: &[ArgType] = &[ArgType::Str];

pub const ROWS: &[Converter] = &[
    Converter::new("add", Sint, Sint, "Plus a number or a variable", add)
        .args(1, OPERAND)
        .check(checks::arithmetic)
        .examples(&[
            Example::new("3", &["4"], "7"),
            Example::new("9223372036854775807", &["1"], "9223372036854775807"),
            Example::new("1", &["txn.3"], "4"),
            Example::new("1", &["99999999999999999999"], "9223372036854775807"),
            Example::none("1", &["txn.none"]),
        ]),
    Converter::new("and", Sint, Sint, "Bits that both have", and)
        .args(1, OPERAND)
        .check(checks::arithmetic)
        .examples(&[Example::new("12", &["10"], "8")]),
    Converter::new("bool", Sint, Bool, "Whether it is not 0", boolean).examples(&[Example::new(
        "0",
        &[],
        "0",
    )]),
    Converter::new("cpl", Sint, Sint, "All bits inverted", cpl).examples(&[Example::new("0", &[], "-1")]),
    Converter::new("div", Sint, Sint, "Divided by a number or a variable", div)
        .args(1, OPERAND)
        .check(checks::arithmetic)
        .examples(&[
            Example::new("7", &["2"], "3"),
            Example::new("-7", &["0"], "9223372036854775807"),
            Example::new("-9223372036854775808", &["-1"], "9223372036854775807"),
        ]),
    Converter::new("even", Sint, Bool, "Whether it is even", even).examples(&[Example::new("2", &[], "1")]),
    Converter::new("mod", Sint, Sint, "The rest of a division", modulo)
        .args(1, OPERAND)
        .check(checks::arithmetic)
        .examples(&[
            Example::new("-7", &["4"], "-3"),
            Example::new("7", &["0"], "0"),
            Example::new("-9223372036854775808", &["-1"], "0"),
        ]),
    Converter::new("mul", Sint, Sint, "Times a number or a variable", mul)
        .args(1, OPERAND)
        .check(checks::arithmetic)
        .examples(&[
            Example::new("3", &["4"], "12"),
            Example::new("-9223372036854775807", &["3"], "-9223372036854775808"),
        ]),
    Converter::new("neg", Sint, Sint, "The opposite number", neg).examples(&[
        Example::new("3", &[], "-3"),
        Example::new("-9223372036854775808", &[], "9223372036854775807"),
    ]),
    Converter::new("not", Sint, Bool, "Whether it is 0", not).examples(&[Example::new("0", &[], "1")]),
    Converter::new("odd", Sint, Bool, "Whether it is odd", odd).examples(&[Example::new("2", &[], "0")]),
    Converter::new("or", Sint, Sint, "Bits that any has", or)
        .args(1, OPERAND)
        .check(checks::arithmetic)
        .examples(&[Example::new("12", &["10"], "14")]),
    Converter::new("sub", Sint, Sint, "Minus a number or a variable", sub)
        .args(1, OPERAND)
        .check(checks::arithmetic)
        .examples(&[
            Example::new("3", &["4"], "-1"),
            Example::new("0", &["-9223372036854775808"], "9223372036854775807"),
        ]),
    Converter::new("x509_v_err_str", Sint, Str, "The name of an error of verification", x509_v_err_str)
        .examples(&[
            Example::new("0", &[], "X509_V_OK"),
            Example::new("10", &[], "X509_V_ERR_CERT_HAS_EXPIRED"),
            Example::new("94", &[], "X509_V_ERR_EC_KEY_EXPLICIT_PARAMS"),
            Example::new("95", &[], "95"),
            Example::new("-1", &[], "18446744073709551615"),
        ]),
    Converter::new("xor", Sint, Sint, "Bits that only one has", xor)
        .args(1, OPERAND)
        .check(checks::arithmetic)
        .examples(&[Example::new("12", &["10"], "6")]),
];

fn operands<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<(i64, i64)> {
    sint(value).zip(operand(stream, args, 0))
}

fn add<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    operands(stream, args, value).map(|(a, b)| Value::Sint(a.saturating_add(b)))
}

fn sub<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    operands(stream, args, value).map(|(a, b)| Value::Sint(a.saturating_sub(b)))
}

fn mul<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    operands(stream, args, value).map(|(a, b)| Value::Sint(a.saturating_mul(b)))
}

/// A division by 0 gives the greatest number.
fn div<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    operands(stream, args, value)
        .map(|(a, b)| Value::Sint(if b == 0 { i64::MAX } else { a.saturating_div(b) }))
}

fn modulo<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    operands(stream, args, value).map(|(a, b)| Value::Sint(a.checked_rem(b).unwrap_or(0)))
}

fn and<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    operands(stream, args, value).map(|(a, b)| Value::Sint(a & b))
}

fn or<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    operands(stream, args, value).map(|(a, b)| Value::Sint(a | b))
}

fn xor<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    operands(stream, args, value).map(|(a, b)| Value::Sint(a ^ b))
}

fn sint(value: Value) -> Option<i64> {
    match value {
        Value::Sint(number) => Some(number),
        Value::Bool(value) => Some(i64::from(value)),
        _ => None,
    }
}

fn cpl<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    sint(value).map(|number| Value::Sint(!number))
}

fn neg<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    sint(value).map(|number| Value::Sint(number.saturating_neg()))
}

fn odd<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    sint(value).map(|number| Value::Bool(number & 1 == 1))
}

fn even<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    sint(value).map(|number| Value::Bool(number & 1 == 0))
}

fn boolean<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    sint(value).map(|number| Value::Bool(number != 0))
}

fn not<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    sint(value).map(|number| Value::Bool(number == 0))
}

/// Only the lower half of the number counts; an unknown one is shown as it is, without a sign.
fn x509_v_err_str<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let number = sint(value)?;
    let unknown = || {
        text::in_arena(&stream.arena, |out| {
            // Cannot fail: 20 digits fit.
            let _ = write!(out, "{}", number.cast_unsigned());
        })
    };
    let name = ir::verify_errors::name(number as u32);
    Some(Value::Str(
        name.map_or_else(unknown, |[kind, rest]| {
            room::join(&stream.arena, &[kind.as_bytes(), rest.as_bytes()])
        }),
    ))
}
