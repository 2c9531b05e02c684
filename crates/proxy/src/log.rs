//! The log line at the end of a stream, and the messages about connections that never became
//! one. The fields are `samples`' aliases; the framing of each target is `proto::syslog`'s.

pub mod forward;
mod outlets;
mod sender;

use std::rc::Rc;

use base::bytes::write_dec;
use ir::config::{Level, LogMoment, LogOrigin, LogPreset, Mode, Proxy};
use ir::id::LogProfileId;
use ir::spec::RuleSet;
use net::clock::now_ms;
use proto::h1;
use state::ends::{End, Endpoint};
use state::link::ConnError;
use state::live::Output;
use state::plan::{Format, LogOwner};
use state::session::Session;
use state::stream::Stream;
use state::termination::{Cause, State};
use state::track::Event;

pub use sender::{Message, Sender};

use crate::upstream::Upstream;
use crate::worker::Worker;

/// Counts a finished stream's bytes and writes its line, unless the configuration wants none.
pub fn stream(worker: &Worker, stream: &mut Stream) {
    stream.count(Event::BytesIn(stream.counts.bytes_in));
    stream.count(Event::BytesOut(stream.counts.bytes_out));
    let settings = stream.plan.settings(stream.session.frontend);
    // A request that was refused was there, though nothing is left of it.
    let came = settings.mode == Mode::Http && stream.timing.first_byte.is_some();
    let is_null = !came && stream.req.bytes().is_empty() && stream.counts.bytes_in == 0;
    if settings.options.dontlognull && is_null {
        return;
    }
    // What never became a request has no stream in HAProxy.
    if (settings.mode == Mode::Http || stream.upgraded) && stream.req.is_empty() {
        session(worker, stream);
    } else if is_due(stream, LogOrigin::Close) {
        line(worker, stream, LogOrigin::Close);
    }
}

/// What a stream that begins logs: a line about its connection where the frontend has no format,
/// and the step `accept`.
pub fn accept(worker: &Worker, stream: &mut Stream) {
    let settings = stream.plan.settings(stream.session.frontend);
    if settings.logs.is_empty() {
        return;
    }
    if settings.log_steps.is_some() {
        // Of the request nothing is known yet.
        let request = std::mem::take(&mut stream.req);
        step(worker, stream, LogOrigin::Accept, 0);
        stream.req = request;
    } else if settings.log_preset == LogPreset::Default {
        stream.with_scratch(|stream, text| {
            write_connection(stream, text);
            worker.logs.send(LogOwner::Proxy(stream.session.frontend), Level::Info, text);
        });
    }
}

/// `Connect from …`, or where to for a UNIX socket, whose clients have no address.
fn write_connection(stream: &Stream, text: &mut Vec<u8>) {
    let settings = stream.plan.settings(stream.session.frontend);
    if !matches!(stream.end(End::Src), Endpoint::Unix(_)) {
        return stream.frontend_plan().log_format.write(stream, text);
    }
    let bind = stream.session.bind;
    let number = settings.binds[bind.index()].id.unwrap_or(bind.0 + 1);
    text.extend_from_slice(b"Connect to unix:");
    write_dec(text, number.into());
    text.extend_from_slice(b" (");
    text.extend_from_slice(&settings.name);
    text.extend_from_slice(if settings.mode == Mode::Http { b"/HTTP)" } else { b"/TCP)" });
}

/// The step `response`, with what came of the body by now.
pub fn response(worker: &Worker, stream: &mut Stream, upstream: &mut Upstream) {
    if !is_due(stream, LogOrigin::Response) {
        return;
    }
    let early = stream.with_scratch(|_, seen| {
        upstream.show_body(seen);
        seen.len()
    });
    // The head as rules left it.
    let counted = stream.counts.bytes_out;
    stream.counts.bytes_out = h1::counted_response(&stream.res);
    step(worker, stream, LogOrigin::Response, early);
    stream.counts.bytes_out = counted;
}

/// A step on the way of a stream, where the configuration wants a line of it. `early`: how much of
/// a response's body is there.
pub fn step(worker: &Worker, stream: &mut Stream, origin: LogOrigin, early: usize) {
    if !is_due(stream, origin) {
        return;
    }
    stream.counts.bytes_out += early as u64;
    let timing = stream.timing;
    stream.timing.end = match origin {
        LogOrigin::Connect => timing.connected,
        LogOrigin::Response => timing.response,
        _ => {
            // HAProxy takes the time of the request behind this step.
            stream.timing.request = None;
            Some(timing.start)
        }
    };
    line(worker, stream, origin);
    stream.timing = timing;
    stream.counts.bytes_out -= early as u64;
}

/// `option checkcache` keeps a response from its client: HAProxy's backend tells it, on the terminal too.
pub fn tell_leak(worker: &Worker, stream: &Stream) {
    let backend = stream.backend_plan().id;
    let settings = worker.plan.settings(backend);
    let server = stream.server.and_then(|server| settings.servers.get(server.index()));
    let text = format!(
        "Blocking cacheable cookie in response from instance {}, server {}.",
        String::from_utf8_lossy(&settings.name),
        String::from_utf8_lossy(server.map_or(&b""[..], |server| &server.name))
    );
    let line = || format!("[ALERT]    ({}) : {text}\n", std::process::id()).into_bytes();
    worker.plan.live.outputs.write(Output::Stderr, line);
    worker.logs.send(LogOwner::Proxy(backend), Level::Alert, text.as_bytes());
}

/// Whether the frontend wants a line of this origin now (manual, `log-steps`); without steps it
/// wants one, as soon as all is known that its formats ask for.
fn is_due(stream: &Stream, origin: LogOrigin) -> bool {
    let settings = stream.plan.settings(stream.session.frontend);
    if settings.logs.is_empty() {
        return false;
    }
    match (settings.log_steps, settings.log_moment) {
        (Some(0), _) => true,
        (Some(steps), _) => steps & origin.bit() != 0,
        _ if settings.log_preset == LogPreset::Default => false,
        (None, moment) => match origin {
            LogOrigin::Close => !stream.is_logged,
            LogOrigin::Request => moment == LogMoment::Request,
            LogOrigin::Response => moment != LogMoment::End,
            LogOrigin::Connect => moment != LogMoment::End && settings.mode != Mode::Http,
            _ => false,
        },
    }
}

/// Writes the line of a stream.
fn line(worker: &Worker, stream: &mut Stream, origin: LogOrigin) {
    let options = &stream.plan.settings(stream.session.frontend).options;
    let failed = stream.has_failed();
    if options.dontlog_normal && !failed {
        return;
    }
    stream.is_logged = true;
    if stream.log_silent || stream.is_monitored {
        return;
    }
    let separate = failed && options.log_separate_errors;
    let level = stream.log_level.unwrap_or(if separate { Level::Err } else { Level::Info });
    let format = own_format(stream);
    stream.log_origin = origin;
    write(worker, stream, level, format, None);
    count_line(worker, stream);
}

/// The line of a session that never had a stream.
pub fn session(worker: &Worker, stream: &mut Stream) {
    let settings = stream.plan.settings(stream.session.frontend);
    if settings.logs.is_empty() {
        return;
    }
    let level = if settings.options.log_separate_errors { Level::Err } else { Level::Info };
    let format = stream.frontend_plan().error_log_format.as_ref().or_else(|| own_format(stream));
    stream.log_origin = LogOrigin::SessionError;
    write(worker, stream, level, format, None);
    count_line(worker, stream);
}

/// The format of the frontend's lines; the one about connections is none.
fn own_format(stream: &Stream) -> Option<&'static Format> {
    let settings = stream.plan.settings(stream.session.frontend);
    (settings.log_preset != LogPreset::Default).then_some(&stream.frontend_plan().log_format)
}

fn count_line(worker: &Worker, stream: &Stream) {
    worker.plan.live.proxies[stream.session.frontend.index()].log_lines.add(worker.thread, 1);
}

/// `do-log`: writes a line in the midst of the rules.
pub fn now(worker: &Worker, stream: &mut Stream, profile: Option<LogProfileId>) {
    if stream.plan.settings(stream.session.frontend).logs.is_empty() || stream.log_silent {
        return;
    }
    stream.log_origin = match stream.phase {
        RuleSet::TcpConnection => LogOrigin::TcpConnection,
        RuleSet::TcpSession => LogOrigin::TcpSession,
        RuleSet::TcpContent => LogOrigin::TcpContent,
        RuleSet::TcpResponse => LogOrigin::TcpResponse,
        RuleSet::HttpRequest => LogOrigin::HttpRequest,
        RuleSet::HttpResponse => LogOrigin::HttpResponse,
        RuleSet::HttpAfterResponse => LogOrigin::HttpAfterResponse,
        RuleSet::QuicInitial => LogOrigin::QuicInitial,
    };
    let level = stream.log_level.unwrap_or(Level::Info);
    let (timing, counts) = (stream.timing, stream.counts);
    stream.timing.end = Some(now_ms());
    // HAProxy takes the time of the request behind the rules that look at it, and counts at the end.
    let of_request = match stream.phase {
        RuleSet::TcpContent | RuleSet::HttpRequest => true,
        RuleSet::HttpAfterResponse => stream.termination.state == State::Request,
        _ => false,
    };
    if of_request {
        stream.timing.request = None;
    }
    (stream.counts.bytes_in, stream.counts.bytes_out) = (0, 0);
    write(worker, stream, level, own_format(stream), profile);
    stream.log_origin = LogOrigin::Close;
    (stream.timing, stream.counts) = (timing, counts);
}

fn write(
    worker: &Worker,
    stream: &mut Stream,
    level: Level,
    format: Option<&Format>,
    profile: Option<LogProfileId>,
) {
    count(stream);
    stream.with_scratch(|stream, line| {
        let data = stream.frontend_plan().log_format_sd.as_ref().map_or(0, |format| {
            format.write(stream, line);
            line.len()
        });
        if let Some(format) = format {
            format.write(stream, line);
        }
        let (data, text) = line.split_at(data);
        let message = Message { level, text, data, stream: Some(stream), profile, received: None };
        worker.logs.send_message(LogOwner::Proxy(stream.session.frontend), &message);
    });
}

/// Takes the connection counts of the line: those that remain beside this stream.
fn count(stream: &mut Stream) {
    let live = &stream.plan.live;
    stream.counts.active = live.connections.get();
    stream.counts.frontend = live.proxies[stream.session.frontend.index()].frontend.get();
    let backend = stream.backend.unwrap_or(stream.session.frontend);
    let backend = &live.proxies[backend.index()];
    stream.counts.backend = backend.backend.get();
    stream.counts.server =
        stream.server.map_or(0, |server| backend.servers[server.index()].connections.get());
}

/// A connection that failed before its first stream: `error-log-format`, or HAProxy's short line
/// about a connection (manual, section 8.2.5).
pub fn failed_connection(worker: &Worker, session: &Rc<Session>) {
    let settings = worker.plan.settings(session.frontend);
    let error = session.error.get();
    // Nothing came, or not enough to know what it is.
    let is_nothing = matches!(
        error,
        ConnError::ProxyEmpty
            | ConnError::ProxyAbort
            | ConnError::NetscalerEmpty
            | ConnError::NetscalerAbort
            | ConnError::TlsEmpty
            | ConnError::TlsAbort
    );
    let own_format = &worker.plan.proxy(session.frontend).error_log_format;
    // Without any format HAProxy tells of connections that are made, and of no others.
    let is_told = settings.log_preset != LogPreset::Default || own_format.is_some();
    if settings.logs.is_empty() || !is_told || (is_nothing && settings.options.dontlognull) {
        return;
    }
    let level = if settings.options.log_separate_errors { Level::Err } else { Level::Info };
    if let Some(format) = own_format {
        let mut stream = worker.stream(session);
        stream.termination.set(Cause::Proxy, State::Request);
        stream.log_origin = LogOrigin::SessionKilled;
        stream.timing.start = session.accepted;
        stream.timing.handshake = stream.now.saturating_sub(session.accepted);
        stream.timing.end = Some(stream.now);
        write(worker, &mut stream, level, Some(format), None);
    } else {
        let mut line = Vec::new();
        write_failure(session, settings, error, &mut line);
        worker.logs.send(LogOwner::Proxy(session.frontend), level, &line);
    }
    worker.plan.live.proxies[session.frontend.index()].log_lines.add(worker.thread, 1);
}

fn write_failure(session: &Session, settings: &Proxy, error: ConnError, line: &mut Vec<u8>) {
    let bind = &settings.binds[session.bind.index()];
    let name = bind.name.clone().unwrap_or_else(|| (session.bind.0 + 1).to_string().into_bytes());
    sender::write_endpoint(&session.end(End::Src), line);
    line.extend_from_slice(b" [");
    sender::write_date(session.accept_date, line);
    line.extend_from_slice(b"] ");
    line.extend_from_slice(&settings.name);
    line.push(b'/');
    line.extend_from_slice(&name);
    line.extend_from_slice(b": ");
    line.extend_from_slice(error.message().as_bytes());
    let facts = session.tls.as_ref().filter(|_| error == ConnError::TlsHandshake);
    if let Some(reason) = facts.and_then(|facts| facts.error.as_ref()) {
        line.extend_from_slice(b" (");
        line.extend_from_slice(reason.text.as_bytes());
        line.push(b')');
    }
}
