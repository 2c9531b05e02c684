//! Addresses of lines: read by `base`, resolved through the loader.

use base::addr::{self, Endpoint, Fds, Host, Port, Rules, Transport};
use ir::expr::Address;
use std::net::IpAddr;
use syntax::Word;

use crate::context::Context;
use crate::fail::{Checked, Fail};

fn fail(error: &addr::AddrError, word: &Word) -> Fail {
    Fail::new(error.code(), word.span, error.to_string())
}

/// Reads an address without resolving its name.
pub fn parse(c: &Context<'_>, text: &[u8], word: &Word, rules: &Rules<'_>) -> Checked<addr::Address> {
    let is_experimental = text.starts_with(b"rhttp@");
    let rules = Rules { experimental: is_experimental && c.experimental(), ..*rules };
    let variable = |name: &[u8]| c.variable(name);
    let address = addr::parse(text, &rules, &variable).map_err(|error| fail(&error, word))?;
    check_socket(c, &address, word, &rules)?;
    Ok(address)
}

/// A descriptor must be a socket of the right kind.
pub fn check_socket(c: &Context<'_>, address: &addr::Address, word: &Word, rules: &Rules<'_>) -> Checked<()> {
    let fd = match address.endpoint {
        Endpoint::SocketPair(fd) => fd,
        Endpoint::Fd(fd) if rules.fds == Fds::Sockets => fd,
        _ => return Ok(()),
    };
    let is_stream = c.loader.stream_socket(fd).map_err(|error| {
        Fail::new("address-fd", word.span, format!("cannot use file descriptor '{fd}' : {error}."))
    })?;
    let wanted = address.transport == Transport::Stream;
    if matches!(address.endpoint, Endpoint::Fd(_)) && is_stream != wanted {
        let text = format!("socket on file descriptor '{fd}' is of the wrong type.");
        return Err(Fail::new("address-fd", word.span, text));
    }
    Ok(())
}

/// Reads an address, resolves its name at once and looks for its protocol, as `bind`, `log` and
/// `source` do.
pub fn resolved(c: &mut Context<'_>, text: &[u8], word: &Word, rules: &Rules<'_>) -> Checked<Vec<Address>> {
    let address = parse(c, text, word, rules)?;
    let (ip, first, last) = match &address.endpoint {
        Endpoint::Ip { host, port } => {
            let (first, last) = ports(port);
            (Some(resolve(c, host, text, word)?), first, last)
        }
        _ => (None, 0, 0),
    };
    address.check_protocol(rules, ip, text).map_err(|error| fail(&error, word))?;
    warn_parsed(c, &address, word);
    match ip {
        Some(ip) => Ok((first..=last).map(|port| Address::Ip(ip, port)).collect()),
        None => Ok(vec![plain(&address.endpoint)]),
    }
}

/// Says which forms of addresses are not executed yet.
pub fn warn_parsed(c: &mut Context<'_>, address: &addr::Address, word: &Word) {
    if address.mptcp {
        c.warn_parsed("mptcp@", word.span);
    }
    if let Endpoint::SocketPair(_) = address.endpoint {
        c.warn_parsed("sockpair@", word.span);
    }
}

/// Whether a network namespace was given the name.
pub fn namespace_exists(c: &Context<'_>, name: &[u8]) -> bool {
    c.loader.path_kind(&[b"/var/run/netns/", name].concat()).is_ok()
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
    find(c, name).filter(fits).ok_or_else(|| {
        let (name, text) = (String::from_utf8_lossy(name), String::from_utf8_lossy(text));
        Fail::new("address-host-invalid", word.span, format!("invalid address: '{name}' in '{text}'"))
    })
}

/// The address of a name: only what may be one is looked for.
pub fn find(c: &Context<'_>, name: &[u8]) -> Option<IpAddr> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.iter().all(is_name).then(|| c.loader.resolve_host(name))?
}

/// The first and the last port; both 0 when there is none.
pub fn ports(port: &Port) -> (u16, u16) {
    match port {
        Port::None | Port::Offset(_) => (0, 0),
        Port::One(port) => (*port, *port),
        Port::Range(first, last) => (*first, *last),
    }
}

/// An endpoint that is no IP address. What is not executed yet listens and connects nowhere.
pub fn plain(endpoint: &Endpoint) -> Address {
    match endpoint {
        Endpoint::Unix(path) => Address::Unix(path.clone()),
        Endpoint::Abstract { name, zero_terminated } => Address::Abstract(name.clone(), *zero_terminated),
        Endpoint::Fd(fd) => Address::Fd(*fd),
        Endpoint::SocketPair(_) | Endpoint::ReverseHttp(_) | Endpoint::Ip { .. } => Address::Fd(-1),
    }
}
