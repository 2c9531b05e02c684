//! Opening the listening sockets, and taking them over from the processes that this one replaces
//! (`-sf`, `-st`).
//!
//! Left out: how a descriptor comes over (`net::handoff`), and the signal that ends the old
//! processes, which is sent when this one is ready.

use std::os::fd::OwnedFd;
use std::time::Duration;

use ir::config::{Bind, Config, LogForward, Mode, Proxy};
use ir::expr::Place;
use ir::id::{BindId, ProxyId};
use net::handoff::Inherited;
use net::listener::{self, BindError, Listener, Wanted};
use net::namespace::Namespaces;

use super::sys;
use crate::console::Console;

/// HAProxy tries for about two seconds.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(10);

/// The processes that are replaced.
#[derive(Debug)]
pub struct OldProcesses {
    pids: Vec<i32>,
    /// They were told to stop listening, and must be told otherwise if this start fails.
    paused: Vec<i32>,
}

impl OldProcesses {
    pub fn new(pids: &[i32]) -> OldProcesses {
        OldProcesses { pids: pids.to_vec(), paused: Vec::new() }
    }

    /// Sends the signal that ends them. Those that are gone are no concern.
    pub fn tell(&self, signal: i32) {
        tell(&self.pids, signal);
    }

    /// This start failed: they listen again.
    pub fn resume(&self) {
        tell(&self.paused, libc::SIGTTIN);
    }
}

/// Sends a signal to all; says whether one took it.
fn tell(pids: &[i32], signal: i32) -> bool {
    // Every one is told, so no short circuit.
    pids.iter().filter(|pid| sys::signal(**pid, signal).is_ok()).count() > 0
}

/// Opens the sockets of all frontends. On failure everything has been told to `console`.
pub fn bind(
    console: &Console,
    program: &str,
    config: &Config,
    threads: usize,
    namespaces: &Namespaces,
    old: &mut OldProcesses,
) -> Result<Vec<Listener>, ()> {
    let (mut inherited, unreachable) = Inherited::collect(&old.pids);
    // Pausing a process whose sockets were taken over would pause the copies as well.
    let unreachable: Vec<i32> = unreachable.into_iter().map(|(pid, _)| pid).collect();
    let mut pending = lines(config);
    let mut open = Vec::new();
    for left in (0..=TRIES).rev() {
        let mut refused = Vec::new();
        for (proxy, bind) in pending {
            let wanted = wanted(config, (proxy, bind), threads, namespaces);
            match listener::open(&binds(config, proxy)[bind], wanted, &mut inherited) {
                Ok(opened) => {
                    let place = describe(config, proxy, bind, "Starting");
                    opened.warnings.iter().for_each(|text| console.warning(&format!("{place}: {text}.")));
                    open.extend(opened.listeners);
                }
                Err(error) => refused.push((proxy, bind, error)),
            }
        }
        if refused.is_empty() {
            return Ok(open);
        }
        let retry = refused.iter().all(|(_, _, error)| error.in_use) && left > 0;
        if !retry || !tell(&unreachable, libc::SIGTTOU) {
            return give_up(console, program, config, &refused);
        }
        old.paused.clone_from(&unreachable);
        std::thread::sleep(PAUSE);
        pending = refused.into_iter().map(|(proxy, bind, _)| (proxy, bind)).collect();
    }
    Err(())
}

fn give_up(
    console: &Console,
    program: &str,
    config: &Config,
    refused: &[(usize, usize, BindError)],
) -> Result<Vec<Listener>, ()> {
    for (proxy, bind, error) in refused {
        console.alert(&format!("{}: {error}.", describe(config, *proxy, *bind, "Binding")));
    }
    console.alert(&format!("[{program}.main()] Some protocols failed to start their listeners! Exiting."));
    Err(())
}

/// Opens the sockets of `dgram-bind` lines, each with the number of its log-forward section. On
/// failure everything has been told to `console`.
pub fn bind_datagrams(
    console: &Console,
    program: &str,
    config: &Config,
) -> Result<Vec<(usize, OwnedFd)>, ()> {
    let mut open = Vec::new();
    let mut failed = false;
    let wanted = net::datagram::Wanted {
        reuse_port: !config.global.no_reuseport,
        buffers: config.global.tune.datagrams_client,
    };
    for (section, forward) in config.log_forwards.iter().enumerate() {
        for bind in &forward.datagram_binds {
            match net::datagram::bind(&bind.address, wanted) {
                Ok(socket) => open.push((section, socket)),
                Err(error) => {
                    failed = true;
                    let place = place(config, bind.place);
                    let name = String::from_utf8_lossy(&forward.name);
                    let text = crate::files::strerror(&error);
                    console.alert(&format!(
                        "Binding [{place}] for frontend {name}: cannot bind datagram socket ({text})."
                    ));
                }
            }
        }
    }
    if failed {
        console
            .alert(&format!("[{program}.main()] Some protocols failed to start their listeners! Exiting."));
        return Err(());
    }
    Ok(open)
}

/// The addresses to open, as indexes of proxy and `bind`. Log-forward sections come behind the
/// proxies.
fn lines(config: &Config) -> Vec<(usize, usize)> {
    let is_open =
        |at: &usize| config.proxies.get(*at).is_none_or(|proxy| proxy.is_frontend && !proxy.disabled);
    let owners = (0..config.proxies.len() + config.log_forwards.len()).filter(is_open);
    let all = owners.flat_map(|at| (0..binds(config, at).len()).map(move |bind| (at, bind)));
    all.filter(|(at, bind)| binds(config, *at)[*bind].reverse.is_none()).collect()
}

/// The log-forward section of a number behind those of the proxies.
fn forward(config: &Config, owner: usize) -> Option<&LogForward> {
    config.log_forwards.get(owner.checked_sub(config.proxies.len())?)
}

/// The `bind` lines of a proxy or of a log-forward section.
fn binds(config: &Config, owner: usize) -> &[Bind] {
    match forward(config, owner) {
        Some(forward) => &forward.binds,
        None => config.proxies.get(owner).map_or(&[], |proxy| &proxy.binds),
    }
}

fn wanted<'a>(
    config: &'a Config,
    (proxy, bind): (usize, usize),
    threads: usize,
    namespaces: &'a Namespaces,
) -> Wanted<'a> {
    let line = &binds(config, proxy)[bind];
    let frontend = config.proxies.get(proxy);
    let served = line.threads.iter().filter(|thread| usize::from(**thread) <= threads).count();
    let positive = |number: i64| u32::try_from(number).ok().filter(|number| *number > 0);
    let of_forward = forward(config, proxy)
        .and_then(|forward| positive(forward.backlog).or_else(|| positive(forward.maxconn)));
    let id = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
    Wanted {
        proxy: ProxyId(id(proxy)),
        bind: BindId(id(bind)),
        backlog: line
            .backlog
            .or(frontend.and_then(|frontend| frontend.backlog.or(frontend.maxconn)))
            .or(of_forward)
            .or(config.global.maxconn)
            .unwrap_or(0),
        // Numbers of threads that there are not leave all.
        sockets: if served > 0 { served } else { threads },
        tune: &config.global.tune,
        reuse_port: !config.global.no_reuseport,
        nolinger: frontend.is_some_and(|frontend| frontend.options.nolinger),
        delays_ack: frontend
            .is_some_and(|frontend| frontend.options.tcp_smart_accept.unwrap_or(frontend.mode == Mode::Http)),
        namespaces,
    }
}

/// `Binding [file:line] for frontend http`
fn describe(config: &Config, proxy: usize, bind: usize, what: &str) -> String {
    let place = place(config, binds(config, proxy)[bind].place);
    let of_forward = || Some(("frontend", forward(config, proxy)?.name.as_slice()));
    let of_proxy = config.proxies.get(proxy).map(|proxy| (kind(proxy), proxy.name.as_slice()));
    let (kind, name) = of_proxy.or_else(of_forward).unwrap_or_default();
    format!("{what} [{place}] for {kind} {}", String::from_utf8_lossy(name))
}

fn place(config: &Config, Place { file, line }: Place) -> String {
    let file = config.files.get(file as usize).map_or("", String::as_str);
    format!("{file}:{line}")
}

/// HAProxy's word for what a section is.
pub fn kind(proxy: &Proxy) -> &'static str {
    match (proxy.is_frontend, proxy.is_backend) {
        (true, false) => "frontend",
        (false, true) => "backend",
        _ => "proxy",
    }
}
