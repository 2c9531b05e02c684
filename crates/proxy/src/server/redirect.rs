//! `redir` of a server: clients are told to fetch there by themselves what they asked for.

use ir::id::ServerId;
use proto::h1;
use proto::message::{Framing, Version};
use state::stream::Stream;

use super::backend;

/// Where a server's `redir` sends the stream, which is a GET or HEAD: what stands in front of its path.
pub fn prefix(stream: &Stream, server: ServerId) -> Option<&'static [u8]> {
    let plan = stream.plan;
    let prefix = plan.settings(backend(stream)).servers[server.index()].redir.as_deref()?;
    let applies = !prefix.is_empty()
        && matches!(stream.req.method(), b"GET" | b"HEAD")
        && stream.req.path_and_query().is_some();
    applies.then_some(prefix)
}

/// Makes the answer of the stream's server.
pub fn fill(stream: &mut Stream) {
    let Some(prefix) = stream.server.and_then(|server| prefix(stream, server)) else { return };
    stream.with_scratch(|stream, location| {
        // `/` is a way to say: no prefix.
        if prefix != b"/" {
            location.extend_from_slice(prefix);
        }
        location.extend_from_slice(stream.req.path_and_query().unwrap_or_default());
        stream.reply.clear();
        let res = &mut stream.res;
        // No server said it.
        stream.answer_status = Some(302);
        res.start_response(302, h1::reason_phrase(302).as_bytes(), Version::Http11);
        res.framing = Framing::Length(0);
        res.add(b"cache-control", b"no-cache");
        res.add(b"content-length", b"0");
        res.add(b"location", location);
    });
}
