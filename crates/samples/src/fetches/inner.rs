//! HAProxy's own form of a message, HTX: its blocks and the room that they take. The numbers
//! are those that HAProxy has for a message that no rule has changed. Left out: trailers.

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Bool, Sint, Str};
use proto::message::{Framing, Head, Version};
use state::sample::{Arg, Cursor, Fetched, text};
use state::stream::Payload;
use state::{Missing, Stream, Value};

use super::{at, message};
use crate::checks;
use crate::room::join;
use crate::row::{Example, Fetch};

const REQ: &str = "POST /p HTTP/1.1\nhost: abc\n\nhello";
const RES: &str = "GET / HTTP/1.1\n---\nHTTP/1.1 404 Not Found\nx: y\n";
const NAME: &[ArgType] = &[ArgType::Str];

pub const ROWS: &[Fetch] = &[
    Fetch::new("internal.htx.data", Sint, at::MESSAGE, "The bytes in all blocks of the message", data)
        .examples(&[Example::new(REQ, &[], "47")]),
    Fetch::new("internal.htx.free", Sint, at::MESSAGE, "The free room of the message's buffer", free)
        .examples(&[Example::new(REQ, &[], "16265")]),
    Fetch::new(
        "internal.htx.free_data",
        Sint,
        at::MESSAGE,
        "The free room for the next block's data",
        |s, a, c| {
            free(s, a, c).map(|free| match free {
                Value::Sint(free) => Value::Sint((free - BLOCK).max(0)),
                other => other,
            })
        },
    )
    .examples(&[Example::new(REQ, &[], "16257")]),
    Fetch::new("internal.htx.has_eom", Bool, at::MESSAGE, "Whether the message's end is there", has_end)
        .examples(&[Example::new(REQ, &[], "1")]),
    Fetch::new("internal.htx.nbblks", Sint, at::MESSAGE, "The number of the message's blocks", |s, _, _| {
        Ok(Value::Sint(Message::of(s)?.count() as i64))
    })
    .examples(&[Example::new(REQ, &[], "4"), Example::new(RES, &[], "3")]),
    Fetch::new("internal.htx.size", Sint, at::MESSAGE, "The room of the message's buffer", |s, _, _| {
        Message::of(s).map(|_| Value::Sint(size(s)))
    })
    .examples(&[Example::new(REQ, &[], "16344")]),
    Fetch::new("internal.htx.used", Sint, at::MESSAGE, "The used room of the message's buffer", |s, _, _| {
        Message::of(s).map(|message| Value::Sint(message.used()))
    })
    .examples(&[Example::new(REQ, &[], "79")]),
    Fetch::new("internal.htx_blk.data", Bin, at::MESSAGE, "The data of a block of the body", |s, a, _| {
        Ok(Value::Bin(if let Block::Data(data) = block(s, a)? { data } else { b"" }))
    })
    .args(1, NAME)
    .check(checks::message_block)
    .examples(&[Example::new(REQ, &["tail"], "hello"), Example::new(REQ, &["0"], "")]),
    Fetch::new(
        "internal.htx_blk.hdrname",
        Str,
        at::MESSAGE,
        "The name of a block that is a header",
        |s, a, _| Ok(Value::Str(if let Block::Field(name, _) = block(s, a)? { name } else { b"" })),
    )
    .args(1, NAME)
    .check(checks::message_block)
    .examples(&[Example::new(REQ, &["1"], "host"), Example::new(REQ, &["9"], "")]),
    Fetch::new(
        "internal.htx_blk.hdrval",
        Str,
        at::MESSAGE,
        "The value of a block that is a header",
        |s, a, _| Ok(Value::Str(if let Block::Field(_, value) = block(s, a)? { value } else { b"" })),
    )
    .args(1, NAME)
    .check(checks::message_block)
    .examples(&[Example::new(REQ, &["1"], "abc"), Example::new(REQ, &["2"], "")]),
    Fetch::new("internal.htx_blk.size", Sint, at::MESSAGE, "The bytes of a block", |s, a, _| {
        Ok(Value::Sint(block(s, a)?.size()))
    })
    .args(1, NAME)
    .check(checks::message_block)
    .examples(&[Example::new(REQ, &["head"], "34"), Example::new(RES, &["first"], "40")]),
    Fetch::new(
        "internal.htx_blk.start_line",
        Str,
        at::MESSAGE,
        "The block that is the first line",
        |s, a, _| {
            Ok(Value::Str(match block(s, a)? {
                Block::Start(_, [first, second, third]) => {
                    join(&s.arena, &[first, b" ", second, b" ", third])
                }
                _ => b"",
            }))
        },
    )
    .args(1, NAME)
    .check(checks::message_block)
    .examples(&[
        Example::new(REQ, &["head"], "POST /p HTTP/1.1"),
        Example::new(RES, &["0"], "HTTP/1.1 404 Not Found"),
        Example::new(RES, &["1"], ""),
    ]),
    Fetch::new("internal.htx_blk.type", Str, at::MESSAGE, "The kind of a block", |s, a, _| {
        Ok(Value::Str(block(s, a)?.kind()))
    })
    .args(1, NAME)
    .check(checks::message_block)
    .examples(&[
        Example::new(REQ, &["head"], "HTX_BLK_REQ_SL"),
        Example::new(REQ, &["2"], "HTX_BLK_EOH"),
        Example::new(REQ, &["tail"], "HTX_BLK_DATA"),
        Example::new(RES, &["first"], "HTX_BLK_RES_SL"),
        Example::new(RES, &["7"], "HTX_BLK_UNUSED"),
    ]),
    Fetch::new("internal.strm.is_htx", Bool, at::INTERNAL, "Whether the stream is one of HTTP", |s, _, _| {
        if s.is_only_session() { Err(Missing::Absent) } else { Ok(Value::Bool(!super::is_tcp(s))) }
    })
    .examples(&[Example::new(REQ, &[], "1")]),
];

/// What HAProxy's buffer needs for itself, for each block, and for the facts of a first line.
const BUFFER: i64 = 40;
const BLOCK: i64 = 8;
const START: i64 = 20;

/// A part of a message.
enum Block<'a> {
    /// Whether it is a response, and the three parts of the line.
    Start(bool, [&'a [u8]; 3]),
    Field(&'a [u8], &'a [u8]),
    EndOfFields,
    Data(&'a [u8]),
    /// Behind a body in chunks.
    EndOfTrailers,
    Unused,
}

impl Block<'_> {
    fn size(&self) -> i64 {
        (match self {
            Self::Start(_, parts) => return START + parts.iter().map(|part| part.len() as i64).sum::<i64>(),
            Self::Field(name, value) => name.len() + value.len(),
            Self::EndOfFields | Self::EndOfTrailers => 1,
            Self::Data(data) => data.len(),
            Self::Unused => 0,
        }) as i64
    }

    fn kind(&self) -> &'static [u8] {
        match self {
            Self::Start(false, _) => b"HTX_BLK_REQ_SL",
            Self::Start(true, _) => b"HTX_BLK_RES_SL",
            Self::Field(..) => b"HTX_BLK_HDR",
            Self::EndOfFields => b"HTX_BLK_EOH",
            Self::Data(_) => b"HTX_BLK_DATA",
            Self::EndOfTrailers => b"HTX_BLK_EOT",
            Self::Unused => b"HTX_BLK_UNUSED",
        }
    }
}

/// The message of the phase.
struct Message<'a> {
    stream: &'a Stream,
    head: &'a Head,
    body: &'a Payload,
}

impl<'a> Message<'a> {
    fn of(stream: &'a Stream) -> Result<Self, Missing> {
        let body = if stream.in_response() { &stream.res_body } else { &stream.req_body };
        Ok(Self { stream, head: message(stream)?, body })
    }

    fn is_complete(&self) -> bool {
        self.body.complete || matches!(self.head.framing, Framing::None | Framing::Length(0))
    }

    fn has_trailers(&self) -> bool {
        self.body.complete && matches!(self.head.framing, Framing::Chunked)
    }

    fn count(&self) -> usize {
        let fields = self.head.fields().len();
        2 + fields + usize::from(!self.body.bytes.is_empty()) + usize::from(self.has_trailers())
    }

    fn block(&self, at: usize) -> Block<'a> {
        let fields = self.head.fields().len();
        match at {
            0 => self.start(),
            _ if at <= fields => {
                let (name, value) = self.head.field(at - 1);
                Block::Field(name, value)
            }
            _ if at == fields + 1 => Block::EndOfFields,
            _ if at >= self.count() => Block::Unused,
            _ if at == fields + 2 && !self.body.bytes.is_empty() => Block::Data(&self.body.bytes),
            _ => Block::EndOfTrailers,
        }
    }

    fn start(&self) -> Block<'a> {
        let version: &[u8] = match self.head.version {
            Version::Http10 => b"HTTP/1.0",
            Version::Http11 => b"HTTP/1.1",
            Version::Http2 => b"HTTP/2.0",
        };
        if !self.stream.in_response() {
            return Block::Start(false, [self.head.method(), self.head.target(), version]);
        }
        let status = text::in_arena(&self.stream.arena, |out| {
            text::decimal(i64::from(self.head.status()), out);
        });
        Block::Start(true, [version, status, self.head.reason()])
    }

    fn data(&self) -> i64 {
        (0..self.count()).map(|at| self.block(at).size()).sum()
    }

    fn used(&self) -> i64 {
        self.data() + BLOCK * self.count() as i64
    }
}

/// The block at a position, by its number or a name.
fn block<'a>(stream: &'a Stream, args: &[Arg]) -> Result<Block<'a>, Missing> {
    let message = Message::of(stream)?;
    let at = match args.first() {
        Some(Arg::Str(name)) => match &**name {
            b"head" | b"first" => 0,
            b"tail" => message.count() - 1,
            number => {
                let number = base::bytes::parse_u64(number).and_then(|number| usize::try_from(number).ok());
                number.unwrap_or(usize::MAX)
            }
        },
        _ => return Err(Missing::Absent),
    };
    Ok(message.block(at))
}

fn size(stream: &Stream) -> i64 {
    stream.plan.config.global.tune.bufsize as i64 - BUFFER
}

fn data<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Message::of(stream).map(|message| Value::Sint(message.data()))
}

fn free<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Message::of(stream).map(|message| Value::Sint((size(stream) - message.used()).max(0)))
}

fn has_end<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Message::of(stream).map(|message| Value::Bool(message.is_complete()))
}
