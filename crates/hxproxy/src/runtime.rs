//! The checked configuration becomes a plan and TLS contexts, and those become worker threads.
//! Everything that can fail for the configuration's sake fails in [`Prepared::new`], which `-c`
//! runs as well.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use ir::config::{Config, Global};
use ir::id::ProxyId;
use net::listener::Listener;
use net::namespace::Namespaces;
use net::worker::{Settings, Workers};
use proxy::Shared;
use proxy::log::Sender;
use state::Plan;
use state::plan::LogOwner;

use crate::configuration::Configuration;
use crate::console::Console;
use crate::process::signals::{self, Process};
use crate::process::sys::SignalSet;
use crate::registry;
use crate::ring_files;
use crate::scripts::Scripts;

/// A configuration that is ready to run.
pub struct Prepared {
    plan: &'static Plan,
    lua: Arc<lua::Host>,
    scripts: Arc<Scripts>,
    shared: Arc<Shared>,
    threads: usize,
}

impl Prepared {
    /// Compiles and loads everything that the configuration names. The error is a message.
    ///
    /// The plan lives as long as the process: a reload is a new process.
    pub fn new(configuration: Configuration, threads: usize) -> Result<Prepared, String> {
        let Configuration { config, registry, lua, scripts, ring_files } = configuration;
        let functions = registry::functions(&registry);
        let plan = Plan::build(config, &functions, threads).map_err(|error| error.0)?;
        let plan: &'static Plan = Box::leak(Box::new(plan));
        ring_files::show(plan, &ring_files)?;
        let shared = Arc::new(Shared::new(plan, Some(lua.clone()), threads)?);
        Ok(Prepared { plan, lua, scripts, shared, threads })
    }

    pub fn config(&self) -> &'static Config {
        &self.plan.config
    }

    pub fn threads(&self) -> usize {
        self.threads
    }

    pub fn global(&self) -> &'static Global {
        &self.plan.config.global
    }

    pub fn namespaces(&self) -> &Namespaces {
        self.shared.namespaces()
    }

    /// Runs what scripts registered for the start. The error is a message.
    pub fn start_scripts(&self) -> Result<(), String> {
        self.scripts.knows(self.plan);
        self.lua.start(self.plan, self.threads)
    }

    /// Starts the threads.
    pub fn start(self, listeners: Vec<Listener>, datagrams: Vec<(usize, OwnedFd)>) -> io::Result<Running> {
        self.shared.receive(datagrams);
        self.plan.live.outputs.connect(write);
        let global = self.global();
        net::splice::configure(global.max_pipes.map(|most| most as usize), global.tune.pipesize);
        let settings = Settings {
            maxaccept: global.tune.maxaccept,
            cpus: &global.thread_cpus,
            busy_polling: global.busy_polling,
            max_events: global.tune.max_poll_events,
            event_interval: global.tune.runqueue_depth,
            ..Settings::new(self.threads)
        };
        let (plan, shared) = (self.plan, self.shared);
        let workers = Workers::start(settings, listeners, move |context| shared.handler(context))?;
        Ok(Running { plan, workers })
    }
}

/// Writes a line that an expression shows. There is nobody to tell where that fails.
fn write(output: state::live::Output, line: &[u8]) {
    let fd = match output {
        state::live::Output::Stdout => 1,
        state::live::Output::Stderr => 2,
    };
    let _ = net::output::Output::new(fd).and_then(|mut output| output.write(line));
}

/// The threads at work.
pub struct Running {
    plan: &'static Plan,
    workers: Workers,
}

impl Running {
    /// Obeys signals until the process may end; gives its exit status.
    pub fn serve(&self, console: &Console, set: &SignalSet) -> io::Result<u8> {
        let logs = Sender::new(self.plan);
        let log = |proxy: Option<ProxyId>, level, text: &str| {
            logs.send(proxy.map_or(LogOwner::Global, LogOwner::Proxy), level, text.as_bytes());
        };
        let process = Process { console, plan: self.plan, workers: &self.workers, log: &log };
        signals::serve(&process, set)
    }
}
