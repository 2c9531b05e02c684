//! What a connection to a server is made with: where it comes from, its marks and its other options.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ir::config::{Foreign, Namespace, Server, Source};
use ir::id::{ProxyId, ServerId};
use net::connect::{From, Options};
use net::marks::Marks;
use net::ports::Ports;
use proto::proxy_protocol::{Tlvs, tlv};
use state::ends::{End, Endpoint};
use state::stream::Stream;

use crate::worker::Worker;

/// The options of a connection; `None` where `usesrc` names what the stream has not.
pub fn options<'a>(
    worker: &'a Worker,
    stream: &'a Stream,
    (id, server): (ProxyId, ServerId),
) -> Option<Options<'a>> {
    let settings = stream.plan.settings(id);
    let line = &settings.servers[server.index()];
    let has_data = !stream.req.is_empty() || !stream.req_body.bytes.is_empty();
    let source = match source(stream, id, server) {
        Some((source, ports)) => Some(From {
            address: source.address,
            ports: ports.then(|| worker.source_ports(id, server)).flatten(),
            foreign: foreign(stream, source)?,
            device: source.device.as_deref(),
        }),
        None => None,
    };
    Some(Options {
        link: &line.link,
        source,
        tune: &stream.plan.config.global.tune,
        keepalive: settings.options.srvtcpka.then_some(settings.server_probes),
        marks: Marks { mark: stream.overrides.mark, tos: stream.overrides.tos },
        fast_open: has_data && stream.counts.retries == 0,
        delays_ack: settings.options.tcp_smart_connect && (has_data || line.send_proxy.is_on()),
        namespace: namespace(stream, line).map(|name| (worker.namespaces(), name)),
    })
}

/// The server's `source`, which may have a range of ports, or the backend's.
fn source(stream: &Stream, id: ProxyId, server: ServerId) -> Option<(&'static Source, bool)> {
    let settings = stream.plan.settings(id);
    let own = settings.servers[server.index()].link.source.as_deref().map(|source| (source, true));
    own.or_else(|| settings.source.as_deref().map(|source| (source, false)))
}

/// What keeps connections of different sources and marks apart, for those who keep them idle; none
/// where there is nothing to say.
pub fn told_apart(stream: &Stream, id: ProxyId, server: ServerId) -> Option<u64> {
    let foreign = source(stream, id, server).and_then(|(source, _)| foreign(stream, source)).flatten();
    let (mark, tos) = (stream.overrides.mark, stream.overrides.tos);
    if foreign.is_none() && mark.is_none() && tos.is_none() {
        return None;
    }
    let bits = |ip| match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    };
    let (ip, port) = foreign.map(|address| (bits(address.ip()), address.port())).unwrap_or_default();
    let marks =
        [mark.is_some().into(), mark.unwrap_or(0), tos.is_some().into(), tos.unwrap_or(0).cast_unsigned()];
    let mut key = [0; 34];
    key[..16].copy_from_slice(&ip.to_ne_bytes());
    key[16..18].copy_from_slice(&port.to_ne_bytes());
    for (place, number) in key[18..].chunks_exact_mut(4).zip(marks) {
        place.copy_from_slice(&number.to_ne_bytes());
    }
    Some(base::hash::xxh64(&key, 0))
}

/// The address of `usesrc`. The outer `None`: the stream has not what it names.
fn foreign(stream: &Stream, source: &Source) -> Option<Option<SocketAddr>> {
    let client = || match stream.end(End::Src) {
        Endpoint::Ip(address) => Some(address),
        Endpoint::Unix(_) => None,
    };
    Some(match &source.foreign {
        None => None,
        Some(Foreign::Address(address)) => Some(*address),
        Some(Foreign::Client) => client(),
        Some(Foreign::ClientIp) => client().map(|address| SocketAddr::new(address.ip(), 0)),
        Some(Foreign::Header(name, occurrence)) => {
            Some(SocketAddr::new(header(stream, name, *occurrence)?, 0))
        }
    })
}

/// The address that a header's occurrence is; one that is none counts as 0.0.0.0.
fn header(stream: &Stream, name: &[u8], occurrence: i32) -> Option<IpAddr> {
    let of_name = stream.req.fields().filter(|(field, _)| *field == name);
    let mut values: Vec<&[u8]> = of_name.flat_map(|(_, value)| value.split(|byte| *byte == b',')).collect();
    let index = match usize::try_from(occurrence) {
        Ok(0) => return None,
        Ok(nth) => nth.checked_sub(1),
        Err(_) => values.len().checked_sub(occurrence.unsigned_abs() as usize),
    };
    let value = index.filter(|index| *index < values.len()).map(|index| values.swap_remove(index))?;
    let text = std::str::from_utf8(value.trim_ascii()).unwrap_or_default();
    Some(IpAddr::V4(text.parse().unwrap_or(std::net::Ipv4Addr::UNSPECIFIED)))
}

/// The namespace to connect from: with `*` that of the client's connection, as its line or its PROXY
/// header says.
fn namespace<'a>(stream: &'a Stream, line: &'a Server) -> Option<&'a [u8]> {
    match line.link.namespace.as_ref()? {
        Namespace::Named(name) => Some(name),
        Namespace::Client => {
            let session = &stream.session;
            let bind = &stream.plan.settings(session.frontend).binds[session.bind.index()];
            let told = session.proxy_tlvs.as_deref().map(Tlvs);
            let told =
                told.and_then(|mut tlvs| tlvs.find(|(kind, _)| *kind == tlv::NETNS).map(|(_, name)| name));
            told.or(bind.namespace.as_deref())
        }
    }
}

/// The ports of a server's range, if it has one.
pub fn ports(server: &Server) -> Option<Arc<Ports>> {
    let source = server.link.source.as_ref()?;
    Some(Arc::new(Ports::new(source.address.port(), source.last_port?)))
}
