//! The process model against a real binary: arguments, exit statuses, the background, the pid
//! file, signals, replacing an old process, master and worker. Runs against HAProxy as well
//! (`COMPAT_BINARY`); what only one of them does says so.

mod master;
mod place;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use place::{Place, is_alive, kill, proxy, text, until};

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
    assert_eq!(
        (given.status.code(), text(&given.stdout).as_str()),
        (Some(0), "Configuration file is valid\n")
    );
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
    leads_nowhere_and_ends(pid);
}

/// The standard descriptors of a daemon lead to /dev/null, and it ends when it is asked to.
fn leads_nowhere_and_ends(pid: i32) {
    for standard in 0..3 {
        let target = fs::read_link(format!("/proc/{pid}/fd/{standard}")).expect("a descriptor");
        assert_eq!(target, PathBuf::from("/dev/null"));
    }
    kill(pid, "USR1");
    until(|| !is_alive(pid), || "it does not end".into());
}

/// The standard descriptors lead nowhere although the chroot hides where that is.
#[test]
fn background_in_a_chroot() {
    let mut place = Place::new();
    let root = place.path("root");
    fs::create_dir(&root).expect("a folder");
    place.configure(&format!("daemon\n    pidfile pid\n    chroot {}", root.display()));
    let launcher = place.start("-f a.cfg", "err");
    let status = place.wait(launcher).code();
    if text(&Command::new("id").arg("-u").output().expect("id").stdout).trim() != "0" {
        assert_eq!(status, Some(1), "{}", place.read("err"));
        return;
    }
    assert_eq!(status, Some(0), "{}", place.read("err"));
    let pid = place.daemon("pid");
    assert!(place.accepts());
    leads_nowhere_and_ends(pid);
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
