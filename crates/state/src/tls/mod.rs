//! What a TLS handshake gave: copied once, so that samples need no TLS library. What takes memory
//! is there only where the configuration [needs](crate::needs) it.

mod hello;

use std::sync::Arc;

pub use hello::{Hello, List};

/// Facts about a TLS connection; of one whose handshake failed what HAProxy shows of such.
#[derive(Clone, Debug, Default)]
pub struct TlsFacts {
    /// The handshake was completed.
    pub done: bool,
    /// `TLSv1.3`
    pub version: &'static str,
    /// `TLS_AES_128_GCM_SHA256`, or `(NONE)`.
    pub cipher: &'static str,
    /// Bits of the cipher's key that are used, and all it has; 0 without a cipher.
    pub key_bits: (u16, u16),
    /// The group of the key exchange, as `X25519`; empty where there was none.
    pub curve: &'static str,
    pub alpn: Box<[u8]>,
    pub sni: Option<Box<[u8]>>,
    pub resumed: bool,
    /// The other side has a certificate, shown now or when the resumed session began.
    pub has_peer: bool,
    pub verified: Verified,
    /// What was shown to the client.
    pub shown: Option<Arc<Shown>>,
    /// Why the handshake failed, where the TLS library knows.
    pub error: Option<Box<TlsError>>,
    /// The other side's certificate, DER.
    pub peer: Option<Box<[u8]>>,
    pub chain: Option<Box<Chain>>,
    pub keys: Option<Box<Keys>>,
    pub hello: Option<Box<Hello>>,
    pub secrets: Option<Box<Secrets>>,
}

/// How the verification of the other side's certificate went. The numbers are OpenSSL's of X.509
/// errors; 0 is success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// A certificate came in this handshake and was looked at.
    pub done: bool,
    pub result: u32,
    /// The first error about the certificate itself, also one that is ignored.
    pub error: u32,
    /// The first error about those above it, and how far above.
    pub ca_error: u32,
    pub ca_depth: u32,
}

/// A certificate of a `bind` line.
#[derive(Debug)]
pub struct Shown {
    /// The file that it came from.
    pub name: Box<[u8]>,
    pub der: Box<[u8]>,
}

/// An error of the TLS library.
#[derive(Clone, Debug)]
pub struct TlsError {
    pub code: u64,
    /// `error:0A000086:SSL routines::certificate verify failed`
    pub text: Box<str>,
}

/// What came with the other side's certificate.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// The certificates one after the other, DER; from a server with its own.
    pub sent: Box<[u8]>,
    /// The last certificate of the chain that was verified, DER.
    pub root: Option<Box<[u8]>>,
}

/// Identity and keys of a session.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    pub session_id: Box<[u8]>,
    pub session_key: Box<[u8]>,
    pub client_random: Box<[u8]>,
    pub server_random: Box<[u8]>,
    /// The Finished message that makes `tls-unique` (RFC 5929); empty where there is none.
    pub finished: Box<[u8]>,
}

/// A secret of a TLS 1.3 connection (NSS key log format).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    ClientEarlyTraffic,
    ClientHandshakeTraffic,
    ServerHandshakeTraffic,
    ClientTraffic,
    ServerTraffic,
    Exporter,
    EarlyExporter,
}

/// The secrets, in hexadecimal.
#[derive(Clone, Debug, Default)]
pub struct Secrets([Option<Box<str>>; 7]);

impl Secrets {
    pub fn get(&self, secret: Secret) -> Option<&str> {
        self.0[secret as usize].as_deref()
    }

    /// Takes a line of a key log; the first of a kind stays.
    pub fn take_line(&mut self, line: &str) {
        let mut words = line.split(' ');
        let (label, Some(secret)) = (words.next(), words.nth(1)) else { return };
        let kind = match label.unwrap_or_default() {
            "CLIENT_EARLY_TRAFFIC_SECRET" => Secret::ClientEarlyTraffic,
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Secret::ClientHandshakeTraffic,
            "SERVER_HANDSHAKE_TRAFFIC_SECRET" => Secret::ServerHandshakeTraffic,
            "CLIENT_TRAFFIC_SECRET_0" => Secret::ClientTraffic,
            "SERVER_TRAFFIC_SECRET_0" => Secret::ServerTraffic,
            "EXPORTER_SECRET" => Secret::Exporter,
            "EARLY_EXPORTER_SECRET" => Secret::EarlyExporter,
            _ => return,
        };
        self.0[kind as usize].get_or_insert_with(|| secret.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_log_lines() {
        let mut secrets = Secrets::default();
        for line in [
            "EXPORTER_SECRET 00 aa",
            "EXPORTER_SECRET 00 bb",
            "CLIENT_RANDOM 00 cc",
            "SERVER_TRAFFIC_SECRET_0",
        ] {
            secrets.take_line(line);
        }
        assert_eq!(secrets.get(Secret::Exporter), Some("aa"));
        assert_eq!(secrets.get(Secret::ServerTraffic), None);
    }
}
