//! What a stream knows of its connection to a server, for samples and the log.

use std::os::fd::AsRawFd;

use net::io::Io;
use net::tcp_info;
use net::tls::Tls;
use state::link::ServerLink;
use state::stream::Stream;

/// Keeps what samples and log fields show of the connection.
pub fn note_link(stream: &mut Stream, io: &Io, served: u32) {
    let socket = Some(io.as_raw_fd());
    let tls = io.tls().and_then(Tls::facts).cloned();
    stream.server_link = Some(ServerLink { served, socket, tls, ..ServerLink::default() });
    if stream.plan.needs.server_addresses {
        stream.server_addresses = io.socket().local_addr().zip(io.socket().peer_addr());
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
