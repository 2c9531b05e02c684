//! Names of algorithms, and keys.

use bumpalo::Bump;
use ir::checks::ArgFacts;
use ir::expr::Arg;

use super::{Checked, lossy, number, require, text};
use crate::converters::base64;

pub fn sha2_bits(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let bits = number(args, 0);
    require(args.is_empty() || matches!(bits, 224 | 256 | 384 | 512), || {
        format!("Unsupported number of bits: '{bits}'")
    })
}

pub fn digest(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    require(facts.has_digest(text(args, 0)), || {
        "algorithm must be a valid OpenSSL message digest name.".into()
    })
}

pub fn hmac(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    digest(facts, args)?;
    base64_or_variable(facts, args, 1).map_err(|error| format!("failed to parse key : {error}"))
}

pub fn aes_cbc(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    key_and_nonce(facts, args)?;
    additional_data(facts, args, 3)
}

pub fn aes_gcm_decrypt(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    key_and_nonce(facts, args)?;
    base64_or_variable(facts, args, 3).map_err(|error| format!("failed to parse aead_tag : {error}"))?;
    additional_data(facts, args, 4)
}

pub fn aes_gcm_encrypt(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    key_and_nonce(facts, args)?;
    let tag = facts.variable(text(args, 3)).map_err(|error| format!("failed to parse aead_tag : {error}"))?;
    args[3] = Arg::Var(tag);
    additional_data(facts, args, 4)
}

fn key_and_nonce(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    require(matches!(number(args, 0), 128 | 192 | 256), || {
        "key size must be 128, 192 or 256 (bits).".into()
    })?;
    base64_or_variable(facts, args, 1).map_err(|error| format!("failed to parse nonce : {error}"))?;
    base64_or_variable(facts, args, 2).map_err(|error| format!("failed to parse key : {error}"))
}

fn additional_data(facts: &mut dyn ArgFacts, args: &mut [Arg], index: usize) -> Checked {
    base64_or_variable(facts, args, index).map_err(|error| format!("failed to parse aad : {error}"))
}

/// A variable, or base64, which is decoded here; it is so too in a variable, where it is used.
fn base64_or_variable(facts: &mut dyn ArgFacts, args: &mut [Arg], index: usize) -> Checked {
    let value = text(args, index);
    if value.is_empty() {
        return Ok(());
    }
    args[index] = match facts.variable(value) {
        Ok(var) => Arg::Var(var),
        Err(_) => {
            let arena = Bump::new();
            let bytes = base64::decode(value, &arena)
                .ok_or("argument needs to be base64 encoded, and can either be a string or a variable")?;
            Arg::Str(bytes.to_vec())
        }
    };
    Ok(())
}

/// The algorithms of signed tokens.
fn is_jws_algorithm(name: &[u8]) -> bool {
    matches!(name, b"none")
        || matches!(name, [b'H' | b'R' | b'E' | b'P', b'S', rest @ ..] if matches!(rest, b"256" | b"384" | b"512"))
}

/// An algorithm and a key, each of which may stand in a variable.
pub fn jwt_verify(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let in_variable = algorithm(facts, args)?;
    let key = text(args, 1);
    let is_secret = text(args, 0).starts_with(b"HS") || in_variable || facts.variable(key).is_ok();
    // HAProxy gives no reason here.
    require(is_secret || facts.is_public_key(key), || "(null)".into())
}

pub fn jwt_verify_certificate(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    algorithm(facts, args)?;
    let is_secret = text(args, 0).starts_with(b"HS") && facts.variable(text(args, 1)).is_err();
    require(!is_secret, || "HMAC-signed tokens can't be processed by this converter".into())
}

/// Whether the algorithm stands in a variable.
fn algorithm(facts: &mut dyn ArgFacts, args: &[Arg]) -> Result<bool, String> {
    let name = text(args, 0);
    if facts.variable(name).is_ok() {
        return Ok(true);
    }
    require(is_jws_algorithm(name), || format!("unknown JWT algorithm: {}", lossy(name)))?;
    Ok(false)
}

pub fn jwt_secret(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    base64_or_variable(facts, args, 0).map_err(|error| format!("failed to parse secret: {error}"))
}

/// A name of a certificate that a `crt-store` offers for tokens.
pub fn jwt_certificate(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let name = text(args, 0);
    require(facts.variable(name).is_ok() || facts.has_jwt_certificate(name), || {
        format!("unknown certificate {}", lossy(name))
    })
}

/// A key in JSON, or a variable that holds one.
pub fn jwk(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let key = text(args, 0);
    if facts.variable(key).is_ok() {
        return Ok(());
    }
    let has = |field: &str| json_field(key, field).is_some();
    match json_field(key, "kty") {
        None => Err("Missing key type (expected 'oct', 'RSA' or 'EC')".into()),
        Some(b"oct") => require(has("k"), || "Missing 'k' field in JWK".into()),
        Some(b"RSA") => require(has("n") && has("e"), || "Failed to parse RSA JWK".into()),
        Some(b"EC") => require(has("crv") && has("x") && has("y"), || "Failed to parse EC JWK".into()),
        Some(_) => Err("Unmanaged key type (expected 'oct', 'RSA' or 'EC'".into()),
    }
}

/// The text of a field of a flat JSON object, as keys are.
fn json_field<'a>(json: &'a [u8], field: &str) -> Option<&'a [u8]> {
    let name = format!("\"{field}\"");
    let at = memchr::memmem::find(json, name.as_bytes())? + name.len();
    let rest = json[at..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    Some(&rest[..memchr::memchr(b'"', rest)?])
}
