//! From the command line to a running process, in HAProxy's order: read and check, go to the
//! background, limits, sockets, pid file, chroot, old processes, identity, workers, signals.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use diag::SourceMap;
use ir::config::{Config, Global};

use crate::args::{Args, Refusal};
use crate::config_dump::ConfigDump;
use crate::configuration::{self, Configuration};
use crate::console::Console;
use crate::modes::Modes;
use crate::process::daemon::{self, Launcher};
use crate::process::handoff::{self, OldProcesses};
use crate::process::master::{self, Master, Ready};
use crate::process::privileges::Identity;
use crate::process::{limits, pidfile, privileges, signals, sys};
use crate::runtime::Prepared;
use crate::world::World;
use crate::{check_mode, console, discovery, dump, files};

/// Status of a process that could not start.
pub const FAILED: u8 = 1;

/// The program as it was started.
pub struct Program {
    /// All words of the command line.
    pub words: Vec<OsString>,
    /// The first one, for messages.
    pub path: String,
    /// Its last part, for other messages.
    pub name: String,
}

impl Program {
    pub fn new(words: Vec<OsString>) -> Program {
        let path = words.first().map_or("hxproxy".into(), |word| word.to_string_lossy().into_owned());
        let name = path.rsplit('/').next().unwrap_or_default().to_string();
        Program { words, path, name }
    }
}

/// One start of the program.
pub struct Start {
    pub args: Args,
    pub program: Program,
    pub console: &'static Console,
}

/// Whom to tell that the process is ready.
enum Waiting {
    Nobody,
    Launcher(Launcher),
    Master(Ready),
}

impl Start {
    /// Does everything; gives the exit status.
    pub fn run(&self) -> u8 {
        let sources = match files::load(&self.args.files) {
            Ok(sources) => sources,
            Err(message) => return self.fails_to_load(&message),
        };
        if sources.is_empty() {
            return crate::refuse(&self.program, Refusal::Usage);
        }
        let mut world = World::new(&self.args);
        if let Some(dump) = self.args.dump_config {
            return self.dump(dump, &world, &sources);
        }
        let ready = match self.become_worker(&world, &sources) {
            Ok(ready) => ready,
            Err(message) => return self.fails(&message),
        };
        if ready.is_some() {
            world.set(master::WORKER.as_bytes(), Some(b"1"));
        }
        let read = configuration::read(&self.args, self.console, world, &sources);
        read.map_or(FAILED, |configuration| match self.go_on(configuration, ready) {
            Ok(status) => status,
            Err(message) => self.fails(&message),
        })
    }

    /// `-dC`: nothing else is done.
    fn dump(&self, dump: ConfigDump, world: &World, sources: &SourceMap) -> u8 {
        let (text, told) = dump.run(world, sources);
        console::print_bytes(&text);
        told.iter().for_each(|diagnostic| self.console.diagnostic("config", sources, diagnostic));
        if told.is_empty() { 0 } else { FAILED }
    }

    /// Everything after the check; comes back when the process may end.
    fn go_on(&self, mut configuration: Configuration, ready: Option<Ready>) -> Result<u8, String> {
        let threads = threads(&configuration.config);
        let wish = self.wish(&configuration.config, threads);
        let need = wish.need();
        configuration.config.global.maxconn = Some(need.maxconn);
        if let Some(classes) = &self.args.dump_keywords {
            console::print(&dump::keywords(classes, &configuration.registry));
        }
        let prepared = Prepared::new(configuration, threads)?;
        if self.only_looks() {
            return Ok(0);
        }
        let modes = Modes::new(&self.args, prepared.global());
        if modes.conflict {
            let text = "<debug> mode incompatible with <quiet> and <daemon>. Keeping <debug> only.";
            self.console.warning(text);
        }
        let in_master = ready.is_some();
        let waiting = match ready {
            Some(ready) => Waiting::Master(ready),
            None if modes.daemon => Waiting::Launcher(daemon::detach(self.console, &self.program.name)?),
            None => Waiting::Nobody,
        };
        limits::apply(self.console, &self.program.name, wish, need)?;
        prepared.start_scripts()?;
        let mut old = OldProcesses::new(&self.args.old.pids);
        self.serve(prepared, modes, in_master, waiting, &mut old).inspect_err(|_| old.resume())
    }

    /// From the sockets on: a failure makes the old processes listen again.
    fn serve(
        &self,
        prepared: Prepared,
        modes: Modes,
        in_master: bool,
        waiting: Waiting,
        old: &mut OldProcesses,
    ) -> Result<u8, String> {
        let system =
            |error: std::io::Error| format!("[{}.main()] {}.", self.program.path, files::strerror(&error));
        // A shell starts its background jobs with this one ignored.
        sys::default_signal(libc::SIGINT);
        // From here on, before anybody learns of this process, signals wait for its main loop.
        let set = signals::set();
        set.block().map_err(system)?;
        let listeners = handoff::bind(
            self.console,
            &self.program.name,
            prepared.config(),
            prepared.threads(),
            prepared.namespaces(),
            old,
        )
        .map_err(|()| String::new())?;
        let datagrams = handoff::bind_datagrams(self.console, &self.program.name, prepared.config())
            .map_err(|()| String::new())?;
        let reverse = prepared.config().proxies.iter().any(|proxy| {
            proxy.is_frontend && !proxy.disabled && proxy.binds.iter().any(|bind| bind.reverse.is_some())
        });
        if listeners.is_empty() && datagrams.is_empty() && !reverse && !in_master {
            let text = "No enabled listener found (check for 'bind' directives) ! Exiting.";
            return Err(format!("[{}.main()] {text}", self.program.path));
        }
        if modes.silent {
            self.console.leave(console::nowhere());
        }
        let nowhere = console::nowhere();
        self.give_up_rights(prepared.global(), modes, old, in_master)?;
        if modes.daemon && !modes.silent {
            self.console.leave(nowhere);
        }
        let running = prepared.start(listeners, datagrams).map_err(system)?;
        match waiting {
            Waiting::Nobody => {}
            Waiting::Launcher(launcher) => launcher.ready(),
            Waiting::Master(ready) => ready.tell().map_err(system)?,
        }
        running.serve(self.console, &set).map_err(system)
    }

    fn fails(&self, message: &str) -> u8 {
        if !message.is_empty() {
            self.console.alert(message);
        }
        FAILED
    }

    /// A file cannot be read. A master that reloads keeps its worker.
    fn fails_to_load(&self, message: &str) -> u8 {
        self.console.config_alert(message);
        if !master::is_reloading() || !self.args.master_worker {
            return FAILED;
        }
        self.console.warning(&format!(
            "Master failed to load new configuration and can't start a new worker. Already running worker will \
             be kept. Please, check configuration file path and memory limits and reload {}.",
            self.program.name
        ));
        self.master(&Global::default()).recover()
    }

    /// With `-W`: forks, and comes back as the worker.
    fn become_worker(&self, world: &World, sources: &SourceMap) -> Result<Option<Ready>, String> {
        if !self.args.master_worker || self.args.check {
            if !self.args.master_cli.is_empty() && !self.args.master_worker {
                return Err(
                    "a master CLI socket was defined, but master-worker mode (-W) is not enabled.".into()
                );
            }
            return Ok(None);
        }
        let master = self.master(&discovery::global(world, sources));
        let daemon = master.daemon && !master::is_reloading();
        let launcher = if daemon { Some(daemon::detach(self.console, &self.program.name)?) } else { None };
        master.run(launcher).map(Some)
    }

    fn master(&self, global: &Global) -> Master<'_> {
        let modes = Modes::new(&self.args, global);
        Master {
            console: self.console,
            program: &self.program.name,
            words: &self.program.words,
            systemd: self.args.systemd,
            daemon: modes.daemon,
            pidfile: self.pidfile(global),
            max_reloads: global.max_reloads,
            old: self.args.old.pids.clone(),
            old_signal: self.args.old.signal(),
        }
    }

    /// `-p` wins over `pidfile`.
    fn pidfile(&self, global: &Global) -> Option<PathBuf> {
        self.args.pidfile.clone().or_else(|| global.pidfile.as_deref().map(path))
    }

    /// `-c`, `-dL`: says whether the process goes no further.
    fn only_looks(&self) -> bool {
        if self.args.dump_libs {
            self.console.say("List of loaded object files:");
            console::print(&check_mode::loaded_objects());
        }
        // A list of keywords stands alone, as HAProxy's.
        if self.args.check && self.args.dump_keywords.is_none() {
            check_mode::accept(self.console);
        }
        self.args.check
    }

    /// The priority and the pid file are set and written with all rights; the old processes are told before this one may no
    /// longer signal them.
    fn give_up_rights(
        &self,
        global: &Global,
        modes: Modes,
        old: &OldProcesses,
        in_master: bool,
    ) -> Result<(), String> {
        if let Some(nice) = global.nice
            && let Err(error) = sys::set_priority(nice)
        {
            self.console.warning(&format!(
                "[{}.main()] couldn't set the runtime nice value to {nice}: {}",
                self.program.path,
                files::strerror(&error)
            ));
        }
        if let (false, true, Some(path)) = (in_master, modes.daemon, self.pidfile(global)) {
            pidfile::write(&path, &self.program.name)?;
        }
        let chroot = global.chroot.as_deref().map(path);
        privileges::enter_chroot(self.console, &self.program.path, chroot.as_deref())?;
        if !in_master {
            old.tell(self.args.old.signal());
        }
        let identity = Identity { group: global.gid, user: global.uid, kept: global.capabilities };
        privileges::set_identity(self.console, &self.program.path, identity)?;
        match global.dumpable {
            true => limits::allow_dumps(self.console, &self.program.path, global.strict_limits),
            false => Ok(()),
        }
    }

    fn wish(&self, config: &Config, threads: usize) -> limits::Wish {
        let enabled = config.proxies.iter().filter(|proxy| !proxy.disabled);
        let checked = |proxy: &ir::config::Proxy| proxy.servers.iter().filter(|server| server.check).count();
        let sockets: usize = enabled.map(|proxy| proxy.binds.len() * threads + checked(proxy)).sum();
        limits::Wish {
            maxconn: self.args.maxconn.filter(|number| *number > 0).or(config.global.maxconn),
            descriptors: config.global.ulimit_n,
            descriptor_limit: config.global.fd_hard_limit,
            memory: self.args.memory.filter(|megabytes| *megabytes > 0),
            sockets: sockets as u64,
            threads: threads as u64,
            strict: config.global.strict_limits,
        }
    }
}

/// `nbthread`, or the cores that this process may use; at most `thread-hard-limit`.
pub fn threads(config: &Config) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let wanted = config.global.nbthread.map_or_else(cores, |threads| threads as usize);
    config.global.thread_hard_limit.map_or(wanted, |limit| wanted.min(limit as usize))
}

fn path(bytes: &[u8]) -> PathBuf {
    Path::new(OsStr::from_bytes(bytes)).to_path_buf()
}
