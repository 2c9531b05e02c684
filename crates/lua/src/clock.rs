//! Clocks that the standard library does not have: the local time of day, and the processor time
//! of a thread.
//!
//! `unsafe` stands here because only the C library knows the time zone and the thread's time.

use std::time::Duration;

/// Day of the year counted from 0, hour, minute and second of `seconds` since the epoch.
pub(crate) fn local(seconds: u64) -> (i32, i32, i32, i32) {
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

/// The processor time that the calling thread has used.
pub(crate) fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `clock_gettime` writes only to `time`, which lives through the call. It cannot fail
    // for the calling thread's own clock.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
