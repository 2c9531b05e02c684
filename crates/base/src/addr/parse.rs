//! Reading an address: prefixes, then what they announce. Checks come in HAProxy's order, so
//! that the first error is the same.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{AddrError, Address, Endpoint, Family, Fds, Host, LogTarget, Port, Rules, Sockets, Transport};

/// The longest path in a `sockaddr_un`, without its final zero.
const MAX_PATH: usize = 107;
/// What a reload adds to a path while it moves the socket: `.12345.bak`.
const PATH_SUFFIX: usize = 10;

/// Environment variables, for those in unquoted addresses.
type Variable<'a> = &'a dyn Fn(&[u8]) -> Option<Vec<u8>>;

/// Which endpoint a prefix announces.
#[derive(Clone, Copy)]
enum Kind {
    Ip(Option<Family>),
    Unix,
    Abstract { zero_terminated: bool },
    Fd,
    SocketPair,
    ReverseHttp,
}

/// One prefix: its text, what it announces, and the transport it forces.
struct Prefix {
    text: &'static [u8],
    kind: Kind,
    transport: Option<Transport>,
    mptcp: bool,
}

const fn prefix(text: &'static [u8], kind: Kind, transport: Option<Transport>) -> Prefix {
    Prefix { text, kind, transport, mptcp: false }
}

const fn mptcp(text: &'static [u8], kind: Kind) -> Prefix {
    Prefix { text, kind, transport: Some(Transport::Stream), mptcp: true }
}

const V4: Kind = Kind::Ip(Some(Family::V4));
const V6: Kind = Kind::Ip(Some(Family::V6));
const STREAM: Option<Transport> = Some(Transport::Stream);
const DATAGRAM: Option<Transport> = Some(Transport::Datagram);
const QUIC: Option<Transport> = Some(Transport::Quic);

/// Manual, 2.9.1 and 2.9.3.
const PREFIXES: &[Prefix] = &[
    prefix(b"unix@", Kind::Unix, None),
    prefix(b"uxdg@", Kind::Unix, DATAGRAM),
    prefix(b"uxst@", Kind::Unix, STREAM),
    prefix(b"abns@", Kind::Abstract { zero_terminated: false }, None),
    prefix(b"abnsz@", Kind::Abstract { zero_terminated: true }, None),
    prefix(b"ip@", Kind::Ip(None), None),
    prefix(b"ipv4@", V4, None),
    prefix(b"ipv6@", V6, None),
    prefix(b"tcp@", Kind::Ip(None), STREAM),
    prefix(b"tcp4@", V4, STREAM),
    prefix(b"tcp6@", V6, STREAM),
    prefix(b"udp@", Kind::Ip(None), DATAGRAM),
    prefix(b"udp4@", V4, DATAGRAM),
    prefix(b"udp6@", V6, DATAGRAM),
    prefix(b"quic4@", V4, QUIC),
    prefix(b"quic6@", V6, QUIC),
    mptcp(b"mptcp@", Kind::Ip(None)),
    mptcp(b"mptcp4@", V4),
    mptcp(b"mptcp6@", V6),
    prefix(b"fd@", Kind::Fd, None),
    prefix(b"sockpair@", Kind::SocketPair, None),
    // HAProxy looks no further than these three.
    prefix(b"rht", Kind::ReverseHttp, None),
];

/// Manual, 2.9.2.
const TRANSPORTS: &[(&[u8], Transport)] =
    &[(b"stream+", Transport::Stream), (b"dgram+", Transport::Datagram), (b"quic+", Transport::Quic)];

/// Reads an address.
///
/// # Errors
/// See [`AddrError`], whose texts are HAProxy's.
pub fn parse(text: &[u8], rules: &Rules<'_>, variable: Variable<'_>) -> Result<Address, AddrError> {
    let expanded = crate::env::expand(text, variable);
    let mut rest = expanded.as_deref().unwrap_or(text);
    let input = Input { text, rules };
    if rest.is_empty() {
        return Err(AddrError::Empty { text: input.text() });
    }
    let mut transport = match rules.sockets {
        Sockets::Stream | Sockets::StreamOrDatagram => Transport::Stream,
        Sockets::Datagram | Sockets::DatagramOrStream => Transport::Datagram,
    };
    if let Some((prefix, forced)) = TRANSPORTS.iter().find(|(prefix, _)| rest.starts_with(prefix)) {
        rest = &rest[prefix.len()..];
        transport = *forced;
    }
    let prefix = PREFIXES.iter().find(|prefix| rest.starts_with(prefix.text));
    let kind = match prefix {
        Some(prefix) if matches!(prefix.kind, Kind::ReverseHttp) && !rules.experimental => {
            return Err(AddrError::Experimental { text: lossy(rest) });
        }
        Some(prefix) => {
            rest = &rest[prefix.text.len()..];
            transport = prefix.transport.unwrap_or(transport);
            prefix.kind
        }
        None if rest.starts_with(b"/") => Kind::Unix,
        None => Kind::Ip(None),
    };
    let endpoint = input.endpoint(kind, rest)?;
    input.accept(transport)?;
    Ok(Address { endpoint, transport, mptcp: prefix.is_some_and(|prefix| prefix.mptcp) })
}

/// Reads the target of a `log` line: an address, `stdout`, `stderr`, `ring@…` or `backend@…`.
///
/// # Errors
/// As [`parse`].
pub fn parse_log_target(text: &[u8], variable: Variable<'_>) -> Result<LogTarget, AddrError> {
    if let Some(name) = text.strip_prefix(b"ring@") {
        return Ok(LogTarget::Ring(name.to_vec()));
    }
    if let Some(name) = text.strip_prefix(b"backend@") {
        return Ok(LogTarget::Backend(name.to_vec()));
    }
    let text = match text {
        b"stdout" => b"fd@1",
        b"stderr" => b"fd@2",
        other => other,
    };
    parse(text, &Rules::LOG, variable).map(LogTarget::Address)
}

/// What the steps share: the text for messages, and the rules.
struct Input<'a> {
    text: &'a [u8],
    rules: &'a Rules<'a>,
}

impl Input<'_> {
    fn text(&self) -> String {
        lossy(self.text)
    }

    fn endpoint(&self, kind: Kind, rest: &[u8]) -> Result<Endpoint, AddrError> {
        match kind {
            Kind::SocketPair => self.fd(rest).map(Endpoint::SocketPair),
            Kind::Fd => {
                let fd = self.fd(rest)?;
                if self.rules.fds == Fds::None {
                    return Err(AddrError::FdRefused { text: self.text() });
                }
                Ok(Endpoint::Fd(fd))
            }
            Kind::Unix => {
                let prefix = self.rules.unix_prefix;
                self.fits(rest, MAX_PATH.saturating_sub(prefix.len() + PATH_SUFFIX))?;
                Ok(Endpoint::Unix([prefix, rest].concat()))
            }
            Kind::Abstract { zero_terminated } => {
                self.fits(rest, MAX_PATH)?;
                Ok(Endpoint::Abstract { name: rest.to_vec(), zero_terminated })
            }
            Kind::ReverseHttp => {
                Ok(Endpoint::ReverseHttp(rest.strip_prefix(b"tp@").unwrap_or(rest).to_vec()))
            }
            Kind::Ip(family) => {
                let (host, port) = self.split_port(rest)?;
                let port = self.port(port)?;
                Ok(Endpoint::Ip { host: self.host(host, family)?, port })
            }
        }
    }

    fn fd(&self, fd: &[u8]) -> Result<i32, AddrError> {
        let number = crate::bytes::parse_u64(fd).and_then(|fd| i32::try_from(fd).ok());
        number.ok_or_else(|| AddrError::NotAnFd { fd: lossy(fd), text: self.text() })
    }

    fn fits(&self, path: &[u8], max: usize) -> Result<(), AddrError> {
        if path.len() > max {
            return Err(AddrError::PathTooLong { text: self.text(), max });
        }
        Ok(())
    }

    /// The host and what follows its last colon, unless a bracket follows that colon.
    fn split_port<'t>(&self, rest: &'t [u8]) -> Result<(&'t [u8], &'t [u8]), AddrError> {
        match rest.iter().rposition(|b| matches!(b, b':' | b']')) {
            Some(colon) if rest[colon] == b':' => {
                if !self.rules.port {
                    return Err(AddrError::PortRefused { text: self.text() });
                }
                Ok((&rest[..colon], &rest[colon + 1..]))
            }
            _ if self.rules.port_mandatory => Err(AddrError::PortMissing { text: self.text() }),
            _ => Ok((rest, b"")),
        }
    }

    fn port(&self, port: &[u8]) -> Result<Port, AddrError> {
        match port {
            [b'0'..=b'9', ..] => self.port_or_range(port),
            [b'-', digits @ ..] => Ok(Port::Offset(self.offset(digits)?.saturating_neg())),
            [b'+', digits @ ..] => self.offset(digits).map(Port::Offset),
            [] if self.rules.port_mandatory => Err(AddrError::PortMissing { text: self.text() }),
            [] => Ok(Port::None),
            [other, ..] => Err(self.bad_character(*other, port)),
        }
    }

    fn port_or_range(&self, port: &[u8]) -> Result<Port, AddrError> {
        let dash = port.iter().position(|b| *b == b'-');
        if dash.is_some() && !self.rules.port_range {
            return Err(AddrError::RangeRefused { text: self.text() });
        }
        let first = &port[..dash.unwrap_or(port.len())];
        let last = dash.map_or(first, |dash| &port[dash + 1..]);
        let (low, high) = (self.number(first)?, self.number(last)?);
        let valid = i64::from(self.rules.port_mandatory)..=65535;
        for (number, port) in [(low, first), (high, last)] {
            if !valid.contains(&number) {
                return Err(AddrError::PortInvalid { port: lossy(port) });
            }
        }
        match (u16::try_from(low), u16::try_from(high)) {
            (Ok(port), _) if dash.is_none() => Ok(Port::One(port)),
            (Ok(low), Ok(high)) if low <= high => Ok(Port::Range(low, high)),
            _ => Err(AddrError::RangeInvalid { low, high }),
        }
    }

    fn offset(&self, digits: &[u8]) -> Result<i32, AddrError> {
        if !self.rules.port_offset {
            return Err(AddrError::OffsetRefused { text: self.text() });
        }
        let offset = self.number(digits)?;
        Ok(i32::try_from(offset).unwrap_or(i32::MAX))
    }

    /// A number as C reads it: an empty one is 0, and a sign may stand in front.
    fn number(&self, text: &[u8]) -> Result<i64, AddrError> {
        let negative = text.first() == Some(&b'-');
        let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
        if let Some(other) = digits.iter().find(|b| !b.is_ascii_digit()) {
            return Err(self.bad_character(*other, text));
        }
        let value = match crate::bytes::parse_u64(digits) {
            Some(value) => i64::try_from(value).unwrap_or(i64::MAX),
            None if digits.is_empty() => 0,
            None => i64::MAX,
        };
        Ok(if negative { -value } else { value })
    }

    fn bad_character(&self, found: u8, port: &[u8]) -> AddrError {
        let found = if found.is_ascii() { char::from(found) } else { char::REPLACEMENT_CHARACTER };
        AddrError::PortCharacter { found, port: lossy(port), text: self.text() }
    }

    fn host(&self, host: &[u8], family: Option<Family>) -> Result<Host, AddrError> {
        if let Some(address) = literal(host, family) {
            return Ok(Host::Ip(address));
        }
        if !self.rules.names {
            return Err(AddrError::HostInvalid { host: lossy(host), text: self.text() });
        }
        Ok(Host::Name { name: host.to_vec(), family })
    }

    fn accept(&self, transport: Transport) -> Result<(), AddrError> {
        match (transport, self.rules.sockets) {
            (Transport::Stream | Transport::Quic, Sockets::Datagram) => {
                Err(AddrError::StreamRefused { text: self.text() })
            }
            (Transport::Datagram, Sockets::Stream) => Err(AddrError::DatagramRefused { text: self.text() }),
            _ => Ok(()),
        }
    }
}

/// An address that needs no resolver, of the family where one is asked for.
pub fn literal(host: &[u8], family: Option<Family>) -> Option<IpAddr> {
    let inner = match host {
        [b'[', inner @ .., b']'] if inner.len() >= 2 => inner,
        other => other,
    };
    if matches!(inner, b"" | b"*") {
        return Some(match family {
            Some(Family::V6) => Ipv6Addr::UNSPECIFIED.into(),
            _ => Ipv4Addr::UNSPECIFIED.into(),
        });
    }
    let address: IpAddr = std::str::from_utf8(inner).ok()?.parse().ok()?;
    let fits = match family {
        None => true,
        Some(Family::V4) => address.is_ipv4(),
        Some(Family::V6) => address.is_ipv6(),
    };
    fits.then_some(address)
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
