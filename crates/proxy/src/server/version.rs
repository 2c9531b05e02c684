//! Which version of HTTP a connection to a server speaks: `proto`, `alpn` and `ws`.

use ir::config::{Mode, Server, WebSocket};
use net::io::Io;
use net::tls::Tls;
use state::stream::Stream;

use super::backend;

const HTTP1: &[u8] = b"http/1.1";
const HTTP2: &[u8] = b"h2";

/// What ALPN offers instead of the server line's list: WebSockets may want another version.
pub fn alpn(stream: &Stream, server: &Server) -> Option<&'static [u8]> {
    let offered = server.tls.as_ref()?.alpn.as_ref()?;
    if !stream.req.flags.websocket || offered.is_empty() {
        return None;
    }
    match server.websocket {
        WebSocket::Auto if !offered.iter().any(|name| name == HTTP1) => None,
        WebSocket::Auto | WebSocket::H1 => Some(b"\x08http/1.1"),
        WebSocket::H2 => Some(b"\x02h2"),
    }
}

/// Whether a new connection speaks HTTP/2: as `ws` says, else as `proto` says, else as TLS agreed.
pub fn is_http2(stream: &Stream, server: &Server, io: &Io) -> bool {
    if stream.plan.settings(backend(stream)).mode != Mode::Http {
        return false;
    }
    match (stream.req.flags.websocket, server.websocket, server.proto.as_deref()) {
        (true, WebSocket::H1, _) => false,
        (true, WebSocket::H2, _) => true,
        (_, _, Some(proto)) => proto == HTTP2,
        (_, _, None) => io.tls().map(Tls::alpn) == Some(HTTP2),
    }
}

/// Whether a connection that is there may serve the stream: a WebSocket wants one of its version.
pub fn fits(stream: &Stream, server: &Server) -> bool {
    if !stream.req.flags.websocket {
        return true;
    }
    let offered = server.tls.as_ref().and_then(|tls| tls.alpn.as_deref());
    match (server.proto.as_deref(), offered) {
        (None, Some(offered)) if !offered.is_empty() => match server.websocket {
            WebSocket::Auto => offered.len() == 1,
            WebSocket::H1 => offered == [HTTP1],
            WebSocket::H2 => offered == [HTTP2],
        },
        (proto, _) => match server.websocket {
            WebSocket::Auto => true,
            WebSocket::H1 => proto != Some(HTTP2),
            WebSocket::H2 => proto == Some(HTTP2),
        },
    }
}
