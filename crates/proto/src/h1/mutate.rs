//! Mutated messages, from a fixed seed: nothing may panic, the outcome may not depend on how the
//! input is cut, and what is passed on must mean the same to the next parser.

use super::*;
use crate::message::Head;

const SEEDS: &[&str] = &[
    "GET /a?b=c HTTP/1.1\r\nHost: a:80\r\nX-A: 1\r\n 2\r\nConnection: close, x\r\n\r\n",
    "POST http://a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhelloGET / HTTP/1.1\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n0\r\nX: y\r\n\r\n",
    "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nUpgrade: h2c, x\r\nConnection: upgrade\r\n\r\nraw",
    "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nUpgrade: x\r\n\r\nok",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nraw",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

/// What mutations insert: the bytes and words that the grammar turns on.
const WORDS: &[&str] = &[
    "\r",
    "\n",
    "\r\n",
    "\r\n ",
    "\0",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "\"",
    "\\",
    "/",
    "@",
    "[",
    "]",
    "0",
    "9",
    "f",
    "Z",
    "chunked",
    "transfer-encoding: ",
    "content-length: ",
    "host: ",
    "close",
    "keep-alive",
    "upgrade",
    "HTTP/1.0",
];

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(input.len() + 1);
            match self.below(4) {
                0 if at < input.len() => input[at] = self.below(256) as u8,
                1 => input.truncate(at.max(1)),
                2 if at < input.len() => {
                    let end = input.len().min(at.max(1) + self.below(8));
                    let at = at.max(1); // never empty
                    input.drain(at..end);
                }
                _ => {
                    let word = WORDS[self.below(WORDS.len())];
                    input.splice(at..at, word.bytes());
                }
            }
        }
    }
}

struct Parser {
    head: Head,
    response: bool,
    limits: Limits,
}

impl Parser {
    /// Parses `input`, which arrives in portions of `step` bytes.
    fn parse(&mut self, input: &[u8], step: usize) -> Result<Parsed, ParseError> {
        self.head.clear();
        let mut progress = Progress::default();
        for portion in input.chunks(step) {
            self.head.bytes_mut().extend_from_slice(portion);
            let parsed = if self.response {
                parse_response(&mut self.head, &mut progress, &self.limits, b"GET")?
            } else {
                parse_request(&mut self.head, &mut progress, &self.limits)?
            };
            if parsed != Parsed::NeedMore {
                return Ok(parsed);
            }
        }
        Ok(Parsed::NeedMore)
    }

    fn write(&self, out: &mut Vec<u8>) {
        let persistence = Persistence::KeepAlive;
        if self.response {
            let how = ResponseOut { persistence, client_version: crate::message::Version::Http11 };
            write_response(&self.head, out, &how);
        } else {
            write_request(&self.head, out, &RequestOut { persistence, pretend: false });
        }
    }
}

/// Payload length and bytes used, or the error, by `next` with portions of `step`.
fn payload(framing: crate::message::Framing, input: &[u8], step: usize) -> Result<(usize, usize), BodyError> {
    let mut body = Body::new(framing, 64);
    let (mut data, mut from, mut to) = (0, 0, 0);
    loop {
        match body.next(&input[from..to])? {
            Piece::Data { range, consumed } => {
                data += range.len();
                from += consumed;
            }
            Piece::End { consumed, .. } => return Ok((data, from + consumed)),
            Piece::NeedMore { consumed } => {
                from += consumed;
                if to == input.len() {
                    return Ok((data, to));
                }
                to = input.len().min(to + step);
            }
        }
    }
}

fn forwarded(framing: crate::message::Framing, input: &[u8], step: usize) -> Result<usize, BodyError> {
    let mut body = Body::new(framing, 64);
    let mut total = 0;
    for portion in input.chunks(step) {
        total += body.walk(portion, true)?;
        if body.is_done() {
            break;
        }
    }
    Ok(total)
}

#[test]
fn mutated_messages() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let new = |response| Parser { head: Head::default(), response, limits: Limits::default() };
    let (mut input, mut out, mut accepted) = (Vec::new(), Vec::new(), 0);
    for round in 0..ROUNDS {
        let seed = random.below(SEEDS.len());
        input.clear();
        input.extend_from_slice(SEEDS[seed].as_bytes());
        random.mutate(&mut input);
        let response = matches!(seed, 4..=6);
        let (mut whole, mut cut) = (new(response), new(response));
        whole.limits.accept_unsafe = round % 4 == 0;
        cut.limits = whole.limits;
        let parsed = whole.parse(&input, input.len());
        let step = 1 + random.below(input.len());
        assert_eq!(cut.parse(&input, step), parsed, "{:?} by {step}", String::from_utf8_lossy(&input));
        let Ok(Parsed::Done { head_len }) = parsed else { continue };
        accepted += 1;
        let (head, other) = (&whole.head, &cut.head);
        assert!(head.fields().eq(other.fields()) && head.target() == other.target());
        assert_eq!((head.framing, head.flags), (other.framing, other.flags));

        let rest = &input[head_len..];
        let used = forwarded(head.framing, rest, rest.len().max(1));
        assert_eq!(forwarded(head.framing, rest, step), used);
        assert_eq!(payload(head.framing, rest, step).map(|(_, used)| used), used);

        if !whole.limits.accept_unsafe {
            out.clear();
            whole.write(&mut out);
            let mut again = new(response);
            let reparsed = again.parse(&out, out.len());
            assert_eq!(
                reparsed,
                Ok(Parsed::Done { head_len: out.len() }),
                "{}",
                String::from_utf8_lossy(&out)
            );
            assert_eq!(again.head.framing, head.framing, "{}", String::from_utf8_lossy(&out));
        }
    }
    assert!(accepted > ROUNDS / 10, "the mutations are too wild to test anything: {accepted}");
}

const ROUNDS: usize = 150_000;
