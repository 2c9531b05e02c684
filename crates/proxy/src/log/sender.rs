//! Log targets of one thread: frames a message for each and sends it on its way, which never waits.

use std::cell::{Cell, RefCell};
use std::io;
use std::sync::atomic::Ordering;

use ir::config::{Level, LogFraming, LogTarget};
use ir::id::{LogProfileId, ProxyId};
use net::clock;
use proto::syslog::{self, Form, Header, Moment, Received};
use state::balance;
use state::ends::Endpoint;
use state::plan::{LogOwner, LogServer, LogWay, Plan};
use state::session::Session;
use state::stream::Stream;

use super::outlets::Outlets;

/// See the module.
pub struct Sender {
    plan: &'static Plan,
    pid: u32,
    pid_text: Box<[u8]>,
    outlets: Outlets,
    line: RefCell<Vec<u8>>,
    /// Text and structured data that log-profiles make.
    own: RefCell<(Vec<u8>, Vec<u8>)>,
    /// What the converters of `balance log-hash` work with.
    scratch: RefCell<Option<Box<Stream>>>,
}

/// What is sent.
pub struct Message<'a> {
    pub level: Level,
    pub text: &'a [u8],
    /// Structured data, which only RFC 5424 has a place for.
    pub data: &'a [u8],
    /// Whose it is: the formats of log-profiles are about it.
    pub stream: Option<&'a Stream>,
    /// The profile that `do-log` names.
    pub profile: Option<LogProfileId>,
    /// What came with a message that is forwarded.
    pub received: Option<&'a Received<'a>>,
}

impl<'a> Message<'a> {
    fn parts(&self, tag: &'a [u8]) -> Parts<'a> {
        Parts { tag, data: self.data, text: self.text, received: self.received }
    }
}

/// A `log` line.
#[derive(Clone, Copy)]
struct Line<'a> {
    target: &'a LogTarget,
    /// Of its messages.
    way: LogWay,
    /// Which of those that take the message, from 1.
    number: usize,
}

/// What a line is made from.
#[derive(Clone, Copy)]
struct Parts<'a> {
    tag: &'a [u8],
    data: &'a [u8],
    text: &'a [u8],
    received: Option<&'a Received<'a>>,
}

impl Sender {
    pub fn new(plan: &'static Plan) -> Self {
        Self {
            plan,
            pid: std::process::id(),
            pid_text: std::process::id().to_string().into_bytes().into(),
            outlets: Outlets::new(plan.config.global.tune.datagrams_server.send),
            line: RefCell::default(),
            own: RefCell::default(),
            scratch: RefCell::default(),
        }
    }

    /// Sends `text` to all targets that want this level. Says whether there is a target.
    pub fn send(&self, owner: LogOwner, level: Level, text: &[u8]) -> bool {
        self.send_message(
            owner,
            &Message { level, text, data: b"", stream: None, profile: None, received: None },
        )
    }

    /// Sends a message to all targets that want its level. One that is empty is not sent, unless
    /// a log-profile has another text for it. Says whether there is a target.
    pub fn send_message(&self, owner: LogOwner, message: &Message<'_>) -> bool {
        let config = &self.plan.config;
        let tag = match owner {
            LogOwner::Proxy(id) => self.plan.settings(id).log_tag.as_deref(),
            LogOwner::Global | LogOwner::Forward(_) => None,
        };
        let tag = tag.or(config.global.log_tag.as_deref()).unwrap_or(b"haproxy");
        let tag = message.received.map_or(tag, |received| received.tag);
        let targets = owner.targets(config);
        let mut number = 0;
        for (index, (target, route)) in targets.iter().zip(self.plan.log_routes.of(owner)).enumerate() {
            if message.level > target.max_level || !self.is_sampled(owner, index, target) {
                continue;
            }
            number += 1;
            let line = Line { target, way: route.way, number };
            match message.profile.or(route.profile) {
                Some(profile) => self.override_with(profile, line, tag, message),
                None => {
                    let parts = message.parts(tag);
                    self.deliver(line, message.level, parts);
                }
            }
        }
        !targets.is_empty()
    }

    /// Sends what a log-profile makes of a message.
    fn override_with(&self, profile: LogProfileId, line: Line<'_>, tag: &[u8], message: &Message<'_>) {
        let Some(profile) = self.plan.log_profiles.get(profile.index()) else { return };
        let tag = profile.tag.as_deref().unwrap_or(tag);
        let mut parts = message.parts(tag);
        let step = message.stream.and_then(|stream| Some((stream, profile.step(stream.log_origin)?)));
        let Some((stream, step)) = step else { return self.deliver(line, message.level, parts) };
        let Ok(mut buffers) = self.own.try_borrow_mut() else { return };
        let (text, data) = &mut *buffers;
        if let Some(format) = &step.format {
            text.clear();
            format.write(stream, text);
            parts.text = text;
        }
        if let Some(format) = &step.sd {
            data.clear();
            format.write(stream, data);
            parts.data = data;
        }
        if !step.drop {
            self.deliver(line, message.level, parts);
        }
    }

    /// `sample <ranges>:<size>`: whether this message is one of those that are sent.
    fn is_sampled(&self, owner: LogOwner, index: usize, target: &LogTarget) -> bool {
        let Some((ranges, size)) = &target.sample else { return true };
        let at = self.plan.live.log_samples.next(owner, index, *size);
        ranges.iter().any(|(low, high)| (*low..=*high).contains(&at))
    }

    /// Sends a message on a line's way.
    fn deliver(&self, Line { target, way, number }: Line<'_>, level: Level, parts: Parts<'_>) {
        if parts.text.is_empty() {
            return;
        }
        let Ok(mut line) = self.line.try_borrow_mut() else { return };
        let level = level.max(target.min_level);
        let outcome = match way {
            LogWay::Direct => {
                self.frame(&mut line, target, level, parts);
                self.outlets.send(&target.transport, &line)
            }
            LogWay::Ring(ring) => return self.to_ring(&mut line, ring, target, level, parts),
            LogWay::Backend(backend) => match self.server(backend, parts.text) {
                LogServer::Datagram(address) => {
                    self.frame(&mut line, target, level, parts);
                    self.outlets.datagram(address, &line)
                }
                LogServer::Ring(ring) => return self.to_ring(&mut line, *ring, target, level, parts),
                LogServer::Nowhere => Err(io::ErrorKind::WouldBlock.into()),
            },
        };
        if let Err(error) = outcome {
            self.failed(&error, number);
        }
    }

    /// The server of a log backend for a message.
    fn server(&self, backend: ProxyId, text: &[u8]) -> &'static LogServer {
        let mut scratch = self.scratch.borrow_mut();
        let scratch = scratch.get_or_insert_with(|| Box::new(Stream::new(Session::new(self.plan).into(), 0)));
        let picked = balance::pick_log(&self.plan.proxy(backend).balance, scratch, text);
        let servers = self.plan.log_routes.servers(backend);
        picked.and_then(|server| servers.get(server.index())).unwrap_or(&LogServer::Nowhere)
    }

    /// A line that could not leave: what the reader had no room for is counted, the first of what
    /// else goes wrong is told.
    fn failed(&self, error: &io::Error, line: usize) {
        if error.kind() == io::ErrorKind::WouldBlock {
            self.plan.live.dropped_logs.fetch_add(1, Ordering::Relaxed);
        } else if !self.plan.live.log_failure_told.swap(true, Ordering::Relaxed) {
            self.plan.live.outputs.write(state::live::Output::Stderr, || {
                let number = error.raw_os_error().unwrap_or(0);
                let text = error.to_string();
                let text = text.split(" (os error").next().unwrap_or_default();
                let line = format!(
                    "[ALERT]    ({}) : sendmsg()/writev() failed in logger #{line}: {text} (errno={number})\n",
                    self.pid
                );
                line.into_bytes()
            });
        }
    }

    /// Makes the whole line of a target.
    fn frame(&self, line: &mut Vec<u8>, target: &LogTarget, level: Level, parts: Parts<'_>) {
        self.write(line, target.framing, (target, level), parts);
        line.truncate(target.len.max(1) - 1);
        line.push(b'\n');
    }

    /// Gives a message to a ring, behind the number of those that had no room before.
    fn to_ring(&self, line: &mut Vec<u8>, at: usize, target: &LogTarget, level: Level, parts: Parts<'_>) {
        let Some(ring) = self.plan.live.rings.get(at) else { return };
        let framing = ring.settings.framing.unwrap_or(target.framing);
        let dropped = ring.take_dropped();
        if dropped > 0 {
            let plural = if dropped == 1 { "" } else { "s" };
            let text = format!("{dropped} event{plural} dropped");
            self.write(line, framing, (target, Level::Notice), Parts { text: text.as_bytes(), ..parts });
            line.truncate(ring.settings.maxlen);
            if !ring.push(line) {
                ring.give_back_dropped(dropped);
                self.plan.live.dropped_logs.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
        self.write(line, framing, (target, level), parts);
        line.truncate(ring.settings.maxlen.min(target.len.max(1) - 1));
        if !ring.push(line) {
            self.plan.live.dropped_logs.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Header and text.
    fn write(
        &self,
        line: &mut Vec<u8>,
        framing: LogFraming,
        (target, level): (&LogTarget, Level),
        parts: Parts<'_>,
    ) {
        line.clear();
        let data = parts.data.trim_ascii_end();
        let moment = now();
        let (header, own_form) = match parts.received {
            Some(received) => {
                let facility = received.priority.map_or(target.facility.0.into(), |(facility, _)| facility);
                let Received { time, host, pid, message_id, .. } = *received;
                let level = level as u32;
                let header =
                    Header { facility, level, moment, time, host, tag: parts.tag, pid, message_id, data };
                (header, syslog::form_of(received))
            }
            None => {
                let host = match self.plan.config.global.log_send_hostname.as_deref() {
                    Some(b"") => samples::host_name(),
                    name => name.unwrap_or_default(),
                };
                let header = Header {
                    facility: target.facility.0.into(),
                    level: level as u32,
                    moment,
                    time: b"",
                    host,
                    tag: parts.tag,
                    pid: &self.pid_text,
                    message_id: b"",
                    data,
                };
                (header, if host.is_empty() { Form::Local } else { Form::Rfc3164 })
            }
        };
        syslog::write_header(form(framing).unwrap_or(own_form), &header, line);
        let text = parts.text;
        let end = text.iter().rposition(|byte| !matches!(byte, b'\n' | 0)).map_or(0, |last| last + 1);
        line.extend_from_slice(&text[..end]);
    }
}

/// The form that a framing names; none: that of the message.
fn form(framing: LogFraming) -> Option<Form> {
    Some(match framing {
        LogFraming::Default => return None,
        LogFraming::Local => Form::Local,
        LogFraming::Rfc3164 => Form::Rfc3164,
        LogFraming::Rfc5424 => Form::Rfc5424,
        LogFraming::Priority => Form::Priority,
        LogFraming::Short => Form::Short,
        LogFraming::Timed => Form::Timed,
        LogFraming::Iso => Form::Iso,
        LogFraming::Raw => Form::Raw,
    })
}

/// The local time; taken apart once a second.
fn now() -> Moment {
    let date = clock::date();
    moment(date.secs, date.micros)
}

fn moment(secs: u64, micros: u32) -> Moment {
    thread_local! {
        static LAST: Cell<(u64, Moment)> = const { Cell::new((u64::MAX, Moment {
            year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, micros: 0, offset: 0,
        })) };
    }
    let (last, mut moment) = LAST.get();
    if last != secs {
        let time = clock::local_time(secs);
        moment = Moment {
            year: time.year,
            month: time.month,
            day: time.day,
            hour: time.hour,
            minute: time.minute,
            second: time.second,
            micros,
            offset: time.offset,
        };
        LAST.set((secs, moment));
    }
    Moment { micros, ..moment }
}

/// `127.0.0.1:4242`, or `unix:1` for a UNIX socket, as HAProxy shows a source.
pub fn write_endpoint(endpoint: &Endpoint, out: &mut Vec<u8>) {
    use std::io::Write;
    // Writing to a vector cannot fail.
    let _ = match endpoint {
        Endpoint::Ip(address) => write!(out, "{}:{}", address.ip(), address.port()),
        Endpoint::Unix(_) => write!(out, "unix:1"),
    };
}

/// `23/Nov/2026:10:11:12.123` of microseconds since 1970.
pub fn write_date(micros: u64, out: &mut Vec<u8>) {
    use std::io::Write;
    let Moment { year, month, day, hour, minute, second, micros, .. } =
        moment(micros / 1_000_000, (micros % 1_000_000) as u32);
    let month = syslog::month_name(month);
    let _ = write!(out, "{day:02}/{month}/{year}:{hour:02}:{minute:02}:{second:02}.{:03}", micros / 1000);
}
