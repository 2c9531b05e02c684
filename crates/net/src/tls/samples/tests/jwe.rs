//! Tokens that are encrypted and decrypted.

use bumpalo::Bump;
use ir::config::{CONTENT_ALGORITHMS, KEY_ALGORITHMS, Tokens};
use openssl::bn::{BigNum, BigNumContext};
use openssl::cipher::Cipher;
use openssl::cipher_ctx::{CipherCtx, CipherCtxFlags};
use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::Padding;
use samples::json;
use state::Value;
use state::sample::Arg;

use super::super::aes::{Aes, TAG};
use super::super::cek::{self, Agreement, KeyAlgorithm, RsaPadding};
use super::super::jwk;
use super::{Random, base64, convert, ec_key, rsa_key, stream, text};
use crate::tls::ffi;

const TEXT: &[u8] = b"Some text that nobody may read";
const NONCE: &[u8] = b"0123456789ab";

/// The receiver's keys.
struct Receiver {
    secret: Vec<u8>,
    rsa: PKey<Private>,
    ec: PKey<Private>,
}

impl Receiver {
    fn new() -> Self {
        Self { secret: (0..64).collect(), rsa: rsa_key(), ec: ec_key(Nid::X9_62_PRIME256V1) }
    }

    /// The key for an algorithm, as JSON.
    fn web_key(&self, algorithm: KeyAlgorithm) -> String {
        match algorithm {
            KeyAlgorithm::Rsa(_) => {
                let key = self.rsa.rsa().expect("key");
                let fields = [
                    ("n", Some(key.n())),
                    ("e", Some(key.e())),
                    ("d", Some(key.d())),
                    ("p", key.p()),
                    ("q", key.q()),
                    ("dp", key.dmp1()),
                    ("dq", key.dmq1()),
                    ("qi", key.iqmp()),
                ];
                let field = |(name, number): &(&str, Option<&openssl::bn::BigNumRef>)| {
                    format!(",\"{name}\":\"{}\"", base64(&number.expect("number").to_vec()))
                };
                format!("{{\"kty\":\"RSA\"{}}}", fields.iter().map(field).collect::<String>())
            }
            KeyAlgorithm::Agreement(_) => {
                let secret = self.ec.ec_key().expect("key").private_key().to_vec();
                let (x, y) = point(&self.ec);
                let d = base64(&secret);
                format!("{{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{x}\",\"y\":\"{y}\",\"d\":\"{d}\"}}")
            }
            _ => format!("{{\"kty\":\"oct\",\"k\":\"{}\"}}", base64(&self.secret)),
        }
    }

    /// A token for this receiver.
    fn seal(&self, key_name: &'static str, content_name: &'static str) -> String {
        let algorithm = KeyAlgorithm::named(key_name).expect("algorithm");
        let mut header = format!("\"alg\":\"{key_name}\",\"enc\":\"{content_name}\"");
        let arena = Bump::new();
        let content_key: Vec<u8> = (100..164).collect();
        let content_key = &content_key[..content_key_bytes(content_name)];
        let (content_key, sent) = match algorithm {
            KeyAlgorithm::Direct => (self.secret.clone(), Vec::new()),
            KeyAlgorithm::Wrap(bits) => (content_key.to_vec(), wrap(bits, &self.secret, content_key)),
            KeyAlgorithm::GcmWrap(bits) => {
                let mut tag = [0; TAG];
                let aes = Aes { bits, key: &self.secret, nonce: NONCE };
                let sent = aes.gcm_encrypt(content_key, b"", &mut tag, &arena).expect("sealed").to_vec();
                header += &format!(",\"iv\":\"{}\",\"tag\":\"{}\"", base64(NONCE), base64(&tag));
                (content_key.to_vec(), sent)
            }
            KeyAlgorithm::Rsa(padding) => {
                (content_key.to_vec(), rsa_encrypt(padding, &self.rsa, content_key))
            }
            KeyAlgorithm::Agreement(wrapped) => {
                let sender = ec_key(Nid::X9_62_PRIME256V1);
                let (x, y) = point(&sender);
                header +=
                    &format!(",\"epk\":{{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{x}\",\"y\":\"{y}\"}}");
                header += &format!(",\"apu\":\"{}\"", base64(b"me"));
                let (name, bits) = wrapped.unwrap_or((content_name, 8 * content_key.len()));
                let sender_key = public(&self.ec);
                let with = Agreement { sender_key, sender: b"me", receiver: b"", algorithm: name, bits };
                let agreed = cek::agree(&sender, &with, &arena).expect("agreed");
                match wrapped {
                    None => (agreed.to_vec(), Vec::new()),
                    Some(_) => (content_key.to_vec(), wrap(bits, agreed, content_key)),
                }
            }
        };
        let header = base64(format!("{{{header}}}").as_bytes());
        let (nonce, sealed, tag) = seal_content(content_name, &content_key, &header);
        format!("{header}.{}.{}.{}.{}", base64(&sent), base64(nonce), base64(&sealed), base64(&tag))
    }
}

fn content_key_bytes(name: &str) -> usize {
    match name {
        "A128GCM" => 16,
        "A192GCM" => 24,
        "A256GCM" | "A128CBC-HS256" => 32,
        "A192CBC-HS384" => 48,
        _ => 64,
    }
}

/// The nonce, the encrypted text and the tag.
fn seal_content(name: &str, key: &[u8], header: &str) -> (&'static [u8], Vec<u8>, Vec<u8>) {
    let arena = Bump::new();
    let bits = name[1..4].parse().expect("bits");
    if name.ends_with("GCM") {
        let mut tag = [0; TAG];
        let aes = Aes { bits, key, nonce: NONCE };
        let sealed = aes.gcm_encrypt(TEXT, header.as_bytes(), &mut tag, &arena).expect("sealed");
        return (NONCE, sealed.to_vec(), tag.to_vec());
    }
    let nonce = b"0123456789abcdef";
    let (mac_key, key) = key.split_at(bits / 8);
    let sealed = Aes { bits, key, nonce }.cbc_encrypt(TEXT, &arena).expect("sealed").to_vec();
    let digest = match bits {
        128 => MessageDigest::sha256(),
        192 => MessageDigest::sha384(),
        _ => MessageDigest::sha512(),
    };
    let len = (8 * header.len() as u64).to_be_bytes();
    let signed = [header.as_bytes(), nonce, &sealed, &len].concat();
    let mut tag = [0; ffi::MAX_DIGEST];
    let half = ffi::hmac(digest, mac_key, &signed, &mut tag).expect("tag") / 2;
    (nonce, sealed, tag[..half].to_vec())
}

fn wrap(bits: usize, secret: &[u8], key: &[u8]) -> Vec<u8> {
    let cipher = match bits {
        128 => Cipher::aes_128_wrap(),
        192 => Cipher::aes_192_wrap(),
        _ => Cipher::aes_256_wrap(),
    };
    let mut context = CipherCtx::new().expect("context");
    context.set_flags(CipherCtxFlags::FLAG_WRAP_ALLOW);
    context.encrypt_init(Some(cipher), Some(&secret[..bits / 8]), None).expect("key");
    let mut out = Vec::new();
    context.cipher_update_vec(key, &mut out).expect("wrapped");
    out
}

fn rsa_encrypt(padding: RsaPadding, key: &PKey<Private>, text: &[u8]) -> Vec<u8> {
    let mut encrypter = Encrypter::new(key).expect("encrypter");
    let digest = match padding {
        RsaPadding::Pkcs1 => None,
        RsaPadding::Oaep => Some(MessageDigest::sha1()),
        RsaPadding::Oaep256 => Some(MessageDigest::sha256()),
    };
    let kind = if digest.is_some() { Padding::PKCS1_OAEP } else { Padding::PKCS1 };
    encrypter.set_rsa_padding(kind).expect("padding");
    if let Some(digest) = digest {
        encrypter.set_rsa_oaep_md(digest).expect("digest");
        encrypter.set_rsa_mgf1_md(digest).expect("digest");
    }
    let mut out = vec![0; encrypter.encrypt_len(text).expect("length")];
    let len = encrypter.encrypt(text, &mut out).expect("encrypted");
    out.truncate(len);
    out
}

fn public(key: &PKey<Private>) -> PKey<Public> {
    PKey::public_key_from_der(&key.public_key_to_der().expect("key")).expect("key")
}

/// The coordinates of a key of P-256.
fn point(key: &PKey<Private>) -> (String, String) {
    let key = key.ec_key().expect("key");
    let (mut x, mut y) = (BigNum::new().expect("x"), BigNum::new().expect("y"));
    let mut context = BigNumContext::new().expect("context");
    key.public_key().affine_coordinates_gfp(key.group(), &mut x, &mut y, &mut context).expect("point");
    (base64(&x.to_vec_padded(32).expect("x")), base64(&y.to_vec_padded(32).expect("y")))
}

/// All that may be used.
fn tokens() -> Tokens {
    Tokens { key_algorithms: Some(KEY_ALGORITHMS.to_vec()), ..Tokens::default() }
}

#[test]
fn round_trips() {
    let receiver = Receiver::new();
    let other = Receiver::new();
    let stream = stream(tokens());
    for key_name in KEY_ALGORITHMS.into_iter().filter(|name| !name.starts_with("PBES2")) {
        let algorithm = KeyAlgorithm::named(key_name).expect("algorithm");
        for content_name in CONTENT_ALGORITHMS {
            let token = receiver.seal(key_name, content_name);
            let open = |key: &Receiver, row: &str, arg: Vec<u8>| {
                let mut args = vec![text(&arg)];
                let opened = convert(&stream, row, &mut args, token.as_bytes());
                let opened = opened.map(|value| value == Value::Bin(TEXT));
                let has_secret = matches!(
                    algorithm,
                    KeyAlgorithm::Direct | KeyAlgorithm::Wrap(_) | KeyAlgorithm::GcmWrap(_)
                );
                let is_right = std::ptr::eq(key, &receiver) || has_secret;
                assert_eq!(opened, is_right.then_some(true), "{key_name} {content_name} {row}");
            };
            open(&receiver, "jwt_decrypt_jwk", receiver.web_key(algorithm).into_bytes());
            open(&other, "jwt_decrypt_jwk", other.web_key(algorithm).into_bytes());
            let secret =
                convert(&stream, "jwt_decrypt_secret", &mut [text(&receiver.secret)], token.as_bytes())
                    .map(|value| value == Value::Bin(TEXT));
            let by_secret = !matches!(algorithm, KeyAlgorithm::Rsa(_) | KeyAlgorithm::Agreement(_));
            assert_eq!(secret, by_secret.then_some(true), "{key_name} {content_name}");
        }
    }
}

/// With the key of a certificate, and only where it may be used.
#[test]
fn certificates() {
    let receiver = Receiver::new();
    let mut tokens = tokens();
    tokens.certificates.insert(b"rsa".to_vec(), Some(receiver.rsa.private_key_to_pem_pkcs8().expect("pem")));
    tokens.certificates.insert(b"ec".to_vec(), Some(receiver.ec.private_key_to_pem_pkcs8().expect("pem")));
    tokens.certificates.insert(b"other".to_vec(), None);
    let stream = stream(tokens);
    let check = |algorithm: &'static str, name: &str, expected: Option<&[u8]>| {
        let token = receiver.seal(algorithm, "A128CBC-HS256");
        let mut args = vec![text(name.as_bytes())];
        let opened = convert(&stream, "jwt_decrypt_cert", &mut args, token.as_bytes());
        assert_eq!(opened, expected.map(Value::Bin), "{algorithm} {name}");
    };
    check("RSA-OAEP", "rsa", Some(TEXT));
    check("RSA1_5", "rsa", Some(TEXT));
    check("RSA-OAEP", "ec", None);
    check("ECDH-ES", "ec", Some(TEXT));
    check("ECDH-ES+A256KW", "ec", Some(TEXT));
    check("ECDH-ES", "rsa", None);
    check("ECDH-ES", "other", None);
    check("ECDH-ES", "missing", None);
    check("A128KW", "rsa", None);
}

/// What is not listed is not decrypted.
#[test]
fn algorithms() {
    let receiver = Receiver::new();
    let check = |tokens: Tokens, token: &str, expected: bool| {
        let stream = stream(tokens);
        let mut args = vec![text(receiver.web_key(KeyAlgorithm::Rsa(RsaPadding::Pkcs1)).as_bytes())];
        let opened = convert(&stream, "jwt_decrypt_jwk", &mut args, token.as_bytes());
        assert_eq!(opened.is_some(), expected, "{token}");
    };
    let (weak, strong) = (receiver.seal("RSA1_5", "A128GCM"), receiver.seal("RSA-OAEP", "A128GCM"));
    check(Tokens::default(), &weak, false);
    check(Tokens::default(), &strong, true);
    check(tokens(), &weak, true);
    let only =
        |names: &[&'static str]| Tokens { content_algorithms: Some(names.to_vec()), ..Tokens::default() };
    check(only(&["A192GCM"]), &strong, false);
    check(only(&["A128GCM", "A192GCM"]), &strong, true);
}

/// The example of RFC 7518, appendix C.
#[test]
fn agreement() {
    const SENDER: &[u8] = br#"{"kty":"EC","crv":"P-256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}"#;
    const RECEIVER: &[u8] = br#"{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck","d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"}"#;
    let arena = Bump::new();
    let Some(jwk::WebKey::Ec(Some(key))) = jwk::WebKey::parse(RECEIVER) else { panic!("no key") };
    let with = Agreement {
        sender_key: jwk::public_ec(SENDER, &arena).expect("key"),
        sender: b"Alice",
        receiver: b"Bob",
        algorithm: "A128GCM",
        bits: 128,
    };
    assert_eq!(cek::agree(&key, &with, &arena).map(base64).as_deref(), Some("VqqN6vgjbSBcIijNcacQGg"));
}

#[test]
fn incomplete_keys() {
    let receiver = Receiver::new();
    for algorithm in
        [KeyAlgorithm::Direct, KeyAlgorithm::Rsa(RsaPadding::Oaep), KeyAlgorithm::Agreement(None)]
    {
        let whole = receiver.web_key(algorithm);
        assert!(jwk::is_web_key(whole.as_bytes()));
        for field in ["kty", "k", "n", "qi", "x", "crv"] {
            let without = whole.replace(&format!("\"{field}\""), "\"other\"");
            assert_eq!(jwk::is_web_key(without.as_bytes()), without == whole, "{without}");
        }
    }
    // A public key is complete, but decrypts nothing.
    let public = receiver.web_key(KeyAlgorithm::Agreement(None)).replace("\"d\"", "\"other\"");
    assert!(matches!(jwk::WebKey::parse(public.as_bytes()), Some(jwk::WebKey::Ec(None))));
    // The point is not of the curve.
    let arena = Bump::new();
    let x = json::text(public.as_bytes(), b"$.x", &arena).expect("x");
    let wrong = public.replace(std::str::from_utf8(x).expect("text"), "AAAA");
    assert!(!jwk::is_web_key(wrong.as_bytes()));
}

/// Whatever the token, decrypting it ends without a panic and gives no wrong text.
#[test]
fn robust() {
    let receiver = Receiver::new();
    let stream = stream(tokens());
    let mut random = Random(3);
    for (key_name, content_name) in [
        ("dir", "A128GCM"),
        ("A128KW", "A128CBC-HS256"),
        ("A256GCMKW", "A256GCM"),
        ("ECDH-ES", "A192GCM"),
        ("RSA1_5", "A128GCM"),
    ] {
        let algorithm = KeyAlgorithm::named(key_name).expect("algorithm");
        let token = receiver.seal(key_name, content_name).into_bytes();
        let mut key = vec![Arg::Str(receiver.web_key(algorithm).into_bytes().into())];
        convert(&stream, "jwt_decrypt_jwk", &mut key, &token).expect("the whole token");
        for _ in 0..200 {
            let spoilt = random.spoil(&token);
            let mut key = vec![Arg::Str(receiver.web_key(algorithm).into_bytes().into())];
            let opened = convert(&stream, "jwt_decrypt_jwk", &mut key, &spoilt);
            assert!(opened.is_none_or(|value| value == Value::Bin(TEXT)), "{key_name}");
            let mut secret = vec![text(&receiver.secret)];
            let opened = convert(&stream, "jwt_decrypt_secret", &mut secret, &spoilt);
            assert!(opened.is_none_or(|value| value == Value::Bin(TEXT)), "{key_name}");
        }
    }
}
