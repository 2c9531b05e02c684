//! `core.parse_addr` and `core.match_addr`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mlua::{Result, UserData, Value};

use crate::convert;
use crate::shim::{Args, Functions, Results};

/// An address with its network's length in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

impl UserData for Network {}

pub(crate) fn install(functions: &Functions<'_>) -> Result<()> {
    functions.add("parse_addr", Results::One, |lua, args| {
        let text = args.string(lua, 1)?;
        Ok(match parse(&text.as_bytes()) {
            Some(network) => Value::UserData(lua.create_userdata(network)?),
            None => Value::Nil,
        })
    })?;
    functions.add("match_addr", Results::One, |_, args| {
        let (Some(one), Some(other)) = (network(args, 1), network(args, 2)) else { return Ok(false) };
        Ok(overlap(one, other))
    })
}

/// A parsed address.
fn network(args: &Args, index: usize) -> Option<Network> {
    match args.get(index) {
        Value::UserData(userdata) => userdata.borrow::<Network>().ok().map(|found| *found),
        _ => None,
    }
}

fn parse(text: &[u8]) -> Option<Network> {
    let (address, bits) = match text.iter().position(|byte| *byte == b'/') {
        Some(slash) => (&text[..slash], Some(base::bytes::parse_u64(&text[slash + 1..])?)),
        None => (text, None),
    };
    let address = convert::address(address)?;
    let max = if address.is_ipv4() { 32 } else { 128 };
    let bits = u8::try_from(bits.unwrap_or(max)).ok().filter(|bits| u64::from(*bits) <= max)?;
    Some(Network { address, bits })
}

/// Whether one network holds the other.
fn overlap(one: Network, other: Network) -> bool {
    let bits = one.bits.min(other.bits);
    match (one.address, other.address) {
        (IpAddr::V4(one), IpAddr::V4(other)) => prefix4(one, bits) == prefix4(other, bits),
        (IpAddr::V6(one), IpAddr::V6(other)) => prefix6(one, bits) == prefix6(other, bits),
        _ => false,
    }
}

fn prefix4(address: Ipv4Addr, bits: u8) -> u32 {
    u32::from(address).checked_shr(32 - u32::from(bits)).unwrap_or(0)
}

fn prefix6(address: Ipv6Addr, bits: u8) -> u128 {
    u128::from(address).checked_shr(128 - u32::from(bits)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let check = |one: &str, other: &str, expected: Option<bool>| {
            let parsed = parse(one.as_bytes()).zip(parse(other.as_bytes()));
            assert_eq!(parsed.map(|(one, other)| overlap(one, other)), expected, "{one} {other}");
        };
        check("127.0.0.1/8", "127.3.3.3", Some(true));
        check("127.3.3.3", "127.0.0.1/8", Some(true));
        check("128.0.0.1", "127.0.0.1/8", Some(false));
        check("0.0.0.0/0", "9.9.9.9", Some(true));
        check("aaaa::/16", "aaaa::1234/32", Some(true));
        check("::/0", "::1", Some(true));
        check("::1", "127.0.0.1", Some(false));
        check("127.0.0.1/33", "127.0.0.1", None);
        check("x", "127.0.0.1", None);
    }
}
