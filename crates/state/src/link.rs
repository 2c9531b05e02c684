//! What samples show of a connection below its protocol: the socket's number, for those who ask
//! the operating system about it, and why a connection failed. Left out: asking.

use std::os::fd::RawFd;
use std::sync::Arc;

use crate::tls::TlsFacts;

/// The kernel's numbers about a TCP connection (`TCP_INFO`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpInfo {
    /// Microseconds.
    pub rtt: u32,
    /// Microseconds.
    pub rtt_variance: u32,
    pub unacked: u32,
    pub sacked: u32,
    pub lost: u32,
    pub retransmits: u32,
    pub fackets: u32,
    pub reordering: u32,
}

/// A stream's connection to its server, or the last attempt to make one.
#[derive(Clone, Debug, Default)]
pub struct ServerLink {
    /// Streams that the connection served before this one.
    pub served: u32,
    /// Small faults of its protocol.
    pub glitches: u32,
    pub error: ConnError,
    /// The socket, for as long as the stream holds the connection.
    pub socket: Option<RawFd>,
    /// The kernel's last numbers, where a log line wants them.
    pub last_info: Option<TcpInfo>,
    /// What its TLS handshake gave, also one that failed.
    pub tls: Option<Arc<TlsFacts>>,
    /// `None`: it speaks HTTP/1.
    pub http2: Option<Http2Link>,
}

/// A stream's share of an HTTP/2 connection to its server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Http2Link {
    /// Streams that ran on it when this one began, itself included.
    pub streams: u32,
    /// How many may run.
    pub limit: u32,
    /// The code of the server's RST_STREAM.
    pub reset_code: Option<u32>,
}

/// Why a connection failed: the numbers of `fc_err` and `bc_err`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum ConnError {
    #[default]
    None = 0,
    ProcessFiles = 2,
    SystemFiles = 3,
    SystemMemory = 4,
    Socket = 6,
    PortRange = 7,
    CannotBind = 8,
    NoFreePorts = 9,
    AddressInUse = 10,
    ProxyEmpty = 11,
    ProxyAbort = 12,
    ProxyTimeout = 13,
    ProxyTruncated = 14,
    ProxyNotHeader = 15,
    ProxyBadHeader = 16,
    ProxyBadProtocol = 17,
    NetscalerEmpty = 18,
    NetscalerAbort = 19,
    NetscalerTimeout = 20,
    NetscalerTruncated = 21,
    NetscalerMagic = 22,
    NetscalerProtocol = 23,
    TlsEmpty = 24,
    TlsAbort = 25,
    TlsTimeout = 26,
    TlsTooMany = 27,
    TlsAuthority = 30,
    TlsCertificate = 31,
    TlsMismatch = 32,
    TlsMismatchName = 33,
    TlsHandshake = 34,
    SocksSend = 39,
    SocksReceive = 40,
    SocksDeny = 41,
    SocksAbort = 42,
    Refused = 47,
    Reset = 48,
    Unreachable = 49,
    NoMemory = 50,
    Invalid = 53,
    NotConnected = 54,
    NoBuffers = 56,
    BrokenPipe = 57,
}

impl ConnError {
    /// The number, as samples show it.
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// One word, empty for no error.
    pub const fn name(self) -> &'static str {
        self.texts().0
    }

    /// A sentence, as error logs show it.
    pub const fn message(self) -> &'static str {
        self.texts().1
    }

    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::None => ("", "Success"),
            Self::ProcessFiles => ("PROC_FDLIM", "Too many sockets on the process"),
            Self::SystemFiles => ("SYS_FDLIM", "Too many sockets on the system"),
            Self::SystemMemory => ("SYS_MEMLIM", "Out of system buffers"),
            Self::Socket => ("SOCK_ERR", "General socket error"),
            Self::PortRange => ("PORT_RANGE", "Source port range exhausted"),
            Self::CannotBind => ("CANT_BIND", "Can't bind to source address"),
            Self::NoFreePorts => ("FREE_PORTS", "Out of local source ports on the system"),
            Self::AddressInUse => ("ADDR_INUSE", "Local source address already in use"),
            Self::ProxyEmpty => ("PRX_EMPTY", "Connection closed while waiting for PROXY protocol header"),
            Self::ProxyAbort => ("PRX_ABORT", "Connection error while waiting for PROXY protocol header"),
            Self::ProxyTimeout => ("PRX_TIMEOUT", "Timeout while waiting for PROXY protocol header"),
            Self::ProxyTruncated => ("PRX_TRUNCATED", "Truncated PROXY protocol header received"),
            Self::ProxyNotHeader => {
                ("PRX_NOT_HDR", "Received something which does not look like a PROXY protocol header")
            }
            Self::ProxyBadHeader => ("PRX_BAD_HDR", "Received an invalid PROXY protocol header"),
            Self::ProxyBadProtocol => {
                ("PRX_BAD_PROTO", "Received an unhandled protocol in the PROXY protocol header")
            }
            Self::NetscalerEmpty => {
                ("CIP_EMPTY", "Connection closed while waiting for NetScaler Client IP header")
            }
            Self::NetscalerAbort => {
                ("CIP_ABORT", "Connection error while waiting for NetScaler Client IP header")
            }
            Self::NetscalerTimeout => {
                ("CIP_TIMEOUT", "Timeout while waiting for a NetScaler Client IP header")
            }
            Self::NetscalerTruncated => ("CIP_TRUNCATED", "Truncated NetScaler Client IP header received"),
            Self::NetscalerMagic => ("CIP_BAD_MAGIC", "Received an invalid NetScaler Client IP magic number"),
            Self::NetscalerProtocol => {
                ("CIP_BAD_PROTO", "Received an unhandled protocol in the NetScaler Client IP header")
            }
            Self::TlsEmpty => ("SSL_EMPTY", "Connection closed during SSL handshake"),
            Self::TlsAbort => ("SSL_ABORT", "Connection error during SSL handshake"),
            Self::TlsTimeout => ("SSL_TIMEOUT", "Timeout during SSL handshake"),
            Self::TlsTooMany => ("SSL_TOO_MANY", "Too many SSL connections"),
            Self::TlsAuthority => ("SSL_CA_FAIL", "SSL client CA chain cannot be verified"),
            Self::TlsCertificate => ("SSL_CRT_FAIL", "SSL client certificate not trusted"),
            Self::TlsMismatch => {
                ("SSL_MISMATCH", "Server presented an SSL certificate different from the configured one")
            }
            Self::TlsMismatchName => {
                ("SSL_MISMATCH_SNI", "Server presented an SSL certificate different from the expected one")
            }
            Self::TlsHandshake => ("SSL_HANDSHAKE", "SSL handshake failure"),
            Self::SocksSend => ("SOCKS4_SEND", "SOCKS4 Proxy write error during handshake"),
            Self::SocksReceive => ("SOCKS4_RECV", "SOCKS4 Proxy read error during handshake"),
            Self::SocksDeny => ("SOCKS4_DENY", "SOCKS4 Proxy deny the request"),
            Self::SocksAbort => ("SOCKS4_ABORT", "SOCKS4 Proxy handshake aborted by server"),
            Self::Refused => ("EREFUSED", "ECONNREFUSED returned by OS"),
            Self::Reset => ("ERESET", "ECONNRESET returned by OS"),
            Self::Unreachable => ("EUNREACH", "ENETUNREACH returned by OS"),
            Self::NoMemory => ("ENOMEM", "ENOMEM returned by OS"),
            Self::Invalid => ("EINVAL", "EINVAL returned by OS"),
            Self::NotConnected => ("ENCONN", "ENCONN returned by OS"),
            Self::NoBuffers => ("ENOBUFS", "ENOBUFS returned by OS"),
            Self::BrokenPipe => ("EPIPE", "EPIPE returned by OS"),
        }
    }
}
