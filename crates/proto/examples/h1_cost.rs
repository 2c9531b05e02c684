//! What the HTTP/1 codec costs: parses and writes usual heads over and over.
//!
//! Without arguments it prints nanoseconds for each case (`--release`, please). With a case and a
//! number of rounds it only runs these, so that `valgrind --tool=callgrind` counts instructions,
//! which are the same on every run: those of 1,000 rounds less those of none, by 1,000, are the
//! cost of one. `copy-*` is the part of `parse-*` that is not the parser's: the head is cleared and
//! the bytes are appended.

use proto::h1::{
    Limits, Persistence, Progress, RequestOut, ResponseOut, parse_request, parse_response, write_request,
    write_response,
};
use proto::message::{Head, Version};
use std::hint::black_box;
use std::time::Instant;

const BROWSER: &[u8] = b"GET /shop/items/4711?page=2&sort=price HTTP/1.1\r\n\
Host: www.example.com\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
Accept-Language: en-US,en;q=0.5\r\n\
Accept-Encoding: gzip, deflate, br\r\n\
Referer: https://www.example.com/shop/items?page=1\r\n\
Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes; visited=4711,4712,4713; lang=en-GB\r\n\
Upgrade-Insecure-Requests: 1\r\n\
Cache-Control: max-age=0\r\n\
X-Forwarded-For: 192.0.2.10\r\n\r\n";

const MINIMAL: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
Server: nginx/1.26.0\r\n\
Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
Content-Type: text/html; charset=utf-8\r\n\
Content-Length: 128\r\n\
Cache-Control: no-cache\r\n\r\n";

const CASES: [(&str, Work, &[u8]); 9] = [
    ("copy-browser", Work::Copy, BROWSER),
    ("copy-minimal", Work::Copy, MINIMAL),
    ("copy-response", Work::Copy, RESPONSE),
    ("parse-browser", Work::ParseRequest, BROWSER),
    ("parse-minimal", Work::ParseRequest, MINIMAL),
    ("parse-response", Work::ParseResponse, RESPONSE),
    ("write-browser", Work::WriteRequest, BROWSER),
    ("write-minimal", Work::WriteRequest, MINIMAL),
    ("write-response", Work::WriteResponse, RESPONSE),
];

#[derive(Clone, Copy)]
enum Work {
    Copy,
    ParseRequest,
    ParseResponse,
    WriteRequest,
    WriteResponse,
}

fn receive(head: &mut Head, input: &[u8]) {
    head.clear();
    head.bytes_mut().extend_from_slice(black_box(input));
}

fn request(head: &mut Head, input: &[u8]) {
    receive(head, input);
    let parsed = parse_request(head, &mut Progress::default(), &Limits::default());
    assert!(black_box(parsed).is_ok());
}

fn response(head: &mut Head, input: &[u8]) {
    receive(head, input);
    let parsed = parse_response(head, &mut Progress::default(), &Limits::default(), b"GET");
    assert!(black_box(parsed).is_ok());
}

fn run(work: Work, input: &[u8], rounds: u64) {
    let persistence = Persistence::KeepAlive;
    let (mut head, mut out) = (Head::default(), Vec::new());
    match work {
        Work::WriteResponse => response(&mut head, input),
        _ => request(&mut head, if matches!(work, Work::WriteRequest) { input } else { MINIMAL }),
    }
    for _ in 0..rounds {
        match work {
            Work::Copy => receive(&mut head, input),
            Work::ParseRequest => request(&mut head, input),
            Work::ParseResponse => response(&mut head, input),
            Work::WriteRequest => {
                out.clear();
                write_request(black_box(&head), &mut out, &RequestOut { persistence, pretend: false });
            }
            Work::WriteResponse => {
                out.clear();
                let how = ResponseOut { persistence, client_version: Version::Http11 };
                write_response(black_box(&head), &mut out, &how);
            }
        }
        black_box((&head, &out));
    }
}

fn main() {
    const ROUNDS: u64 = 300_000;
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [case, rounds] = &args[..] {
        let found = CASES.iter().find(|(name, ..)| name == case);
        let (Some((_, work, input)), Ok(rounds)) = (found, rounds.parse()) else {
            eprintln!("usage: h1_cost [<case> <rounds>]");
            std::process::exit(2);
        };
        return run(*work, input, rounds);
    }
    for (name, work, input) in CASES {
        let best = (0..5)
            .map(|_| {
                let start = Instant::now();
                run(work, input, ROUNDS);
                start.elapsed().as_nanos() as f64 / ROUNDS as f64
            })
            .fold(f64::INFINITY, f64::min);
        println!("{name:15} {:4} bytes {best:7.1} ns", input.len());
    }
}
