//! The clocks. A caller reads one once per wake-up and passes the value down. Left out: turning
//! a [`Date`] into text, which `proto::syslog` does from the fields of [`local_time`].

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds of monotonic time since the machine started; never 0, which may stand for
/// "never".
pub fn now_us() -> u64 {
    crate::sys::monotonic_us()
}

/// [`now_us`] in milliseconds.
pub fn now_ms() -> u64 {
    now_us() / 1000
}

/// Wall-clock time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Seconds since 1970 in UTC; 0 for a clock set before that.
    pub secs: u64,
    pub micros: u32,
}

/// The wall clock now.
pub fn date() -> Date {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Date { secs: since.as_secs(), micros: since.subsec_micros() }
}

/// The calendar fields of a second, in the local time zone or UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CalendarTime {
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    /// 0 to 60.
    pub second: u32,
    /// 0 is Sunday.
    pub weekday: u32,
    /// Seconds east of UTC.
    pub offset: i32,
}

/// The local time of a second since 1970. One call of the C library; log lines cache the text
/// per second.
pub fn local_time(secs: u64) -> CalendarTime {
    crate::sys::local_time(secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_go_forward() {
        let (first, date_first) = (now_us(), date());
        std::thread::sleep(std::time::Duration::from_millis(3));
        assert!(first > 0);
        assert!(now_us() >= first + 3_000);
        assert!(date() > date_first);
    }

    #[test]
    fn local_time_is_utc_plus_its_offset() {
        // 2026-11-23 10:11:12 UTC, a Monday.
        let secs = 1_795_428_672;
        let time = local_time(secs);
        let shifted = (secs as i64 + i64::from(time.offset)) as u64;
        assert_eq!(u64::from(time.second + 60 * time.minute + 3600 * time.hour), shifted % 86_400);
        assert_eq!((time.year, time.month), (2026, 11));
        if time.offset == 0 {
            assert_eq!((time.day, time.hour, time.minute, time.second, time.weekday), (23, 10, 11, 12, 1));
        }
    }
}
