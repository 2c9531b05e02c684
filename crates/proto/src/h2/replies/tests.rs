//! The follower against frames as servers send them, in any cut.

use super::*;
use crate::h2::frame::Frame;

fn bounds(glitches: u32) -> Bounds {
    Bounds {
        buffer: 16_384,
        table: 4096,
        most: Most { fields: 202, bytes: 16_384 },
        head: (101, 15_320),
        streams: 100,
        glitches,
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Frame { length: payload.len(), kind, flags, stream }.write(&mut out);
    [&out[..], payload].concat()
}

/// A field as a literal.
fn field(name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![0];
    for text in [name, value] {
        crate::h2::hpack::write_text(text.as_bytes(), &mut out);
    }
    out
}

/// A header block without END_STREAM that begins with 200.
fn ok(stream: u32, more: &[u8]) -> Vec<u8> {
    frame(HEADERS, 4, stream, &[b"\x88", more].concat())
}

/// One whose status is a text.
fn status(text: &str, flags: u8) -> Vec<u8> {
    frame(HEADERS, flags, 1, &field(":status", text))
}

/// Frames as words: kind, flags, stream and the code or the length.
fn words(mut bytes: &[u8]) -> String {
    let mut words = Vec::new();
    while let Some(frame) = Frame::first(bytes) {
        let payload = &bytes[HEADER..HEADER + frame.length];
        words.push(match (frame.kind, number(payload, 0)) {
            (RST_STREAM, RESET_FOR_FRAMES) => format!("cut({})", frame.stream),
            (RST_STREAM, RESET_FOR_MESSAGE) => format!("bad({})", frame.stream),
            (RST_STREAM, code) => format!("RST({},{code})", frame.stream),
            (GOAWAY, last) => format!("GOAWAY({last},{})", number(payload, 4)),
            (PING, _) if frame.has(ACK) => "pong".to_owned(),
            (WINDOW_UPDATE, more) => format!("WINDOW({},{more})", frame.stream),
            (kind, _) => format!("{kind}.{}({})", frame.flags, frame.stream),
        });
        bytes = &bytes[HEADER + frame.length..];
    }
    words.join(" ")
}

/// What a connection has shown.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    peer: String,
    codec: String,
    /// Streams and statuses.
    heads: String,
    glitches: u32,
    ended: bool,
}

/// Asks on the streams 1 (whose request is complete) and 3, then plays bytes in parts of `size`.
fn play(replies: &mut Replies, bytes: &[u8], size: usize) -> Seen {
    let (mut fields, mut peer, mut codec) = (Fields::default(), Vec::new(), Vec::new());
    let (mut seen, mut input) = (Seen::default(), Vec::new());
    replies
        .sent(&[frame(SETTINGS, 0, 0, b""), frame(HEADERS, 5, 1, b"?"), frame(HEADERS, 4, 3, b"?")].concat());
    'all: for part in bytes.chunks(size) {
        input.extend_from_slice(part);
        loop {
            let mut out = Output { peer: &mut peer, codec: &mut codec };
            let (used, next) = replies.step(&input, 1000, &mut fields, &mut out);
            match next {
                Next::More => break,
                Next::Pass => codec.extend_from_slice(&input[..used]),
                Next::End => {
                    seen.ended = true;
                    break 'all;
                }
                Next::Step => {}
            }
            input.drain(..used);
        }
    }
    let settled = codec.strip_prefix(&frame(SETTINGS, 0, 0, &[])[..]);
    (seen.peer, seen.codec) = (words(&peer), words(settled.unwrap_or_default()));
    let mut heads = Vec::new();
    for stream in [1, 3] {
        let mut head = Head::default();
        loop {
            match replies.take(stream, &mut head) {
                Taken::Head => heads.push(format!("{stream}:{}/{}", head.status(), head.field_count())),
                Taken::Broken => heads.push(format!("{stream}:bad")),
                Taken::Nothing => break,
            }
        }
    }
    (seen.heads, seen.glitches) = (heads.join(" "), replies.glitches());
    seen
}

/// Plays frames behind the first SETTINGS: what the server is told, what the crate sees, the heads, and
/// how many small faults there were, and whether the connection ends.
#[track_caller]
fn check(frames: &[Vec<u8>], peer: &str, codec: &str, heads: &str, glitches: u32, ended: bool) {
    let bytes = [frame(SETTINGS, 0, 0, b""), frames.concat()].concat();
    for size in [bytes.len(), 1, 7, 100] {
        let seen = play(&mut Replies::new(bounds(0)), &bytes, size);
        let found = (&seen.peer[..], &seen.codec[..], &seen.heads[..], seen.glitches, seen.ended);
        assert_eq!(found, (peer, codec, heads, glitches, ended), "in parts of {size}");
    }
}

#[test]
fn responses() {
    let fine = |frames: &[Vec<u8>], codec: &str, heads: &str| check(frames, "", codec, heads, 0, false);
    fine(&[ok(1, b""), frame(DATA, 1, 1, b"ok")], "1.4(1) 0.1(1)", "1:200/0");
    fine(&[status("404", 5), ok(3, &field("a", "b"))], "1.5(1) 1.4(3)", "1:404/0 3:200/1");
    fine(
        &[status("103", 4), status("100", 4), ok(1, b"")],
        "1.4(1) 1.4(1) 1.4(1)",
        "1:103/0 1:100/0 1:200/0",
    );
    let length = field("content-length", "2");
    fine(&[ok(1, &[&length[..], &length].concat())], "1.4(1)", "1:200/1");
    // In parts, with padding and priority; the server's trailers are written anew.
    let parts =
        [frame(HEADERS, 0x28, 1, b"\x01\0\0\0\0\0\x88\0"), frame(CONTINUATION, 4, 1, &field("a", "b"))];
    fine(&parts, "1.4(1)", "1:200/1");
    let trailers = frame(HEADERS, 5, 1, &field("x", "y"));
    fine(&[ok(1, b""), frame(DATA, 0, 1, b"ok"), trailers], "1.4(1) 0.0(1) 1.5(1)", "1:200/0");
    fine(&[frame(PING, 1, 0, b"12345678"), frame(0x77, 0, 1, b"?")], "pong", "");
    check(&[frame(PING, 0, 0, b"12345678")], "pong", "", "", 0, false);
    fine(&[frame(SETTINGS, 1, 0, b""), frame(SETTINGS, 1, 0, b"")], "4.1(0)", "");
    fine(&[frame(RST_STREAM, 0, 1, b"\0\0\0\x08"), frame(RST_STREAM, 0, 1, b"\0\0\0\x08")], "RST(1,8)", "");
    let goaway = |last: &[u8]| frame(GOAWAY, 0, 0, &[last, &[0; 4]].concat());
    fine(&[goaway(b"\0\0\0\x01"), goaway(b"\0\0\0\x03")], "GOAWAY(1,0)", "");
}

#[test]
fn faults_of_streams() {
    let bad = |frame: Vec<u8>| check(&[frame], "RST(1,1)", "bad(1)", "", 2, false);
    for text in ["", "20", "099", "101", "2000", "20x"] {
        bad(status(text, 4));
    }
    bad(frame(HEADERS, 4, 1, &field("a", "b")));
    for (name, value) in [
        ("A", "b"),
        ("a b", "c"),
        (":path", "/"),
        (":status", "200"),
        ("connection", "x"),
        ("upgrade", "x"),
        ("transfer-encoding", "chunked"),
        ("a", "b\0"),
        ("a", "b\r\nc"),
        ("content-length", "+1"),
        ("content-length", ""),
        ("content-length", "1,2"),
    ] {
        bad(ok(1, &field(name, value)));
    }
    bad(ok(1, &field("a", "b").repeat(101)));
    bad(ok(1, &field("a", &"b".repeat(15_300))));
    check(&[status("100", 5)], "RST(1,1)", "1.4(1) cut(1)", "1:100/0", 2, false);
    check(&[frame(DATA, 1, 1, b"ok")], "WINDOW(0,2) RST(1,1)", "cut(1)", "", 1, false);
    let update = |more: u32| frame(WINDOW_UPDATE, 0, 1, &more.to_be_bytes());
    check(&[update(0)], "RST(1,1)", "cut(1)", "", 1, false);
    check(&[update(0x7fff_ffff)], "RST(1,3)", "cut(1)", "", 1, false);
    // Trailers that are none.
    let trailers = frame(HEADERS, 5, 1, &field(":status", "200"));
    check(&[ok(1, b""), trailers.clone()], "RST(1,1)", "1.4(1) bad(1)", "1:bad", 2, false);
    let interim = [status("103", 4), ok(1, b""), trailers];
    check(&interim, "RST(1,1)", "1.4(1) 1.4(1) bad(1)", "1:103/0 1:bad", 2, false);
    // Frames behind the end, and behind that of the server's side alone.
    let whole = [status("200", 5), frame(DATA, 0, 1, b"x")];
    check(&whole, "WINDOW(0,1) RST(1,5)", "1.5(1)", "1:200/0", 1, false);
    let refused = [status("20", 4), frame(DATA, 0, 1, b"x")];
    check(&refused, "RST(1,1) WINDOW(0,1) RST(1,5)", "bad(1)", "", 2, false);
    check(&[status("200", 5), status("200", 5)], "RST(1,5)", "1.5(1)", "1:200/0", 0, false);
    let half = [frame(HEADERS, 5, 3, b"\x88"), frame(DATA, 0, 3, b"x")];
    check(&half, "WINDOW(0,1) RST(3,5)", "1.5(3) cut(3)", "3:200/0", 1, false);
}

#[test]
fn faults_of_connections() {
    let ends = |frames: &[Vec<u8>], code: u32| {
        check(frames, &format!("GOAWAY(3,{code})"), "", "", 1, true);
    };
    ends(&[frame(DATA, 0, 0, b"x")], 1);
    ends(&[ok(5, b"")], 1);
    ends(&[frame(PRIORITY, 0, 5, &[0; 5])], 1);
    ends(&[frame(5, 4, 1, &[0; 5])], 1);
    ends(&[frame(CONTINUATION, 4, 1, b"\x88")], 1);
    ends(&[frame(HEADERS, 0, 1, b"\x88"), frame(DATA, 0, 1, b"x")], 1);
    ends(&[frame(HEADERS, 4, 1, b"\x80")], 9);
    ends(&[frame(HEADERS, 4, 1, b"")], 6);
    ends(&[frame(HEADERS, 0x24, 1, b"\0\0\0\x01\0\x88")], 1);
    ends(&[frame(DATA, 8, 1, b"\x09abc")], 1);
    ends(&[frame(DATA, 0, 1, &[0; 16_385])], 6);
    ends(&[frame(PING, 0, 0, b"1234567")], 6);
    ends(&[frame(SETTINGS, 0, 0, b"\0\x04\x80\0\0\0")], 3);
    ends(&[frame(SETTINGS, 0, 0, b"\0\x05\0\0\0\x01")], 1);
    ends(&[frame(WINDOW_UPDATE, 0, 0, &[0; 4])], 1);
    ends(&[frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff")], 3);
    ends(&[frame(PRIORITY, 0, 1, b"\0\0\0\x01\0")], 1);
    let half = [frame(HEADERS, 5, 3, b"\x88"), ok(3, b"")];
    check(&half, "GOAWAY(3,1)", "1.5(3)", "3:200/0", 1, true);
    let endless = [ok(1, b""), ok(1, b"")];
    check(&endless, "GOAWAY(3,1)", "1.4(1)", "1:200/0", 1, true);
    // These are no small faults.
    check(&[frame(SETTINGS, 1, 0, b"123456")], "GOAWAY(3,6)", "", "", 0, true);
    let long = [frame(HEADERS, 0, 1, &[0; 10_000]), frame(CONTINUATION, 0, 1, &[0; 10_000])];
    check(&long, "GOAWAY(3,2)", "", "", 0, true);
}

#[test]
fn what_is_no_http2() {
    #[track_caller]
    fn check(bytes: &[u8]) {
        let seen = play(&mut Replies::new(bounds(0)), bytes, bytes.len());
        assert_eq!(seen, Seen { glitches: 1, ended: true, ..Seen::default() });
    }
    check(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    check(&frame(SETTINGS, 1, 0, b""));
    check(&frame(PING, 0, 0, b"12345678"));
}

#[test]
fn many_faults_end_the_connection() {
    #[track_caller]
    fn check(threshold: u32, count: usize, expected: &str, ended: bool) {
        let frames =
            [&frame(SETTINGS, 0, 0, b"")[..], &frame(WINDOW_UPDATE, 0, 3, &[0; 4]), &ok(1, b"\0\x01A\0")];
        let bytes = frames[..count].concat();
        let seen = play(&mut Replies::new(bounds(threshold)), &bytes, bytes.len());
        assert_eq!((&seen.peer[..], seen.ended), (expected, ended));
    }
    check(0, 3, "RST(3,1) RST(1,1)", false);
    check(5, 2, "RST(3,1)", false);
    check(4, 3, "RST(3,1) GOAWAY(203,0) RST(1,1)", false);
    check(3, 3, "RST(3,1) GOAWAY(203,0) GOAWAY(3,11)", true);
    check(1, 2, "GOAWAY(203,0) GOAWAY(3,11)", true);
}

#[test]
fn heads_are_left_out() {
    const PING_FRAME: &[u8] = b"\0\0\x08\x06\0\0\0\0\0pingpong";
    const HEAD: &[u8] = b"\0\0\x03\x01\x05\0\0\0\x03\x82\x86\x84";
    const RESET: &[u8] = b"\0\0\x04\x03\0\0\0\0\x03\0\0\0\x02";
    #[track_caller]
    fn check(before: &[u8], next: &[u8], expected: Option<Range<usize>>) {
        let mut replies = Replies::new(bounds(0));
        replies.withhold(3);
        replies.sent(before);
        assert_eq!(replies.left_out(next), expected);
        if let Some(range) = expected {
            replies.sent(&next[..range.end]);
            assert_eq!(replies.left_out(HEAD), None);
        }
    }
    check(b"", HEAD, Some(0..12));
    check(PING_FRAME, &[HEAD, RESET].concat(), Some(0..12));
    check(b"", &[PING_FRAME, HEAD, RESET].concat(), Some(17..29));
    check(&PING_FRAME[..5], &[&PING_FRAME[5..], HEAD].concat(), Some(12..24));
    check(&PING_FRAME[..12], &[&PING_FRAME[12..], HEAD].concat(), Some(5..17));
    check(b"", PING_FRAME, None);
    check(b"", &HEAD[..11], None);
    check(b"", b"\0\0\x03\x01\x05\0\0\0\x05\x82\x86\x84", None);
    check(HEAD, HEAD, None);
}
