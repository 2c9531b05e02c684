//! The client's connection below the `h2` crate: what is read goes through [`Follower`], which takes the
//! requests out of it; what the follower has to say goes out between the crate's frames. The task of the
//! connection, the crate and the tasks of streams share it; none holds it while it waits.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use ir::config::Tune;
use net::clock::now_ms;
use net::load;
use proto::h1::HTTP2_PREFACE;
use proto::h2::{Begun, By, Faults, Follower, Limits, Most, Output, Reset, Rules, Step};
use state::session::Session;
use state::stream::Stream;
use tokio::io::ReadBuf;

use super::faults;
use super::tools::Tools;
use crate::buffers::Lent;
use crate::conn::Conn;
use crate::worker::Worker;

/// What one read brings at most, in bytes.
pub const MAX_READ: usize = 64 * 1024;
/// With more of our own frames waiting for the peer, in bytes, nothing is read.
pub const MOST_OURS: usize = 16 * 1024;
/// The largest window (RFC 9113, section 6.9.1).
pub const MAX_WINDOW: u32 = (1 << 31) - 1;
/// What HAProxy's form of a message takes up besides its parts, in bytes.
pub const MESSAGE: usize = 40;

/// How far a rule's wish to end the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kill {
    No,
    /// What the crate has to send may go first.
    Wanted,
    /// It had its turn.
    Due,
}

/// How a stream was lost before its task began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Before its message was complete.
    Amid,
    Whole,
}

/// A request that waits for the crate to hand over its stream.
pub struct Pending {
    pub begun: Begun,
    pub stream: Box<Stream>,
    /// How the stream was reset since.
    pub gone: Option<Gone>,
    /// The code of the client's reset.
    pub code: Option<u32>,
    /// Its trailers are none.
    pub invalid: bool,
}

/// See the module.
pub struct Front {
    worker: Rc<Worker>,
    session: Rc<Session>,
    /// Taken at the end.
    conn: Option<Conn>,
    follower: Follower,
    /// Frames of ours for the client.
    ours: Lent,
    /// Frames for the crate that it has not read.
    held: Lent,
    queue: VecDeque<Pending>,
    /// Streams whose task runs.
    running: u32,
    /// The connection's task, where it waits for one of them to end.
    waker: Option<Waker>,
    /// The connection's task, where it waits for anything.
    task: Option<Waker>,
    /// The client ended its direction.
    ended: bool,
    /// The tasks of streams that want to know that, by their numbers.
    watchers: Vec<(u32, Waker)>,
    kill: Kill,
    /// The crate's last write waits: over TLS, nothing else may be written before it.
    stuck: bool,
    /// The first frame was sent.
    opened: bool,
    /// Frames and resets that were handled since the task last waited.
    handled: (u32, u32),
}

impl Front {
    pub fn new(worker: &Rc<Worker>, session: &Rc<Session>, conn: Conn) -> Self {
        Self {
            worker: worker.clone(),
            session: session.clone(),
            conn: Some(conn),
            follower: Follower::new(limits(worker, session)),
            ours: Lent::default(),
            held: Lent::default(),
            queue: VecDeque::new(),
            running: 0,
            waker: None,
            task: None,
            ended: false,
            watchers: Vec::new(),
            kill: Kill::No,
            stuck: false,
            opened: false,
            handled: (0, 0),
        }
    }

    /// Whether no stream runs or waits.
    pub fn is_idle(&self) -> bool {
        self.running == 0 && self.queue.is_empty()
    }

    /// Whether a part of a frame or of a header block has come.
    pub fn is_amid(&self) -> bool {
        self.follower.is_amid() || self.conn.as_ref().is_some_and(|conn| !conn.rest().is_empty())
    }

    /// Notes an error that the crate found.
    pub fn fail(&mut self) {
        self.follower.faults.connection += 1;
    }

    /// The connection, for its end. What waits for the crate waits no more.
    pub fn take_conn(&mut self) -> Option<Conn> {
        self.queue.drain(..).for_each(|pending| self.worker.recycle(pending.stream));
        self.conn.take()
    }

    fn conn(&mut self) -> Result<&mut Conn> {
        self.conn.as_mut().ok_or_else(|| ErrorKind::NotConnected.into())
    }

    /// What is to be logged and counted, once.
    pub fn take_faults(&mut self) -> Faults {
        std::mem::take(&mut self.follower.faults)
    }

    /// A rule ends the connection, once what is ready is sent.
    pub fn kill(&mut self) {
        self.kill = Kill::Wanted;
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }

    /// The connection's task is about to wait.
    pub fn note_task(&mut self, cx: &Context<'_>) {
        if !self.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            self.task = Some(cx.waker().clone());
        }
    }

    /// Takes the request of a stream that the crate hands over, and counts it as running.
    pub fn begin(&mut self, stream: u32) -> Option<Pending> {
        let at = self.queue.iter().position(|pending| pending.begun.stream == stream)?;
        let mut pending = self.queue.remove(at)?;
        if self.follower.is_broken() && pending.gone.is_none() {
            let whole = self.follower.has_ended(stream);
            pending.gone = Some(if whole { Gone::Whole } else { Gone::Amid });
        }
        self.running += 1;
        Some(pending)
    }

    /// Whether the client ended its direction; a stream's task that asks is woken when it does.
    pub fn has_ended(&mut self, stream: u32, cx: &Context<'_>) -> bool {
        if !self.ended {
            match self.watchers.iter_mut().find(|(known, _)| *known == stream) {
                Some((_, waker)) => waker.clone_from(cx.waker()),
                None => self.watchers.push((stream, cx.waker().clone())),
            }
        }
        self.ended
    }

    /// A stream's task has ended.
    fn finish(&mut self, stream: u32) {
        self.running -= 1;
        if let Some(at) = self.watchers.iter().position(|(known, _)| *known == stream) {
            self.watchers.swap_remove(at);
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Tells the client that no more streams are served. Says whether it knows: `finally` is for when it does,
    /// or had time enough.
    pub fn say_goodbye(&mut self, cx: &mut Context<'_>, finally: bool) -> bool {
        let mut frames = Vec::new();
        let known = self.follower.goodbye(finally, &mut frames);
        self.ours.extend(&frames);
        let _ = self.poll_ours(cx);
        known
    }

    /// Asks whether the client is still there (`idle-ping`).
    pub fn probe(&mut self, cx: &mut Context<'_>) {
        let mut frames = Vec::new();
        self.follower.probe(&mut frames);
        self.ours.extend(&frames);
        let _ = self.poll_ours(cx);
    }

    /// Whether it answered that since this was asked last.
    pub fn take_presence(&mut self) -> bool {
        self.follower.take_presence()
    }

    /// Waits for the preface, before which the client is told nothing. `false`: it sent something else, or left.
    pub fn poll_preface(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            let Ok(conn) = self.conn() else { return Poll::Ready(false) };
            let (rest, whole) = (conn.rest(), HTTP2_PREFACE.len());
            if rest.starts_with(HTTP2_PREFACE) {
                return Poll::Ready(true);
            }
            if rest.len() >= whole || !matches!(ready!(conn.poll_more(cx, MAX_READ)), Ok(1..)) {
                let _ = self.poll_cut(cx);
                return Poll::Ready(false);
            }
        }
    }

    /// Hands the crate what the client sent, but what the follower keeps back.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let before = buf.filled().len();
        if self.poll_kill(cx).is_pending() {
            return Poll::Pending;
        }
        loop {
            self.give_held(buf);
            let given = buf.filled().len() > before;
            if self.ours.len() > MOST_OURS {
                let _ = self.poll_ours(cx)?;
                if self.ours.len() > MOST_OURS {
                    return if given { Poll::Ready(Ok(())) } else { Poll::Pending };
                }
            }
            if buf.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            if self.has_handled_enough() {
                if given {
                    return Poll::Ready(Ok(()));
                }
                self.handled = (0, 0);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let step = if self.follower.is_broken() { Step::End } else { self.step(buf) };
            match step {
                _ if !self.held.is_empty() => {}
                Step::More | Step::Wait | Step::End if given => return Poll::Ready(Ok(())),
                Step::More if self.follower.is_over() => return self.poll_end(cx),
                Step::More => ready!(self.poll_more(cx))?,
                Step::Wait => {
                    let _ = self.poll_ours(cx)?;
                    self.waker = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                Step::End => return self.poll_end(cx),
                Step::Next | Step::Pass | Step::Request(_) | Step::Reset(_) => {}
            }
        }
    }

    /// Whether others are to have their turn first: `tune.h2.fe.max-frames-at-once`, `max-rst-at-once`.
    fn has_handled_enough(&self) -> bool {
        let limits = &self.worker.plan.config.global.tune.h2_clients;
        let is_over = |count: u32, most: u32| most > 0 && count >= most;
        is_over(self.handled.0, limits.max_frames_at_once) || is_over(self.handled.1, limits.max_rst_at_once)
    }

    /// Pending while the crate is to send first, on the connection that a rule ends.
    fn poll_kill(&mut self, cx: &Context<'_>) -> Poll<()> {
        match self.kill {
            Kill::No => {}
            Kill::Wanted => {
                self.kill = Kill::Due;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Kill::Due if self.follower.is_broken() => {}
            Kill::Due => {
                let (mut client, mut server) = (Vec::new(), Vec::new());
                self.follower.kill(&mut client, &mut server);
                if !self.session.is_dropped.get() {
                    self.ours.extend(&client);
                }
                self.held.extend(&server);
            }
        }
        Poll::Ready(())
    }

    /// Reads from the socket; the end of the input is an error here, once all requests are taken.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let _ = self.poll_ours(cx)?;
        self.handled = (0, 0);
        match ready!(self.conn()?.poll_more(cx, MAX_READ)) {
            Ok(1..) => Poll::Ready(Ok(())),
            // The next call comes when they are.
            _ if !self.queue.is_empty() => Poll::Pending,
            Ok(_) => self.poll_cut(cx),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// The client ended its direction: that is an error here once it has all answers.
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if !std::mem::replace(&mut self.ended, true) {
            let options = &self.worker.plan.settings(self.session.frontend).options;
            let may_be_silent = options.dontlognull || options.http_ignore_probes;
            let silent = may_be_silent && self.conn()?.rest().is_empty();
            let (mut client, mut server) = (Vec::new(), Vec::new());
            self.follower.cut(silent, &mut Output { peer: &mut client, codec: &mut server });
            self.ours.extend(&client);
            self.held.extend(&server);
            self.watchers.drain(..).for_each(|(_, waker)| waker.wake());
            return Poll::Ready(Ok(()));
        }
        if self.running > 0 || !self.follower.is_quiet() {
            self.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Err(ErrorKind::UnexpectedEof.into()))
    }

    /// The follower ended the connection.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if !self.queue.is_empty() || self.follower.unsent() > 0 {
            return Poll::Pending;
        }
        ready!(self.poll_ours(cx))?;
        Poll::Ready(Err(Error::new(ErrorKind::ConnectionAborted, "the connection was ended")))
    }

    fn give_held(&mut self, buf: &mut ReadBuf<'_>) {
        let count = self.held.len().min(buf.remaining());
        if count > 0 {
            buf.put_slice(&self.held[..count]);
            self.held.consume(count);
        }
    }

    /// One step of the follower over what was read.
    fn step(&mut self, buf: &mut ReadBuf<'_>) -> Step {
        let most = streams(&self.worker.plan.config.global.tune) as usize;
        let crowded = self.running as usize + self.queue.len() > most;
        let mut tools = Tools::take();
        let mut out = Output { peer: &mut tools.peer, codec: &mut tools.codec };
        let input = self.conn.as_ref().map_or(&[][..], Conn::rest);
        self.follower.set_calm(load::is_calm());
        let (used, mut step) = self.follower.step(input, buf.remaining(), crowded, &mut tools.work, &mut out);
        match step {
            Step::Pass => buf.put_slice(&input[..used]),
            Step::Request(begun) => {
                let mut stream = self.worker.stream(&self.session);
                std::mem::swap(&mut stream.req, &mut tools.work.head);
                self.queue.push_back(Pending { begun, stream, gone: None, code: None, invalid: false });
            }
            Step::Reset(reset) if reset.by == By::Message => {
                let mut queue = self.queue.iter_mut();
                if let Some(pending) = queue.find(|pending| pending.begun.stream == reset.stream) {
                    pending.invalid = true;
                }
            }
            Step::Reset(reset) => {
                let lost = lose(&mut self.queue, reset);
                if lost && matches!(reset.by, By::Client(_)) && self.follower.reset_early(&mut out) {
                    step = Step::End;
                }
            }
            Step::More | Step::Next | Step::Wait | Step::End => {}
        }
        if let Some(conn) = &mut self.conn {
            conn.consume(used);
        }
        self.ours.extend(&tools.peer);
        self.held.extend(&tools.codec);
        tools.give();
        self.handled.0 += u32::from(!matches!(step, Step::More | Step::Pass));
        self.handled.1 += u32::from(matches!(step, Step::Reset(_)));
        self.count_glitches();
        if self.follower.faults != Faults::default() {
            let faults = self.take_faults();
            faults::log(&self.worker, &self.session, faults);
        }
        step
    }

    fn count_glitches(&mut self) {
        let more = self.follower.glitches().saturating_sub(self.session.glitches.get());
        if more > 0 {
            self.session.count_glitches(more, now_ms());
        }
    }

    /// Sends what is ours, unless a frame of the crate's is on its way.
    fn poll_ours(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if self.stuck {
            return Poll::Pending;
        }
        while !self.ours.is_empty() && self.follower.unsent() == 0 {
            let Some(conn) = &mut self.conn else { return Poll::Ready(Err(ErrorKind::NotConnected.into())) };
            match ready!(conn.io.poll_write(cx, &self.ours))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                count => self.ours.consume(count),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the crate's frames. Ours go out in front of the next one.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        if !std::mem::replace(&mut self.opened, true) {
            return self.open(cx, bufs);
        }
        let count = ready!(self.write(cx, bufs))?;
        let mut left = count;
        for buf in bufs {
            let part = left.min(buf.len());
            self.follower.sent(&buf[..part]);
            left -= part;
        }
        if self.follower.is_over() {
            // A read that waited for this can end now.
            cx.waker().wake_by_ref();
        }
        if let Some(waker) = self.waker.take() {
            // A window may have opened.
            waker.wake();
        }
        Poll::Ready(Ok(count))
    }

    /// Writes ours, if there are some, and then the crate's frames: in one go without TLS. Gives the number of
    /// bytes of the crate's.
    fn write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        let unsent = self.follower.unsent();
        let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| buf);
        if self.conn()?.io.is_tls() && unsent == 0 && !self.stuck {
            ready!(self.poll_ours(cx))?;
        }
        loop {
            let Some(conn) = &mut self.conn else { return Poll::Ready(Err(ErrorKind::NotConnected.into())) };
            if self.ours.is_empty() || self.stuck {
                let written = conn.io.poll_write_joined(cx, bufs);
                self.stuck = written.is_pending() && conn.io.is_tls();
                return written;
            }
            if unsent > 0 {
                let written = conn.io.poll_write(cx, &first[..first.len().min(unsent)]);
                self.stuck = written.is_pending() && conn.io.is_tls();
                return written;
            }
            let both = [IoSlice::new(&self.ours), IoSlice::new(first)];
            let count = ready!(conn.io.poll_write_vectored(cx, &both))?;
            let rest = count.saturating_sub(self.ours.len());
            self.ours.consume(count);
            if rest > 0 || count == 0 {
                return Poll::Ready(Ok(rest));
            }
        }
    }

    /// Sends the crate's SETTINGS with the window that is to be announced.
    fn open(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        let mut frames: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        self.follower.announce(&mut frames);
        self.follower.sent(&frames);
        self.ours.extend(&frames);
        let _ = self.poll_ours(cx)?;
        Poll::Ready(Ok(frames.len()))
    }

    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.poll_ours(cx)
    }
}

/// Notes that a stream is gone which waits; `false` where none of that number does.
fn lose(queue: &mut VecDeque<Pending>, reset: Reset) -> bool {
    let gone = if reset.ended { Gone::Whole } else { Gone::Amid };
    let Some(pending) = queue.iter_mut().find(|pending| pending.begun.stream == reset.stream) else {
        return false;
    };
    if let By::Client(code) = reset.by {
        pending.code = Some(code);
    }
    pending.gone.get_or_insert(gone);
    true
}

/// Streams that a client may have open at a time.
pub fn streams(tune: &Tune) -> u32 {
    match tune.h2_clients.max_concurrent_streams.unwrap_or(tune.h2_max_concurrent_streams) {
        0 => u32::MAX >> 1,
        some => some,
    }
}

/// What a client may send ahead over all streams, in bytes.
pub fn room(tune: &Tune) -> u32 {
    tune.h2_clients.rxbuf.clamp(window(tune), MAX_WINDOW)
}

/// The window of a stream with a body, in bytes: most of the room, so that one stalled upload does not stall
/// the others.
pub fn body_window(tune: &Tune) -> u32 {
    (room(tune) / 8 * 7).max(window(tune))
}

/// The window of a stream that is announced, in bytes.
fn window(tune: &Tune) -> u32 {
    tune.h2_clients.initial_window_size.unwrap_or(tune.h2_initial_window_size).min(MAX_WINDOW)
}

fn limits(worker: &Worker, session: &Session) -> Limits {
    let tune = &worker.plan.config.global.tune;
    let options = &worker.plan.settings(session.frontend).options;
    Limits {
        buffer: tune.bufsize,
        table: tune.h2_header_table_size as usize,
        most: Most { fields: tune.http_maxhdr * 2, bytes: tune.bufsize },
        rules: Rules {
            max_fields: tune.http_maxhdr,
            max_bytes: tune.bufsize.saturating_sub(MESSAGE + tune.maxrewrite),
            relaxed: options.accept_unsafe_violations_in_http_request,
            extended_connect: tune.h2_websocket,
        },
        streams: streams(tune),
        window: window(tune),
        body_window: body_window(tune),
        total: tune.h2_clients.max_total_streams,
        glitches: tune.h2_clients.glitches_threshold,
    }
}

/// The connection, for all who share it.
#[derive(Clone)]
pub struct Shared(Rc<RefCell<Front>>);

impl Shared {
    pub fn new(front: Front) -> Self {
        Self(Rc::new(RefCell::new(front)))
    }

    /// Nobody else has it meanwhile.
    pub fn with<R>(&self, run: impl FnOnce(&mut Front) -> R) -> R {
        run(&mut self.0.borrow_mut())
    }
}

/// Counts a stream's task until it is dropped.
pub struct Running {
    pub front: Shared,
    pub stream: u32,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.front.with(|front| front.finish(self.stream));
    }
}
