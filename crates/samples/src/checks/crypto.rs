//! Names of algorithms, and keys.

use bumpalo::Bump;
use ir::checks::ArgFacts;
use ir::expr::Arg;

use super::{Checked, lossy, number, require, text};
use crate::converters::base64;
use crate::json;

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
    let algorithm = algorithm(facts, args)?;
    if text_or_variable(facts, args, 1) || algorithm.as_ref().is_some_and(|name| name.starts_with(b"HS")) {
        return Ok(());
    }
    // HAProxy gives no reason here. Where the algorithm is not known the key may be a secret.
    let is_key = facts.keep_public_key(text(args, 1));
    require(is_key || algorithm.is_none(), || "(null)".into())
}

pub fn jwt_verify_certificate(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let algorithm = algorithm(facts, args)?;
    if text_or_variable(facts, args, 1) {
        return Ok(());
    }
    require(!algorithm.as_ref().is_some_and(|name| name.starts_with(b"HS")), || {
        "HMAC-signed tokens can't be processed by this converter".into()
    })?;
    facts.let_tokens_use(text(args, 1));
    Ok(())
}

/// The algorithm; nothing where it stands in a variable.
fn algorithm(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Result<Option<Vec<u8>>, String> {
    if text_or_variable(facts, args, 0) {
        return Ok(None);
    }
    let name = text(args, 0);
    require(is_jws_algorithm(name), || format!("unknown JWT algorithm: {}", lossy(name)))?;
    Ok(Some(name.to_vec()))
}

/// Takes an argument for a variable when it is the name of one, and tells whether it is.
fn text_or_variable(facts: &mut dyn ArgFacts, args: &mut [Arg], index: usize) -> bool {
    match facts.variable(text(args, index)) {
        Ok(var) => {
            args[index] = Arg::Var(var);
            true
        }
        Err(_) => false,
    }
}

pub fn jwt_secret(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    base64_or_variable(facts, args, 0).map_err(|error| format!("failed to parse secret: {error}"))
}

/// A name of a certificate that tokens may use.
pub fn jwt_certificate(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    if text_or_variable(facts, args, 0) {
        return Ok(());
    }
    let name = text(args, 0);
    match facts.may_tokens_use(name) {
        Some(true) => Ok(()),
        Some(false) => {
            Err(format!("unusable certificate {} (\"jwt\" option not set to \"on\")", lossy(name)))
        }
        None => Err(format!("unknown certificate {}", lossy(name))),
    }
}

/// A key in JSON, or a variable that holds one.
pub fn jwk(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    if text_or_variable(facts, args, 0) {
        return Ok(());
    }
    let arena = Bump::new();
    let key = text(args, 0);
    let kind = json::text(key, b"$.kty", &arena);
    match kind {
        None => Err("Missing key type (expected 'oct', 'RSA' or 'EC')".into()),
        Some(b"oct") => {
            require(json::text(key, b"$.k", &arena).is_some(), || "Missing 'k' field in JWK".into())
        }
        Some(b"RSA") => require(facts.is_web_key(key), || "Failed to parse RSA JWK".into()),
        Some(b"EC") => require(facts.is_web_key(key), || "Failed to parse EC JWK".into()),
        Some(_) => Err("Unmanaged key type (expected 'oct', 'RSA' or 'EC'".into()),
    }
}
