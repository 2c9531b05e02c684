//! The keys of WebSocket's opening handshake (RFC 6455, section 1.3), which HTTP/2 has none of: who
//! stands between the versions makes them.

use sha1::{Digest, Sha1};

/// What every key is joined with.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Length of a `sec-websocket-key`: 16 bytes in base64.
pub const KEY_LEN: usize = 24;
/// Length of a `sec-websocket-accept`: 20 bytes in base64.
pub const ACCEPT_LEN: usize = 28;

/// The `sec-websocket-key` of 16 random bytes.
pub fn key(random: &[u8; 16]) -> [u8; KEY_LEN] {
    base64(random)
}

/// The `sec-websocket-accept` that answers a key.
pub fn accept(key: &[u8]) -> [u8; ACCEPT_LEN] {
    let hash = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    base64(&hash)
}

/// `bytes` in base64, as long as they fill `LEN`.
fn base64<const LEN: usize>(bytes: &[u8]) -> [u8; LEN] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = [b'='; LEN];
    for (three, four) in bytes.chunks(3).zip(text.chunks_mut(4)) {
        let group =
            three.iter().fold(0, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for (at, sign) in four.iter_mut().enumerate().take(three.len() + 1) {
            *sign = ALPHABET[(group >> (18 - 6 * at)) as usize & 63];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let check = |random: &[u8; 16], wanted: &str, answer: &str| {
            let key = key(random);
            assert_eq!(std::str::from_utf8(&key), Ok(wanted));
            assert_eq!(std::str::from_utf8(&accept(&key)), Ok(answer));
        };
        // The example of RFC 6455, section 1.3.
        check(b"the sample nonce", "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        check(&[0xff; 16], "/////////////////////w==", "XXpj4jYzLM2yUE0C7TIgMwTQh2g=");
    }
}
