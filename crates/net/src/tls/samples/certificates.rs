//! Certificates taken apart (manual, section 7.3.4): the client's, the one that it was shown, and
//! the server's. They are kept as bytes, and read where a rule asks.

use ir::spec::ArgType;
use ir::types::SampleType::{self, Bin, Sint, Str};
use openssl::asn1::Asn1TimeRef;
use openssl::nid::Nid;
use openssl::x509::{X509, X509NameRef, X509Ref};
use samples::fetches::at;
use samples::{Example, Fetch, checks};
use state::sample::{Arg, FetchFn, Fetched};
use state::{Missing, Needs, Stream, TlsParts, Value};

use super::args;
use crate::tls::ffi::{self, TimeForm};

const NONE: &[Example] = &[Example::none("", &[])];
const OF_CLIENT: Needs = Needs::client(TlsParts::PEER);
const SHOWN: Needs = Needs::client(TlsParts::SHOWN);
const OF_SERVER: Needs = Needs::server(TlsParts::PEER);
/// A field of a name, which of several, and a format.
const NAME: &[ArgType] = &[ArgType::Str, ArgType::Sint, ArgType::Str];

const fn row(name: &'static str, out: SampleType, doc: &'static str, needs: Needs, run: FetchFn) -> Fetch {
    Fetch::new(name, out, at::SESSION, doc, run).needs(needs).examples(NONE)
}

const fn name(name: &'static str, doc: &'static str, needs: Needs, run: FetchFn) -> Fetch {
    row(name, Str, doc, needs, run).args(0, NAME).check(checks::name_format)
}

pub const ROWS: &[Fetch] = &[
    name(
        "ssl_c_i_dn",
        "Who issued the client's certificate, or a field of that name",
        OF_CLIENT,
        |s, a, _| dn(s, a, of_client(s), X509Ref::issuer_name),
    ),
    row("ssl_c_key_alg", Str, "The algorithm of the client's key", OF_CLIENT, |s, _, _| {
        key_algorithm(of_client(s))
    }),
    row(
        "ssl_c_notafter",
        Str,
        "When the client's certificate ends, as YYMMDDhhmmssZ",
        OF_CLIENT,
        |s, _, _| time(s, of_client(s), X509Ref::not_after),
    ),
    row(
        "ssl_c_notbefore",
        Str,
        "When the client's certificate begins, as YYMMDDhhmmssZ",
        OF_CLIENT,
        |s, _, _| time(s, of_client(s), X509Ref::not_before),
    ),
    row(
        "ssl_c_policies",
        Str,
        "The policies of the client's certificate; with one as argument that one, where it is there",
        OF_CLIENT,
        policies,
    )
    .args(0, &[ArgType::Str]),
    name(
        "ssl_c_r_dn",
        "The authority that the client's certificate goes back to, or a field of that name",
        Needs::client(TlsParts::CHAIN),
        |s, a, _| dn(s, a, root(s), X509Ref::subject_name),
    ),
    name("ssl_c_s_dn", "Whose certificate the client's is, or a field of that name", OF_CLIENT, |s, a, _| {
        dn(s, a, of_client(s), X509Ref::subject_name)
    }),
    row("ssl_c_san", Str, "The alternative names of the client's certificate", OF_CLIENT, alternative_names),
    row("ssl_c_serial", Bin, "The serial number of the client's certificate", OF_CLIENT, |s, _, _| {
        serial(s, of_client(s))
    }),
    row("ssl_c_sha1", Bin, "SHA-1 of the client's certificate", OF_CLIENT, |s, _, _| sha1(s, of_client(s))),
    row(
        "ssl_c_sig_alg",
        Str,
        "The algorithm that the client's certificate is signed with",
        OF_CLIENT,
        |s, _, _| signature_algorithm(of_client(s)),
    ),
    row("ssl_c_version", Sint, "The version of the client's certificate", OF_CLIENT, |s, _, _| {
        version(of_client(s))
    }),
    name("ssl_f_i_dn", "Who issued the certificate shown, or a field of that name", SHOWN, |s, a, _| {
        dn(s, a, shown(s), X509Ref::issuer_name)
    }),
    row("ssl_f_key_alg", Str, "The algorithm of the key of the certificate shown", SHOWN, |s, _, _| {
        key_algorithm(shown(s))
    }),
    row("ssl_f_notafter", Str, "When the certificate shown ends, as YYMMDDhhmmssZ", SHOWN, |s, _, _| {
        time(s, shown(s), X509Ref::not_after)
    }),
    row("ssl_f_notbefore", Str, "When the certificate shown begins, as YYMMDDhhmmssZ", SHOWN, |s, _, _| {
        time(s, shown(s), X509Ref::not_before)
    }),
    name("ssl_f_s_dn", "Whose certificate was shown, or a field of that name", SHOWN, |s, a, _| {
        dn(s, a, shown(s), X509Ref::subject_name)
    }),
    row("ssl_f_serial", Bin, "The serial number of the certificate shown", SHOWN, |s, _, _| {
        serial(s, shown(s))
    }),
    row("ssl_f_sha1", Bin, "SHA-1 of the certificate shown", SHOWN, |s, _, _| sha1(s, shown(s))),
    row("ssl_f_sig_alg", Str, "The algorithm that the certificate shown is signed with", SHOWN, |s, _, _| {
        signature_algorithm(shown(s))
    }),
    row("ssl_f_version", Sint, "The version of the certificate shown", SHOWN, |s, _, _| version(shown(s))),
    name(
        "ssl_s_i_dn",
        "Who issued the server's certificate, or a field of that name",
        OF_SERVER,
        |s, a, _| dn(s, a, of_server(s), X509Ref::issuer_name),
    ),
    row("ssl_s_key_alg", Str, "The algorithm of the server's key", OF_SERVER, |s, _, _| {
        key_algorithm(of_server(s))
    }),
    row(
        "ssl_s_notafter",
        Str,
        "When the server's certificate ends, as YYMMDDhhmmssZ",
        OF_SERVER,
        |s, _, _| time(s, of_server(s), X509Ref::not_after),
    ),
    row(
        "ssl_s_notbefore",
        Str,
        "When the server's certificate begins, as YYMMDDhhmmssZ",
        OF_SERVER,
        |s, _, _| time(s, of_server(s), X509Ref::not_before),
    ),
    name("ssl_s_s_dn", "Whose certificate the server's is, or a field of that name", OF_SERVER, |s, a, _| {
        dn(s, a, of_server(s), X509Ref::subject_name)
    }),
    row("ssl_s_serial", Bin, "The serial number of the server's certificate", OF_SERVER, |s, _, _| {
        serial(s, of_server(s))
    }),
    row("ssl_s_sha1", Bin, "SHA-1 of the server's certificate", OF_SERVER, |s, _, _| sha1(s, of_server(s))),
    row(
        "ssl_s_sig_alg",
        Str,
        "The algorithm that the server's certificate is signed with",
        OF_SERVER,
        |s, _, _| signature_algorithm(of_server(s)),
    ),
    row("ssl_s_version", Sint, "The version of the server's certificate", OF_SERVER, |s, _, _| {
        version(of_server(s))
    }),
];

fn of_client(stream: &Stream) -> Option<&[u8]> {
    stream.session.tls.as_ref()?.peer.as_deref()
}

fn shown(stream: &Stream) -> Option<&[u8]> {
    stream.session.tls.as_ref()?.shown.as_ref().map(|shown| &*shown.der)
}

fn of_server(stream: &Stream) -> Option<&[u8]> {
    stream.server_link.as_ref()?.tls.as_ref()?.peer.as_deref()
}

fn root(stream: &Stream) -> Option<&[u8]> {
    stream.session.tls.as_ref()?.chain.as_ref()?.root.as_deref()
}

fn read(der: Option<&[u8]>) -> Result<X509, Missing> {
    X509::from_der(der.ok_or(Missing::Absent)?).map_err(|_| Missing::Absent)
}

fn keep<'a>(stream: &'a Stream, bytes: &[u8]) -> &'a [u8] {
    stream.arena.alloc_slice_copy(bytes)
}

fn text<'a>(stream: &'a Stream, text: &[u8]) -> Fetched<'a> {
    if text.is_empty() { Err(Missing::Absent) } else { Ok(Value::Str(keep(stream, text))) }
}

fn serial<'a>(stream: &'a Stream, der: Option<&[u8]>) -> Fetched<'a> {
    Ok(Value::Bin(keep(stream, ffi::serial(&*read(der)?))))
}

fn sha1<'a>(stream: &'a Stream, der: Option<&[u8]>) -> Fetched<'a> {
    Ok(Value::Bin(keep(stream, &openssl::sha::sha1(der.ok_or(Missing::Absent)?))))
}

fn version<'a>(der: Option<&[u8]>) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(read(der)?.version()) + 1))
}

fn algorithm<'a>(number: Nid) -> Fetched<'a> {
    number.short_name().map(|name| Value::Str(name.as_bytes())).map_err(|_| Missing::Absent)
}

fn signature_algorithm<'a>(der: Option<&[u8]>) -> Fetched<'a> {
    algorithm(read(der)?.signature_algorithm().object().nid())
}

fn key_algorithm<'a>(der: Option<&[u8]>) -> Fetched<'a> {
    algorithm(ffi::key_algorithm(&*read(der)?).ok_or(Missing::Absent)?)
}

/// With two digits of the year, which is of this century.
fn time<'a>(stream: &'a Stream, der: Option<&[u8]>, which: fn(&X509Ref) -> &Asn1TimeRef) -> Fetched<'a> {
    let certificate = read(der)?;
    let short = match ffi::time(which(&certificate)) {
        (TimeForm::Long, [b'2', b'0', short @ ..]) if short.len() >= 10 => Some(short),
        (TimeForm::Short, short @ [..b'5', ..]) if short.len() >= 10 => Some(short),
        _ => None,
    };
    text(stream, short.unwrap_or_default())
}

fn alternative_names<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut state::sample::Cursor) -> Fetched<'a> {
    let names = read(of_client(stream))?.subject_alt_names().ok_or(Missing::Absent)?;
    text(stream, &ffi::alternative_names(&names))
}

fn policies<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut state::sample::Cursor) -> Fetched<'a> {
    let found = ffi::policies(&*read(of_client(stream))?);
    match args::text(args, 0).filter(|wanted| !wanted.is_empty()) {
        Some(wanted) => {
            let is_there = found.iter().any(|policy| policy.as_bytes() == wanted);
            if is_there { Ok(Value::Str(wanted)) } else { Err(Missing::Absent) }
        }
        None => text(stream, found.join(", ").as_bytes()),
    }
}

/// A name: one of its fields, all in a format, or all in one line.
fn dn<'a>(
    stream: &'a Stream,
    args: &'a [Arg],
    der: Option<&[u8]>,
    which: fn(&X509Ref) -> &X509NameRef,
) -> Fetched<'a> {
    let certificate = read(der)?;
    let name = which(&certificate);
    let given = |index| args::text(args, index).filter(|text| !text.is_empty());
    if let Some(field) = given(0) {
        let place = match args.get(1) {
            Some(Arg::Sint(place)) => *place,
            _ => 1,
        };
        return field_of(name, field, place)
            .map(|value| Value::Str(keep(stream, &value)))
            .ok_or(Missing::Absent);
    }
    // The only format is RFC 2253's: the check of the arguments knows no other.
    let whole = if given(2).is_some() { Some(ffi::rfc2253(name)) } else { one_line(name) };
    text(stream, &whole.unwrap_or_default())
}

/// The value of one of the fields of that name, counted from 1, or from the end as -1.
fn field_of(name: &X509NameRef, field: &[u8], place: i64) -> Option<Vec<u8>> {
    let mut fields: Vec<_> =
        name.entries().filter(|entry| label(entry).as_bytes().eq_ignore_ascii_case(field)).collect();
    if place < 0 {
        fields.reverse();
    }
    let index = usize::try_from(place.unsigned_abs()).ok()?.checked_sub(1)?;
    without_padding(fields.get(index)?.data().as_slice()).map(<[u8]>::to_vec)
}

/// `/C=FR/O=HAProxy/CN=one`
fn one_line(name: &X509NameRef) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    for entry in name.entries() {
        line.push(b'/');
        line.extend_from_slice(label(entry).as_bytes());
        line.push(b'=');
        line.extend_from_slice(without_padding(entry.data().as_slice())?);
    }
    Some(line)
}

/// The short name of a field, or its number where it has none.
fn label(entry: &openssl::x509::X509NameEntryRef) -> std::borrow::Cow<'static, str> {
    match entry.object().nid() {
        Nid::UNDEF => entry.object().to_string().into(),
        known => known.short_name().map_or_else(|_| entry.object().to_string().into(), Into::into),
    }
}

/// A value with zero bytes inside could pass for another one; of those at its end one stays.
fn without_padding(value: &[u8]) -> Option<&[u8]> {
    let Some(end) = value.iter().position(|byte| *byte == 0) else { return Some(value) };
    value[end..].iter().all(|byte| *byte == 0).then_some(&value[..=end])
}

#[cfg(test)]
mod tests;
