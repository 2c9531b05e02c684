//! The PROXY protocol's header in front of a client's bytes: it is looked at without taking it,
//! and must be there as a whole with the first bytes that come, as HAProxy wants it.

use std::net::SocketAddr;
use std::task::{Poll, ready};

use net::io::Socket;
use net::timer::Timer;
use proto::proxy_protocol::{self, Parsed, Refused};
use state::link::ConnError;
use state::session::{Endpoint, Proxied, Session};

use crate::deadline::Deadline;

/// Takes the header and notes in the session what it says, within `timeout client-hs`, or
/// `timeout client` without one.
///
/// # Errors
/// Why there is no header.
pub async fn receive(session: &mut Session, socket: &mut Socket) -> Result<(), ConnError> {
    let timeouts = session.plan.settings(session.frontend).timeouts;
    let mut timer = Timer::new();
    Deadline::after(session.accepted, timeouts.client_hs.or(timeouts.client)).set(&mut timer);
    std::future::poll_fn(|cx| {
        let looked = socket.poll_look(cx, |bytes| read(bytes, session));
        match looked {
            Poll::Ready(Ok(result)) => Poll::Ready(result),
            Poll::Ready(Err(_)) => Poll::Ready(Err(ConnError::ProxyAbort)),
            Poll::Pending => {
                ready!(timer.poll_expired(cx));
                Poll::Ready(Err(ConnError::ProxyTimeout))
            }
        }
    })
    .await
    .and_then(|len| socket.drop_bytes(len).map_err(|_| ConnError::ProxyAbort))
}

/// Reads the header in `bytes` into the session; gives its length.
fn read(bytes: &[u8], session: &mut Session) -> Result<usize, ConnError> {
    if bytes.is_empty() {
        return Err(ConnError::ProxyEmpty);
    }
    let (header, len) = match proxy_protocol::parse(bytes) {
        Ok(Parsed::Done(header, len)) => (header, len),
        Ok(Parsed::NeedMore) => return Err(ConnError::ProxyTruncated),
        Err(Refused::NotHeader) => return Err(ConnError::ProxyNotHeader),
        Err(Refused::Protocol) => return Err(ConnError::ProxyBadProtocol),
        Err(Refused::Malformed) => return Err(ConnError::ProxyBadHeader),
    };
    let (src, dst) = (session.src.clone(), session.dst.clone());
    session.proxied = Some(Box::new(Proxied { src, dst, tlvs: header.tlvs.0.into() }));
    if let Some((src, dst)) = header.addresses {
        (session.src, session.dst) = (plain(src), plain(dst));
    }
    Ok(len)
}

fn plain(address: SocketAddr) -> Endpoint {
    Endpoint::Ip(SocketAddr::new(address.ip().to_canonical(), address.port()))
}
