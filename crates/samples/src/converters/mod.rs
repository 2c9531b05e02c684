//! Converters (manual, section 7.3.1): a family a file.

mod address;
pub mod base64;
mod bytes;
mod dates;
mod hashes;
mod json;
mod maps;
mod numbers;
mod parsed;
mod tables;
mod text;
mod url;
mod variables;

use state::Stream;
use state::sample::Arg;

use crate::row::Converter;

const TABLES: &[&[Converter]] = &[
    address::ROWS,
    base64::ROWS,
    bytes::ROWS,
    dates::ROWS,
    hashes::ROWS,
    json::ROWS,
    maps::ROWS,
    numbers::ROWS,
    tables::ROWS,
    text::ROWS,
    url::ROWS,
    variables::ROWS,
    parsed::ROWS,
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

/// The value of the variable that an argument names where it is not a constant.
fn variable_arg<'a>(stream: &'a Stream, args: &'a [Arg], index: usize) -> Option<state::Value<'a>> {
    match args.get(index) {
        Some(Arg::Var(var)) => stream.variable(*var),
        Some(Arg::Str(name)) => stream.variable(variables::find(stream, name)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::rows;
    use crate::testing;

    #[test]
    fn examples() {
        testing::run_converters(rows());
    }

    #[test]
    fn rows_are_sound() {
        testing::check_converters(rows());
    }
}
