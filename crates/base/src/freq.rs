//! Rates: how many events happened over the last period. Left out: the clock (`now` is a
//! parameter, in milliseconds of any monotonic origin), and sharing between threads.

/// Counts events in the current period and remembers the one before. The rate is the current
/// count plus the part of the last period that the sliding window still covers.
///
/// All methods of one counter must be given the same `period` (ms, not zero).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// When the current period began.
    start: u64,
    current: u32,
    previous: u32,
}

impl Rate {
    /// A counter from what [`Rate::parts`] gave.
    pub const fn from_parts(start: u64, previous: u32, current: u32) -> Self {
        Self { start, current, previous }
    }

    /// When the current period began, the events of the one before, and its own.
    pub const fn parts(&self) -> (u64, u32, u32) {
        (self.start, self.previous, self.current)
    }

    /// Adds `count` events and gives the number in the current period.
    pub fn add(&mut self, now: u64, period: u32, count: u32) -> u32 {
        let elapsed = now.saturating_sub(self.start);
        let period = u64::from(period);
        if elapsed >= period {
            let missed_one = elapsed >= 2 * period;
            self.previous = if missed_one { 0 } else { self.current };
            self.start = if missed_one { now } else { self.start + period };
            self.current = 0;
        }
        self.current = self.current.saturating_add(count);
        self.current
    }

    /// Events over the last `period`, rounded down. A rate between 0 and 1 does not flap: one
    /// event in the last period counts in full.
    pub fn read(&self, now: u64, period: u32) -> u32 {
        let (past, remain, current) = self.window(now, period);
        if current == 0 && past <= 1 {
            return past;
        }
        average(total(past, remain, current, period), period)
    }

    /// How many more events `limit` per period allows, `pending` ones taken into account.
    pub fn remaining(&self, now: u64, period: u32, limit: u32, pending: u32) -> u32 {
        let (past, remain, current) = self.window(now, period);
        let total = total(past, remain, current, period) + u64::from(pending) * u64::from(period);
        limit.saturating_sub(average(total, period))
    }

    /// Milliseconds until `limit` per period allows the next event; 0 when it does now.
    pub fn delay(&self, now: u64, period: u32, limit: u32, pending: u32) -> u32 {
        let (past, remain, current) = self.window(now, period);
        let total = total(past, remain, current, period) + u64::from(pending) * u64::from(period);
        let allowed = u64::from(limit) * u64::from(period);
        match total.checked_sub(allowed) {
            None => 0,
            Some(excess) => clamp(excess / u64::from(limit.max(1))).max(1),
        }
    }

    /// Events above a straight line to `limit` at the period's end; 0 when new ones may come.
    pub fn overshoot(&self, now: u64, period: u32, limit: u32) -> u32 {
        let Some(elapsed) = now.checked_sub(self.start) else { return 0 };
        if elapsed > u64::from(period) || (self.current == 0 && self.start == 0) {
            return 0;
        }
        self.current.saturating_sub(clamp(elapsed * u64::from(limit) / u64::from(period)))
    }

    /// The last period's events, the milliseconds of it that the window covers, and the
    /// current period's events.
    fn window(&self, now: u64, period: u32) -> (u32, u32, u32) {
        let elapsed = now.saturating_sub(self.start);
        let period = u64::from(period);
        if elapsed <= period {
            (self.previous, clamp(period - elapsed), self.current)
        } else if elapsed <= 2 * period {
            (self.current, clamp(2 * period - elapsed), 0)
        } else {
            (0, 0, 0)
        }
    }
}

/// Events times milliseconds.
fn total(past: u32, remain: u32, current: u32, period: u32) -> u64 {
    u64::from(past) * u64::from(remain) + u64::from(current) * u64::from(period)
}

fn average(total: u64, period: u32) -> u32 {
    clamp(total / u64::from(period.max(1)))
}

fn clamp(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u32 = 1000;

    fn check(events: &[(u64, u32)], now: u64, expected: u32) {
        let mut rate = Rate::default();
        for (at, count) in events {
            rate.add(*at, SECOND, *count);
        }
        assert_eq!(rate.read(now, SECOND), expected, "{events:?} at {now}");
    }

    #[test]
    fn slides() {
        check(&[], 5_000, 0);
        check(&[(5_000, 10)], 5_000, 10);
        check(&[(5_000, 10)], 6_000, 10);
        check(&[(5_000, 10)], 6_500, 5);
        check(&[(5_000, 10)], 6_999, 0);
        check(&[(5_000, 10)], 7_001, 0);
        check(&[(5_000, 10), (6_250, 4)], 6_250, 11);
        check(&[(5_000, 10), (7_250, 4)], 7_250, 4);
        // One event in the last period does not flap.
        check(&[(5_000, 1)], 6_999, 1);
    }

    #[test]
    fn limits() {
        let mut rate = Rate::default();
        rate.add(5_000, SECOND, 10);
        assert_eq!(rate.remaining(5_000, SECOND, 15, 0), 5);
        assert_eq!(rate.remaining(5_000, SECOND, 15, 3), 2);
        assert_eq!(rate.remaining(5_000, SECOND, 9, 0), 0);
        assert_eq!(rate.delay(5_000, SECOND, 15, 0), 0);
        assert_eq!(rate.delay(5_000, SECOND, 10, 0), 1);
        assert_eq!(rate.delay(5_000, SECOND, 10, 2), 200);
        assert_eq!(rate.overshoot(5_500, SECOND, 10), 5);
        assert_eq!(rate.overshoot(6_500, SECOND, 10), 0);
        assert_eq!(Rate::default().overshoot(0, SECOND, 10), 0);
    }

    #[test]
    fn does_not_overflow() {
        let mut rate = Rate::default();
        rate.add(0, SECOND, u32::MAX);
        assert_eq!(rate.add(1, SECOND, 1), u32::MAX);
        assert_eq!(rate.read(1, SECOND), u32::MAX);
        assert_eq!(rate.delay(1, SECOND, 0, u32::MAX), u32::MAX);
    }
}
