//! What the small faults of a connection mean for it, on all sides and versions of HTTP
//! (`tune.h1.fe.glitches-threshold` and its like).

/// How far a connection's faults have gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wear {
    Fine,
    /// It serves no stream behind this one: three quarters of the threshold are reached.
    Closing,
    /// It ends at once.
    Over,
}

impl Wear {
    /// By a threshold, where 0 is none.
    pub fn of(glitches: u32, threshold: u32) -> Self {
        let reached = |at: u64| threshold > 0 && u64::from(glitches) >= at;
        match u64::from(threshold) {
            whole if reached(whole) => Self::Over,
            whole if reached((whole * 3 + 1) / 4) => Self::Closing,
            _ => Self::Fine,
        }
    }

    /// What it is while the thread is calm: nothing ends at once.
    pub fn spare(self, calm: bool) -> Self {
        if calm && self == Self::Over { Self::Closing } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds() {
        let check = |glitches, threshold, expected| assert_eq!(Wear::of(glitches, threshold), expected);
        check(9, 0, Wear::Fine);
        check(0, 1, Wear::Fine);
        check(1, 1, Wear::Over);
        check(1, 2, Wear::Closing);
        check(2, 2, Wear::Over);
        check(2, 4, Wear::Fine);
        check(3, 4, Wear::Closing);
        check(4, 4, Wear::Over);
        assert_eq!(Wear::of(4, 4).spare(true), Wear::Closing);
        assert_eq!(Wear::of(4, 4).spare(false), Wear::Over);
        assert_eq!(Wear::of(2, 4).spare(true), Wear::Fine);
    }
}
