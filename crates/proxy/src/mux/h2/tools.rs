//! What a follower's step needs for a moment: memory that all connections of a thread use in turn.

use std::cell::Cell;

use proto::h2::Work;

/// See the module.
#[derive(Default)]
pub struct Tools {
    pub work: Work,
    /// Frames for the peer.
    pub peer: Vec<u8>,
    /// Frames for the crate.
    pub codec: Vec<u8>,
}

thread_local! {
    static TOOLS: Cell<Tools> = Cell::default();
}

impl Tools {
    pub fn take() -> Self {
        TOOLS.take()
    }

    /// Gives them back, the frames cleared.
    pub fn give(mut self) {
        self.peer.clear();
        self.codec.clear();
        TOOLS.set(self);
    }
}
