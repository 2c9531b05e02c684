//! The first packets of MQTT, versions 3.1 to 5: CONNECT of a client and CONNACK of a server.

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Bool, Str};
use state::sample::{Arg, text};
use state::{Stream, Value};

use super::{Decision, bytes_of, text_arg};
use crate::checks;
use crate::row::{Converter, Example};

/// Version 3.1.1, client `ab`, keep alive 60, an empty user.
const CONNECT: &str = "101000044d5154540482003c000261620000";
/// Version 5, session expiry 10, client `c`, no will.
const CONNECT_5: &str = "101300044d51545405020000051100\
                         00000a000163";

pub const ROWS: &[Converter] = &[
    Converter::new("mqtt_field_value", Bin, Str, "A field of an MQTT packet of that type", field_value)
        .args(2, &[ArgType::Str, ArgType::Str])
        .check(checks::mqtt_field)
        .examples(&[
            Example::hex(CONNECT, &["connect", "client_identifier"], "ab"),
            Example::hex(CONNECT, &["1", "keepalive"], "60"),
            Example::hex_none(CONNECT, &["connect", "17"]),
            Example::hex(CONNECT_5, &["connect", "17"], "10"),
            Example::hex(CONNECT_5, &["connect", "33"], "0"),
            Example::hex_none(CONNECT_5, &["connack", "reason_code"]),
            Example::hex("20020004", &["connack", "reason_code"], "4"),
        ]),
    Converter::new("mqtt_is_valid", Bin, Bool, "Whether it is an MQTT packet CONNECT or CONNACK", is_valid)
        .examples(&[
            Example::hex(CONNECT, &[], "1"),
            Example::hex("20020000", &[], "1"),
            Example::hex("c000", &[], "0"),
            Example::hex_none("1010", &[]),
        ]),
];

const CONNECT_TYPE: u8 = 1;
const CONNACK_TYPE: u8 = 2;
const PUBLISH_TYPE: u8 = 3;

const VERSION_5: u8 = 5;
const VERSION_3_1_1: u8 = 4;

// Flags of CONNECT.
const RESERVED: u8 = 1;
const WILL: u8 = 4;
const WILL_QOS: u8 = 0x18;
const WILL_RETAIN: u8 = 0x20;
const PASSWORD: u8 = 0x40;
const USER: u8 = 0x80;

/// The form of a property's value.
#[derive(Clone, Copy)]
enum Form {
    /// One byte, 0 or 1.
    Switch,
    Two,
    /// Not 0.
    SomeTwo,
    Four,
    SomeFour,
    Text,
    /// Not empty.
    SomeText,
    /// Two texts; may come more than once.
    Pair,
}

/// Properties by their number (MQTT 5, section 2.2.2.2).
type Forms = &'static [(u8, Form)];

const METHOD: u8 = 21;
const DATA: u8 = 22;

const OF_CONNECT: Forms = &[
    (17, Form::Four),
    (METHOD, Form::Text),
    (DATA, Form::Text),
    (23, Form::Switch),
    (25, Form::Switch),
    (33, Form::SomeTwo),
    (34, Form::Two),
    (38, Form::Pair),
    (39, Form::SomeFour),
];

const OF_WILL: Forms = &[
    (1, Form::Switch),
    (2, Form::Four),
    (3, Form::Text),
    (8, Form::Text),
    (9, Form::Text),
    (24, Form::Four),
    (38, Form::Pair),
];

const OF_CONNACK: Forms = &[
    (17, Form::Four),
    (18, Form::SomeText),
    (19, Form::Two),
    (METHOD, Form::Text),
    (DATA, Form::Text),
    (26, Form::Text),
    (28, Form::Text),
    (31, Form::Text),
    (33, Form::SomeTwo),
    (34, Form::Two),
    (36, Form::Switch),
    (37, Form::Switch),
    (38, Form::Pair),
    (39, Form::SomeFour),
    (40, Form::Switch),
    (41, Form::Switch),
    (42, Form::Switch),
];

/// What is still to be read of a packet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Big-endian.
    fn number(&mut self, size: usize) -> Option<u32> {
        Some(self.take(size)?.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.number(2)? as usize;
        self.take(length)
    }

    /// Seven bits a byte, at most four bytes. One that is cut off is taken as it is.
    fn length(&mut self) -> Option<usize> {
        let mut length = 0;
        for index in 0..4 {
            let Some(byte) = self.byte() else { return Some(length) };
            length |= usize::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Some(length);
            }
        }
        None
    }
}

/// The value of a property or field.
#[derive(Clone, Copy)]
enum Content<'a> {
    Number(u32),
    Text(&'a [u8]),
}

/// Properties in the order of a packet's [`Forms`].
type Properties<'a> = [Option<Content<'a>>; OF_CONNACK.len()];

fn property<'a>(forms: Forms, properties: &Properties<'a>, number: u8) -> Option<Content<'a>> {
    let (at, (_, form)) = forms.iter().enumerate().find(|(_, (known, _))| *known == number)?;
    match (properties[at], form) {
        // Numbers that are not there show as 0.
        (None, Form::Switch | Form::Two | Form::SomeTwo | Form::Four | Form::SomeFour) => {
            Some(Content::Number(0))
        }
        (content, _) => content,
    }
}

/// The block of properties at the start of `reader`; `None` where it is wrong.
fn properties<'a>(reader: &mut Reader<'a>, forms: Forms) -> Option<Properties<'a>> {
    let length = reader.length()?;
    let mut block = Reader(reader.take(length)?);
    let mut found = Properties::default();
    while let Some(number) = block.byte() {
        let (at, (_, form)) = forms.iter().enumerate().find(|(_, (known, _))| *known == number)?;
        let content = match form {
            Form::Switch => Content::Number(block.number(1).filter(|switch| *switch <= 1)?),
            Form::Two => Content::Number(block.number(2)?),
            Form::SomeTwo => Content::Number(block.number(2).filter(|number| *number > 0)?),
            Form::Four => Content::Number(block.number(4)?),
            Form::SomeFour => Content::Number(block.number(4).filter(|number| *number > 0)?),
            Form::Text => Content::Text(block.text()?),
            Form::SomeText => Content::Text(block.text().filter(|text| !text.is_empty())?),
            Form::Pair => {
                block.text()?;
                block.text()?;
                continue;
            }
        };
        if found[at].replace(content).is_some() {
            return None;
        }
    }
    Some(found)
}

/// A packet that was read to its end.
struct Packet<'a> {
    kind: u8,
    version: u8,
    flags: u8,
    /// Of CONNACK.
    reason: u8,
    protocol: &'a [u8],
    keep_alive: u32,
    client: &'a [u8],
    /// Topic and payload.
    will: (&'a [u8], &'a [u8]),
    user: &'a [u8],
    password: &'a [u8],
    properties: Properties<'a>,
    will_properties: Properties<'a>,
}

impl<'a> Packet<'a> {
    fn new(kind: u8) -> Self {
        Self {
            kind,
            version: 0,
            flags: 0,
            reason: 0,
            protocol: b"",
            keep_alive: 0,
            client: b"",
            will: (b"", b""),
            user: b"",
            password: b"",
            properties: Properties::default(),
            will_properties: Properties::default(),
        }
    }

    fn connect(reader: &mut Reader<'a>) -> Option<Self> {
        let mut packet = Self::new(CONNECT_TYPE);
        packet.protocol = reader.text()?;
        let is_known = |name: &[u8]| packet.protocol.eq_ignore_ascii_case(name);
        if !is_known(b"MQTT") && !is_known(b"MQIsdp") {
            return None;
        }
        packet.version = reader.byte().filter(|version| matches!(version, 3..=VERSION_5))?;
        packet.flags = reader.byte().filter(|flags| flags & RESERVED == 0)?;
        if packet.flags & (WILL | WILL_QOS | WILL_RETAIN) == WILL_QOS {
            return None;
        }
        packet.keep_alive = reader.number(2)?;
        if packet.version == VERSION_5 {
            packet.properties = properties(reader, OF_CONNECT)?;
            let length = |number| match property(OF_CONNECT, &packet.properties, number) {
                Some(Content::Text(text)) => text.len(),
                _ => 0,
            };
            if length(METHOD) == 0 && length(DATA) > 0 {
                return None;
            }
        }
        packet.client = reader.text()?;
        if packet.flags & WILL != 0 {
            if packet.version == VERSION_5 {
                packet.will_properties = properties(reader, OF_WILL)?;
            }
            packet.will = (reader.text()?, reader.text()?);
        }
        if packet.flags & USER != 0 {
            packet.user = reader.text()?;
        }
        if packet.flags & PASSWORD != 0 {
            packet.password = reader.text()?;
        }
        Some(packet)
    }

    /// Where more than two bytes follow, it is version 5.
    fn connack(reader: &mut Reader<'a>) -> Option<Self> {
        let mut packet = Self::new(CONNACK_TYPE);
        packet.version = if reader.0.len() > 2 { VERSION_5 } else { VERSION_3_1_1 };
        packet.flags = reader.byte().filter(|flags| *flags <= 1)?;
        packet.reason = reader.byte()?;
        if packet.version == VERSION_5 {
            packet.properties = properties(reader, OF_CONNACK)?;
        }
        Some(packet)
    }

    /// The field of that name, and where it is a number the property.
    fn field(&self, name: &[u8]) -> Option<Content<'a>> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        let of_connect = self.kind == CONNECT_TYPE;
        let content = match name {
            _ if is(b"flags") => Content::Number(u32::from(self.flags)),
            _ if is(b"protocol_version") => Content::Number(u32::from(self.version)),
            _ if is(b"reason_code") && !of_connect => Content::Number(u32::from(self.reason)),
            _ if is(b"protocol_name") => Content::Text(self.protocol),
            _ if is(b"client_identifier") => Content::Text(self.client),
            _ if is(b"keepalive") && of_connect => Content::Number(self.keep_alive),
            _ if is(b"will_topic") => Content::Text(self.will.0),
            _ if is(b"will_payload") => Content::Text(self.will.1),
            _ if is(b"username") => Content::Text(self.user),
            _ if is(b"password") => Content::Text(self.password),
            _ if self.version != VERSION_5 => return None,
            _ => {
                let number = u8::try_from(base::bytes::parse_u64(name)?).ok()?;
                let forms = if of_connect { OF_CONNECT } else { OF_CONNACK };
                let of_will = || {
                    let has_will = of_connect && self.flags & WILL != 0;
                    property(OF_WILL, &self.will_properties, number).filter(|_| has_will)
                };
                property(forms, &self.properties, number).or_else(of_will)?
            }
        };
        Some(content)
    }
}

/// The packet at the start of the bytes.
fn read(bytes: &[u8]) -> Decision<Packet<'_>> {
    if bytes.len() < 2 {
        return Decision::More;
    }
    let (kind, flags) = (bytes[0] >> 4, bytes[0] & 15);
    let wanted_flags = if matches!(kind, 6 | 8 | 10) { 2 } else { 0 };
    let mut reader = Reader(&bytes[1..]);
    let length = reader.length().filter(|_| kind > 0 && (kind == PUBLISH_TYPE || flags == wanted_flags));
    let Some(length) = length else { return Decision::No };
    let start = reader.0.len();
    if start < length {
        return Decision::More;
    }
    let packet = match kind {
        CONNECT_TYPE => Packet::connect(&mut reader),
        CONNACK_TYPE => Packet::connack(&mut reader),
        _ => None,
    };
    match packet {
        Some(packet) if start - reader.0.len() == length => Decision::Yes(packet),
        _ => Decision::No,
    }
}

fn is_valid<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    read(bytes_of(value)?).into_answer(stream)
}

/// Of the other packets' fields none has a value, as those packets are not read.
fn wanted_kind(args: &[Arg]) -> Option<u8> {
    match text_arg(args, 0)? {
        name if name.eq_ignore_ascii_case(b"CONNECT") => Some(CONNECT_TYPE),
        name if name.eq_ignore_ascii_case(b"CONNACK") => Some(CONNACK_TYPE),
        number => u8::try_from(base::bytes::parse_u64(number)?).ok(),
    }
}

fn field_value<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let packet = read(bytes_of(value)?).settle(stream)?;
    if wanted_kind(args) != Some(packet.kind) {
        return None;
    }
    let content = match packet.field(text_arg(args, 1)?)? {
        Content::Text(text) => text,
        Content::Number(number) => text::in_arena(&stream.arena, |out| text::decimal(i64::from(number), out)),
    };
    (!content.is_empty()).then_some(Value::Bin(content))
}
