//! Taking listening sockets over from a real process, loopback only.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::*;
use crate::listener::tests::{TempDir, bind, free_address, ip, open_with};
use crate::worker::tests::Greeting;
use crate::worker::{Settings, Workers};

const CHILD_ADDRESSES: &str = "NET_TEST_CHILD_ADDRESSES";

/// Not a test of its own: the old process of the test below, started by it. It listens with two
/// sockets on a port and one on a path, answers nothing, and ends with its standard input.
#[test]
fn child_process() {
    let Ok(addresses) = std::env::var(CHILD_ADDRESSES) else { return };
    let (port, path) = addresses.split_once(' ').unwrap();
    let tcp = bind(ip(port.parse().unwrap()));
    let unix = bind(Address::Unix(path.as_bytes().to_vec()));
    let _tcp = open_with(&tcp, 2, &mut Inherited::default()).unwrap();
    let _unix = open_with(&unix, 2, &mut Inherited::default()).unwrap();
    // A connection's socket and a datagram socket are nothing to take.
    let _datagram = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let _ = std::io::stdin().read(&mut [0; 1]);
}

#[track_caller]
fn eventually<R>(what: &str, attempt: impl Fn() -> Option<R>) -> R {
    let start = Instant::now();
    loop {
        if let Some(result) = attempt() {
            return result;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn connections_in_the_queue_survive_the_old_process() {
    let dir = TempDir::new("handoff");
    let path = dir.0.join("front.sock");
    let address = free_address();
    let mut old = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "handoff::tests::child_process"])
        .env(CHILD_ADDRESSES, format!("{address} {}", path.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut clients = vec![eventually("the child listens", || TcpStream::connect(address).ok())];
    eventually("the child's path", || path.exists().then_some(()));
    clients.extend((1..20).map(|_| TcpStream::connect(address).unwrap()));
    let in_unix_queue = std::os::unix::net::UnixStream::connect(&path).unwrap();

    let (mut inherited, failed) = Inherited::collect(&[old.id() as i32, i32::MAX]);
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(inherited.sockets.len(), 3, "each socket once");
    let other = open_with(&bind(ip(free_address())), 1, &mut inherited).unwrap();
    assert_eq!((other.listeners.len(), inherited.sockets.len()), (1, 3), "another address takes none");
    let tcp = open_with(&bind(ip(address)), 1, &mut inherited).unwrap();
    assert_eq!(tcp.listeners.len(), 2, "both queues are served");
    let unix = bind(Address::Unix(path.as_os_str().as_encoded_bytes().to_vec()));
    let unix = open_with(&unix, 1, &mut inherited).unwrap();
    assert!(inherited.is_empty());

    old.stdin.take().unwrap().write_all(b"x").unwrap();
    assert!(old.wait().unwrap().success());
    clients.extend((0..20).map(|_| TcpStream::connect(address).unwrap()));
    let mut accepted = 0;
    for listener in &tcp.listeners {
        while SockRef::from(&listener.fd).accept().is_ok() {
            accepted += 1;
        }
    }
    assert_eq!(accepted, clients.len());
    drop(in_unix_queue);
    std::os::unix::net::UnixStream::connect(&path).unwrap();
    let queue = SockRef::from(&unix.listeners[0].fd);
    assert!(queue.accept().is_ok() && queue.accept().is_ok() && queue.accept().is_err());
}

#[test]
fn temporary_names_are_seen_through() {
    #[track_caller]
    fn check(path: &str, expected: &str) {
        assert_eq!(wanted_path(path.as_ref()), expected.as_bytes());
    }
    check("/run/a.sock.123.tmp", "/run/a.sock");
    check("/run/a.sock", "/run/a.sock");
    check("/run/a.sock.tmp", "/run/a.sock.tmp");
    check("/run/a.sock.x1.tmp", "/run/a.sock.x1.tmp");
    check("/run/a..tmp", "/run/a..tmp");
}

const RELOADS_ADDRESS: &str = "NET_TEST_RELOADS_ADDRESS";
const RELOADS: usize = 20;

/// Not a test of its own: the process of the test below. It starts workers and replaces them
/// again and again, as soft reloads do.
#[test]
fn reloading_child() {
    let Ok(address) = std::env::var(RELOADS_ADDRESS) else { return };
    let line = bind(ip(address.parse().unwrap()));
    let start = |inherited: &mut Inherited| {
        let listeners = open_with(&line, 2, inherited).unwrap().listeners;
        assert_eq!(listeners.len(), 2);
        let settings = Settings::new(2);
        Workers::start(settings, listeners, |_| Rc::new(Greeting)).unwrap()
    };
    let mut workers = start(&mut Inherited::default());
    for _ in 0..RELOADS {
        std::thread::sleep(Duration::from_millis(40));
        let (mut inherited, failed) = Inherited::collect(&[std::process::id() as i32]);
        assert!(failed.is_empty());
        let old = std::mem::replace(&mut workers, start(&mut inherited));
        old.soft_stop();
        old.join();
    }
    let _ = std::io::stdin().read(&mut [0; 1]);
    workers.hard_stop();
    workers.join();
}

#[test]
fn no_connection_is_lost_in_reloads_under_load() {
    let address = free_address();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "handoff::tests::reloading_child"])
        .env(RELOADS_ADDRESS, address.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the child listens", || TcpStream::connect(address).ok());
    let until = Instant::now() + Duration::from_millis(RELOADS as u64 * 40 + 300);
    let client = move || {
        let (mut served, mut failed) = (0, Vec::new());
        while Instant::now() < until {
            let attempt = TcpStream::connect(address).and_then(|mut client| {
                client.set_read_timeout(Some(Duration::from_secs(5)))?;
                client.read_exact(&mut [0; 1])
            });
            match attempt {
                Ok(()) => served += 1,
                Err(error) => failed.push(error),
            }
        }
        (served, failed)
    };
    let clients: Vec<_> = (0..4).map(|_| std::thread::spawn(client)).collect();
    let mut all = 0;
    for client in clients {
        let (served, failed) = client.join().unwrap();
        assert!(failed.is_empty(), "{failed:?}");
        all += served;
    }
    assert!(all > RELOADS, "only {all} connections: no load");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
