//! AES in the modes GCM and CBC, and as converters.

use bumpalo::Bump;
use ir::expr::VarScope;
use ir::spec::ArgType;
use ir::types::SampleType::Bin;
use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::CipherCtx;
use samples::converters::base64;
use samples::{Converter, Example, checks};
use state::sample::Arg;
use state::{Stream, Value};

use super::args;

/// Bits, the nonce, the key, the tag's variable or the tag, additional data.
const GCM: &[ArgType] = &[ArgType::Sint, ArgType::Str, ArgType::Str, ArgType::Str, ArgType::Str];
/// The same without a tag. Additional data mean nothing in this mode, but have to be there when named.
const CBC: &[ArgType] = &[ArgType::Sint, ArgType::Str, ArgType::Str, ArgType::Str];

/// `0123456789ab` and `0123456789abcdef`, for the examples.
const NONCE: &str = "MDEyMzQ1Njc4OWFi";
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

pub const ROWS: &[Converter] = &[
    Converter::new("aes_cbc_dec", Bin, Bin, "Decrypts what AES-CBC encrypted", cbc_dec)
        .args(3, CBC)
        .check(checks::aes_cbc)
        .examples(&[
            Example::hex("a0e69686d97ad28fde5a4f3d3eeb455b", &["128", KEY, KEY], "abc"),
            Example::none("", &["128", "AAAA", KEY]),
            Example::none("0123456789abcdef", &["128", "AAAA", KEY]),
        ]),
    Converter::new("aes_cbc_enc", Bin, Bin, "Encrypts with AES-CBC", cbc_enc)
        .args(3, CBC)
        .check(checks::aes_cbc)
        .examples(&[
            Example::new("abc", &["128", KEY, KEY], "a0e69686d97ad28fde5a4f3d3eeb455b"),
            Example::none("abc", &["256", KEY, KEY]),
        ]),
    Converter::new(
        "aes_gcm_dec",
        Bin,
        Bin,
        "Decrypts what AES-GCM encrypted, where the tag is right",
        gcm_dec,
    )
    .args(4, GCM)
    .check(checks::aes_gcm_decrypt)
    .examples(&[
        Example::new("", &["128", NONCE, KEY, "GV7+pjYwf56UX5fNw4ORUw=="], ""),
        Example::none("a", &["128", NONCE, KEY, "GV7+pjYwf56UX5fNw4ORUw=="]),
        Example::none("", &["128", NONCE, KEY, "AAAA"]),
        Example::none("", &["128", NONCE, KEY, "txn.none"]),
    ]),
    Converter::new(
        "aes_gcm_enc",
        Bin,
        Bin,
        "Encrypts with AES-GCM and puts the tag into a variable",
        gcm_enc,
    )
    .args(4, GCM)
    .check(checks::aes_gcm_encrypt)
    .examples(&[Example::new("abc", &["128", NONCE, KEY, "txn.tag"], "03206e")]),
];

/// Bytes of the tag of GCM.
pub const TAG: usize = 16;
/// Bytes of a block, and of the initialization vector of CBC.
const BLOCK: usize = 16;

/// AES with a key, of whose first `bits` are used.
#[derive(Clone, Copy)]
pub struct Aes<'k> {
    pub bits: usize,
    pub key: &'k [u8],
    pub nonce: &'k [u8],
}

impl Aes<'_> {
    /// The plain text, where the tag is that of `data` and `additional`.
    pub fn gcm_decrypt<'a>(
        &self,
        data: &[u8],
        additional: &[u8],
        tag: &[u8],
        arena: &'a Bump,
    ) -> Option<&'a [u8]> {
        if tag.len() != TAG {
            return None;
        }
        let mut context = self.gcm(false)?;
        context.set_tag(tag).ok()?;
        transform(&mut context, data, additional, arena)
    }

    /// The encrypted text; its tag goes to `tag`.
    pub fn gcm_encrypt<'a>(
        &self,
        data: &[u8],
        additional: &[u8],
        tag: &mut [u8; TAG],
        arena: &'a Bump,
    ) -> Option<&'a [u8]> {
        let mut context = self.gcm(true)?;
        let out = transform(&mut context, data, additional, arena)?;
        context.tag(tag).ok()?;
        Some(out)
    }

    /// The plain text, where its padding is right.
    pub fn cbc_decrypt<'a>(&self, data: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
        transform(&mut self.cbc(false)?, data, b"", arena)
    }

    pub fn cbc_encrypt<'a>(&self, data: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
        transform(&mut self.cbc(true)?, data, b"", arena)
    }

    fn gcm(&self, encrypts: bool) -> Option<CipherCtx> {
        let cipher = match self.bits {
            128 => Cipher::aes_128_gcm(),
            192 => Cipher::aes_192_gcm(),
            256 => Cipher::aes_256_gcm(),
            _ => return None,
        };
        let mut context = CipherCtx::new().ok()?;
        init(&mut context, encrypts, Some(cipher), None, None)?;
        context.set_iv_length(self.nonce.len()).ok()?;
        init(&mut context, encrypts, None, Some(self.key()?), Some(self.nonce))?;
        Some(context)
    }

    /// A nonce that is too short is filled up with zeros.
    fn cbc(&self, encrypts: bool) -> Option<CipherCtx> {
        let cipher = match self.bits {
            128 => Cipher::aes_128_cbc(),
            192 => Cipher::aes_192_cbc(),
            256 => Cipher::aes_256_cbc(),
            _ => return None,
        };
        let mut vector = [0; BLOCK];
        let len = self.nonce.len().min(BLOCK);
        vector[..len].copy_from_slice(&self.nonce[..len]);
        let mut context = CipherCtx::new().ok()?;
        init(&mut context, encrypts, Some(cipher), Some(self.key()?), Some(&vector))?;
        Some(context)
    }

    /// The part of the key that is used.
    fn key(&self) -> Option<&[u8]> {
        self.key.get(..self.bits / 8)
    }
}

fn init(
    context: &mut CipherCtx,
    encrypts: bool,
    cipher: Option<&CipherRef>,
    key: Option<&[u8]>,
    vector: Option<&[u8]>,
) -> Option<()> {
    match encrypts {
        true => context.encrypt_init(cipher, key, vector).ok(),
        false => context.decrypt_init(cipher, key, vector).ok(),
    }
}

fn transform<'a>(
    context: &mut CipherCtx,
    data: &[u8],
    additional: &[u8],
    arena: &'a Bump,
) -> Option<&'a [u8]> {
    if !additional.is_empty() {
        context.cipher_update(additional, None).ok()?;
    }
    let out = arena.alloc_slice_fill_copy(data.len() + 2 * BLOCK, 0);
    let len = context.cipher_update(data, Some(out)).ok()?;
    let len = len + context.cipher_final(&mut out[len..]).ok()?;
    Some(&out[..len])
}

/// What the arguments of all four converters begin with.
fn aes<'a>(stream: &'a Stream, args: &'a [Arg]) -> Option<Aes<'a>> {
    let Some(Arg::Sint(bits)) = args.first() else { return None };
    let nonce = args::secret(stream, args, 1)?;
    let key = args::secret(stream, args, 2)?;
    Some(Aes { bits: usize::try_from(*bits).ok()?, key, nonce })
}

/// Nothing where it is named and missing.
fn additional<'a>(stream: &'a Stream, args: &'a [Arg], index: usize) -> Option<&'a [u8]> {
    match args.get(index) {
        None | Some(Arg::Stop) => Some(b""),
        _ => args::secret(stream, args, index),
    }
}

fn cbc_dec<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let aes = aes(stream, args)?;
    additional(stream, args, 3)?;
    aes.cbc_decrypt(args::bytes(value)?, &stream.arena).map(Value::Bin)
}

fn cbc_enc<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let aes = aes(stream, args)?;
    additional(stream, args, 3)?;
    aes.cbc_encrypt(args::bytes(value)?, &stream.arena).map(Value::Bin)
}

fn gcm_dec<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let aes = aes(stream, args)?;
    let additional = additional(stream, args, 4)?;
    let tag = args::secret(stream, args, 3)?;
    aes.gcm_decrypt(args::bytes(value)?, additional, tag, &stream.arena).map(Value::Bin)
}

/// The tag goes to its variable in base64; to one of the process only where that exists.
fn gcm_enc<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let aes = aes(stream, args)?;
    let additional = additional(stream, args, 4)?;
    let Some(Arg::Var(variable)) = args.get(3) else { return None };
    let mut tag = [0; TAG];
    let out = aes.gcm_encrypt(args::bytes(value)?, additional, &mut tag, &stream.arena)?;
    let tag = Value::Str(base64::encode_standard(&tag, &stream.arena));
    let only_where = (variable.scope == VarScope::Proc).then_some(b"ifexists".as_slice());
    stream.set_variable_if(*variable, tag, state::vars::Conditions::of(only_where.into_iter()));
    Some(Value::Bin(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was encrypted is decrypted with the same key, and with nothing else.
    #[test]
    fn round_trips() {
        let arena = Bump::new();
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).map(|byte: u8| byte.wrapping_mul(37)).collect();
        for bits in [128, 192, 256] {
            for len in [0, 1, 15, 16, 17, 255, 1000] {
                let (key, nonce) = (&bytes[..bits / 8], &bytes[40..40 + 1 + len % 32]);
                let aes = Aes { bits, key, nonce };
                let other = Aes { key: &bytes[1..], ..aes };
                let data = &bytes[..len];
                let mut tag = [0; TAG];
                let sealed = aes.gcm_encrypt(data, b"more", &mut tag, &arena).expect("encrypted");
                assert_eq!(sealed.len(), len);
                assert_eq!(aes.gcm_decrypt(sealed, b"more", &tag, &arena), Some(data), "{bits} {len}");
                assert_eq!(aes.gcm_decrypt(sealed, b"less", &tag, &arena), None);
                assert_eq!(aes.gcm_decrypt(sealed, b"more", &tag[1..], &arena), None);
                assert_eq!(other.gcm_decrypt(sealed, b"more", &tag, &arena), None);
                let sealed = aes.cbc_encrypt(data, &arena).expect("encrypted");
                assert_eq!(sealed.len(), (len / BLOCK + 1) * BLOCK);
                assert_eq!(aes.cbc_decrypt(sealed, &arena), Some(data), "{bits} {len}");
                assert_ne!(other.cbc_decrypt(sealed, &arena), Some(data));
            }
        }
    }
}
