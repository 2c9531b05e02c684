//! The log line at the end of a stream, and the messages about connections that never became
//! one. The fields are `samples`' aliases; the framing of each target is `proto::syslog`'s.

mod sender;

use std::rc::Rc;

use ir::config::{Level, Mode, Proxy};
use net::tls::HandshakeError;
use state::session::Session;
use state::stream::Stream;
use state::termination::Cause;
use state::track::Event;

pub use sender::{Sender, Targets};

use crate::worker::Worker;

/// Counts a finished stream's bytes and writes its line, unless the configuration wants none.
pub fn stream(worker: &Worker, stream: &mut Stream) {
    stream.count(Event::BytesIn(stream.counts.bytes_in));
    stream.count(Event::BytesOut(stream.counts.bytes_out));
    let plan = stream.frontend_plan();
    let settings = stream.plan.settings(stream.session.frontend);
    if settings.logs.is_empty() || stream.log_silent {
        return;
    }
    let failed = is_failure(stream, settings);
    let null = settings.options.dontlognull && stream.req.bytes().is_empty() && stream.counts.bytes_in == 0;
    if (settings.options.dontlog_normal && !failed) || null {
        return;
    }
    count(stream);
    let separate = failed && settings.options.log_separate_errors;
    let level = stream.log_level.unwrap_or(if separate { Level::Err } else { Level::Info });
    let format = match &plan.error_log_format {
        Some(format) if failed => format,
        _ => &plan.log_format,
    };
    stream.with_scratch(|stream, line| {
        format.write(stream, line);
        worker.logs.send(Targets::Proxy(stream.session.frontend), level, line);
    });
}

/// What `option dontlog-normal` and `log-separate-errors` take for an error (manual, section
/// 4.2): a failure of either side, a refusal, a retry or redispatch, a 5xx status.
fn is_failure(stream: &Stream, settings: &Proxy) -> bool {
    let ended_badly = !matches!(stream.termination.cause, Cause::Normal | Cause::Local);
    let retried = stream.counts.retries > 0 || stream.counts.redispatched;
    ended_badly || retried || (settings.mode == Mode::Http && stream.res.status() >= 500)
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

/// A TLS handshake that failed: HAProxy's short line about a connection (manual, section 8.2.5).
pub fn handshake(worker: &Worker, session: &Rc<Session>, error: HandshakeError) {
    let settings = worker.plan.settings(session.frontend);
    let quiet = settings.options.dontlognull && error == HandshakeError::Empty;
    if settings.logs.is_empty() || quiet {
        return;
    }
    let bind = &settings.binds[session.bind.index()];
    let name = bind.name.clone().unwrap_or_else(|| (session.bind.0 + 1).to_string().into_bytes());
    let mut line = Vec::new();
    sender::write_endpoint(&session.src, &mut line);
    line.extend_from_slice(b" [");
    sender::write_date(session.accept_date, &mut line);
    line.extend_from_slice(b"] ");
    line.extend_from_slice(&settings.name);
    line.push(b'/');
    line.extend_from_slice(&name);
    line.extend_from_slice(b": ");
    line.extend_from_slice(error.to_string().as_bytes());
    worker.logs.send(Targets::Proxy(session.frontend), Level::Info, &line);
}
