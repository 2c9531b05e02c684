//! Time limits, in milliseconds: those of the proxies, and those of the stream as they are now
//! (manual, section 7.3.3). 0 stands for no limit. And the stream's place in queues.

use ir::config::{Proxy, Timeouts};
use ir::types::SampleType::Sint;
use state::sample::{Arg, Cursor, Fetched};
use state::{Stream, Value};

use super::at;
use crate::row::{Example, Fetch};

const NONE: &[Example] = &[Example::new("", &[], "0")];

pub const ROWS: &[Fetch] = &[
    Fetch::new("be_connect_timeout", Sint, at::BACKEND, "`timeout connect` of the backend", be_connect)
        .examples(NONE),
    Fetch::new("be_max_retries", Sint, at::BACKEND, "`retries` of the backend", be_retries).examples(NONE),
    Fetch::new("be_queue_timeout", Sint, at::BACKEND, "`timeout queue` of the backend", be_queue),
    Fetch::new("be_server_timeout", Sint, at::BACKEND, "`timeout server` of the backend", be_server),
    Fetch::new("be_tarpit_timeout", Sint, at::BACKEND, "`timeout tarpit` of the backend", be_tarpit),
    Fetch::new("be_tunnel_timeout", Sint, at::BACKEND, "`timeout tunnel` of the backend", be_tunnel),
    Fetch::new("cur_client_timeout", Sint, at::FRONTEND, "The client's time limit now", client)
        .examples(NONE),
    Fetch::new("cur_connect_timeout", Sint, at::BACKEND, "The time limit of a connect now", connect),
    Fetch::new("cur_max_retries", Sint, at::BACKEND, "How often a failed connect is repeated now", retries)
        .examples(NONE),
    Fetch::new("cur_queue_timeout", Sint, at::BACKEND, "The time limit in the queue now", queue),
    Fetch::new("cur_server_timeout", Sint, at::BACKEND, "The server's time limit now", server),
    Fetch::new("cur_tarpit_timeout", Sint, at::PROXY, "The time of a tarpit now", tarpit),
    Fetch::new("cur_tunnel_timeout", Sint, at::BACKEND, "The time limit of a tunnel now", tunnel),
    Fetch::new("fe_client_timeout", Sint, at::FRONTEND, "`timeout client` of the frontend", fe_client),
    Fetch::new("fe_tarpit_timeout", Sint, at::FRONTEND, "`timeout tarpit` of the frontend", fe_tarpit),
    Fetch::new("prio_class", Sint, at::INTERNAL, "The stream's class in queues", class).examples(NONE),
    Fetch::new("prio_offset", Sint, at::INTERNAL, "The stream's offset in queues, in milliseconds", offset)
        .examples(NONE),
];

fn ms<'a>(limit: Option<u64>) -> Fetched<'a> {
    Ok(Value::Sint(limit.map_or(0, |ms| i64::try_from(ms).unwrap_or(i64::MAX))))
}

fn backend(stream: &Stream) -> &'static Proxy {
    stream.plan.settings(stream.backend.unwrap_or(stream.session.frontend))
}

/// A limit that `timeout connect` stands in for, in proxies that have servers.
fn or_connect(proxy: &Proxy, limit: Option<u64>) -> Option<u64> {
    limit.or(proxy.timeouts.connect.filter(|_| proxy.is_backend))
}

fn be_connect<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(backend(stream).timeouts.connect)
}

fn be_retries<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(backend(stream).retries)))
}

fn be_queue<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let proxy = backend(stream);
    ms(or_connect(proxy, proxy.timeouts.queue))
}

fn be_server<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(backend(stream).timeouts.server)
}

fn be_tarpit<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let proxy = backend(stream);
    ms(or_connect(proxy, proxy.timeouts.tarpit))
}

fn be_tunnel<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(backend(stream).timeouts.tunnel)
}

fn client<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.client_timeout())
}

fn connect<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.connect_timeout())
}

fn retries<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(stream.max_retries())))
}

fn queue<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.queue_timeout())
}

fn server<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.server_timeout())
}

fn tarpit<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.tarpit_timeout())
}

fn tunnel<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.tunnel_timeout())
}

fn fe_client<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let Timeouts { client, .. } = stream.plan.settings(stream.session.frontend).timeouts;
    ms(client)
}

fn fe_tarpit<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let proxy = stream.plan.settings(stream.session.frontend);
    ms(or_connect(proxy, proxy.timeouts.tarpit))
}

fn class<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(stream.priority.class)))
}

fn offset<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(stream.priority.offset)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_win_over_proxies() {
        let mut config = state::testing::config();
        config.proxies[0].timeouts =
            Timeouts { connect: Some(4000), server: Some(3000), ..Timeouts::default() };
        let mut stream = state::testing::stream_of(config, &Default::default(), "");
        let check = |stream: &Stream, name: &str, expected: i64| {
            let row = ROWS.iter().find(|row| row.spec.name == name).expect("row");
            assert_eq!((row.run)(stream, &[], &mut Cursor::default()), Ok(Value::Sint(expected)), "{name}");
        };
        for name in ["cur_queue_timeout", "be_queue_timeout", "cur_tarpit_timeout", "fe_tarpit_timeout"] {
            check(&stream, name, 4000);
        }
        check(&stream, "cur_server_timeout", 3000);
        check(&stream, "cur_tunnel_timeout", 0);
        (stream.overrides.server, stream.overrides.retries) = (Some(7), Some(2));
        check(&stream, "cur_server_timeout", 7);
        check(&stream, "be_server_timeout", 3000);
        check(&stream, "cur_max_retries", 2);
        stream.overrides.leave_proxy();
        check(&stream, "cur_server_timeout", 3000);
    }
}
