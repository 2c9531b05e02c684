//! Runs the examples of all rows.

use std::collections::HashSet;

use ir::spec::{ArgType, Support};
use state::sample::{Arg, Cursor};
use state::testing;

use super::rows;

/// Arguments as the checker would make them of their text.
fn args(types: &[ArgType], texts: &[&str]) -> Vec<Arg> {
    types.iter().zip(texts).map(|(kind, text)| arg(*kind, text)).collect()
}

pub(crate) fn arg(kind: ArgType, text: &str) -> Arg {
    match kind {
        _ if text.is_empty() => Arg::Stop,
        ArgType::Sint => Arg::Sint(text.parse().expect("number")),
        ArgType::Time => Arg::Time(text.parse().expect("number")),
        ArgType::Ipv4 => Arg::Ipv4(text.parse().expect("address")),
        ArgType::Ipv6 => Arg::Ipv6(text.parse().expect("address")),
        ArgType::Mask4 => Arg::Mask4(base::net::parse_mask4(text.as_bytes()).expect("mask")),
        ArgType::Mask6 => Arg::Mask6(text.parse().expect("mask")),
        ArgType::Frontend | ArgType::Backend => Arg::Proxy(ir::id::ProxyId(0)),
        ArgType::Server => Arg::Server(ir::id::ProxyId(0), ir::id::ServerId(0)),
        ArgType::Userlist => Arg::Userlist(ir::id::UserlistId(0)),
        ArgType::Regex => Arg::Regex(state::plan::Regex::new(text.as_bytes(), false).expect("regex")),
        _ => Arg::Str(text.as_bytes().into()),
    }
}

/// The text, or what is no text in hexadecimal.
pub(crate) fn readable(bytes: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    std::str::from_utf8(bytes).map_or_else(|_| hex(bytes), str::to_owned)
}

#[test]
fn examples() {
    for row in rows() {
        for example in row.examples {
            let stream = testing::stream(example.input);
            let args = args(row.spec.args.types, example.args);
            let value = (row.run)(&stream, &args, &mut Cursor::default());
            let text = value.ok().map(|value| readable(value.to_text(&stream.arena)));
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
        let needs_example = spec.support == Support::Full && spec.contexts == super::at::REQUEST.contexts();
        let bytes_only =
            spec.name.contains("ssl") || spec.name.contains("rdp") || spec.name.contains("payload");
        assert!(!needs_example || bytes_only || !row.examples.is_empty(), "{} has no example", spec.name);
    }
}
