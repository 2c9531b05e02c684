//! The addresses of `bind`, `server`, `source`, `log` … (manual, 2.9): text to plain data. Left
//! out: resolving names, and checking that a descriptor is a socket.

mod error;
mod parse;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

pub use error::AddrError;
pub use parse::{literal, parse, parse_log_target};

/// An address and how it is talked to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    pub endpoint: Endpoint,
    pub transport: Transport,
    /// `mptcp@` and its like.
    pub mptcp: bool,
}

/// Where an address leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    Ip {
        host: Host,
        port: Port,
    },
    /// The path with the caller's prefix in front.
    Unix(Vec<u8>),
    /// A name in Linux's abstract namespace; with `abnsz@` its length ends at its zero byte.
    Abstract {
        name: Vec<u8>,
        zero_terminated: bool,
    },
    /// An inherited file descriptor.
    Fd(i32),
    /// A socket over which connected sockets are passed.
    SocketPair(i32),
    /// `rhttp@backend/server`: the text after the prefix.
    ReverseHttp(Vec<u8>),
}

/// The host of an IP address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// Empty and `*` are the unspecified address.
    Ip(IpAddr),
    /// A name to resolve, of one family only where the prefix says so. It may also be an address
    /// of the other family, that no resolver will find.
    Name { name: Vec<u8>, family: Option<Family> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    V4,
    V6,
}

/// The port of an IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    None,
    One(u16),
    /// The first and the last port; they may be the same.
    Range(u16, u16),
    /// `+10` or `-10`: relative to the client's destination port.
    Offset(i32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    Stream,
    Datagram,
    /// Streams over datagrams.
    Quic,
}

impl Address {
    /// Whether there is a protocol for the address, `ip` being that of its host, and whether it
    /// can connect when `rules` ask for that.
    ///
    /// # Errors
    /// [`AddrError::Unsupported`], [`AddrError::NoConnect`]
    pub fn check_protocol(
        &self,
        rules: &Rules<'_>,
        ip: Option<IpAddr>,
        text: &[u8],
    ) -> Result<(), AddrError> {
        let text = || String::from_utf8_lossy(text).into_owned();
        let Some(family) = self.endpoint.family(ip).filter(|_| rules.protocol != Protocol::Any) else {
            return Ok(());
        };
        let streams_only = matches!(self.endpoint, Endpoint::SocketPair(_) | Endpoint::ReverseHttp(_));
        match self.transport {
            Transport::Quic => {
                Err(AddrError::Unsupported { transport: self.transport, family, text: text() })
            }
            Transport::Datagram if streams_only => {
                Err(AddrError::Unsupported { transport: self.transport, family, text: text() })
            }
            Transport::Stream if !matches!(self.endpoint, Endpoint::ReverseHttp(_)) => Ok(()),
            _ if rules.protocol == Protocol::Connect => Err(AddrError::NoConnect { family, text: text() }),
            _ => Ok(()),
        }
    }
}

impl Endpoint {
    /// The number that messages give to the family; an IP address has one once it is known.
    fn family(&self, ip: Option<IpAddr>) -> Option<u16> {
        match self {
            Endpoint::Ip { .. } => ip.map(|ip| if ip.is_ipv6() { 10 } else { 2 }),
            Endpoint::Unix(_) => Some(1),
            Endpoint::Fd(_) => None,
            Endpoint::SocketPair(_) => Some(48),
            Endpoint::ReverseHttp(_) => Some(49),
            Endpoint::Abstract { zero_terminated: false, .. } => Some(50),
            Endpoint::Abstract { zero_terminated: true, .. } => Some(51),
        }
    }
}

/// What a keyword accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules<'a> {
    pub sockets: Sockets,
    /// Host names may be given, whether they are resolved now or later.
    pub names: bool,
    pub port: bool,
    pub port_mandatory: bool,
    pub port_range: bool,
    pub port_offset: bool,
    /// Whether `fd@` may be given.
    pub fds: Fds,
    /// What must be known about the protocol.
    pub protocol: Protocol,
    /// `expose-experimental-directives` was given: `rhttp@` may be.
    pub experimental: bool,
    /// Put in front of the paths of unix sockets (`unix-bind prefix`).
    pub unix_prefix: &'a [u8],
}

/// Which descriptors a keyword accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fds {
    None,
    /// Those of sockets.
    Sockets,
    /// Any.
    Any,
}

/// What a keyword asks of the protocol of an address; see [`Address::check_protocol`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Nothing: the keyword looks at it itself.
    Any,
    /// There must be one.
    Known,
    /// Connections must be possible.
    Connect,
}

/// Which socket types a keyword accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sockets {
    Stream,
    Datagram,
    /// Both; without a prefix it is a stream.
    StreamOrDatagram,
    /// Both; without a prefix it is a datagram.
    DatagramOrStream,
}

impl Rules<'static> {
    const BASE: Rules<'static> = Rules {
        sockets: Sockets::Stream,
        names: true,
        port: true,
        port_mandatory: false,
        port_range: false,
        port_offset: false,
        fds: Fds::None,
        protocol: Protocol::Connect,
        experimental: false,
        unix_prefix: b"",
    };
    /// `bind`
    pub const BIND: Rules<'static> = Rules {
        port_mandatory: true,
        port_range: true,
        fds: Fds::Sockets,
        protocol: Protocol::Known,
        ..Rules::BASE
    };
    /// `dgram-bind`
    pub const DGRAM_BIND: Rules<'static> = Rules { sockets: Sockets::Datagram, ..Rules::BIND };
    /// `server`
    pub const SERVER: Rules<'static> = Rules {
        sockets: Sockets::StreamOrDatagram,
        port_offset: true,
        protocol: Protocol::Any,
        ..Rules::BASE
    };
    /// `peer`, and `server` in a peers section
    pub const PEER: Rules<'static> = Rules {
        sockets: Sockets::StreamOrDatagram,
        port_mandatory: true,
        protocol: Protocol::Any,
        ..Rules::BASE
    };
    /// `source` on a server's line
    pub const SERVER_SOURCE: Rules<'static> = Rules { port_range: true, ..Rules::BASE };
    /// A proxy's `source`, `usesrc`, the `addr` of a check, and others that connect
    pub const CONNECT: Rules<'static> = Rules::BASE;
    /// `socks4`, and others that connect to a given port
    pub const CONNECT_PORT: Rules<'static> = Rules { port_mandatory: true, ..Rules::BASE };
    /// `nameserver`
    pub const NAMESERVER: Rules<'static> = Rules {
        sockets: Sockets::DatagramOrStream,
        port_mandatory: true,
        protocol: Protocol::Known,
        ..Rules::BASE
    };
    /// `log`
    pub const LOG: Rules<'static> =
        Rules { sockets: Sockets::DatagramOrStream, fds: Fds::Any, protocol: Protocol::Known, ..Rules::BASE };
}

/// Where `log` writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LogTarget {
    /// `ring@name`
    Ring(Vec<u8>),
    /// `backend@name`
    Backend(Vec<u8>),
    /// An address; `stdout` and `stderr` are descriptors 1 and 2. The port may be missing: it is
    /// syslog's, 514.
    Address(Address),
}
