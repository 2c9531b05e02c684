//! What a ClientHello says that the choice of a certificate needs: the name and whether the
//! client can use ECDSA or RSA (RFC 6066, RFC 8446). Pure.

/// `server_name`
pub const SERVER_NAME: u16 = 0;
/// `signature_algorithms`
pub const SIGNATURE_ALGORITHMS: u16 = 13;

/// What a client can verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signatures {
    pub ecdsa: bool,
    pub rsa: bool,
}

impl Signatures {
    pub const ALL: Self = Self { ecdsa: true, rsa: true };
}

/// The host name of a `server_name` extension; `Err` for a malformed one.
pub fn server_name(extension: &[u8]) -> Result<&[u8], ()> {
    let list = counted(extension).filter(|list| list.len() + 2 == extension.len()).ok_or(())?;
    let (&kind, rest) = list.split_first().ok_or(())?;
    let name = counted(rest).ok_or(())?;
    let usable = kind == 0 && (1..=255).contains(&name.len()) && !name.contains(&0);
    usable.then_some(name).ok_or(())
}

/// What the `signature_algorithms` extension and the cipher suites allow; without the extension
/// (before TLS 1.2) only RSA. `tls13` says whether we would speak it.
pub fn signatures(extension: Option<&[u8]>, ciphers: &[u8], tls13: bool) -> Result<Signatures, ()> {
    let Some(extension) = extension else { return Ok(Signatures { ecdsa: false, rsa: true }) };
    let list = counted(extension).filter(|list| list.len() + 2 == extension.len()).ok_or(())?;
    if list.len() % 2 != 0 {
        return Err(());
    }
    let mut found = Signatures { ecdsa: false, rsa: false };
    for algorithm in list.chunks_exact(2) {
        match (algorithm[0], algorithm[1]) {
            // RSA-PSS, with its parameters and the curve in the second byte.
            (8, 4..=6 | 9..=11) | (_, 1) => found.rsa = true,
            (_, 3) => found.ecdsa = true,
            _ => {}
        }
    }
    found.ecdsa &= ciphers.chunks_exact(2).any(|suite| is_for_ecdsa(suite[0], suite[1], tls13));
    Ok(found)
}

/// Whether a cipher suite goes with an ECDSA certificate (IANA's registry).
fn is_for_ecdsa(high: u8, low: u8, tls13: bool) -> bool {
    match high {
        // TLS 1.3's suites go with any.
        0x13 => tls13,
        0xc0 => matches!(low, 0x06..=0x0a | 0x23 | 0x24 | 0x2b | 0x2c | 0x48 | 0x49 | 0x5c | 0x5d
            | 0x72 | 0x73 | 0x86 | 0x87 | 0xac..=0xaf),
        0xcc => low == 0xa9,
        _ => false,
    }
}

/// The bytes behind a two-byte length.
fn counted(bytes: &[u8]) -> Option<&[u8]> {
    let (len, rest) = bytes.split_first_chunk::<2>()?;
    rest.get(..usize::from(u16::from_be_bytes(*len)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        #[track_caller]
        fn check(input: &[u8], expected: Result<&[u8], ()>) {
            assert_eq!(server_name(input), expected, "{input:?}");
        }
        check(b"\x00\x06\x00\x00\x03a.b", Ok(b"a.b"));
        check(b"", Err(()));
        check(b"\x00\x00", Err(()));
        check(b"\x00\x06\x01\x00\x03a.b", Err(()));
        check(b"\x00\x07\x00\x00\x03a.b", Err(()));
        check(b"\x00\x06\x00\x00\x04a.b", Err(()));
        check(b"\x00\x03\x00\x00\x00", Err(()));
        check(b"\x00\x06\x00\x00\x03a\x00b", Err(()));
        let long = [&b"\x01\x03\x00\x01\x00"[..], &[b'a'; 256]].concat();
        check(&long, Err(()));
    }

    #[test]
    fn client_signatures() {
        #[track_caller]
        fn check(extension: Option<&[u8]>, ciphers: &[u8], tls13: bool, ecdsa: bool, rsa: bool) {
            assert_eq!(signatures(extension, ciphers, tls13), Ok(Signatures { ecdsa, rsa }));
        }
        check(None, b"\xc0\x2b", true, false, true);
        check(Some(b"\x00\x02\x04\x03"), b"\xc0\x2b", true, true, false);
        check(Some(b"\x00\x02\x04\x03"), b"\xc0\x2f", true, false, false);
        check(Some(b"\x00\x02\x04\x03"), b"\x13\x01", true, true, false);
        check(Some(b"\x00\x02\x04\x03"), b"\x13\x01", false, false, false);
        check(Some(b"\x00\x04\x04\x03\x08\x04"), b"\x13\x01", true, true, true);
        check(Some(b"\x00\x02\x04\x01"), b"\x13\x01", true, false, true);
        check(Some(b"\x00\x02\x08\x07"), b"\x13\x01", true, false, false);
        assert_eq!(signatures(Some(b"\x00\x03\x04\x01"), b"", true), Err(()));
        assert_eq!(signatures(Some(b"\x00\x03\x04\x01\x04"), b"", true), Err(()));
    }
}
