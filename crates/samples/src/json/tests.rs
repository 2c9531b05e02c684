//! What is found in well-formed texts and in others.

use super::*;

fn check(json: &str, path: &str, expected: Option<Found>) {
    let found = find(json.as_bytes(), path.as_bytes());
    let found = found.map(|found| match found {
        Found::Number(text, len) => Found::Number(&text[..len], len),
        other => other,
    });
    assert_eq!(found, expected, "{json} {path}");
}

fn number(text: &str) -> Option<Found<'_>> {
    Some(Found::Number(text.as_bytes(), text.len()))
}

#[test]
fn paths() {
    let json = r#"{"a": {"b": [10, {"c": "x"}, [20, 21]]}, "d.e": null, "f": false}"#;
    check(json, "$.a.b[0]", number("10"));
    check(json, "$.a.b[1].c", Some(Found::Str(b"x")));
    check(json, "$.a.b[2][1]", number("21"));
    check(json, "$.a.b[2]", Some(Found::Array(b"[20, 21]")));
    check(json, "$.a.b[1]", Some(Found::Object(br#"{"c": "x"}"#)));
    check(json, "$.a.b[3]", None);
    check(json, r"$.d\.e", Some(Found::Null));
    check(json, "$.d.e", None);
    check(json, "$.f", Some(Found::Bool(false)));
    check(json, "$", Some(Found::Object(json.as_bytes())));
    check(json, ".a", None);
    check(json, "$a", None);
    // What is no number is the first element.
    check("[7, 8]", "$[*]", number("7"));
    check("[7, 8]", "$[1", None);
    check("[7, 8]", "$[", None);
    // A key that was met is not looked for again.
    check(r#"{"a": 1, "a": {"b": 2}}"#, "$.a.b", None);
    // An index that is too great for one array is looked for in the next one.
    check("[[1, 2], [3, 4, 5]]", "$[0][2]", number("5"));
    check(r#"{"": 1}"#, "$.", number("1"));
}

#[test]
fn mistakes() {
    check("", "$", None);
    check("  true ", "$", Some(Found::Bool(true)));
    check("tru", "$", None);
    // What stands behind the value does not count.
    check(r#"{"a": 1, x"#, "$.a", number("1"));
    check(r#"{"a": {"b": 1 x"#, "$.a", None);
    check(r#"{"a": 1,}"#, "$", Some(Found::Object(br#"{"a": 1,}"#)));
    check("[1,]", "$", Some(Found::Array(b"[1,]")));
    check("[1}", "$", None);
    check("[,1]", "$", None);
    check(r#"{"a" 1}"#, "$.a", None);
    check("\"a\0\"", "$", None);
    check(r#""a\"b""#, "$", Some(Found::Str(br#"a\"b"#)));
    check(&"[".repeat(20), "$[0]", None);
    check(
        &("[".repeat(20) + &"]".repeat(20)),
        "$[0]",
        Some(Found::Array(&("[".repeat(19) + &"]".repeat(19)).into_bytes())),
    );
    check(&("[".repeat(21) + &"]".repeat(21)), "$[0]", None);
    // A number that is none is found all the same.
    check(r#"{"a": -}"#, "$.a", number(""));
    check("[1., 2]", "$[0]", number(""));
    check("[1., 2]", "$[1]", None);
}

#[test]
fn escapes() {
    let check = |raw: &str, expected: Option<&[u8]>| {
        let arena = Bump::new();
        assert_eq!(unescape(raw.as_bytes(), &arena), expected, "{raw}");
    };
    check(r#"a\b\f\n\r\t\\\""#, Some(b"a\x08\x0c\n\r\t\\\""));
    check(r"\u0041\u00e9", Some(b"A\xe9"));
    check(r"\u0141", None);
    check(r"\u004", None);
    check(r"\/", None);
    check(r"a\", Some(b"a\\"));
}

#[test]
fn numbers() {
    let check = |text: &str, len: usize, expected: &str| {
        let (value, read) = number::read(text.as_bytes());
        let mut out = state::sample::text::Short::default();
        number::write(value, &mut out).expect("a short text");
        assert_eq!((read, out.as_bytes()), (len, expected.as_bytes()), "{text}");
    };
    check("0", 1, "0");
    check("-0", 2, "-0");
    check("4.50,", 4, "4.5");
    check("-4", 2, "-4");
    check("123456", 6, "123456");
    check("123456.5", 8, "123456");
    check("1234567", 7, "1.23457e+06");
    check("9999995", 7, "1e+07");
    check("0.0001", 6, "0.0001");
    check("0.00012345678", 13, "0.000123457");
    check("0.00001", 7, "1e-05");
    check("1e2", 3, "100");
    check("1E-2", 4, "0.01");
    check("1e-+2x", 5, "0.01");
    check("1e", 2, "1");
    check("1e400", 5, "inf");
    check("-1e400", 6, "-inf");
    check("0e400", 5, "-nan");
    check("1e-400", 6, "0");
    check("1.", 0, "1");
    check("-.5", 3, "-0.5");
    check("-", 0, "0");
    check("x", 0, "0");
}

/// Whatever the text and the path, looking for a value ends and does not panic.
#[test]
fn robust() {
    const PIECES: [&str; 24] = [
        "{", "}", "[", "]", ",", ":", "\"a\"", "\"b.c\"", "\"", "\\", "1", "-", ".", "e9", "true", "null",
        "$", ".a", "[0]", "[2]", "[1", "\u{0}", " ", "\\u00",
    ];
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let arena = Bump::new();
    for _ in 0..20_000 {
        let mut made =
            |most: usize| (0..random(most)).map(|_| PIECES[random(PIECES.len())]).collect::<String>();
        let (json, path) = (made(24), format!("${}", made(6)));
        find(json.as_bytes(), path.as_bytes());
        text(json.as_bytes(), path.as_bytes(), &arena);
    }
}
