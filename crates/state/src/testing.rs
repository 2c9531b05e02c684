//! Streams for tests, of this crate and of those above it: made from a text instead of a
//! connection. Not used by the proxy.

use std::rc::Rc;

use ir::config::{Config, Mode, Proxy, Server, StickTable, StoredData, Userlist};
use ir::types::SampleType;
use proto::message::{Head, Version};

use crate::ends::{Endpoint, Ends};
use crate::live::tables::DataType;
use crate::plan::{Functions, Plan};
use crate::session::{Mux, Session};
use crate::stream::Stream;

/// A configuration with one `listen` in HTTP mode, called `web`, a server `s1`, and a [`table`].
pub fn config() -> Config {
    let proxy = Proxy {
        name: b"web".to_vec(),
        is_frontend: true,
        is_backend: true,
        mode: Mode::Http,
        id: 2,
        servers: vec![server("s1", 1)],
        ..Proxy::default()
    };
    Config {
        proxies: vec![proxy],
        userlists: vec![Userlist::default()],
        stick_tables: vec![table()],
        ..Config::default()
    }
}

/// The stick table of `web`: text of up to 32 bytes, ten entries that live for a minute, and all
/// there is to store, rates over ten seconds and arrays of two.
pub fn table() -> StickTable {
    let stored = |(name, kind): &(&'static str, DataType)| {
        let in_array = matches!(kind, DataType::Gpt | DataType::Gpc | DataType::GpcRate);
        let period = if name.ends_with("_rate") { 10_000 } else { 0 };
        StoredData { name, count: if in_array { 2 } else { 1 }, period }
    };
    StickTable {
        name: b"web".to_vec(),
        key: SampleType::Str,
        key_len: 32,
        size: 10,
        expire: 60_000,
        nopurge: false,
        recv_only: false,
        data: DataType::ALL.iter().map(stored).collect(),
        peers: None,
        write_to: None,
        by_address: false,
        brates_factor: 1,
        place: Default::default(),
    }
}

/// A server on the loopback address.
pub fn server(name: &str, weight: u32) -> Server {
    Server {
        name: name.as_bytes().to_vec(),
        id: 1,
        address_text: b"127.0.0.1:8080".to_vec(),
        address: None,
        may_miss_address: false,
        reverse: false,
        port_offset: None,
        weight,
        hash_key: Default::default(),
        guid: None,
        backup: false,
        disabled: false,
        starts_down: false,
        strict_maxconn: false,
        maxconn: 0,
        minconn: 0,
        maxqueue: 0,
        cookie: None,
        non_stick: false,
        send_proxy: Default::default(),
        check: false,
        proto: None,
        websocket: Default::default(),
        max_reuse: -1,
        link: ir::config::Link::default(),
        pool_max_conn: -1,
        pool_low_conn: 0,
        pool_conn_name: None,
        pool_purge_delay: 5000,
        redir: None,
        tls: None,
        log: Default::default(),
        place: Default::default(),
    }
}

/// A stream over [`config`]; see [`stream_of`].
pub fn stream(input: &str) -> Stream {
    stream_of(config(), &Functions::default(), input)
}

/// A stream of a client 192.0.2.1:1234 to 198.51.100.1:80, accepted at
/// 2024-04-26 07:39:58.774 UTC. The input is a request head, a blank line and a body; behind
/// a line `---` the same for the response. An input without a blank line has no body and is
/// complete. The plan is leaked: a test is short.
///
/// # Panics
/// Where the configuration or the input is wrong.
pub fn stream_of(config: Config, functions: &Functions, input: &str) -> Stream {
    let mux = if config.proxies[0].mode == Mode::Tcp { Mux::Tcp } else { Mux::Http1 };
    let plan = Plan::build(config, functions, 1).expect("plan");
    let session = Session {
        connection: Ends {
            src: Endpoint::Ip("192.0.2.1:1234".parse().expect("address")),
            dst: Endpoint::Ip("198.51.100.1:80".parse().expect("address")),
        }
        .into(),
        ends: Default::default(),
        accept_date: 1_714_117_198_774_000,
        accepted: 1000,
        mux: mux.into(),
        streams: 1.into(),
        requests: 1.into(),
        ..Session::new(Box::leak(Box::new(plan)))
    };
    let mut stream = Stream::new(Rc::new(session), 7);
    stream.now = 1000;
    stream.timing.start = 1000;
    let (request, response) = input.split_once("---\n").unwrap_or((input, ""));
    read(request, &mut stream.req, &mut stream.req_body);
    read(response, &mut stream.res, &mut stream.res_body);
    if stream.req.version == Version::Http2 {
        stream.session.mux.set(Mux::Http2);
    }
    if !response.is_empty() {
        stream.phase = ir::spec::RuleSet::HttpResponse;
    }
    stream
}

fn read(input: &str, head: &mut Head, payload: &mut crate::stream::Payload) {
    let (text, body) = input.split_once("\n\n").unwrap_or((input, ""));
    payload.bytes.extend_from_slice(body.as_bytes());
    payload.complete = true;
    let mut lines = text.lines();
    let Some(first) = lines.next() else { return };
    let words: Vec<&str> = first.splitn(3, ' ').collect();
    match words[..] {
        [version, status, reason] if version.starts_with("HTTP/") => {
            head.start_response(status.parse().expect("status"), reason.as_bytes(), number(version));
        }
        [method, target, version] => {
            head.start_request(method.as_bytes(), target.as_bytes(), number(version))
        }
        _ => panic!("not a start line: {first}"),
    }
    for line in lines {
        let (name, value) = line.split_once(':').expect("header");
        head.add(name.as_bytes(), value.trim().as_bytes());
    }
}

fn number(version: &str) -> Version {
    match version {
        "HTTP/1.0" => Version::Http10,
        "HTTP/2.0" => Version::Http2,
        _ => Version::Http11,
    }
}
