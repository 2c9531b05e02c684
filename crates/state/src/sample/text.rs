//! Text of numbers and addresses, made without allocating where the caller has room.

use std::net::{IpAddr, Ipv6Addr};

use bumpalo::Bump;

/// A short text on the stack: enough for any number or address.
pub struct Short {
    bytes: [u8; 48],
    len: usize,
}

impl Default for Short {
    fn default() -> Self {
        Self { bytes: [0; 48], len: 0 }
    }
}

impl Short {
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Short {
    fn push(&mut self, bytes: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            room.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }
}

impl std::fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

/// What `make` writes, in `arena`.
pub fn in_arena(arena: &Bump, make: impl FnOnce(&mut Short)) -> &[u8] {
    let mut short = Short::default();
    make(&mut short);
    arena.alloc_slice_copy(short.as_bytes())
}

/// Appends what `make` writes to `out`.
pub fn append(out: &mut Vec<u8>, make: impl FnOnce(&mut Short)) {
    let mut short = Short::default();
    make(&mut short);
    out.extend_from_slice(short.as_bytes());
}

/// A signed number in decimal.
pub fn decimal(number: i64, out: &mut Short) {
    if number < 0 {
        out.push(b"-");
    }
    out.push(base::bytes::digits(number.unsigned_abs(), &mut [0; 20]));
}

/// An address as `inet_ntop` writes it: unlike Rust's form, an IPv4-compatible IPv6 address
/// ends in dots.
pub fn ip(address: IpAddr, out: &mut Short) {
    match address {
        // Most log lines have one.
        IpAddr::V4(address) => {
            for (at, octet) in address.octets().into_iter().enumerate() {
                out.push(if at > 0 { b"." } else { b"" });
                out.push(base::bytes::digits(octet.into(), &mut [0; 20]));
            }
        }
        // Cannot fail: any address fits.
        IpAddr::V6(address) => drop(write_v6(address, out)),
    }
}

fn write_v6(address: Ipv6Addr, out: &mut Short) -> std::fmt::Result {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => {
            let [.., a, b, c, d] = address.octets();
            std::fmt::Write::write_fmt(out, format_args!("::{a}.{b}.{c}.{d}"))
        }
        _ => std::fmt::Write::write_fmt(out, format_args!("{address}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |text: &str, expected: &str| {
            let mut out = Vec::new();
            append(&mut out, |short| ip(text.parse().expect(text), short));
            assert_eq!(out, expected.as_bytes());
        };
        check("10.0.0.1", "10.0.0.1");
        check("::", "::");
        check("::1", "::1");
        check("::0102:0304", "::1.2.3.4");
        check("::ffff:1.2.3.4", "::ffff:1.2.3.4");
        check("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
        check("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    }

    #[test]
    fn numbers() {
        let arena = Bump::new();
        assert_eq!(in_arena(&arena, |out| decimal(i64::MIN, out)), b"-9223372036854775808");
    }
}
