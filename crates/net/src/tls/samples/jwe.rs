//! Encrypted tokens (JWE, RFC 7516 and 7518) as converters.

use bumpalo::Bump;
use ir::config::Config;
use ir::spec::ArgType;
use ir::types::SampleType::Bin;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKeyRef, Private};
use samples::converters::base64;
use samples::{Converter, Example, checks, json, room};
use state::sample::Arg;
use state::{Stream, Value};

use super::aes::Aes;
use super::args;
use super::cek::{self, KeyAlgorithm};
use super::jwk::{self, WebKey};
use super::keys::{self, Keys};
use crate::tls::ffi;

const ONE: &[ArgType] = &[ArgType::Str];

/// `{"alg":"dir","enc":"A128GCM"}` with the key `0123456789abcdef` and the text `Hello`.
const TOKEN: &str =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..MDEyMzQ1Njc4OWFi.Kidhl0E.6v6r8Luudau7FmYZVgVwGg";

pub const ROWS: &[Converter] = &[
    Converter::new(
        "jwt_decrypt_cert",
        Bin,
        Bin,
        "The content of a token that was encrypted for a certificate",
        jwt_decrypt_cert,
    )
    .args(1, ONE)
    .check(checks::jwt_certificate)
    .examples(&[Example::none(TOKEN, &["a.pem"])]),
    Converter::new(
        "jwt_decrypt_jwk",
        Bin,
        Bin,
        "The content of a token that was encrypted for a key, which is JSON",
        jwt_decrypt_jwk,
    )
    .args(1, ONE)
    .check(checks::jwk)
    .prepare(prepare_jwk)
    .examples(&[
        Example::new(TOKEN, &["{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZg\"}"], "Hello"),
        Example::none(TOKEN, &["{\"kty\":\"oct\",\"k\":\"MDEy\"}"]),
        Example::none(TOKEN, &["txn.none"]),
    ]),
    Converter::new(
        "jwt_decrypt_secret",
        Bin,
        Bin,
        "The content of a token that was encrypted with a secret, which is in base64",
        jwt_decrypt_secret,
    )
    .args(1, ONE)
    .check(checks::jwt_secret)
    .examples(&[
        Example::new(TOKEN, &["MDEyMzQ1Njc4OWFiY2RlZg=="], "Hello"),
        Example::new(TOKEN, &["txn.MDEyMzQ1Njc4OWFiY2RlZg=="], "Hello"),
        Example::none(TOKEN, &["MDEyMzQ1Njc4OWFiY2RlZw=="]),
        Example::none("a.b.c", &["MDEyMzQ1Njc4OWFiY2RlZg=="]),
        Example::none("", &["MDEyMzQ1Njc4OWFiY2RlZg=="]),
    ]),
];

/// How the content is encrypted.
#[derive(Clone, Copy)]
struct ContentAlgorithm {
    name: &'static str,
    /// Of the key of AES.
    bits: usize,
    /// AES-CBC with this digest, whose key stands in front of that of AES; else AES-GCM.
    digest: Option<fn() -> MessageDigest>,
}

impl ContentAlgorithm {
    fn named(name: &'static str) -> Option<Self> {
        let (bits, digest): (_, Option<fn() -> _>) = match name {
            "A128CBC-HS256" => (128, Some(MessageDigest::sha256)),
            "A192CBC-HS384" => (192, Some(MessageDigest::sha384)),
            "A256CBC-HS512" => (256, Some(MessageDigest::sha512)),
            "A128GCM" => (128, None),
            "A192GCM" => (192, None),
            "A256GCM" => (256, None),
            _ => return None,
        };
        Some(Self { name, bits, digest })
    }

    /// Bits of the whole key.
    fn key_bits(self) -> usize {
        if self.digest.is_some() { 2 * self.bits } else { self.bits }
    }
}

/// A token whose header was read.
struct Token<'a> {
    arena: &'a Bump,
    /// In base64, as the following ones. The key is that of the content.
    header: &'a [u8],
    key: &'a [u8],
    nonce: &'a [u8],
    text: &'a [u8],
    tag: &'a [u8],
    /// What stands in the header.
    json: &'a [u8],
    key_algorithm: KeyAlgorithm,
    content_algorithm: ContentAlgorithm,
}

impl<'a> Token<'a> {
    fn parse(stream: &'a Stream, keys: &Keys, value: Value<'a>) -> Option<Self> {
        let arena = &stream.arena;
        let mut parts = args::bytes(value)?.split(|byte| *byte == b'.');
        let mut part = || parts.next();
        let (header, key, nonce, text, tag) = (part()?, part()?, part()?, part()?, part()?);
        if part().is_some() {
            return None;
        }
        let json = base64::decode_url(header, arena)?;
        let key_algorithm = keys.key_algorithm(json::text(json, b"$.alg", arena)?)?;
        let content_algorithm = keys.content_algorithm(json::text(json, b"$.enc", arena)?)?;
        Some(Self {
            arena,
            header,
            key,
            nonce,
            text,
            tag,
            json,
            key_algorithm: KeyAlgorithm::named(key_algorithm)?,
            content_algorithm: ContentAlgorithm::named(content_algorithm)?,
        })
    }

    /// The key of the content, as it was sent.
    fn sent_key(&self) -> Option<&'a [u8]> {
        base64::decode_url(self.key, self.arena).filter(|key| !key.is_empty())
    }

    /// The key of the content, out of one that is encrypted by AES.
    fn unwrapped(&self, secret: &[u8]) -> Option<&'a [u8]> {
        match self.key_algorithm {
            KeyAlgorithm::Wrap(bits) => cek::unwrap(bits, secret, self.sent_key()?, self.arena),
            KeyAlgorithm::GcmWrap(bits) => {
                let field = |path| jwk::field(self.json, path, self.arena);
                let (tag, nonce) = (field(b"$.tag")?, field(b"$.iv")?);
                Aes { bits, key: secret, nonce }.gcm_decrypt(self.sent_key()?, b"", tag, self.arena)
            }
            _ => None,
        }
    }

    /// The key of the content, out of one that is encrypted or agreed upon by a key pair.
    fn decrypted(&self, private: &PKeyRef<Private>) -> Option<&'a [u8]> {
        match self.key_algorithm {
            KeyAlgorithm::Rsa(padding) => cek::rsa(padding, private, self.sent_key()?, self.arena),
            KeyAlgorithm::Agreement(wrap) => {
                let (name, bits) = match wrap {
                    Some((name, bits)) => (name, bits),
                    None => (self.content_algorithm.name, self.content_algorithm.key_bits()),
                };
                let agreed = cek::agree(private, &self.agreement(name, bits)?, self.arena)?;
                match wrap {
                    Some(_) => cek::unwrap(bits, agreed, self.sent_key()?, self.arena),
                    None => Some(agreed),
                }
            }
            _ => None,
        }
    }

    fn agreement(&self, algorithm: &'static str, bits: usize) -> Option<cek::Agreement<'a>> {
        let optional = |path: &[u8]| match json::text(self.json, path, self.arena) {
            Some(text) => base64::decode_url(text, self.arena),
            None => Some(b"".as_slice()),
        };
        let Some(json::Found::Object(key)) = json::find(self.json, b"$.epk") else { return None };
        Some(cek::Agreement {
            sender_key: jwk::public_ec(key, self.arena)?,
            sender: optional(b"$.apu")?,
            receiver: optional(b"$.apv")?,
            algorithm,
            bits,
        })
    }

    /// The content, decrypted with its key.
    fn open(&self, key: &[u8]) -> Option<Value<'a>> {
        let decode = |part| base64::decode_url(part, self.arena);
        let (nonce, text, tag) = (decode(self.nonce)?, decode(self.text)?, decode(self.tag)?);
        let ContentAlgorithm { bits, digest, .. } = self.content_algorithm;
        let content = match digest {
            None => Aes { bits, key, nonce }.gcm_decrypt(text, self.header, tag, self.arena),
            Some(digest) => {
                let (mac_key, key) = key.split_at_checked(bits / 8)?;
                let len = (8 * self.header.len() as u64).to_be_bytes();
                let signed = room::join(self.arena, &[self.header, nonce, text, &len]);
                if !is_tag(digest(), mac_key, signed, tag) {
                    return None;
                }
                Aes { bits, key, nonce }.cbc_decrypt(text, self.arena)
            }
        };
        content.map(Value::Bin)
    }
}

/// Whether `tag` is the first half of the keyed hash.
fn is_tag(digest: MessageDigest, key: &[u8], signed: &[u8], tag: &[u8]) -> bool {
    let mut made = [0; ffi::MAX_DIGEST];
    let len = ffi::hmac(digest, key, signed, &mut made).map(|len| len / 2);
    // The comparison wants equal lengths.
    len.is_some_and(|len| len == tag.len() && openssl::memcmp::eq(&made[..len], tag))
}

fn jwt_decrypt_secret<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let token = Token::parse(stream, keys::of(stream)?, value)?;
    let secret = args::secret(stream, args, 0)?;
    match token.key_algorithm {
        KeyAlgorithm::Direct if token.key.is_empty() => token.open(secret),
        _ => token.open(token.unwrapped(secret)?),
    }
}

fn jwt_decrypt_cert<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let keys = keys::of(stream)?;
    let token = Token::parse(stream, keys, value)?;
    let key = keys.private(args::name(stream, args, 0)?)?;
    token.open(token.decrypted(key)?)
}

/// Reads a key that the configuration holds. A secret that is no base64 is none, though the checker
/// takes it.
fn prepare_jwk(_: &Config, args: &mut [Arg]) -> Result<(), String> {
    if let Some(key) = args::text(args, 0).and_then(WebKey::parse) {
        args[0] = Arg::Prepared(Box::new(key));
    }
    Ok(())
}

fn jwt_decrypt_jwk<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let token = Token::parse(stream, keys::of(stream)?, value)?;
    match args::prepared::<WebKey>(args, 0) {
        Some(key) => open_with(&token, key),
        None => open_with(&token, &WebKey::parse(args::text_or_variable(stream, args, 0)?)?),
    }
}

fn open_with<'a>(token: &Token<'a>, key: &WebKey) -> Option<Value<'a>> {
    match (token.key_algorithm, key) {
        (KeyAlgorithm::Direct, WebKey::Secret(secret)) => token.open(secret),
        (KeyAlgorithm::Wrap(_) | KeyAlgorithm::GcmWrap(_), WebKey::Secret(secret)) => {
            token.open(token.unwrapped(secret)?)
        }
        (KeyAlgorithm::Rsa(_), WebKey::Rsa(key)) | (KeyAlgorithm::Agreement(_), WebKey::Ec(Some(key))) => {
            token.open(token.decrypted(key)?)
        }
        _ => None,
    }
}
