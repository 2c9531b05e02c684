//! Ciphers by the names that the library gives them.

use ir::spec::ArgType;
use ir::types::SampleType::Str;
use samples::fetches::{at, tls::hello};
use samples::{Example, Fetch};
use state::sample::{Arg, Cursor, Fetched};
use state::{Needs, Stream, TlsParts, Value};

use crate::tls::ffi;

pub const ROWS: &[Fetch] = &[Fetch::new(
    "ssl_fc_cipherlist_str",
    Str,
    at::SESSION,
    "The ciphers that the client offers, by name; with the argument 1 without GREASE (RFC 8701)",
    names,
)
.args(0, &[ArgType::Sint])
.needs(Needs::client(TlsParts::HELLO))
.examples(&[Example::none("", &[])])];

fn names<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let (ciphers, _) = hello::ciphers(stream, args)?.as_chunks::<2>();
    let mut text = String::new();
    for cipher in ciphers {
        if !text.is_empty() {
            text.push(',');
        }
        match ffi::cipher_name(*cipher) {
            Some(name) => text.push_str(name),
            None => text.push_str(&format!("UNKNOWN({:04x})", u16::from_be_bytes(*cipher))),
        }
    }
    Ok(Value::Str(stream.arena.alloc_slice_copy(text.as_bytes())))
}
