//! A folder with a configuration and the processes that use it, and waiting for what they do.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use haproxy_compat_tests::Proxy;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn proxy() -> Proxy {
    Proxy::under_test().unwrap_or_else(|error| panic!("{error}"))
}

/// A folder with a configuration, and the processes that use it. All end with it.
pub struct Place {
    folder: PathBuf,
    pub port: u16,
    pub children: Vec<Child>,
    /// Processes of others that are stopped in the end.
    pub daemons: Vec<i32>,
}

impl Place {
    pub fn new() -> Place {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("process-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let place = Place { folder, port, children: Vec::new(), daemons: Vec::new() };
        place.configure("");
        place
    }

    /// A frontend and a backend whose server nobody is; `global` is added to that section.
    pub fn configure(&self, global: &str) {
        let port = self.port;
        let text = format!(
            "global\n    maxconn 100\n    {global}\ndefaults\n    mode http\n    timeout client 30s\n    \
             timeout connect 1s\n    timeout server 30s\nfrontend http\n    bind 127.0.0.1:{port}\n    \
             default_backend back\nbackend back\n    server s1 127.0.0.1:9\n"
        );
        fs::write(self.path("a.cfg"), text).expect("a configuration");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(proxy().path);
        command.current_dir(&self.folder).args(line.split_whitespace()).stdin(Stdio::null());
        command
    }

    /// Runs to the end.
    pub fn run(&self, line: &str) -> Output {
        self.command(line).output().expect("the proxy runs")
    }

    /// Starts it, its standard error in `name`; gives its number in `children`.
    pub fn start(&mut self, line: &str, name: &str) -> usize {
        let log = File::create(self.path(name)).expect("a log");
        let child = self.command(line).stdout(Stdio::null()).stderr(log).spawn().expect("the proxy starts");
        self.children.push(child);
        self.children.len() - 1
    }

    pub fn pid(&self, child: usize) -> i32 {
        i32::try_from(self.children[child].id()).expect("a pid")
    }

    pub fn signal(&self, child: usize, signal: &str) {
        kill(self.pid(child), signal);
    }

    pub fn wait(&mut self, child: usize) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.children[child].try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < end, "it does not end: {}", self.read("err"));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Waits until the log holds `text`.
    pub fn expect(&self, name: &str, text: &str) {
        until(|| self.read(name).contains(text), || format!("no {text:?} in:\n{}", self.read(name)));
    }

    pub fn accepts(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    pub fn expect_open(&self) {
        until(|| self.accepts(), || format!("nobody listens: {}", self.read("err")));
    }

    /// Waits for a pid file, and for the process in it to be stopped in the end.
    pub fn daemon(&mut self, name: &str) -> i32 {
        until(|| self.read(name).ends_with('\n'), || format!("no pid in {name}"));
        let pid = self.read(name).trim().parse().expect("a pid");
        self.daemons.push(pid);
        pid
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for child in &mut self.children {
            if let Ok(None) = child.try_wait() {
                // A master passes it on to its workers.
                kill(i32::try_from(child.id()).unwrap_or(0), "TERM");
                let _ = child.wait();
            }
        }
        self.daemons.iter().filter(|pid| is_alive(**pid)).for_each(|pid| kill(*pid, "TERM"));
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub fn kill(pid: i32, signal: &str) {
    assert!(pid > 1);
    let status = Command::new("kill").args(["-s", signal, &pid.to_string()]).stderr(Stdio::null()).status();
    status.expect("kill runs");
}

pub fn is_alive(pid: i32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

pub fn until(done: impl Fn() -> bool, complaint: impl Fn() -> String) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "{}", complaint());
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
