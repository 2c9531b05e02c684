//! Signatures of tokens (JWS, RFC 7515 and 7518).

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Sint};
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKeyRef, Public};
use openssl::rsa::Padding;
use openssl::sign::Verifier;
use samples::converters::base64;
use samples::{Converter, Example, checks};
use state::sample::Arg;
use state::{Stream, Value};

use super::args;
use super::keys::{self, NoKey};
use crate::tls::ffi;

/// An algorithm and a key, a file or a certificate.
const BOTH: &[ArgType] = &[ArgType::Str, ArgType::Str];

/// `{"alg":"HS256"}` and `{"a":1}`, signed with the key `secret`.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.LrlPmSL4FxrzAHJSYbKzsA997COXdYCeFKlt3zt5DIY";

pub const ROWS: &[Converter] = &[
    Converter::new(
        "jwt_verify",
        Bin,
        Sint,
        "Whether a token is signed with an algorithm and a secret or public key: 1 is yes, 0 no",
        jwt_verify,
    )
    .args(2, BOTH)
    .check(checks::jwt_verify)
    .examples(&[
        Example::new(TOKEN, &["HS256", "secret"], "1"),
        Example::new(TOKEN, &["txn.HS256", "txn.secret"], "1"),
        Example::new(TOKEN, &["HS256", "public"], "0"),
        Example::new(TOKEN, &["HS384", "secret"], "0"),
        Example::new(TOKEN, &["none", "any"], "0"),
        Example::new("a.b.", &["none", "any"], "1"),
        Example::new("a.b.", &["HS256", "secret"], "-3"),
        Example::new("a.b.c", &["HS256", "secret"], "-3"),
        Example::new("a.b", &["HS256", "secret"], "-3"),
        Example::new("a.b.cc.d", &["HS256", "secret"], "-3"),
        Example::new("a.b.cc", &["txn.XS256", "secret"], "-1"),
        Example::new("a.b.cc", &["RS256", "none.pem"], "-5"),
        Example::none("a.b.cc", &["txn.none", "secret"]),
        Example::none("a.b.cc", &["HS256", ""]),
    ]),
    Converter::new(
        "jwt_verify_cert",
        Bin,
        Sint,
        "Whether a token is signed with an algorithm and the key of a certificate: 1 is yes, 0 no",
        jwt_verify_cert,
    )
    .args(2, BOTH)
    .check(checks::jwt_verify_certificate)
    .examples(&[
        Example::new("a.b.cc", &["ES256", "none.pem"], "-5"),
        Example::new("a.b.cc", &["txn.HS256", "none.pem"], "-2"),
        Example::new("a.b.", &["none", "none.pem"], "1"),
    ]),
];

/// What HAProxy's number means where there is no yes and no no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    UnknownAlgorithm = -1,
    /// A certificate has no secret to give.
    UnmanagedAlgorithm = -2,
    BadToken = -3,
    UnknownKey = -5,
    ForbiddenCertificate = -7,
}

impl From<NoKey> for Refusal {
    fn from(why: NoKey) -> Self {
        match why {
            NoKey::Unknown => Self::UnknownKey,
            NoKey::Forbidden => Self::ForbiddenCertificate,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unsigned,
    Hmac,
    Rsa,
    RsaPss,
    Ecdsa,
}

/// What the second argument names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyIn {
    /// A secret itself, or the file of a public key.
    TextOrFile,
    Certificate,
}

fn jwt_verify<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    run(stream, args, value, KeyIn::TextOrFile)
}

fn jwt_verify_cert<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    run(stream, args, value, KeyIn::Certificate)
}

fn run<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>, place: KeyIn) -> Option<Value<'a>> {
    let algorithm = args::name(stream, args, 0)?;
    let key = args::name(stream, args, 1)?;
    let verdict = verify(stream, args::bytes(value)?, algorithm, key, place);
    Some(Value::Sint(match verdict {
        Ok(is_valid) => i64::from(is_valid),
        Err(refusal) => refusal as i64,
    }))
}

/// By its name, with its digest.
fn algorithm(name: &[u8]) -> Option<(Kind, MessageDigest)> {
    let (kind, bits) = match name {
        b"none" => return Some((Kind::Unsigned, MessageDigest::null())),
        [b'H', b'S', bits @ ..] => (Kind::Hmac, bits),
        [b'R', b'S', bits @ ..] => (Kind::Rsa, bits),
        [b'P', b'S', bits @ ..] => (Kind::RsaPss, bits),
        [b'E', b'S', bits @ ..] => (Kind::Ecdsa, bits),
        _ => return None,
    };
    let digest = match bits {
        b"256" => MessageDigest::sha256(),
        b"384" => MessageDigest::sha384(),
        b"512" => MessageDigest::sha512(),
        _ => return None,
    };
    Some((kind, digest))
}

fn verify(stream: &Stream, token: &[u8], name: &[u8], key: &[u8], place: KeyIn) -> Result<bool, Refusal> {
    let (kind, digest) = algorithm(name).ok_or(Refusal::UnknownAlgorithm)?;
    let (signed, signature) = split(token).ok_or(Refusal::BadToken)?;
    if kind == Kind::Unsigned {
        return Ok(signature.is_empty());
    }
    let signature = base64::decode_url(signature, &stream.arena);
    let signature = signature.filter(|bytes| !bytes.is_empty()).ok_or(Refusal::BadToken)?;
    if kind == Kind::Hmac {
        return match place {
            KeyIn::TextOrFile => Ok(is_hmac(digest, key, signed, signature)),
            KeyIn::Certificate => Err(Refusal::UnmanagedAlgorithm),
        };
    }
    let keys = keys::of(stream).ok_or(NoKey::Unknown)?;
    let key = match place {
        KeyIn::TextOrFile => keys.public(key)?,
        KeyIn::Certificate => keys.of_certificate(key)?,
    };
    if kind != Kind::Ecdsa {
        return Ok(is_signature(kind, digest, key, signed, signature).unwrap_or(false));
    }
    if !signature.len().is_multiple_of(2) {
        return Err(Refusal::BadToken);
    }
    let valid = der(signature).and_then(|der| is_signature(kind, digest, key, signed, &der));
    Ok(valid.unwrap_or(false))
}

/// The part of a token that is signed, and the signature behind the second of two dots.
fn split(token: &[u8]) -> Option<(&[u8], &[u8])> {
    let last = token.iter().rposition(|byte| *byte == b'.')?;
    let (signed, signature) = token.split_at(last);
    let dots = signed.iter().filter(|byte| **byte == b'.').count();
    (dots == 1).then_some((signed, &signature[1..]))
}

fn is_hmac(digest: MessageDigest, key: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    let mut made = [0; ffi::MAX_DIGEST];
    let len = ffi::hmac(digest, key, signed, &mut made);
    // The comparison wants equal lengths; it takes as long for any bytes.
    len.is_some_and(|len| len == signature.len() && openssl::memcmp::eq(&made[..len], signature))
}

fn is_signature(
    kind: Kind,
    digest: MessageDigest,
    key: &PKeyRef<Public>,
    signed: &[u8],
    signature: &[u8],
) -> Result<bool, ErrorStack> {
    let mut verifier = Verifier::new(digest, key)?;
    match kind {
        Kind::Rsa => verifier.set_rsa_padding(Padding::PKCS1)?,
        Kind::RsaPss => verifier.set_rsa_padding(Padding::PKCS1_PSS)?,
        _ => {}
    }
    verifier.verify_oneshot(signature, signed)
}

/// The two numbers of a signature, one behind the other, in the form that the library wants.
fn der(signature: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let (r, s) = signature.split_at(signature.len() / 2);
    EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?.to_der()
}
