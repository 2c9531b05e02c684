//! The data of one request and its response (or of one TCP connection in `mode tcp`): what
//! fetches read and actions change. The runtime that moves the bytes is in `proxy`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bumpalo::Bump;
use ir::config::{LogOrigin, Mode};
use ir::expr::Place;
use ir::id::{ProxyId, ServerId};
use ir::spec::RuleSet;
use proto::message::Head;

use crate::captures::Captures;
use crate::ends::Ends;
use crate::limits::Overrides;
use crate::link::ServerLink;
use crate::persist::{Persist, Stores};
use crate::plan::{Plan, ProxyPlan};
use crate::session::Session;
use crate::termination::{Cause, Termination};
use crate::timing::Timing;
use crate::track::Counters;
use crate::vars::Vars;

/// Body bytes that a rule asked to buffer, or all bytes seen so far in `mode tcp`.
#[derive(Debug, Default)]
pub struct Payload {
    pub bytes: Vec<u8>,
    /// No more will come.
    pub complete: bool,
    /// The trailers behind it.
    pub trailers: Option<Box<Head>>,
}

impl Payload {
    /// Keeps the trailers at the body's end, for those who send it.
    pub fn end(&mut self, trailers: Option<&Head>) {
        self.trailers = trailers.cloned().map(Box::new);
    }
}

/// The numbers of a log line that are counted while a stream runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Bytes from the client (`%U`).
    pub bytes_in: u64,
    /// Bytes from the server or the service (`%B`).
    pub bytes_out: u64,
    /// What the request's head counts for in `bytes_in`.
    pub request_head: u64,
    /// What the response's head counts for in `bytes_out`.
    pub response_head: u64,
    /// Connection attempts that failed (`%rc`).
    pub retries: u32,
    /// The last retry went to another server: `%rc` shows `+`.
    pub redispatched: bool,
    /// Streams that were before this one in the server's queue (`%sq`).
    pub server_queue: u32,
    /// Streams that were before this one in the backend's queue (`%bq`).
    pub backend_queue: u32,
    /// `%ac`, `%fc`, `%bc`, `%sc` at the time of the log.
    pub active: u32,
    pub frontend: u32,
    pub backend: u32,
    pub server: u32,
}

/// The greatest length of a unique id, as in HAProxy.
const UNIQUE_ID_LEN: usize = 127;

/// What keeps a stream from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// A rule's action.
    Rule(Place),
    /// `option http-buffer-request`
    Body,
}

/// What the client was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sent {
    #[default]
    Nothing,
    /// What a server or a service says.
    Forwarded,
    /// `res` and `reply`: an answer of our own.
    Reply,
}

/// What waits of the bodies behind the heads, as far as it takes room from rewriting: bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    pub request: usize,
    pub response: usize,
}

/// The order in queues: a lower class goes first, then who came first, offsets included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Priority {
    pub class: i16,
    /// Milliseconds.
    pub offset: i32,
}

impl Priority {
    /// The place of one who comes at `now`, in milliseconds: lower ones go first.
    pub fn place(self, now: u64) -> i64 {
        const CLASS: u32 = 48;
        let came = i64::try_from(now).unwrap_or(0).saturating_add(i64::from(self.offset));
        (i64::from(self.class) << CLASS).saturating_add(came)
    }
}

/// A stream. Reused by [`Stream::reset`], which keeps all buffers.
#[derive(Debug)]
pub struct Stream {
    pub plan: &'static Plan,
    pub session: Rc<Session>,
    /// Unique in the process.
    pub id: u64,
    /// It began as bytes: the frontend's rules about contents have run.
    pub upgraded: bool,
    /// What came as bytes is no HTTP.
    pub is_no_http: bool,
    /// The log shows no request: the frontend's rules about contents refused it before it was looked at as
    /// one, or `monitor-uri` answers it.
    pub unread: bool,
    /// The rule set that is being evaluated: `hdr()` means the request's or the response's.
    pub phase: RuleSet,
    /// The proxy whose rules are being evaluated.
    pub rules_of: ProxyId,
    /// The inspect delay ran out: rules on content decide with what there is.
    pub inspect_over: bool,
    /// Monotonic milliseconds of the last wake-up, which the runtime sets.
    pub now: u64,
    /// Set when the backend is chosen.
    pub backend: Option<ProxyId>,
    /// Set when the server is chosen; of the backend.
    pub server: Option<ServerId>,
    /// The proxy's and the server's address of the server connection, once there was one.
    pub server_addresses: Option<(std::net::SocketAddr, std::net::SocketAddr)>,
    /// The connection to the server, once there was one or an attempt.
    pub server_link: Option<ServerLink>,
    /// The number that the client's mux has for it: the HTTP/2 stream's, or the requests before.
    pub mux_id: u32,
    /// The code that an HTTP/2 client reset it with.
    pub reset_code: Option<u32>,
    pub sent: Sent,
    /// The last rule that ended its list.
    pub last_rule: Option<Place>,
    /// What waits, or waited when the stream failed.
    pub waiting: Option<Waits>,
    /// Time limits that rules set.
    pub overrides: Overrides,
    pub priority: Priority,
    pub persist: Persist,
    /// What `stick` rules store once a server answered.
    pub stores: Stores,
    /// How often it was woken, its beginning included.
    pub wakes: u32,
    /// What `%s` shows where there is no server: a service's name, `<STATS>`; empty: `<NOSRV>`.
    pub server_label: &'static str,
    pub req: Head,
    pub res: Head,
    pub req_body: Payload,
    pub res_body: Payload,
    /// Body of a response that a rule made ([`crate::plan::Outcome::Reply`]).
    pub reply: Vec<u8>,
    /// An answer of our own is being made: the formats in it see no response.
    pub is_answering: bool,
    /// The status of an answer of our own; its page may have another (`errorfile`).
    pub answer_status: Option<u16>,
    /// The status that the server sent, before any rule.
    pub server_status: Option<u16>,
    pub held: Held,
    /// `strict-mode off`: a rewrite that fails is left out.
    pub soft_rewrites: bool,
    /// Addresses that rules of the stream put in place of the session's.
    pub ends: Option<Box<Ends>>,
    /// What rules on contents and messages track.
    pub counters: Counters,
    /// Variables of scopes `txn`, and `req` or `res`.
    pub vars: RefCell<Vars>,
    /// Bytes of the variables, where they are limited: of `req` and `res`, and with `txn`.
    pub(crate) var_memory: [Cell<i64>; 2],
    /// The request is on its way: its variables are gone, the response may have some.
    pub has_response_vars: bool,
    /// Slots of the frontend's captures.
    pub request_captures: RefCell<Captures>,
    pub response_captures: RefCell<Captures>,
    /// `capture cookie`: what the request had of it, and what the server set.
    pub cookie_captures: Captures,
    /// The unique id once it was made: see [`Stream::unique_id`].
    unique_id: RefCell<Vec<u8>>,
    has_unique_id: Cell<bool>,
    /// While an expression is evaluated: its value may still change as data comes. Converters that
    /// know better say so.
    pub may_change: Cell<bool>,
    pub timing: Timing,
    pub counts: Counts,
    pub termination: Termination,
    /// A final rule said that this stream is not to be logged, or with another level.
    pub log_level: Option<ir::config::Level>,
    pub log_silent: bool,
    /// It was for `monitor-uri`: only rules that ask for it give it a line.
    pub is_monitored: bool,
    /// What makes the stream log (`%OG`).
    pub log_origin: LogOrigin,
    /// Its line is written; only steps and rules that ask for more get more.
    pub is_logged: bool,
    /// Memory of values that converters made; reset with the stream.
    pub arena: Bump,
    /// Reused output buffer of log-formats: see [`Stream::with_scratch`].
    scratch: Vec<u8>,
}

impl Stream {
    pub fn new(session: Rc<Session>, id: u64) -> Self {
        Self {
            plan: session.plan,
            rules_of: session.frontend,
            session,
            id,
            upgraded: false,
            is_no_http: false,
            unread: false,
            phase: RuleSet::HttpRequest,
            inspect_over: false,
            now: 0,
            backend: None,
            server: None,
            server_addresses: None,
            server_link: None,
            mux_id: 0,
            reset_code: None,
            sent: Sent::Nothing,
            last_rule: None,
            waiting: None,
            overrides: Overrides::default(),
            priority: Priority::default(),
            persist: Persist::default(),
            stores: Stores::default(),
            wakes: 1,
            server_label: "",
            req: Head::default(),
            res: Head::default(),
            req_body: Payload::default(),
            res_body: Payload::default(),
            reply: Vec::new(),
            is_answering: false,
            answer_status: None,
            server_status: None,
            held: Held::default(),
            soft_rewrites: false,
            ends: None,
            counters: Counters::default(),
            vars: RefCell::default(),
            var_memory: Default::default(),
            has_response_vars: false,
            request_captures: RefCell::default(),
            response_captures: RefCell::default(),
            cookie_captures: Captures::default(),
            unique_id: RefCell::default(),
            has_unique_id: Cell::new(false),
            may_change: Cell::default(),
            timing: Timing::default(),
            counts: Counts::default(),
            termination: Termination::default(),
            log_level: None,
            log_silent: false,
            is_monitored: false,
            log_origin: LogOrigin::Close,
            is_logged: false,
            arena: Bump::new(),
            scratch: Vec::new(),
        }
    }

    /// Makes it a new stream of `session`, keeping its memory.
    pub fn reset(&mut self, session: Rc<Session>, id: u64) {
        self.end_vars();
        self.plan = session.plan;
        self.rules_of = session.frontend;
        self.session = session;
        self.id = id;
        self.upgraded = false;
        self.is_no_http = false;
        self.unread = false;
        self.phase = RuleSet::HttpRequest;
        self.inspect_over = false;
        self.backend = None;
        self.server = None;
        self.server_addresses = None;
        self.server_link = None;
        self.mux_id = 0;
        self.reset_code = None;
        self.sent = Sent::Nothing;
        self.last_rule = None;
        self.waiting = None;
        self.overrides = Overrides::default();
        self.priority = Priority::default();
        self.persist = Persist::default();
        self.stores.clear();
        self.wakes = 1;
        self.server_label = "";
        self.req.clear();
        self.res.clear();
        for payload in [&mut self.req_body, &mut self.res_body] {
            payload.bytes.clear();
            payload.complete = false;
            payload.trailers = None;
        }
        self.reply.clear();
        self.is_answering = false;
        self.answer_status = None;
        self.server_status = None;
        self.held = Held::default();
        self.soft_rewrites = false;
        self.ends = None;
        self.counters.clear();
        self.has_response_vars = false;
        self.request_captures.get_mut().clear();
        self.response_captures.get_mut().clear();
        self.cookie_captures.clear();
        self.has_unique_id.set(false);
        self.timing = Timing::default();
        self.counts = Counts::default();
        self.termination = Termination::default();
        self.log_level = None;
        self.log_silent = false;
        self.is_monitored = false;
        self.log_origin = LogOrigin::Close;
        self.is_logged = false;
        self.arena.reset();
    }

    /// Goes on as a request that is still to come. What the rules about contents kept stays.
    pub fn become_http(&mut self) {
        self.upgraded = true;
        self.is_no_http = false;
        self.inspect_over = false;
        self.backend = None;
        self.waiting = None;
        self.req.clear();
        self.req_body.bytes.clear();
        self.req_body.complete = false;
        self.timing = Timing::default();
        self.counts = Counts::default();
    }

    pub fn frontend_plan(&self) -> &'static ProxyPlan {
        self.plan.proxy(self.session.frontend)
    }

    /// The backend's plan, or the frontend's before one was chosen.
    pub fn backend_plan(&self) -> &'static ProxyPlan {
        self.plan.proxy(self.backend.unwrap_or(self.session.frontend))
    }

    /// The message that the phase is about.
    pub fn head(&self) -> &Head {
        if self.in_response() { &self.res } else { &self.req }
    }

    pub fn head_mut(&mut self) -> &mut Head {
        if self.in_response() { &mut self.res } else { &mut self.req }
    }

    /// Whether no body follows the response's head: what the client asked counts, even if a rule made
    /// another method of it.
    pub fn is_bodyless(&self) -> bool {
        self.req.received().0 == b"HEAD" || matches!(self.res.status(), 204 | 304)
    }

    pub fn in_response(&self) -> bool {
        matches!(self.phase, RuleSet::TcpResponse | RuleSet::HttpResponse | RuleSet::HttpAfterResponse)
    }

    /// Whether no more data will come for the rules at hand, so that what is missing is absent.
    pub fn is_final(&self) -> bool {
        match self.phase {
            RuleSet::TcpContent => self.inspect_over || self.req_body.complete,
            RuleSet::TcpResponse => self.inspect_over || self.res_body.complete,
            _ => true,
        }
    }

    /// What the frontend's `unique-id-format` gives: made once, at the first use. The format sees
    /// an empty one itself.
    pub fn unique_id(&self) -> Option<&[u8]> {
        let format = self.frontend_plan().unique_id_format.as_ref()?;
        if !self.has_unique_id.replace(true) {
            let mut id = self.unique_id.take();
            id.clear();
            format.write(self, &mut id);
            id.truncate(UNIQUE_ID_LEN);
            self.unique_id.replace(id);
        }
        Some(self.arena.alloc_slice_copy(&self.unique_id.borrow()))
    }

    /// Keeps a text in a capture slot of the frontend, cut to the slot's length. `false`: there is
    /// no such slot.
    pub fn capture(&self, of_response: bool, slot: i64, text: &[u8]) -> bool {
        let settings = self.plan.settings(self.session.frontend);
        let (slots, kept) = match of_response {
            true => (&settings.response_captures, &self.response_captures),
            false => (&settings.request_captures, &self.request_captures),
        };
        let Some((index, wanted)) = usize::try_from(slot).ok().and_then(|at| Some((at, slots.get(at)?)))
        else {
            return false;
        };
        kept.borrow_mut().keep(index, &text[..text.len().min(wanted.len)]);
        true
    }

    /// The status that the log tells; 0: there was no response.
    pub fn status(&self) -> u16 {
        self.answer_status.unwrap_or_else(|| self.res.status())
    }

    /// Whether HAProxy has no stream by the time of the log: of what only streams have nothing is told.
    pub fn is_only_session(&self) -> bool {
        matches!(
            self.log_origin,
            LogOrigin::SessionError
                | LogOrigin::SessionKilled
                | LogOrigin::TcpConnection
                | LogOrigin::TcpSession
        )
    }

    /// What `option dontlog-normal` and `log-separate-errors` take for an error (manual, section
    /// 4.2): a failure of either side, a refusal, a retry or redispatch, a 5xx status.
    pub fn has_failed(&self) -> bool {
        let ended_badly = !matches!(self.termination.cause, Cause::Normal | Cause::Local);
        let retried = self.counts.retries > 0 || self.counts.redispatched;
        let is_http = self.plan.settings(self.session.frontend).mode == Mode::Http;
        ended_badly || retried || (is_http && self.status() >= 500)
    }

    /// Lends the stream's own output buffer, empty, to `f`.
    pub fn with_scratch<R>(&mut self, f: impl FnOnce(&mut Self, &mut Vec<u8>) -> R) -> R {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let result = f(self, &mut scratch);
        self.scratch = scratch;
        result
    }
}
