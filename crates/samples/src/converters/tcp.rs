//! TCP headers (RFC 9293) and the fingerprint of a client's stack. A header that is cut off
//! has no value.

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Sint};
use state::sample::Arg;
use state::{Stream, Value};

use super::ethernet::word;
use super::ip::{header_length, tos_of, version_of};
use super::{bytes_of, int_arg};
use crate::room::Room;
use crate::row::{Converter, Example};

/// A SYN from port 1234 to 80: MSS 1460, SACK, time stamp 0x0a0b0c0d, window scale 7.
const SYN: &str = "04d2005001020304000000\
                   00a002faf0beef0000020405b40402080a0a0b0c0d0000000001030307";
/// Without options.
const BARE: &str = "04d20050010203040000000050020010beef0000";
/// The SYN in a packet of IPv4 with DF and a TTL of 64.
const PACKET: &str = "4500003c000140004006beefc0000201c633640204d20050010203040000000\
                      0a002faf0beef0000020405b40402080a0a0b0c0d0000000001030307";

pub const ROWS: &[Converter] = &[
    Converter::new("ip.fp", Bin, Bin, "A fingerprint of the IP and TCP headers of a SYN", fingerprint)
        .args(0, &[ArgType::Sint])
        .examples(&[
            Example::hex(PACKET, &[], "0050a8faf005b447"),
            Example::hex(PACKET, &["1"], "0050a8faf005b44740"),
            Example::hex(PACKET, &["2"], "0050a8faf005b4470204080103"),
            Example::hex(PACKET, &["7"], "0050a8faf005b447400204080103c0000201"),
            Example::hex_none(SYN, &[]),
        ]),
    Converter::new("tcp.dst", Bin, Sint, "The destination port of a TCP header", |_, _, value| {
        field(value, 2)
    })
    .examples(&[Example::hex(SYN, &[], "80")]),
    Converter::new("tcp.flags", Bin, Sint, "The flags of a TCP header", flags)
        .examples(&[Example::hex(SYN, &[], "2"), Example::none("short", &[])]),
    Converter::new("tcp.options.mss", Bin, Sint, "The maximum segment size; 0 without one", mss).examples(&[
        Example::hex(SYN, &[], "1460"),
        Example::hex(BARE, &[], "0"),
        Example::none("", &[]),
    ]),
    Converter::new("tcp.options.sack", Bin, Sint, "1 where SACK is permitted, else 0", |_, _, value| {
        has_option(value, SACK)
    })
    .examples(&[Example::hex(SYN, &[], "1"), Example::hex(BARE, &[], "0")]),
    Converter::new("tcp.options.tsopt", Bin, Sint, "1 where there is a time stamp, else 0", |_, _, value| {
        has_option(value, TIME_STAMP)
    })
    .examples(&[Example::hex(SYN, &[], "1"), Example::hex(BARE, &[], "0")]),
    Converter::new("tcp.options.tsval", Bin, Sint, "The time stamp; 0 without one", time_stamp)
        .examples(&[Example::hex(SYN, &[], "168496141"), Example::hex(BARE, &[], "0")]),
    Converter::new("tcp.options.wscale", Bin, Sint, "The shift of the window; 0 without one", window_scale)
        .examples(&[Example::hex(SYN, &[], "7"), Example::hex(BARE, &[], "0")]),
    Converter::new(
        "tcp.options.wsopt",
        Bin,
        Sint,
        "1 where there is a window scale, else 0",
        |_, _, value| has_option(value, WINDOW_SCALE),
    )
    .examples(&[Example::hex(SYN, &[], "1"), Example::hex(BARE, &[], "0")]),
    Converter::new("tcp.options_list", Bin, Bin, "The kinds of all options, a byte each", options_list)
        .examples(&[Example::hex(SYN, &[], "0204080103"), Example::hex(BARE, &[], "")]),
    Converter::new("tcp.seq", Bin, Sint, "The sequence number of a TCP header", sequence)
        .examples(&[Example::hex(SYN, &[], "16909060")]),
    Converter::new("tcp.src", Bin, Sint, "The source port of a TCP header", |_, _, value| field(value, 0))
        .examples(&[Example::hex(SYN, &[], "1234")]),
    Converter::new("tcp.win", Bin, Sint, "The window of a TCP header", |_, _, value| field(value, 14))
        .examples(&[Example::hex(SYN, &[], "64240")]),
];

/// The part of the header that is always there.
const FIXED: usize = 20;

const END: u8 = 0;
const NOTHING: u8 = 1;
const MSS: u8 = 2;
const WINDOW_SCALE: u8 = 3;
const SACK: u8 = 4;
const TIME_STAMP: u8 = 8;

/// A field of two bytes.
fn field<'a>(value: Value<'a>, at: usize) -> Option<Value<'a>> {
    let header = bytes_of(value).filter(|header| header.len() >= FIXED)?;
    word(header, at).map(|field| Value::Sint(i64::from(field)))
}

fn flags<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let header = bytes_of(value).filter(|header| header.len() >= FIXED)?;
    Some(Value::Sint(i64::from(header[13])))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(word(bytes, at)?) << 16 | u32::from(word(bytes, at + 2)?))
}

fn sequence<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let header = bytes_of(value).filter(|header| header.len() >= FIXED)?;
    number(header, 4).map(|sequence| Value::Sint(i64::from(sequence)))
}

/// The length of a header that is there with all its options.
fn full_length(header: &[u8]) -> Option<usize> {
    let length = usize::from(*header.get(12)? >> 4) * 4;
    (length >= FIXED && header.len() >= length).then_some(length)
}

/// The options: kind, where it starts, and where the next one would.
struct Options<'a> {
    header: &'a [u8],
    at: usize,
}

impl Iterator for Options<'_> {
    type Item = (u8, usize, Option<usize>);

    /// Behind an option of a broken length there is none.
    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        let kind = self.header.get(at).copied().filter(|kind| *kind != END)?;
        let next = match (kind, self.header.get(at + 1)) {
            (NOTHING, _) => Some(at + 1),
            (_, Some(length @ 2..=127)) => Some(at + usize::from(*length)),
            _ => None,
        };
        self.at = next.unwrap_or(self.header.len());
        Some((kind, at, next))
    }
}

/// The options of a full header.
fn options(header: &[u8]) -> Option<Options<'_>> {
    full_length(header).map(|length| Options { header: &header[..length], at: FIXED })
}

/// Where the first option of a kind starts, if all of it is inside of the header; no value for
/// a header that is cut off.
fn find_option(header: &[u8], wanted: u8) -> Option<Option<usize>> {
    let options = options(header)?;
    let length = options.header.len();
    let fits = |next: Option<usize>| next.is_some_and(|next| next <= length);
    let mut hits = options.filter(|(kind, _, next)| *kind == wanted && fits(*next));
    Some(hits.next().map(|(_, at, _)| at))
}

fn has_option(value: Value, wanted: u8) -> Option<Value> {
    let found = find_option(bytes_of(value)?, wanted)?;
    Some(Value::Sint(i64::from(found.is_some())))
}

fn mss<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let header = bytes_of(value)?;
    let mss = find_option(header, MSS)?.and_then(|at| word(header, at + 2));
    Some(Value::Sint(i64::from(mss.unwrap_or(0))))
}

fn time_stamp<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let header = bytes_of(value)?;
    let stamp = find_option(header, TIME_STAMP)?.and_then(|at| number(header, at + 2));
    Some(Value::Sint(i64::from(stamp.unwrap_or(0))))
}

fn window_scale<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let header = bytes_of(value)?;
    let shift = find_option(header, WINDOW_SCALE)?.and_then(|at| header.get(at + 2));
    Some(Value::Sint(i64::from(shift.copied().unwrap_or(0))))
}

fn options_list<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let options = options(bytes_of(value)?)?;
    let mut kinds = Room::new(&stream.arena, options.header.len());
    options.for_each(|(kind, _, _)| kinds.push(kind));
    Some(Value::Bin(kinds.finish()))
}

/// What the fingerprint takes from the options.
#[derive(Default)]
struct Seen {
    mss: u16,
    /// The shift of the window plus one; 0 without one.
    scale: u8,
    /// A bit a kind from 2 on; the last one is for all others.
    kinds: u8,
}

impl Seen {
    fn take(&mut self, header: &[u8], kind: u8, at: usize) {
        match kind {
            MSS => self.mss = word(header, at + 2).unwrap_or(self.mss),
            WINDOW_SCALE => {
                self.scale = header.get(at + 2).map_or(self.scale, |shift| shift.saturating_add(1).min(15));
            }
            _ => {}
        }
        if kind >= MSS {
            self.kinds |= 1 << (kind - MSS).min(7);
        }
    }
}

/// Eight bytes (manual, section 7.3.1), then by the bits of the argument the TTL, the kinds of
/// the options and the source address.
fn fingerprint<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let packet = bytes_of(value)?;
    let mode = int_arg(args, 0).unwrap_or(0);
    let start = header_length(packet)?;
    let (length, is_extended, is_whole, ttl, source) = match version_of(packet)? {
        4 => (word(packet, 2)?, packet[0] & 15 != 5, *packet.get(6)? >> 6 & 1, *packet.get(8)?, 12..16),
        6 => (word(packet, 4)?.wrapping_add(40), !matches!(packet[6], 6 | 17), 1, packet[7], 8..24),
        _ => return None,
    };
    let header = &packet[start..];
    let end = full_length(header)?;
    let payload = usize::from(length).checked_sub(start)?.checked_sub(end)?;
    let mut room = Room::new(&stream.arena, 8 + 1 + end + 16);
    let mut seen = Seen::default();
    let taken = |options: &mut dyn FnMut(u8, usize)| {
        for (kind, at, next) in (Options { header: &header[..end], at: FIXED }) {
            if next.is_none_or(|next| next > end) {
                break;
            }
            options(kind, at);
        }
    };
    taken(&mut |kind, at| seen.take(&header[..end], kind, at));
    let hops = match ttl {
        0..=32 => 0,
        33..=64 => 1,
        65..=128 => 2,
        _ => 3,
    };
    let bits = u8::from(version_of(packet) == Some(6)) << 7
        | is_whole << 6
        | hops << 4
        | u8::from(is_extended) << 3
        | u8::from(payload > 0) << 2
        | header[13] >> 6;
    room.extend(&[tos_of(packet)?, bits, (header[12] >> 4) << 4 | seen.scale, header[14], header[15]]);
    room.extend(&seen.mss.to_be_bytes());
    room.push(seen.kinds);
    if mode & 1 != 0 {
        room.push(ttl);
    }
    if mode & 2 != 0 {
        taken(&mut |kind, _| room.push(kind));
    }
    if mode & 4 != 0 {
        room.extend(packet.get(source)?);
    }
    Some(Value::Bin(room.finish()))
}
