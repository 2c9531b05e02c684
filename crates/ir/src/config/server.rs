//! `server` lines.

use super::bind::{TlsVersions, Verify};
use super::link::Link;
use crate::Bytes;
use crate::expr::{Address, Expr, LogFormat, Place};

#[derive(Clone, Debug, Default)]
pub struct Server {
    pub name: Bytes,
    pub id: u32,
    /// As it is written, for messages.
    pub address_text: Bytes,
    /// Resolved while the configuration is checked. Port 0: the client's destination port.
    pub address: Option<Address>,
    /// `rhttp@`: it connects to us, see `attach-srv`.
    pub reverse: bool,
    /// With no address the server starts disabled (`init-addr none`, `resolvers`).
    pub may_miss_address: bool,
    /// `+n`/`-n`: the port is the destination port plus this.
    pub port_offset: Option<i32>,
    /// 0 to 256.
    pub weight: u32,
    pub hash_key: HashKey,
    pub guid: Option<Bytes>,
    pub backup: bool,
    pub disabled: bool,
    /// `strict-maxconn`: idle connections count for `maxconn`, too.
    pub strict_maxconn: bool,
    /// `init-state down` or `fully-down`: until a check finds it up, no client gets there.
    pub starts_down: bool,
    /// 0: no limit.
    pub maxconn: u32,
    pub minconn: u32,
    /// 0: no limit.
    pub maxqueue: u32,
    pub cookie: Option<Bytes>,
    /// Tables do not store it.
    pub non_stick: bool,
    pub send_proxy: SendProxy,
    pub check: bool,
    /// `proto`; else ALPN decides, or it is HTTP/1.
    pub proto: Option<Bytes>,
    /// `ws`
    pub websocket: WebSocket,
    /// `max-reuse`: streams of a connection behind its first; -1: no limit.
    pub max_reuse: i32,
    pub link: Link,
    /// `pool-max-conn`: -1: no limit.
    pub pool_max_conn: i32,
    /// `pool-low-conn`
    pub pool_low_conn: u32,
    /// `pool-conn-name`: connections of different names are not exchanged. Without one it is the
    /// name that TLS asks for.
    pub pool_conn_name: Option<Box<Expr>>,
    /// Milliseconds.
    pub pool_purge_delay: u64,
    /// `redir`
    pub redir: Option<Bytes>,
    pub tls: Option<Box<TlsServer>>,
    pub log: LogServer,
    pub place: Place,
}

/// What matters of a server that takes logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogServer {
    /// It takes datagrams (`udp@`).
    pub datagram: bool,
    /// `log-proto octet-count`: each message has its length in front of it.
    pub octet_count: bool,
    /// `log-bufsize`, in bytes.
    pub buffer: Option<u64>,
}

/// How WebSockets go to a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebSocket {
    /// As other requests; where TLS negotiates the version, in HTTP/1 if that is offered.
    #[default]
    Auto,
    H1,
    H2,
}

/// The PROXY protocol header that a server gets (`send-proxy` and its kin). Any part of it that is
/// on asks for a header; without `v2` it is of version 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SendProxy {
    pub v1: bool,
    pub v2: bool,
    pub crc32c: bool,
    pub authority: bool,
    pub unique_id: bool,
    pub ssl: bool,
    /// What stands in the TLV about TLS: types and values.
    pub ssl_parts: Vec<(u8, LogFormat)>,
    /// `set-proxy-v2-tlv-fmt`: types and values.
    pub tlvs: Vec<(u8, LogFormat)>,
}

impl SendProxy {
    pub fn is_on(&self) -> bool {
        self.v1 || self.v2 || self.crc32c || self.authority || self.unique_id || self.ssl
    }
}

/// What a consistent hash sees of a server (`hash-key`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashKey {
    #[default]
    Id,
    Id32,
    Address,
    AddressPort,
    Guid,
}

/// The TLS side of a `server` line. Also the form of `ssl-default-server-*`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlsServer {
    pub ca_file: Option<Bytes>,
    pub crl_file: Option<Bytes>,
    /// Certificate and key towards the server.
    pub crt: Option<super::bind::CertSource>,
    pub verify: Option<Verify>,
    pub verifyhost: Option<Bytes>,
    pub sni: Option<Expr>,
    pub alpn: Option<Vec<Bytes>>,
    pub ciphers: Option<Bytes>,
    pub ciphersuites: Option<Bytes>,
    pub curves: Option<Bytes>,
    pub sigalgs: Option<Bytes>,
    /// Signature algorithms of our own certificate.
    pub client_sigalgs: Option<Bytes>,
    pub no_tls_tickets: bool,
    /// `no-renegotiate`
    pub no_renegotiation: bool,
    pub versions: TlsVersions,
    pub no_ssl_reuse: bool,
}
