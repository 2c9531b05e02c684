//! In which pieces a TLS connection sends, and how often its peer may change the keys.

use ir::config::Tune;

/// What the global section says of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// `tune.ssl.hard-maxrecord`: bytes of a record; 0: no limit.
    hard: usize,
    /// `tune.ssl.maxrecord`: the same, until the connection has sent so much in a row.
    soft: usize,
    streaming: u64,
    /// `tune.idletimer`: the milliseconds of a pause that ends a row; 0: none does.
    idle: u64,
    /// `tune.ssl.keyupdate-rate-limit`: changes of keys a second; 0: no limit.
    key_updates: u32,
}

/// Behind so many buffers in a row comes a stream, as in HAProxy.
const BUFFERS: u64 = 2;

impl Limits {
    pub fn new(tune: &Tune) -> Self {
        Self {
            hard: tune.ssl_hard_maxrecord,
            soft: tune.ssl_maxrecord,
            streaming: BUFFERS * tune.bufsize as u64,
            idle: tune.idletimer,
            key_updates: tune.ssl_keyupdate_rate,
        }
    }

    /// Whether changes of keys are to be counted.
    pub fn counts_key_updates(&self) -> bool {
        self.key_updates > 0
    }
}

/// Where one connection stands.
#[derive(Debug)]
pub struct Pace {
    limits: Limits,
    /// Bytes sent in a row, and when the last of them were, in milliseconds.
    sent: u64,
    last: u64,
    /// What the library was given and did not take: the next call must begin with as much.
    refused: usize,
    /// Changes of keys that the peer may still make, and when they were counted last.
    tokens: u32,
    counted: u64,
}

impl Pace {
    pub fn new(limits: Limits) -> Self {
        Self { limits, sent: 0, last: 0, refused: 0, tokens: limits.key_updates, counted: 0 }
    }

    /// What it sends in a row is no stream.
    pub fn never_streams(&mut self) {
        self.limits.streaming = u64::MAX;
    }

    /// How many of `len` bytes the library gets at a time.
    pub fn share(&mut self, len: usize, now: impl FnOnce() -> u64) -> usize {
        let Limits { hard, soft, streaming, idle, .. } = self.limits;
        let mut most = len;
        if soft > 0 && len > soft {
            let now = now();
            if idle > 0 && now >= self.last + idle {
                self.sent = 0;
            }
            self.last = now;
            if self.sent < streaming {
                most = soft;
            }
        }
        if hard > 0 {
            most = most.min(hard);
        }
        most.max(self.refused).min(len)
    }

    /// What became of the share: so many bytes went out, or none yet.
    pub fn note(&mut self, share: usize, sent: Option<usize>) {
        self.refused = if sent.is_none() { share } else { 0 };
        self.sent += sent.unwrap_or(0) as u64;
    }

    /// Counts changes of keys; `false`: those are too many.
    pub fn bears(&mut self, updates: u32, now: impl FnOnce() -> u64) -> bool {
        let rate = self.limits.key_updates;
        if updates == 0 || rate == 0 {
            return true;
        }
        let now = now();
        let more = u128::from(now - self.counted.min(now)) * u128::from(rate) / 1000;
        if more > 0 {
            self.tokens = u32::try_from(more).unwrap_or(u32::MAX).saturating_add(self.tokens).min(rate);
            self.counted = now;
        }
        let is_fine = updates <= self.tokens;
        self.tokens = self.tokens.saturating_sub(updates);
        is_fine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_grow_with_a_stream() {
        let tune = |soft, hard| Tune { ssl_maxrecord: soft, ssl_hard_maxrecord: hard, ..Tune::default() };
        let check = |soft, hard, writes: &[(u64, usize, usize)]| {
            let mut pace = Pace::new(Limits::new(&tune(soft, hard)));
            for (now, len, expected) in writes {
                let share = pace.share(*len, || *now);
                assert_eq!(share, *expected, "{soft} {hard} at {now}");
                pace.note(share, Some(share));
            }
        };
        check(0, 0, &[(0, 100_000, 100_000)]);
        check(0, 4000, &[(0, 100_000, 4000), (0, 100, 100)]);
        // Two buffers of 16 kB, then a pause.
        check(
            30_000,
            0,
            &[(0, 90_000, 30_000), (1, 60_000, 30_000), (2, 50_000, 50_000), (999, 40_000, 40_000)],
        );
        check(
            20_000,
            0,
            &[(0, 90_000, 20_000), (1, 60_000, 20_000), (2, 50_000, 50_000), (999, 40_000, 40_000)],
        );
        check(20_000, 0, &[(0, 90_000, 20_000), (1, 60_000, 20_000), (1002, 50_000, 20_000)]);
        check(30_000, 9000, &[(0, 90_000, 9000)]);
    }

    #[test]
    fn http1_has_small_records_all_the_time() {
        let mut pace = Pace::new(Limits::new(&Tune { ssl_maxrecord: 1000, ..Tune::default() }));
        pace.never_streams();
        for _ in 0..100 {
            assert_eq!(pace.share(90_000, || 0), 1000);
            pace.note(1000, Some(1000));
        }
    }

    #[test]
    fn what_was_refused_is_given_again() {
        let tune = Tune { ssl_maxrecord: 1000, ..Tune::default() };
        let mut pace = Pace::new(Limits::new(&tune));
        pace.note(5000, None);
        assert_eq!(pace.share(9000, || 0), 5000);
        pace.note(5000, Some(5000));
        assert_eq!(pace.share(9000, || 0), 1000);
    }

    #[test]
    fn keys_change_as_often_as_allowed() {
        let check = |rate, updates: &[(u64, u32, bool)]| {
            let mut pace = Pace::new(Limits::new(&Tune { ssl_keyupdate_rate: rate, ..Tune::default() }));
            for (now, count, expected) in updates {
                assert_eq!(pace.bears(*count, || *now), *expected, "{rate} at {now}");
            }
        };
        check(0, &[(0, 1000, true)]);
        check(10, &[(5000, 10, true), (5001, 1, false)]);
        check(10, &[(5000, 10, true), (5100, 1, true), (5100, 1, false), (9000, 10, true)]);
        check(10, &[(5000, 0, true), (5000, 11, false)]);
    }
}
