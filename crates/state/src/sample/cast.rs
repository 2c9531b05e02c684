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
                // Nor the other way round.
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
            Self::Str(bytes) => {
                leading_ipv4(bytes).map(IpAddr::V4).or_else(|| whole_ipv6(bytes).map(IpAddr::V6))
            }
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

/// The IPv4 address that `text` starts with; what no address goes on with may follow.
fn leading_ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.').unwrap_or(text.len());
    let mut octets = [0u8; 4];
    let mut parts = text[..end].split(|byte| *byte == b'.');
    for octet in &mut octets {
        let digits = parts.next().filter(|digits| !digits.is_empty())?;
        let number = |sum: u8, digit: &u8| sum.checked_mul(10)?.checked_add(digit - b'0');
        *octet = digits.iter().try_fold(0, number)?;
    }
    parts.next().is_none().then(|| octets.into())
}

/// The IPv6 address that `text` is, up to a zero byte.
fn whole_ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    let text = &text[..memchr::memchr(0, text).unwrap_or(text.len())];
    std::str::from_utf8(text).ok()?.parse().ok()
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
mod tests;
