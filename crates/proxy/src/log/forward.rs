//! `log-forward` sections (manual, section 12.5): messages that others send become messages to the
//! section's own targets. Left out: the forms of messages (`proto::syslog`).

use std::io::Write;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::task::{Poll, ready};

use ir::config::{Level, LogForward};
use ir::id::ProxyId;
use net::clock::now_ms;
use net::datagram::Datagrams;
use net::io::Io;
use net::timer::Timer;
use net::worker::Accepted;
use proto::syslog::{self, Received};
use state::plan::LogOwner;

use super::Message;
use crate::deadline::Deadline;
use crate::worker::Worker;

/// Bytes that are read at a time.
const CHUNK: usize = 16 * 1024;

/// The section of a listener: its numbers come behind those of the proxies.
pub fn section(worker: &Worker, proxy: ProxyId) -> Option<usize> {
    proxy.index().checked_sub(worker.plan.config.proxies.len())
}

/// Passes on what comes in at a socket, for ever.
pub async fn datagrams(worker: Rc<Worker>, section: usize, socket: &'static OwnedFd) {
    // A socket that this thread cannot watch is another's alone.
    let Ok(socket) = Datagrams::new(socket) else { return };
    let mut room = vec![0; worker.plan.config.global.tune.bufsize];
    loop {
        // Errors are those of earlier datagrams.
        if let Ok((len, source)) = socket.receive(&mut room).await {
            message(&worker, section, source, &room[..len]);
        }
    }
}

/// Passes on what a client sends, until it ends, is silent for too long, or sends no messages.
pub async fn connection(worker: Rc<Worker>, section: usize, accepted: Accepted) {
    let settings = &worker.plan.config.log_forwards[section];
    let Accepted { socket, peer, proxy, bind, slot, .. } = accepted;
    let source = peer.map(|address| address.ip().to_canonical());
    let mut timer = Timer::new();
    let limit = settings.timeout_client;
    Deadline::after(now_ms(), limit).set(&mut timer);
    let mut io = match worker.tls_bind(proxy, bind) {
        None => Io::Plain(socket),
        Some(context) => match context.accept(socket, &mut |cx| timer.poll_expired(cx)).await {
            Ok(tls) => Io::Tls(tls),
            Err(_) => return,
        },
    };
    let most = worker.plan.config.global.tune.bufsize;
    let mut bytes = Vec::new();
    loop {
        Deadline::after(now_ms(), limit).set(&mut timer);
        let start = bytes.len();
        bytes.resize(start + CHUNK, 0);
        let read = std::future::poll_fn(|cx| match io.poll_read(cx, &mut bytes[start..]) {
            Poll::Ready(read) => Poll::Ready(read.unwrap_or(0)),
            Poll::Pending => {
                ready!(timer.poll_expired(cx));
                Poll::Ready(0)
            }
        })
        .await;
        bytes.truncate(start + read);
        if read == 0 || !take(&worker, section, source, &mut bytes, most) {
            break;
        }
    }
    drop(slot);
}

/// Passes on all messages that are complete. `false`: what came is none.
fn take(worker: &Worker, section: usize, source: Option<IpAddr>, bytes: &mut Vec<u8>, most: usize) -> bool {
    let lines = worker.plan.config.log_forwards[section].assume_rfc6587_ntf;
    let mut at = 0;
    let is_fine = loop {
        match syslog::next_frame(&bytes[at..], lines, most) {
            Ok(Some((range, end))) => {
                message(worker, section, source, &bytes[at..][range]);
                at += end;
            }
            Ok(None) => break true,
            Err(syslog::Broken) => break false,
        }
    };
    bytes.drain(..at);
    is_fine
}

fn message(worker: &Worker, section: usize, source: Option<IpAddr>, bytes: &[u8]) {
    let settings = &worker.plan.config.log_forwards[section];
    let mut received = match settings.dont_parse_log {
        true => Received { text: bytes, ..Received::default() },
        false => syslog::parse(bytes),
    };
    let mut host = Vec::new();
    if let Some(source) = source.filter(|_| !settings.dont_parse_log) {
        write_host(settings, source, received.host, &mut host);
        received.host = &host;
    }
    let level = received.priority.and_then(|(_, level)| Level::ALL.get(level as usize).copied());
    let message = Message {
        // Without one it passes all limits.
        level: level.unwrap_or(Level::Emerg),
        text: received.text,
        data: received.data,
        stream: None,
        profile: None,
        received: Some(&received),
    };
    worker.logs.send_message(LogOwner::Forward(section), &message);
}

/// The host that a message is said to come from (`option host`).
fn write_host(settings: &LogForward, source: IpAddr, host: &[u8], out: &mut Vec<u8>) {
    let (keeps, adds) = match settings.host.as_deref() {
        Some(b"replace") => (false, true),
        Some(b"keep") => (true, false),
        Some(b"append") => (true, true),
        _ => (true, host.is_empty()),
    };
    if keeps {
        out.extend_from_slice(host);
    }
    if adds {
        if !out.is_empty() {
            out.push(b',');
        }
        // Writing to a vector cannot fail.
        let _ = write!(out, "{source}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let check = |option: Option<&str>, host: &str, expected: &str| {
            let option = option.map(|option| option.as_bytes().to_vec());
            let settings = LogForward { host: option, ..LogForward::default() };
            let mut out = Vec::new();
            write_host(&settings, "192.0.2.1".parse().expect("address"), host.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{:?}", settings.host);
        };
        check(None, "h", "h");
        check(None, "", "192.0.2.1");
        check(Some("fill"), "", "192.0.2.1");
        check(Some("keep"), "", "");
        check(Some("keep"), "h", "h");
        check(Some("replace"), "h", "192.0.2.1");
        check(Some("append"), "h", "h,192.0.2.1");
        check(Some("append"), "", "192.0.2.1");
    }
}
