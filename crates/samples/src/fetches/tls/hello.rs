//! What the hello of the client said, where `tune.ssl.capture-buffer-size` keeps it. With the
//! argument 1 the lists come without GREASE (RFC 8701). Left out: names of ciphers.

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Sint, Str};
use state::sample::{Arg, Fetched};
use state::tls::{Hello, List};
use state::{Missing, Needs, Stream, TlsParts, Value};

use super::super::at;
use super::client;
use crate::converters::bytes::push_hex;
use crate::room::Room;
use crate::row::{Example, Fetch};

const NONE: &[Example] = &[Example::none("", &[])];
const NEEDS: Needs = Needs::client(TlsParts::HELLO);
const FILTER: &[ArgType] = &[ArgType::Sint];

pub const ROWS: &[Fetch] = &[
    Fetch::new("ssl_fc_cipherlist_bin", Str, at::SESSION, "The ciphers that the client offers", |s, a, _| {
        list(s, a, List::Ciphers)
    })
    .args(0, FILTER)
    .needs(NEEDS)
    .examples(NONE),
    Fetch::new(
        "ssl_fc_cipherlist_hex",
        Bin,
        at::SESSION,
        "The ciphers that the client offers, in hexadecimal",
        |s, a, _| ciphers(s, a).map(|ciphers| Value::Bin(hex(s, ciphers))),
    )
    .args(0, FILTER)
    .needs(NEEDS)
    .examples(NONE),
    Fetch::new(
        "ssl_fc_cipherlist_xxh",
        Sint,
        at::SESSION,
        "XXH64 of the ciphers that the client offers",
        |s, _, _| Ok(Value::Sint(hello(s)?.ciphers_hash.cast_signed())),
    )
    .needs(NEEDS)
    .examples(NONE),
    Fetch::new(
        "ssl_fc_ecformats_bin",
        Str,
        at::SESSION,
        "The point formats that the client knows",
        |s, _, _| list(s, &[], List::PointFormats),
    )
    .needs(NEEDS)
    .examples(NONE),
    Fetch::new(
        "ssl_fc_eclist_bin",
        Str,
        at::SESSION,
        "The groups for key exchange that the client knows",
        |s, a, _| list(s, a, List::Groups),
    )
    .args(0, FILTER)
    .needs(NEEDS)
    .examples(NONE),
    Fetch::new(
        "ssl_fc_extlist_bin",
        Str,
        at::SESSION,
        "The types of the extensions of the client's hello",
        |s, a, _| list(s, a, List::Extensions),
    )
    .args(0, FILTER)
    .needs(NEEDS)
    .examples(NONE),
    Fetch::new(
        "ssl_fc_protocol_hello_id",
        Sint,
        at::SESSION,
        "The version that the client's hello names, as 771 for 0x0303",
        |s, _, _| Ok(Value::Sint(i64::from(hello(s)?.version))),
    )
    .needs(NEEDS)
    .examples(NONE),
    Fetch::new(
        "ssl_fc_sigalgs_bin",
        Bin,
        at::SESSION,
        "The signature algorithms that the client knows",
        |s, a, _| list(s, a, List::Signatures),
    )
    .args(0, FILTER)
    .needs(NEEDS)
    .examples(NONE),
    Fetch::new(
        "ssl_fc_supported_versions_bin",
        Bin,
        at::SESSION,
        "The TLS versions that the client knows",
        |s, a, _| list(s, a, List::Versions),
    )
    .args(0, FILTER)
    .needs(NEEDS)
    .examples(NONE),
];

/// The client's hello, where it was kept.
fn hello(stream: &Stream) -> Result<&Hello, Missing> {
    client(stream)?.hello.as_deref().ok_or(Missing::Absent)
}

/// The ciphers that a client offers, without GREASE where the first argument wants that.
///
/// # Errors
/// The hello was not kept.
pub fn ciphers<'a>(stream: &'a Stream, args: &[Arg]) -> Result<&'a [u8], Missing> {
    filtered(stream, args, List::Ciphers)
}

fn list<'a>(stream: &'a Stream, args: &[Arg], list: List) -> Fetched<'a> {
    filtered(stream, args, list).map(Value::Bin)
}

fn filtered<'a>(stream: &'a Stream, args: &[Arg], list: List) -> Result<&'a [u8], Missing> {
    let list = hello(stream)?.list(list);
    if !matches!(args.first(), Some(Arg::Sint(filter)) if *filter != 0) {
        return Ok(list);
    }
    let mut room = Room::new(&stream.arena, list.len());
    list.chunks(2).filter(|pair| !is_grease(pair)).for_each(|pair| room.extend(pair));
    Ok(room.finish())
}

fn is_grease(pair: &[u8]) -> bool {
    matches!(pair, [high, low] if high == low && low & 15 == 10)
}

fn hex<'a>(stream: &'a Stream, bytes: &[u8]) -> &'a [u8] {
    let mut room = Room::new(&stream.arena, bytes.len() * 2);
    bytes.iter().for_each(|byte| push_hex(*byte, &mut room));
    room.finish()
}
