//! The PROXY protocol, versions 1 and 2: the header in front of a connection that says whose it
//! is (doc/proxy-protocol.txt of HAProxy). Left out: reading it from a socket, and which of its
//! TLVs mean what to whom.

mod read;
mod write;

pub use read::{Header, Parsed, Refused, parse};
pub use write::{V2, write_v1};

/// The first bytes of a header of version 2.
pub const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// Types of TLVs.
pub mod tlv {
    pub const ALPN: u8 = 0x01;
    pub const AUTHORITY: u8 = 0x02;
    pub const CRC32C: u8 = 0x03;
    pub const UNIQUE_ID: u8 = 0x05;
    pub const SSL: u8 = 0x20;
    pub const SSL_VERSION: u8 = 0x21;
    pub const SSL_CN: u8 = 0x22;
    pub const SSL_CIPHER: u8 = 0x23;
    pub const SSL_SIG_ALG: u8 = 0x24;
    pub const SSL_KEY_ALG: u8 = 0x25;
    pub const NETNS: u8 = 0x30;
}

/// The TLVs of a header: one type byte, two of length, the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tlvs<'a>(pub &'a [u8]);

impl<'a> Iterator for Tlvs<'a> {
    type Item = (u8, &'a [u8]);

    /// A TLV that is cut off ends them.
    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.0.split_first_chunk::<3>()?;
        let len = usize::from(u16::from_be_bytes([head[1], head[2]]));
        let (value, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some((head[0], value))
    }
}
