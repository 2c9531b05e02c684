//! The keys that tokens are verified and decrypted with, made once when the plan is built.

use std::collections::HashMap;

use ir::config::{CONTENT_ALGORITHMS, Config, KEY_ALGORITHMS};
use openssl::pkey::{PKey, Private, Public};
use openssl::x509::X509;
use state::Stream;
use state::plan::TokenKeys;

/// See the module.
pub struct Keys {
    public: HashMap<Vec<u8>, PKey<Public>>,
    certificates: HashMap<Vec<u8>, Option<Certificate>>,
    key_algorithms: Vec<&'static str>,
    content_algorithms: Vec<&'static str>,
}

/// What tokens use of a certificate. A part that is missing could not be read.
struct Certificate {
    public: Option<PKey<Public>>,
    private: Option<PKey<Private>>,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKey {
    Unknown,
    /// The certificate is there, but not for tokens.
    Forbidden,
}

/// The keys of a configuration, for [`state::plan::Functions::token_keys`].
pub fn load(config: &Config) -> TokenKeys {
    Box::new(Keys::new(config))
}

/// The keys of the configuration that the stream runs with.
pub fn of(stream: &Stream) -> Option<&'static Keys> {
    stream.plan.token_keys.as_deref()?.downcast_ref()
}

impl Keys {
    fn new(config: &Config) -> Self {
        let tokens = &config.tokens;
        let public = |(path, pem): (&Vec<u8>, &Vec<u8>)| {
            PKey::public_key_from_pem(pem).ok().map(|key| (path.clone(), key))
        };
        let certificates = tokens.certificates.iter();
        Self {
            public: tokens.public_keys.iter().filter_map(public).collect(),
            certificates: certificates
                .map(|(name, pem)| (name.clone(), pem.as_deref().map(Certificate::new)))
                .collect(),
            key_algorithms: tokens.key_algorithms.clone().unwrap_or_else(|| KEY_ALGORITHMS[1..].to_vec()),
            content_algorithms: tokens
                .content_algorithms
                .clone()
                .unwrap_or_else(|| CONTENT_ALGORITHMS.to_vec()),
        }
    }

    /// A public key by the path of its file.
    pub fn public(&self, path: &[u8]) -> Result<&PKey<Public>, NoKey> {
        self.public.get(path).ok_or(NoKey::Unknown)
    }

    /// The public key of a certificate.
    pub fn of_certificate(&self, name: &[u8]) -> Result<&PKey<Public>, NoKey> {
        let certificate = self.certificates.get(name).ok_or(NoKey::Unknown)?;
        certificate.as_ref().ok_or(NoKey::Forbidden)?.public.as_ref().ok_or(NoKey::Unknown)
    }

    /// The private key of a certificate.
    pub fn private(&self, name: &[u8]) -> Option<&PKey<Private>> {
        self.certificates.get(name)?.as_ref()?.private.as_ref()
    }

    /// The algorithm that a token names for its key, where it may be used.
    pub fn key_algorithm(&self, name: &[u8]) -> Option<&'static str> {
        named(&KEY_ALGORITHMS, &self.key_algorithms, name)
    }

    /// The same for its content.
    pub fn content_algorithm(&self, name: &[u8]) -> Option<&'static str> {
        named(&CONTENT_ALGORITHMS, &self.content_algorithms, name)
    }
}

impl Certificate {
    fn new(pem: &[u8]) -> Self {
        let leaf = X509::from_pem(pem);
        Self {
            public: leaf.and_then(|leaf| leaf.public_key()).ok(),
            // A passphrase is never asked for: the callback gives none.
            private: PKey::private_key_from_pem_callback(pem, |_| Ok(0)).ok(),
        }
    }
}

/// The first of `all` that begins with the name, as HAProxy compares them, where it is allowed.
fn named(all: &[&'static str], allowed: &[&'static str], name: &[u8]) -> Option<&'static str> {
    let first = all.iter().find(|known| known.as_bytes().starts_with(name))?;
    allowed.contains(first).then_some(first)
}
