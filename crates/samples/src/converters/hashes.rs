//! Hashes and digests. With an argument that is not 0 the fast hashes spread their bits.

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Sint};
use sha2::Digest;
use state::sample::Arg;
use state::{Stream, Value};

use super::{bytes_of, int_arg};
use crate::checks;
use crate::row::{Converter, Example};

const SPREAD: &[ArgType] = &[ArgType::Sint];
const SEED: &[ArgType] = &[ArgType::Sint];

pub const ROWS: &[Converter] = &[
    Converter::new("crc32", Bin, Sint, "CRC-32", crc32).args(0, SPREAD).examples(&[Example::new(
        "/abc",
        &[],
        "326170788",
    )]),
    Converter::new("crc32c", Bin, Sint, "CRC-32C", crc32c).args(0, SPREAD).examples(&[Example::new(
        "/abc",
        &[],
        "640227501",
    )]),
    Converter::new("djb2", Bin, Sint, "The hash djb2", djb2)
        .args(0, SPREAD)
        .examples(&[Example::new("/abc", &[], "2088271610"), Example::new("/abc", &["1"], "1563166642")]),
    Converter::new("sdbm", Bin, Sint, "The hash sdbm", sdbm).args(0, SPREAD).examples(&[Example::new(
        "/abc",
        &[],
        "3135654771",
    )]),
    Converter::new("sha1", Bin, Bin, "SHA-1", sha1).examples(&[Example::new(
        "204",
        &[],
        "1cc641954099c249e0e4ef0402da3fd0364d95f0",
    )]),
    Converter::new("sha2", Bin, Bin, "SHA-2 of 224, 256 (default), 384 or 512 bits", sha2)
        .args(0, &[ArgType::Sint])
        .check(checks::sha2_bits)
        .examples(&[Example::new(
            "abc",
            &["224"],
            "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
        )]),
    Converter::new("wt6", Bin, Sint, "The hash wt6", wt6).args(0, SPREAD).examples(&[Example::new(
        "/abc",
        &[],
        "4175322074",
    )]),
    Converter::new("xxh3", Bin, Sint, "The hash XXH3 of 64 bits, with a seed", xxh3).args(0, SEED).examples(
        &[Example::new("", &[], "3244421341483603138"), Example::new("a", &["7"], "-7001539911779966828")],
    ),
    Converter::new("xxh32", Bin, Sint, "The hash XXH32, with a seed", xxh32)
        .args(0, SEED)
        .examples(&[Example::new("", &[], "46947589"), Example::new("a", &["7"], "3666002600")]),
    Converter::new("xxh64", Bin, Sint, "The hash XXH64, with a seed", xxh64).args(0, SEED).examples(&[
        Example::new("", &[], "-1205034819632174695"),
        Example::new("a", &["7"], "-2566126185475933851"),
    ]),
];

fn number<'a>(hash: fn(&[u8]) -> u32, args: &[Arg], value: Value<'a>) -> Option<Value<'a>> {
    let hash = hash(bytes_of(value)?);
    let spread = int_arg(args, 0).is_some_and(|spread| spread != 0);
    Some(Value::Sint(i64::from(if spread { base::hash::avalanche(hash) } else { hash })))
}

fn crc32<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    number(base::hash::crc32, args, value)
}

fn crc32c<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    number(base::hash::crc32c, args, value)
}

fn djb2<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    number(base::hash::djb2, args, value)
}

fn sdbm<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    number(base::hash::sdbm, args, value)
}

fn wt6<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    number(base::hash::wt6, args, value)
}

fn seed(args: &[Arg]) -> u64 {
    int_arg(args, 0).unwrap_or(0) as u64
}

/// Of a seed the lower half counts.
fn xxh32<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let hash = base::hash::xxh32(bytes_of(value)?, seed(args) as u32);
    Some(Value::Sint(i64::from(hash)))
}

fn xxh64<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    Some(Value::Sint(xxhash_rust::xxh64::xxh64(bytes_of(value)?, seed(args)) as i64))
}

fn xxh3<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    Some(Value::Sint(xxhash_rust::xxh3::xxh3_64_with_seed(bytes_of(value)?, seed(args)) as i64))
}

fn sha1<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let digest = sha1::Sha1::digest(bytes_of(value)?);
    Some(Value::Bin(stream.arena.alloc_slice_copy(&digest)))
}

fn sha2<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let bytes = bytes_of(value)?;
    let arena = &stream.arena;
    Some(Value::Bin(match int_arg(args, 0).unwrap_or(256) {
        224 => arena.alloc_slice_copy(&sha2::Sha224::digest(bytes)),
        256 => arena.alloc_slice_copy(&sha2::Sha256::digest(bytes)),
        384 => arena.alloc_slice_copy(&sha2::Sha384::digest(bytes)),
        512 => arena.alloc_slice_copy(&sha2::Sha512::digest(bytes)),
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digests of `abc` in FIPS 180-4's examples.
    #[test]
    fn digests() {
        let check = |args: &[Arg], run: state::sample::ConverterFn, start: &[u8]| {
            let stream = state::testing::stream("");
            let Some(Value::Bin(digest)) = run(&stream, args, Value::Bin(b"abc")) else {
                panic!("no digest")
            };
            assert!(digest.starts_with(start), "{digest:x?}");
        };
        check(&[], sha1, &[0xa9, 0x99, 0x3e, 0x36]);
        check(&[], sha2, &[0xba, 0x78, 0x16, 0xbf]);
        check(&[Arg::Sint(224)], sha2, &[0x23, 0x09, 0x7d, 0x22]);
        check(&[Arg::Sint(384)], sha2, &[0xcb, 0x00, 0x75, 0x3f]);
        check(&[Arg::Sint(512)], sha2, &[0xdd, 0xaf, 0x35, 0xa1]);
    }
}
