//! How connections to a server are shared: what the configuration says, and `http-reuse`.

use ir::config::{HttpReuse, Server, Tune};
use proto::h2::{Bounds, Most};

use crate::mux::h2::front::MESSAGE;
use crate::mux::h2::{CONNECTION_WINDOW, MAX_WINDOW};

/// What decides how a connection is shared.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub(super) reuse: HttpReuse,
    /// Streams at the same time.
    pub(super) most_streams: u32,
    /// Streams ever: `max-reuse`, and the first.
    pub(super) most_served: u32,
    /// Milliseconds without a stream until it is closed; `None`: at once.
    pub(super) idle: Option<u64>,
    /// What all streams together may be sent ahead, in bytes.
    pub(super) window: u32,
    /// `idle-ping`, in milliseconds.
    pub(super) ping: Option<u64>,
    /// What a server may use up.
    pub(super) bounds: Bounds,
    /// `tune.h2.be.max-frames-at-once`; 0: no limit.
    pub(super) frames_at_once: u32,
}

impl Rules {
    pub fn new(reuse: HttpReuse, server: &Server, tune: &Tune) -> Self {
        let most_streams = tune.h2_servers.max_concurrent_streams.unwrap_or(tune.h2_max_concurrent_streams);
        let keeps = server.pool_max_conn != 0 && server.pool_purge_delay > 0;
        let window = tune.h2_servers.rxbuf.and_then(|size| u32::try_from(size).ok());
        Self {
            reuse,
            most_streams: most_streams.max(1),
            most_served: u32::try_from(server.max_reuse).map_or(u32::MAX, |most| most.saturating_add(1)),
            idle: keeps.then_some(server.pool_purge_delay),
            window: window.unwrap_or(CONNECTION_WINDOW).clamp(u32::from(u16::MAX), MAX_WINDOW),
            ping: server.link.idle_ping,
            bounds: Bounds {
                buffer: tune.bufsize,
                table: tune.h2_header_table_size as usize,
                most: Most { fields: tune.http_maxhdr * 2, bytes: tune.bufsize },
                head: (tune.http_maxhdr, tune.bufsize.saturating_sub(MESSAGE + tune.maxrewrite)),
                streams: most_streams.max(1),
                glitches: tune.h2_servers.glitches_threshold,
            },
            frames_at_once: tune.h2_servers.max_frames_at_once,
        }
    }

    /// A connection that cannot be made anew stays open.
    pub fn for_ever(self) -> Self {
        Self { idle: Some(u64::MAX), ..self }
    }
}

/// What counts for `http-reuse`.
#[derive(Clone, Copy)]
pub(super) struct State {
    /// Whether the session that has it for itself is the one that asks; `None`: no session has.
    pub is_own: Option<bool>,
    pub is_active: bool,
    pub is_shared: bool,
    /// It served more than one stream.
    pub is_proven: bool,
}

impl State {
    /// Whether a stream may have a share (manual, `http-reuse`): of its session's own connection, of
    /// one that streams of any session share, or of an idle one.
    pub fn serves(self, reuse: HttpReuse, bold: bool) -> bool {
        match (self.is_own, reuse) {
            (Some(is_own), _) => is_own,
            (None, HttpReuse::Never) => false,
            (None, _) if self.is_active => self.is_shared,
            (None, HttpReuse::Always) => true,
            (None, HttpReuse::Aggressive) => bold || self.is_proven,
            (None, HttpReuse::Safe) => bold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reuse() {
        use HttpReuse::*;
        /// The answers to a first request and to a later one, for each mode.
        #[track_caller]
        fn check(
            is_own: Option<bool>,
            (is_active, is_shared, is_proven): (bool, bool, bool),
            expected: &str,
        ) {
            let state = State { is_own, is_active, is_shared, is_proven };
            let modes = [Never, Safe, Aggressive, Always];
            let answers = modes.map(|mode| {
                [false, true].map(|bold| if state.serves(mode, bold) { "y" } else { "-" }).concat()
            });
            assert_eq!(answers.join(" "), expected);
        }
        check(Some(true), (true, false, false), "yy yy yy yy");
        check(Some(false), (false, true, true), "-- -- -- --");
        check(None, (false, false, false), "-- -y -y yy");
        check(None, (false, false, true), "-- -y yy yy");
        check(None, (true, false, true), "-- -- -- --");
        check(None, (true, true, true), "-- yy yy yy");
    }

    #[test]
    fn rules() {
        #[track_caller]
        fn check(change: impl FnOnce(&mut Server, &mut Tune), expected: (u32, u32, Option<u64>, u32)) {
            let (mut server, mut tune) = (state::testing::server("s", 1), Tune::default());
            change(&mut server, &mut tune);
            let Rules { most_streams, most_served, idle, window, .. } = Rules::new(Safe, &server, &tune);
            assert_eq!((most_streams, most_served, idle, window), expected);
        }
        use HttpReuse::Safe;
        check(|_, _| {}, (100, u32::MAX, Some(5000), CONNECTION_WINDOW));
        check(|server, _| server.max_reuse = 0, (100, 1, Some(5000), CONNECTION_WINDOW));
        check(|server, _| server.pool_max_conn = 0, (100, u32::MAX, None, CONNECTION_WINDOW));
        check(|server, _| server.pool_purge_delay = 0, (100, u32::MAX, None, CONNECTION_WINDOW));
        check(|_, tune| tune.h2_max_concurrent_streams = 7, (7, u32::MAX, Some(5000), CONNECTION_WINDOW));
        let streams = |tune: &mut Tune| tune.h2_servers.max_concurrent_streams = Some(3);
        check(|_, tune| streams(tune), (3, u32::MAX, Some(5000), CONNECTION_WINDOW));
        check(|_, tune| tune.h2_servers.rxbuf = Some(1), (100, u32::MAX, Some(5000), 65535));
    }
}
