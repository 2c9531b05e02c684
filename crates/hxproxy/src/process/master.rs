//! `-W` and `-Ws`: a master that starts the worker, passes signals on, replaces the worker on
//! `SIGUSR2` or `SIGHUP` by executing itself again, and leaves with the worker's status.
//!
//! The master reads no configuration beyond what tells it whether to go to the background: the
//! worker does, and says `READY` through a pipe. A reload whose worker does not get there leaves
//! the old one in charge. Workers that have lived through too many reloads are terminated. Left out: the
//! master's CLI (`-S` is accepted).

use std::ffi::{CString, OsStr, OsString};
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::daemon::Launcher;
use super::sys::{self, Fork, SignalSet, Status};
use super::{pidfile, systemd};
use crate::console::{self, Console};
use crate::version;

/// Set in the environment of a master that executed itself again.
const AGAIN: &str = "HAPROXY_MWORKER_REEXEC";

/// Set for such a master: each former worker with the reloads that it has lived through, as `12:3,15:1`.
const RELOADS: &str = "HXPROXY_RELOADS";

/// What `mworker-max-reloads` is where it is left out.
const MAX_RELOADS: u32 = 50;

/// Set for the worker's configuration.
pub const WORKER: &str = "HAPROXY_MWORKER";

/// Whether this process is a master after a reload.
pub fn is_reloading() -> bool {
    std::env::var_os(AGAIN).is_some()
}

/// What a master knows.
pub struct Master<'a> {
    pub console: &'a Console,
    /// For messages: the program's name without its folder.
    pub program: &'a str,
    /// All words of the command line, the program first.
    pub words: &'a [OsString],
    /// `-Ws`
    pub systemd: bool,
    /// The master leaves its terminal when the first worker is ready.
    pub daemon: bool,
    pub pidfile: Option<PathBuf>,
    /// `mworker-max-reloads`
    pub max_reloads: Option<u32>,
    /// The workers before this start, or the processes of `-sf` on the command line.
    pub old: Vec<i32>,
    /// `SIGUSR1` or `SIGTERM`, for those.
    pub old_signal: i32,
}

/// The worker's end of the pipe to its master.
#[derive(Debug)]
pub struct Ready {
    pipe: PipeWriter,
    master: u32,
}

impl Ready {
    /// The worker takes connections. Call it after the last change of identity: from here on
    /// the worker does not outlive its master.
    pub fn tell(mut self) -> std::io::Result<()> {
        sys::signal_on_parents_death(libc::SIGTERM)?;
        if std::os::unix::process::parent_id() != self.master {
            return Err(std::io::ErrorKind::NotConnected.into());
        }
        self.pipe.write_all(b"READY\n")
    }
}

/// Signals that wait until the worker is ready, and that the master then takes one by one.
fn signals() -> SignalSet {
    SignalSet::new(&[libc::SIGUSR1, libc::SIGUSR2, libc::SIGTTIN, libc::SIGTTOU, libc::SIGHUP, libc::SIGCHLD])
}

/// Those, and the ones that end a master at once while it starts.
fn all_signals() -> SignalSet {
    SignalSet::new(&[
        libc::SIGUSR1,
        libc::SIGUSR2,
        libc::SIGTTIN,
        libc::SIGTTOU,
        libc::SIGHUP,
        libc::SIGCHLD,
        libc::SIGTERM,
        libc::SIGINT,
    ])
}

impl Master<'_> {
    /// Forks the worker. Comes back in the worker only, or with HAProxy's message when nothing
    /// could be started.
    pub fn run(self, launcher: Option<Launcher>) -> Result<Ready, String> {
        let message = |error: std::io::Error| format!("[{}.main()] Cannot fork: {error}.", self.program);
        signals().block().map_err(message)?;
        let (reader, pipe) = std::io::pipe().map_err(message)?;
        let master = std::process::id();
        match sys::fork().map_err(|_| format!("[{}.main()] Cannot fork.", self.program))? {
            Fork::Child => {
                drop(reader);
                self.console.forget();
                SignalSet::new(&[]).block().map_err(message)?;
                Ok(Ready { pipe, master })
            }
            Fork::Parent(worker) => {
                drop(pipe);
                self.console.notice(&format!("Initializing new worker ({worker})"));
                std::process::exit(self.supervise(worker, reader, launcher))
            }
        }
    }

    /// A reload whose configuration cannot even be read: goes on with the old workers.
    pub fn recover(&self) -> u8 {
        self.notify("READY=1\nSTATUS=Reload failed (master failed to load or to parse new configuration)!\n");
        let mut family = Family { current: None, former: self.children(), status: 0 };
        u8::try_from(self.watch(&mut family)).unwrap_or(u8::MAX)
    }

    /// The master's whole life; gives its exit status.
    fn supervise(&self, worker: i32, ready: PipeReader, launcher: Option<Launcher>) -> Status {
        let mut family = Family { current: Some(worker), former: self.children(), status: 0 };
        let is_ready = is_ready(ready);
        // Whoever learns that the start is over may send any of them.
        if all_signals().block().is_err() {
            return 1;
        }
        if is_ready {
            if let Err(status) = self.started(launcher) {
                family.tell(libc::SIGTERM);
                return status;
            }
            family.count_reload();
            self.end_the_oldest(&family);
        } else if let Err(status) = self.failed(&mut family) {
            return status;
        }
        self.watch(&mut family)
    }

    /// The old workers. Processes that the command line of a first start names are none of ours:
    /// they get their one signal.
    fn children(&self) -> Vec<Former> {
        if !is_reloading() {
            return Vec::new();
        }
        let known = std::env::var(RELOADS).unwrap_or_default();
        self.old.iter().map(|pid| Former { pid: *pid, reloads: reloads(&known, *pid) }).collect()
    }

    fn max_reloads(&self) -> u32 {
        self.max_reloads.unwrap_or(MAX_RELOADS)
    }

    /// Terminates the workers that have lived through too many reloads.
    fn end_the_oldest(&self, family: &Family) {
        for former in family.former.iter().filter(|former| former.reloads > self.max_reloads()) {
            // One that has left meanwhile needs no signal.
            let _ = sys::signal(former.pid, libc::SIGTERM);
        }
    }

    /// Waits for signals until the last child has ended; gives the exit status.
    fn watch(&self, family: &mut Family) -> Status {
        let signals = all_signals();
        if signals.block().is_err() {
            return 1;
        }
        // Children that ended while their signal was merged with another one.
        if let Some(status) = self.reap(family) {
            return status;
        }
        loop {
            match signals.wait(None) {
                Ok(Some(libc::SIGCHLD)) => {
                    if let Some(status) = self.reap(family) {
                        return status;
                    }
                }
                Ok(Some(signal @ (libc::SIGTERM | libc::SIGINT | libc::SIGUSR1))) => {
                    self.notify("STOPPING=1");
                    self.console.warning("Exiting Master process...");
                    family.tell(signal);
                }
                Ok(Some(libc::SIGHUP | libc::SIGUSR2)) => self.reload(family),
                Ok(Some(signal)) => family.tell(signal),
                Ok(None) => {}
                Err(_) => return 1,
            }
        }
    }

    /// The new worker is ready: the old ones may go.
    fn started(&self, launcher: Option<Launcher>) -> Result<(), Status> {
        if let Some(path) = &self.pidfile
            && let Err(message) = pidfile::write(path, self.program)
        {
            self.console.alert(&message);
            self.console.alert("Fatal error(s) found, exiting.");
            return Err(1);
        }
        for pid in &self.old {
            // One that has left meanwhile needs no signal.
            let _ = sys::signal(*pid, self.old_signal);
        }
        if let Some(launcher) = launcher {
            launcher.ready();
        }
        self.console.notice("Loading success.");
        self.notify(&format!("READY=1\nMAINPID={}\nSTATUS=Ready.\n", std::process::id()));
        if self.daemon {
            self.console.leave(console::nowhere());
        }
        Ok(())
    }

    /// The new worker ended before it was ready. A first start ends with it; a reload goes on
    /// with the old worker.
    fn failed(&self, family: &mut Family) -> Result<(), Status> {
        let Some(worker) = family.current.take() else { return Err(1) };
        // It closed the pipe because it is ending.
        let status = match sys::wait(worker, true) {
            Ok(Some((_, status))) => status,
            _ => 255,
        };
        let how = sys::status_text(status);
        self.console.warning(&format!("Failed to load worker ({worker}) exited with code {status} ({how})"));
        self.notify("READY=1\nSTATUS=Reload failed!\n");
        if is_reloading() { Ok(()) } else { Err(status) }
    }

    /// Collects the children that have ended; the master's status when it was the last one.
    fn reap(&self, family: &mut Family) -> Option<Status> {
        loop {
            match sys::wait(-1, false) {
                Ok(Some((pid, status))) => self.ended(family, pid, status),
                Ok(None) => return None,
                Err(_) => {
                    let status = family.status;
                    self.console.warning(&format!("All workers exited. Exiting... ({status})"));
                    return Some(status);
                }
            }
        }
    }

    fn ended(&self, family: &mut Family, pid: i32, status: Status) {
        let how = sys::status_text(status);
        if family.current != Some(pid) {
            let at = family.former.iter().position(|former| former.pid == pid);
            let reloads = at.map_or(0, |at| family.former.swap_remove(at).reloads);
            let most = self.max_reloads();
            let why =
                if reloads > most { format!(", as it exceeds max reloads ({most})") } else { String::new() };
            self.console.warning(&format!("Former worker ({pid}) exited with code {status} ({how}){why}"));
            return;
        }
        family.current = None;
        let message = format!("Current worker ({pid}) exited with code {status} ({how})");
        if status < 128 {
            self.console.warning(&message)
        } else {
            self.console.alert(&message)
        }
        if !matches!(status, 0 | 130 | 143) {
            self.console.warning(
                "A worker process unexpectedly died and this can only be explained by a bug in haproxy or its \
                 dependencies.\nPlease check that you are running an up to date and maintained version of haproxy \
                 and open a bug report.",
            );
            crate::console::print(&version::line());
            self.console.alert("exit-on-failure: killing every processes with SIGTERM");
            family.tell(libc::SIGTERM);
        }
        // Being terminated is a normal end; anything else is told to whoever started the master.
        if family.status == 0 && status != 143 {
            family.status = status;
        }
    }

    /// Executes this program again, which then starts a worker with the new configuration.
    fn reload(&self, family: &Family) {
        self.console.notice("Reloading HAProxy");
        let now = sys::monotonic_us();
        self.notify(&format!("RELOADING=1\nSTATUS=Reloading Configuration.\nMONOTONIC_USEC={now}\n"));
        let Some((program, words)) = self.next_words(family) else { return };
        let own = |name: &OsString| [AGAIN, WORKER, RELOADS].iter().any(|own| name == own);
        let environment = std::env::vars_os().filter(|(name, _)| !own(name));
        let told = [(AGAIN.into(), "1".into()), (RELOADS.into(), family.reloads().into())];
        let environment = environment.chain(told).filter_map(|(name, value)| {
            let mut line = name;
            line.push("=");
            line.push(value);
            CString::new(line.into_vec()).ok()
        });
        let error = sys::execute(&program, &words, &environment.collect::<Vec<_>>());
        let pid = std::process::id();
        self.console.warning(&format!("Failed to reexecute the master process [{pid}]: {error}"));
    }

    /// The program, `-sf` with the workers, and what the command line said before.
    fn next_words(&self, family: &Family) -> Option<(CString, Vec<CString>)> {
        let words = next_words(self.words, &family.pids());
        let words: Option<Vec<CString>> =
            words.into_iter().map(|word| CString::new(word.into_vec()).ok()).collect();
        let words = words?;
        Some((words.first()?.clone(), words))
    }

    /// To systemd; a socket that does not answer must not stop the master.
    fn notify(&self, state: &str) {
        if self.systemd {
            let _ = systemd::notify(state);
        }
    }
}

/// The master's children.
struct Family {
    current: Option<i32>,
    /// Workers of earlier configurations that finish their connections.
    former: Vec<Former>,
    /// The status that the master leaves with.
    status: Status,
}

/// A worker of an earlier configuration.
struct Former {
    pid: i32,
    /// How many reloads it has lived through.
    reloads: u32,
}

/// The number of a worker in [`RELOADS`].
fn reloads(known: &str, pid: i32) -> u32 {
    let numbers = known.split(',').filter_map(|part| {
        let (pid, reloads) = part.split_once(':')?;
        Some((pid.parse::<i32>().ok()?, reloads.parse().ok()?))
    });
    numbers.into_iter().find(|(other, _)| *other == pid).map_or(0, |(_, reloads)| reloads)
}

impl Family {
    fn pids(&self) -> Vec<i32> {
        self.former.iter().map(|former| former.pid).chain(self.current).collect()
    }

    fn count_reload(&mut self) {
        self.former.iter_mut().for_each(|former| former.reloads += 1);
    }

    /// For [`RELOADS`].
    fn reloads(&self) -> String {
        let parts = self.former.iter().map(|former| format!("{}:{}", former.pid, former.reloads));
        parts.collect::<Vec<_>>().join(",")
    }

    fn tell(&self, signal: i32) {
        for pid in self.pids() {
            // One that has left meanwhile needs no signal.
            let _ = sys::signal(pid, signal);
        }
    }
}

/// Waits for the worker's word; false when it ended without one.
fn is_ready(mut pipe: PipeReader) -> bool {
    let mut byte = [0];
    loop {
        match pipe.read(&mut byte) {
            Ok(read) => return read == 1,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}

/// The words of a command line for the next start: those of `-sf`, `-st` and `-x` are dropped and
/// the ones for `pids` put in front.
fn next_words(words: &[OsString], pids: &[i32]) -> Vec<OsString> {
    const WITH_VALUE: [&[u8]; 8] = [b"-C", b"-n", b"-m", b"-N", b"-L", b"-f", b"-p", b"-S"];
    let is_switch = |word: &OsStr| word.as_bytes().starts_with(b"-");
    let mut next: Vec<OsString> = words.iter().take(1).cloned().collect();
    if !pids.is_empty() {
        next.push("-sf".into());
        next.extend(pids.iter().map(|pid| pid.to_string().into()));
    }
    let mut rest = words.get(1..).unwrap_or_default();
    while let Some((word, behind)) = rest.split_first() {
        rest = behind;
        let bytes = word.as_bytes();
        if word == "--" {
            next.push(word.clone());
            next.extend_from_slice(rest);
            break;
        } else if bytes.starts_with(b"-sf") || bytes.starts_with(b"-st") {
            let count = rest.iter().take_while(|word| !is_switch(word)).count();
            rest = &rest[count..];
        } else if bytes.starts_with(b"-x") {
            rest = rest.get(1..).unwrap_or_default();
        } else {
            next.push(word.clone());
            if WITH_VALUE.iter().any(|switch| bytes.starts_with(switch)) {
                next.extend(rest.first().cloned());
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, pids: &[i32], expected: &str) {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let next = next_words(&words, pids);
        let next: Vec<_> = next.iter().map(|word| word.to_string_lossy()).collect();
        assert_eq!(next.join(" "), expected, "{line}");
    }

    #[test]
    fn numbers_of_reloads() {
        let former = [(7, 2), (12, 0)].map(|(pid, reloads)| Former { pid, reloads });
        let mut family = Family { current: Some(15), former: former.into(), status: 0 };
        family.count_reload();
        assert_eq!(family.reloads(), "7:3,12:1");
        assert_eq!([7, 12, 15, 1].map(|pid| reloads(&family.reloads(), pid)), [3, 1, 0, 0]);
        assert_eq!(reloads("x,7:y,7", 7), 0);
    }

    #[test]
    fn words_of_the_next_start() {
        check("hx -W -f a", &[7, 8], "hx -sf 7 8 -W -f a");
        check("hx -W -f a", &[], "hx -W -f a");
        check("hx -sf 1 2 -W -f a -st 3 -x /s -p p", &[9], "hx -sf 9 -W -f a -p p");
        check("hx -f -sf -W", &[9], "hx -sf 9 -f -sf -W");
        check("hx -Ws -- a -sf 1", &[9], "hx -sf 9 -Ws -- a -sf 1");
    }
}
