//! Keys of stick tables: the bytes that a sample gives for the table's type.

use bumpalo::Bump;
use ir::types::SampleType;

use crate::sample::Value;

/// The bytes of a key as a table keeps it: addresses and integers in network order, text up to
/// the table's length and its first zero byte, binary data cut and filled with zeros to it.
///
/// `None`: the sample cannot be of the table's type.
pub fn of<'a>(value: Value<'a>, kind: SampleType, len: usize, arena: &'a Bump) -> Option<&'a [u8]> {
    Some(match value.cast(kind, arena)? {
        Value::Ipv4(address) => arena.alloc(address.octets()),
        Value::Ipv6(address) => arena.alloc(address.octets()),
        Value::Sint(number) => arena.alloc((number as u32).to_be_bytes()),
        Value::Str(text) => {
            let text = &text[..text.len().min(len)];
            &text[..memchr::memchr(0, text).unwrap_or(text.len())]
        }
        Value::Bin(bytes) if bytes.len() >= len => &bytes[..len],
        Value::Bin(bytes) => arena.alloc_slice_fill_with(len, |at| bytes.get(at).copied().unwrap_or(0)),
        Value::Bool(_) | Value::Meth(_) => return None,
    })
}

/// The sample that a key stands for.
pub fn value<'a>(key: &[u8], kind: SampleType, arena: &'a Bump) -> Option<Value<'a>> {
    Some(match kind {
        SampleType::Ipv4 => Value::Ipv4(<[u8; 4]>::try_from(key).ok()?.into()),
        SampleType::Ipv6 => Value::Ipv6(<[u8; 16]>::try_from(key).ok()?.into()),
        SampleType::Sint => Value::Sint(u32::from_be_bytes(key.try_into().ok()?).into()),
        SampleType::Str => Value::Str(arena.alloc_slice_copy(key)),
        _ => Value::Bin(arena.alloc_slice_copy(key)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_samples() {
        let arena = Bump::new();
        let check = |value: Value, kind, expected: Option<&[u8]>| {
            assert_eq!(of(value, kind, 4, &arena), expected, "{value:?} as {kind:?}");
        };
        let address = Value::Ipv4([1, 2, 3, 4].into());
        check(address, SampleType::Ipv4, Some(&[1, 2, 3, 4]));
        check(address, SampleType::Ipv6, Some(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4]));
        check(address, SampleType::Str, Some(b"1.2."));
        check(Value::Sint(-1), SampleType::Sint, Some(&[255; 4]));
        check(Value::Str(b"a\0b"), SampleType::Str, Some(b"a"));
        check(Value::Str(b""), SampleType::Str, Some(b""));
        check(Value::Bin(b"ab"), SampleType::Bin, Some(b"ab\0\0"));
        check(Value::Bin(b"abcde"), SampleType::Bin, Some(b"abcd"));
        check(Value::Str(b"x"), SampleType::Ipv4, None);
    }

    #[test]
    fn back_to_samples() {
        let arena = Bump::new();
        for (key, kind) in [
            (&[1, 2, 3, 4][..], SampleType::Ipv4),
            (&[0; 16][..], SampleType::Ipv6),
            (&[0, 0, 1, 0][..], SampleType::Sint),
            (b"text", SampleType::Str),
            (b"\0\x01\0\0", SampleType::Bin),
        ] {
            let value = value(key, kind, &arena).expect("value");
            assert_eq!(of(value, kind, 4, &arena), Some(key), "{kind:?}");
        }
    }
}
