//! What a stream knows of its connection to a server, for samples and the log.

use std::os::fd::AsRawFd;

use net::connect::{self, Target};
use net::io::Socket;
use net::tcp_info;
use net::tls::Tls;
use state::link::{Http2Link, ServerLink};
use state::stream::Stream;

use crate::upstream::Upstream;

/// Keeps what samples and log fields show of the connection.
pub fn note_link(stream: &mut Stream, upstream: &Upstream, served: u32) {
    let (addresses, glitches) = (stream.plan.needs.server_addresses, upstream.glitches());
    let (socket, tls, addresses, http2) = match upstream {
        Upstream::H1(server) => {
            let io = &server.conn.io;
            let both = |socket: &Socket| socket.local_addr().zip(socket.peer_addr());
            let addresses = addresses.then(|| both(io.socket())).flatten();
            (io.as_raw_fd(), io.tls().and_then(Tls::facts).cloned(), addresses, None)
        }
        Upstream::H2(server) => {
            let link = server.lease();
            let http2 = Http2Link { streams: link.active(), limit: link.limit(), reset_code: None };
            (link.socket(), link.tls.clone(), link.addresses.filter(|_| addresses), Some(http2))
        }
    };
    stream.server_link =
        Some(ServerLink { served, glitches, socket: Some(socket), tls, http2, ..ServerLink::default() });
    if addresses.is_some() {
        stream.server_addresses = addresses;
    }
}

/// What log fields show of a connection that could not be made.
pub fn note_failed(stream: &mut Stream, target: Option<&Target>) {
    if let Some(Target::Tcp(address)) = target.filter(|_| stream.plan.needs.server_addresses) {
        stream.server_addresses = connect::local_towards(*address).map(|own| (own, *address));
    }
}

/// The stream's server connection goes away: samples can ask the system about it no longer.
pub fn let_go(stream: &mut Stream) {
    if let Some(link) = &mut stream.server_link {
        let socket = link.socket.take();
        if stream.plan.needs.server_tcp_info {
            link.last_info = socket.and_then(tcp_info::read);
        }
    }
}
