//! The end of a client connection that may still be sending: what it sent is read and dropped
//! for a moment, since closing over unread bytes makes the kernel send RST, which can destroy
//! the response before the client read it.

use std::task::{Poll, ready};

use net::clock::now_ms;
use net::timer::Timer;

use crate::conn::Conn;
use crate::deadline::Deadline;
use crate::mux::h1::H1Client;

/// How long the client may go on sending, in milliseconds.
pub const PATIENCE: u64 = 1000;
/// How many bytes of it are read.
pub const MOST: usize = 256 * 1024;

/// The end behind a complete exchange: a TLS client is told, with one attempt. What a client is
/// known to have sent meanwhile must not turn the end into RST.
pub async fn say_goodbye(conn: &mut Conn) {
    let unread = std::future::poll_fn(|cx| Poll::Ready(conn.io.poll_read_ready(cx).is_ready())).await;
    if unread && !conn.io.is_tls() {
        conn.io.socket().end_with_unread_input();
    }
    if conn.io.is_tls() {
        std::future::poll_fn(|cx| {
            let _ = conn.io.poll_shutdown(cx);
            Poll::Ready(())
        })
        .await;
    }
}

/// Behind an answer that came before the request was whole: takes the rest of its body, with `patience`
/// milliseconds for each part. Says whether the connection stands where the next request would begin.
pub async fn take_rest(client: &mut H1Client, timer: &mut Timer, patience: Option<u64>) -> bool {
    // Behind a tunnel there is no such place.
    if client.aborted || client.source.body.remaining() == u64::MAX {
        return false;
    }
    Deadline::after(now_ms(), patience).set(timer);
    std::future::poll_fn(|cx| {
        loop {
            if client.source.done {
                return Poll::Ready(true);
            }
            match client.source.poll(cx, &mut client.conn, true, &mut |_| Ok(())) {
                Poll::Ready(Ok(_)) => Deadline::after(now_ms(), patience).set(timer),
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending => {
                    ready!(timer.poll_expired(cx));
                    return Poll::Ready(false);
                }
            }
        }
    })
    .await
}

/// Sends what is queued and FIN, then reads until the client's FIN, within limits.
pub async fn close(conn: &mut Conn, timer: &mut Timer) {
    Deadline::after(now_ms(), Some(PATIENCE)).set(timer);
    let mut left = MOST;
    let mut sent = false;
    std::future::poll_fn(|cx| {
        loop {
            let step = if !sent {
                match conn.poll_flush(cx) {
                    Poll::Ready(Ok(())) => conn.io.poll_shutdown(cx).map_ok(|()| {
                        sent = true;
                        1
                    }),
                    other => other.map_ok(|()| 0),
                }
            } else {
                conn.poll_bytes(cx, left.max(1), |bytes| (bytes.len(), bytes.len()))
            };
            match step {
                Poll::Ready(Ok(count @ 1..)) => {
                    left = left.saturating_sub(count);
                    if left == 0 {
                        return Poll::Ready(());
                    }
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    ready!(timer.poll_expired(cx));
                    return Poll::Ready(());
                }
            }
        }
    })
    .await;
}
