//! Addresses of the connections (manual, section 7.3.3).

use std::net::{IpAddr, SocketAddr};

use ir::spec::ArgType;
use ir::types::SampleType::{Addr, Bool, Sint, Str};
use state::ends::{End, Endpoint};
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Needs, Stream, Value};

use super::at;
use crate::checks;
use crate::row::{Example, Fetch};

pub const ROWS: &[Fetch] = &[
    Fetch::new("accept_date", Sint, at::CLIENT, "When the connection was accepted, since 1970", accept_date)
        .args(0, &[ArgType::Str])
        .check(checks::accept_date_unit)
        .examples(&[
            Example::new("", &[], "1714117198"),
            Example::new("", &["ms"], "1714117198774"),
            Example::new("", &["us"], "1714117198774000"),
        ]),
    Fetch::new("bc_dst", Addr, at::SERVER_ADDRESS, "The server's address", bc_dst)
        .needs(Needs::SERVER_ADDRESSES)
        .examples(&[Example::none("", &[])]),
    Fetch::new("bc_dst_port", Sint, at::SERVER_ADDRESS, "The server's port", bc_dst_port)
        .needs(Needs::SERVER_ADDRESSES),
    Fetch::new("bc_src", Addr, at::SERVER_ADDRESS, "The own address towards the server", bc_src)
        .needs(Needs::SERVER_ADDRESSES),
    Fetch::new("bc_src_port", Sint, at::SERVER_ADDRESS, "The own port towards the server", bc_src_port)
        .needs(Needs::SERVER_ADDRESSES),
    Fetch::new("dst", Addr, at::CLIENT, "The address that the client connected to", dst)
        .examples(&[Example::new("", &[], "198.51.100.1")]),
    Fetch::new("dst_conn", Sint, at::FRONTEND, "The number of connections of the frontend", dst_conn)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new(
        "dst_is_local",
        Bool,
        at::CLIENT,
        "Whether the destination is an address of this host",
        dst_is_local,
    )
    .examples(&[Example::new("", &[], "0")]),
    Fetch::new("dst_port", Sint, at::CLIENT, "The port that the client connected to", dst_port)
        .examples(&[Example::new("", &[], "80")]),
    Fetch::new("fc_dst", Addr, at::CLIENT, "The connection's destination address", fc_dst),
    Fetch::new(
        "fc_dst_is_local",
        Bool,
        at::CLIENT,
        "Same as `dst_is_local`, for the connection",
        fc_dst_is_local,
    ),
    Fetch::new("fc_dst_port", Sint, at::CLIENT, "The connection's destination port", fc_dst_port),
    Fetch::new("fc_src", Addr, at::CLIENT, "The connection's source address", fc_src),
    Fetch::new(
        "fc_src_is_local",
        Bool,
        at::CLIENT,
        "Same as `src_is_local`, for the connection",
        fc_src_is_local,
    ),
    Fetch::new("fc_src_port", Sint, at::CLIENT, "The connection's source port", fc_src_port),
    Fetch::new("fe_defbe", Str, at::FRONTEND, "The name of the frontend's default backend", fe_defbe)
        .examples(&[Example::none("", &[])]),
    Fetch::new("fe_id", Sint, at::FRONTEND, "The frontend's number", fe_id).examples(&[Example::new(
        "",
        &[],
        "2",
    )]),
    Fetch::new("fe_name", Str, at::FRONTEND, "The frontend's name", fe_name).examples(&[Example::new(
        "",
        &[],
        "web",
    )]),
    Fetch::new("so_id", Sint, at::FRONTEND, "The number of the `bind` line", so_id)
        .examples(&[Example::new("", &[], "1")]),
    Fetch::new("so_name", Str, at::FRONTEND, "The name of the `bind` line", so_name)
        .examples(&[Example::none("", &[])]),
    Fetch::new("src", Addr, at::CLIENT, "The client's address", src).examples(&[Example::new(
        "",
        &[],
        "192.0.2.1",
    )]),
    Fetch::new("src_is_local", Bool, at::CLIENT, "Whether the client is on this host", src_is_local)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("src_port", Sint, at::CLIENT, "The client's port", src_port).examples(&[Example::new(
        "",
        &[],
        "1234",
    )]),
];

fn ip(endpoint: Endpoint) -> Result<SocketAddr, Missing> {
    match endpoint {
        Endpoint::Ip(address) => Ok(address),
        Endpoint::Unix(_) => Err(Missing::Absent),
    }
}

fn address(address: IpAddr) -> Value<'static> {
    Value::from(address)
}

fn src<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    source(stream)
}

/// The client's address.
pub(super) fn source(stream: &Stream) -> Fetched<'_> {
    Ok(address(ip(stream.end(End::Src))?.ip()))
}

fn src_port<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(ip(stream.end(End::Src))?.port())))
}

fn dst<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(address(ip(stream.end(End::Dst))?.ip()))
}

fn dst_port<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(ip(stream.end(End::Dst))?.port())))
}

fn fc_src<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(address(ip(stream.session.connection_end(End::Src))?.ip()))
}

fn fc_src_port<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(ip(stream.session.connection_end(End::Src))?.port())))
}

fn fc_dst<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(address(ip(stream.session.connection_end(End::Dst))?.ip()))
}

fn fc_dst_port<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(ip(stream.session.connection_end(End::Dst))?.port())))
}

/// The system knows whether an address is the host's own: it lets a socket bind to it. Nothing
/// is sent, and only rules that ask pay for the call.
fn is_local(endpoint: Endpoint) -> Result<bool, Missing> {
    let address = ip(endpoint)?.ip().to_canonical();
    Ok(address.is_loopback() || std::net::UdpSocket::bind((address, 0)).is_ok())
}

fn src_is_local<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    is_local(stream.end(End::Src)).map(Value::Bool)
}

fn dst_is_local<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    is_local(stream.end(End::Dst)).map(Value::Bool)
}

fn fc_src_is_local<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    is_local(stream.session.connection_end(End::Src)).map(Value::Bool)
}

fn fc_dst_is_local<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    is_local(stream.session.connection_end(End::Dst)).map(Value::Bool)
}

fn server_side(stream: &Stream) -> Result<(SocketAddr, SocketAddr), Missing> {
    stream.server_addresses.ok_or(Missing::Absent)
}

fn bc_src<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(address(server_side(stream)?.0.ip()))
}

fn bc_src_port<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(server_side(stream)?.0.port())))
}

fn bc_dst<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(address(server_side(stream)?.1.ip()))
}

fn bc_dst_port<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(server_side(stream)?.1.port())))
}

/// A date in seconds, or in the unit that the first argument names.
pub(super) fn date<'a>(micros: u64, args: &[Arg]) -> Value<'a> {
    let divisor = match args.first() {
        Some(Arg::Str(unit)) if **unit == *b"us" => 1,
        Some(Arg::Str(unit)) if **unit == *b"ms" => 1000,
        _ => 1_000_000,
    };
    Value::Sint(i64::try_from(micros / divisor).unwrap_or(i64::MAX))
}

fn accept_date<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(date(stream.session.accept_date, args))
}

fn frontend(stream: &Stream) -> &'static ir::config::Proxy {
    stream.plan.settings(stream.session.frontend)
}

fn fe_id<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(frontend(stream).id)))
}

fn fe_name<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Str(&frontend(stream).name))
}

fn fe_defbe<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let backend = frontend(stream).default_backend.ok_or(Missing::Absent)?;
    Ok(Value::Str(&stream.plan.settings(backend).name))
}

fn dst_conn<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let live = stream.plan.live.proxies.get(stream.session.frontend.index()).ok_or(Missing::Absent)?;
    Ok(Value::Sint(i64::from(live.frontend.get())))
}

fn so_id<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let bind = frontend(stream).binds.get(stream.session.bind.index());
    let given = bind.and_then(|bind| bind.id);
    Ok(Value::Sint(i64::from(given.unwrap_or(stream.session.bind.0 + 1))))
}

fn so_name<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let bind = frontend(stream).binds.get(stream.session.bind.index());
    bind.and_then(|bind| bind.name.as_ref()).map(|name| Value::Str(name)).ok_or(Missing::Absent)
}
