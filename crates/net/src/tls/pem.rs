//! PEM files with a key, a certificate and its chain. The file is read by the caller.

use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::x509::{X509, X509VerifyResult};

use super::error::first_reason;
use super::names::KeyType;

/// A PEM's content: the first certificate is the leaf, the others are its chain; their place
/// beside the key does not matter.
pub(super) struct Pem {
    pub key: PKey<Private>,
    pub leaf: X509,
    pub chain: Vec<X509>,
}

impl Pem {
    /// Loads a PEM. `path` is for the messages.
    ///
    /// # Errors
    /// HAProxy's message, complete.
    pub fn load(path: &str, pem: &[u8]) -> Result<Self, String> {
        let (leaf, chain) = certificates(path, pem)?;
        // A passphrase is never asked for: the callback gives none.
        let key = PKey::private_key_from_pem_callback(pem, |_| Ok(0))
            .map_err(|_| format!("No Private Key found in '{path}.key'."))?;
        if !is_of(&key, &leaf) {
            return Err(format!("inconsistencies between private key and certificate loaded '{path}'."));
        }
        Ok(Self { key, leaf, chain })
    }

    pub fn key_type(&self) -> KeyType {
        match self.key.id() {
            Id::EC => KeyType::Ecdsa,
            Id::RSA => KeyType::Rsa,
            _ => KeyType::Other,
        }
    }

    /// `ssl-skip-self-issued-ca`: the chain is what leads from the leaf upwards, in order, without the one
    /// that nobody else signed.
    pub fn skip_root(&mut self) {
        let mut rest = std::mem::take(&mut self.chain);
        let mut last = &self.leaf;
        while let Some(at) = rest.iter().position(|above| is_issuer(above, last)) {
            let above = rest.swap_remove(at);
            if is_issuer(&above, &above) {
                break;
            }
            self.chain.push(above);
            last = &self.chain[self.chain.len() - 1];
        }
    }

    /// The leaf's names in lower case: subjectAltName's DNS names, then the CNs.
    pub fn names(&self) -> Vec<String> {
        names(&self.leaf)
    }
}

fn is_issuer(above: &X509, below: &X509) -> bool {
    above.issued(below) == X509VerifyResult::OK
}

fn is_of(key: &PKey<Private>, leaf: &X509) -> bool {
    leaf.public_key().is_ok_and(|public| key.public_eq(&public))
}

/// Whether a PEM has a key, and that of another certificate.
pub fn has_foreign_key(pem: &[u8]) -> bool {
    let key = PKey::private_key_from_pem_callback(pem, |_| Ok(0));
    key.is_ok_and(|key| X509::from_pem(pem).is_ok_and(|leaf| !is_of(&key, &leaf)))
}

/// Checks a PEM as `-c` does: it holds a certificate and the key that goes with it.
///
/// # Errors
/// HAProxy's message, as `No Private Key found in 'a.pem.key'.`
pub fn check_pem(path: &str, pem: &[u8]) -> Result<(), String> {
    Pem::load(path, pem).map(drop)
}

/// The names of a PEM's first certificate, in lower case: subjectAltName's DNS names, then CNs.
///
/// # Errors
/// As [`check_pem`], without the ones about the key.
pub fn certificate_names(path: &str, pem: &[u8]) -> Result<Vec<String>, String> {
    certificates(path, pem).map(|(leaf, _)| names(&leaf))
}

fn certificates(path: &str, pem: &[u8]) -> Result<(X509, Vec<X509>), String> {
    let fail = |reason: &str| format!("unable to load certificate from file '{path}': {reason}.");
    // The crate's reader of several stops silently before the first, so look for it.
    let all = X509::stack_from_pem(pem).map_err(|e| fail(first_reason(&e).unwrap_or("no start line")))?;
    let mut all = all.into_iter();
    match all.next() {
        Some(leaf) => Ok((leaf, all.collect())),
        None => Err(fail("no start line")),
    }
}

fn names(leaf: &X509) -> Vec<String> {
    let alternative = leaf.subject_alt_names();
    let dns = alternative.iter().flatten().filter_map(|name| name.dnsname());
    let mut names: Vec<String> = dns.map(str::to_ascii_lowercase).collect();
    for entry in leaf.subject_name().entries_by_nid(Nid::COMMONNAME) {
        if let Ok(name) = entry.data().to_string() {
            let name = name.to_ascii_lowercase();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}
