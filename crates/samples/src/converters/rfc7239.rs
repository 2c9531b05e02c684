//! The values of `Forwarded` headers (RFC 7239): one element, whose parameters are `for`, `by`,
//! `host` and `proto`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ir::spec::ArgType;
use ir::types::SampleType::{Any, Bool, Str};
use state::sample::{Arg, text};
use state::{Stream, Value};

use super::text_arg;
use crate::room::join;
use crate::row::{Converter, Example};

const ALL: &str = "for=\"_x:_p\";proto=https;by=\"[2001:db8::1]:80\";host=a.example";

pub const ROWS: &[Converter] = &[
    Converter::new("rfc7239_field", Str, Str, "A parameter of a Forwarded header, as it is written", field)
        .args(1, &[ArgType::Str])
        .examples(&[
            Example::new(ALL, &["for"], "_x:_p"),
            Example::new(ALL, &["by"], "[2001:db8::1]:80"),
            Example::new(ALL, &["host"], "a.example"),
            Example::new(ALL, &["proto"], "https"),
            Example::none("for=127.0.0.1", &["by"]),
            Example::none("for=127.0.0.1;secret=x", &["for"]),
        ]),
    Converter::new(
        "rfc7239_is_valid",
        Str,
        Bool,
        "Whether it is one Forwarded header that is understood",
        valid,
    )
    .examples(&[
        Example::new(ALL, &[], "1"),
        Example::new("for=unknown", &[], "1"),
        Example::new("for=127.0.0.1:80", &[], "0"),
        Example::new("for=127.0.0.1;for=127.0.0.1", &[], "0"),
        Example::new("", &[], "0"),
    ]),
    Converter::new("rfc7239_n2nn", Str, Any, "The name of a node: an address or an identifier", node_name)
        .examples(&[
            Example::new("192.0.2.1:80", &[], "192.0.2.1"),
            Example::new("[2001:db8::1]", &[], "2001:db8::1"),
            Example::new("_x:80", &[], "_x"),
            Example::new("unknown", &[], "unknown"),
            Example::none("a.example", &[]),
        ]),
    Converter::new("rfc7239_n2np", Str, Any, "The port of a node: a number or an identifier", node_port)
        .examples(&[
            Example::new("192.0.2.1:80", &[], "80"),
            Example::new("_x:_p", &[], "_p"),
            Example::none("192.0.2.1", &[]),
            Example::none("192.0.2.1:0", &[]),
        ]),
    Converter::new("rfc7239_nn", Any, Str, "The name of a node from an address or an identifier", to_name)
        .examples(&[
            Example::new("x", &[], "_x"),
            Example::new("", &[], "unknown"),
            Example::none("a b", &[]),
        ]),
    Converter::new("rfc7239_np", Any, Str, "The port of a node from a number or an identifier", to_port)
        .examples(&[Example::new("p", &[], "_p"), Example::none("", &[])]),
];

#[derive(Clone, Copy)]
pub(crate) enum Name<'a> {
    Unknown,
    /// With its underscore.
    Identifier(&'a [u8]),
    Address(IpAddr),
}

#[derive(Clone, Copy)]
pub(crate) enum Port<'a> {
    Number(u16),
    Identifier(&'a [u8]),
}

#[derive(Clone, Copy)]
struct Node<'a> {
    name: Name<'a>,
    port: Option<Port<'a>>,
    /// As it is written.
    text: &'a [u8],
}

/// What is still to be read.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// Takes `word` where it is next.
    fn skip(&mut self, word: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(word)?;
        Some(())
    }

    /// The bytes of a kind, at most `most`.
    fn run(&mut self, most: usize, wanted: fn(&u8) -> bool) -> &'a [u8] {
        let count = self.0.iter().take(most).take_while(|byte| wanted(byte)).count();
        let (run, rest) = self.0.split_at(count);
        self.0 = rest;
        run
    }

    /// What was read since the rest was `before`.
    fn since(&self, before: &'a [u8]) -> &'a [u8] {
        &before[..before.len() - self.0.len()]
    }

    /// An obfuscated identifier with its underscore.
    fn identifier(&mut self) -> Option<&'a [u8]> {
        let start = self.0;
        self.skip(b"_")?;
        let name = self.run(usize::MAX, is_identifier);
        (!name.is_empty()).then(|| self.since(start))
    }

    fn port_number(&mut self) -> Option<u16> {
        let digits = self.run(usize::MAX, u8::is_ascii_digit);
        let number = base::bytes::parse_u64(digits).and_then(|number| u16::try_from(number).ok());
        number.filter(|number| *number > 0)
    }

    fn v4(&mut self) -> Option<Ipv4Addr> {
        const LONGEST: usize = "255.255.255.255".len();
        let address = self.run(LONGEST, |byte| byte.is_ascii_digit() || *byte == b'.');
        std::str::from_utf8(address).ok()?.parse().ok()
    }

    /// In brackets.
    fn v6(&mut self) -> Option<Ipv6Addr> {
        const LONGEST: usize = 45;
        self.skip(b"[")?;
        let address = self.run(LONGEST, |byte| byte.is_ascii_alphanumeric() || *byte == b':');
        self.skip(b"]")?;
        std::str::from_utf8(address).ok()?.parse().ok()
    }

    /// Addresses of version 6 need quotes.
    pub(crate) fn name(&mut self, is_quoted: bool) -> Option<Name<'a>> {
        Some(match self.0.first()? {
            b'_' => Name::Identifier(self.identifier()?),
            b'u' => {
                self.skip(b"unknown")?;
                Name::Unknown
            }
            b'[' if is_quoted => Name::Address(self.v6()?.into()),
            _ => Name::Address(self.v4()?.into()),
        })
    }

    pub(crate) fn port(&mut self) -> Option<Port<'a>> {
        Some(match self.0.first() {
            Some(b'_') => Port::Identifier(self.identifier()?),
            _ => Port::Number(self.port_number()?),
        })
    }

    /// A port needs quotes too.
    fn node(&mut self, is_quoted: bool) -> Option<Node<'a>> {
        let start = self.0;
        let name = self.name(is_quoted)?;
        let port = match self.skip(b":") {
            None => None,
            Some(()) if is_quoted => Some(self.port()?),
            Some(()) => return None,
        };
        Some(Node { name, port, text: self.since(start) })
    }

    pub(crate) fn host(&mut self, is_quoted: bool) -> Option<&'a [u8]> {
        let start = self.0;
        match start.first()? {
            b'[' if is_quoted => drop(self.v6()?),
            _ => drop(self.run(usize::MAX, |byte| byte.is_ascii_alphanumeric() || *byte == b'.')),
        }
        if self.skip(b":").is_some() {
            self.port_number().filter(|_| is_quoted)?;
        }
        Some(self.since(start))
    }

    /// Reads with `read` what may stand in quotes.
    fn quoted<T>(&mut self, read: impl Fn(&mut Self, bool) -> Option<T>) -> Option<T> {
        let is_quoted = self.skip(b"\"").is_some();
        let value = read(self, is_quoted)?;
        if is_quoted {
            self.skip(b"\"")?;
        }
        Some(value)
    }
}

pub(crate) fn is_identifier(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// The parameters of a header; each stands there at most once.
#[derive(Default)]
pub(crate) struct Forwarded<'a> {
    by: Option<Node<'a>>,
    client: Option<Node<'a>>,
    host: Option<&'a [u8]>,
    proto: Option<&'static [u8]>,
}

impl<'a> Forwarded<'a> {
    /// Reading ends once all four are there; what follows is not looked at. No parameter is
    /// wrong too.
    pub(crate) fn read(header: &'a [u8]) -> Option<Self> {
        let mut found = Self::default();
        let mut reader = Reader(header);
        let mut count = 0;
        while !reader.0.is_empty() && count < 4 {
            if count > 0 {
                reader.skip(b";")?;
            }
            found.parameter(&mut reader)?;
            count += 1;
        }
        (count > 0).then_some(found)
    }

    fn parameter(&mut self, reader: &mut Reader<'a>) -> Option<()> {
        // A name with nothing behind it is no parameter.
        let starts = |reader: &mut Reader<'a>, name: &[u8]| {
            (reader.0.len() > name.len()).then(|| reader.skip(name)).flatten().is_some()
        };
        if self.client.is_none() && starts(reader, b"for=") {
            self.client = Some(reader.quoted(Reader::node)?);
        } else if self.by.is_none() && starts(reader, b"by=") {
            self.by = Some(reader.quoted(Reader::node)?);
        } else if self.host.is_none() && starts(reader, b"host=") {
            self.host = Some(reader.quoted(Reader::host)?);
        } else if self.proto.is_none() && starts(reader, b"proto=") {
            reader.skip(b"http")?;
            self.proto = Some(if reader.skip(b"s").is_some() { b"https" } else { b"http" });
        } else {
            return None;
        }
        Some(())
    }
}

fn input(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Str(text) => Some(text),
        _ => None,
    }
}

fn valid<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    Some(Value::Bool(Forwarded::read(input(value)?).is_some()))
}

fn field<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let header = Forwarded::read(input(value)?)?;
    let text = match text_arg(args, 0)? {
        b"proto" => header.proto?,
        b"host" => header.host?,
        b"for" => header.client?.text,
        b"by" => header.by?.text,
        _ => return None,
    };
    Some(Value::Str(text))
}

fn node_name<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    Some(match Reader(input(value)?).node(true)?.name {
        Name::Unknown => Value::Str(b"unknown"),
        Name::Identifier(name) => Value::Str(name),
        Name::Address(address) => Value::from(address),
    })
}

fn node_port<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    Some(match Reader(input(value)?).node(true)?.port? {
        Port::Number(number) => Value::Sint(i64::from(number)),
        Port::Identifier(name) => Value::Str(name),
    })
}

/// A text as an identifier, with an underscore in front.
fn identifier<'a>(stream: &'a Stream, value: Value<'a>) -> Option<Value<'a>> {
    let name = value.to_text(&stream.arena);
    let is_right = !name.is_empty() && name.iter().all(is_identifier);
    is_right.then(|| Value::Str(join(&stream.arena, &[b"_", name])))
}

fn to_name<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    match value {
        Value::Ipv4(_) => Some(Value::Str(value.to_text(&stream.arena))),
        Value::Ipv6(_) => Some(Value::Str(join(&stream.arena, &[b"[", value.to_text(&stream.arena), b"]"]))),
        _ if value.to_text(&stream.arena).is_empty() => Some(Value::Str(b"unknown")),
        _ => identifier(stream, value),
    }
}

/// A number counts modulo 2^32.
fn to_port<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    match value {
        Value::Sint(number) => {
            let number = i64::from(number as u32);
            Some(Value::Str(text::in_arena(&stream.arena, |out| text::decimal(number, out))))
        }
        _ => identifier(stream, value),
    }
}
