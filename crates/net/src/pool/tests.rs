//! The pool of idle connections with real sockets on loopback.

use std::io::Write;
use std::net::TcpStream as StdStream;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::LocalSet;

use super::*;
use crate::socket::Socket;

const LIMITS: Limits = Limits { max_idle: 3, purge_delay: 60_000 };

/// Our side of a connection and the server's.
async fn pair(listener: &TcpListener) -> (Io, StdStream) {
    let address = listener.local_addr().unwrap();
    let (ours, theirs) = tokio::join!(tokio::net::TcpStream::connect(address), listener.accept());
    let theirs = theirs.unwrap().0.into_std().unwrap();
    theirs.set_nonblocking(false).unwrap();
    (Io::Plain(Socket::Tcp(ours.unwrap())), theirs)
}

fn port(io: &Io) -> u16 {
    io.socket().local_addr().unwrap().port()
}

fn kept(io: Io) -> Kept {
    Kept { io, served: 1 }
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
        let pool = Pool::new(vec![LIMITS, LIMITS]);
        let mut theirs = Vec::new();
        let mut ports = Vec::new();
        for (server, tag) in [(0, 1), (0, 1), (0, 2), (1, 1)] {
            let (ours, their) = pair(&listener).await;
            theirs.push(their);
            ports.push(port(&ours));
            assert!(pool.put(server, tag, kept(ours), 1));
        }
        let (over, _their) = pair(&listener).await;
        assert!(!pool.put(0, 1, kept(over), 1), "the limit is 3");
        assert_eq!((pool.idle(0), pool.idle(1)), (3, 1));
        let taken = |server, tag| pool.take(server, tag).map(|kept| port(&kept.io));
        assert_eq!(taken(0, 1), Some(ports[1]));
        assert_eq!(taken(0, 1), Some(ports[0]));
        assert_eq!(taken(0, 1), None);
        assert_eq!(taken(0, 2), Some(ports[2]));
        assert_eq!(taken(2, 1), None);
        pool.clear(None);
        assert_eq!(taken(1, 1), None);
    });
}

#[test]
fn closed_and_talking_connections_are_dropped() {
    run(async |listener| {
        for maintained in [false, true] {
            let pool = Rc::new(Pool::new(vec![LIMITS]));
            if maintained {
                tokio::task::spawn_local(pool.clone().maintain());
            }
            let (good, _their_good) = pair(&listener).await;
            let (closed, their_closed) = pair(&listener).await;
            let (talking, mut their_talking) = pair(&listener).await;
            let good_port = port(&good);
            for io in [good, closed, talking] {
                assert!(pool.put(0, 0, kept(io), 1));
            }
            drop(their_closed);
            their_talking.write_all(b"HTTP/1.1 408 Request Time-out\r\n\r\n").unwrap();
            settle().await;
            assert_eq!(pool.idle(0), if maintained { 1 } else { 3 });
            assert_eq!(pool.take(0, 0).map(|kept| port(&kept.io)), Some(good_port));
            assert_eq!(pool.idle(0), 0);
        }
    });
}

#[test]
fn closed_before_it_is_put() {
    run(async |listener| {
        let pool = Pool::new(vec![LIMITS]);
        let (ours, theirs) = pair(&listener).await;
        drop(theirs);
        settle().await;
        assert!(!pool.put(0, 0, kept(ours), 1));
        assert_eq!(pool.idle(0), 0);
    });
}

#[test]
fn a_slot_is_watched_again_for_its_next_connection() {
    run(async |listener| {
        let pool = Rc::new(Pool::new(vec![LIMITS]));
        tokio::task::spawn_local(pool.clone().maintain());
        for _ in 0..3 {
            let (ours, theirs) = pair(&listener).await;
            assert!(pool.put(0, 0, kept(ours), 1));
            let ours = pool.take(0, 0).unwrap();
            assert!(pool.put(0, 0, ours, 1));
            settle().await;
            assert_eq!(pool.idle(0), 1);
            drop(theirs);
            settle().await;
            assert_eq!(pool.idle(0), 0);
        }
        assert_eq!(pool.inner.borrow().slots_made(), 1);
    });
}

#[test]
fn half_of_what_was_not_needed_goes_after_each_delay() {
    run(async |listener| {
        let pool = Rc::new(Pool::new(vec![Limits { max_idle: 10, purge_delay: 50 }]));
        tokio::task::spawn_local(pool.clone().maintain());
        let mut theirs = Vec::new();
        for _ in 0..8 {
            let (ours, their) = pair(&listener).await;
            theirs.push(their);
            assert!(pool.put(0, 0, kept(ours), clock::now_ms()));
        }
        // The first round only learns what is needed.
        let mut seen = vec![8];
        for _ in 0..60 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            if *seen.last().unwrap() != pool.idle(0) {
                seen.push(pool.idle(0));
            }
        }
        assert_eq!(seen, [8, 4, 2, 1, 0]);
        assert!(pool.inner.borrow().purge.deadline().is_none());
    });
}

#[test]
fn no_delay_keeps_none() {
    run(async |listener| {
        let pool = Pool::new(vec![Limits { max_idle: 10, purge_delay: 0 }]);
        let (ours, _theirs) = pair(&listener).await;
        assert!(!pool.put(0, 0, kept(ours), 1));
    });
}

impl Inner {
    fn slots_made(&self) -> usize {
        self.slots.len()
    }
}
