//! What is wrong with an address, in HAProxy's words.

use std::fmt;

/// Texts are kept as the user gave them, before variables are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddrError {
    Empty {
        text: String,
    },
    NotAnFd {
        fd: String,
        text: String,
    },
    FdRefused {
        text: String,
    },
    PathTooLong {
        text: String,
        max: usize,
    },
    Experimental {
        text: String,
    },
    PortRefused {
        text: String,
    },
    PortMissing {
        text: String,
    },
    RangeRefused {
        text: String,
    },
    OffsetRefused {
        text: String,
    },
    PortCharacter {
        found: char,
        port: String,
        text: String,
    },
    PortInvalid {
        port: String,
    },
    RangeInvalid {
        low: i64,
        high: i64,
    },
    /// Also what to say about a name that does not resolve.
    HostInvalid {
        host: String,
        text: String,
    },
    StreamRefused {
        text: String,
    },
    DatagramRefused {
        text: String,
    },
    /// No protocol of this build talks to such an address.
    Unsupported {
        transport: super::Transport,
        family: u16,
        text: String,
    },
    /// Nothing can connect to such an address.
    NoConnect {
        family: u16,
        text: String,
    },
}

impl AddrError {
    /// Stable name for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            AddrError::Empty { .. } => "address-empty",
            AddrError::NotAnFd { .. } | AddrError::FdRefused { .. } => "address-fd",
            AddrError::PathTooLong { .. } => "address-path-too-long",
            AddrError::Experimental { .. } => "address-experimental",
            AddrError::PortMissing { .. } => "address-port-missing",
            AddrError::PortRefused { .. }
            | AddrError::RangeRefused { .. }
            | AddrError::OffsetRefused { .. } => "address-port-refused",
            AddrError::PortCharacter { .. }
            | AddrError::PortInvalid { .. }
            | AddrError::RangeInvalid { .. } => "address-port-invalid",
            AddrError::HostInvalid { .. } => "address-host-invalid",
            AddrError::StreamRefused { .. } | AddrError::DatagramRefused { .. } => "address-socket-type",
            AddrError::Unsupported { .. } | AddrError::NoConnect { .. } => "address-protocol",
        }
    }
}

impl fmt::Display for AddrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddrError::Empty { text } => {
                write!(f, "'{text}' resolves to an empty address (environment variable missing?)")
            }
            AddrError::NotAnFd { fd, text } => {
                write!(f, "file descriptor '{fd}' is not a valid integer in '{text}'")
            }
            AddrError::FdRefused { text } => {
                write!(f, "a file descriptor is not acceptable here in '{text}'")
            }
            AddrError::PathTooLong { text, max } => {
                write!(f, "socket path '{text}' too long (max {max})")
            }
            AddrError::Experimental { text } => write!(
                f,
                "Address '{text}' is experimental, must be allowed via a global \
                 'expose-experimental-directives'"
            ),
            AddrError::PortRefused { text } => {
                write!(f, "port specification not permitted here in '{text}'")
            }
            AddrError::PortMissing { text } => {
                write!(f, "missing port specification in '{text}'")
            }
            AddrError::RangeRefused { text } => {
                write!(f, "port range not permitted here in '{text}'")
            }
            AddrError::OffsetRefused { text } => {
                write!(f, "port offset not permitted here in '{text}'")
            }
            AddrError::PortCharacter { found, port, text } => {
                write!(f, "invalid character '{found}' in port number '{port}' in '{text}'")
            }
            AddrError::PortInvalid { port } => write!(f, "invalid port '{port}'"),
            AddrError::RangeInvalid { low, high } => {
                write!(f, "invalid port range '{low}-{high}'")
            }
            AddrError::HostInvalid { host, text } => {
                write!(f, "invalid address: '{host}' in '{text}'")
            }
            AddrError::StreamRefused { text } => {
                write!(f, "stream-type address not acceptable in '{text}'")
            }
            AddrError::DatagramRefused { text } => {
                write!(f, "dgram-type address not acceptable in '{text}'")
            }
            AddrError::Unsupported { transport, family, text } => {
                let is_quic = *transport == super::Transport::Quic;
                let (kind, hint) = match is_quic {
                    true => ("stream", "; QUIC is not compiled in if this is what you were looking for."),
                    false => ("datagram", ""),
                };
                write!(f, "unsupported {kind} protocol for datagram family {family} address '{text}'{hint}")
            }
            AddrError::NoConnect { family, text } => write!(
                f,
                "connect() not supported for this protocol family {family} used by address '{text}'"
            ),
        }
    }
}

impl std::error::Error for AddrError {}
