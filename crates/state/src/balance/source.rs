//! `balance source`: a client's address always leads to the same server.

use std::net::IpAddr;

use crate::ends::{End, Endpoint};
use crate::stream::Stream;

pub(super) fn hash(stream: &Stream) -> Option<u32> {
    match stream.end(End::Src) {
        Endpoint::Ip(address) => Some(fold(address.ip())),
        Endpoint::Unix(_) => None,
    }
}

/// The address's 32-bit words, combined.
fn fold(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(address) => address.to_bits(),
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            [96, 64, 32, 0].iter().fold(0, |hash, shift| hash ^ (bits >> shift) as u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding() {
        let check = |text: &str, expected| assert_eq!(fold(text.parse().expect(text)), expected, "{text}");
        check("1.2.3.4", 0x0102_0304);
        check("0:1:0:2:0:4:0:8", 1 ^ 2 ^ 4 ^ 8);
    }
}
