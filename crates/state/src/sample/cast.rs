//! The implicit casts between sample types (manual, section 7.1). Left out: whether a cast is
//! possible at all, which [`SampleType::casts_to`] tells the checker.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bumpalo::Bump;
use ir::types::SampleType;

use super::Value;
use super::text;

impl<'a> Value<'a> {
    /// The value as type `to`; `None` where the types or this value do not allow it. Text is
    /// made in `arena`.
    pub fn cast(self, to: SampleType, arena: &'a Bump) -> Option<Self> {
        match to {
            SampleType::Any | SampleType::Same => Some(self),
            SampleType::Bool => self.to_sint().map(|number| Self::Bool(number != 0)),
            SampleType::Sint => match self {
                Self::Ipv4(address) => Some(Self::Sint(i64::from(address.to_bits()))),
                other => other.to_sint().map(Self::Sint),
            },
            SampleType::Addr => self.to_addr().map(Self::from),
            SampleType::Ipv4 => match self.to_addr()? {
                IpAddr::V4(address) => Some(Self::Ipv4(address)),
                // Text in the form of an IPv6 address is not taken for an IPv4 one.
                IpAddr::V6(address) if matches!(self, Self::Ipv6(_)) => v6_to_v4(address).map(Self::Ipv4),
                IpAddr::V6(_) => None,
            },
            SampleType::Ipv6 => match self.to_addr()? {
                IpAddr::V6(address) => Some(Self::Ipv6(address)),
                IpAddr::V4(_) if matches!(self, Self::Str(_)) => None,
                IpAddr::V4(address) => Some(Self::Ipv6(address.to_ipv6_mapped())),
            },
            SampleType::Str => Some(Self::Str(self.to_text(arena))),
            SampleType::Bin => Some(Self::Bin(self.to_bytes(arena))),
            SampleType::Meth => match self {
                Self::Str(bytes) | Self::Bin(bytes) | Self::Meth(bytes) => Some(Self::Meth(bytes)),
                _ => None,
            },
        }
    }

    /// The value as the text that logs, headers and string patterns see.
    pub fn to_text(self, arena: &'a Bump) -> &'a [u8] {
        match self {
            Self::Bool(value) => {
                if value {
                    b"1"
                } else {
                    b"0"
                }
            }
            Self::Sint(number) => text::in_arena(arena, |out| text::decimal(number, out)),
            Self::Ipv4(address) => text::in_arena(arena, |out| text::ip(address.into(), out)),
            Self::Ipv6(address) => text::in_arena(arena, |out| text::ip(address.into(), out)),
            Self::Str(bytes) | Self::Meth(bytes) => bytes,
            // A zero byte ends a string.
            Self::Bin(bytes) => &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())],
        }
    }

    fn to_bytes(self, arena: &'a Bump) -> &'a [u8] {
        match self {
            Self::Bool(value) => arena.alloc(u64::from(value).to_be_bytes()),
            Self::Sint(number) => arena.alloc(number.to_be_bytes()),
            Self::Ipv4(address) => arena.alloc(address.octets()),
            Self::Ipv6(address) => arena.alloc(address.octets()),
            Self::Str(bytes) | Self::Bin(bytes) | Self::Meth(bytes) => bytes,
        }
    }

    fn to_sint(self) -> Option<i64> {
        match self {
            Self::Bool(value) => Some(i64::from(value)),
            Self::Sint(number) => Some(number),
            Self::Str(bytes) => (!bytes.is_empty()).then(|| leading_number(bytes)),
            _ => None,
        }
    }

    fn to_addr(self) -> Option<IpAddr> {
        match self {
            Self::Sint(number) => Some(Ipv4Addr::from_bits(number as u32).into()),
            Self::Ipv4(address) => Some(address.into()),
            Self::Ipv6(address) => Some(address.into()),
            Self::Str(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
            _ => None,
        }
    }
}

impl From<IpAddr> for Value<'_> {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::Ipv4(address),
            IpAddr::V6(address) => Self::Ipv6(address),
        }
    }
}

/// The IPv4 address inside a mapped, a compatible (RFC 4291) or a 6to4 (RFC 3056) address.
pub fn v6_to_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0xffff, 0, ..] => None,
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    }
}

/// The number that `text` starts with: an optional sign and digits, up to the first other byte;
/// 0 where there is none. Too large numbers become the largest.
pub fn leading_number(text: &[u8]) -> i64 {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    digits.iter().take_while(|b| b.is_ascii_digit()).fold(0i64, |number, digit| {
        let digit = i64::from(digit - b'0');
        let shifted = number.saturating_mul(10);
        if negative { shifted.saturating_sub(digit) } else { shifted.saturating_add(digit) }
    })
}

#[cfg(test)]
mod tests {
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
            &[
                (Any, Value::Str(b"")),
                (Str, Value::Str(b"")),
                (Bin, Value::Bin(b"")),
                (Meth, Value::Meth(b"")),
            ],
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
        let check =
            |text: &str, expected: i64| assert_eq!(leading_number(text.as_bytes()), expected, "{text}");
        check("12abc", 12);
        check("-7", -7);
        check("+7", 7);
        check("abc", 0);
        check(" 1", 0);
        check("99999999999999999999", i64::MAX);
        check("-99999999999999999999", i64::MIN);
    }
}
