//! Rules that wait for the response's body, which stands behind its head meanwhile: nothing of it is
//! taken.

use std::task::{Poll, ready};

use net::clock::now_ms;
use net::timer::Timer;
use state::stream::Stream;

use super::ServerConn;
use crate::deadline::Deadline;
use crate::upstream::Upstream;

impl ServerConn {
    /// Waits until the whole body is there, or as much as the buffer takes, or `least` bytes where
    /// that is not 0. `false`: the time ran out, which is in milliseconds. Of HTTP/2 only what has
    /// come is taken.
    pub async fn wait_for_body(
        &mut self,
        stream: &mut Stream,
        timer: &mut Timer,
        limit: u64,
        least: usize,
    ) -> bool {
        let most = actions::room::of_body(stream, &stream.res);
        Deadline::after(now_ms(), Some(limit)).set(timer);
        let seen = &mut stream.res_body.bytes;
        let came = std::future::poll_fn(|cx| {
            loop {
                seen.clear();
                self.upstream.show_body(seen);
                let Upstream::H1(server) = &mut self.upstream else { return Poll::Ready(true) };
                let have = server.conn.rest().len();
                let enough = have >= most || (least > 0 && seen.len() >= least);
                if enough || server.source.is_there(server.conn.rest()) {
                    return Poll::Ready(true);
                }
                match server.conn.poll_more(cx, most) {
                    Poll::Ready(Ok(1..)) => {}
                    // What is missing is noticed when the body is forwarded.
                    Poll::Ready(_) => return Poll::Ready(true),
                    Poll::Pending => {
                        ready!(timer.poll_expired(cx));
                        return Poll::Ready(false);
                    }
                }
            }
        })
        .await;
        stream.res_body.complete = came && (least == 0 || stream.res_body.bytes.len() < least);
        stream.held.response = actions::room::held(stream, &stream.res, self.upstream.rest().len());
        came
    }
}
