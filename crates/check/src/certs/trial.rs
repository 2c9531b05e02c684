//! What HAProxy says when it puts a certificate into a context: of its key, its strength, its
//! Diffie-Hellman parameters and its OCSP response.

use ir::Bytes;

use super::{has_key, words_of};
use crate::context::Context;

/// The largest default parameters that HAProxy does not choose by the certificate's key, in bits.
const SMALL_DH: u32 = 1024;

/// The level that the TLS library is usually built with.
const USUAL_LEVEL: u32 = 2;

/// What lies beside a certificate, as far as messages are about it.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// There is an OCSP response.
    pub has_response: bool,
    /// The certificate of its issuer, in PEM.
    pub issuer: Option<Bytes>,
}

/// Tries a certificate that was read; false when it cannot be used. What there is to say, be it a warning,
/// is added to `told`.
pub fn run(c: &Context<'_>, path: &[u8], told: &mut String) -> bool {
    let Some(pem) = usable(c, path, told) else { return false };
    weak_dh(c, path, pem, told);
    ocsp(c, path, pem, told);
    true
}

/// The same for servers, which have no parameters and no responses.
pub fn of_server(c: &Context<'_>, path: &[u8], told: &mut String) -> bool {
    usable(c, path, told).is_some()
}

/// The certificate's PEM, where the library takes it.
fn usable<'c>(c: &'c Context<'_>, path: &[u8], told: &mut String) -> Option<&'c [u8]> {
    let source = c.certificates.get(path).filter(|source| has_key(&source.pem));
    let refusal = match source {
        Some(source) => c.loader.try_certificate(&source.pem, level(c)).err(),
        None => Some(("SSL private key", "passed a null parameter".to_owned())),
    };
    if let Some((what, reason)) = refusal {
        let path = String::from_utf8_lossy(path);
        told.push_str(&format!("unable to load {what} into SSL Context '{path}': {reason}.\n"));
        return None;
    }
    source.map(|source| source.pem.as_slice())
}

/// The security level that certificates are tried at.
fn level(c: &Context<'_>) -> u32 {
    c.config.global.tune.ssl_security_level.unwrap_or(USUAL_LEVEL)
}

fn weak_dh(c: &Context<'_>, path: &[u8], pem: &[u8], told: &mut String) {
    let (path, level) = (String::from_utf8_lossy(path), level(c));
    let default = c.config.global.tune.ssl_default_dh_param;
    let file = c.config.global.ssl_default_bind.dh_param_file.as_ref();
    let (is_strong, text) = match (c.loader.dh_is_strong(pem, level), file) {
        (Some(is_strong), _) => (is_strong, format!("unable to load the DH parameter specified in '{path}'")),
        (None, Some(file)) => {
            let parameters = c.read_file(file).ok();
            let is_strong = parameters.and_then(|pem| c.loader.dh_is_strong(&pem, level));
            let text = format!("unable to use the global DH parameter for certificate '{path}'");
            (is_strong.unwrap_or(true), text)
        }
        (None, None) if (1..=SMALL_DH).contains(&default) => {
            let text =
                format!("unable to load default {SMALL_DH} bits DH parameter for certificate '{path}'.\n");
            (level < 2, text)
        }
        (None, None) => return,
    };
    if !is_strong {
        told.push_str(&format!("{text}, DH ciphers won't be available.\n"));
    }
}

fn ocsp(c: &Context<'_>, path: &[u8], pem: &[u8], told: &mut String) {
    let beside = c.beside.get(path);
    let updates = words_of(c, path).text("ocsp-update").map_or(c.process.ocsp_updates, |mode| mode == b"on");
    let has_response = beside.is_some_and(|beside| beside.has_response);
    if !has_response && (!updates || !c.loader.names_responder(pem)) {
        return;
    }
    if c.loader.has_issuer(pem, beside.and_then(|beside| beside.issuer.as_deref())) {
        return;
    }
    let path = String::from_utf8_lossy(path);
    told.push_str(&match has_response {
        true => format!(
            " '{path}.ocsp' is present and activates OCSP but it is impossible to compute the OCSP certificate ID \
             (maybe the issuer could not be found)'.\n"
        ),
        false => format!(
            " '{path}' has an OCSP auto-update set to 'on' but an error occurred (maybe the OCSP URI or the issuer \
             could not be found)'.\n"
        ),
    });
}
