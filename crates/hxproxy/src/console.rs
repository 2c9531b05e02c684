//! What the process says to the person who started it, in HAProxy's form: alerts, warnings and
//! notices on standard error, plain lines on standard output, nothing in quiet mode.
//!
//! Left out: the logs of running traffic. A write that fails is dropped: there is nowhere left
//! to tell it.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use diag::render::text::{self, Header};
use diag::{Diagnostic, Severity, SourceMap};

use crate::version;

/// The two output streams and what was said so far.
#[derive(Debug)]
pub struct Console {
    quiet: AtomicBool,
    /// The version and the path were told: they come once, before the first alert or warning.
    introduced: AtomicBool,
    warnings: AtomicU32,
}

/// The descriptor that leads nowhere.
pub fn nowhere() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/null")
}

impl Console {
    /// A console that prints.
    pub const fn new() -> Console {
        Console {
            quiet: AtomicBool::new(false),
            introduced: AtomicBool::new(false),
            warnings: AtomicU32::new(0),
        }
    }

    /// Nothing is printed from now on, or everything again.
    pub fn set_quiet(&self, quiet: bool) {
        self.quiet.store(quiet, Relaxed);
    }

    /// Leaves the terminal: the standard descriptors lead nowhere from now on. `nowhere` is what
    /// [`nowhere`] gave, before a chroot took it out of sight.
    pub fn leave(&self, nowhere: io::Result<File>) {
        match nowhere.and_then(|null| crate::process::sys::detach_stdio(null.as_fd())) {
            Ok(()) => self.set_quiet(true),
            Err(_) => self.alert("Cannot open /dev/null"),
        }
    }

    /// A master counts and introduces itself anew after it has forked a worker.
    pub fn forget(&self) {
        self.introduced.store(false, Relaxed);
        self.warnings.store(0, Relaxed);
    }

    pub fn is_quiet(&self) -> bool {
        self.quiet.load(Relaxed)
    }

    /// How many warnings there were, diagnostic remarks included.
    pub fn warnings(&self) -> u32 {
        self.warnings.load(Relaxed)
    }

    pub fn alert(&self, message: &str) {
        self.message(Severity::Alert, "", message);
    }

    pub fn warning(&self, message: &str) {
        self.message(Severity::Warning, "", message);
    }

    /// A warning while the configuration is read.
    pub fn config_warning(&self, message: &str) {
        self.message(Severity::Warning, "config", message);
    }

    pub fn notice(&self, message: &str) {
        self.message(Severity::Notice, "", message);
    }

    /// An alert about the configuration as a whole.
    pub fn config_alert(&self, message: &str) {
        self.message(Severity::Alert, "config", message);
    }

    /// One diagnostic of the checker; `context` is `config` while files are read, and empty later.
    pub fn diagnostic(&self, context: &str, sources: &SourceMap, diagnostic: &Diagnostic) {
        self.announce(diagnostic.severity);
        let mut out = String::new();
        text::write(&mut out, header(context), sources, diagnostic);
        self.stderr(&out);
    }

    /// A line on standard output.
    pub fn say(&self, line: &str) {
        if !self.quiet.load(Relaxed) {
            print(&format!("{line}\n"));
        }
    }

    fn message(&self, severity: Severity, context: &str, message: &str) {
        self.announce(severity);
        let mut out = String::new();
        text::line(&mut out, header(context), severity.label(), "", message);
        self.stderr(&out);
    }

    /// Counts a warning, and introduces the program before the first one.
    fn announce(&self, severity: Severity) {
        if matches!(severity, Severity::Warning | Severity::Diag) {
            self.warnings.fetch_add(1, Relaxed);
        }
        if severity == Severity::Notice || self.introduced.swap(true, Relaxed) {
            return;
        }
        self.notice(&format!("haproxy version is {}", version::VERSION));
        let path = std::env::current_exe().unwrap_or_default();
        self.notice(&format!("path to executable is {}", path.display()));
    }

    fn stderr(&self, text: &str) {
        if !self.quiet.load(Relaxed) {
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
    }
}

fn header(context: &str) -> Header<'_> {
    Header { pid: std::process::id(), context }
}

/// Writes to standard output whatever the mode, as for `-v`.
pub fn print(text: &str) {
    print_bytes(text.as_bytes());
}

/// See [`print`]; a configuration need not be UTF-8.
pub fn print_bytes(text: &[u8]) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text).and_then(|()| out.flush());
}

/// Writes to standard error whatever the mode, as for the usage.
pub fn print_error(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
