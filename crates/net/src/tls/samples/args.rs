//! How rows read their arguments and their input.

use ir::types::SampleType;
use samples::converters::base64;
use state::sample::Arg;
use state::{Stream, Value};

/// The text of an argument; nothing where it was left out or is something else.
pub fn text(args: &[Arg], index: usize) -> Option<&[u8]> {
    match args.get(index) {
        Some(Arg::Str(text)) => Some(text),
        _ => None,
    }
}

/// What the row made of the argument when the plan was built.
pub fn prepared<T: 'static>(args: &[Arg], index: usize) -> Option<&T> {
    match args.get(index) {
        Some(Arg::Prepared(made)) => made.downcast_ref(),
        _ => None,
    }
}

/// A text of the configuration, or of a variable.
pub fn text_or_variable<'a>(stream: &'a Stream, args: &'a [Arg], index: usize) -> Option<&'a [u8]> {
    match args.get(index)? {
        Arg::Str(text) => Some(text),
        Arg::Var(var) => bytes(stream.variable(*var)?.cast(SampleType::Str, &stream.arena)?),
        _ => None,
    }
}

/// A text, up to its first zero; nothing where it is empty.
pub fn name<'a>(stream: &'a Stream, args: &'a [Arg], index: usize) -> Option<&'a [u8]> {
    let text = text_or_variable(stream, args, index)?;
    text.split(|byte| *byte == 0).next().filter(|name| !name.is_empty())
}

/// Bytes that the configuration or a variable gives in base64; the check of the arguments decoded
/// those of the configuration.
pub fn secret<'a>(stream: &'a Stream, args: &'a [Arg], index: usize) -> Option<&'a [u8]> {
    let bytes = text_or_variable(stream, args, index)?;
    match args.get(index)? {
        Arg::Var(_) => base64::decode(bytes, &stream.arena),
        _ => Some(bytes),
    }
}

/// The bytes of a value that has some.
pub fn bytes(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Str(bytes) | Value::Bin(bytes) | Value::Meth(bytes) => Some(bytes),
        _ => None,
    }
}
