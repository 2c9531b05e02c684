//! `persist rdp-cookie`: the terminal server that a client of the Remote Desktop Protocol was told
//! to come back to.

use std::net::IpAddr;

use ir::expr::Address;
use ir::id::ServerId;

use super::may_name;
use crate::stream::Stream;

/// The server whose address the cookie says.
pub fn server(stream: &Stream, name: &[u8]) -> Option<ServerId> {
    let (ip, port) = address(cookie(&stream.req_body.bytes, name)?)?;
    let servers = &stream.plan.settings(stream.backend_plan().id).servers;
    let matching = servers.iter().position(|server| {
        matches!(server.address, Some(Address::Ip(IpAddr::V4(has), at)) if has.octets() == ip && at == port)
    })?;
    let server = ServerId(matching as u32);
    may_name(stream, server).then_some(server)
}

/// The value of the first cookie of a connection request, if it is of that name: behind the
/// protocol's header of eleven bytes stands `Cookie: <name>=<value>`.
pub fn cookie<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    const HEADER: usize = 11;
    const FIELD: &[u8] = b"Cookie:";
    let text = bytes.get(HEADER..)?;
    let (field, text) = text.split_at_checked(FIELD.len())?;
    let is_named = |text: &&[u8]| text.get(..name.len()).is_some_and(|have| have.eq_ignore_ascii_case(name));
    let text =
        Some(text.trim_ascii_start()).filter(|_| field.eq_ignore_ascii_case(FIELD)).filter(is_named)?;
    let value = text[name.len()..].strip_prefix(b"=")?;
    Some(&value[..value.iter().position(|byte| *byte == b'\r')?])
}

/// `<ip>.<port>.<anything>`: both numbers as they stand in memory in network order, read on a machine
/// whose lowest byte comes first.
fn address(value: &[u8]) -> Option<([u8; 4], u16)> {
    let mut parts = value.splitn(3, |byte| *byte == b'.');
    let number = |part: Option<&[u8]>| base::bytes::parse_u64(part?);
    let ip = u32::try_from(number(parts.next())?).ok()?;
    let port = u16::try_from(number(parts.next())?).ok()?;
    parts.next()?;
    Some((ip.to_le_bytes(), port.swap_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |value: &str, expected: Option<([u8; 4], u16)>| {
            let request = format!("???????????Cookie: msts={value}\r\n");
            let found = cookie(request.as_bytes(), b"MSTS").and_then(address);
            assert_eq!(found, expected, "{value}");
        };
        check("16777343.15629.0000", Some(([127, 0, 0, 1], 3389)));
        check("16777343.15629", None);
        check("x.15629.0", None);
        check("99999999999.1.0", None);
    }
}
