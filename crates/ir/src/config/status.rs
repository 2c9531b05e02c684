//! Sets of HTTP statuses.

/// Statuses from 100 to 599, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusCodes([u64; 8]);

impl StatusCodes {
    pub const NONE: Self = Self([0; 8]);

    /// Adds, or removes, all from `low` to `high`.
    pub fn set(&mut self, low: u16, high: u16, member: bool) {
        for status in low..=high {
            if let Some((word, bit)) = place(status) {
                if member {
                    self.0[word] |= bit;
                } else {
                    self.0[word] &= !bit;
                }
            }
        }
    }

    pub fn contains(&self, status: u16) -> bool {
        place(status).is_some_and(|(word, bit)| self.0[word] & bit != 0)
    }
}

fn place(status: u16) -> Option<(usize, u64)> {
    let index = usize::from(status.checked_sub(100).filter(|index| *index < 500)?);
    Some((index / 64, 1 << (index % 64)))
}

/// `http-err-codes` where nothing is said: 400 to 499.
pub fn errors() -> StatusCodes {
    let mut codes = StatusCodes::NONE;
    codes.set(400, 499, true);
    codes
}

/// `http-fail-codes` where nothing is said: 500 to 599 without 501 and 505.
pub fn failures() -> StatusCodes {
    let mut codes = StatusCodes::NONE;
    codes.set(500, 599, true);
    codes.set(501, 501, false);
    codes.set(505, 505, false);
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults() {
        let check = |status: u16, expected: (bool, bool)| {
            assert_eq!((errors().contains(status), failures().contains(status)), expected, "{status}");
        };
        check(0, (false, false));
        check(200, (false, false));
        check(400, (true, false));
        check(401, (true, false));
        check(499, (true, false));
        check(500, (false, true));
        check(505, (false, false));
        check(599, (false, true));
        check(600, (false, false));
    }
}
