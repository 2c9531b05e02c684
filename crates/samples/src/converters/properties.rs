//! What holds for all values, tried on random ones. The generator starts the same each time.

use bumpalo::Bump;
use ir::spec::Support;
use state::sample::Arg;
use state::{Stream, Value};

use super::rows;
use crate::row::Converter;
use crate::testing;

const ROUNDS: usize = 500;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Often at an edge.
    fn number(&mut self) -> i64 {
        const EDGES: [i64; 9] = [i64::MIN, i64::MIN + 1, -2, -1, 0, 1, 2, i64::MAX - 1, i64::MAX];
        match self.below(3) {
            0 => EDGES[self.below(EDGES.len())],
            1 => self.next() as i64,
            _ => (self.next() as i64) >> self.below(64),
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..self.below(40)).map(|_| self.next() as u8).collect()
    }

    /// `bytes` with a few places changed, cut out or doubled.
    fn disturb(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..self.below(5) {
            let at = self.below(bytes.len() + 1);
            match (self.below(4), at < bytes.len()) {
                (0, true) => bytes[at] = self.next() as u8,
                (1, true) => drop(bytes.remove(at)),
                (2, true) => bytes.truncate(at),
                _ => bytes.insert(at, [0, 1, 0x7f, 0x80, 0xff, b'=', b'%', b'"'][self.below(8)]),
            }
        }
        bytes
    }
}

/// A row by its name.
fn row(name: &str) -> &'static Converter {
    rows().find(|row| row.spec.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn run<'a>(stream: &'a Stream, name: &str, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let row = row(name);
    (row.run)(stream, args, value.cast(row.spec.input, &stream.arena)?)
}

#[test]
fn what_is_encoded_is_decoded() {
    let (mut random, form) = (Random(1), [Arg::Sint(1)]);
    for _ in 0..ROUNDS {
        let stream = state::testing::stream("");
        let bytes = random.bytes();
        let check = |encode: &str, decode: &str, args| {
            let code = run(&stream, encode, &[], Value::Bin(&bytes)).expect("code");
            let back = run(&stream, decode, args, code).map(|value| value.to_text(&stream.arena).to_vec());
            let zero = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            assert_eq!(back.as_deref(), Some(&bytes[..zero]), "{encode} {bytes:x?}");
        };
        check("base64", "b64dec", &[][..]);
        check("ub64enc", "ub64dec", &[]);
        let text: Vec<u8> = bytes.iter().map(|byte| byte | 1).collect();
        let code = run(&stream, "url_enc", &[], Value::Str(&text)).expect("code");
        assert_eq!(run(&stream, "url_dec", &form, code), Some(Value::Str(&text)), "{text:x?}");
        let reversed = run(&stream, "reverse", &[], Value::Str(&text)).expect("text");
        assert_eq!(run(&stream, "reverse", &[], reversed), Some(Value::Str(&text)));
        let digits = run(&stream, "base2", &[], Value::Bin(&bytes)).expect("digits");
        assert_eq!(run(&stream, "length", &[], digits), Some(Value::Sint(bytes.len() as i64 * 8)));
    }
}

#[test]
fn numbers_are_written_and_read() {
    let mut random = Random(2);
    for _ in 0..ROUNDS {
        let stream = state::testing::stream("");
        let number = random.next();
        let bytes = number.to_be_bytes();
        let hex = run(&stream, "hex", &[], Value::Bin(&bytes)).expect("digits");
        assert_eq!(run(&stream, "hex2i", &[], hex), Some(Value::Sint(number as i64)));
        let size = [Arg::Str(b" "[..].into()), Arg::Sint(8)];
        let check = |name: &str, expected: u64| {
            let text = run(&stream, name, &size, Value::Bin(&bytes));
            assert_eq!(text, Some(Value::Str(expected.to_string().as_bytes())), "{name} {number}");
        };
        check("be2dec", number);
        check("le2dec", number.swap_bytes());
        let low = run(&stream, "htonl", &[], Value::Sint(number as i64));
        assert_eq!(low, Some(Value::Bin(&(number as u32).to_be_bytes())));
    }
}

#[test]
fn dates_are_written_and_read() {
    const LAST: u64 = 253_402_300_800;
    let mut random = Random(3);
    for _ in 0..ROUNDS {
        let stream = state::testing::stream("");
        let seconds = Value::Sint((random.next() % LAST) as i64);
        let date = run(&stream, "http_date", &[], seconds).expect("date");
        assert_eq!(run(&stream, "date", &[], date), Some(seconds), "{date:?}");
        let form = [Arg::Str(b"%a, %d %b %Y %H:%M:%S GMT"[..].into())];
        assert_eq!(run(&stream, "utime", &form, seconds), Some(date));
    }
}

/// As in unbounded numbers, cut to what there is.
#[test]
fn arithmetic_is_capped() {
    let mut random = Random(4);
    let capped = |number: i128| number.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
    for _ in 0..ROUNDS * 4 {
        let stream = state::testing::stream("");
        let (a, b) = (random.number(), random.number());
        let check = |name: &str, expected: i64| {
            let args = [Arg::Sint(b)];
            assert_eq!(
                run(&stream, name, &args, Value::Sint(a)),
                Some(Value::Sint(expected)),
                "{name} {a} {b}"
            );
        };
        let (wide_a, wide_b) = (i128::from(a), i128::from(b));
        check("add", capped(wide_a + wide_b));
        check("sub", capped(wide_a - wide_b));
        check("mul", capped(wide_a * wide_b));
        check("div", wide_a.checked_div(wide_b).map_or(i64::MAX, capped));
        check("mod", wide_a.checked_rem(wide_b).map_or(0, capped));
        check("neg", capped(-wide_a));
        check("cpl", -1 - a);
        check("and", a & b);
        check("or", a | b);
        check("xor", (a | b) - (a & b));
        let is = |name: &str| run(&stream, name, &[], Value::Sint(a)) == Some(Value::Bool(true));
        assert_eq!(is("odd"), !is("even"), "{a}");
        assert_eq!(is("bool"), !is("not"), "{a}");
        assert_eq!(is("odd"), wide_a.rem_euclid(2) == 1, "{a}");
    }
}

#[test]
fn masks_keep_their_prefix() {
    let mut random = Random(5);
    for _ in 0..ROUNDS {
        let stream = state::testing::stream("");
        let (v4, v6) = (random.below(33) as u8, random.below(129) as u8);
        let args = [Arg::Mask4(base::net::mask4(v4)), Arg::Mask6(base::net::mask6(v6))];
        let address = std::net::Ipv4Addr::from_bits(random.next() as u32);
        let Some(Value::Ipv4(network)) = run(&stream, "ipmask", &args, Value::Ipv4(address)) else {
            panic!("no network of {address}")
        };
        let same = u32::from(address) ^ u32::from(network);
        assert!(same.leading_zeros() >= u32::from(v4), "{address} {network}");
        assert!(u32::from(network).trailing_zeros() >= 32 - u32::from(v4), "{network}");
        // Documentation's prefix: never an address that stands for one of version 4.
        let bits = 0x2001_0db8_u128 << 96 | u128::from(random.next()) << 32 | u128::from(random.next());
        let address = std::net::Ipv6Addr::from_bits(bits);
        let Some(Value::Ipv6(network)) = run(&stream, "ipmask", &args, Value::Ipv6(address)) else {
            panic!("no network of {address}")
        };
        let same = u128::from(address) ^ u128::from(network);
        assert!(same.leading_zeros() >= u32::from(v6), "{address} {network}");
        assert!(u128::from(network).trailing_zeros() >= 128 - u32::from(v6), "{network}");
    }
}

/// All that run, with the arguments of their examples, take whatever comes.
#[test]
fn nothing_panics() {
    let mut random = Random(6);
    for row in rows().filter(|row| row.spec.support == Support::Full) {
        for example in row.examples {
            let Some((stream, args)) = testing::prepared(row, example, &Default::default()) else { continue };
            let arena = Bump::new();
            for _ in 0..ROUNDS / 10 {
                let seed = testing::input(example);
                let bytes = if random.below(4) == 0 { random.bytes() } else { random.disturb(&seed) };
                let value = match random.below(8) {
                    0 => Value::Sint(random.number()),
                    1 => Value::Bool(true),
                    2 => Value::Ipv4(std::net::Ipv4Addr::from_bits(random.next() as u32)),
                    3 => Value::Ipv6(std::net::Ipv6Addr::from_bits(random.next().into())),
                    4 => Value::Meth(&bytes),
                    5 => Value::Bin(&bytes),
                    _ => Value::Str(&bytes),
                };
                if let Some(value) = value.cast(row.spec.input, &arena) {
                    (row.run)(&stream, &args, value);
                }
            }
        }
    }
}
