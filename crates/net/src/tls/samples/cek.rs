//! The key that a token's content is encrypted with (RFC 7518, section 4): how the receiver gets it.

use bumpalo::Bump;
use openssl::cipher::Cipher;
use openssl::cipher_ctx::{CipherCtx, CipherCtxFlags};
use openssl::derive::Deriver;
use openssl::encrypt::Decrypter;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, PKeyRef, Private, Public};
use openssl::rsa::Padding;
use openssl::sha::Sha256;

/// How the key came to the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    Rsa(RsaPadding),
    /// Wrapped by AES with so many bits (RFC 3394).
    Wrap(usize),
    /// Encrypted by AES-GCM with so many bits.
    GcmWrap(usize),
    /// Both sides have it.
    Direct,
    /// Agreed upon by ECDH; or what was agreed upon wraps it, in an algorithm of that name with so many
    /// bits.
    Agreement(Option<(&'static str, usize)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaPadding {
    Pkcs1,
    Oaep,
    Oaep256,
}

impl KeyAlgorithm {
    pub fn named(name: &'static str) -> Option<Self> {
        Some(match name {
            "RSA1_5" => Self::Rsa(RsaPadding::Pkcs1),
            "RSA-OAEP" => Self::Rsa(RsaPadding::Oaep),
            "RSA-OAEP-256" => Self::Rsa(RsaPadding::Oaep256),
            "A128KW" => Self::Wrap(128),
            "A192KW" => Self::Wrap(192),
            "A256KW" => Self::Wrap(256),
            "A128GCMKW" => Self::GcmWrap(128),
            "A192GCMKW" => Self::GcmWrap(192),
            "A256GCMKW" => Self::GcmWrap(256),
            "dir" => Self::Direct,
            "ECDH-ES" => Self::Agreement(None),
            "ECDH-ES+A128KW" => Self::Agreement(Some((name, 128))),
            "ECDH-ES+A192KW" => Self::Agreement(Some((name, 192))),
            "ECDH-ES+A256KW" => Self::Agreement(Some((name, 256))),
            _ => return None,
        })
    }
}

/// Unwraps a key, with the first `bits` of a secret.
pub fn unwrap<'a>(bits: usize, secret: &[u8], wrapped: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
    /// The library wants room for one more.
    const BLOCK: usize = 8;
    let cipher = match bits {
        128 => Cipher::aes_128_wrap(),
        192 => Cipher::aes_192_wrap(),
        256 => Cipher::aes_256_wrap(),
        _ => return None,
    };
    let mut context = CipherCtx::new().ok()?;
    context.set_flags(CipherCtxFlags::FLAG_WRAP_ALLOW);
    context.decrypt_init(Some(cipher), Some(secret.get(..bits / 8)?), None).ok()?;
    let out = arena.alloc_slice_fill_copy(wrapped.len() + BLOCK, 0);
    let len = context.cipher_update(wrapped, Some(out)).ok()?;
    let len = len + context.cipher_final(&mut out[len..]).ok()?;
    Some(&out[..len])
}

/// Decrypts a key with RSA.
pub fn rsa<'a>(
    padding: RsaPadding,
    key: &PKeyRef<Private>,
    encrypted: &[u8],
    arena: &'a Bump,
) -> Option<&'a [u8]> {
    /// Bytes of the longest key there is.
    const LONGEST: usize = 64;
    let out = arena.alloc_slice_fill_copy(key.size().max(LONGEST), 0);
    match decrypt(padding, key, encrypted, out) {
        Ok(len) => Some(&out[..len]),
        // Who sends the token must not learn that its padding is wrong (RFC 7516, 11.5): a key that
        // nobody knows goes the rest of the way.
        Err(Failed::Text) if padding == RsaPadding::Pkcs1 => {
            openssl::rand::rand_bytes(&mut out[..LONGEST]).ok()?;
            Some(&out[..LONGEST])
        }
        Err(_) => None,
    }
}

/// What of a decryption failed.
enum Failed {
    /// The key is not of RSA.
    Start,
    Text,
}

fn decrypt(
    padding: RsaPadding,
    key: &PKeyRef<Private>,
    encrypted: &[u8],
    out: &mut [u8],
) -> Result<usize, Failed> {
    let decrypter = || {
        let mut decrypter = Decrypter::new(key)?;
        let digest = match padding {
            RsaPadding::Pkcs1 => {
                decrypter.set_rsa_padding(Padding::PKCS1)?;
                return Ok(decrypter);
            }
            RsaPadding::Oaep => MessageDigest::sha1(),
            RsaPadding::Oaep256 => MessageDigest::sha256(),
        };
        decrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
        decrypter.set_rsa_oaep_md(digest)?;
        decrypter.set_rsa_mgf1_md(digest)?;
        Ok::<_, ErrorStack>(decrypter)
    };
    decrypter().map_err(|_| Failed::Start)?.decrypt(encrypted, out).map_err(|_| Failed::Text)
}

/// What both sides of an agreement know.
pub struct Agreement<'a> {
    pub sender_key: PKey<Public>,
    /// Who they are; may be empty.
    pub sender: &'a [u8],
    pub receiver: &'a [u8],
    /// What the key is for, and its length.
    pub algorithm: &'static str,
    pub bits: usize,
}

/// The key that was agreed upon (RFC 7518, 4.6).
pub fn agree<'a>(key: &PKeyRef<Private>, with: &Agreement<'_>, arena: &'a Bump) -> Option<&'a [u8]> {
    let mut deriver = Deriver::new(key).ok()?;
    deriver.set_peer(&with.sender_key).ok()?;
    let shared = arena.alloc_slice_fill_copy(deriver.len().ok()?, 0);
    let len = deriver.derive(shared).ok()?;
    let out = arena.alloc_slice_fill_copy(with.bits / 8, 0);
    for (round, part) in (1u32..).zip(out.chunks_mut(32)) {
        let mut hash = Sha256::new();
        hash.update(&round.to_be_bytes());
        hash.update(&shared[..len]);
        for text in [with.algorithm.as_bytes(), with.sender, with.receiver] {
            hash.update(&(text.len() as u32).to_be_bytes());
            hash.update(text);
        }
        hash.update(&(with.bits as u32).to_be_bytes());
        part.copy_from_slice(&hash.finish()[..part.len()]);
    }
    Some(out)
}
