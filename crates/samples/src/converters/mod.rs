//! Converters (manual, section 7.3.1): a family a file.

mod address;
pub(crate) mod base64;
mod bytes;
mod dates;
mod hashes;
mod maps;
mod numbers;
mod parsed;
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
    maps::ROWS,
    numbers::ROWS,
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
    use std::collections::HashSet;

    use bumpalo::Bump;
    use ir::spec::ArgType;
    use state::Value;
    use state::testing;

    use super::*;

    #[test]
    fn examples() {
        let stream = testing::stream("GET /x HTTP/1.1\nhost: a\n");
        let arena = Bump::new();
        for row in rows() {
            for example in row.examples {
                let types = row.spec.args.types;
                let args: Vec<_> = example
                    .args
                    .iter()
                    .enumerate()
                    .map(|(index, text)| match (row.spec.map, types[index]) {
                        (Some(method), ArgType::Map) => {
                            let sources = ir::config::PatternSources::default();
                            let map = state::plan::Map::parse(text.as_bytes(), method, &sources);
                            let map = map.expect("map");
                            Arg::Map(Box::new(map))
                        }
                        (_, kind) => crate::fetches::tests::arg(kind, text),
                    })
                    .collect();
                let input = Value::Str(example.input.as_bytes()).cast(row.spec.input, &arena);
                let input = input.unwrap_or(Value::Bool(example.input == "1"));
                let answer = (row.run)(&stream, &args, input);
                let text = answer.map(|value| {
                    crate::fetches::tests::readable(match value {
                        Value::Bin(bytes) => bytes,
                        other => other.to_text(&arena),
                    })
                });
                assert_eq!(text.as_deref(), example.answer, "{}: {example:?}", row.spec.name);
            }
        }
    }

    #[test]
    fn rows_are_sound() {
        let mut names = HashSet::new();
        for row in rows() {
            let spec = &row.spec;
            assert!(names.insert(spec.name), "{} is there twice", spec.name);
            assert!(spec.args.required <= spec.args.types.len(), "{}", spec.name);
            assert!(!spec.doc.is_empty(), "{} has no documentation", spec.name);
            let full = spec.support == ir::spec::Support::Full;
            assert!(!full || !row.examples.is_empty(), "{} has no example", spec.name);
        }
    }
}
