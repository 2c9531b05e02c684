//! Filters of payload (manual, section 9): what stands between the source of a body and its sink. Each
//! direction of a stream has a chain of them, the frontend's first; a stream whose proxies have no filter
//! has none of this. Bodies go through in their plain form: chunks are taken apart and made anew.
//!
//! Left out: the part of a request's body that rules have buffered, which leaves with the head, and
//! tunnels of which one side is HTTP/2.

mod trace;

use std::io;

use ir::config::{Filter as Line, Proxy};
use proto::message::Head;
use state::Plan;
use state::stream::Stream;

use crate::body::{Piece, Sink};
use trace::Trace;

/// Which way a body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Request,
    Response,
}

/// A filter at work on one direction of one stream.
pub trait Filter {
    /// The head of the message has come this far.
    fn head(&mut self, stream: &Stream);

    /// Moves bytes from the front of `input` to `out`, as many as may go on now; gives how many of `input`
    /// are done with. It is called again at once while it leaves some.
    fn pass(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize;

    /// Nothing more comes.
    fn end(&mut self);
}

/// The filters of both directions.
pub struct Filters {
    pub up: Chain,
    pub down: Chain,
}

impl Filters {
    /// Those of the stream's frontend, then those of its backend.
    pub fn of(stream: &Stream) -> Option<Box<Self>> {
        let (front, back) = (stream.session.frontend, stream.backend.unwrap_or(stream.session.frontend));
        let all = if front == back { &[front][..] } else { &[front, back][..] };
        let plan = stream.plan;
        let proxies = || all.iter().map(move |proxy| plan.settings(*proxy));
        if proxies().all(|proxy| proxy.filters.is_empty()) {
            return None;
        }
        let chain = |way: Way| {
            let lines =
                proxies().flat_map(|proxy| sequence(proxy, way).into_iter().map(move |line| (line, proxy)));
            let link = |(line, proxy)| Link { filter: filter(line, proxy, way, stream), input: Vec::new() };
            Chain { links: lines.map(link).collect(), ..Chain::default() }
        };
        Some(Box::new(Self { up: chain(Way::Request), down: chain(Way::Response) }))
    }
}

fn lines(proxy: &'static Proxy) -> impl Iterator<Item = (&'static Line, &'static Proxy)> {
    proxy.filters.iter().map(move |line| (line, proxy))
}

/// The filters of a proxy that run on one way, in their order.
fn sequence(proxy: &'static Proxy, way: Way) -> Vec<&'static Line> {
    match &proxy.filter_sequences[way as usize] {
        None => proxy.filters.iter().collect(),
        Some(sequence) => sequence.iter().filter_map(|index| proxy.filters.get(*index)).collect(),
    }
}

fn filter(line: &'static Line, proxy: &Proxy, way: Way, stream: &Stream) -> Box<dyn Filter> {
    match line {
        Line::Trace(line) => Box::new(Trace::new(line, proxy, way, stream)),
    }
}

/// Has the filters tell that they are there: to the process with its first thread, and to each thread.
pub fn announce(plan: &'static Plan, thread: usize) {
    for of in [None, Some(thread)].iter().skip(usize::from(thread > 0)) {
        for (line, proxy) in plan.config.proxies.iter().flat_map(lines) {
            let Line::Trace(line) = line;
            trace::tell_ready(plan, line, proxy, *of);
        }
    }
}

/// The filters of one direction.
#[derive(Default)]
pub struct Chain {
    links: Vec<Link>,
    /// The source gave its end, with these trailers.
    ended: bool,
    trailers: Option<Box<Head>>,
    /// Memory for what a filter lets pass; without filters what waits.
    passed: Vec<u8>,
}

struct Link {
    filter: Box<dyn Filter>,
    /// What waits in front of it.
    input: Vec<u8>,
}

impl Chain {
    /// Shows the head of the message.
    pub fn head(&mut self, stream: &Stream) {
        self.links.iter_mut().for_each(|link| link.filter.head(stream));
    }

    /// Takes a piece from the source.
    pub fn take(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Data(bytes) | Piece::Raw(bytes) => {
                let input = self.links.first_mut().map_or(&mut self.passed, |first| &mut first.input);
                input.extend_from_slice(bytes);
            }
            Piece::End(trailers) => self.end_with(*trailers),
            Piece::Trailers(trailers) => self.end_with(Some(trailers)),
        }
    }

    fn end_with(&mut self, trailers: Option<&Head>) {
        self.ended = true;
        self.trailers = trailers.cloned().map(Box::new);
    }

    /// Whether nothing waits in it.
    pub fn is_empty(&self) -> bool {
        !self.ended && self.is_drained()
    }

    fn is_drained(&self) -> bool {
        self.passed.is_empty() && self.links.iter().all(|link| link.input.is_empty())
    }

    /// Has each filter let some bytes pass, and hands over what leaves the last one.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn step(&mut self, sink: &mut Sink<'_>) -> io::Result<()> {
        let mut passed = std::mem::take(&mut self.passed);
        for link in &mut self.links {
            link.input.append(&mut passed);
            if !link.input.is_empty() {
                let used = link.filter.pass(&link.input, &mut passed);
                link.input.drain(..used.min(link.input.len()));
            }
        }
        let sent = if passed.is_empty() { Ok(()) } else { sink(Piece::Data(&passed)) };
        passed.clear();
        self.passed = passed;
        sent?;
        if self.ended && self.is_drained() {
            self.ended = false;
            self.links.iter_mut().for_each(|link| link.filter.end());
            return sink(Piece::End(self.trailers.take().as_deref()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets at most so many bytes pass, in upper case.
    struct Slow(usize);

    impl Filter for Slow {
        fn head(&mut self, _: &Stream) {}

        fn pass(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
            let count = input.len().min(self.0);
            out.extend(input[..count].iter().map(u8::to_ascii_uppercase));
            count
        }

        fn end(&mut self) {}
    }

    #[test]
    fn bytes_go_from_filter_to_filter() {
        let check = |steps: &[usize], pieces: &[&str], expected: &[&str]| {
            let link = |most: &usize| Link { filter: Box::new(Slow(*most)), input: Vec::new() };
            let mut chain = Chain { links: steps.iter().map(link).collect(), ..Chain::default() };
            let mut got = Vec::new();
            for piece in pieces {
                chain.take(&Piece::Data(piece.as_bytes()));
                while !chain.is_empty() {
                    let mut sink = |piece: Piece<'_>| {
                        got.push(format!("{piece:?}"));
                        Ok(())
                    };
                    chain.step(&mut sink).expect("a sink that takes all");
                }
            }
            chain.take(&Piece::End(None));
            chain
                .step(&mut |piece| {
                    got.push(format!("{piece:?}"));
                    Ok(())
                })
                .expect("a sink that takes all");
            let text = |part: &&str| format!("{:?}", Piece::Data(part.as_bytes()));
            let expected: Vec<_> = expected.iter().map(text).chain(["End(None)".to_owned()]).collect();
            assert_eq!(got, expected, "{steps:?}");
            assert!(chain.is_empty());
        };
        check(&[100], &["abc", "d"], &["ABC", "D"]);
        check(&[2], &["abcde"], &["AB", "CD", "E"]);
        check(&[3, 2], &["abcde"], &["AB", "CD", "E"]);
        check(&[1, 4], &["abc"], &["A", "B", "C"]);
        check(&[5], &[], &[]);
        check(&[], &["abc", "d"], &["abc", "d"]);
    }
}
