//! Log aliases, the `%x` of log-formats (manual, section 8.2.6).

mod captures;
mod dates;
mod request;

use std::net::{IpAddr, SocketAddr};

use ir::config::{LogOrigin, Mode};
use ir::spec::{LogAliasNeed, LogAliasSpec, Support};
use state::ends::{End, Endpoint};
use state::plan::{AliasFn, Item};
use state::sample::text;
use state::{Needs, Stream};

use crate::{fetches, host};

/// What the registry says of an alias, and its function.
pub struct Alias {
    pub spec: LogAliasSpec,
    pub run: AliasFn,
    /// What must be kept of connections for it.
    pub keeps: Needs,
}

const fn any(name: &'static str, doc: &'static str, run: AliasFn) -> Alias {
    let spec = LogAliasSpec { name, doc, needs: LogAliasNeed::Nothing, support: Support::Full };
    Alias { spec, run, keeps: Needs::NONE }
}

const fn http(name: &'static str, doc: &'static str, run: AliasFn) -> Alias {
    any(name, doc, run).needs(LogAliasNeed::Http)
}

impl Alias {
    const fn needs(mut self, needs: LogAliasNeed) -> Alias {
        self.spec.needs = needs;
        self
    }

    const fn keeps(mut self, needs: Needs) -> Alias {
        self.keeps = needs;
        self
    }
}

const ROWS: &[Alias] = &[
    any("B", "Bytes to the client.", |s, item| partial(s, s.counts.bytes_out as i64, item)),
    http("CC", "The captured cookie of the request.", |s, item| {
        item.text(s.cookie_captures.get(0).unwrap_or(b""))
    }),
    http("CS", "The captured cookie of the response.", |s, item| {
        item.text(s.cookie_captures.get(1).unwrap_or(b""))
    }),
    any("H", "The name of the host.", |_, item| item.text(host::name())),
    http("HM", "The method.", request::method),
    http("HP", "The URI without its query.", request::path),
    http("HPO", "The path, without host and query.", request::path_only),
    http("HQ", "The query, with its question mark.", request::query),
    http("HU", "The URI.", request::uri),
    http("HV", "The version of HTTP.", request::version),
    any("ID", "The unique identifier.", |s, item| {
        item.text((!s.is_only_session()).then(|| s.unique_id()).flatten().unwrap_or_default());
    }),
    any("OG", "When and where the line was written.", |s, item| item.text(s.log_origin.name().as_bytes()))
        .needs(LogAliasNeed::Log),
    any("ST", "The status.", |s, item| item.number(status(s))),
    any("T", "When the connection came, in UTC.", |s, item| {
        item.written(|out| dates::gmt(s.session.accept_date, out));
    }),
    http("TR", "Milliseconds until the request was complete.", |s, item| item.number(s.timing.receive())),
    http("Ta", "Milliseconds from the request to the end.", |s, item| partial(s, s.timing.active(), item)),
    any("Tc", "Milliseconds to connect to the server.", |s, item| item.number(s.timing.connect())),
    any("Td", "Milliseconds to transfer the data.", |s, item| item.number(transfer(s))),
    any("Th", "Milliseconds of the handshakes.", |s, item| count(s.timing.handshake, item)),
    http("Ti", "Milliseconds of idleness before the request.", |s, item| item.number(s.timing.idle())),
    any("Tl", "When the connection came, in local time.", |s, item| {
        item.written(|out| dates::local(s.session.accept_date, out));
    }),
    http("Tq", "Milliseconds of handshakes, idleness and request together.", |s, item| {
        item.number(s.timing.query());
    }),
    http("Tr", "Milliseconds until the server answered.", |s, item| item.number(s.timing.respond())),
    any("Ts", "When the connection came, in seconds since 1970.", |s, item| {
        number(s.session.accept_date / 1_000_000, 4, item);
    }),
    any("Tt", "Milliseconds from the connection to the end.", |s, item| partial(s, s.timing.total(), item)),
    any("Tu", "Milliseconds as the user sees them, without idleness.", |s, item| {
        partial(s, s.timing.total().max(0) - s.timing.idle(), item);
    }),
    any("Tw", "Milliseconds in queues.", |s, item| item.number(s.timing.queue())),
    any("U", "Bytes from the client.", |s, item| count(uploaded(s), item)),
    any("ac", "Connections of the process.", |s, item| item.number(s.counts.active.into())),
    any("b", "The name of the backend.", |s, item| item.text(&backend(s).name)),
    any("bc", "Connections of the backend.", |s, item| item.number(s.counts.backend.into())),
    any("bi", "The own address towards the server.", |s, item| {
        ip(s, s.server_addresses.map(|(own, _)| own.ip()), item);
    })
    .keeps(Needs::SERVER_ADDRESSES),
    any("bp", "The own port towards the server.", |s, item| {
        port(s.server_addresses.map(|(own, _)| own.port()), item);
    })
    .keeps(Needs::SERVER_ADDRESSES),
    any("bq", "Requests ahead in the queue of the backend.", |s, item| {
        item.number(s.counts.backend_queue.into());
    }),
    any("ci", "The address of the client.", |s, item| endpoint_ip(s, &s.end(End::Src), item)),
    any("cp", "The port of the client.", |s, item| endpoint_port(s, &s.end(End::Src), item)),
    any("f", "The name of the frontend.", |s, item| item.text(&frontend(s).name)),
    any("fc", "Connections of the frontend.", |s, item| item.number(s.counts.frontend.into())),
    any("fi", "The address that the client connected to.", |s, item| endpoint_ip(s, &s.end(End::Dst), item)),
    any("fp", "The port that the client connected to.", |s, item| endpoint_port(s, &s.end(End::Dst), item)),
    any("ft", "The name of the frontend, with a tilde for TLS.", frontend_transport),
    any("hr", "The captured fields of the request.", |s, item| {
        captures::braces(&s.request_captures.borrow(), slots(s, &frontend(s).request_captures), item);
    }),
    any("hrl", "The captured fields of the request, each as a text.", |s, item| {
        captures::list(&s.request_captures.borrow(), slots(s, &frontend(s).request_captures), item);
    }),
    any("hs", "The captured fields of the response.", |s, item| {
        captures::braces(&s.response_captures.borrow(), slots(s, &frontend(s).response_captures), item);
    }),
    any("hsl", "The captured fields of the response, each as a text.", |s, item| {
        captures::list(&s.response_captures.borrow(), slots(s, &frontend(s).response_captures), item);
    }),
    any("lc", "The number of the log line.", |s, item| number(log_count(s), 4, item)),
    any("ms", "The milliseconds of when the connection came.", milliseconds),
    // Stands for flags that hold for what follows; the checker has read them.
    any("o", "Flags for everything behind it.", |_, _| ()),
    any("pid", "The number of the process.", |_, item| number(std::process::id().into(), 4, item)),
    http("r", "The request line.", request::line),
    any("rc", "How often connecting was tried again.", retries),
    any("rt", "The number of the stream.", |s, item| number(s.id, 4, item)),
    any("s", "The name of the server.", |s, item| item.text(server(s))),
    any("sc", "Connections of the server.", |s, item| item.number(s.counts.server.into())),
    any("si", "The address of the server.", |s, item| {
        ip(s, s.server_addresses.map(|(_, server)| server.ip()), item);
    })
    .keeps(Needs::SERVER_ADDRESSES),
    any("sp", "The port of the server.", |s, item| {
        port(s.server_addresses.map(|(_, server)| server.port()), item);
    })
    .keeps(Needs::SERVER_ADDRESSES),
    any("sq", "Requests ahead in the queue of the server.", |s, item| {
        item.number(s.counts.server_queue.into());
    }),
    any("sslc", "The cipher.", |s, item| {
        item.text(s.session.tls.as_ref().map_or(b"", |tls| tls.cipher.as_bytes()));
    })
    .needs(LogAliasNeed::Tls),
    any("sslv", "The version of TLS.", |s, item| {
        item.text(s.session.tls.as_ref().map_or(b"", |tls| tls.version.as_bytes()));
    })
    .needs(LogAliasNeed::Tls),
    any("t", "When the connection came, with milliseconds.", |s, item| {
        item.written(|out| dates::exact(s.session.accept_date, out));
    }),
    http("tr", "When the request came, with milliseconds.", |s, item| {
        item.written(|out| dates::exact(fetches::txn::request_date_us(s), out));
    }),
    http("trg", "When the request came, in UTC.", |s, item| {
        item.written(|out| dates::gmt(fetches::txn::request_date_us(s), out));
    }),
    http("trl", "When the request came, in local time.", |s, item| {
        item.written(|out| dates::local(fetches::txn::request_date_us(s), out));
    }),
    any("ts", "How the stream ended.", |s, item| item.plain(&s.termination.letters()[..2])),
    http("tsc", "How the stream ended, with the state of the cookie.", |s, item| {
        item.plain(&s.termination.letters());
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
fn partial(stream: &Stream, value: i64, item: &mut Item<'_>) {
    if frontend(stream).options.logasap {
        item.mark(b'+');
    }
    item.number(value);
}

/// Bytes from the client; neither rules nor steps on the way see those that are on their way.
pub fn uploaded(stream: &Stream) -> u64 {
    use LogOrigin::{Accept, Connect, Request, Response};
    let is_early = matches!(stream.log_origin, Accept | Request | Connect | Response);
    let is_told = stream.timing.end.is_some() || frontend(stream).options.logasap;
    if is_told && !is_early { stream.counts.bytes_in } else { 0 }
}

fn count(value: u64, item: &mut Item<'_>) {
    item.number(i64::try_from(value).unwrap_or(i64::MAX));
}

/// In decimal, or with `+X` in hexadecimal of at least so many digits.
fn number(value: u64, digits: usize, item: &mut Item<'_>) {
    if item.flags.hex { item.hex(value, digits) } else { count(value, item) }
}

fn milliseconds(stream: &Stream, item: &mut Item<'_>) {
    let ms = stream.session.accept_date / 1000 % 1000;
    if item.flags.hex || item.flags.encoding.is_some() {
        number(ms, 2, item);
    } else {
        item.written(|out| dates::three_digits(ms, out));
    }
}

fn ip(stream: &Stream, address: Option<IpAddr>, item: &mut Item<'_>) {
    match address {
        None => item.text(b""),
        Some(IpAddr::V4(address)) if item.flags.hex => item.hex_bytes(&address.octets()),
        Some(IpAddr::V6(address)) if item.flags.hex => item.hex_bytes(&address.octets()),
        Some(address) => item.text(text::in_arena(&stream.arena, |short| text::ip(address, short))),
    }
}

fn port(port: Option<u16>, item: &mut Item<'_>) {
    match port {
        Some(port) => number(port.into(), 4, item),
        None => item.text(b""),
    }
}

fn endpoint_ip(stream: &Stream, endpoint: &Endpoint, item: &mut Item<'_>) {
    match endpoint {
        Endpoint::Ip(address) => ip(stream, Some(SocketAddr::ip(address)), item),
        // HAProxy shows the family of a UNIX socket in place of its address.
        Endpoint::Unix(_) => item.text(b"unix"),
    }
}

/// A UNIX socket has no port: the `bind` line's number stands there.
fn endpoint_port(stream: &Stream, endpoint: &Endpoint, item: &mut Item<'_>) {
    match endpoint {
        Endpoint::Ip(address) => port(Some(address.port()), item),
        Endpoint::Unix(_) => {
            let bind = frontend(stream).binds.get(stream.session.bind.index());
            let number = bind.and_then(|bind| bind.id).unwrap_or(stream.session.bind.0 + 1);
            item.number(number.into());
        }
    }
}

/// The frontend's name, and a tilde where the connection came over TLS.
fn frontend_transport(stream: &Stream, item: &mut Item<'_>) {
    let bind = frontend(stream).binds.get(stream.session.bind.index());
    item.open_text();
    item.plain(&frontend(stream).name);
    if bind.is_some_and(|bind| bind.tls.is_some()) {
        item.push(b'~');
    }
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
    match stream.status() {
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

/// How many captures are shown.
fn slots(stream: &Stream, captures: &[ir::config::Capture]) -> usize {
    if stream.is_only_session() { 0 } else { captures.len() }
}

fn retries(stream: &Stream, item: &mut Item<'_>) {
    if stream.counts.redispatched {
        item.mark(b'+');
    }
    item.number(stream.counts.retries.into());
}

fn log_count(stream: &Stream) -> u64 {
    let live = stream.plan.live.proxies.get(stream.session.frontend.index());
    live.map_or(0, |live| live.log_lines.sum())
}

#[cfg(test)]
mod tests;
