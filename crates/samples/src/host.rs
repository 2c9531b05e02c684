//! Facts about the process and its host that samples and log lines show.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use state::Stream;

/// The host's name, read once.
pub fn name() -> &'static [u8] {
    static NAME: OnceLock<Vec<u8>> = OnceLock::new();
    NAME.get_or_init(|| {
        let name = std::fs::read("/proc/sys/kernel/hostname").unwrap_or_default();
        name.trim_ascii().to_vec()
    })
}

/// The wall clock in microseconds: the accept date and what passed since by the monotonic
/// clock, so that no call is needed.
pub fn now_us(stream: &Stream) -> u64 {
    let session = &stream.session;
    session.accept_date + stream.now.saturating_sub(session.accepted) * 1000
}

/// Seconds since the first call, which the first uptime sample or log line makes.
pub fn start_us() -> u64 {
    static START: OnceLock<u64> = OnceLock::new();
    *START.get_or_init(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    })
}
