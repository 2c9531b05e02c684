//! Points in time at which a wait is given up.

use net::timer::Timer;

/// Monotonic milliseconds, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(u64);

impl Deadline {
    pub const NEVER: Self = Self(u64::MAX);

    /// `limit` milliseconds after `now`; never where there is no limit.
    pub fn after(now: u64, limit: Option<u64>) -> Self {
        limit.map_or(Self::NEVER, |limit| Self(now.saturating_add(limit)))
    }

    /// The time, in monotonic milliseconds.
    pub fn at(self) -> Option<u64> {
        (self != Self::NEVER).then_some(self.0)
    }

    /// Makes `timer` ring at it.
    pub fn set(self, timer: &mut Timer) {
        if self == Self::NEVER {
            timer.clear();
        } else {
            timer.set(self.0);
        }
    }
}
