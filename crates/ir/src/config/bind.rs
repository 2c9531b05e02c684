//! `bind` lines.

use crate::Bytes;
use crate::expr::{Address, Place};

/// The connections that a `bind rhttp@<backend>/<server>` line makes, to serve what comes over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReverseBind {
    pub backend: Bytes,
    pub server: Bytes,
    /// `nbconn`
    pub connections: u32,
}

/// One address of a `bind` line; a line with a comma list or a port range gives several.
#[derive(Clone, Debug)]
pub struct Bind {
    pub address: Address,
    /// `rhttp@`: nothing is listened to, connections are made.
    pub reverse: Option<ReverseBind>,
    /// `name`
    pub name: Option<Bytes>,
    pub id: Option<u32>,
    /// `maxconn`; 0: only the frontend's.
    pub maxconn: u32,
    pub backlog: Option<u32>,
    /// `idle-ping`: how often an idle HTTP/2 client is asked whether it is still there, in milliseconds.
    pub idle_ping: Option<u64>,
    pub accept_proxy: bool,
    /// `accept-netscaler-cip`: the number that the header begins with.
    pub netscaler_magic: Option<u32>,
    /// `defer-accept`
    pub defer_accept: bool,
    pub tcp_fast_open: bool,
    pub transparent: bool,
    pub interface: Option<Bytes>,
    pub mss: Option<i32>,
    /// `tcp-ss`: 1 keeps clients' SYN packets from the IP header on, 2 from the link layer's; 0: no.
    pub save_syn: u8,
    /// Milliseconds.
    pub tcp_ut: Option<u32>,
    /// `cc`: the congestion control.
    pub congestion: Option<Bytes>,
    /// `tcp-md5sig`
    pub md5_secret: Option<Bytes>,
    /// `namespace`: where the socket is opened.
    pub namespace: Option<Bytes>,
    /// `thread`: numbers from 1; empty: all.
    pub threads: Vec<u16>,
    /// `shards`
    pub shards: Shards,
    pub v4v6: bool,
    pub v6only: bool,
    /// `proto h1` or `proto h2`: no negotiation.
    pub proto: Option<Bytes>,
    /// `mode`, `uid`, `gid` of a UNIX socket.
    pub unix_mode: Option<u32>,
    pub unix_uid: Option<u32>,
    pub unix_gid: Option<u32>,
    /// Present with `ssl`.
    pub tls: Option<TlsBind>,
    pub place: Place,
}

/// `shards`: how many sockets listen on an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shards {
    /// One a thread, or one a thread group and so one.
    #[default]
    ByThread,
    ByGroup,
    Count(u16),
}

/// The TLS side of a `bind` line. Also the form of `ssl-default-bind-*`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlsBind {
    /// A curve that stands in where there are no `curves`.
    pub ecdhe: Option<Bytes>,
    /// In order: the first certificate is the default one.
    pub certs: Vec<CertEntry>,
    /// ALPN protocol names in order of preference; `None`: the default, `h2,http/1.1`.
    pub alpn: Option<Vec<Bytes>>,
    pub ca_file: Option<Bytes>,
    /// Authorities whose names are not sent to clients.
    pub ca_verify_file: Option<Bytes>,
    pub crl_file: Option<Bytes>,
    /// `verify`: `none`, `optional`, `required`.
    pub verify: Verify,
    pub ciphers: Option<Bytes>,
    pub ciphersuites: Option<Bytes>,
    pub curves: Option<Bytes>,
    pub sigalgs: Option<Bytes>,
    /// Signature algorithms of clients' certificates.
    pub client_sigalgs: Option<Bytes>,
    /// Clients are not told the authorities of `ca_file` either.
    pub no_ca_names: bool,
    pub versions: TlsVersions,
    pub strict_sni: bool,
    pub no_tls_tickets: bool,
    /// What stands in the file of `tls-ticket-keys`.
    pub ticket_keys: Option<Bytes>,
    pub prefer_client_ciphers: bool,
    pub allow_0rtt: bool,
    /// `generate-certificates`: the authority that signs them.
    pub signer: Option<CertSource>,
    /// `ca-ignore-err`, `crt-ignore-err`: `all` or numbers
    pub ca_ignore_err: Vec<Bytes>,
    pub crt_ignore_err: Vec<Bytes>,
    /// A file with Diffie-Hellman parameters (`ssl-dh-param-file`).
    pub dh_param_file: Option<Bytes>,
}

/// `verify` on a bind or server line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    #[default]
    None,
    Optional,
    Required,
}

/// A certificate with what its crt-list line says.
#[derive(Clone, Debug, PartialEq)]
pub struct CertEntry {
    pub source: CertSource,
    /// Empty: the names in the certificate (CN and subjectAltName).
    pub sni: Vec<SniFilter>,
    /// What a crt-list line sets in brackets.
    pub alpn: Option<Vec<Bytes>>,
    pub versions: Option<TlsVersions>,
    pub ciphers: Option<Bytes>,
    pub ciphersuites: Option<Bytes>,
    pub ca_file: Option<Bytes>,
    pub ca_verify_file: Option<Bytes>,
    pub verify: Option<Verify>,
    pub curves: Option<Bytes>,
    /// The curve, where there are no `curves`.
    pub ecdhe: Option<Bytes>,
    pub sigalgs: Option<Bytes>,
    pub client_sigalgs: Option<Bytes>,
    pub no_ca_names: bool,
    pub crl_file: Option<Bytes>,
}

impl CertEntry {
    /// Whether some name leads to it: filters may all be empty, or exclude with a wildcard, which says nothing.
    pub fn answers(&self) -> bool {
        let says = |filter: &SniFilter| {
            let excludes = filter.negated && filter.name.starts_with(b"*");
            !excludes && !filter.name.is_empty()
        };
        self.sni.is_empty() || self.sni.iter().any(says)
    }
}

/// Where a certificate comes from: whole PEM content, loaded while the configuration is checked.
#[derive(Clone, Debug, PartialEq)]
pub struct CertSource {
    /// The path as it is shown in messages and on the CLI.
    pub path: Bytes,
    /// Certificate, chain and key, joined.
    pub pem: Bytes,
}

/// `example.com`, `*.example.com`, `!www.example.com` of a crt-list line.
#[derive(Clone, Debug, PartialEq)]
pub struct SniFilter {
    /// In lower case.
    pub name: Bytes,
    pub negated: bool,
}

/// A TLS version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    Sslv3,
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

impl TlsVersion {
    /// From the lowest to the highest.
    pub const ALL: [Self; 5] = [Self::Sslv3, Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];

    /// Its bit in [`TlsVersions::off`].
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// As `ssl-min-ver` names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sslv3 => "SSLv3",
            Self::Tls10 => "TLSv1.0",
            Self::Tls11 => "TLSv1.1",
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }
}

/// `ssl-min-ver`, `ssl-max-ver`, `force-*`, `no-*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TlsVersions {
    pub min: Option<TlsVersion>,
    pub max: Option<TlsVersion>,
    /// What `no-*` left out, as [`TlsVersion::bit`]s. The checker makes bounds of it: in a checked
    /// configuration it is empty.
    pub off: u8,
}
