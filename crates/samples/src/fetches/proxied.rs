//! What the PROXY protocol's header said in front of a connection (manual, section 7.3.3).

use ir::spec::ArgType;
use ir::types::SampleType::{Bool, Str};
use proto::proxy_protocol::{Tlvs, tlv};
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Stream, Value};

use super::at;
use crate::checks;
use crate::row::{Example, Fetch};

pub const ROWS: &[Fetch] = &[
    Fetch::new(
        "fc_pp_authority",
        Str,
        at::CLIENT,
        "The host that the header's sender was asked for",
        authority,
    )
    .examples(&[Example::none("", &[])]),
    Fetch::new("fc_pp_tlv", Str, at::SESSION, "The values of one type in the header", values)
        .args(1, &[ArgType::Str])
        .check(checks::proxy_extension)
        .examples(&[Example::none("", &["0xe1"])]),
    Fetch::new("fc_pp_unique_id", Str, at::CLIENT, "The unique id in the header", unique_id)
        .examples(&[Example::none("", &[])]),
    Fetch::new("fc_rcvd_proxy", Bool, at::CLIENT, "Whether there was a header", received)
        .examples(&[Example::new("", &[], "0")]),
];

/// The value of a type from the place that `at` counts on.
fn find(stream: &Stream, kind: u8, at: usize) -> Option<(usize, &[u8])> {
    let mut tlvs = Tlvs(stream.session.proxy_tlvs.as_deref()?).enumerate().skip(at);
    tlvs.find(|(_, (have, _))| *have == kind).map(|(at, (_, value))| (at, value))
}

fn first(stream: &Stream, kind: u8) -> Fetched<'_> {
    find(stream, kind, 0).map(|(_, value)| Value::Str(value)).ok_or(Missing::Absent)
}

fn authority<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    first(stream, tlv::AUTHORITY)
}

fn unique_id<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    first(stream, tlv::UNIQUE_ID)
}

/// One value after the other where all are wanted, else the first one.
fn values<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let kind = match args.first() {
        Some(Arg::Sint(kind)) => u8::try_from(*kind).ok(),
        _ => None,
    };
    let kind = kind.ok_or(Missing::Absent)?;
    let (at, value) = find(stream, kind, cursor.at).ok_or(Missing::Absent)?;
    if cursor.iterate {
        cursor.at = at + 1;
        cursor.more = find(stream, kind, cursor.at).is_some();
    }
    Ok(Value::Str(value))
}

fn received<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(stream.session.proxy_tlvs.is_some()))
}
