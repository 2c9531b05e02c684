//! The local time of day, for messages on standard error.
//!
//! `unsafe` stands here because the time zone is known to the C library alone.

/// Day of the year counted from 0, hour, minute and second of `seconds` since the epoch.
pub(crate) fn day_and_time(seconds: u64) -> (i32, i32, i32, i32) {
    let time = libc::time_t::try_from(seconds).unwrap_or(0);
    // SAFETY: `tm` is plain data for which zero is valid; `localtime_r` reads and writes only the
    // two places it is given, which live through the call.
    let tm = unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        libc::localtime_r(&time, &mut tm);
        tm
    };
    (tm.tm_yday, tm.tm_hour, tm.tm_min, tm.tm_sec)
}
