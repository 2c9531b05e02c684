//! Log targets of one thread: frames a message for each and hands it over with one system call,
//! which never waits. A message that cannot be delivered is lost, as with syslog itself.

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixDatagram;

use ir::config::{Level, LogFraming, LogTarget, LogTransport};
use ir::expr::Address;
use ir::id::{LogProfileId, ProxyId};
use net::clock;
use net::output::Output;
use proto::syslog::{self, Form, Header, Moment};
use state::ends::Endpoint;
use state::plan::{Format, Plan};
use state::stream::Stream;

/// Whose `log` lines are meant.
#[derive(Clone, Copy, Debug)]
pub enum Targets {
    Global,
    Proxy(ProxyId),
}

/// See the module.
pub struct Sender {
    plan: &'static Plan,
    pid: u32,
    v4: OnceCell<Option<UdpSocket>>,
    v6: OnceCell<Option<UdpSocket>>,
    unix: OnceCell<Option<UnixDatagram>>,
    outputs: RefCell<Vec<(i32, Output)>>,
    line: RefCell<Vec<u8>>,
    /// Text and structured data that log-profiles make.
    own: RefCell<(Vec<u8>, Vec<u8>)>,
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
}

impl Sender {
    pub fn new(plan: &'static Plan) -> Self {
        Self {
            plan,
            pid: std::process::id(),
            v4: OnceCell::new(),
            v6: OnceCell::new(),
            unix: OnceCell::new(),
            outputs: RefCell::default(),
            line: RefCell::default(),
            own: RefCell::default(),
        }
    }

    /// Sends `text` to all targets that want this level. Says whether there is a target.
    pub fn send(&self, targets: Targets, level: Level, text: &[u8]) -> bool {
        self.send_message(targets, &Message { level, text, data: b"", stream: None, profile: None })
    }

    /// Sends a message to all targets that want its level. One that is empty is not sent, unless
    /// a log-profile has another text for it. Says whether there is a target.
    pub fn send_message(&self, targets: Targets, message: &Message<'_>) -> bool {
        let config = &self.plan.config;
        let (targets, proxy, tag) = match targets {
            Targets::Global => (&config.global.log, None, None),
            Targets::Proxy(id) => {
                let settings = self.plan.settings(id);
                (&settings.logs, Some(id), settings.log_tag.as_deref())
            }
        };
        let tag = tag.or(config.global.log_tag.as_deref()).unwrap_or(b"haproxy");
        let profiles = self.plan.log_routes.of(proxy);
        for (index, (target, profile)) in targets.iter().zip(profiles).enumerate() {
            if message.level > target.max_level || !self.is_sampled(proxy, index, target) {
                continue;
            }
            match message.profile.or(*profile) {
                Some(profile) => self.override_with(profile, target, tag, message),
                None => self.deliver(target, message.level, (tag, message.data), message.text),
            }
        }
        !targets.is_empty()
    }

    /// Sends what a log-profile makes of a message.
    fn override_with(&self, profile: LogProfileId, target: &LogTarget, tag: &[u8], message: &Message<'_>) {
        let Some(profile) = self.plan.log_profiles.get(profile.index()) else { return };
        let tag = profile.tag.as_deref().unwrap_or(tag);
        let step = message.stream.and_then(|stream| Some((stream, profile.step(stream.log_origin)?)));
        let Some((stream, step)) = step else {
            return self.deliver(target, message.level, (tag, message.data), message.text);
        };
        let Ok(mut buffers) = self.own.try_borrow_mut() else { return };
        let (text, data) = &mut *buffers;
        let write = |format: &Option<Format>, own: &mut Vec<u8>| {
            own.clear();
            format.as_ref().map(|format| format.write(stream, own)).is_some()
        };
        let (has_text, has_data) = (write(&step.format, text), write(&step.sd, data));
        if !step.drop {
            let text = if has_text { text } else { message.text };
            let data = if has_data { data } else { message.data };
            self.deliver(target, message.level, (tag, data), text);
        }
    }

    /// `sample <ranges>:<size>`: whether this message is one of those that are sent.
    fn is_sampled(&self, proxy: Option<ProxyId>, index: usize, target: &LogTarget) -> bool {
        let Some((ranges, size)) = &target.sample else { return true };
        let at = self.plan.live.log_samples.next(proxy, index, *size);
        ranges.iter().any(|(low, high)| (*low..=*high).contains(&at))
    }

    fn deliver(&self, target: &LogTarget, level: Level, (tag, data): (&[u8], &[u8]), message: &[u8]) {
        if message.is_empty() {
            return;
        }
        let Ok(mut line) = self.line.try_borrow_mut() else { return };
        let level = level.max(target.min_level);
        line.clear();
        let host = match self.plan.config.global.log_send_hostname.as_deref() {
            Some(b"") => samples::host_name(),
            name => name.unwrap_or_default(),
        };
        let header = Header {
            facility: target.facility.0,
            level: level as u8,
            moment: now(),
            host,
            tag,
            pid: self.pid,
            data: data.trim_ascii_end(),
        };
        syslog::write_header(form(target, !host.is_empty()), &header, &mut line);
        let end = message.iter().rposition(|byte| !matches!(byte, b'\n' | 0)).map_or(0, |last| last + 1);
        line.extend_from_slice(&message[..end]);
        line.truncate(target.len.max(1) - 1);
        line.push(b'\n');
        // There is nobody to tell about a log that cannot be written.
        let _ = self.transmit(&target.transport, &line);
    }

    fn transmit(&self, transport: &LogTransport, line: &[u8]) -> io::Result<()> {
        match transport {
            LogTransport::Datagram(Address::Ip(ip, port)) => {
                let (cell, any) = if ip.is_ipv4() { (&self.v4, "0.0.0.0:0") } else { (&self.v6, "[::]:0") };
                let socket = cell.get_or_init(|| {
                    let socket = UdpSocket::bind(any).ok()?;
                    socket.set_nonblocking(true).ok()?;
                    Some(socket)
                });
                socket.as_ref().map_or(Ok(0), |socket| socket.send_to(line, SocketAddr::new(*ip, *port)))?;
            }
            LogTransport::Datagram(Address::Unix(path)) => {
                let path = std::path::Path::new(std::ffi::OsStr::from_bytes(path));
                self.unix_socket().map_or(Ok(0), |socket| socket.send_to(line, path))?;
            }
            LogTransport::Datagram(Address::Abstract(name, _)) => {
                let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
                self.unix_socket().map_or(Ok(0), |socket| socket.send_to_addr(line, &address))?;
            }
            LogTransport::Stdout => self.write(1, line)?,
            LogTransport::Stderr => self.write(2, line)?,
            LogTransport::Fd(fd) | LogTransport::Datagram(Address::Fd(fd)) => self.write(*fd, line)?,
            // Accepted with a warning by the checker: they do not run yet.
            LogTransport::Ring(_) | LogTransport::Tcp(_) | LogTransport::Backend(_) => {}
        }
        Ok(())
    }

    fn unix_socket(&self) -> Option<&UnixDatagram> {
        let open = || {
            let socket = UnixDatagram::unbound().ok()?;
            socket.set_nonblocking(true).ok()?;
            Some(socket)
        };
        self.unix.get_or_init(open).as_ref()
    }

    fn write(&self, fd: i32, line: &[u8]) -> io::Result<()> {
        let mut outputs = self.outputs.borrow_mut();
        let at = match outputs.iter().position(|(have, _)| *have == fd) {
            Some(at) => at,
            None => {
                outputs.push((fd, Output::new(fd)?));
                outputs.len() - 1
            }
        };
        outputs[at].1.write(line)
    }
}

fn form(target: &LogTarget, has_host: bool) -> Form {
    match target.framing {
        LogFraming::Default if has_host => Form::Rfc3164,
        LogFraming::Default | LogFraming::Local => Form::Local,
        LogFraming::Rfc3164 => Form::Rfc3164,
        LogFraming::Rfc5424 => Form::Rfc5424,
        LogFraming::Priority => Form::Priority,
        LogFraming::Short => Form::Short,
        LogFraming::Timed => Form::Timed,
        LogFraming::Iso => Form::Iso,
        LogFraming::Raw => Form::Raw,
    }
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
