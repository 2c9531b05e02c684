//! Every pair of types against what HAProxy 3.5 was seen to give, and what holds for all values.

use super::*;
use SampleType::*;

const ALL: [SampleType; 9] = [Any, Bool, Sint, Addr, Ipv4, Ipv6, Str, Bin, Meth];

/// `expected` are the casts that give a value, all others must give none.
fn check(value: Value, expected: &[(SampleType, Value)]) {
    let arena = Bump::new();
    for to in ALL {
        let want = expected.iter().find(|(have, _)| *have == to).map(|(_, want)| *want);
        assert_eq!(value.cast(to, &arena), want, "{value:?} to {to:?}");
    }
}

#[test]
fn every_pair() {
    let v4 = Value::Ipv4(Ipv4Addr::new(1, 2, 3, 4));
    let v6 = |text: &str| Value::Ipv6(text.parse().expect("address"));
    check(
        Value::Bool(true),
        &[
            (Any, Value::Bool(true)),
            (Bool, Value::Bool(true)),
            (Sint, Value::Sint(1)),
            (Str, Value::Str(b"1")),
            (Bin, Value::Bin(b"\0\0\0\0\0\0\0\x01")),
        ],
    );
    check(
        Value::Sint(0x0102_0304),
        &[
            (Any, Value::Sint(0x0102_0304)),
            (Bool, Value::Bool(true)),
            (Sint, Value::Sint(0x0102_0304)),
            (Addr, v4),
            (Ipv4, v4),
            (Ipv6, v6("::ffff:1.2.3.4")),
            (Str, Value::Str(b"16909060")),
            (Bin, Value::Bin(b"\0\0\0\0\x01\x02\x03\x04")),
        ],
    );
    check(
        v4,
        &[
            (Any, v4),
            (Sint, Value::Sint(0x0102_0304)),
            (Addr, v4),
            (Ipv4, v4),
            (Ipv6, v6("::ffff:1.2.3.4")),
            (Str, Value::Str(b"1.2.3.4")),
            (Bin, Value::Bin(b"\x01\x02\x03\x04")),
        ],
    );
    let plain = v6("2001:db8::1");
    let octets = b"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01";
    check(
        plain,
        &[
            (Any, plain),
            (Addr, plain),
            (Ipv6, plain),
            (Str, Value::Str(b"2001:db8::1")),
            (Bin, Value::Bin(octets)),
        ],
    );
    check(
        Value::Str(b"GET"),
        &[
            (Any, Value::Str(b"GET")),
            (Bool, Value::Bool(false)),
            (Sint, Value::Sint(0)),
            (Str, Value::Str(b"GET")),
            (Bin, Value::Bin(b"GET")),
            (Meth, Value::Meth(b"GET")),
        ],
    );
    check(
        Value::Str(b"1.2.3.4"),
        &[
            (Any, Value::Str(b"1.2.3.4")),
            (Bool, Value::Bool(true)),
            (Sint, Value::Sint(1)),
            (Addr, v4),
            (Ipv4, v4),
            (Str, Value::Str(b"1.2.3.4")),
            (Bin, Value::Bin(b"1.2.3.4")),
            (Meth, Value::Meth(b"1.2.3.4")),
        ],
    );
    check(
        Value::Str(b"::1"),
        &[
            (Any, Value::Str(b"::1")),
            (Bool, Value::Bool(false)),
            (Sint, Value::Sint(0)),
            (Addr, v6("::1")),
            (Ipv6, v6("::1")),
            (Str, Value::Str(b"::1")),
            (Bin, Value::Bin(b"::1")),
            (Meth, Value::Meth(b"::1")),
        ],
    );
    check(
        Value::Str(b""),
        &[(Any, Value::Str(b"")), (Str, Value::Str(b"")), (Bin, Value::Bin(b"")), (Meth, Value::Meth(b""))],
    );
    check(
        Value::Bin(b"a\0b"),
        &[
            (Any, Value::Bin(b"a\0b")),
            (Str, Value::Str(b"a")),
            (Bin, Value::Bin(b"a\0b")),
            (Meth, Value::Meth(b"a\0b")),
        ],
    );
    check(
        Value::Meth(b"PUT"),
        &[
            (Any, Value::Meth(b"PUT")),
            (Str, Value::Str(b"PUT")),
            (Bin, Value::Bin(b"PUT")),
            (Meth, Value::Meth(b"PUT")),
        ],
    );
}

#[test]
fn ipv6_to_ipv4() {
    let check = |text: &str, expected: Option<[u8; 4]>| {
        assert_eq!(v6_to_v4(text.parse().expect(text)), expected.map(Ipv4Addr::from), "{text}");
    };
    check("::ffff:1.2.3.4", Some([1, 2, 3, 4]));
    check("::1.2.3.4", Some([1, 2, 3, 4]));
    check("::1", Some([0, 0, 0, 1]));
    check("2002:102:304::9", Some([1, 2, 3, 4]));
    check("2001:db8::1", None);
}

#[test]
fn numbers() {
    let check = |text: &str, expected: i64| assert_eq!(leading_number(text.as_bytes()), expected, "{text}");
    check("12abc", 12);
    check("-7", -7);
    check("+7", 7);
    check("abc", 0);
    check(" 1", 0);
    check("99999999999999999999", i64::MAX);
    check("-99999999999999999999", i64::MIN);
}

#[test]
fn texts_as_addresses() {
    let check = |text: &str, v4: Option<[u8; 4]>, v6: Option<&str>| {
        let arena = Bump::new();
        let value = Value::Str(text.as_bytes());
        let v4 = v4.map(|octets| Value::Ipv4(octets.into()));
        let v6 = v6.map(|text| Value::Ipv6(text.parse().expect(text)));
        assert_eq!(value.cast(Ipv4, &arena), v4, "{text:?}");
        assert_eq!(value.cast(Ipv6, &arena), v6, "{text:?}");
        assert_eq!(value.cast(Addr, &arena), v4.or(v6), "{text:?}");
    };
    let some = Some([1, 2, 3, 4]);
    check("1.2.3.4", some, None);
    for text in ["01.2.3.4", "1.2.3.4 ", "1.2.3.4x", "1.2.3.4/24", "1.2.3.4:80", "1.2.3.4\0"] {
        check(text, some, None);
    }
    for text in [
        "",
        " 1.2.3.4",
        "1.2.3",
        "1.2.3.",
        "1..3.4",
        "1.2.3.4.",
        "1.2.3.4.5",
        "256.1.1.1",
        "0x7f000001",
        "2130706433",
        "[::1]",
        "fe80::1%lo",
        " ::1",
        "::1 ",
        "1::2::3",
        "1:2:3:4:5:6:7:8:9",
    ] {
        check(text, None, None);
    }
    check("::1", None, Some("::1"));
    check("::1\0x", None, Some("::1"));
    check("::ffff:1.2.3.4", None, Some("::ffff:1.2.3.4"));
    check("1:2:3:4:5:6:7:8", None, Some("1:2:3:4:5:6:7:8"));
}

#[test]
fn texts_as_numbers() {
    let check = |text: &str, expected: Option<i64>| {
        let arena = Bump::new();
        let value = Value::Str(text.as_bytes());
        assert_eq!(value.cast(Sint, &arena), expected.map(Value::Sint), "{text:?}");
        let boolean = expected.map(|number| Value::Bool(number != 0));
        assert_eq!(value.cast(Bool, &arena), boolean, "{text:?}");
    };
    check("", None);
    for (text, number) in
        [("0x10", 0), ("010", 10), (" 1", 0), ("1.5", 1), ("+5", 5), ("--5", 0), ("1_000", 1), ("true", 0)]
    {
        check(text, Some(number));
    }
    check("9223372036854775808", Some(i64::MAX));
    check("-9223372036854775809", Some(i64::MIN));
}

/// Values of all types, the same in every run.
fn values(mut each: impl FnMut(Value)) {
    // Marsaglia's xorshift.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    const BYTES: &[u8] = b"0123456789.:abcdef-+ xGET\0\xff";
    for _ in 0..20_000 {
        let number = next() as i64 >> (next() % 64);
        let wide = u128::from(next()) << 64 | u128::from(next());
        let text: Vec<u8> = (0..next() % 16).map(|_| BYTES[next() as usize % BYTES.len()]).collect();
        each(Value::Bool(number & 1 == 1));
        each(Value::Sint(number));
        each(Value::Ipv4(Ipv4Addr::from_bits(wide as u32)));
        each(Value::Ipv6(Ipv6Addr::from_bits(wide >> (next() % 128))));
        each(Value::Str(&text));
        each(Value::Bin(&text));
        each(Value::Meth(&text));
    }
}

#[test]
fn what_holds_for_all_values() {
    values(|value| {
        let arena = Bump::new();
        let cast = |to| value.cast(to, &arena);
        for to in ALL {
            let got = cast(to);
            assert!(got.is_none() || value.kind().casts_to(to), "{value:?} to {to:?}");
            let is_right = |kind: SampleType| match to {
                Any => kind == value.kind(),
                Addr => matches!(kind, Ipv4 | Ipv6),
                to => kind == to,
            };
            assert!(got.is_none_or(|got| is_right(got.kind())), "{value:?} to {to:?}: {got:?}");
        }
        assert_eq!(cast(value.kind()), Some(value));
        let back = |through: SampleType, to: SampleType| cast(through).and_then(|it| it.cast(to, &arena));
        match value {
            Value::Bool(_) => assert_eq!(back(Sint, Bool), Some(value)),
            Value::Sint(number) => {
                assert_eq!(back(Str, Sint), Some(value));
                assert_eq!(back(Ipv4, Sint), Some(Value::Sint(number & 0xffff_ffff)));
                assert_eq!(back(Ipv4, Ipv6), cast(Ipv6));
            }
            Value::Ipv4(_) => {
                assert_eq!(back(Str, Addr), Some(value));
                assert_eq!(back(Ipv6, Ipv4), Some(value));
                assert_eq!(back(Sint, Ipv4), Some(value));
            }
            Value::Ipv6(_) => assert_eq!(back(Str, Addr), Some(value)),
            Value::Str(_) => {
                assert_eq!(cast(Addr), cast(Ipv4).or(cast(Ipv6)));
                assert_eq!(back(Meth, Str), Some(value));
            }
            Value::Bin(bytes) => {
                let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
                assert_eq!(cast(Str), Some(Value::Str(text)));
            }
            Value::Meth(bytes) => assert_eq!(cast(Bin), Some(Value::Bin(bytes))),
        }
    });
}
