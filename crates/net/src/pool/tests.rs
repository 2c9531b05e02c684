//! The pool of idle connections with real sockets on loopback.

use std::io::Write;
use std::net::TcpStream as StdStream;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::LocalSet;

use super::*;
use crate::socket::Socket;

const LIMITS: Limits = Limits { most: 3, low: 10, purge_delay: 60_000 };

/// The pools of some threads, which all are this one.
fn pools(limits: &[Limits], threads: usize) -> Vec<Rc<Pool>> {
    let clients = Box::leak(Box::new(state::live::Gauge::new(0)));
    let settings = Settings { shared: true, few_sockets: 100, many_sockets: 200, clients };
    let shared = Shared::new(limits, threads, settings);
    (0..threads).map(|thread| Rc::new(Pool::new(shared, thread))).collect()
}

fn pool(limits: &[Limits]) -> Rc<Pool> {
    pools(limits, 1).remove(0)
}

fn put(pool: &Pool, server: usize, tag: u64, kept: Kept) -> bool {
    pool.put(pool.begin(server), tag, kept, clock::now_ms())
}

/// Takes any connection, and gives its port.
fn taken(pool: &Pool, server: usize, tag: u64) -> Option<u16> {
    pool.take(server, tag, Wanted::Any).map(|(kept, _)| port(&kept.io))
}

/// Our side of a connection and the server's.
async fn pair(listener: &TcpListener) -> (Io, StdStream) {
    let address = listener.local_addr().unwrap();
    let (ours, theirs) = tokio::join!(tokio::net::TcpStream::connect(address), listener.accept());
    let theirs = theirs.unwrap().0.into_std().unwrap();
    theirs.set_nonblocking(false).unwrap();
    (Io::Plain(Socket::tcp(ours.unwrap())), theirs)
}

fn port(io: &Io) -> u16 {
    io.socket().local_addr().unwrap().port()
}

fn kept(io: Io) -> Kept {
    Kept { io, served: 1, glitches: 0 }
}

fn run(test: impl AsyncFn(TcpListener)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        tokio::task::spawn_local(crate::timer::drive());
        test(TcpListener::bind("127.0.0.1:0").await.unwrap()).await;
    });
}

async fn settle() {
    tokio::time::sleep(Duration::from_millis(30)).await;
}

#[test]
fn last_in_first_out_by_server_and_tag() {
    run(async |listener| {
        let pool = pool(&[LIMITS, LIMITS]);
        let mut theirs = Vec::new();
        let mut ports = Vec::new();
        for (server, tag) in [(0, 1), (0, 1), (0, 2), (1, 1)] {
            let (ours, their) = pair(&listener).await;
            theirs.push(their);
            ports.push(port(&ours));
            assert!(put(&pool, server, tag, kept(ours)));
        }
        let (over, _their) = pair(&listener).await;
        assert!(!put(&pool, 0, 1, kept(over)), "the limit is 3");
        assert_eq!((pool.idle(0), pool.idle(1)), (3, 1));
        assert_eq!(taken(&pool, 0, 1), Some(ports[1]));
        assert_eq!(taken(&pool, 0, 1), Some(ports[0]));
        assert_eq!(taken(&pool, 0, 1), None);
        assert_eq!(taken(&pool, 0, 2), Some(ports[2]));
        assert_eq!(taken(&pool, 2, 1), None);
        pool.clear();
        assert_eq!(taken(&pool, 1, 1), None);
    });
}

#[test]
fn unproven_ones_go_first_unless_others_are_wanted() {
    run(async |listener| {
        let pool = pool(&[LIMITS]);
        let mut theirs = Vec::new();
        let mut ports = Vec::new();
        for served in [1, 2, 1] {
            let (ours, their) = pair(&listener).await;
            theirs.push(their);
            ports.push(port(&ours));
            assert!(put(&pool, 0, 0, Kept { io: ours, served, glitches: 0 }));
        }
        assert_eq!(taken(&pool, 0, 0), Some(ports[2]));
        let (proven, _) = pool.take(0, 0, Wanted::Proven).unwrap();
        assert_eq!(port(&proven.io), ports[1]);
        assert!(pool.take(0, 0, Wanted::Proven).is_none());
        assert_eq!(taken(&pool, 0, 0), Some(ports[0]));
    });
}

#[test]
fn a_thread_without_one_takes_anothers() {
    run(async |listener| {
        for (low, shares) in [(0, true), (3, false)] {
            let [first, second] = &pools(&[Limits { low, ..LIMITS }], 2)[..] else { unreachable!() };
            let (ours, mut theirs) = pair(&listener).await;
            let expected = port(&ours);
            assert!(put(first, 0, 5, kept(ours)));
            assert_eq!(taken(second, 0, 4), None);
            let found = second.take(0, 5, Wanted::Any);
            assert_eq!(found.is_some(), shares, "pool-low-conn {low}");
            let Some((mut moved, _used)) = found else { continue };
            assert_eq!((port(&moved.io), first.idle(0)), (expected, 0));
            // The new thread's runtime watches it.
            theirs.write_all(b"x").unwrap();
            assert_eq!(std::future::poll_fn(|cx| moved.io.poll_read(cx, &mut [0; 8])).await.unwrap(), 1);
        }
    });
}

#[test]
fn private_ones_are_their_sessions() {
    run(async |listener| {
        let pool = pool(&[LIMITS, LIMITS]);
        tokio::task::spawn_local(pool.clone().maintain());
        let (mine, other) = (private::First::default(), private::First::default());
        let mut theirs = Vec::new();
        let mut ports = Vec::new();
        for (server, tag) in [(0, 1), (0, 1), (1, 1), (1, 2)] {
            let (ours, their) = pair(&listener).await;
            theirs.push(their);
            ports.push(port(&ours));
            let kept = pool.put_private(&mine, pool.begin(server), tag, kept(ours), 3);
            assert_eq!(kept, ports.len() < 4, "three at most");
        }
        assert_eq!((pool.idle(0), taken(&pool, 0, 1)), (0, None));
        assert!(pool.take_private(&other, 0, 1).is_none());
        assert_eq!(pool.private_server(&mine, |server| server < 1), Some(0));
        // One that its server closes is passed over.
        drop(theirs.remove(1));
        settle().await;
        let take = |server, tag| pool.take_private(&mine, server, tag).map(|(kept, _)| port(&kept.io));
        assert_eq!(take(0, 1), Some(ports[0]));
        assert_eq!(take(0, 1), None);
        assert_eq!(take(1, 1), Some(ports[2]));
        pool.end_private(&mine);
        assert_eq!((mine.get(), pool.private_server(&mine, |_| true)), (None, None));
        assert_eq!(pool.shared.slots_made(0), 3);
    });
}

#[test]
fn closed_and_talking_connections_are_dropped() {
    run(async |listener| {
        for maintained in [false, true] {
            let pool = pool(&[LIMITS]);
            if maintained {
                tokio::task::spawn_local(pool.clone().maintain());
            }
            let (good, _their_good) = pair(&listener).await;
            let (closed, their_closed) = pair(&listener).await;
            let (talking, mut their_talking) = pair(&listener).await;
            let good_port = port(&good);
            for io in [good, closed, talking] {
                assert!(put(&pool, 0, 0, kept(io)));
            }
            drop(their_closed);
            their_talking.write_all(b"HTTP/1.1 408 Request Time-out\r\n\r\n").unwrap();
            settle().await;
            assert_eq!(pool.idle(0), if maintained { 1 } else { 3 });
            assert_eq!(taken(&pool, 0, 0), Some(good_port));
            assert_eq!(pool.idle(0), 0);
        }
    });
}

#[test]
fn closed_before_it_is_put() {
    run(async |listener| {
        let pool = pool(&[LIMITS]);
        let (ours, theirs) = pair(&listener).await;
        drop(theirs);
        settle().await;
        assert!(!put(&pool, 0, 0, kept(ours)));
        assert_eq!(pool.idle(0), 0);
    });
}

#[test]
fn a_slot_is_watched_again_for_its_next_connection() {
    run(async |listener| {
        let pool = pool(&[LIMITS]);
        tokio::task::spawn_local(pool.clone().maintain());
        for _ in 0..3 {
            let (ours, theirs) = pair(&listener).await;
            assert!(put(&pool, 0, 0, kept(ours)));
            let (ours, used) = pool.take(0, 0, Wanted::Any).unwrap();
            assert!(pool.put(used, 0, ours, 1));
            settle().await;
            assert_eq!(pool.idle(0), 1);
            drop(theirs);
            settle().await;
            assert_eq!(pool.idle(0), 0);
        }
        assert_eq!(pool.shared.slots_made(0), 1);
    });
}

#[test]
fn half_of_what_is_not_needed_goes_after_each_delay() {
    run(async |listener| {
        let pool = pool(&[Limits { most: 10, low: 0, purge_delay: 50 }]);
        tokio::task::spawn_local(pool.clone().maintain());
        let mut theirs = Vec::new();
        let used: Vec<_> = (0..8).map(|_| pool.begin(0)).collect();
        for used in used {
            let (ours, their) = pair(&listener).await;
            theirs.push(their);
            assert!(pool.put(used, 0, kept(ours), clock::now_ms()));
        }
        // The first round sees that all were needed.
        let mut seen = vec![8];
        for _ in 0..60 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            if *seen.last().unwrap() != pool.idle(0) {
                seen.push(pool.idle(0));
            }
        }
        assert_eq!(seen, [8, 5, 2, 0]);
        assert!(pool.purge.borrow().deadline().is_none());
    });
}

#[test]
fn no_more_than_needed_are_kept() {
    run(async |listener| {
        let pool = pool(&[Limits { most: 10, low: 1, purge_delay: 60_000 }]);
        let mut theirs = Vec::new();
        let mut kept_ones = Vec::new();
        for _ in 0..4 {
            let (ours, their) = pair(&listener).await;
            theirs.push(their);
            kept_ones.push(put(&pool, 0, 0, kept(ours)));
        }
        // One at a time is used, and one is held in reserve.
        assert_eq!(kept_ones, [true, true, false, false]);
    });
}

#[test]
fn no_delay_keeps_none() {
    run(async |listener| {
        let pool = pool(&[Limits { most: 10, low: 0, purge_delay: 0 }]);
        let (ours, _theirs) = pair(&listener).await;
        assert!(!put(&pool, 0, 0, kept(ours)));
    });
}
