//! Sends the messages of rings to their servers (manual, section 12.4, `ring`): a task for each, on one
//! of the threads, with a connection that it opens again when it breaks, at most once a second.
//! Left out: the memory of the rings, in [`state::live`].

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ir::config::{Link, Server, Tune, Verify};
use net::clock::now_ms;
use net::connect::{self, Options, Target};
use net::io::Io;
use net::timer::Timer;
use net::tls::{Ask, ClientContext, ContextError, Kept};
use state::Plan;
use state::live::Ring;

/// Milliseconds between two attempts to connect.
const PAUSE: u64 = 1000;
/// Bytes that are taken from a ring at a time.
const CHUNK: usize = 16 * 1024;

/// What the tasks of all threads share.
pub struct Rings {
    plan: &'static Plan,
    /// By ring and server.
    tls: Vec<Vec<Option<ClientContext>>>,
}

impl Rings {
    /// Makes the TLS contexts of the rings' servers.
    ///
    /// # Errors
    /// A message of [`net::tls`].
    pub fn new(plan: &'static Plan, verify: Verify) -> Result<Self, ContextError> {
        let tune = &plan.config.global.tune;
        let kept = Kept::new(state::TlsParts::NONE, tune);
        let level = tune.ssl_security_level;
        let context = |server: &Server| {
            server.tls.as_ref().map(|tls| ClientContext::new(tls, verify, level, kept)).transpose()
        };
        let contexts = |ring: &Ring| ring.settings.servers.iter().map(context).collect();
        Ok(Self { plan, tls: plan.live.rings.iter().map(contexts).collect::<Result<_, _>>()? })
    }

    /// Begins the tasks that are this thread's; call it there.
    pub fn spawn(self: &Arc<Self>, thread: usize, threads: usize) {
        let mut number = 0;
        for (at, ring) in self.plan.live.rings.iter().enumerate() {
            for server in 0..ring.settings.servers.len() {
                if number % threads.max(1) == thread {
                    tokio::task::spawn_local(self.clone().forward(ring, at, server));
                }
                number += 1;
            }
        }
    }

    /// Keeps a server connected, for ever.
    async fn forward(self: Arc<Self>, ring: &'static Ring, at: usize, server: usize) {
        let settings = &ring.settings.servers[server];
        let Some(target) = settings.address.as_ref().and_then(Target::new) else { return };
        let tls = self.tls[at][server].as_ref();
        let mut timer = Timer::new();
        loop {
            let began = now_ms();
            if let Some(connection) = open(&target, tls, ring.settings.timeouts.connect, &mut timer).await {
                let mut sending = Sending {
                    ring,
                    server,
                    counts_octets: settings.log.octet_count,
                    connection,
                    out: Vec::new(),
                    sent: 0,
                };
                timer.clear();
                std::future::poll_fn(|cx| sending.poll(cx, &mut timer)).await;
            }
            timer.set(began + PAUSE);
            timer.expired().await;
        }
    }
}

/// Connects within `limit` milliseconds.
async fn open(
    target: &Target,
    tls: Option<&ClientContext>,
    limit: Option<u64>,
    timer: &mut Timer,
) -> Option<Io> {
    match limit {
        Some(limit) => timer.set(now_ms() + limit),
        None => timer.clear(),
    }
    let (link, tune) = (Link::default(), Tune::default());
    let options = Options::new(&link, &tune);
    let connect = async {
        let io = connect::connect(target, &options).await.ok()?;
        match (tls, io) {
            (Some(context), Io::Plain(socket)) => {
                context.connect(socket, Ask::default()).await.ok().map(Io::Tls)
            }
            (_, io) => Some(io),
        }
    };
    let mut connect = std::pin::pin!(connect);
    std::future::poll_fn(|cx| match connect.as_mut().poll(cx) {
        Poll::Ready(connection) => Poll::Ready(connection),
        Poll::Pending => timer.poll_expired(cx).map(|()| None),
    })
    .await
}

/// A connection at work.
struct Sending {
    ring: &'static Ring,
    server: usize,
    counts_octets: bool,
    connection: Io,
    /// What was taken from the ring, and how much of it was written.
    out: Vec<u8>,
    sent: usize,
}

impl Sending {
    /// Ready when the connection ended, or took nothing for `timeout server`.
    fn poll(&mut self, cx: &mut Context<'_>, timer: &mut Timer) -> Poll<()> {
        loop {
            if self.poll_drain(cx).is_ready() {
                return Poll::Ready(());
            }
            if self.sent == self.out.len() {
                self.out.clear();
                self.sent = 0;
                timer.clear();
                ready!(self.ring.poll_read(self.server, self.counts_octets, (&mut self.out, CHUNK), cx));
            }
            match self.connection.poll_write(cx, &self.out[self.sent..]) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(count)) => {
                    self.sent += count;
                    timer.clear();
                }
                Poll::Pending => {
                    if let (None, Some(limit)) = (timer.deadline(), self.ring.settings.timeouts.server) {
                        timer.set(now_ms() + limit);
                    }
                    ready!(timer.poll_expired(cx));
                    return Poll::Ready(());
                }
            }
        }
    }

    /// Reads what the server says, which is nothing to anybody. Ready when it said all.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut room = [0; 256];
        loop {
            if ready!(self.connection.poll_read(cx, &mut room))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use ir::config::{LogServer, LogTarget};
    use ir::expr::Address;
    use state::plan::Functions;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::LocalSet;

    use super::*;

    /// Rings of a plan with one ring, whose server listens here.
    fn rings(address: SocketAddr, octet_count: bool) -> Arc<Rings> {
        let mut config = state::testing::config();
        let mut server = state::testing::server("s", 1);
        server.address = Some(Address::Ip(address.ip(), address.port()));
        server.log = LogServer { octet_count, ..LogServer::default() };
        let ring = ir::config::Ring {
            name: b"r".to_vec(),
            description: Vec::new(),
            format: ir::config::LogFraming::Raw,
            maxlen: 0,
            size: 16384,
            backing_file: None,
            servers: vec![server],
            timeouts: Default::default(),
        };
        config.rings.push(ring);
        config.global.log = Vec::<LogTarget>::new();
        let plan = Plan::build(config, &Functions::default(), 1).expect("a plan");
        Arc::new(Rings::new(Box::leak(Box::new(plan)), Verify::None).expect("no TLS"))
    }

    async fn expect(connection: &mut TcpStream, text: &str) {
        let mut room = vec![0; text.len()];
        connection.read_exact(&mut room).await.expect("messages");
        assert_eq!(String::from_utf8_lossy(&room), text);
    }

    #[tokio::test]
    async fn messages_go_over_a_connection_that_is_opened_again() {
        let local = LocalSet::new();
        let test = async {
            tokio::task::spawn_local(net::timer::drive());
            for (octet_count, first, second) in
                [(false, "one\ntwo\n", "three\n"), (true, "3 one3 two", "5 three")]
            {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
                let rings = rings(listener.local_addr().expect("an address"), octet_count);
                let ring = &rings.plan.live.rings[0];
                assert!(ring.push(b"one"));
                rings.spawn(0, 1);
                let (mut connection, _) = listener.accept().await.expect("a connection");
                assert!(ring.push(b"two"));
                expect(&mut connection, first).await;
                drop(connection);
                let (mut connection, _) = listener.accept().await.expect("another connection");
                assert!(ring.push(b"three"));
                expect(&mut connection, second).await;
            }
        };
        local.run_until(test).await;
    }
}
