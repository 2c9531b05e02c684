//! Worker threads with real sockets on loopback.

use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::listener::Kind;

/// Counts, and holds every session until it is told.
struct Counting {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    limit: usize,
    taken: AtomicUsize,
    accepted: AtomicUsize,
    stops: AtomicUsize,
    by_thread: Mutex<Vec<usize>>,
}

impl Handler for Counting {
    fn reserve(&self, _: ProxyId, _: BindId) -> Reserved {
        let more = |n| (n < self.shared.limit).then_some(n + 1);
        match self.shared.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => Reserved::Yes,
            Err(_) => Reserved::Full,
        }
    }

    fn release(&self, _: ProxyId, _: BindId) {
        self.shared.taken.fetch_sub(1, Ordering::Relaxed);
    }

    fn exhausted(&self, _: ProxyId, _: &io::Error) {}

    fn accept(&self, mut accepted: Accepted) {
        self.shared.accepted.fetch_add(1, Ordering::Relaxed);
        tokio::task::spawn_local(async move {
            // The session lives until its client goes.
            use tokio::io::AsyncReadExt;
            let _ = accepted.socket.read(&mut [0; 1]).await;
            drop(accepted);
        });
    }

    fn soft_stop(&self) {
        self.shared.stops.fetch_add(1, Ordering::Relaxed);
    }
}

fn start(threads: usize, limit: usize) -> (Workers, Arc<Shared>, SocketAddr) {
    // By number: a paused socket keeps only a port that was asked for.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let socket = TcpListener::bind(free).unwrap();
    socket.set_nonblocking(true).unwrap();
    let address = socket.local_addr().unwrap();
    let listener = |socket: TcpListener| Listener {
        proxy: ProxyId(0),
        bind: BindId(0),
        kind: Kind::Tcp,
        backlog: 128,
        threads: Vec::new(),
        fd: socket.into(),
    };
    let listeners = (0..threads).map(|_| listener(socket.try_clone().unwrap())).collect();
    let shared = Arc::new(Shared { limit, ..Shared::default() });
    let for_threads = shared.clone();
    let workers = Workers::start(Settings::new(threads), listeners, move |context| {
        for_threads.by_thread.lock().unwrap().push(context.index);
        Rc::new(Counting { shared: for_threads.clone() })
    });
    (workers.unwrap(), shared, address)
}

#[track_caller]
fn eventually(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(5), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn settle() {
    std::thread::sleep(Duration::from_millis(60));
}

#[test]
fn connections_over_the_limit_wait_in_the_backlog() {
    for threads in [1, 2] {
        let (workers, shared, address) = start(threads, 2);
        let mut clients: Vec<_> = (0..6).map(|_| TcpStream::connect(address).unwrap()).collect();
        eventually("two accepted", || shared.accepted.load(Ordering::Relaxed) == 2);
        settle();
        assert_eq!(shared.accepted.load(Ordering::Relaxed), 2);
        for left in (0..clients.len()).rev() {
            clients.remove(0);
            let expected = 6.min(6 - left + 2);
            eventually("the next one", || shared.accepted.load(Ordering::Relaxed) == expected);
        }
        workers.soft_stop();
        workers.join();
        assert_eq!(shared.taken.load(Ordering::Relaxed), 0);
        let mut indexes = shared.by_thread.lock().unwrap().clone();
        indexes.sort_unstable();
        assert_eq!(indexes, (0..threads).collect::<Vec<_>>());
    }
}

#[test]
fn a_soft_stop_drains_then_closes_then_waits_for_sessions() {
    let (workers, shared, address) = start(1, 100);
    let clients: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
    workers.soft_stop();
    eventually("all accepted", || shared.accepted.load(Ordering::Relaxed) == 20);
    eventually("closed", || TcpStream::connect(address).is_err());
    assert_eq!(shared.stops.load(Ordering::Relaxed), 1);
    settle();
    assert!(!workers.threads[0].is_finished(), "sessions are left");
    drop(clients);
    workers.join();
}

#[test]
fn a_hard_stop_ends_sessions() {
    let (workers, shared, address) = start(2, 100);
    let _clients: Vec<_> = (0..5).map(|_| TcpStream::connect(address).unwrap()).collect();
    eventually("all accepted", || shared.accepted.load(Ordering::Relaxed) == 5);
    workers.hard_stop();
    workers.join();
    assert_eq!(shared.taken.load(Ordering::Relaxed), 0);
}

#[test]
fn a_pause_refuses_and_a_resume_listens_again() {
    let (workers, shared, address) = start(1, 100);
    drop(TcpStream::connect(address).unwrap());
    workers.pause();
    eventually("refused", || TcpStream::connect(address).is_err());
    let before = shared.accepted.load(Ordering::Relaxed);
    workers.resume();
    eventually("accepted again", || {
        drop(TcpStream::connect(address));
        shared.accepted.load(Ordering::Relaxed) > before
    });
    workers.hard_stop();
    workers.resume();
    workers.join();
}

/// Tells each client that it was accepted.
pub(crate) struct Greeting;

impl Handler for Greeting {
    fn reserve(&self, _: ProxyId, _: BindId) -> Reserved {
        Reserved::Yes
    }

    fn release(&self, _: ProxyId, _: BindId) {}

    fn exhausted(&self, _: ProxyId, _: &io::Error) {}

    fn accept(&self, mut accepted: Accepted) {
        tokio::task::spawn_local(async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let _ = accepted.socket.write_all(b"!").await;
            let _ = accepted.socket.read(&mut [0; 1]).await;
            drop(accepted.slot);
        });
    }

    fn soft_stop(&self) {}
}

const CHILD_ADDRESS: &str = "NET_TEST_WORKER_ADDRESS";

/// Not a test of its own: the process with few descriptors of the test below.
#[test]
fn child_process() {
    let Ok(address) = std::env::var(CHILD_ADDRESS) else { return };
    let socket = TcpListener::bind(address).unwrap();
    socket.set_nonblocking(true).unwrap();
    let fd = socket.into();
    let listener = Listener {
        proxy: ProxyId(0),
        bind: BindId(0),
        kind: Kind::Tcp,
        backlog: 128,
        threads: Vec::new(),
        fd,
    };
    let settings = Settings { maxaccept: -1, ..Settings::new(1) };
    let workers = Workers::start(settings, vec![listener], |_| Rc::new(Greeting)).unwrap();
    let _ = std::io::Read::read(&mut std::io::stdin(), &mut [0; 1]);
    workers.hard_stop();
    workers.join();
}

#[test]
fn without_descriptors_connections_wait_and_the_process_lives() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -n 40; exec \"$0\" --exact worker::tests::child_process"])
        .arg(std::env::current_exe().unwrap())
        .env(CHILD_ADDRESS, address.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the child listens", || TcpStream::connect(address).is_ok());
    let mut waiting: Vec<_> = (0..60).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut rounds = 0;
    while !waiting.is_empty() {
        std::thread::sleep(Duration::from_millis(200));
        let before = waiting.len();
        // Those that were greeted leave, which makes room for others.
        waiting.retain_mut(|client| {
            client.set_nonblocking(true).unwrap();
            client.read(&mut [0; 1]).is_err()
        });
        assert!(waiting.len() < before, "{before} are never accepted");
        rounds += 1;
    }
    assert!(rounds >= 2, "there were descriptors for all");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
