//! Ethernet frames (IEEE 802.3), as `fc_saved_syn` keeps them. What is cut off in the header
//! has no value.

use ir::types::SampleType::{Bin, Sint};
use state::sample::Arg;
use state::{Stream, Value};

use super::bytes_of;
use crate::row::{Converter, Example};

/// A frame of VLAN 2 (IEEE 802.1Q) with a byte of IPv4.
const TAGGED: &str = "0a0b0c0d0e0f0102030405068100300208004500";
/// The same without a tag.
const PLAIN: &str = "0a0b0c0d0e0f010203040506080045";

pub const ROWS: &[Converter] = &[
    Converter::new("eth.data", Bin, Bin, "What an Ethernet frame carries", data).examples(&[
        Example::hex(TAGGED, &[], "4500"),
        Example::hex(PLAIN, &[], "E"),
        Example::none("short", &[]),
    ]),
    Converter::new("eth.dst", Bin, Bin, "The destination of an Ethernet frame", destination)
        .examples(&[Example::hex(PLAIN, &[], "0a0b0c0d0e0f"), Example::none("short", &[])]),
    Converter::new("eth.hdr", Bin, Bin, "The header of an Ethernet frame, with tags of VLANs", header)
        .examples(&[Example::hex(TAGGED, &[], "0a0b0c0d0e0f010203040506810030020800")]),
    Converter::new("eth.proto", Bin, Sint, "The protocol inside an Ethernet frame", protocol)
        .examples(&[Example::hex(TAGGED, &[], "2048"), Example::hex(PLAIN, &[], "2048")]),
    Converter::new("eth.src", Bin, Bin, "The source of an Ethernet frame", source)
        .examples(&[Example::hex(PLAIN, &[], "010203040506"), Example::none("destination", &[])]),
    Converter::new("eth.vlan", Bin, Sint, "The last VLAN of an Ethernet frame, where it is not 0", vlan)
        .examples(&[Example::hex(TAGGED, &[], "2"), Example::hex_none(PLAIN, &[])]),
];

/// The mark of a tag in the place of the protocol.
const VLAN: u16 = 0x8100;
/// Where the first tag or the protocol stands.
const ADDRESSES: usize = 12;

/// Big-endian.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let word = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes([word[0], word[1]]))
}

/// The protocol, where the data behind it starts, and the last tag. At least one byte of data
/// must be there.
fn walk(frame: &[u8]) -> Option<(u16, usize, u16)> {
    let (mut at, mut tag) = (ADDRESSES, 0);
    while at + 2 < frame.len() {
        match word(frame, at)? {
            VLAN => tag = word(frame, at + 2).unwrap_or(0),
            protocol => return Some((protocol, at + 2, tag)),
        }
        at += 4;
    }
    None
}

fn data<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let frame = bytes_of(value)?;
    walk(frame).map(|(_, end, _)| Value::Bin(&frame[end..]))
}

fn header<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let frame = bytes_of(value)?;
    walk(frame).map(|(_, end, _)| Value::Bin(&frame[..end]))
}

fn protocol<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    walk(bytes_of(value)?).map(|(protocol, _, _)| Value::Sint(i64::from(protocol)))
}

fn vlan<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let (_, _, tag) = walk(bytes_of(value)?)?;
    let id = i64::from(tag & 0xfff);
    (id != 0).then_some(Value::Sint(id))
}

fn destination<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    bytes_of(value)?.get(..6).map(Value::Bin)
}

fn source<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    bytes_of(value)?.get(6..12).map(Value::Bin)
}
