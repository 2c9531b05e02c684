//! Sticky counters (manual, section 11.1): the entries of stick tables that a session or a
//! stream counts in, since a `track-sc` rule said so, and what each event adds to them.

use ir::id::TableId;
use ir::spec::RuleSet;

use crate::live::tables::{DataType, Table, Tracked, key};
use crate::sample::Value;
use crate::session::Session;
use crate::stream::Stream;

/// The counters of a session or a stream, by their numbers. Without a `track-sc` rule it is
/// empty and owns no memory.
#[derive(Debug, Default)]
pub struct Counters(Vec<Option<Counter>>);

#[derive(Debug)]
struct Counter {
    entry: Tracked,
    /// A rule of the backend began it.
    by_backend: bool,
}

/// What can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A connection passed the rules of its session.
    Session,
    Request,
    /// The client's error: a bad or refused request, a status of `http-err-codes`.
    Error,
    /// The server's failure: none or a bad response, a status of `http-fail-codes`.
    Failure,
    BytesIn(u64),
    BytesOut(u64),
    /// Small faults of the client's protocol.
    Glitches(u64),
}

impl Event {
    /// Counts it in an entry.
    fn count(self, entry: &Tracked, now: u64) {
        let (number, rate, count) = match self {
            Self::Session => (DataType::SessCnt, DataType::SessRate, 1),
            Self::Request => (DataType::HttpReqCnt, DataType::HttpReqRate, 1),
            Self::Error => (DataType::HttpErrCnt, DataType::HttpErrRate, 1),
            Self::Failure => (DataType::HttpFailCnt, DataType::HttpFailRate, 1),
            Self::BytesIn(count) => (DataType::BytesInCnt, DataType::BytesInRate, count),
            Self::BytesOut(count) => (DataType::BytesOutCnt, DataType::BytesOutRate, count),
            Self::Glitches(count) => (DataType::GlitchCnt, DataType::GlitchRate, count),
        };
        entry.with(now, |row| {
            row.add(number, 0, count);
            row.add(rate, 0, count);
        });
    }
}

impl Counters {
    /// The entry of a counter that is in use.
    fn get(&self, number: usize) -> Option<&Tracked> {
        self.0.get(number)?.as_ref().map(|counter| &counter.entry)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lets go of all entries without counting.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Begins to count in an entry: one connection more.
    fn begin(&mut self, number: usize, entry: Tracked, now: u64, by_backend: bool) {
        entry.with(now, |row| {
            for data in [DataType::ConnCur, DataType::ConnCnt, DataType::ConnRate] {
                row.add(data, 0, 1);
            }
        });
        if self.0.len() <= number {
            self.0.resize_with(number + 1, || None);
        }
        self.0[number] = Some(Counter { entry, by_backend });
    }

    /// Ends all: one connection less each.
    fn end(&mut self, now: u64) {
        for counter in self.0.drain(..).flatten() {
            counter.entry.with(now, |row| row.leave(DataType::ConnCur));
        }
    }
}

impl Stream {
    /// What `f` makes of the entry that counter `number` counts in: the stream's, else the
    /// session's.
    pub fn counter<R>(&self, number: usize, f: impl FnOnce(&Tracked) -> R) -> Option<R> {
        match self.counters.get(number) {
            Some(entry) => Some(f(entry)),
            None => self.session.counters.borrow().get(number).map(f),
        }
    }

    /// The key that a sample is in a table; `None` where it cannot be one.
    pub fn table_key<'a>(&'a self, table: &Table, value: Value<'a>) -> Option<&'a [u8]> {
        let (kind, len) = table.key_type();
        key::of(value, kind, len, &self.arena)
    }

    pub fn table(&self, id: TableId) -> &'static Table {
        &self.plan.live.tables[id.index()]
    }

    /// Whether the rules at hand are those of the session, before there is a stream.
    fn is_before_stream(&self) -> bool {
        matches!(self.phase, RuleSet::TcpConnection | RuleSet::TcpSession)
    }

    /// Whether counter `number` counts already: where the session's does, the stream's begins with it.
    pub fn tracks(&self, number: usize) -> bool {
        self.counter(number, |_| ()).is_some()
    }

    /// Lets counter `number` count in an entry: that of the session in the rules of the
    /// connection, else that of the stream.
    pub fn track(&mut self, number: usize, entry: Tracked) {
        if self.is_before_stream() {
            return self.session.counters.borrow_mut().begin(number, entry, self.now, false);
        }
        let by_backend = self.backend.is_some_and(|backend| backend != self.session.frontend);
        self.counters.begin(number, entry, self.now, by_backend);
        let Some(entry) = self.counters.get(number) else { return };
        // The request was counted before, but not here; so was the response.
        if matches!(self.phase, RuleSet::HttpRequest | RuleSet::HttpResponse) {
            Event::Request.count(entry, self.now);
        }
        if self.phase == RuleSet::HttpResponse {
            for event in self.status_events() {
                event.count(entry, self.now);
            }
        }
    }

    /// Counts an event in each counter: in the stream's entry, else in the session's.
    pub fn count(&self, event: Event) {
        let session = self.session.counters.borrow();
        if self.counters.is_empty() && session.is_empty() {
            return;
        }
        for number in 0..self.counters.0.len().max(session.0.len()) {
            if let Some(entry) = self.counters.get(number).or_else(|| session.get(number)) {
                event.count(entry, self.now);
            }
        }
    }

    /// Counts the request in the entries that a `tcp-request content` rule of the backend chose.
    pub fn count_backend_request(&self) {
        for counter in self.counters.0.iter().flatten().filter(|counter| counter.by_backend) {
            Event::Request.count(&counter.entry, self.now);
        }
    }

    /// Counts what the response's status says.
    pub fn count_status(&self) {
        for event in self.status_events() {
            self.count(event);
        }
    }

    fn status_events(&self) -> impl Iterator<Item = Event> + use<> {
        let (codes, status) = (&self.plan.config.global.http_codes, self.res.status());
        let error = codes.errors.contains(status).then_some(Event::Error);
        let failure = codes.failures.contains(status).then_some(Event::Failure);
        error.into_iter().chain(failure)
    }

    /// Ends the stream's counters.
    pub fn end_counters(&mut self, now: u64) {
        self.counters.end(now);
    }
}

impl Session {
    /// Counts the session, which passed its rules.
    pub fn count(&self, now: u64) {
        self.count_event(Event::Session, now);
    }

    /// Counts small faults of the client's protocol, which are the connection's.
    pub fn count_glitches(&self, count: u32, now: u64) {
        self.note_glitches(count);
        self.count_noted_glitches(count, now);
    }

    /// The same for samples alone: the tables hear of them later.
    pub fn note_glitches(&self, count: u32) {
        self.glitches.set(self.glitches.get() + count);
    }

    /// The same for the tables alone.
    pub fn count_noted_glitches(&self, count: u32, now: u64) {
        self.count_event(Event::Glitches(count.into()), now);
    }

    fn count_event(&self, event: Event, now: u64) {
        for counter in self.counters.borrow().0.iter().flatten() {
            event.count(&counter.entry, now);
        }
    }

    /// Ends the session's counters.
    pub fn end_counters(&self, now: u64) {
        self.counters.borrow_mut().end(now);
    }
}

#[cfg(test)]
mod tests;
