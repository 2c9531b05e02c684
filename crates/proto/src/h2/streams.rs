//! The streams of a connection that are open, as far as the follower must know them.

/// Who has ended a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    No,
    /// The peer has sent all it had to say.
    ByPeer,
    /// Both, or it was reset.
    Whole,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    stream: u32,
    /// The peer has ended it.
    ended: bool,
    /// The response has begun.
    begun: bool,
    /// We have ended it.
    answered: bool,
    /// What is left of the announced length.
    left: Option<u64>,
    /// What the peer takes.
    window: i64,
    /// What it may send.
    room: i64,
    /// It was given all of its window.
    granted: bool,
}

/// Open streams in the order of their numbers.
#[derive(Debug, Default)]
pub struct Streams(Vec<Open>);

impl Streams {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, stream: u32) -> Option<usize> {
        self.0.binary_search_by_key(&stream, |open| open.stream).ok()
    }

    /// Its number is higher than all before. The two windows are the client's and ours.
    pub fn open(&mut self, stream: u32, ended: bool, left: Option<u64>, (window, room): (i64, i64)) {
        self.0.push(Open {
            stream,
            ended,
            begun: false,
            answered: false,
            left,
            window,
            room,
            granted: false,
        });
    }

    /// The end of a stream that was opened at some time.
    pub fn ended(&self, stream: u32) -> Ended {
        match self.find(stream) {
            None => Ended::Whole,
            Some(index) if self.0[index].ended => Ended::ByPeer,
            Some(_) => Ended::No,
        }
    }

    /// Whether it was there.
    pub fn remove(&mut self, stream: u32) -> bool {
        self.find(stream).map(|index| self.0.remove(index)).is_some()
    }

    /// Notes payload of the peer's; `false` where that is not the announced length.
    pub fn receive(&mut self, stream: u32, count: u64, ended: bool) -> bool {
        let Some(index) = self.find(stream) else { return false };
        let open = &mut self.0[index];
        if let Some(left) = &mut open.left {
            match left.checked_sub(count) {
                Some(rest) if rest == 0 || !ended => *left = rest,
                rest => {
                    // What is too short has ended all the same.
                    open.ended |= ended && rest.is_some();
                    return false;
                }
            }
        }
        open.ended |= ended;
        if ended && open.answered {
            self.0.remove(index);
        }
        true
    }

    /// Whether the response has begun.
    pub fn has_begun(&self, stream: u32) -> bool {
        self.find(stream).is_some_and(|index| self.0[index].begun)
    }

    /// The response has begun.
    pub fn begun(&mut self, stream: u32) {
        if let Some(index) = self.find(stream) {
            self.0[index].begun = true;
        }
    }

    /// We have ended a stream.
    pub fn answered(&mut self, stream: u32) {
        if let Some(index) = self.find(stream) {
            self.0[index].answered = true;
            if self.0[index].ended {
                self.0.remove(index);
            }
        }
    }

    /// Drops the streams that the peer has not ended. `each` is told their numbers, and whether their
    /// response has begun, and has ended.
    pub fn cut(&mut self, mut each: impl FnMut(u32, bool, bool)) {
        self.0.retain(|open| {
            if !open.ended {
                each(open.stream, open.begun, open.answered);
            }
            open.ended
        });
    }

    /// Notes that a stream gets the rest of its window; `false` where it has it.
    pub fn grant(&mut self, stream: u32) -> bool {
        self.find(stream).is_some_and(|index| !std::mem::replace(&mut self.0[index].granted, true))
    }

    /// Streams that we have not ended.
    pub fn unanswered(&self) -> impl Iterator<Item = u32> {
        self.0.iter().filter(|open| !open.answered).map(|open| open.stream)
    }

    pub fn room(&mut self, stream: u32) -> Option<&mut i64> {
        self.find(stream).map(|index| &mut self.0[index].room)
    }

    /// The peer may send more on all streams.
    pub fn make_room(&mut self, more: i64) {
        self.0.iter_mut().for_each(|open| open.room += more);
    }

    pub fn window(&mut self, stream: u32) -> Option<&mut i64> {
        self.find(stream).map(|index| &mut self.0[index].window)
    }

    pub fn sent(&mut self, stream: u32, count: i64) {
        if let Some(window) = self.window(stream) {
            *window -= count;
        }
    }

    /// The peer changed the window of all streams.
    pub fn widen(&mut self, more: i64) {
        self.0.iter_mut().for_each(|open| open.window += more);
    }
}
