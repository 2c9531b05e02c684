//! Headers of IP packets, version 4 (RFC 791) and 6 (RFC 8200). A header that is cut off or of
//! another version has no value.

use std::net::{Ipv4Addr, Ipv6Addr};

use ir::types::SampleType::{Addr, Bin, Sint};
use state::sample::Arg;
use state::{Stream, Value};

use super::bytes_of;
use super::ethernet::word;
use crate::row::{Converter, Example};

/// From 192.0.2.1 to 198.51.100.2, TOS 16, TTL 64, DF, a TCP header of two bytes.
const V4: &str = "4510002a000140004006beefc0000201c6336402abcd";
/// From 2001:db8::1 to 2001:db8::2, class 32, hop limit 63, eight bytes of options, then UDP.
const V6: &str = "620000000009003f20010db800000000000000000000000120010db8000000000000000000000002\
                  1100010400000000ab";

pub const ROWS: &[Converter] = &[
    Converter::new("ip.data", Bin, Bin, "What an IP packet carries", data).examples(&[
        Example::hex(V4, &[], "abcd"),
        Example::hex(V6, &[], "ab"),
        Example::none("Hello", &[]),
    ]),
    Converter::new("ip.df", Bin, Sint, "1 where an IP packet must not be divided, else 0", do_not_fragment)
        .examples(&[Example::hex(V4, &[], "1"), Example::hex("60", &[], "1")]),
    Converter::new("ip.dst", Bin, Addr, "The destination of an IP packet", destination)
        .examples(&[Example::hex(V4, &[], "198.51.100.2"), Example::hex(V6, &[], "2001:db8::2")]),
    Converter::new("ip.hdr", Bin, Bin, "The header of an IP packet, with extensions", header)
        .examples(&[Example::hex(V4, &[], "4510002a000140004006beefc0000201c6336402")]),
    Converter::new("ip.proto", Bin, Sint, "The protocol inside an IP packet: 6 is TCP, 17 UDP", protocol)
        .examples(&[Example::hex(V4, &[], "6"), Example::hex(V6, &[], "17"), Example::hex_none("4500", &[])]),
    Converter::new("ip.src", Bin, Addr, "The source of an IP packet", source)
        .examples(&[Example::hex(V4, &[], "192.0.2.1"), Example::hex(V6, &[], "2001:db8::1")]),
    Converter::new("ip.tos", Bin, Sint, "The type of service or traffic class of an IP packet", tos)
        .examples(&[Example::hex(V4, &[], "16"), Example::hex(V6, &[], "32")]),
    Converter::new("ip.ttl", Bin, Sint, "The time to live or hop limit of an IP packet", ttl)
        .examples(&[Example::hex(V4, &[], "64"), Example::hex(V6, &[], "63")]),
    Converter::new("ip.ver", Bin, Sint, "The version of an IP packet", version).examples(&[
        Example::hex(V4, &[], "4"),
        Example::hex(V6, &[], "6"),
        Example::none("", &[]),
    ]),
];

const V6_HEADER: usize = 40;

pub(super) fn version_of(packet: &[u8]) -> Option<u8> {
    packet.first().map(|byte| byte >> 4)
}

/// The protocol behind the extensions of version 6, and where its header starts, which may be
/// behind what is there.
fn extensions(packet: &[u8]) -> Option<(u8, usize)> {
    if packet.len() < V6_HEADER {
        return None;
    }
    let (mut next, mut at) = (packet[6], V6_HEADER);
    while !matches!(next, 6 | 17) {
        let length = usize::from(*packet.get(at + 1)?);
        next = packet[at];
        at += length * 8 + 8;
    }
    Some((next, at))
}

/// The length of the header with all extensions.
pub(super) fn header_length(packet: &[u8]) -> Option<usize> {
    let length = match version_of(packet)? {
        4 => usize::from(packet[0] & 15) * 4,
        6 => extensions(packet)?.1,
        _ => return None,
    };
    (length > 0 && length <= packet.len()).then_some(length)
}

/// The bytes at `v4` or `v6`, by the version, of a header that has the fixed part of its
/// version.
fn fixed(packet: &[u8], v4: std::ops::Range<usize>, v6: std::ops::Range<usize>) -> Option<&[u8]> {
    match version_of(packet)? {
        4 if packet.len() >= 20 => packet.get(v4),
        6 if packet.len() >= V6_HEADER => packet.get(v6),
        _ => None,
    }
}

fn address<'a>(bytes: &[u8]) -> Option<Value<'a>> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Some(Value::Ipv4(Ipv4Addr::from(octets)));
    }
    <[u8; 16]>::try_from(bytes).ok().map(|octets| Value::Ipv6(Ipv6Addr::from(octets)))
}

fn data<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let packet = bytes_of(value)?;
    header_length(packet).map(|length| Value::Bin(&packet[length..]))
}

fn header<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let packet = bytes_of(value)?;
    header_length(packet).map(|length| Value::Bin(&packet[..length]))
}

fn do_not_fragment<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let packet = bytes_of(value)?;
    match version_of(packet)? {
        4 => packet.get(6).map(|flags| Value::Sint(i64::from(flags >> 6 & 1))),
        6 => Some(Value::Sint(1)),
        _ => None,
    }
}

fn source<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    address(fixed(bytes_of(value)?, 12..16, 8..24)?)
}

fn destination<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    address(fixed(bytes_of(value)?, 16..20, 24..40)?)
}

fn protocol<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let packet = bytes_of(value)?;
    let protocol = match version_of(packet)? {
        4 => *packet.get(9)?,
        6 => extensions(packet).filter(|(_, start)| *start <= packet.len())?.0,
        _ => return None,
    };
    Some(Value::Sint(i64::from(protocol)))
}

pub(super) fn tos_of(packet: &[u8]) -> Option<u8> {
    match version_of(packet)? {
        4 => packet.get(1).copied(),
        // The last eight bits of this field; the version stands above.
        6 => word(packet, 0).map(|word| (word >> 4 & 0xff) as u8),
        _ => None,
    }
}

fn tos<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    tos_of(bytes_of(value)?).map(|tos| Value::Sint(i64::from(tos)))
}

fn ttl<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    fixed(bytes_of(value)?, 8..9, 7..8).map(|ttl| Value::Sint(i64::from(ttl[0])))
}

fn version<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    version_of(bytes_of(value)?).map(|version| Value::Sint(i64::from(version)))
}
