//! Master and worker: reloads, bad configurations, deaths, systemd.

use std::fs::{self, File};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use crate::place::{PATIENCE, Place, is_alive, kill, proxy, text, until};

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
        log.matches(" : Failed to load worker (").count()
            + log.matches("Already running worker will be kept").count()
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
