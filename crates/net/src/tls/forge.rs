//! `generate-certificates`: certificates for names that no other one of a line has, signed by an authority
//! of ours and made when a client asks for them. They have the key of the line's default certificate.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use ir::config::{CertSource, Tune, Verify};
use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::ssl::{SslContext, SslContextBuilder, SslMethod};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectAlternativeName, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Extension, X509Name};
use state::TlsParts;

use super::facts;
use super::notes::Kept;
use super::pem::Pem;
use crate::clock::now_ms;

const DAY: i64 = 24 * 60 * 60;

/// A longer name does not fit into a CN (X.520).
const LONGEST_CN: usize = 64;

/// nsComment, with marks around its text as in HAProxy.
const COMMENT: (&str, &[u8]) = ("2.16.840.1.113730.1.13", b"\x16\x1f\"OpenSSL Generated Certificate\"");

/// See the module.
pub struct Forge {
    authority: Pem,
    key: PKey<Private>,
    verify: Verify,
    level: Option<u32>,
    kept: Kept,
    serial: AtomicU64,
    made: Mutex<Made>,
}

/// Contexts by names, each with when it was used last.
#[derive(Default)]
struct Made {
    contexts: HashMap<Box<[u8]>, (SslContext, u64)>,
    uses: u64,
    /// `tune.ssl.ssl-ctx-cache-size`
    most: usize,
}

impl Made {
    fn get(&mut self, name: &[u8]) -> Option<SslContext> {
        self.uses += 1;
        let (context, used) = self.contexts.get_mut(name)?;
        *used = self.uses;
        Some(context.clone())
    }

    fn keep(&mut self, name: &[u8], context: &SslContext) {
        if self.most == 0 {
            return;
        }
        if self.contexts.len() >= self.most {
            let oldest = self.contexts.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(name) = oldest.map(|(name, _)| name.clone()) {
                self.contexts.remove(&name);
            }
        }
        self.contexts.insert(name.into(), (context.clone(), self.uses));
    }
}

impl Forge {
    /// `key` is that of the default certificate, `verify` what clients must show.
    ///
    /// # Errors
    /// What is wrong with the authority, in HAProxy's words.
    pub fn new(
        signer: &CertSource,
        key: PKey<Private>,
        verify: Verify,
        tune: &Tune,
        kept: Kept,
    ) -> Result<Self, String> {
        let authority = Pem::load(&String::from_utf8_lossy(&signer.path), &signer.pem)?;
        let made = Mutex::new(Made { most: tune.ssl_ctx_cache_size, ..Made::default() });
        let serial = AtomicU64::new(now_ms());
        Ok(Self { authority, key, verify, level: tune.ssl_security_level, kept, serial, made })
    }

    /// A context for a name in lower case; none where it is no host's name, or the library refuses.
    pub fn context(&self, name: &[u8]) -> Option<SslContext> {
        let is_fine = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        let text = std::str::from_utf8(name).ok().filter(|text| !text.is_empty())?;
        if !name.iter().all(is_fine) {
            return None;
        }
        // As in HAProxy, others wait for the one that makes a certificate.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(context) = made.get(name) {
            return Some(context);
        }
        let context = self.make(text).ok()?;
        made.keep(name, &context);
        Some(context)
    }

    fn make(&self, name: &str) -> Result<SslContext, ErrorStack> {
        let leaf = self.certificate(name)?;
        let mut context = SslContextBuilder::new(SslMethod::tls_server())?;
        if let Some(level) = self.level {
            context.set_security_level(level);
        }
        context.set_private_key(&self.key)?;
        context.set_certificate(&leaf)?;
        context.check_private_key()?;
        // A session is only good where clients are verified alike.
        context.set_session_id_context(format!("generated {:?}", self.verify).as_bytes())?;
        for above in std::iter::once(&self.authority.leaf).chain(&self.authority.chain) {
            context.add_extra_chain_cert(above.clone())?;
        }
        self.kept.listen(&mut context);
        if self.kept.parts.has(TlsParts::SHOWN) {
            facts::show(&mut context, b"", &leaf);
        }
        Ok(context.build())
    }

    fn certificate(&self, name: &str) -> Result<X509, ErrorStack> {
        let issuer = &self.authority.leaf;
        let mut subject = X509Name::builder()?;
        for entry in issuer.subject_name().entries() {
            subject.append_entry(entry)?;
        }
        if name.len() <= LONGEST_CN {
            subject.append_entry_by_nid(Nid::COMMONNAME, name)?;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(0);
        let serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
        let mut made = X509::builder()?;
        made.set_version(2)?;
        made.set_serial_number(&*BigNum::from_dec_str(&serial.to_string())?.to_asn1_integer()?)?;
        made.set_subject_name(&subject.build())?;
        made.set_issuer_name(issuer.subject_name())?;
        made.set_not_before(&*Asn1Time::from_unix(now - DAY)?)?;
        made.set_not_after(&*Asn1Time::from_unix(now + 365 * DAY)?)?;
        made.set_pubkey(&self.key)?;
        self.extend(&mut made, name)?;
        let digest = match self.authority.key.id() {
            Id::DSA => MessageDigest::sha1(),
            _ => MessageDigest::sha256(),
        };
        made.sign(&self.authority.key, digest)?;
        Ok(made.build())
    }

    fn extend(&self, made: &mut X509Builder, name: &str) -> Result<(), ErrorStack> {
        made.append_extension(BasicConstraints::new().build()?)?;
        let (oid, comment) = COMMENT;
        let comment = Asn1OctetString::new_from_bytes(comment)?;
        made.append_extension(X509Extension::new_from_der(&*Asn1Object::from_str(oid)?, false, &comment)?)?;
        let issuer = Some(&*self.authority.leaf);
        let own = SubjectKeyIdentifier::new().build(&made.x509v3_context(issuer, None))?;
        made.append_extension(own)?;
        let mut above = AuthorityKeyIdentifier::new();
        let above = above.keyid(false).issuer(true).build(&made.x509v3_context(issuer, None))?;
        made.append_extension(above)?;
        let mut usage = KeyUsage::new();
        made.append_extension(usage.non_repudiation().digital_signature().key_encipherment().build()?)?;
        let names = SubjectAlternativeName::new().dns(name).build(&made.x509v3_context(issuer, None))?;
        made.append_extension(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::make::certificate_of;

    #[test]
    fn names_get_certificates() {
        let pem = certificate_of(2048);
        let source = CertSource { path: b"a".to_vec(), pem };
        let key = PKey::private_key_from_pem(&source.pem).expect("a key");
        let tune = Tune { ssl_ctx_cache_size: 2, ..Tune::default() };
        let forge = Forge::new(&source, key, Verify::None, &tune, Kept::default()).expect("an authority");
        let serial = |name: &str| {
            let context = forge.context(name.as_bytes())?;
            let leaf = context.certificate().expect("a certificate");
            let names = leaf.subject_alt_names().expect("names");
            assert_eq!(names[0].dnsname(), Some(name));
            assert!(leaf.verify(&forge.authority.key).expect("a signature"), "{name}");
            Some(leaf.serial_number().to_bn().expect("a number").to_string())
        };
        for refused in ["", "a,DNS:b", "*.a", "a b", "a_b"] {
            assert_eq!(serial(refused), None, "{refused}");
        }
        let first = serial("a.test");
        assert!(first.is_some());
        let second = serial("b.test");
        assert_ne!(first, second);
        assert_eq!(serial("a.test"), first);
        // Only two are kept: the one that was not used goes.
        assert!(serial(&"c".repeat(70)).is_some());
        assert_eq!(serial("a.test"), first);
        assert_ne!(serial("b.test"), second);
    }
}
