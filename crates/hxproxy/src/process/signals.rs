//! The main thread's life once the workers run: it waits for signals and does what they mean,
//! and it leaves when the last connection of a stopping process is gone.
//!
//! `SIGTERM` and `SIGINT` are not here: they keep their default action, so that the process
//! ends at once and its parent sees which signal it was, as with HAProxy. `SIGPIPE` is ignored
//! from the start by Rust's own runtime.

use std::time::{Duration, Instant};

use ir::config::{Level, Mode, Proxy};
use ir::id::ProxyId;
use net::worker::Workers;
use state::Plan;
use state::live::{LiveProxy, ServerState};

use super::handoff::kind;
use super::sys::SignalSet;
use crate::console::Console;

/// How often a stopping process looks whether its workers are done.
const LOOK: Duration = Duration::from_millis(50);

/// How often a running process looks whether its workers are still there.
const GUARD: Duration = Duration::from_secs(1);

/// The signals that are waited for. Block them before the first thread starts.
pub fn set() -> SignalSet {
    SignalSet::new(&[libc::SIGUSR1, libc::SIGUSR2, libc::SIGHUP, libc::SIGTTOU, libc::SIGTTIN, libc::SIGQUIT])
}

/// Sends a message to the log targets of a proxy, or to the global ones.
pub type Log<'a> = &'a dyn Fn(Option<ProxyId>, Level, &str);

/// What the signals act on.
pub struct Process<'a> {
    pub console: &'a Console,
    pub plan: &'static Plan,
    pub workers: &'a Workers,
    pub log: Log<'a>,
}

/// Waits until the process has nothing left to do; gives its exit status.
pub fn serve(process: &Process<'_>, signals: &SignalSet) -> std::io::Result<u8> {
    loop {
        match signals.wait(Some(GUARD))? {
            Some(libc::SIGUSR1) => return process.stop(signals),
            Some(signal) => process.handle(signal),
            None if process.workers.has_ended() => {
                process.console.alert("All worker threads ended unexpectedly.");
                return Ok(1);
            }
            None => {}
        }
    }
}

impl Process<'_> {
    fn handle(&self, signal: i32) {
        match signal {
            libc::SIGHUP => self.dump(),
            libc::SIGTTOU => {
                self.workers.pause();
                self.each_frontend("Paused");
            }
            libc::SIGTTIN => {
                self.workers.resume();
                self.each_frontend("Resumed");
            }
            // SIGQUIT frees HAProxy's memory pools; SIGUSR2 means nothing to it.
            _ => {}
        }
    }

    /// `SIGUSR1`: no new connections; leaves with the last old one, or after `hard-stop-after`.
    fn stop(&self, signals: &SignalSet) -> std::io::Result<u8> {
        let global = &self.plan.config.global;
        if let Some(grace) = global.grace {
            self.notice(Level::Warning, &format!("Scheduling a soft-stop in {grace} ms."));
            let end = Instant::now() + Duration::from_millis(grace);
            self.wait(signals, || Instant::now() >= end)?;
            self.notice(Level::Notice, "Grace period expired, proceeding with soft-stop now.");
        }
        self.plan.live.stop(net::clock::now_ms());
        self.workers.soft_stop();
        let deadline = global.hard_stop_after.map(|limit| Instant::now() + Duration::from_millis(limit));
        let is_late = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
        // What waits in the backlogs is still accepted, and counted.
        self.wait(signals, || !self.workers.is_listening() || is_late())?;
        self.tell_stopped();
        self.wait(signals, || self.workers.has_ended() || is_late())?;
        if !self.workers.has_ended() {
            self.hard_stop();
        }
        Ok(0)
    }

    /// Handles signals until something holds.
    fn wait(&self, signals: &SignalSet, holds: impl Fn() -> bool) -> std::io::Result<()> {
        while !holds() {
            if let Some(signal) = signals.wait(Some(LOOK))? {
                self.handle(signal);
            }
        }
        Ok(())
    }

    fn hard_stop(&self) {
        self.warning(None, "soft-stop running for too long, performing a hard-stop.");
        for Shown { id, proxy, live } in self.proxies() {
            let left = live.frontend.get();
            if left > 0 {
                let name = name(&proxy.name);
                let message = format!("Proxy {name} hard-stopped ({left} remaining conns will be closed).");
                self.warning(Some(id), &message);
            }
        }
        self.workers.hard_stop();
        let deadline = Instant::now() + Duration::from_secs(1);
        while !self.workers.has_ended() && Instant::now() < deadline {
            std::thread::sleep(LOOK);
        }
        if !self.workers.has_ended() {
            self.warning(None, "Some tasks resisted to hard-stop, exiting now.");
        }
    }

    fn tell_stopped(&self) {
        for Shown { id, proxy, live } in self.proxies() {
            let (frontend, backend) = (live.frontend_total.sum(), live.backend_total.sum());
            let name = name(&proxy.name);
            let message = format!("Proxy {name} stopped (cumulated conns: FE: {frontend}, BE: {backend}).");
            self.warning(Some(id), &message);
        }
    }

    fn each_frontend(&self, what: &str) {
        for Shown { id, proxy, .. } in self.proxies().filter(|shown| shown.proxy.is_frontend) {
            self.warning(Some(id), &format!("{what} {} {}.", kind(proxy), name(&proxy.name)));
        }
    }

    /// `SIGHUP`: the state of every server.
    fn dump(&self) {
        self.console.warning("SIGHUP received, dumping servers states.");
        for Shown { id, proxy, live } in self.proxies() {
            let title = format!("SIGHUP received, dumping servers states for proxy {}.", name(&proxy.name));
            (self.log)(Some(id), Level::Notice, &title);
            for line in server_lines(proxy, live) {
                self.console.warning(&line);
                (self.log)(Some(id), Level::Notice, &line);
            }
        }
    }

    /// The proxies that take part, with their live state.
    fn proxies(&self) -> impl Iterator<Item = Shown> + use<> {
        let plan = self.plan;
        let all = (0..).map(ProxyId).zip(plan.config.proxies.iter().zip(&plan.live.proxies));
        all.map(|(id, (proxy, live))| Shown { id, proxy, live })
            .filter(|shown| !shown.proxy.disabled && matches!(shown.proxy.mode, Mode::Tcp | Mode::Http))
    }

    fn warning(&self, proxy: Option<ProxyId>, message: &str) {
        self.console.warning(message);
        (self.log)(proxy, Level::Warning, message);
    }

    fn notice(&self, level: Level, message: &str) {
        self.console.notice(message);
        (self.log)(None, level, message);
    }
}

/// A proxy that messages name.
struct Shown {
    id: ProxyId,
    proxy: &'static Proxy,
    live: &'static LiveProxy,
}

fn name(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// A line for each server, then one for the proxy, as HAProxy words them.
fn server_lines(proxy: &Proxy, live: &LiveProxy) -> Vec<String> {
    let id = name(&proxy.name);
    let servers = proxy.servers.iter().zip(&live.servers);
    let mut lines: Vec<String> = servers
        .map(|(server, now)| {
            let state = if is_up(now.state()) { "UP" } else { "DOWN" };
            let (active, queued, total) = (now.connections.get(), now.queue.get(), now.stream_rate.sum());
            let name = name(&server.name);
            format!("SIGHUP: Server {id}/{name} is {state}. Conn: {active} act, {queued} pend, {total} tot.")
        })
        .collect();
    let usable = |backup: bool| {
        let all = proxy.servers.iter().zip(&live.servers);
        all.filter(|(server, now)| server.backup == backup && now.is_usable()).count()
    };
    let what = match (proxy.servers.is_empty(), usable(false), usable(true)) {
        (true, _, _) => "has no servers.".to_string(),
        (false, 0, 0) => "has no server available !".to_string(),
        (false, 0, _) => "is running on backup servers !".to_string(),
        (false, active, backup) => {
            format!("has {active} active servers and {backup} backup servers available.")
        }
    };
    let servers_queued: u32 = live.servers.iter().map(|now| now.queue.get()).sum();
    let queued = live.queue.get();
    lines.push(format!(
        "SIGHUP: Proxy {id} {what} Conn: act(FE+BE): {}+{}, {} pend ({queued} unass), tot(FE+BE): {}+{}.",
        live.frontend.get(),
        live.backend.get(),
        queued + servers_queued,
        live.frontend_total.sum(),
        live.backend_total.sum(),
    ));
    lines
}

fn is_up(state: ServerState) -> bool {
    matches!(state, ServerState::Up | ServerState::Drain)
}
