//! Converters (manual, section 7.3.1): a family a file.

mod address;
pub mod base64;
pub(crate) mod bytes;
mod dates;
mod debug;
mod epoch;
mod ethernet;
mod fix;
mod hashes;
mod ip;
mod json;
mod json_escape;
mod language;
mod maps;
mod mqtt;
mod numbers;
mod parts;
mod protobuf;
pub(crate) mod rfc7239;
mod servers;
mod tables;
mod tcp;
mod text;
mod url;
mod variables;
mod when;

use ir::types::SampleType;
use state::sample::Arg;
use state::{Stream, Value};

use crate::row::Converter;

const TABLES: &[&[Converter]] = &[
    address::ROWS,
    base64::ROWS,
    bytes::ROWS,
    dates::ROWS,
    debug::ROWS,
    epoch::ROWS,
    ethernet::ROWS,
    fix::ROWS,
    hashes::ROWS,
    ip::ROWS,
    json::ROWS,
    json_escape::ROWS,
    language::ROWS,
    maps::ROWS,
    mqtt::ROWS,
    numbers::ROWS,
    parts::ROWS,
    protobuf::ROWS,
    rfc7239::ROWS,
    servers::ROWS,
    tables::ROWS,
    tcp::ROWS,
    text::ROWS,
    url::ROWS,
    variables::ROWS,
    when::ROWS,
];

/// All converters; the position is the id.
pub fn rows() -> impl Iterator<Item = &'static Converter> {
    TABLES.iter().copied().flatten()
}

/// The text of an argument; nothing where it was left out.
fn text_arg(args: &[Arg], index: usize) -> Option<&[u8]> {
    match args.get(index) {
        Some(Arg::Str(text)) => Some(text),
        _ => None,
    }
}

fn int_arg(args: &[Arg], index: usize) -> Option<i64> {
    match args.get(index) {
        Some(Arg::Sint(number) | Arg::Time(number)) => Some(*number),
        _ => None,
    }
}

/// The value of the variable that an argument names. The configuration's names were looked up
/// by the checker, those of scripts are here.
fn variable_arg<'a>(stream: &'a Stream, args: &'a [Arg], index: usize) -> Option<Value<'a>> {
    match args.get(index) {
        Some(Arg::Var(var)) => stream.variable(*var),
        Some(Arg::Str(name)) => stream.variable(variables::find(stream, name)?),
        _ => None,
    }
}

/// The number of an argument that is one, or names a variable that holds one.
fn operand(stream: &Stream, args: &[Arg], index: usize) -> Option<i64> {
    match args.get(index)? {
        Arg::Sint(number) => Some(*number),
        Arg::Str(text) if !text.contains(&b'.') => base::bytes::parse_i64_capped(text),
        _ => match variable_arg(stream, args, index)?.cast(SampleType::Sint, &stream.arena)? {
            Value::Sint(number) => Some(number),
            _ => None,
        },
    }
}

fn text_of(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Str(text) => Some(text),
        _ => None,
    }
}

fn bytes_of(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Bin(bytes) | Value::Str(bytes) => Some(bytes),
        _ => None,
    }
}

/// A value that is longer than a buffer is none.
fn within_buffer<'a>(stream: &Stream, bytes: &'a [u8]) -> Option<&'a [u8]> {
    (bytes.len() <= stream.plan.config.global.tune.bufsize).then_some(bytes)
}

/// The same where HAProxy wants a byte behind the value.
fn below_buffer<'a>(stream: &Stream, bytes: &'a [u8]) -> Option<&'a [u8]> {
    (bytes.len() < stream.plan.config.global.tune.bufsize).then_some(bytes)
}

/// What can be said of data that may not have come completely.
enum Decision<T> {
    Yes(T),
    No,
    More,
}

impl<T> Decision<T> {
    /// The value, and whether more data may give another answer.
    fn settle(self, stream: &Stream) -> Option<T> {
        stream.may_change.set(matches!(self, Self::More));
        match self {
            Self::Yes(value) => Some(value),
            Self::No | Self::More => None,
        }
    }

    /// Whether it is a yes; no value while that is open.
    fn into_answer(self, stream: &Stream) -> Option<Value<'static>> {
        let answer = match self {
            Self::Yes(_) => Decision::Yes(true),
            Self::No => Decision::Yes(false),
            Self::More => Decision::More,
        };
        answer.settle(stream).map(Value::Bool)
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::rows;
    use crate::testing;

    #[test]
    fn examples() {
        testing::run_converters(rows(), &state::plan::Functions::default());
    }

    #[test]
    fn rows_are_sound() {
        testing::check_converters(rows());
    }
}
