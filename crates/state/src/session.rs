//! The data of a client connection, which its streams share.

use std::cell::{Cell, RefCell};
use std::os::fd::RawFd;
use std::sync::Arc;

use ir::id::{BindId, ProxyId};

use crate::ends::{Endpoint, Ends};
use crate::link::ConnError;
use crate::plan::Plan;
use crate::tls::TlsFacts;
use crate::track::Counters;
use crate::vars::Vars;

/// What reads a client connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mux {
    /// Nothing yet: it has just been accepted.
    #[default]
    None,
    Tcp,
    Http1,
    Http2,
}

/// A client connection.
#[derive(Debug)]
pub struct Session {
    pub plan: &'static Plan,
    /// Index of the worker thread: the slot of per-thread counters.
    pub thread: usize,
    pub frontend: ProxyId,
    pub bind: BindId,
    /// The connection's own addresses, and those that hide them.
    pub connection: RefCell<Ends>,
    pub ends: RefCell<Option<Ends>>,
    /// The TLVs of the PROXY protocol header in front of the connection's bytes, if there was one: see
    /// `proto::proxy_protocol::Tlvs`.
    pub proxy_tlvs: Option<Box<[u8]>>,
    /// One is expected: a line or a rule said so.
    pub expects_proxy: Cell<bool>,
    /// A NetScaler header is expected in front of it.
    pub expects_netscaler: Cell<bool>,
    /// A rule had the connection forgotten: it ends without a word.
    pub is_dropped: Cell<bool>,
    /// Wall clock of the accept, in microseconds since the epoch.
    pub accept_date: u64,
    /// Monotonic milliseconds of the accept.
    pub accepted: u64,
    /// What its TLS handshake gave.
    pub tls: Option<Arc<TlsFacts>>,
    /// The connection's socket, for those who ask the system about it; none in tests.
    pub socket: Option<RawFd>,
    /// Why the connection failed.
    pub error: Cell<ConnError>,
    pub mux: Cell<Mux>,
    /// Small faults of the client's protocol.
    pub glitches: Cell<u32>,
    /// Streams that are open on the connection.
    pub streams: Cell<u32>,
    /// Requests begun on this connection.
    pub requests: Cell<u32>,
    /// Where the idle connections begin that only this client may use: a slot of the thread's pool.
    pub private_conns: Cell<Option<usize>>,
    /// A server authenticates the client's connection to it: it is to be kept.
    pub keeps_server: Cell<bool>,
    /// What `tcp-request connection` and `session` rules track.
    pub counters: RefCell<Counters>,
    /// Variables of scope `sess`.
    pub vars: RefCell<Vars>,
    /// Bytes of the variables of the session and its streams, where they are limited.
    pub var_memory: Cell<i64>,
}

impl Session {
    /// A session of the first proxy that nothing is known of yet, of no connection.
    pub fn new(plan: &'static Plan) -> Self {
        let none = || Endpoint::Unix(Box::default());
        Self {
            plan,
            thread: 0,
            frontend: ProxyId(0),
            bind: BindId(0),
            connection: RefCell::new(Ends { src: none(), dst: none() }),
            ends: RefCell::default(),
            proxy_tlvs: None,
            expects_proxy: Cell::default(),
            expects_netscaler: Cell::default(),
            is_dropped: Cell::default(),
            accept_date: 0,
            accepted: 0,
            tls: None,
            socket: None,
            error: Cell::default(),
            mux: Cell::default(),
            glitches: Cell::default(),
            streams: Cell::default(),
            requests: Cell::default(),
            private_conns: Cell::default(),
            keeps_server: Cell::default(),
            counters: RefCell::default(),
            vars: RefCell::default(),
            var_memory: Cell::default(),
        }
    }
}
