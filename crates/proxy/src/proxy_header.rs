//! The PROXY protocol's header in front of a connection. That of a client is looked at without
//! taking it, and must be there as a whole with the first bytes that come, as HAProxy wants it;
//! that of a server is written before anything else. So is NetScaler's header of a client.

use std::net::SocketAddr;
use std::task::{Poll, ready};

use net::io::Socket;
use net::timer::Timer;
use proto::netscaler_cip;
use proto::proxy_protocol::{self, Parsed, Refused, Tlvs, V2, tlv};
use state::Stream;
use state::ends::{End, Endpoint, Ends};
use state::link::ConnError;
use state::plan::ProxyHeader;
use state::session::Session;

use crate::deadline::Deadline;

/// Takes the headers that are expected and notes in the session what they say, within
/// `timeout client-hs`, or `timeout client` without one.
///
/// # Errors
/// Which header is missing, and why.
pub async fn receive(session: &mut Session, socket: &mut Socket) -> Result<(), ConnError> {
    let timeouts = session.plan.settings(session.frontend).timeouts;
    let mut timer = Timer::new();
    Deadline::after(session.accepted, timeouts.client_hs.or(timeouts.client)).set(&mut timer);
    if session.expects_netscaler.get() {
        let failures = (ConnError::NetscalerAbort, ConnError::NetscalerTimeout);
        take(session, socket, &mut timer, read_netscaler, failures).await?;
    }
    if session.expects_proxy.get() {
        let failures = (ConnError::ProxyAbort, ConnError::ProxyTimeout);
        take(session, socket, &mut timer, read, failures).await?;
    }
    Ok(())
}

/// Waits for bytes, has them read, and takes the header out of the socket.
async fn take(
    session: &mut Session,
    socket: &Socket,
    timer: &mut Timer,
    read: fn(&[u8], &mut Session) -> Result<usize, ConnError>,
    (abort, timeout): (ConnError, ConnError),
) -> Result<(), ConnError> {
    let len = std::future::poll_fn(|cx| {
        let looked = socket.poll_look(cx, |bytes| read(bytes, session));
        match looked {
            Poll::Ready(result) => Poll::Ready(result.unwrap_or(Err(abort))),
            Poll::Pending => {
                ready!(timer.poll_expired(cx));
                Poll::Ready(Err(timeout))
            }
        }
    })
    .await?;
    socket.drop_bytes(len).map_err(|_| abort)
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
        Err(Refused::Tlvs(addresses)) => {
            know_ends(session, addresses);
            return Err(ConnError::ProxyBadHeader);
        }
    };
    session.proxy_tlvs = Some(header.tlvs.0.into());
    know_ends(session, header.addresses);
    Ok(len)
}

/// Puts the addresses of a header in place of the connection's, where it has some.
fn know_ends(session: &mut Session, addresses: Option<(SocketAddr, SocketAddr)>) {
    if let Some((src, dst)) = addresses {
        *session.ends.get_mut() = Some(Ends { src: Endpoint::Ip(src), dst: Endpoint::Ip(dst) });
    }
}

/// Reads a NetScaler header into the session; gives its length.
fn read_netscaler(bytes: &[u8], session: &mut Session) -> Result<usize, ConnError> {
    if bytes.is_empty() {
        return Err(ConnError::NetscalerEmpty);
    }
    let line = &session.plan.settings(session.frontend).binds[session.bind.index()];
    let header =
        netscaler_cip::parse(bytes, line.netscaler_magic.unwrap_or(0)).map_err(|refused| match refused {
            netscaler_cip::Refused::Truncated => ConnError::NetscalerTruncated,
            netscaler_cip::Refused::Magic => ConnError::NetscalerMagic,
            netscaler_cip::Refused::Protocol => ConnError::NetscalerProtocol,
        })?;
    know_ends(session, Some((header.src, header.dst)));
    Ok(header.len)
}

/// Appends the header that a server gets for a stream.
pub fn write(stream: &Stream, header: &ProxyHeader, out: &mut Vec<u8>) {
    let (session, settings) = (&stream.session, &header.settings);
    let addresses = match (stream.end(End::Src), stream.end(End::Dst)) {
        (Endpoint::Ip(src), Endpoint::Ip(dst)) => Some((src, dst)),
        _ => None,
    };
    if !settings.v2 {
        return proxy_protocol::write_v1(out, addresses);
    }
    let mut written = V2::new(out, addresses);
    for (kind, format) in &header.tlvs {
        written.push_with(*kind, |out| format.write(stream, out));
    }
    let tls = session.tls.as_deref().filter(|tls| tls.done);
    if let Some(tls) = tls.filter(|tls| !tls.alpn.is_empty()) {
        written.push(tlv::ALPN, &tls.alpn);
    }
    if settings.authority {
        let received = session
            .proxy_tlvs
            .as_deref()
            .and_then(|tlvs| Tlvs(tlvs).find(|(kind, _)| *kind == tlv::AUTHORITY).map(|(_, value)| value));
        if let Some(name) = received.or_else(|| tls.and_then(|tls| tls.sni.as_deref())) {
            written.push(tlv::AUTHORITY, name);
        }
    }
    if settings.unique_id {
        written.push(tlv::UNIQUE_ID, stream.unique_id().unwrap_or_default());
    }
    if let Some(name) = &stream.plan.settings(session.frontend).binds[session.bind.index()].namespace {
        written.push(tlv::NETNS, name);
    }
    if settings.ssl {
        written.push_with(tlv::SSL, |out| write_ssl(stream, header, out));
    }
    written.finish(settings.crc32c);
}

/// The TLV about TLS: what the client used, how its certificate was verified, and the parts.
fn write_ssl(stream: &Stream, header: &ProxyHeader, out: &mut Vec<u8>) {
    const TLS: u8 = 1;
    const CERTIFICATE_NOW: u8 = 2;
    const CERTIFICATE: u8 = 4;
    let Some(tls) = stream.session.tls.as_deref().filter(|tls| tls.done) else {
        return out.extend_from_slice(&[0; 5]);
    };
    let mut client = TLS;
    let mut verified = 0;
    if tls.has_peer {
        client |= CERTIFICATE;
        verified = tls.verified.result;
        if tls.verified.done {
            client |= CERTIFICATE_NOW;
        }
    }
    out.push(client);
    out.extend_from_slice(&verified.to_be_bytes());
    for (kind, format) in &header.ssl_parts {
        let at = out.len();
        out.extend_from_slice(&[*kind, 0, 0]);
        format.write(stream, out);
        match u16::try_from(out.len() - at - 3) {
            Ok(len) if len > 0 => out[at + 1..at + 3].copy_from_slice(&len.to_be_bytes()),
            _ => out.truncate(at),
        }
    }
}
