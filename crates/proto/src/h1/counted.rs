//! How many bytes a message counts for in the log (`%B`, `%U`). HAProxy counts its own form of a
//! message, not the one on the wire: 20 bytes and the words of the start line, names and values
//! of the fields, one byte for each end (of the fields, of a chunked body), and the payload.

use super::chars::list;
use crate::message::{Framing, Head, Version};

/// The start line's own bytes.
const START: usize = 20;
/// The end of the fields, or of a chunked body.
const END: usize = 1;

/// What a request's head counts for, as it was received: on HTTP/2 its target is the absolute one.
pub fn counted_request(head: &Head) -> u64 {
    let target = if head.version == Version::Http2 { head.received().1 } else { head.target() };
    (START + head.method().len() + target.len() + head.version_text().len() + fields(head) + END) as u64
}

/// What a response's head counts for, as it was received or made by a service. The field that
/// tells chunks counts, whether the codec will add it or not; HTTP/2 has none.
pub fn counted_response(head: &Head) -> u64 {
    let untold = head.framing == Framing::Chunked
        && head.version != Version::Http2
        && head.get(b"transfer-encoding").is_none();
    let added = if untold { "transfer-encoding".len() + "chunked".len() } else { 0 };
    let natural = || head.status().checked_ilog10().map_or(1, |log| log as usize + 1);
    let status = if head.status_digits() > 0 { head.status_digits() } else { natural() };
    (START + head.version_text().len() + status + head.reason().len() + fields(head) + added + END) as u64
}

/// What the end of a chunked body with its trailers counts for.
pub fn counted_end(trailers: Option<&Head>) -> u64 {
    (trailers.map_or(0, fields) + END) as u64
}

fn fields(head: &Head) -> usize {
    let counts = |name: &[u8], value: &[u8]| name != b"connection" || !is_hop(value);
    head.fields()
        .filter(|(name, value)| counts(name, value))
        .map(|(name, value)| name.len() + value.len())
        .sum()
}

/// Whether a `connection` field is about nothing but this connection: the codec keeps it for
/// itself.
fn is_hop(value: &[u8]) -> bool {
    list(value).all(|token| token.eq_ignore_ascii_case(b"close") || token.eq_ignore_ascii_case(b"keep-alive"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h1::{Limits, Parsed, Progress, parse_request, parse_response};

    #[test]
    fn heads_count_as_haproxy_counts_them() {
        let check = |input: &str, expected: u64| {
            let mut head = Head::default();
            head.bytes_mut().extend_from_slice(input.as_bytes());
            let (mut progress, limits) = (Progress::default(), Limits::default());
            let (parsed, counted) = if input.starts_with("HTTP/") {
                (
                    parse_response(&mut head, &mut progress, &limits, b"GET"),
                    counted_response as fn(&Head) -> u64,
                )
            } else {
                (parse_request(&mut head, &mut progress, &limits), counted_request as fn(&Head) -> u64)
            };
            assert!(matches!(parsed, Ok(Parsed::Done { .. })), "{input:?}");
            assert_eq!(counted(&head), expected, "{input:?}");
        };
        check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 38);
        check("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nA: b\r\n\r\n", 56);
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Del: 12345\r\nConnection: keep-alive\r\n\r\n", 59);
        check("HTTP/1.1 204 No Content\r\n\r\n", 42);
        check("HTTP/1.1 20 A\r\n\r\n", 32);
        check("HTTP/1.1 020 A\r\n\r\n", 33);
        check("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 47);
        check("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n", 78);
        let mut head = Head::default();
        head.start_response(200, b"", Version::Http2);
        head.framing = Framing::Chunked;
        assert_eq!(counted_response(&head), 32);
        assert_eq!(counted_end(None), 1);
    }
}
