//! The pages that answer errors: HAProxy's own, or those that `errorfile` and its like give
//! (manual, section 4.2). Left out: when one is sent, and whether the connection stays.

use std::io::Write;

use ir::id::ProxyId;
use proto::h1;
use proto::message::{Framing, Head, Version};
use state::Stream;

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
    let plan = stream.plan;
    let own = [proxy, stream.session.frontend].into_iter().find_map(|id| {
        let mut errors = plan.settings(id).errors.iter();
        errors.find(|error| error.status == status)
    });
    let done = own.is_some_and(|own| raw(stream, &own.response));
    if !done {
        built_in(stream, status);
    }
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
    // Without a length the page ends with the connection.
    if matches!(stream.res.framing, Framing::Length(_) | Framing::Chunked) {
        frame(&mut stream.res, body.len());
    }
    true
}

fn built_in(stream: &mut Stream, status: u16) {
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
    match (0..head.len()).find(|index| head.field(*index).0 == b"content-length") {
        Some(index) => head.replace_value(index, digits),
        None => head.add(b"content-length", digits),
    }
}
