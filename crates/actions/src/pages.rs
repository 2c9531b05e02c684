//! The pages that answer errors: HAProxy's own, or those that `errorfile` and its like give
//! (manual, section 4.2). Left out: when one is sent, and whether the connection stays.

use std::io::Write;

use ir::id::ProxyId;
use proto::h1;
use proto::message::{Framing, Head, Version};
use state::Stream;

use crate::reply;

/// A status that HAProxy has a page for, with the words of the page.
struct Page {
    status: u16,
    reason: &'static str,
    text: &'static str,
    /// The page says `connection: close`.
    close: bool,
}

const fn page(status: u16, reason: &'static str, text: &'static str) -> Page {
    Page { status, reason, text, close: false }
}

const fn closing(page: Page) -> Page {
    Page { close: true, ..page }
}

/// As HAProxy 3.5 answers them.
const PAGES: [Page; 21] = [
    page(200, "OK", "Service ready."),
    closing(page(400, "Bad request", "Your browser sent an invalid request.")),
    page(401, "Unauthorized", "You need a valid user and password to access this content."),
    page(403, "Forbidden", "Request forbidden by administrative rules."),
    page(404, "Not Found", "The resource could not be found."),
    page(
        405,
        "Method Not Allowed",
        "A request was made of a resource using a request method not supported by that resource.",
    ),
    page(407, "Unauthorized", "You need a valid user and password to access this content."),
    closing(page(408, "Request Time-out", "Your browser didn't send a complete request in time.")),
    page(410, "Gone", "The resource is no longer available and will not be available again."),
    page(413, "Payload Too Large", "The request entity exceeds the maximum allowed."),
    page(414, "URI Too Long", "The URI provided was too long for the server to process."),
    page(421, "Misdirected Request", "Request sent to a non-authoritative server."),
    page(422, "Unprocessable Content", "The server cannot process the contained instructions."),
    page(425, "Too Early", "Your browser sent early data."),
    page(429, "Too Many Requests", "You have sent too many requests in a given amount of time."),
    page(431, "Request Header Fields Too Large", "Request Header Fields Too Large."),
    page(500, "Internal Server Error", "An internal server error occurred."),
    page(
        501,
        "Not Implemented",
        "The server does not support the functionality required to fulfill the request.",
    ),
    page(502, "Bad Gateway", "The server returned an invalid or incomplete response."),
    page(503, "Service Unavailable", "No server is available to handle this request."),
    page(504, "Gateway Time-out", "The server didn't respond in time."),
];

/// Puts the page of `status` into `stream.res` and `stream.reply`: that of `proxy`, else of the
/// frontend, else HAProxy's. A status that has no page gets that of 500.
///
/// An empty file (`errorfile 408 /dev/null`) leaves `stream.res` empty: nothing is to be sent.
/// Status 0 leaves both as they are: a rule made its own answer and only its delay is over
/// (`tarpit`).
pub fn fill(stream: &mut Stream, proxy: ProxyId, status: u16) {
    if status == 0 {
        return;
    }
    stream.answer_status = Some(status);
    let plan = stream.plan;
    for id in [proxy, stream.session.frontend] {
        if let Some(own) = plan.settings(id).errors.iter().find(|error| error.status == status) {
            if raw(stream, &own.response) {
                return;
            }
        } else if let Some((_, reply)) = plan.proxy(id).error_replies.iter().find(|reply| reply.0 == status)
            // What never became a request is answered by pages alone.
            && !stream.req.is_empty()
        {
            reply::make(stream, &reply.args, status);
            return;
        }
    }
    built_in(stream, status);
}

/// Takes a whole response as a file has it. `false`: it is none, and nothing of use was stored.
pub(crate) fn raw(stream: &mut Stream, response: &[u8]) -> bool {
    stream.res.clear();
    stream.reply.clear();
    if response.is_empty() {
        return true;
    }
    stream.res.bytes_mut().extend_from_slice(response);
    let limits = h1::Limits { accept_unsafe: true, ..h1::Limits::default() };
    let parsed = h1::parse_response(&mut stream.res, &mut h1::Progress::default(), &limits, b"GET");
    let Ok(h1::Parsed::Done { head_len }) = parsed else { return false };
    let body = &response[head_len..];
    stream.reply.extend_from_slice(body);
    stream.res.bytes_mut().truncate(head_len);
    if stream.res.flags.close {
        let is_connection =
            |line: &[u8]| line.get(..11).is_some_and(|name| name.eq_ignore_ascii_case(b"connection:"));
        let mut lines = response.split(|byte| *byte == b'\n').skip(1);
        stream.res.insert(lines.position(is_connection).unwrap_or(0), b"connection", b"close");
    }
    // Without a length the page ends with the connection.
    if matches!(stream.res.framing, Framing::Length(_) | Framing::Chunked) {
        frame(&mut stream.res, body.len());
    }
    true
}

pub(crate) fn built_in(stream: &mut Stream, status: u16) {
    let find = |status| PAGES.iter().find(|page| page.status == status);
    let Some(page) = find(status).or_else(|| find(500)) else { return };
    let Page { status, reason, text, close } = page;
    stream.reply.clear();
    // Writing to memory cannot fail.
    let _ = write!(stream.reply, "<html><body><h1>{status} {reason}</h1>\n{text}\n</body></html>\n");
    let res = &mut stream.res;
    res.start_response(*status, reason.as_bytes(), Version::Http11);
    frame(res, stream.reply.len());
    res.add(b"cache-control", b"no-cache");
    if *close {
        res.add(b"connection", b"close");
    }
    res.add(b"content-type", b"text/html");
    res.flags.close = *close;
}

/// Declares a body of `len` bytes. The field stands where the head has it, else in front of
/// what is added later.
pub(crate) fn frame(head: &mut Head, len: usize) {
    head.remove(b"transfer-encoding");
    head.framing = Framing::Length(len as u64);
    let mut room = [0; 20];
    let mut rest = &mut room[..];
    // Cannot fail: 20 digits fit.
    let _ = write!(rest, "{len}");
    let unused = rest.len();
    let digits = &room[..room.len() - unused];
    match (0..head.field_count()).find(|index| head.field(*index).0 == b"content-length") {
        Some(index) => head.replace_value(index, digits),
        None => head.add(b"content-length", digits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::config::ErrorFile;
    use state::testing;

    const REQUEST: &str = "GET / HTTP/1.1";

    fn shown(stream: &Stream) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields: String =
            stream.res.fields().map(|(name, value)| format!("{}: {}\n", text(name), text(value))).collect();
        let (status, reason) = (stream.res.status(), text(stream.res.reason()));
        format!("{status} {reason}\n{fields}\n{}", text(&stream.reply))
    }

    #[test]
    fn own_pages() {
        let check = |status: u16, expected: &str, close: bool| {
            let mut stream = testing::stream(REQUEST);
            fill(&mut stream, ProxyId(0), status);
            assert_eq!(shown(&stream), expected);
            assert_eq!(
                (stream.res.flags.close, stream.res.framing),
                (close, Framing::Length(stream.reply.len() as u64))
            );
        };
        let page = |title: &str, text: &str, len: usize| {
            let closes = ["400", "408"].iter().any(|code| title.starts_with(code));
            let close = if closes { "connection: close\n" } else { "" };
            format!(
                "{title}\ncontent-length: {len}\ncache-control: no-cache\n{close}content-type: text/html\n\n\
                 <html><body><h1>{title}</h1>\n{text}\n</body></html>\n"
            )
        };
        check(403, &page("403 Forbidden", "Request forbidden by administrative rules.", 93), false);
        check(
            408,
            &page("408 Request Time-out", "Your browser didn't send a complete request in time.", 110),
            true,
        );
        check(400, &page("400 Bad request", "Your browser sent an invalid request.", 90), true);
        check(200, &page("200 OK", "Service ready.", 58), false);
        check(418, &page("500 Internal Server Error", "An internal server error occurred.", 97), false);
    }

    /// One file for all statuses of the proxy.
    fn own(response: &str) -> Stream {
        let mut config = testing::config();
        config.proxies[0].errors = vec![ErrorFile { status: 503, response: response.as_bytes().to_vec() }];
        let mut stream = testing::stream_of(config, &Default::default(), REQUEST);
        fill(&mut stream, ProxyId(0), 503);
        stream
    }

    #[test]
    fn files() {
        let check = |response: &str, expected: &str, framing: Framing| {
            let stream = own(response);
            assert_eq!(shown(&stream), expected);
            assert_eq!(stream.res.framing, framing, "{response}");
        };
        check("HTTP/1.1 410 Gone\r\nX-A: b\r\n\r\nbody", "410 Gone\nx-a: b\n\nbody", Framing::UntilClose);
        check(
            "HTTP/1.1 410 Gone\nContent-Length: 4\n\nbody",
            "410 Gone\ncontent-length: 4\n\nbody",
            Framing::Length(4),
        );
        check(
            "HTTP/1.0 410 Gone\nX-A: b\nConnection: close\nX-C: d\n\n",
            "410 Gone\nx-a: b\nconnection: close\nx-c: d\n\n",
            Framing::UntilClose,
        );
        check(
            "HTTP/1.1 302 Found\r\nContent-length: 0\r\nLocation: /\r\n\r\n",
            "302 Found\ncontent-length: 0\nlocation: /\n\n",
            Framing::Length(0),
        );
        assert_eq!(own("HTTP/1.0 403 A\r\n\r\n").res.version, Version::Http10);
        assert!(own("").res.is_empty(), "nothing is sent");
        assert_eq!(own("garbage").res.status(), 503, "the page of its own stands in");
    }

    #[test]
    fn whose_page() {
        let check = |backend: Option<&str>, frontend: Option<&str>, expected: u16| {
            let mut config = testing::config();
            let errors = |response: Option<&str>| {
                let page = |text: &str| ErrorFile { status: 503, response: text.as_bytes().to_vec() };
                response.map(page).into_iter().collect::<Vec<_>>()
            };
            config.proxies.push(config.proxies[0].clone());
            config.proxies[0].errors = errors(frontend);
            config.proxies[1].errors = errors(backend);
            let mut stream = testing::stream_of(config, &Default::default(), REQUEST);
            fill(&mut stream, ProxyId(1), 503);
            assert_eq!(stream.res.status(), expected);
        };
        let (a, b) = ("HTTP/1.1 410 A\r\n\r\n", "HTTP/1.1 411 B\r\n\r\n");
        check(Some(a), Some(b), 410);
        check(None, Some(b), 411);
        check(None, None, 503);
    }

    #[test]
    fn an_answer_that_is_there() {
        let mut stream = testing::stream(REQUEST);
        stream.res.start_response(299, b"Mine", Version::Http11);
        fill(&mut stream, ProxyId(0), 0);
        assert_eq!(stream.res.status(), 299);
    }
}
