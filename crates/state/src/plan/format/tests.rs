//! Formats against what HAProxy 3.5 was seen to write.

use ir::expr::{Encoding, FormatCast, FormatFlags};

use super::*;
use crate::sample::{Arg, Cursor, Fetched};
use crate::{Missing, testing};

const NONE: FormatFlags = FormatFlags {
    quote: false,
    hex: false,
    escape: false,
    mandatory: false,
    encoding: None,
    binary: false,
    http: false,
    cast: None,
};
const JSON: FormatFlags = FormatFlags { encoding: Some(Encoding::Json), ..NONE };
const CBOR: FormatFlags = FormatFlags { encoding: Some(Encoding::Cbor), ..NONE };

fn item(write: impl FnOnce(&mut Item<'_>), flags: FormatFlags, expected: &str) {
    let mut out = Vec::new();
    let mut item = Item::new(flags, &mut out);
    write(&mut item);
    item.end(0);
    assert_eq!(String::from_utf8_lossy(&out), expected, "{flags:?}");
}

#[test]
fn texts() {
    let check = |text: &str, flags, expected| item(|item| item.text(text.as_bytes()), flags, expected);
    check("", NONE, "");
    check("a\"]\\\n", NONE, "a\"]\\\n");
    check("a\0b", NONE, "a");
    check("", FormatFlags { mandatory: true, ..NONE }, "-");
    check("", FormatFlags { mandatory: true, quote: true, ..NONE }, "\"\"");
    check("a", FormatFlags { quote: true, ..NONE }, "\"a\"");
    check("a\"]\\", FormatFlags { escape: true, ..NONE }, "a\\\"\\]\\\\");
    check("", JSON, "\"\"");
    check("a\"]\\\n", JSON, "\"a\\\"]\\\\\n\"");
    check("", CBOR, "F6");
    check("", FormatFlags { mandatory: true, ..CBOR }, "F6");
    check("a\"b", CBOR, "63612262");
}

#[test]
fn numbers() {
    let check = |number, flags, expected| item(|item| item.number(number), flags, expected);
    check(-5, NONE, "-5");
    check(-5, JSON, "-5");
    check(500, CBOR, "1901F4");
    let cast = |flags, cast| FormatFlags { cast: Some(cast), ..flags };
    check(5, cast(JSON, FormatCast::Str), "\"5\"");
    check(5, cast(JSON, FormatCast::Bool), "true");
    check(0, cast(CBOR, FormatCast::Bool), "F4");
    check(5, cast(CBOR, FormatCast::Str), "05");
    check(5, cast(NONE, FormatCast::Bool), "5");
    let hex = |number, digits, expected| item(|item| item.hex(number, digits), NONE, expected);
    hex(0xab, 4, "00AB");
    hex(0x1_2345, 4, "12345");
    hex(0, 2, "00");
    item(|item| item.hex(80, 4), JSON, "\"0050\"");
    item(|item| item.hex_bytes(&[192, 0, 2, 1]), NONE, "C0000201");
}

#[test]
fn pieces() {
    let check = |text: &str, flags, expected| {
        let write = |item: &mut Item<'_>| {
            item.open_text();
            item.encoded(text.as_bytes(), Escape::Uri);
        };
        item(write, flags, expected);
    };
    check("/a\"b{]", NONE, "/a#22b{]");
    check("/a\"b{]", FormatFlags { escape: true, quote: true, ..NONE }, "\"/a#22b{\\]\"");
    check("/a\\b", JSON, "\"/a\\\\b\"");
    check("/a\"b", CBOR, "7F622F61632332326162FF");
    check("\"\"", CBOR, "7F60632332326063233232FF");
    check("", CBOR, "7FFF");
    let list = |item: &mut Item<'_>| {
        item.open_list();
        for text in [&b"a|"[..], b""] {
            if text.is_empty() {
                item.next_in_list();
            }
            item.open_text();
            item.encoded(text, Escape::Capture);
            item.close_text();
        }
        item.close_list();
    };
    item(list, NONE, "a#7C ");
    item(list, JSON, "[\"a#7C\", \"\"]");
    item(list, CBOR, "9F7F616163233743FF7FFFFF");
}

/// Gives what its argument says.
fn dynamic<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let Some(Arg::Str(text)) = args.first() else { return Err(Missing::Absent) };
    Ok(match &**text {
        b"true" => Value::Bool(true),
        b"7" => Value::Sint(7),
        text => match text.strip_prefix(b"bin ") {
            Some(bytes) => Value::Bin(bytes),
            None => Value::Str(stream.arena.alloc_slice_copy(text)),
        },
    })
}

fn expr(text: &str) -> Expr {
    let arg = if text.is_empty() { Arg::Stop } else { Arg::Str(text.as_bytes().into()) };
    Expr { fetch: dynamic, of_stream: false, args: vec![arg], steps: Vec::new(), text: Box::default() }
}

/// A sample of the text, or of the bytes behind `bin `; no text: it is absent.
fn check_sample(text: &str, flags: FormatFlags, expected: &str) {
    let stream = testing::stream("");
    let mut out = Vec::new();
    sample(&expr(text), flags, &stream, &mut out);
    assert_eq!(String::from_utf8_lossy(&out), expected, "{text:?} {flags:?}");
}

#[test]
fn samples() {
    let check = check_sample;
    let http = FormatFlags { http: true, ..NONE };
    check("a\tb\r\u{7f}é%\"", http, "a\tb%0D%7Fé%\"");
    check("a\0b", http, "a%00b");
    check("", FormatFlags { mandatory: true, quote: true, ..http }, "");
    check("a\"", FormatFlags { escape: true, ..http }, "a\\\"");
    check("7", NONE, "7");
    check("true", NONE, "1");
    check("7", JSON, "7");
    check("true", JSON, "true");
    check("x", JSON, "\"x\"");
    check("", JSON, "\"\"");
    check("x", CBOR, "6178");
    check("true", CBOR, "F5");
    check("bin a\0b", CBOR, "5F43610062FF");
    check("bin a\0b", JSON, "\"a\"");
    check("bin a\0b", FormatFlags { binary: true, ..NONE }, "a\0b");
    check("bin a\0b", FormatFlags { binary: true, cast: Some(FormatCast::Str), ..NONE }, "a");
    let cast = |flags, cast| FormatFlags { cast: Some(cast), ..flags };
    check("7", cast(JSON, FormatCast::Str), "\"7\"");
    check("7", cast(JSON, FormatCast::Bool), "true");
    check("x", cast(JSON, FormatCast::Sint), "0");
    check("", cast(JSON, FormatCast::Sint), "\"\"");
    check("{\"a\": 1}", cast(JSON, FormatCast::Raw), "{\"a\": 1}");
    check("", cast(JSON, FormatCast::Raw), "");
}

#[test]
fn maps() {
    let check = |encoding, binary, expected: &[u8]| {
        let stream = testing::stream("");
        let flags = FormatFlags { encoding: Some(encoding), binary, ..NONE };
        let nodes = vec![
            Node::Text((*b"text ").into()),
            Node::Expr(expr("x"), (*b"a").into(), flags),
            Node::Space,
            Node::Expr(expr("x"), Box::default(), flags),
            Node::Alias(|_, _| (), (*b"n-1").into(), flags),
        ];
        let format = Format { nodes, encoding: Some(encoding), binary, text: Box::default() };
        let mut out = Vec::new();
        format.write(&stream, &mut out);
        assert_eq!(out, expected, "{}", String::from_utf8_lossy(&out));
    };
    check(Encoding::Json, false, b"{\"a\": \"x\", \"n-1\": null}");
    check(Encoding::Cbor, false, b"BF61616178636E2D31F6FF");
    check(Encoding::Cbor, true, b"\xbf\x61a\x61x\x63n-1\xf6\xff");
}

#[test]
fn spaces_are_merged() {
    let text = |text: &str| Node::Text(text.as_bytes().into());
    let some: AliasFn = |_, item| item.text(b"web");
    let nodes = vec![
        Node::Space,
        text("a"),
        Node::Space,
        Node::Alias(|_, _| (), Box::default(), NONE),
        Node::Space,
        Node::Alias(some, Box::default(), NONE),
        Node::Space,
        Node::Expr(expr(""), Box::default(), NONE),
        Node::Space,
    ];
    let mut out = Vec::new();
    Format { nodes, ..Format::default() }.write(&testing::stream(""), &mut out);
    assert_eq!(out, b"a web  ");
}
