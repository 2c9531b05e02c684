//! Log aliases, the `%x` of log-formats (manual, section 8.2.6).

mod dates;
mod request;

use std::net::{IpAddr, SocketAddr};

use ir::config::Mode;
use ir::expr::FormatFlags;
use ir::spec::{LogAliasNeed, LogAliasSpec, Support};
use state::Stream;
use state::plan::{AliasFn, push_hex, write_text};
use state::sample::text;
use state::session::Endpoint;

use crate::{fetches, host};

/// What the registry says of an alias, and its function.
pub struct Alias {
    pub spec: LogAliasSpec,
    pub run: AliasFn,
}

const fn any(name: &'static str, doc: &'static str, run: AliasFn) -> Alias {
    let spec = LogAliasSpec { name, doc, needs: LogAliasNeed::Nothing, support: Support::Full };
    Alias { spec, run }
}

const fn http(name: &'static str, doc: &'static str, run: AliasFn) -> Alias {
    any(name, doc, run).needs(LogAliasNeed::Http)
}

impl Alias {
    const fn needs(mut self, needs: LogAliasNeed) -> Alias {
        self.spec.needs = needs;
        self
    }
}

const ROWS: &[Alias] = &[
    any("B", "Bytes to the client.", |s, f, out| partial(s, s.counts.bytes_out as i64, f, out)),
    http("CC", "The captured cookie of the request.", |s, f, out| {
        write_text(captured_cookie(s, false), f, out)
    }),
    http("CS", "The captured cookie of the response.", |s, f, out| {
        write_text(captured_cookie(s, true), f, out)
    }),
    any("H", "The name of the host.", |_, f, out| write_text(host::name(), f, out)),
    http("HM", "The method.", request::method),
    http("HP", "The URI without its query.", request::path),
    http("HPO", "The path, without host and query.", request::path_only),
    http("HQ", "The query, with its question mark.", request::query),
    http("HU", "The URI.", request::uri),
    http("HV", "The version of HTTP.", request::version),
    any("ID", "The unique identifier.", unique_id),
    any("OG", "When and where the line was written.", |s, f, out| write_text(origin(s), f, out))
        .needs(LogAliasNeed::Log),
    any("ST", "The status.", |s, _, out| base::bytes::write_dec_i64(out, status(s))),
    any("T", "When the connection came, in UTC.", |s, _, out| dates::gmt(s.session.accept_date, out)),
    http("TR", "Milliseconds until the request was complete.", |s, _, out| {
        base::bytes::write_dec_i64(out, s.timing.receive())
    }),
    http("Ta", "Milliseconds from the request to the end.", |s, f, out| {
        partial(s, s.timing.active(), f, out)
    }),
    any("Tc", "Milliseconds to connect to the server.", |s, _, out| {
        base::bytes::write_dec_i64(out, s.timing.connect())
    }),
    any("Td", "Milliseconds to transfer the data.", |s, _, out| base::bytes::write_dec_i64(out, transfer(s))),
    any("Th", "Milliseconds of the handshakes.", |s, _, out| base::bytes::write_dec(out, s.timing.handshake)),
    http("Ti", "Milliseconds of idleness before the request.", |s, _, out| {
        base::bytes::write_dec_i64(out, s.timing.idle())
    }),
    any("Tl", "When the connection came, in local time.", |s, _, out| {
        dates::local(s.session.accept_date, out)
    }),
    http("Tq", "Milliseconds of handshakes, idleness and request together.", |s, _, out| {
        base::bytes::write_dec_i64(out, s.timing.query())
    }),
    http("Tr", "Milliseconds until the server answered.", |s, _, out| {
        base::bytes::write_dec_i64(out, s.timing.respond())
    }),
    any("Ts", "When the connection came, in seconds since 1970.", |s, f, out| {
        number(s.session.accept_date / 1_000_000, 4, f, out)
    }),
    any("Tt", "Milliseconds from the connection to the end.", |s, f, out| {
        partial(s, s.timing.total(), f, out)
    }),
    any("Tu", "Milliseconds as the user sees them, without idleness.", |s, f, out| {
        partial(s, s.timing.total().max(0) - s.timing.idle(), f, out)
    }),
    any("Tw", "Milliseconds in queues.", |s, _, out| base::bytes::write_dec_i64(out, s.timing.queue())),
    any("U", "Bytes from the client.", |s, _, out| base::bytes::write_dec(out, s.counts.bytes_in)),
    any("ac", "Connections of the process.", |s, _, out| {
        base::bytes::write_dec(out, u64::from(s.counts.active))
    }),
    any("b", "The name of the backend.", |s, f, out| write_text(&backend(s).name, f, out)),
    any("bc", "Connections of the backend.", |s, _, out| {
        base::bytes::write_dec(out, u64::from(s.counts.backend))
    }),
    any("bi", "The own address towards the server.", |s, f, out| {
        ip(s.server_addresses.map(|(own, _)| own.ip()), f, out)
    }),
    any("bp", "The own port towards the server.", |s, f, out| {
        port(s.server_addresses.map(|(own, _)| own.port()), f, out)
    }),
    any("bq", "Requests ahead in the queue of the backend.", |s, _, out| {
        base::bytes::write_dec(out, u64::from(s.counts.backend_queue))
    }),
    any("ci", "The address of the client.", |s, f, out| endpoint_ip(&s.session.src, f, out)),
    any("cp", "The port of the client.", |s, f, out| endpoint_port(s, &s.session.src, f, out)),
    any("f", "The name of the frontend.", |s, f, out| write_text(&frontend(s).name, f, out)),
    any("fc", "Connections of the frontend.", |s, _, out| {
        base::bytes::write_dec(out, u64::from(s.counts.frontend))
    }),
    any("fi", "The address that the client connected to.", |s, f, out| endpoint_ip(&s.session.dst, f, out)),
    any("fp", "The port that the client connected to.", |s, f, out| endpoint_port(s, &s.session.dst, f, out)),
    any("ft", "The name of the frontend, with a tilde for TLS.", frontend_transport),
    any("hr", "The captured fields of the request.", |s, f, out| {
        captures(&s.request_captures, frontend(s).request_captures.len(), f, out)
    }),
    any("hrl", "The captured fields of the request, each as a text.", |s, f, out| {
        capture_list(&s.request_captures, frontend(s).request_captures.len(), f, out)
    }),
    any("hs", "The captured fields of the response.", |s, f, out| {
        captures(&s.response_captures, frontend(s).response_captures.len(), f, out)
    }),
    any("hsl", "The captured fields of the response, each as a text.", |s, f, out| {
        capture_list(&s.response_captures, frontend(s).response_captures.len(), f, out)
    }),
    any("lc", "The number of the log line.", |s, f, out| number(log_count(s), 4, f, out)),
    any("ms", "The milliseconds of when the connection came.", milliseconds),
    // Stands for flags that hold for what follows; the checker has read them.
    any("o", "Flags for everything behind it.", |_, _, _| ()),
    any("pid", "The number of the process.", |_, f, out| number(u64::from(std::process::id()), 4, f, out)),
    http("r", "The request line.", request::line),
    any("rc", "How often connecting was tried again.", retries),
    any("rt", "The number of the stream.", |s, f, out| number(s.id, 4, f, out)),
    any("s", "The name of the server.", |s, f, out| write_text(server(s), f, out)),
    any("sc", "Connections of the server.", |s, _, out| {
        base::bytes::write_dec(out, u64::from(s.counts.server))
    }),
    any("si", "The address of the server.", |s, f, out| {
        ip(s.server_addresses.map(|(_, server)| server.ip()), f, out)
    }),
    any("sp", "The port of the server.", |s, f, out| {
        port(s.server_addresses.map(|(_, server)| server.port()), f, out)
    }),
    any("sq", "Requests ahead in the queue of the server.", |s, _, out| {
        base::bytes::write_dec(out, u64::from(s.counts.server_queue))
    }),
    any("sslc", "The cipher.", |s, f, out| {
        write_text(s.session.tls.as_ref().map_or(b"", |tls| tls.cipher.as_bytes()), f, out)
    })
    .needs(LogAliasNeed::Tls),
    any("sslv", "The version of TLS.", |s, f, out| {
        write_text(s.session.tls.as_ref().map_or(b"", |tls| tls.version.as_bytes()), f, out)
    })
    .needs(LogAliasNeed::Tls),
    any("t", "When the connection came, with milliseconds.", |s, _, out| {
        dates::exact(s.session.accept_date, out)
    }),
    http("tr", "When the request came, with milliseconds.", |s, _, out| {
        dates::exact(fetches::txn::request_date_us(s), out)
    }),
    http("trg", "When the request came, in UTC.", |s, _, out| {
        dates::gmt(fetches::txn::request_date_us(s), out)
    }),
    http("trl", "When the request came, in local time.", |s, _, out| {
        dates::local(fetches::txn::request_date_us(s), out)
    }),
    any("ts", "How the stream ended.", |s, _, out| out.extend_from_slice(&s.termination.letters()[..2])),
    http("tsc", "How the stream ended, with the state of the cookie.", |s, _, out| {
        out.extend_from_slice(&s.termination.letters())
    }),
];

/// All aliases.
pub fn rows() -> impl Iterator<Item = &'static Alias> {
    ROWS.iter()
}

fn frontend(stream: &Stream) -> &'static ir::config::Proxy {
    stream.plan.settings(stream.session.frontend)
}

fn backend(stream: &Stream) -> &'static ir::config::Proxy {
    stream.plan.settings(stream.backend.unwrap_or(stream.session.frontend))
}

/// A number that is not final yet where `option logasap` logs early: a plus tells so.
fn partial(stream: &Stream, value: i64, _: &FormatFlags, out: &mut Vec<u8>) {
    if frontend(stream).options.logasap {
        out.push(b'+');
    }
    base::bytes::write_dec_i64(out, value);
}

/// In decimal, or with `+X` in hexadecimal of at least so many digits.
fn number(value: u64, digits: usize, flags: &FormatFlags, out: &mut Vec<u8>) {
    if !flags.hex {
        return base::bytes::write_dec(out, value);
    }
    let start = out.len();
    base::bytes::write_hex(out, value);
    out[start..].make_ascii_uppercase();
    while out.len() - start < digits {
        out.insert(start, b'0');
    }
}

fn milliseconds(stream: &Stream, flags: &FormatFlags, out: &mut Vec<u8>) {
    let ms = stream.session.accept_date / 1000 % 1000;
    if flags.hex { number(ms, 2, flags, out) } else { dates::three_digits(ms, out) }
}

fn ip(address: Option<IpAddr>, flags: &FormatFlags, out: &mut Vec<u8>) {
    let Some(address) = address.map(|address| address.to_canonical()) else {
        return write_text(b"", flags, out);
    };
    if flags.hex {
        let mut push = |bytes: &[u8]| bytes.iter().for_each(|b| out.extend_from_slice(&hex_pair(*b)));
        return match address {
            IpAddr::V4(address) => push(&address.octets()),
            IpAddr::V6(address) => push(&address.octets()),
        };
    }
    if flags.quote || flags.escape {
        let mut plain = Vec::new();
        text::append(&mut plain, |short| text::ip(address, short));
        return write_text(&plain, flags, out);
    }
    text::append(out, |short| text::ip(address, short));
}

fn hex_pair(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

fn port(port: Option<u16>, flags: &FormatFlags, out: &mut Vec<u8>) {
    match port {
        Some(port) => number(u64::from(port), 4, flags, out),
        None => write_text(b"", flags, out),
    }
}

fn endpoint_ip(endpoint: &Endpoint, flags: &FormatFlags, out: &mut Vec<u8>) {
    match endpoint {
        Endpoint::Ip(address) => ip(Some(SocketAddr::ip(address)), flags, out),
        // HAProxy shows the family of a UNIX socket in place of its address.
        Endpoint::Unix(_) => write_text(b"unix", flags, out),
    }
}

/// A UNIX socket has no port: the `bind` line's number stands there.
fn endpoint_port(stream: &Stream, endpoint: &Endpoint, flags: &FormatFlags, out: &mut Vec<u8>) {
    match endpoint {
        Endpoint::Ip(address) => port(Some(address.port()), flags, out),
        Endpoint::Unix(_) => {
            let bind = frontend(stream).binds.get(stream.session.bind.index());
            let number = bind.and_then(|bind| bind.id).unwrap_or(stream.session.bind.0 + 1);
            base::bytes::write_dec(out, u64::from(number));
        }
    }
}

/// The frontend's name, and a tilde where the connection came over TLS.
fn frontend_transport(stream: &Stream, flags: &FormatFlags, out: &mut Vec<u8>) {
    let bind = frontend(stream).binds.get(stream.session.bind.index());
    let plain = FormatFlags { quote: false, mandatory: false, ..*flags };
    let quote = |out: &mut Vec<u8>| {
        if flags.quote {
            out.push(b'"');
        }
    };
    quote(out);
    write_text(&frontend(stream).name, &plain, out);
    if bind.is_some_and(|bind| bind.tls.is_some()) {
        out.push(b'~');
    }
    quote(out);
}

fn server(stream: &Stream) -> &[u8] {
    let server = stream.server.and_then(|server| backend(stream).servers.get(server.index()));
    match server {
        Some(server) => &server.name,
        None if stream.server_label.is_empty() => b"<NOSRV>",
        None => stream.server_label.as_bytes(),
    }
}

/// -1 where no response was sent to an HTTP request; TCP has no status, and neither has what
/// never became a request.
fn status(stream: &Stream) -> i64 {
    match stream.res.status() {
        0 if frontend(stream).mode == Mode::Http && !stream.req.is_empty() => -1,
        status => i64::from(status),
    }
}

/// In `mode tcp` the transfer begins with the server connection.
fn transfer(stream: &Stream) -> i64 {
    if backend(stream).mode == Mode::Http {
        return stream.timing.data();
    }
    match (stream.timing.connected, stream.timing.end) {
        (Some(from), Some(to)) => to.saturating_sub(from) as i64,
        _ => -1,
    }
}

/// What made the stream write its line.
fn origin(stream: &Stream) -> &'static [u8] {
    let settings = frontend(stream);
    if settings.mode == Mode::Http && stream.req.is_empty() {
        b"sess_error"
    } else if settings.mode == Mode::Http && settings.options.logasap && stream.timing.end.is_none() {
        b"txn_response"
    } else {
        b"txn_close"
    }
}

fn retries(stream: &Stream, _: &FormatFlags, out: &mut Vec<u8>) {
    if stream.counts.redispatched {
        out.push(b'+');
    }
    base::bytes::write_dec(out, u64::from(stream.counts.retries));
}

fn log_count(stream: &Stream) -> u64 {
    let live = stream.plan.live.proxies.get(stream.session.frontend.index());
    live.map_or(0, |live| live.log_lines.sum())
}

fn unique_id(stream: &Stream, flags: &FormatFlags, out: &mut Vec<u8>) {
    if !stream.unique_id.is_empty() {
        return write_text(&stream.unique_id, flags, out);
    }
    match &stream.frontend_plan().unique_id_format {
        Some(format) if !flags.quote && !flags.escape => format.write(stream, out),
        Some(format) => {
            let mut id = Vec::new();
            format.write(stream, &mut id);
            write_text(&id, flags, out);
        }
        None => write_text(b"", flags, out),
    }
}

/// `name=value` of the cookie whose name starts as `capture cookie` says.
fn captured_cookie(stream: &Stream, of_response: bool) -> &[u8] {
    let Some(capture) = &frontend(stream).capture_cookie else { return b"" };
    let (head, field) =
        if of_response { (&stream.res, &b"set-cookie"[..]) } else { (&stream.req, &b"cookie"[..]) };
    let cookies = head.fields().filter(|(name, _)| *name == field).flat_map(|(_, value)| {
        // A response sets one cookie a line; what follows are its attributes.
        value.split(|b| *b == b';').take(if of_response { 1 } else { usize::MAX })
    });
    let mut matching = cookies.map(<[u8]>::trim_ascii).filter(|cookie| cookie.starts_with(&capture.name));
    matching.next().map_or(b"", |cookie| &cookie[..cookie.len().min(capture.len)])
}

/// Escapes what would break a log line or its braces: `#` and two digits.
fn encode(text: &[u8], braces: bool, out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            0..32 | 127.. | b'"' | b'#' => push_hex(b'#', byte, out),
            b'{' | b'|' | b'}' if braces => push_hex(b'#', byte, out),
            _ => out.push(byte),
        }
    }
}

/// Escapes with `#`, and where `+E` says so what is left with a backslash.
fn write_encoded(text: &[u8], braces: bool, flags: &FormatFlags, out: &mut Vec<u8>) {
    if !flags.escape {
        return encode(text, braces, out);
    }
    for byte in text.chunks(1) {
        if matches!(byte, b"]" | b"\\") {
            out.push(b'\\');
        }
        encode(byte, braces, out);
    }
}

/// `{first|second}`; nothing where the frontend captures nothing.
fn captures(values: &[Vec<u8>], slots: usize, flags: &FormatFlags, out: &mut Vec<u8>) {
    if slots == 0 {
        return;
    }
    let quote: &[u8] = if flags.quote { b"\"" } else { b"" };
    out.extend_from_slice(quote);
    out.push(b'{');
    for slot in 0..slots {
        if slot > 0 {
            out.push(b'|');
        }
        write_encoded(values.get(slot).map_or(b"", Vec::as_slice), true, flags, out);
    }
    out.push(b'}');
    out.extend_from_slice(quote);
}

/// The captures one by one, each quoted by itself.
fn capture_list(values: &[Vec<u8>], slots: usize, flags: &FormatFlags, out: &mut Vec<u8>) {
    let quote: &[u8] = if flags.quote { b"\"" } else { b"" };
    for slot in 0..slots {
        if slot > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(quote);
        match values.get(slot).filter(|value| !value.is_empty()) {
            Some(value) => write_encoded(value, true, flags, out),
            None if !flags.quote => out.push(b'-'),
            None => {}
        }
        out.extend_from_slice(quote);
    }
}

#[cfg(test)]
mod tests;
