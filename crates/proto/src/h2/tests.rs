//! The follower against frames as clients send them, in any cut.

use super::follow::{By, Faults, Follower, Limits, Output, RESET_FOR_FRAMES, Reset, Step, Work};
use super::frame::{Frame, HEADER};
use super::hpack::Most;
use super::request::Rules;
use crate::h1::HTTP2_PREFACE;

fn limits() -> Limits {
    Limits {
        buffer: 16_384,
        table: 4096,
        most: Most { fields: 202, bytes: 16_384 },
        rules: Rules { max_fields: 101, max_bytes: 15_320, relaxed: false, extended_connect: true },
        streams: 3,
        window: 65_535,
        body_window: 100_000,
        total: 0,
        glitches: 0,
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Frame { length: payload.len(), kind, flags, stream }.write(&mut out);
    [&out[..], payload].concat()
}

/// GET / with some more of a block.
fn get(flags: u8, stream: u32, more: &[u8]) -> Vec<u8> {
    frame(1, flags, stream, &[b"\x82\x86\x84\x41\x01a", more].concat())
}

/// POST / with some more of a block; a body follows.
fn post(stream: u32, more: &[u8]) -> Vec<u8> {
    frame(1, 4, stream, &[b"\x83\x86\x84\x41\x01a", more].concat())
}

/// Frames as words: kind, stream and the code or the length.
fn words(mut bytes: &[u8]) -> String {
    let mut words = Vec::new();
    while let Some(frame) = Frame::first(bytes) {
        let payload = &bytes[HEADER..HEADER + frame.length];
        let last = |at: usize| {
            payload.get(at..).map_or(0, |rest| rest.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
        };
        words.push(match frame.kind {
            3 => format!("RST({},{})", frame.stream, last(0)),
            6 => "PING".to_owned(),
            7 => format!("GOAWAY({},{})", last(0) >> 32, last(4)),
            8 => format!("WINDOW({},{})", frame.stream, last(0)),
            kind => format!("{kind}.{}({})", frame.flags, frame.stream),
        });
        bytes = &bytes[HEADER + frame.length..];
    }
    words.join(" ")
}

/// What a connection has shown so far.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    client: String,
    server: String,
    requests: Vec<u32>,
    resets: Vec<Reset>,
    ended: bool,
    faults: Faults,
    glitches: u32,
}

/// Plays bytes in parts of `size`.
fn play(follower: &mut Follower, bytes: &[u8], size: usize) -> Seen {
    let (mut work, mut client, mut server) = (Work::default(), Vec::new(), Vec::new());
    let (mut seen, mut input) = (Seen::default(), Vec::new());
    'all: for part in bytes.chunks(size) {
        input.extend_from_slice(part);
        loop {
            let mut out = Output { peer: &mut client, codec: &mut server };
            let (used, step) = follower.step(&input, 1000, false, &mut work, &mut out);
            match step {
                Step::More => break,
                Step::Pass => server.extend_from_slice(&input[..used]),
                Step::Request(begun) => seen.requests.push(begun.stream),
                Step::Reset(reset) => seen.resets.push(reset),
                Step::End => {
                    seen.ended = true;
                    break 'all;
                }
                Step::Next | Step::Wait => {}
            }
            input.drain(..used);
        }
    }
    let settled = server.strip_prefix(&[&HTTP2_PREFACE[..], &frame(4, 0, 0, &[])].concat()[..]);
    (seen.client, seen.server) = (words(&client), words(settled.unwrap_or_default()));
    (seen.faults, seen.glitches) = (follower.faults, follower.glitches());
    seen
}

fn opening() -> Vec<u8> {
    [&HTTP2_PREFACE[..], &frame(4, 0, 0, &[])].concat()
}

/// Plays frames behind the first SETTINGS: what the client is told, what the crate sees, how many requests
/// come of them, and whether that is the end.
#[track_caller]
fn check(frames: &[Vec<u8>], client: &str, server: &str, requests: usize, ended: bool) {
    let bytes = [opening(), frames.concat()].concat();
    let mut first = None;
    for size in [bytes.len(), 1, 7, 100] {
        let seen = play(&mut Follower::new(limits()), &bytes, size);
        let found = (&seen.client[..], &seen.server[..], seen.requests.len(), seen.ended);
        assert_eq!(found, (client, server, requests, ended), "in parts of {size}");
        assert_eq!(&seen, first.get_or_insert(play(&mut Follower::new(limits()), &bytes, size)));
    }
}

#[test]
fn requests_and_bodies() {
    check(&[get(5, 1, b"")], "", "1.5(1)", 1, false);
    check(&[post(1, b""), frame(0, 1, 1, b"hi")], "", "1.4(1) 0.1(1)", 1, false);
    // Padding and priority.
    let padded = frame(1, 0x2d, 1, b"\x02\0\0\0\0\0\x82\x86\x84\0\0");
    check(&[padded], "", "1.5(1)", 1, false);
    // CONTINUATION, in parts that cut a field.
    let parts = [frame(1, 1, 1, b"\x82\x86"), frame(9, 0, 1, b""), frame(9, 4, 1, b"\x84")];
    check(&parts, "", "1.5(1)", 1, false);
    // Trailers are written anew.
    let trailers = frame(1, 5, 1, b"\x40\x01x\x01y");
    check(&[post(1, b""), trailers], "", "1.4(1) 1.5(1)", 1, false);
    // Empty DATA says nothing; its padding counts.
    check(&[post(1, b""), frame(0, 0, 1, b"")], "", "1.4(1)", 1, false);
    check(&[post(1, b""), frame(0, 8, 1, b"\x01\0")], "WINDOW(0,2) WINDOW(1,2)", "1.4(1)", 1, false);
    check(&[frame(6, 0, 0, b"12345678"), frame(0x77, 0, 0, b"?")], "PING", "", 0, false);
    check(&[frame(2, 0, 1, b"\0\0\0\0\0"), frame(7, 0, 0, &[0; 8]), get(5, 1, b"")], "", "1.5(1)", 1, false);
    check(&[frame(4, 1, 0, b""), frame(8, 0, 0, b"\0\0\0\x01")], "", "WINDOW(0,1)", 0, false);
}

#[test]
fn frames_that_end_the_connection() {
    let check = |frames: &[Vec<u8>], client: &str| check(frames, client, "", 0, true);
    check(&[frame(0, 0, 1, &[0; 16_385])], "GOAWAY(0,6)");
    check(&[frame(0, 0, 0, b"x")], "GOAWAY(0,1)");
    check(&[frame(0, 0, 1, b"x")], "GOAWAY(0,1)");
    check(&[get(5, 2, b"")], "GOAWAY(0,1)");
    check(&[frame(0, 8, 1, b"")], "GOAWAY(0,6)");
    check(&[frame(0, 8, 1, b"\x05x")], "GOAWAY(0,1)");
    check(&[frame(1, 5, 1, b"")], "GOAWAY(0,6)");
    check(&[frame(2, 0, 1, b"x")], "GOAWAY(0,6)");
    check(&[frame(2, 0, 1, b"\x80\0\0\x01\0")], "GOAWAY(0,1)");
    check(&[frame(3, 0, 0, &[0; 4])], "GOAWAY(0,1)");
    check(&[frame(3, 0, 1, &[0; 4])], "GOAWAY(0,1)");
    check(&[frame(4, 0, 0, &[0; 5])], "GOAWAY(0,6)");
    check(&[frame(4, 1, 0, &[0; 6])], "GOAWAY(0,6)");
    check(&[frame(4, 0, 0, b"\0\x02\0\0\0\x02")], "GOAWAY(0,1)");
    check(&[frame(4, 0, 0, b"\0\x04\x80\0\0\0")], "GOAWAY(0,3)");
    check(&[frame(4, 0, 0, b"\0\x05\0\0\0\x64")], "GOAWAY(0,1)");
    check(&[frame(5, 0, 1, &[0; 4])], "GOAWAY(0,1)");
    check(&[frame(6, 0, 0, &[0; 7])], "GOAWAY(0,6)");
    check(&[frame(8, 0, 0, &[0; 4])], "GOAWAY(0,1)");
    check(&[frame(8, 0, 0, b"\x7f\xff\xff\xff")], "GOAWAY(0,3)");
    check(&[frame(9, 4, 1, b"")], "GOAWAY(0,1)");
    check(&[frame(1, 1, 1, b"\x82"), frame(6, 0, 0, &[0; 8])], "GOAWAY(1,1)");
    check(&[frame(1, 1, 1, b"\x82"), frame(9, 4, 3, b"\x86\x84")], "GOAWAY(1,1)");
    check(&[frame(1, 1, 1, &[0x82; 9000]), frame(9, 0, 1, &[0x82; 9000])], "GOAWAY(1,2)");
    check(&[frame(1, 0x25, 1, b"\0\0\0\x01\0\x82\x86\x84")], "GOAWAY(1,1)");
    check(&[frame(1, 0x25, 1, b"\0\0\0\x01")], "GOAWAY(1,6)");
    check(&[get(5, 1, b"\xff")], "GOAWAY(1,9)");
}

#[test]
fn frames_on_streams_that_exist() {
    let cut = |server: &str| format!("{server} RST(1,{RESET_FOR_FRAMES})");
    check(&[get(5, 1, b""), get(5, 1, b"")], "GOAWAY(1,1) RST(1,0)", &cut("1.5(1)"), 1, true);
    check(&[get(5, 1, b""), frame(3, 0, 1, &[0; 3])], "GOAWAY(1,6)", &cut("1.5(1)"), 1, true);
    check(
        &[get(5, 1, b""), frame(3, 0, 1, &[0; 4]), get(5, 1, b"")],
        "GOAWAY(1,5)",
        "1.5(1) RST(1,0)",
        1,
        true,
    );
    let trailers = frame(1, 4, 1, b"\x00\x01x\x01y");
    check(&[post(1, b""), trailers], "GOAWAY(1,1) RST(1,0)", &cut("1.4(1)"), 1, true);
    check(&[post(1, b""), frame(9, 4, 1, b"")], "GOAWAY(1,1) RST(1,0)", &cut("1.4(1)"), 1, true);
    // These cost the stream.
    let reset = |frames: &[Vec<u8>], client: &str, requests: usize, faults: u32| {
        let bytes = [opening(), frames.concat(), get(5, 9, b"")].concat();
        let seen = play(&mut Follower::new(limits()), &bytes, bytes.len());
        assert_eq!((&seen.client[..], seen.requests.len() - 1, seen.ended), (client, requests, false));
        assert_eq!(seen.faults.stream, faults);
        assert_eq!(seen.glitches as usize, client.matches("RST").count());
    };
    reset(&[get(5, 1, b""), frame(0, 0, 1, b"x")], "WINDOW(0,1) RST(1,5)", 1, 0);
    reset(&[get(5, 1, b""), frame(8, 0, 1, &[0; 4])], "RST(1,1)", 1, 0);
    reset(&[get(5, 1, b""), frame(8, 0, 1, b"\x7f\xff\xff\xff")], "RST(1,3)", 1, 0);
    reset(&[get(5, 1, b"\0\x01X\x01y")], "RST(1,1)", 0, 1);
    reset(&[get(5, 1, b"\0\x04:foo\x01y")], "RST(1,1)", 0, 1);
    reset(&[post(1, b"\x0f\x0d\x013"), frame(0, 0, 1, b"long")], "WINDOW(0,4) RST(1,1)", 1, 0);
    reset(&[post(1, b"\x0f\x0d\x013"), frame(0, 1, 1, b"hi")], "WINDOW(0,2) RST(1,1)", 1, 0);
    reset(&[post(1, b""), frame(1, 5, 1, b"\x82")], "RST(1,1)", 1, 1);
    let four: Vec<_> = (0..4).map(|index| post(index * 2 + 1, b"")).collect();
    let seen = play(&mut Follower::new(limits()), &[opening(), four.concat()].concat(), usize::MAX);
    assert_eq!((&seen.client[..], &seen.requests[..]), ("RST(7,7)", &[1, 3, 5][..]));
}

#[test]
fn the_end_of_the_input_cuts_what_is_not_complete() {
    #[track_caller]
    fn check(frames: &[Vec<u8>], answer: &[u8], client: &str, server: &str, quiet: bool) {
        let mut follower = Follower::new(limits());
        play(&mut follower, &[opening(), frames.concat()].concat(), 1000);
        follower.sent(answer);
        let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
        follower.cut(false, &mut Output { peer: &mut to_client, codec: &mut to_server });
        assert_eq!((&words(&to_client)[..], &words(&to_server)[..]), (client, server));
        assert_eq!(follower.is_quiet(), quiet);
    }
    let cut = format!("RST(1,{RESET_FOR_FRAMES})");
    let (head, all) = (frame(1, 4, 1, b"\x88"), frame(1, 5, 1, b"\x88"));
    check(&[get(5, 1, b"")], b"", "", "", false);
    check(&[get(5, 1, b"")], &all, "", "", true);
    check(&[post(1, b"")], b"", "RST(1,7)", &cut, true);
    check(&[post(1, b"")], &head, "RST(1,8)", &cut, true);
    check(&[post(1, b"")], &all, "", &cut, true);
    check(&[post(1, b""), frame(0, 1, 1, b"hi")], &head, "", "", false);
}

#[test]
fn what_is_no_http2_ends_without_a_word() {
    for bytes in [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"] {
        let seen = play(&mut Follower::new(limits()), bytes, 3);
        assert_eq!((&seen.client[..], seen.ended, seen.faults.connection), ("", true, 1));
    }
    for first in [frame(6, 0, 0, &[0; 8]), frame(4, 1, 0, b""), frame(4, 0, 1, b"")] {
        let seen = play(&mut Follower::new(limits()), &[&HTTP2_PREFACE[..], &first].concat(), 50);
        assert_eq!((&seen.client[..], seen.ended, seen.faults.connection), ("", true, 1));
    }
}

#[test]
fn limits_of_a_connection() {
    let bad: Vec<_> = (0..8).map(|index| get(5, index * 2 + 1, b"\0\x01X\x01y")).collect();
    let bytes = [opening(), bad.concat()].concat();
    let mut follower = Follower::new(Limits { glitches: 8, ..limits() });
    let seen = play(&mut follower, &bytes, 100);
    assert!(seen.ended && seen.client.ends_with("GOAWAY(17,11) RST(15,1)"), "{}", seen.client);
    assert!(seen.client.contains("RST(9,1) GOAWAY(17,0) RST(11,1)"), "{}", seen.client);

    let fine = (0..4).map(|index| [get(5, index * 2 + 1, b""), frame(3, 0, index * 2 + 1, &[0; 4])].concat());
    let bytes = [opening(), fine.collect::<Vec<_>>().concat()].concat();
    let mut follower = Follower::new(Limits { total: 1, streams: 2, ..limits() });
    let seen = play(&mut follower, &bytes, 100);
    assert_eq!((&seen.client[..], seen.requests.len(), seen.ended), ("GOAWAY(5,0) GOAWAY(5,11)", 3, true));
    assert_eq!(seen.resets[0], Reset { stream: 1, ended: true, by: By::Client(0) });
}

#[test]
fn payload_beyond_a_window_waits() {
    let mut follower = Follower::new(limits());
    let full = frame(0, 0, 1, &[0; 16_000]);
    let bytes = [opening(), post(1, b""), full.repeat(4)].concat();
    play(&mut follower, &bytes, bytes.len());
    let (mut work, mut client, mut server) = (Work::default(), Vec::<u8>::new(), Vec::new());
    let mut step = |follower: &mut Follower| {
        let mut out = Output { peer: &mut client, codec: &mut server };
        follower.step(&full, 10, false, &mut work, &mut out).1
    };
    // 64,000 of 65,535 bytes are used up.
    assert_eq!(step(&mut follower), Step::Wait);
    follower.sent(&frame(8, 0, 1, &[0, 0, 0x80, 0]));
    assert_eq!(step(&mut follower), Step::Wait);
    let update = frame(8, 0, 0, &[0, 0, 0x80, 0]);
    follower.sent(&update[..11]);
    assert_eq!((step(&mut follower), follower.unsent()), (Step::Wait, 2));
    follower.sent(&update[11..]);
    assert_eq!(step(&mut follower), Step::Next);
}

#[test]
fn bodies_get_a_larger_window() {
    let mut follower = Follower::new(limits());
    let mut settings = frame(4, 0, 0, b"\0\x03\0\0\0\x64\0\x04\0\x01\x86\xa0");
    follower.announce(&mut settings);
    assert_eq!(settings[HEADER..], *b"\0\x03\0\0\0\x64\0\x04\0\0\xff\xff");
    follower.sent(&settings);
    let data = |stream: u32| frame(0, 0, stream, b"x");
    let early = [opening(), post(1, b""), data(1)];
    let late = [frame(4, 1, 0, b""), post(3, b""), data(3), data(3), data(1), get(5, 5, b"")];
    assert_eq!(play(&mut follower, &early.concat(), 10).client, "");
    assert_eq!(play(&mut follower, &late.concat(), 10).client, "WINDOW(1,34465) WINDOW(3,34465)");
}

#[test]
fn the_crates_frames_are_followed() {
    let mut follower = Follower::new(limits());
    let bytes = [opening(), get(5, 1, b""), post(3, b""), get(5, 5, b"")].concat();
    play(&mut follower, &bytes, bytes.len());
    let sent =
        [frame(4, 0, 0, b""), frame(1, 5, 1, b"\x88"), frame(0, 1, 3, &frame(3, 0, 5, &[0; 4]))].concat();
    for byte in &sent {
        follower.sent(&[*byte]);
    }
    assert_eq!(follower.unsent(), 0);
    follower.sent(&[0, 0]);
    assert_eq!(follower.unsent(), HEADER - 2);
    // The first has ended; the others are open, and one of the two ends is known.
    let (mut work, mut client, mut server) = (Work::default(), Vec::<u8>::new(), Vec::new());
    for (stream, expected) in [(1, "WINDOW(0,1) RST(1,5)"), (3, ""), (5, "WINDOW(0,1) RST(5,5)")] {
        let mut out = Output { peer: &mut client, codec: &mut server };
        let input = frame(0, 1, stream, b"x");
        let (used, _) = follower.step(&input, 100, false, &mut work, &mut out);
        follower.step(&input[used..], 100, false, &mut work, &mut out);
        assert_eq!(words(&client), expected, "stream {stream}");
        client.clear();
    }
}
