//! The log line at the end of a stream, and the messages about connections that never became
//! one. The fields are `samples`' aliases; the framing of each target is `proto::syslog`'s.

mod sender;

use std::rc::Rc;

use ir::config::{Level, LogPreset, Mode, Proxy};
use ir::spec::RuleSet;
use state::ends::End;
use state::link::ConnError;
use state::plan::Format;
use state::session::Session;
use state::stream::Stream;
use state::termination::{Cause, State};
use state::track::Event;

pub use sender::{Sender, Targets};

use crate::worker::Worker;

/// Counts a finished stream's bytes and writes its line, unless the configuration wants none.
pub fn stream(worker: &Worker, stream: &mut Stream) {
    stream.count(Event::BytesIn(stream.counts.bytes_in));
    stream.count(Event::BytesOut(stream.counts.bytes_out));
    let options = &stream.plan.settings(stream.session.frontend).options;
    if !options.dontlognull || !stream.req.bytes().is_empty() || stream.counts.bytes_in > 0 {
        line(worker, stream);
    }
}

/// `option logasap`: writes the line as soon as all is known but the end and the bytes, at
/// `stream.timing.response`.
pub fn early(worker: &Worker, stream: &mut Stream, origin: &'static str) {
    if !stream.plan.settings(stream.session.frontend).options.logasap {
        return;
    }
    let bytes_in = std::mem::take(&mut stream.counts.bytes_in);
    stream.timing.end = stream.timing.response;
    stream.log_origin = origin;
    line(worker, stream);
    stream.timing.end = None;
    stream.log_origin = "";
    stream.counts.bytes_in = bytes_in;
    stream.log_silent = true;
}

fn line(worker: &Worker, stream: &mut Stream) {
    let settings = stream.plan.settings(stream.session.frontend);
    if settings.logs.is_empty() || stream.log_silent {
        return;
    }
    let failed = stream.has_failed();
    if settings.options.dontlog_normal && !failed {
        return;
    }
    let separate = failed && settings.options.log_separate_errors;
    let level = stream.log_level.unwrap_or(if separate { Level::Err } else { Level::Info });
    // What never became a request has no stream in HAProxy.
    let is_error = settings.mode == Mode::Http && stream.req.is_empty();
    let plan = stream.frontend_plan();
    let format = plan.error_log_format.as_ref().filter(|_| is_error).unwrap_or(&plan.log_format);
    write(worker, stream, level, format);
    worker.plan.live.proxies[stream.session.frontend.index()].log_lines.add(worker.thread, 1);
}

/// `do-log`: writes a line in the midst of the rules.
pub fn now(worker: &Worker, stream: &mut Stream) {
    if stream.plan.settings(stream.session.frontend).logs.is_empty() || stream.log_silent {
        return;
    }
    stream.log_origin = match stream.phase {
        RuleSet::TcpConnection => "tcp-req-conn",
        RuleSet::TcpSession => "tcp-req-sess",
        RuleSet::TcpContent => "tcp-req-cont",
        RuleSet::TcpResponse => "tcp-res-cont",
        RuleSet::HttpRequest => "http-req",
        RuleSet::HttpResponse => "http-res",
        RuleSet::HttpAfterResponse => "http-after-res",
        RuleSet::QuicInitial => "quic-init",
    };
    let level = stream.log_level.unwrap_or(Level::Info);
    write(worker, stream, level, &stream.frontend_plan().log_format);
    stream.log_origin = "";
}

fn write(worker: &Worker, stream: &mut Stream, level: Level, format: &Format) {
    count(stream);
    stream.with_scratch(|stream, line| {
        let data = stream.frontend_plan().log_format_sd.as_ref().map_or(0, |format| {
            format.write(stream, line);
            line.len()
        });
        format.write(stream, line);
        let (data, line) = line.split_at(data);
        worker.logs.send_with_data(Targets::Proxy(stream.session.frontend), level, line, data);
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
        ConnError::ProxyEmpty | ConnError::ProxyAbort | ConnError::TlsEmpty | ConnError::TlsAbort
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
        stream.log_origin = "sess_killed";
        stream.timing.start = session.accepted;
        stream.timing.handshake = stream.now.saturating_sub(session.accepted);
        stream.timing.end = Some(stream.now);
        write(worker, &mut stream, level, format);
    } else {
        let mut line = Vec::new();
        write_failure(session, settings, error, &mut line);
        worker.logs.send(Targets::Proxy(session.frontend), level, &line);
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
