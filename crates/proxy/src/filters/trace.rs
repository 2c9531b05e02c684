//! `filter trace` (manual, section 9.1): lets pieces of a random size pass, or of a greatest one, and tells
//! on standard error what it sees, unless it is `quiet`. The lines are HAProxy's; those about its analysers
//! have no counterpart here.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use ir::config::{Mode, Proxy, TraceFilter};
use state::Plan;
use state::live::Output;
use state::stream::Stream;

use super::{Filter, Way};

/// Bytes in a line of a dump.
const DUMPED: usize = 16;

/// See the module.
pub struct Trace {
    line: &'static TraceFilter,
    plan: &'static Plan,
    way: Way,
    /// What stands in front of each line behind the time.
    title: String,
    mode: &'static str,
}

impl Trace {
    pub fn new(line: &'static TraceFilter, proxy: &Proxy, way: Way, stream: &Stream) -> Self {
        let (mut title, mut mode) = (String::new(), "");
        if !line.quiet {
            title = format!(
                "[{:<20}] [strm {:p}({:x}) 0x00000000 0x00000000] ",
                name(line, proxy),
                std::ptr::from_ref(stream),
                stream.id
            );
            let serving = stream.backend.unwrap_or(stream.session.frontend);
            mode = if stream.plan.settings(serving).mode == Mode::Http { "HTTP" } else { "TCP" };
        }
        Self { line, plan: stream.plan, way, title, mode }
    }

    fn tell(&self, text: &str) {
        if !self.line.quiet {
            tell(self.plan, &self.title, text);
        }
    }

    /// A line about what the filter was called for.
    fn called(&self, hook: &str, rest: &str) {
        let channel = if self.way == Way::Request { "REQUEST" } else { "RESPONSE" };
        self.tell(&format!("{hook:<25}: channel={channel:<10} - mode={:<5} (backend){rest}", self.mode));
    }
}

impl Filter for Trace {
    fn head(&mut self, stream: &Stream) {
        if self.line.quiet {
            return;
        }
        let (head, lossy) =
            (if self.way == Way::Request { &stream.req } else { &stream.res }, String::from_utf8_lossy);
        let first = match self.way {
            Way::Request => {
                format!("{} {} HTTP/{}", lossy(head.method()), lossy(head.target()), head.version.number())
            }
            Way::Response => {
                format!("HTTP/{} {} {}", head.version.number(), head.status(), lossy(head.reason()))
            }
        };
        self.called("trace_http_headers", &format!("\t{first}"));
        for (name, value) in head.fields() {
            self.tell(&format!("\t{}: {}", lossy(name), lossy(value)));
        }
    }

    fn pass(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        let count = forwarded(self.line, input.len(), samples::random());
        out.extend_from_slice(&input[..count]);
        let hook = if self.mode == "HTTP" { "trace_http_payload" } else { "trace_tcp_payload" };
        if !self.line.quiet {
            self.called(hook, &format!(" - offset=0 - len={} - forward={count}", input.len()));
        }
        if self.line.hexdump {
            self.plan.live.outputs.write(Output::Stderr, || dump(&input[..count]).into_bytes());
        }
        count
    }

    fn end(&mut self) {
        self.called("trace_http_end", "");
    }
}

/// Tells of a filter that is there, when the process starts.
pub fn tell_ready(plan: &'static Plan, line: &TraceFilter, proxy: &Proxy, thread: Option<usize>) {
    if line.quiet {
        return;
    }
    let text = match thread {
        Some(thread) => format!("filter initialized for thread tid {thread}"),
        None => format!(
            "filter initialized [quiet={} - fwd random={} - hexdump={} - max fwd={}]",
            line.quiet, line.random_forwarding, line.hexdump, line.max_fwd
        ),
    };
    tell(plan, &format!("[{:<20}] ", name(line, proxy)), &text);
}

fn name(line: &TraceFilter, proxy: &Proxy) -> String {
    let own = line.name.as_deref().unwrap_or(b"TRACE");
    format!("{}/{}", String::from_utf8_lossy(own), String::from_utf8_lossy(&proxy.name))
}

fn tell(plan: &Plan, title: &str, text: &str) {
    plan.live.outputs.write(Output::Stderr, || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        format!("{}.{:06} {title}{text}\n", now.as_secs(), now.subsec_micros()).into_bytes()
    });
}

/// How many of `len` bytes go on, at least one.
fn forwarded(line: &TraceFilter, len: usize, random: u64) -> usize {
    let mut count = len;
    if line.random_forwarding {
        count = usize::try_from(random % (len as u64 + 1)).unwrap_or(len);
        if count == 0 {
            count = len;
        }
    }
    match line.max_fwd {
        0 => count,
        most => count.min(most as usize),
    }
}

/// Lines of hexadecimal numbers and text.
fn dump(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (number, part) in bytes.chunks(DUMPED).enumerate() {
        // Writing to a string does not fail.
        let _ = write!(text, "\t0x{:06x}: ", number * DUMPED);
        for at in 0..DUMPED {
            if at == DUMPED / 2 {
                text.push_str("  ");
            }
            let _ = match part.get(at) {
                Some(byte) => write!(text, "{byte:02x} "),
                None => write!(text, "   "),
            };
        }
        let shown =
            |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
        let _ = writeln!(text, "  |{}|", part.iter().map(shown).collect::<String>());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dumps() {
        let expected = "\t0x000000: 30 31 32 33 34 35 36 37   38 39 30 31 32 33 34 35   |0123456789012345|\n\
                        \t0x000010: 36 0a                                               |6.|\n";
        assert_eq!(dump(b"01234567890123456\n"), expected);
        assert_eq!(dump(b""), "");
    }

    #[test]
    fn pieces() {
        let check = |random_forwarding, max_fwd, len, random, expected| {
            let line = TraceFilter { random_forwarding, max_fwd, ..TraceFilter::default() };
            assert_eq!(forwarded(&line, len, random), expected, "{line:?} {len} {random}");
        };
        check(false, 0, 100, 7, 100);
        check(false, 30, 100, 7, 30);
        check(false, 30, 20, 7, 20);
        check(true, 0, 100, 7, 7);
        check(true, 0, 100, 101, 100);
        check(true, 5, 100, 7, 5);
        check(true, 0, 100, 100, 100);
    }
}
