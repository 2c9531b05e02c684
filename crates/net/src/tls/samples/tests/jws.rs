//! Tokens that are signed and verified.

use ir::config::Tokens;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Padding;
use openssl::sign::Signer;
use state::{Stream, Value};

use super::{Random, base64, convert, ec_key, rsa_key, stream, text};

struct World {
    rsa: PKey<Private>,
    ec: PKey<Private>,
    made: PKey<Private>,
    stream: Stream,
}

impl World {
    /// With files `rsa` and `ec`; certificates `made`, which tokens may use, and `other`.
    fn new() -> Self {
        let (rsa, ec) = (rsa_key(), ec_key(Nid::X9_62_PRIME256V1));
        let mut tokens = Tokens::default();
        for (name, key) in [("rsa", &rsa), ("ec", &ec)] {
            tokens.public_keys.insert(name.into(), key.public_key_to_pem().expect("pem"));
        }
        let certificate = crate::tls::temporary_certificate().expect("certificate");
        let made = PKey::private_key_from_pem(&certificate).expect("key");
        tokens.certificates.insert(b"made".to_vec(), Some(certificate));
        tokens.certificates.insert(b"empty".to_vec(), Some(Vec::new()));
        tokens.certificates.insert(b"other".to_vec(), None);
        Self { rsa, ec, made, stream: stream(tokens) }
    }

    fn verify(&self, row: &str, token: &[u8], algorithm: &str, key: &str) -> i64 {
        let mut args = vec![text(algorithm.as_bytes()), text(key.as_bytes())];
        match convert(&self.stream, row, &mut args, token) {
            Some(Value::Sint(verdict)) => verdict,
            other => panic!("{other:?}"),
        }
    }

    fn check(&self, token: &str, algorithm: &str, key: &str, expected: i64) {
        let verdict = self.verify("jwt_verify", token.as_bytes(), algorithm, key);
        assert_eq!(verdict, expected, "{algorithm} {key} {token}");
    }
}

/// A token signed in the way that the name says.
fn sign(algorithm: &str, key: &PKey<Private>) -> String {
    let digest = match &algorithm[2..] {
        "256" => MessageDigest::sha256(),
        "384" => MessageDigest::sha384(),
        _ => MessageDigest::sha512(),
    };
    let signed = format!("{}.{}", base64(format!("{{\"alg\":\"{algorithm}\"}}").as_bytes()), base64(b"{}"));
    let mut signer = Signer::new(digest, key).expect("signer");
    if algorithm.starts_with("PS") {
        signer.set_rsa_padding(Padding::PKCS1_PSS).expect("padding");
    }
    let mut signature = signer.sign_oneshot_to_vec(signed.as_bytes()).expect("signature");
    if algorithm.starts_with("ES") {
        let numbers = EcdsaSig::from_der(&signature).expect("numbers");
        let half = key.bits().div_ceil(8) as i32;
        let bytes = |number: &openssl::bn::BigNumRef| number.to_vec_padded(half).expect("bytes");
        signature = [bytes(numbers.r()), bytes(numbers.s())].concat();
    }
    format!("{signed}.{}", base64(&signature))
}

#[test]
fn verdicts() {
    let world = World::new();
    let secret = PKey::hmac(b"secret").expect("key");
    for bits in ["256", "384", "512"] {
        for (kind, key, name) in [
            ("HS", &secret, "secret"),
            ("RS", &world.rsa, "rsa"),
            ("PS", &world.rsa, "rsa"),
            ("ES", &world.ec, "ec"),
        ] {
            let algorithm = format!("{kind}{bits}");
            let token = sign(&algorithm, key);
            world.check(&token, &algorithm, name, 1);
            world.check(&token, &format!("{kind}{}", if bits == "512" { "256" } else { "512" }), name, 0);
            world.check(&token.replacen('e', "f", 1), &algorithm, name, 0);
            world.check(&token, "none", name, 0);
            world.check(&token[..token.rfind('.').expect("dot") + 1], &algorithm, name, -3);
            world.check(&format!("{token}.x"), &algorithm, name, -3);
            if kind != "HS" {
                world.check(&token, &algorithm, "missing", -5);
                let other = if name == "ec" { "rsa" } else { "ec" };
                world.check(&token, &algorithm, other, 0);
            }
        }
    }
    let token = sign("ES256", &world.ec);
    world.check(&format!("{token}AA"), "ES256", "ec", 0);
    world.check(&token[..token.len() - 2], "ES256", "ec", -3);
}

#[test]
fn certificates() {
    let world = World::new();
    let token = sign("ES256", &world.made);
    assert_eq!(world.verify("jwt_verify_cert", token.as_bytes(), "ES256", "made"), 1);
    let check = |algorithm: &str, name: &str, expected: i64| {
        let token = sign("ES256", &world.ec);
        assert_eq!(world.verify("jwt_verify_cert", token.as_bytes(), algorithm, name), expected, "{name}");
    };
    check("ES256", "made", 0);
    check("ES256", "other", -7);
    check("ES256", "empty", -5);
    check("ES256", "missing", -5);
    check("HS256", "made", -2);
    check("XS256", "made", -1);
}

/// Whatever the token, verifying it ends without a panic, and only the whole token is valid.
#[test]
fn robust() {
    let world = World::new();
    let mut random = Random(7);
    for algorithm in ["HS256", "RS256", "PS384", "ES256"] {
        let (key, name) = match &algorithm[..1] {
            "H" => (PKey::hmac(b"secret").expect("key"), "secret"),
            "E" => (world.ec.clone(), "ec"),
            _ => (world.rsa.clone(), "rsa"),
        };
        let token = sign(algorithm, &key).into_bytes();
        for _ in 0..200 {
            let spoilt = random.spoil(&token);
            let verdict = world.verify("jwt_verify", &spoilt, algorithm, name);
            // As in HAProxy, `=` counts as `_`; the last letter has bits that belong to nothing.
            let read =
                |text: &[u8]| text.iter().map(|b| if *b == b'=' { b'_' } else { *b }).collect::<Vec<_>>();
            let (last, is_long) = (token.len() - 1, spoilt.len() == token.len());
            let is_same = is_long && read(&spoilt)[..last] == token[..last];
            assert!(verdict != 1 || is_same || algorithm.starts_with("ES"), "{algorithm}");
        }
    }
}
