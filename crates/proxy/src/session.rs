//! One client connection: its addresses, the connection rules, the TLS handshake, and then the
//! mux that its bytes call for.

use std::cell::Cell;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::Arc;

use ir::config::Mode;
use ir::expr::Address;
use ir::id::{BindId, ProxyId, ServerId};
use ir::spec::RuleSet;
use net::clock;
use net::io::{Io, Socket};
use net::timer::Timer;
use net::tls::{Failed, ServerContext, Tls};
use net::worker::{Accepted, Slot};
use proto::h1::HTTP2_PREFACE;
use state::ends::{Endpoint, Ends};
use state::live::Held;
use state::plan::{ActionValue, Args, Outcome};
use state::session::{Mux, Session};
use state::stream::Stream;
use state::termination::{Cause, State};
use state::tls::TlsFacts;

use crate::conn::Conn;
use crate::deadline::Deadline;
use crate::mux::h2::reverse::{self, Target};
use crate::server::mark_of_name;
use crate::worker::Worker;
use crate::{log, mux, proxy_header, tcp};

/// Serves an accepted connection until it ends. Not an `async fn`, whose arguments would stand in the
/// future beside what is made of them: see [`mux::h1::run`].
pub fn run(worker: Rc<Worker>, accepted: Accepted) -> impl Future<Output = ()> {
    let Accepted { socket, peer, proxy, bind, accepted_us, slot } = accepted;
    let accepted = accepted_us / 1000;
    let date = clock::date();
    let line = &worker.plan.settings(proxy).binds[bind.index()];
    let mut session = Rc::new(Session {
        thread: worker.thread,
        frontend: proxy,
        bind,
        connection: Ends { src: endpoint(peer), dst: destination(&worker, proxy, bind, &socket) }.into(),
        expects_proxy: Cell::new(line.accept_proxy),
        expects_netscaler: Cell::new(line.netscaler_magic.is_some()),
        accept_date: date.secs * 1_000_000 + u64::from(date.micros),
        accepted,
        socket: Some(socket.as_raw_fd()),
        ..Session::new(worker.plan)
    });
    async move {
        if let Some((conn, handshake)) = begin(&worker, &mut session, socket).await {
            serve(&worker, &session, conn, handshake).await;
        }
        worker.pool.end_private(&session.private_conns);
        session.end_counters(clock::now_ms());
        session.end_vars();
        drop(slot);
    }
}

/// Serves a connection that was made to a server (`bind rhttp@`) until it ends: what comes over it are
/// requests. The preface that turns it around was sent.
pub async fn run_reversed(worker: Rc<Worker>, io: Io, (proxy, bind): (ProxyId, BindId), slot: Slot) {
    let (date, now) = (clock::date(), clock::now_ms());
    let socket = io.socket();
    let (src, dst) = (endpoint(socket.peer_addr()), endpoint(socket.local_addr()));
    let session = Rc::new(Session {
        thread: worker.thread,
        frontend: proxy,
        bind,
        connection: Ends { src, dst }.into(),
        accept_date: date.secs * 1_000_000 + u64::from(date.micros),
        accepted: now,
        socket: Some(io.as_raw_fd()),
        tls: io.tls().and_then(Tls::facts).cloned(),
        ..Session::new(worker.plan)
    });
    session.mux.set(Mux::Http2);
    session.count(now);
    let mut conn = Conn::new(io);
    // The other side says none: it counts as said.
    conn.unread(HTTP2_PREFACE);
    mux::h2::run(&worker, &session, conn, 0).await;
    worker.pool.end_private(&session.private_conns);
    session.end_counters(clock::now_ms());
    session.end_vars();
    drop(slot);
}

/// The rules of the connection and its handshake; gives how long that took in milliseconds.
/// Nothing: the connection ended with them.
async fn begin(worker: &Rc<Worker>, session: &mut Rc<Session>, mut socket: Socket) -> Option<(Conn, u64)> {
    let Session { frontend: proxy, bind, accepted, .. } = **session;
    if connection_rules(worker, session, RuleSet::TcpConnection) == Verdict::Refuse {
        drop_hard(session, &socket);
        return None;
    }
    set_options(worker, session, &socket);
    let with_header = session.expects_proxy.get() || session.expects_netscaler.get();
    if with_header
        && let Some(unshared) = Rc::get_mut(session)
        && let Err(error) = Box::pin(proxy_header::receive(unshared, &mut socket)).await
    {
        session.error.set(error);
        log::failed_connection(worker, session);
        return None;
    }
    let context = worker.tls_bind(proxy, bind);
    let held = context.and_then(|_| Held::take(&worker.plan.live.tls_connections));
    if context.is_some() && held.is_none() {
        // Without a word, as in HAProxy.
        return None;
    }
    let io = match context {
        None => Io::Plain(socket),
        Some(context) => match Box::pin(handshake(worker, session, context, socket)).await {
            Ok(mut tls) => {
                tls.held = held;
                know_tls(session, tls.facts());
                Io::Tls(tls)
            }
            Err(failed) => {
                know_tls(session, failed.facts.as_ref());
                session.error.set(failed.error.code());
                log::failed_connection(worker, session);
                return None;
            }
        },
    };
    match connection_rules(worker, session, RuleSet::TcpSession) {
        Verdict::Pass => {}
        Verdict::Refuse => return None,
        Verdict::Attach(target) => {
            Box::pin(reverse::attach(worker, session, io, target)).await;
            return None;
        }
    }
    let now = clock::now_ms();
    session.count(now);
    worker.plan.live.session_rate.count(worker.thread, now);
    if io.is_tls() {
        worker.plan.live.tls_rate.count(worker.thread, now);
    }
    worker.plan.live.proxies[proxy.index()].session_rate.count(worker.thread, now);
    let handshake = if io.is_tls() || with_header { now.saturating_sub(accepted) } else { 0 };
    Some((Conn::new(io), handshake))
}

/// Chooses the mux: by the frontend's mode, then `proto`, then ALPN; a clear-text client that
/// sends HTTP/2's preface changes over.
async fn serve(worker: &Rc<Worker>, session: &Rc<Session>, mut conn: Conn, handshake: u64) {
    let settings = worker.plan.settings(session.frontend);
    let proto = settings.binds[session.bind.index()].proto.as_deref();
    let alpn = session.tls.as_ref().map_or(&b""[..], |tls| &tls.alpn);
    let mut mux = match proto {
        Some(b"h1") => Some(Mux::Http1),
        Some(b"h2") => Some(Mux::Http2),
        _ if alpn == b"h2" => Some(Mux::Http2),
        _ => None,
    };
    let mut first = None;
    if settings.mode != Mode::Http {
        session.mux.set(Mux::Tcp);
        let Some(upgrade) = Box::pin(tcp::run(worker, session, conn, handshake)).await else { return };
        (conn, first) = (upgrade.conn, Some(upgrade.stream));
        mux = upgrade.proto.or(mux);
    }
    if mux != Some(Mux::Http2) {
        session.mux.set(Mux::Http1);
        if let Some(tls) = conn.io.tls_mut() {
            tls.never_streams();
        }
        let may_upgrade = mux.is_none() && !settings.options.disable_h2_upgrade;
        let rest = mux::h1::run(worker, session, conn, (handshake, may_upgrade), first.take()).await;
        let Some(rest) = rest else { return };
        conn = rest;
    }
    if let Some(stream) = first {
        worker.recycle(stream);
    }
    session.mux.set(Mux::Http2);
    Box::pin(mux::h2::run(worker, session, conn, handshake)).await;
}

/// The address that the client came to. A line that binds one address tells it without a system
/// call; with `transparent` the kernel may have another.
fn destination(worker: &Worker, proxy: ProxyId, bind: BindId, socket: &Socket) -> Endpoint {
    let line = &worker.plan.settings(proxy).binds[bind.index()];
    match line.address {
        Address::Ip(ip, port) if !ip.is_unspecified() && port != 0 && !line.transparent => {
            endpoint(Some(std::net::SocketAddr::new(ip, port)))
        }
        // Such a line may stand behind the packet filter's REDIRECT, which leaves where the client went.
        Address::Ip(ip, _) if ip.is_ipv4() => {
            endpoint(socket.original_destination().or_else(|| socket.local_addr()))
        }
        _ => endpoint(socket.local_addr()),
    }
}

fn endpoint(address: Option<std::net::SocketAddr>) -> Endpoint {
    address.map_or_else(|| Endpoint::Unix(Box::default()), Endpoint::Ip)
}

/// The handshake within `timeout client-hs`, or `timeout client` without one.
async fn handshake(
    worker: &Worker,
    session: &Session,
    context: &ServerContext,
    socket: Socket,
) -> Result<Box<Tls>, Failed> {
    let timeouts = worker.plan.settings(session.frontend).timeouts;
    let mut timer = Timer::new();
    Deadline::after(session.accepted, timeouts.client_hs.or(timeouts.client)).set(&mut timer);
    context.accept(socket, &mut |cx| timer.poll_expired(cx)).await
}

/// Gives the session what its handshake gave. Nobody shares it so early.
fn know_tls(session: &mut Rc<Session>, facts: Option<&Arc<TlsFacts>>) {
    if let Some(session) = Rc::get_mut(session) {
        session.tls = facts.cloned();
    }
}

/// Runs `tcp-request connection` or `session` rules. They cannot wait: what they look at is
/// there.
/// The stream is not kept: the session must stay this task's alone until its handshake is done.
fn connection_rules(worker: &Worker, session: &Rc<Session>, set: RuleSet) -> Verdict {
    if worker.plan.proxy(session.frontend).rules[set as usize].is_empty() {
        return Verdict::Pass;
    }
    let mut stream = worker.stream(session);
    stream.timing.start = session.accepted;
    let mut at = 0;
    let outcome = loop {
        match actions::run(&mut stream, session.frontend, set, &mut at) {
            Outcome::NotYet | Outcome::Pause(_) => at += 1,
            Outcome::Log(profile) => {
                // There is no request to speak of.
                stream.termination.set(Cause::Proxy, State::Request);
                log::now(worker, &mut stream, profile);
            }
            outcome => break outcome,
        }
    };
    match outcome {
        Outcome::Reject | Outcome::Drop | Outcome::Deny(_) | Outcome::Close => Verdict::Refuse,
        Outcome::Attach => {
            // The place is behind the rule.
            let rules = &worker.plan.proxy(session.frontend).rules[set as usize];
            let rule = at.checked_sub(1).and_then(|at| rules.get(at));
            rule.and_then(|rule| target(&stream, &rule.args)).map_or(Verdict::Refuse, Verdict::Attach)
        }
        _ => Verdict::Pass,
    }
}

/// What the rules say of a connection.
#[derive(PartialEq, Eq)]
enum Verdict {
    Pass,
    Refuse,
    /// It is a server's.
    Attach(Target),
}

/// The server of `attach-srv`, and the name under which its connection is found. Looked for by name:
/// such connections come rarely and stay long.
fn target(stream: &Stream, args: &Args) -> Option<Target> {
    let place = args.str(0);
    let slash = place.iter().position(|byte| *byte == b'/')?;
    let (backend, server) = (&place[..slash], &place[slash + 1..]);
    let mut proxies = stream.plan.config.proxies.iter();
    let backend = ProxyId(proxies.position(|proxy| proxy.is_backend && proxy.name == backend)? as u32);
    let mut servers = stream.plan.settings(backend).servers.iter();
    let server = ServerId(servers.position(|known| known.name == server)? as u32);
    let name = match args.option(0).and_then(|values| values.first()) {
        Some(ActionValue::Expr(expr)) => expr.eval(stream).ok(),
        _ => None,
    };
    let mark = mark_of_name(name.map_or(&b""[..], |name| name.to_text(&stream.arena)));
    Some(Target { backend, server, mark })
}

/// What accepted sockets do not have from their listening one. One that is gone is noticed soon
/// enough.
fn set_options(worker: &Worker, session: &Session, socket: &Socket) {
    let settings = worker.plan.settings(session.frontend);
    if settings.options.clitcpka {
        let _ = socket.set_keepalive(settings.client_probes);
    }
    if let Some(mss @ ..0) = settings.binds[session.bind.index()].mss {
        let _ = socket.lower_mss(mss);
    }
}

/// Refuses a connection: RST, as HAProxy's `reject` does. One that is to be forgotten is that
/// already.
fn drop_hard(session: &Session, socket: &Socket) {
    if !session.is_dropped.get() {
        // A socket that is gone already needs no reset.
        let _ = socket.set_linger0();
    }
}
