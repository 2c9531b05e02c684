//! Hashes by the names that the library gives them, without a key and with one.

use ir::config::Config;
use ir::spec::ArgType;
use ir::types::SampleType::Bin;
use openssl::hash::MessageDigest;
use samples::{Converter, Example, checks};
use state::sample::Arg;
use state::{Stream, Value};

use super::args;
use crate::tls::ffi;

pub const ROWS: &[Converter] = &[
    Converter::new("digest", Bin, Bin, "The digest of that name in the TLS library", digest)
        .args(1, &[ArgType::Str])
        .check(checks::digest)
        .prepare(prepare)
        .examples(&[
            Example::new("1", &["sha1"], "356a192b7913b04c54574d18c28d46e6395428ab"),
            Example::new("", &["MD5"], "d41d8cd98f00b204e9800998ecf8427e"),
        ]),
    Converter::new("hmac", Bin, Bin, "The digest with a key, which is base64 or a variable with it", hmac)
        .args(2, &[ArgType::Str, ArgType::Str])
        .check(checks::hmac)
        .prepare(prepare)
        .examples(&[
            Example::new("1", &["sha1", "a2V5"], "e23feb105f9622241bf23db1638cd2b4208b1f53"),
            Example::new("1", &["sha1", "txn.a2V5"], "e23feb105f9622241bf23db1638cd2b4208b1f53"),
            Example::none("1", &["sha1", "txn.key"]),
            Example::none("1", &["sha1", "txn.none"]),
            Example::none("1", &["shake128", "a2V5"]),
        ]),
];

/// Looks the digest up.
fn prepare(_: &Config, args: &mut [Arg]) -> Result<(), String> {
    let name = args::text(args, 0).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
    let digest = MessageDigest::from_name(name).ok_or_else(|| format!("unknown digest '{name}'"))?;
    args[0] = Arg::Prepared(Box::new(digest));
    Ok(())
}

fn digest<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let digest = *args::prepared::<MessageDigest>(args, 0)?;
    let bytes = openssl::hash::hash(digest, args::bytes(value)?).ok()?;
    Some(Value::Bin(stream.arena.alloc_slice_copy(&bytes)))
}

fn hmac<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let digest = *args::prepared::<MessageDigest>(args, 0)?;
    let key = args::secret(stream, args, 1)?;
    let mut out = [0; ffi::MAX_DIGEST];
    let len = ffi::hmac(digest, key, args::bytes(value)?, &mut out)?;
    Some(Value::Bin(stream.arena.alloc_slice_copy(&out[..len])))
}
