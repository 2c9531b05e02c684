//! How connections to a server are made, below the PROXY header and TLS.

use std::net::SocketAddr;

use crate::Bytes;

/// The words of a `server` line about its sockets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    pub source: Option<Box<Source>>,
    /// `cc`: the congestion control.
    pub congestion: Option<Bytes>,
    /// `tcp-ut`, in milliseconds; 0: the system's.
    pub user_timeout: u32,
    /// `idle-ping`, in milliseconds.
    pub idle_ping: Option<u64>,
    /// `tfo`
    pub fast_open: bool,
    /// `tcp-md5sig`
    pub md5_secret: Option<Bytes>,
    pub namespace: Option<Namespace>,
    /// `socks4`: the proxy to go through.
    pub socks4: Option<SocketAddr>,
}

/// `source`: where connections come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// With port 0 the kernel chooses one.
    pub address: SocketAddr,
    /// The last port of a range whose first is the address's.
    pub last_port: Option<u16>,
    /// The interface that packets leave by.
    pub device: Option<Bytes>,
    /// The foreign address that servers see instead.
    pub foreign: Option<Foreign>,
}

/// `usesrc`
#[derive(Clone, Debug, PartialEq)]
pub enum Foreign {
    Address(SocketAddr),
    /// The client's address and port.
    Client,
    /// The client's address.
    ClientIp,
    /// `hdr_ip(name,occurrence)`: the name is in lower case; negative numbers count from the end.
    Header(Bytes, i32),
}

/// `namespace` of a server.
#[derive(Clone, Debug, PartialEq)]
pub enum Namespace {
    Named(Bytes),
    /// `*`: that of the client's connection.
    Client,
}

/// How the system asks a silent peer whether it is there (`clitcpka-*`, `srvtcpka-*`); 0 is the system's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    /// Probes without an answer that end the connection.
    pub count: i32,
    /// Seconds of silence before the first.
    pub idle: i32,
    /// Seconds between two.
    pub interval: i32,
}
