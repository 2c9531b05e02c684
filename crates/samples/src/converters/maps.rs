//! Look-ups in map files: by how keys are compared and what the value becomes.

use ir::expr::MatchMethod;
use ir::spec::ArgType;
use ir::types::SampleType::{self, Addr, Sint, Str};
use state::plan::Map;
use state::sample::{Arg, leading_number};
use state::{Stream, Value};

use crate::row::{Converter, Example};

const TEXT_ARGS: &[ArgType] = &[ArgType::Map, ArgType::Str];
const KEY_ARGS: &[ArgType] = &[ArgType::Map];
const INT_ARGS: &[ArgType] = &[ArgType::Map, ArgType::Sint];

/// A map whose values are text.
const fn text(name: &'static str, input: SampleType, method: MatchMethod, doc: &'static str) -> Converter {
    Converter::new(name, input, Str, doc, to_text).args(1, TEXT_ARGS).map(method)
}

/// A map whose values are numbers.
const fn int(name: &'static str, input: SampleType, method: MatchMethod, doc: &'static str) -> Converter {
    Converter::new(name, input, Sint, doc, to_int).args(1, INT_ARGS).map(method)
}

/// A map whose values are addresses.
const fn ip(name: &'static str, input: SampleType, method: MatchMethod, doc: &'static str) -> Converter {
    Converter::new(name, input, Addr, doc, to_ip).args(1, TEXT_ARGS).map(method)
}

/// A map whose keys are asked for.
const fn key(name: &'static str, input: SampleType, method: MatchMethod, doc: &'static str) -> Converter {
    Converter::new(name, input, Str, doc, to_key).args(1, KEY_ARGS).map(method)
}

pub const ROWS: &[Converter] =
    &[
        text("map", Str, MatchMethod::Str, "The value of an equal key in a map, or a default").examples(&[
            Example::new("a", &["a x"], "x"),
            Example::new("b", &["a x", "y"], "y"),
            Example::none("b", &["a x"]),
        ]),
        text("map_beg", Str, MatchMethod::Beg, "The value of the key that matches as a prefix")
            .examples(&[Example::new("/ab", &["/a x\n/ y"], "x")]),
        int("map_beg_int", Str, MatchMethod::Beg, "The same as `map_beg`, a number")
            .examples(&[Example::new("/b", &["/b 5"], "5")]),
        ip("map_beg_ip", Str, MatchMethod::Beg, "The same as `map_beg`, an address")
            .examples(&[Example::new("/c", &["/c 1.2.3.4"], "1.2.3.4")]),
        text("map_dir", Str, MatchMethod::Dir, "The value of the key that matches as a part of a path")
            .examples(&[Example::new("/a/b", &["a x"], "x")]),
        int("map_dir_int", Str, MatchMethod::Dir, "The same as `map_dir`, a number")
            .examples(&[Example::new("/a", &["a 5"], "5")]),
        ip("map_dir_ip", Str, MatchMethod::Dir, "The same as `map_dir`, an address")
            .examples(&[Example::new("/c", &["c 1.2.3.4"], "1.2.3.4")]),
        text("map_dom", Str, MatchMethod::Dom, "The value of the key that matches as a part of a domain")
            .examples(&[Example::new("x.a.b", &["a.b x"], "x")]),
        int("map_dom_int", Str, MatchMethod::Dom, "The same as `map_dom`, a number")
            .examples(&[Example::new("a", &["a 5"], "5")]),
        ip("map_dom_ip", Str, MatchMethod::Dom, "The same as `map_dom`, an address")
            .examples(&[Example::new("c", &["c 1.2.3.4"], "1.2.3.4")]),
        text("map_end", Str, MatchMethod::End, "The value of the key that matches as a suffix")
            .examples(&[Example::new("b.a", &[".a x"], "x")]),
        int("map_end_int", Str, MatchMethod::End, "The same as `map_end`, a number")
            .examples(&[Example::new("ba", &["a 5"], "5")]),
        ip("map_end_ip", Str, MatchMethod::End, "The same as `map_end`, an address")
            .examples(&[Example::new("c", &["c 1.2.3.4"], "1.2.3.4")]),
        text("map_int", Sint, MatchMethod::Int, "The value of the key that matches as a number")
            .examples(&[Example::new("5", &["5 x"], "x")]),
        int("map_int_int", Sint, MatchMethod::Int, "The same as `map_int`, a number")
            .examples(&[Example::new("7", &["1:9 5"], "5")]),
        ip("map_int_ip", Sint, MatchMethod::Int, "The same as `map_int`, an address")
            .examples(&[Example::new("7", &["7 1.2.3.4"], "1.2.3.4")]),
        text("map_ip", Addr, MatchMethod::Ip, "The value of the key that matches as a network")
            .examples(&[Example::new("10.1.1.1", &["10.0.0.0/8 x"], "x")]),
        int("map_ip_int", Addr, MatchMethod::Ip, "The same as `map_ip`, a number").examples(&[Example::new(
            "::1",
            &["::1 5"],
            "5",
        )]),
        ip("map_ip_ip", Addr, MatchMethod::Ip, "The same as `map_ip`, an address").examples(&[Example::new(
            "1.1.1.1",
            &["1.1.1.1 1.2.3.4"],
            "1.2.3.4",
        )]),
        text("map_reg", Str, MatchMethod::Reg, "The value of the key that matches as a regular expression")
            .examples(&[Example::new("ab", &["^a x"], "x")]),
        int("map_reg_int", Str, MatchMethod::Reg, "The same as `map_reg`, a number")
            .examples(&[Example::new("ab", &["b$ 5"], "5")]),
        ip("map_reg_ip", Str, MatchMethod::Reg, "The same as `map_reg`, an address")
            .examples(&[Example::new("c", &["c 1.2.3.4"], "1.2.3.4")]),
        text("map_str", Str, MatchMethod::Str, "The value of the key that matches as a string")
            .examples(&[Example::new("a", &["a x"], "x")]),
        int("map_str_int", Str, MatchMethod::Str, "The same as `map_str`, a number")
            .examples(&[Example::new("a", &["a 5"], "5")]),
        ip("map_str_ip", Str, MatchMethod::Str, "The same as `map_str`, an address")
            .examples(&[Example::new("c", &["c 1.2.3.4"], "1.2.3.4")]),
        text("map_sub", Str, MatchMethod::Sub, "The value of the key that matches as a part")
            .examples(&[Example::new("abc", &["b x"], "x")]),
        int("map_sub_int", Str, MatchMethod::Sub, "The same as `map_sub`, a number")
            .examples(&[Example::new("ba", &["a 5"], "5")]),
        ip("map_sub_ip", Str, MatchMethod::Sub, "The same as `map_sub`, an address")
            .examples(&[Example::new("c", &["c 1.2.3.4"], "1.2.3.4")]),
        Converter::new(
            "map_regm",
            Str,
            Str,
            "The value of the regular expression that matches, with its groups",
            to_groups,
        )
        .args(1, TEXT_ARGS)
        .map(MatchMethod::Reg)
        .examples(&[
            Example::new("/a/b", &["^/(.*)/(.*) \\2-\\1"], "b-a"),
            Example::new("c", &["^/ x", "y"], "y"),
            Example::none("c", &["^/ x"]),
        ]),
        key("map_beg_key", Str, MatchMethod::Beg, "The key of a map that matches as a prefix")
            .examples(&[Example::new("/abc", &["/a x\n/ab y"], "/ab"), Example::none("/c", &["/a x"])]),
        key("map_dir_key", Str, MatchMethod::Dir, "The key of a map that matches as a part of a path")
            .examples(&[Example::new("/a/b", &["/b/ x"], "/b/")]),
        key("map_dom_key", Str, MatchMethod::Dom, "The key of a map that matches as a part of a domain")
            .examples(&[Example::new("x.a.b", &["a.b x"], "a.b")]),
        key("map_end_key", Str, MatchMethod::End, "The key of a map that matches as a suffix")
            .examples(&[Example::new("b.a", &[".a x"], ".a")]),
        key("map_int_key", Sint, MatchMethod::Int, "The key of a map that matches as a number")
            .examples(&[Example::new("7", &["1:9 x"], "1:9")]),
        key("map_ip_key", Addr, MatchMethod::Ip, "The key of a map that matches as a network")
            .examples(&[Example::new("10.1.1.1", &["10.0.0.0/8 x"], "10.0.0.0/8")]),
        key("map_reg_key", Str, MatchMethod::Reg, "The key of a map that matches as a regular expression")
            .examples(&[Example::new("ab", &["^a x"], "^a")]),
        key("map_str_key", Str, MatchMethod::Str, "The key of a map that matches as a string")
            .examples(&[Example::new("a", &["a x"], "a"), Example::none("b", &["a x"])]),
        key("map_sub_key", Str, MatchMethod::Sub, "The key of a map that matches as a part")
            .examples(&[Example::new("abc", &["b x"], "b")]),
    ];

fn map(args: &[Arg]) -> Option<&Map> {
    match args.first() {
        Some(Arg::Map(map)) => Some(map),
        _ => None,
    }
}

/// The found value as `read` reads it, or the default behind the map. An entry without a value,
/// as an action on ACLs adds it, gives 1.
fn look_up<'a>(
    stream: &'a Stream,
    args: &'a [Arg],
    key: Value<'a>,
    read: impl Fn(&'a [u8]) -> Option<Value<'a>>,
) -> Option<Value<'a>> {
    match map(args)?.find(key, &stream.arena) {
        Some(found) => found.value.map_or(Some(Value::Sint(1)), read),
        None => default(args),
    }
}

fn default(args: &[Arg]) -> Option<Value<'_>> {
    match args.get(1)? {
        Arg::Sint(number) => Some(Value::Sint(*number)),
        Arg::Str(text) => Some(Value::Str(text)),
        _ => None,
    }
}

fn to_text<'a>(stream: &'a Stream, args: &'a [Arg], key: Value<'a>) -> Option<Value<'a>> {
    look_up(stream, args, key, |value| Some(Value::Str(value)))
}

fn to_int<'a>(stream: &'a Stream, args: &'a [Arg], key: Value<'a>) -> Option<Value<'a>> {
    look_up(stream, args, key, |value| Some(Value::Sint(leading_number(value))))
}

fn to_ip<'a>(stream: &'a Stream, args: &'a [Arg], key: Value<'a>) -> Option<Value<'a>> {
    match look_up(stream, args, key, |value| Some(Value::Str(value)))? {
        Value::Str(text) => Value::Str(text).cast(Addr, &stream.arena),
        other => Some(other),
    }
}

fn to_key<'a>(stream: &'a Stream, args: &'a [Arg], key: Value<'a>) -> Option<Value<'a>> {
    map(args)?.find(key, &stream.arena).map(|found| Value::Str(found.key))
}

fn to_groups<'a>(stream: &'a Stream, args: &'a [Arg], key: Value<'a>) -> Option<Value<'a>> {
    match map(args)?.expand(key.to_text(&stream.arena), &stream.arena) {
        Some(found) => Some(found.map_or(Value::Sint(1), Value::Str)),
        None => default(args),
    }
}
