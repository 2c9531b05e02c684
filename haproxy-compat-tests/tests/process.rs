//! The process model against a real binary: arguments, exit statuses, the background, the pid
//! file, signals, replacing an old process, master and worker. Runs against HAProxy as well
//! (`COMPAT_BINARY`); what only one of them does says so.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use haproxy_compat_tests::Proxy;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn proxy() -> Proxy {
    Proxy::under_test().unwrap_or_else(|error| panic!("{error}"))
}

/// A folder with a configuration, and the processes that use it. All end with it.
struct Place {
    folder: PathBuf,
    port: u16,
    children: Vec<Child>,
    daemons: Vec<i32>,
}

impl Place {
    fn new() -> Place {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("process-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let place = Place { folder, port, children: Vec::new(), daemons: Vec::new() };
        place.configure("");
        place
    }

    /// A frontend and a backend whose server nobody is; `global` is added to that section.
    fn configure(&self, global: &str) {
        let port = self.port;
        let text = format!(
            "global\n    maxconn 100\n    {global}\ndefaults\n    mode http\n    timeout client 30s\n    \
             timeout connect 1s\n    timeout server 30s\nfrontend http\n    bind 127.0.0.1:{port}\n    \
             default_backend back\nbackend back\n    server s1 127.0.0.1:9\n"
        );
        fs::write(self.path("a.cfg"), text).expect("a configuration");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(proxy().path);
        command.current_dir(&self.folder).args(line.split_whitespace()).stdin(Stdio::null());
        command
    }

    /// Runs to the end.
    fn run(&self, line: &str) -> Output {
        self.command(line).output().expect("the proxy runs")
    }

    /// Starts it, its standard error in `name`; gives its number in `children`.
    fn start(&mut self, line: &str, name: &str) -> usize {
        let log = File::create(self.path(name)).expect("a log");
        let child = self.command(line).stdout(Stdio::null()).stderr(log).spawn().expect("the proxy starts");
        self.children.push(child);
        self.children.len() - 1
    }

    fn pid(&self, child: usize) -> i32 {
        i32::try_from(self.children[child].id()).expect("a pid")
    }

    fn signal(&self, child: usize, signal: &str) {
        kill(self.pid(child), signal);
    }

    fn wait(&mut self, child: usize) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.children[child].try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < end, "it does not end: {}", self.read("err"));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Waits until the log holds `text`.
    fn expect(&self, name: &str, text: &str) {
        until(|| self.read(name).contains(text), || format!("no {text:?} in:\n{}", self.read(name)));
    }

    fn accepts(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    fn expect_open(&self) {
        until(|| self.accepts(), || format!("nobody listens: {}", self.read("err")));
    }

    /// Waits for a pid file, and for the process in it to be stopped in the end.
    fn daemon(&mut self, name: &str) -> i32 {
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

fn kill(pid: i32, signal: &str) {
    assert!(pid > 1);
    let status = Command::new("kill").args(["-s", signal, &pid.to_string()]).stderr(Stdio::null()).status();
    status.expect("kill runs");
}

fn is_alive(pid: i32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

fn until(done: impl Fn() -> bool, complaint: impl Fn() -> String) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "{}", complaint());
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn command_lines_and_statuses() {
    let place = Place::new();
    let check = |line: &str, status: i32, out: &str, err: &str| {
        let given = place.run(line);
        let (stdout, stderr) = (text(&given.stdout), text(&given.stderr));
        assert_eq!(given.status.code(), Some(status), "{line}: {stdout}{stderr}");
        assert!(stdout.contains(out), "{line}: {stdout}");
        assert!(stderr.contains(err), "{line}: {stderr}");
    };
    check("-v", 0, "HAProxy version ", "");
    check("-vv", 0, "\nFeature list : ", "");
    check("-v -c bogus", 0, "HAProxy version ", "");
    check("-Z x", 1, "HAProxy version ", "Usage : ");
    check("bogus", 1, "", "Usage : ");
    check("", 1, "", "Usage : ");
    check("-sf abc", 1, "", "");
    check("-c -f a.cfg", 0, "", "");
    check("-c -V -f a.cfg", 0, "Configuration file is valid\n", "");
    check("-c -V -- a.cfg", 0, "Configuration file is valid\n", "");
    check("-c -f nothing.cfg", 1, "", "nothing.cfg");
    check("-C /nonexistent -c -f a.cfg", 1, "", "Could not change to directory /nonexistent : No such file");
    check("-c -q -f a.cfg", 0, "", "");
    assert_eq!(text(&place.run("-c -q -f a.cfg").stdout), "");
}

/// Since 3.0: `-vq` and its relatives, and the words for a pid that is none.
#[test]
fn newer_command_lines() {
    if proxy().version < (3, 0) {
        return;
    }
    let place = Place::new();
    let version = text(&place.run("-vq").stdout);
    let branch = text(&place.run("-vqb").stdout);
    assert!(version.starts_with(branch.trim()), "{version} {branch}");
    let refused = text(&place.run("-sf 12x -f a.cfg").stderr);
    assert!(refused.contains("-sf option: some bytes unconsumed in PID list {x}\n"), "{refused}");
}

#[test]
fn conditions() {
    let place = Place::new();
    let check = |condition: &str, status: i32| {
        let given = place.command("-cc").arg(condition).output().expect("the proxy runs");
        assert_eq!(given.status.code(), Some(status), "{condition}: {}", text(&given.stderr));
    };
    check("feature(OPENSSL)", 0);
    check("!feature(OPENSSL)", 1);
    check("feature(NO_SUCH_FEATURE)", 1);
    check("version_atleast(2.6)", 0);
    check("version_atleast(99.0)", 1);
    check("defined(PATH)", 0);
    check("streq(a,a)", 0);
    check("1", 0);
    check("0", 1);
    check("", 1);
    check("true", 2);
    check("\"a", 2);
    check("bogus(1)", 2);
}

#[test]
fn no_listener() {
    if proxy().version < (3, 0) {
        return;
    }
    let place = Place::new();
    fs::write(place.path("empty.cfg"), "global\n    maxconn 10\n").expect("a file");
    let given = place.run("-c -V -f empty.cfg");
    assert_eq!((given.status.code(), text(&given.stdout).as_str()), (Some(0), "Configuration file is valid\n"));
    let refused = place.run("-f empty.cfg");
    assert_eq!(refused.status.code(), Some(1));
    let message = ".main()] No enabled listener found (check for 'bind' directives) ! Exiting.\n";
    assert!(text(&refused.stderr).contains(message), "{refused:?}");
}

#[test]
fn warnings() {
    let place = Place::new();
    let without_timeouts = format!("frontend f\n    mode http\n    bind 127.0.0.1:{}\n", place.port);
    fs::write(place.path("warns.cfg"), without_timeouts).expect("a file");
    let warned = place.run("-c -f warns.cfg");
    assert_eq!(warned.status.code(), Some(0), "{warned:?}");
    assert!(text(&warned.stdout).contains("Warnings were found.\n"), "{warned:?}");
    assert!(text(&warned.stderr).contains("[WARNING] "), "{warned:?}");
    let refused = place.run("-c -dW -f warns.cfg");
    assert_eq!(refused.status.code(), Some(1));
    let message = "Some warnings were found and 'zero-warning' is set. Aborting.\n";
    assert!(text(&refused.stderr).contains(message), "{refused:?}");
}

#[test]
fn all_errors_in_one_run() {
    let place = Place::new();
    fs::write(place.path("bad.cfg"), "global\n    bogus1\nfrontend f\n    bogus2\n").expect("a file");
    let given = place.run("-c -f a.cfg -f bad.cfg");
    let stderr = text(&given.stderr);
    assert_eq!(given.status.code(), Some(1), "{stderr}");
    for expected in [
        "parsing [bad.cfg:2] : unknown keyword 'bogus1' in 'global' section",
        "parsing [bad.cfg:4] : unknown keyword 'bogus2' in 'frontend' section",
        "config : Error(s) found in configuration file : bad.cfg\n",
        "config : Fatal errors found in configuration.\n",
    ] {
        assert!(stderr.contains(expected), "{expected}: {stderr}");
    }
}

#[test]
fn terminates_by_the_signal() {
    for (signal, number) in [("TERM", 15), ("INT", 2)] {
        let mut place = Place::new();
        let child = place.start("-f a.cfg", "err");
        place.expect_open();
        place.signal(child, signal);
        assert_eq!(place.wait(child).signal(), Some(number));
    }
}

#[test]
fn soft_stop() {
    let mut place = Place::new();
    let child = place.start("-f a.cfg", "err");
    place.expect_open();
    place.signal(child, "USR1");
    assert_eq!(place.wait(child).code(), Some(0));
    let log = place.read("err");
    assert!(log.contains(" : Proxy http stopped (cumulated conns: FE: 1, BE: 0).\n"), "{log}");
    assert!(log.contains(" : Proxy back stopped (cumulated conns: FE: 0, BE: 0).\n"), "{log}");
    if proxy().is_hxproxy {
        assert!(log.contains("[WARNING]  ("), "{log}");
        assert!(log.contains(" : Stopping frontend http in 0 ms.\n"), "{log}");
        assert!(log.contains(" : Stopping backend back in 0 ms.\n"), "{log}");
    }
}

#[test]
fn soft_stop_waits_for_a_request() {
    let mut place = Place::new();
    let child = place.start("-f a.cfg", "err");
    place.expect_open();
    let mut client = TcpStream::connect(("127.0.0.1", place.port)).expect("a connection");
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").expect("half a request");
    // The first half must have been taken before the stop.
    std::thread::sleep(Duration::from_millis(200));
    place.signal(child, "USR1");
    place.expect("err", "Proxy http stopped");
    until(|| !place.accepts(), || "still listens".into());
    client.write_all(b"\r\n").expect("the other half");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("an answer and the end");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert_eq!(place.wait(child).code(), Some(0));
}

#[test]
fn hard_stop_after() {
    let mut place = Place::new();
    place.configure("hard-stop-after 300ms");
    let child = place.start("-f a.cfg", "err");
    place.expect_open();
    let mut client = TcpStream::connect(("127.0.0.1", place.port)).expect("a connection");
    client.write_all(b"GET / HTTP/1.1\r\n").expect("half a request");
    std::thread::sleep(Duration::from_millis(200));
    place.signal(child, "USR1");
    assert_eq!(place.wait(child).code(), Some(0));
    let log = place.read("err");
    assert!(log.contains(" : soft-stop running for too long, performing a hard-stop.\n"), "{log}");
    assert!(log.contains(" : Proxy http hard-stopped (1 remaining conns will be closed).\n"), "{log}");
}

#[test]
fn pause_and_resume() {
    let mut place = Place::new();
    let child = place.start("-f a.cfg", "err");
    place.expect_open();
    place.signal(child, "TTOU");
    place.expect("err", " : Paused frontend http.\n");
    until(|| !place.accepts(), || "still listens".into());
    place.signal(child, "TTIN");
    place.expect("err", " : Resumed frontend http.\n");
    place.expect_open();
}

#[test]
fn hangup_dumps_states() {
    let mut place = Place::new();
    let child = place.start("-f a.cfg", "err");
    place.expect_open();
    place.signal(child, "HUP");
    place.expect("err", " : SIGHUP received, dumping servers states.\n");
    place.expect("err", " : SIGHUP: Proxy http has no servers. Conn: act(FE+BE): ");
    place.expect("err", " : SIGHUP: Server back/s1 is UP. Conn: 0 act, 0 pend");
    place.expect("err", " : SIGHUP: Proxy back has 1 active servers and 0 backup servers available. Conn: ");
    assert!(place.accepts());
}

#[test]
fn background() {
    let mut place = Place::new();
    fs::write(place.path("pid"), "an old one that is much longer\n").expect("a file");
    let given = place.run("-D -f a.cfg -p pid");
    assert_eq!(given.status.code(), Some(0), "{}", text(&given.stderr));
    // The launcher leaves when the other one is ready.
    assert!(place.accepts());
    let pid = place.daemon("pid");
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    assert_eq!(fields.get(3), Some(&pid.to_string().as_str()), "leads its session: {stat}");
    for standard in 0..3 {
        let target = fs::read_link(format!("/proc/{pid}/fd/{standard}")).expect("a descriptor");
        assert_eq!(target, PathBuf::from("/dev/null"));
    }
    kill(pid, "USR1");
    until(|| !is_alive(pid), || "it does not end".into());
}

#[test]
fn background_by_configuration() {
    let mut place = Place::new();
    place.configure("daemon\n    pidfile pid");
    assert_eq!(place.run("-f a.cfg").status.code(), Some(0));
    place.daemon("pid");
    assert!(place.accepts());
    // `-db` keeps it here: it would not come back otherwise.
    let other = Place::new();
    fs::copy(other.path("a.cfg"), place.path("b.cfg")).expect("a copy");
    let child = place.start("-db -f b.cfg", "err");
    until(|| other.accepts(), || place.read("err"));
    place.signal(child, "TERM");
    assert_eq!(place.wait(child).signal(), Some(15));
}

#[test]
fn a_taken_port() {
    let place = Place::new();
    let _taken = TcpListener::bind(("127.0.0.1", place.port)).expect("the port");
    let port = place.port;
    for line in ["-f a.cfg", "-D -f a.cfg"] {
        let given = place.run(line);
        let stderr = text(&given.stderr);
        assert_eq!(given.status.code(), Some(1), "{stderr}");
        let protocol = if proxy().version < (3, 0) { "" } else { "protocol tcpv4: " };
        let expected = format!(" for frontend http: {protocol}cannot bind socket (Address already in use)");
        assert!(stderr.contains(&expected), "{stderr}");
        assert!(stderr.contains(&format!(" for [127.0.0.1:{port}]")), "{stderr}");
        assert!(stderr.contains("Some protocols failed to start their listeners! Exiting.\n"), "{stderr}");
    }
}

#[test]
fn a_folder_that_is_not_there() {
    let place = Place::new();
    place.configure("chroot /nonexistent");
    let given = place.run("-f a.cfg");
    assert_eq!(given.status.code(), Some(1));
    assert!(text(&given.stderr).contains("Cannot chroot(/nonexistent)."), "{}", text(&given.stderr));
}

/// Root gives up its rights before the first request. Without them to start with, an ordinary
/// user cannot take another's identity.
#[test]
fn identity() {
    let mut place = Place::new();
    place.configure("user nobody\n    group nogroup\n    chroot /");
    let root = text(&Command::new("id").arg("-u").output().expect("id").stdout).trim() == "0";
    if !root {
        let given = place.run("-f a.cfg");
        assert_eq!(given.status.code(), Some(1), "{}", text(&given.stderr));
        return;
    }
    let child = place.start("-f a.cfg", "err");
    place.expect_open();
    let nobody = text(&Command::new("id").args(["-u", "nobody"]).output().expect("id").stdout);
    let nobody = nobody.trim();
    until(
        || {
            let status = fs::read_to_string(format!("/proc/{}/status", place.pid(child))).unwrap_or_default();
            let line = status.lines().find(|line| line.starts_with("Uid:")).unwrap_or_default();
            line.split_whitespace().skip(1).all(|id| id == nobody) && !line.is_empty()
        },
        || place.read("err"),
    );
}

#[test]
fn replaces_an_old_process() {
    for (switch, ends) in [("-sf", (Some(0), None)), ("-st", (None, Some(15)))] {
        let mut place = Place::new();
        let old = place.start("-f a.cfg", "old");
        place.expect_open();
        let pid = place.pid(old);
        let new = place.start(&format!("-f a.cfg {switch} {pid}"), "new");
        let status = place.wait(old);
        assert_eq!((status.code(), status.signal()), ends, "{switch}: {}", place.read("old"));
        assert!(place.accepts(), "{switch}: {}", place.read("new"));
        place.signal(new, "USR1");
        assert_eq!(place.wait(new).code(), Some(0));
    }
}

/// A replacement that cannot start leaves the old process at work.
#[test]
fn a_bad_replacement() {
    let mut place = Place::new();
    let old = place.start("-f a.cfg", "old");
    place.expect_open();
    fs::write(place.path("bad.cfg"), "frontend f\n    bogus\n").expect("a file");
    let pid = place.pid(old);
    assert_eq!(place.run(&format!("-f bad.cfg -sf {pid}")).status.code(), Some(1));
    assert!(place.accepts());
    assert!(is_alive(pid));
}

#[test]
fn master_and_worker() {
    let mut place = Place::new();
    let master = place.start("-W -f a.cfg", "err");
    place.expect_open();
    // Before that a master does not catch signals yet.
    place.expect("err", " : Loading success.\n");
    if proxy().version >= (3, 0) {
        assert!(place.read("err").contains(" : Initializing new worker ("));
    }
    place.signal(master, "TERM");
    assert_eq!(place.wait(master).code(), Some(0), "{}", place.read("err"));
    let log = place.read("err");
    assert!(log.contains("exited with code 143 (Terminated)\n"), "{log}");
    assert!(log.contains(" : All workers exited. Exiting... (0)\n"), "{log}");
    assert!(!place.accepts());
}

fn children(pid: i32) -> Vec<i32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

#[test]
fn master_reloads() {
    if proxy().version < (3, 0) {
        return;
    }
    let mut place = Place::new();
    let master = place.start("-W -f a.cfg", "err");
    place.expect("err", "Loading success.");
    let pid = place.pid(master);
    let first = children(pid);
    assert_eq!(first.len(), 1);
    for (at, signal) in ["USR2", "HUP"].iter().enumerate() {
        place.signal(master, signal);
        let loaded = || place.read("err").matches("Loading success.").count() == at + 2;
        until(loaded, || place.read("err"));
    }
    until(|| !is_alive(first[0]), || place.read("err"));
    assert!(place.accepts());
    let log = place.read("err");
    assert_eq!(log.matches(" : Reloading HAProxy\n").count(), 2, "{log}");
    place.expect("err", &format!("Former worker ({}) exited with code 0 (Exit)\n", first[0]));
    place.signal(master, "USR1");
    assert_eq!(place.wait(master).code(), Some(0));
    assert!(place.read("err").contains(" : Exiting Master process...\n"));
}

#[test]
fn master_keeps_the_worker_of_a_good_configuration() {
    if proxy().version < (3, 0) {
        return;
    }
    let mut place = Place::new();
    let master = place.start("-W -f a.cfg", "err");
    place.expect("err", "Loading success.");
    let worker = children(place.pid(master));
    // HAProxy's master finds some errors itself, and words that differently.
    let failures = |log: &str| {
        log.matches(" : Failed to load worker (").count() + log.matches("Already running worker will be kept").count()
    };
    for broken in ["bogus", "bogus \"x"] {
        let before = failures(&place.read("err"));
        place.configure(broken);
        place.signal(master, "USR2");
        until(|| failures(&place.read("err")) > before, || place.read("err"));
        assert_eq!(children(place.pid(master)), worker);
        assert!(place.accepts());
    }
    place.configure("");
    place.signal(master, "USR2");
    until(|| place.read("err").matches("Loading success.").count() == 2, || place.read("err"));
    until(|| !is_alive(worker[0]), || place.read("err"));
    assert!(place.accepts());
    place.signal(master, "TERM");
    assert_eq!(place.wait(master).code(), Some(0));
}

/// HAProxy's master leaves here, and its worker with it.
#[test]
fn master_survives_a_missing_file() {
    if !proxy().is_hxproxy {
        return;
    }
    let mut place = Place::new();
    let master = place.start("-W -f a.cfg", "err");
    place.expect("err", "Loading success.");
    fs::rename(place.path("a.cfg"), place.path("gone.cfg")).expect("a renamed file");
    place.signal(master, "USR2");
    place.expect("err", "Already running worker will be kept.");
    assert!(place.accepts());
    place.signal(master, "TERM");
    assert_eq!(place.wait(master).code(), Some(0));
    assert!(!place.accepts());
}

#[test]
fn master_of_a_bad_configuration() {
    let place = Place::new();
    place.configure("bogus");
    let given = place.run("-W -f a.cfg");
    assert_eq!(given.status.code(), Some(1), "{}", text(&given.stderr));
    assert!(text(&given.stderr).contains("unknown keyword 'bogus' in 'global' section"));
}

#[test]
fn master_tells_how_its_worker_died() {
    let mut place = Place::new();
    let master = place.start("-W -f a.cfg", "err");
    place.expect("err", "Loading success.");
    let pid = place.pid(master);
    until(|| children(pid).len() == 1, || place.read("err"));
    kill(children(pid)[0], "KILL");
    assert_eq!(place.wait(master).code(), Some(137), "{}", place.read("err"));
    let log = place.read("err");
    assert!(log.contains("exited with code 137 (Killed)\n"), "{log}");
    assert!(log.contains("exit-on-failure: killing every processes with SIGTERM\n"), "{log}");
}

#[test]
fn worker_does_not_outlive_its_master() {
    let mut place = Place::new();
    let master = place.start("-W -f a.cfg", "err");
    place.expect("err", "Loading success.");
    let pid = place.pid(master);
    until(|| children(pid).len() == 1, || place.read("err"));
    let worker = children(pid)[0];
    place.daemons.push(worker);
    place.signal(master, "KILL");
    assert_eq!(place.wait(master).signal(), Some(9));
    until(|| !is_alive(worker), || "the worker lives on".into());
}

#[test]
fn master_in_the_background() {
    let mut place = Place::new();
    let given = place.run("-W -D -f a.cfg -p pid");
    assert_eq!(given.status.code(), Some(0), "{}", text(&given.stderr));
    let pid = place.daemon("pid");
    until(|| children(pid).len() == 1, || "no worker".into());
    place.expect_open();
    kill(pid, "TERM");
    until(|| !is_alive(pid), || "it does not end".into());
    until(|| !place.accepts(), || "still listens".into());
}

#[test]
fn master_and_systemd() {
    if proxy().version < (3, 0) {
        return;
    }
    let mut place = Place::new();
    let socket = UnixDatagram::bind(place.path("notify")).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let receive = || {
        let mut state = [0; 512];
        let size = socket.recv(&mut state).expect("a message");
        text(&state[..size])
    };
    let log = File::create(place.path("err")).expect("a log");
    let mut command = place.command("-Ws -f a.cfg");
    command.env("NOTIFY_SOCKET", place.path("notify")).stderr(log).stdout(Stdio::null());
    place.children.push(command.spawn().expect("the proxy starts"));
    let pid = place.pid(0);
    let ready = receive();
    assert!(ready.contains("READY=1\n") && ready.contains(&format!("MAINPID={pid}\n")), "{ready}");
    assert!(place.accepts());
    place.signal(0, "USR2");
    let reloading = receive();
    assert!(reloading.starts_with("RELOADING=1\n"), "{reloading}");
    let ready = receive();
    assert!(ready.contains("READY=1\n") && ready.contains(&format!("MAINPID={pid}\n")), "{ready}");
    place.signal(0, "TERM");
    let stopping = receive();
    assert!(stopping.starts_with("STOPPING=1"), "{stopping}");
    assert_eq!(place.wait(0).code(), Some(0));
}
