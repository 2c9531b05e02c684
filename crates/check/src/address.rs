//! Addresses of lines: read by `base`, resolved through the loader.

use base::addr::{self, Endpoint, Host, Port, Rules, Transport};
use ir::expr::Address;
use std::net::IpAddr;
use syntax::Word;

use crate::context::Context;
use crate::fail::{Checked, Fail};

/// Reads an address without resolving its name.
pub fn parse(c: &Context<'_>, text: &[u8], word: &Word, rules: &Rules<'_>) -> Checked<addr::Address> {
    let rules = Rules { experimental: c.experimental, ..*rules };
    let variable = |name: &[u8]| c.variable(name);
    addr::parse(text, &rules, &variable)
        .map_err(|error| Fail::new(error.code(), word.span, error.to_string()))
}

/// Reads an address and resolves its name at once, as `bind`, `log` and `source` do.
pub fn resolved(c: &Context<'_>, text: &[u8], word: &Word, rules: &Rules<'_>) -> Checked<Vec<Address>> {
    let address = parse(c, text, word, rules)?;
    match &address.endpoint {
        Endpoint::Ip { host, port } => {
            let ip = resolve(c, host, text, word)?;
            let (first, last) = ports(port);
            Ok((first..=last).map(|port| Address::Ip(ip, port)).collect())
        }
        other => Ok(vec![plain(other, word)?]),
    }
}

/// The address of a host, now.
pub fn resolve(c: &Context<'_>, host: &Host, text: &[u8], word: &Word) -> Checked<IpAddr> {
    let (name, family) = match host {
        Host::Ip(ip) => return Ok(*ip),
        Host::Name { name, family } => (name, family),
    };
    let fits = |ip: &IpAddr| match family {
        None => true,
        Some(addr::Family::V4) => ip.is_ipv4(),
        Some(addr::Family::V6) => ip.is_ipv6(),
    };
    c.loader.resolve_host(name).filter(fits).ok_or_else(|| {
        let (name, text) = (String::from_utf8_lossy(name), String::from_utf8_lossy(text));
        Fail::new("address-host-invalid", word.span, format!("invalid address: '{name}' in '{text}'"))
    })
}

/// The first and the last port; both 0 when there is none.
pub fn ports(port: &Port) -> (u16, u16) {
    match port {
        Port::None | Port::Offset(_) => (0, 0),
        Port::One(port) => (*port, *port),
        Port::Range(first, last) => (*first, *last),
    }
}

/// An endpoint that is no IP address.
pub fn plain(endpoint: &Endpoint, word: &Word) -> Checked<Address> {
    match endpoint {
        Endpoint::Unix(path) => Ok(Address::Unix(path.clone())),
        Endpoint::Abstract { name, zero_terminated } => Ok(Address::Abstract(name.clone(), *zero_terminated)),
        Endpoint::Fd(fd) => Ok(Address::Fd(*fd)),
        Endpoint::SocketPair(_) | Endpoint::ReverseHttp(_) | Endpoint::Ip { .. } => Err(Fail::new(
            "address-not-executed",
            word.span,
            format!("address '{}' is not supported by hxproxy yet", word.lossy()),
        )),
    }
}

/// HAProxy's complaint about QUIC in a build without it.
pub fn refuse_quic(address: &addr::Address, text: &[u8], word: &Word) -> Checked<()> {
    if address.transport != Transport::Quic {
        return Ok(());
    }
    let is_v6 = matches!(
        &address.endpoint,
        Endpoint::Ip {
            host: Host::Ip(IpAddr::V6(_)) | Host::Name { family: Some(addr::Family::V6), .. },
            ..
        }
    );
    let message = format!(
        "unsupported stream protocol for datagram family {} address '{}'; \
         QUIC is not compiled in if this is what you were looking for.",
        if is_v6 { 10 } else { 2 },
        String::from_utf8_lossy(text)
    );
    Err(Fail::new("quic", word.span, message))
}
