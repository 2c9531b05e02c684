//! What the multiplexers know of the two connections and of the stream's place on them, and why
//! a connection failed (manual, sections 7.3.3 and 7.3.4). Left out: the kernel's numbers, which
//! are `net`'s rows.

use ir::types::SampleType::{Bool, Sint, Str};
use state::link::{ConnError, ServerLink};
use state::sample::{Arg, Cursor, Fetched};
use state::session::Mux;
use state::{Missing, Stream, Value};

use super::at;
use crate::row::{Example, Fetch};

const H2: &str = "GET / HTTP/2.0\n";

pub const ROWS: &[Fetch] = &[
    Fetch::new("bc_be_queue", Sint, at::SERVER_ADDRESS, "Streams before it in the backend's queue", be_queue)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("bc_err", Sint, at::SERVER_ADDRESS, "Why the server connection failed, a number", bc_err)
        .examples(&[Example::none("", &[])]),
    Fetch::new("bc_err_name", Str, at::SERVER_ADDRESS, "Why the server connection failed, a word", bc_name),
    Fetch::new("bc_err_str", Str, at::SERVER_ADDRESS, "Why the server connection failed, a sentence", bc_str),
    Fetch::new("bc_glitches", Sint, at::SERVER_ADDRESS, "Small faults of the server's protocol", bc_glitches),
    Fetch::new("bc_http_major", Sint, at::SERVER_ADDRESS, "The HTTP version towards the server", bc_major),
    Fetch::new("bc_nb_streams", Sint, at::SERVER_CONN, "Streams on the server connection", bc_streams),
    Fetch::new("bc_reused", Bool, at::SERVER_ADDRESS, "Whether the server connection served before", reused)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new(
        "bc_settings_streams_limit",
        Sint,
        at::SERVER_CONN,
        "How many streams the server connection may have",
        bc_limit,
    ),
    Fetch::new(
        "bc_srv_queue",
        Sint,
        at::SERVER_ADDRESS,
        "Streams before it in the server's queue",
        srv_queue,
    )
    .examples(&[Example::new("", &[], "0")]),
    Fetch::new("bs.aborted", Sint, at::SERVER_CONN, "Whether the server reset the stream", bs_aborted)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("bs.id", Sint, at::SERVER_CONN, "Streams that the server connection served before", bs_id),
    Fetch::new("bs.rst_code", Sint, at::SERVER_CONN, "The code of the server's reset on HTTP/2", bs_reset),
    Fetch::new("fc_err", Sint, at::CLIENT, "Why the client connection failed, a number", fc_err)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("fc_err_name", Str, at::CLIENT, "Why the client connection failed, a word", fc_name)
        .examples(&[Example::new("", &[], "")]),
    Fetch::new("fc_err_str", Str, at::CLIENT, "Why the client connection failed, a sentence", fc_str)
        .examples(&[Example::new("", &[], "Success")]),
    Fetch::new("fc_glitches", Sint, at::CLIENT, "Small faults of the client's protocol", fc_glitches)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("fc_http_major", Sint, at::CLIENT, "The HTTP version of the client connection", fc_major)
        .examples(&[Example::new(H2, &[], "2"), Example::new("", &[], "1")]),
    Fetch::new("fc_nb_streams", Sint, at::CLIENT, "Streams on the client connection", fc_streams)
        .examples(&[Example::new("", &[], "1")]),
    Fetch::new(
        "fc_settings_streams_limit",
        Sint,
        at::SESSION,
        "How many streams the client connection may have",
        fc_limit,
    )
    .examples(&[Example::new("", &[], "1")]),
    Fetch::new("fs.aborted", Sint, at::SESSION, "Whether an HTTP/2 client reset the stream", fs_aborted)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("fs.id", Str, at::SESSION, "The HTTP/2 stream's number, or the requests before", fs_id)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("fs.rst_code", Sint, at::SESSION, "The code of an HTTP/2 client's reset", fs_reset)
        .examples(&[Example::none("", &[])]),
];

fn sint<'a>(number: impl Into<i64>) -> Fetched<'a> {
    Ok(Value::Sint(number.into()))
}

fn text<'a>(text: &'static str) -> Fetched<'a> {
    Ok(Value::Str(text.as_bytes()))
}

fn server(stream: &Stream) -> Result<&ServerLink, Missing> {
    stream.server_link.as_ref().ok_or(Missing::Absent)
}

fn server_error(stream: &Stream) -> Result<ConnError, Missing> {
    server(stream).map(|link| link.error)
}

/// What reads the client connection, where something does already.
fn mux(stream: &Stream) -> Result<Mux, Missing> {
    Some(stream.session.mux.get()).filter(|mux| *mux != Mux::None).ok_or(Missing::Absent)
}

fn be_queue<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(stream.counts.backend_queue)
}

fn srv_queue<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(stream.counts.server_queue)
}

fn bc_err<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(server_error(stream)?.code())
}

fn bc_name<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    text(server_error(stream)?.name())
}

fn bc_str<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    text(server_error(stream)?.message())
}

fn bc_glitches<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(server(stream)?.glitches)
}

fn bc_major<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let link = server(stream)?;
    match mux(stream)? {
        Mux::Tcp => Err(Missing::Absent),
        _ => sint(if link.http2.is_some() { 2 } else { 1 }),
    }
}

fn bc_streams<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(server(stream)?.http2.map_or(1, |link| link.streams))
}

fn bc_limit<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(server(stream)?.http2.map_or(1, |link| link.limit))
}

fn reused<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(stream.server_link.as_ref().is_some_and(|link| link.served > 0)))
}

/// The code of the server's reset; HTTP/1 has none.
fn server_reset(stream: &Stream) -> Option<u32> {
    stream.server_link.as_ref()?.http2?.reset_code
}

fn bs_aborted<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(server_reset(stream).is_some()))
}

/// HTTP/1 counts its streams from 0; clients of HTTP/2 begin those with odd numbers.
fn bs_id<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let link = server(stream)?;
    sint(if link.http2.is_some() { 2 * link.served + 1 } else { link.served })
}

fn bs_reset<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(server_reset(stream).ok_or(Missing::Absent)?)
}

fn fc_err<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(stream.session.error.get().code())
}

fn fc_name<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    text(stream.session.error.get().name())
}

fn fc_str<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    text(stream.session.error.get().message())
}

fn fc_glitches<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    match mux(stream)? {
        Mux::Tcp => Err(Missing::Absent),
        _ => sint(stream.session.glitches.get()),
    }
}

fn fc_major<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    match mux(stream)? {
        Mux::Http1 => sint(1),
        Mux::Http2 => sint(2),
        _ => Err(Missing::Absent),
    }
}

fn fc_streams<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    match mux(stream)? {
        Mux::Http2 => sint(stream.session.streams.get()),
        _ => sint(1),
    }
}

fn fc_limit<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    match mux(stream)? {
        Mux::Http2 => sint(stream.plan.config.global.tune.h2_max_concurrent_streams),
        _ => sint(1),
    }
}

fn fs_aborted<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(stream.reset_code.is_some()))
}

fn fs_id<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    mux(stream)?;
    sint(stream.mux_id)
}

fn fs_reset<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    sint(stream.reset_code.ok_or(Missing::Absent)?)
}

#[cfg(test)]
mod tests {
    use state::link::Http2Link;

    use super::*;

    #[test]
    fn the_server_connection_and_its_failure() {
        let mut stream = state::testing::stream("");
        let check = |stream: &Stream, name: &str, expected: Fetched| {
            let row = ROWS.iter().find(|row| row.spec.name == name).expect("row");
            assert_eq!((row.run)(stream, &[], &mut Cursor::default()), expected, "{name}");
        };
        for name in ["bc_err_name", "bc_http_major", "bc_nb_streams", "bs.id", "bc_glitches"] {
            check(&stream, name, Err(Missing::Absent));
        }
        stream.server_link = Some(ServerLink { served: 3, ..ServerLink::default() });
        check(&stream, "bc_reused", Ok(Value::Bool(true)));
        check(&stream, "bs.id", Ok(Value::Sint(3)));
        check(&stream, "bc_err_str", Ok(Value::Str(b"Success")));
        check(&stream, "bc_http_major", Ok(Value::Sint(1)));
        check(&stream, "bs.aborted", Ok(Value::Bool(false)));
        let http2 = Some(Http2Link { streams: 2, limit: 9, reset_code: Some(8) });
        stream.server_link = Some(ServerLink { served: 3, http2, ..ServerLink::default() });
        check(&stream, "bc_http_major", Ok(Value::Sint(2)));
        check(&stream, "bc_nb_streams", Ok(Value::Sint(2)));
        check(&stream, "bc_settings_streams_limit", Ok(Value::Sint(9)));
        check(&stream, "bs.id", Ok(Value::Sint(7)));
        check(&stream, "bs.aborted", Ok(Value::Bool(true)));
        check(&stream, "bs.rst_code", Ok(Value::Sint(8)));
        stream.server_link = Some(ServerLink { error: ConnError::Refused, ..ServerLink::default() });
        check(&stream, "bc_err", Ok(Value::Sint(47)));
        check(&stream, "bc_err_name", Ok(Value::Str(b"EREFUSED")));
        stream.session.mux.set(Mux::Tcp);
        check(&stream, "bc_http_major", Err(Missing::Absent));
        check(&stream, "fc_http_major", Err(Missing::Absent));
        stream.session.mux.set(Mux::None);
        check(&stream, "fc_nb_streams", Err(Missing::Absent));
    }
}
