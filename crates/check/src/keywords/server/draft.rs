//! A server while its line is read, and what the checks after the last line want to know of it.

use base::addr::Transport;
use diag::{Diagnostic, Place, Severity, Span};
use ir::Bytes;
use ir::config::{Server, TlsServer};
use ir::expr::Address;
use syntax::Word;

use crate::context::Context;

/// A server while its words are read.
#[derive(Clone)]
pub struct ServerDraft {
    pub server: Server,
    pub more: ServerMore,
    pub told: Told,
}

/// What a line says and no running server needs, or not yet.
#[derive(Clone, Debug)]
pub struct ServerMore {
    pub tls: TlsServer,
    /// `ssl`, `no-ssl`
    pub ssl: Option<bool>,
    /// The `default-server` has `ssl`.
    pub default_ssl: bool,
    /// `crt`, loaded when all lines were read.
    pub crt: Option<Word>,
    /// Expressions, read when the line is complete.
    pub sni: Option<Word>,
    /// `no-sni-auto`
    pub no_sni_auto: bool,
    pub pool_conn_name: Option<Word>,
    /// What the PROXY protocol carries, read then too: whether it is a part of what is said about
    /// TLS, the type, and the format.
    pub tlvs: Vec<(bool, u8, Word)>,
    pub family: Family,
    pub transport: Transport,
    /// The port of the address.
    pub port: u16,
    /// The address has no port of its own.
    pub maps_ports: bool,
    pub track: Option<Bytes>,
    /// What that is, once it is known: a proxy and its server.
    pub tracked: Option<(usize, usize)>,
    /// `agent-check`
    pub agent: bool,
    pub agent_port: i32,
    /// `agent-port` was given: `port` does not change it any more.
    pub own_agent_port: bool,
    pub check_port: i32,
    pub check_address: Option<Address>,
    /// `check-ssl`, `no-check-ssl`
    pub check_ssl: Option<bool>,
    pub check_proto: Option<Bytes>,
    pub healthcheck: Option<Bytes>,
    /// The prefix of the template of which this is the first server.
    pub template: Option<Bytes>,
    /// `init-state` other than `none`.
    pub init_state: bool,
    pub init_addr: InitAddr,
    pub resolvers: Option<Bytes>,
    /// Any word about the PROXY protocol is on.
    pub proxy_protocol: bool,
    /// The header of `usesrc hdr_ip(…)`.
    pub source_header: Option<Bytes>,
}

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Ip,
    /// A name that is resolved later.
    Name,
    Local,
    Reverse,
}

/// What happens at start to a server whose name does not resolve (manual, `init-addr`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InitAddr {
    /// In order; empty for HAProxy's own.
    pub methods: Vec<Method>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Last,
    Libc,
    None,
    Ip(std::net::IpAddr),
}

impl ServerMore {
    pub fn new(tls: TlsServer) -> Self {
        Self {
            tls,
            template: None,
            ssl: None,
            default_ssl: false,
            crt: None,
            sni: None,
            no_sni_auto: false,
            pool_conn_name: None,
            tlvs: Vec::new(),
            family: Family::Ip,
            transport: Transport::Stream,
            port: 0,
            maps_ports: false,
            track: None,
            tracked: None,
            agent: false,
            agent_port: 0,
            own_agent_port: false,
            check_port: 0,
            check_address: None,
            check_ssl: None,
            check_proto: None,
            healthcheck: None,
            init_state: false,
            init_addr: InitAddr::default(),
            resolvers: None,
            proxy_protocol: false,
            source_header: None,
        }
    }
}

impl ServerDraft {
    /// The name as messages have it: templates and defaults have none yet.
    pub fn shown(&self) -> String {
        match self.server.name.as_slice() {
            b"" => "(null)".to_owned(),
            name => String::from_utf8_lossy(name).into_owned(),
        }
    }

    /// `of server s`
    pub fn of(&self) -> String {
        format!("of server {}", self.shown())
    }
}

/// How the messages of a line begin. HAProxy says the place and the server once a line, and
/// forgets them with the first message.
#[derive(Clone)]
pub struct Told {
    pub at: Span,
    /// `'server be/s' : `
    pub who: String,
    done: bool,
}

impl Told {
    pub fn new(at: Span) -> Self {
        Self { at, who: String::new(), done: false }
    }

    /// Messages without place and server.
    pub fn nameless(at: Span) -> Self {
        Self { done: true, ..Self::new(at) }
    }

    pub fn push(&mut self, c: &mut Context<'_>, told: Diagnostic) {
        if told.severity == Severity::Diag {
            return c.push(told);
        }
        let (place, who) = match self.done {
            true => (Place::Nowhere, ""),
            false => (Place::Line, self.who.as_str()),
        };
        let message = format!("{who}{}", told.message);
        c.push(Diagnostic { message, ..told }.at(place));
        self.done = true;
    }

    pub fn alert(&mut self, c: &mut Context<'_>, code: &'static str, text: impl Into<String>) {
        self.push(c, Diagnostic::error(code, self.at, text));
    }

    /// An alert that HAProxy forgets: the configuration stays usable.
    pub fn alert_only(&mut self, c: &mut Context<'_>, code: &'static str, text: impl Into<String>) {
        self.push(c, Diagnostic::error(code, self.at, text).with_effect(diag::Effect::None));
    }

    pub fn warn(&mut self, c: &mut Context<'_>, code: &'static str, text: impl Into<String>) {
        self.push(c, Diagnostic::warning(code, self.at, text));
    }
}
