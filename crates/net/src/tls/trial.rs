//! Whether the library takes certificates and parameters into a context, tried while the configuration
//! is checked.

use openssl::dh::Dh;
use openssl::error::ErrorStack;
use openssl::pkey::Params;
use openssl::ssl::{SslContext, SslContextBuilder, SslMethod};
use openssl::x509::{X509, X509VerifyResult};

use super::error::first_reason;

/// Why a certificate cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// As messages name what is refused: `SSL certificate`.
    pub what: &'static str,
    /// The library's reason, as `ee key too small`.
    pub reason: String,
}

/// Puts the certificates of a PEM into a context of that security level (0 to 5).
///
/// # Errors
/// The first certificate that the library refuses.
pub fn try_certificate(pem: &[u8], level: u32) -> Result<(), Refusal> {
    let refusal = |what, error: &ErrorStack| {
        let reason = first_reason(error).unwrap_or("unknown error").to_owned();
        Refusal { what, reason }
    };
    // Whether it is one at all has been checked.
    let Ok(certificates) = X509::stack_from_pem(pem) else { return Ok(()) };
    for (index, certificate) in certificates.iter().enumerate() {
        let what = if index == 0 { "SSL certificate" } else { "chain certificate" };
        let tried = context(level).and_then(|mut context| context.set_certificate(certificate));
        tried.map_err(|error| {
            let told = refusal(what, &error);
            // The library was told that it is a leaf.
            let reason = if index == 0 { told.reason } else { told.reason.replace("ee key", "ca key") };
            Refusal { reason, ..told }
        })?;
    }
    Ok(())
}

/// Whether the Diffie-Hellman parameters in a PEM are strong enough for that security level; `None`
/// where there are none.
pub fn dh_is_strong(pem: &[u8], level: u32) -> Option<bool> {
    // The library would take those of X9.42 too.
    let header = b"-----BEGIN DH PARAMETERS-----";
    let is_there = pem.windows(header.len()).any(|part| part == header);
    let parameters: Dh<Params> = Dh::params_from_pem(pem).ok().filter(|_| is_there)?;
    Some(context(level).and_then(|mut context| context.set_tmp_dh(&parameters)).is_ok())
}

/// Whether the first certificate of a PEM was issued by another of them, or by the first of `issuer`.
pub fn has_issuer(pem: &[u8], issuer: Option<&[u8]>) -> bool {
    let Ok(certificates) = X509::stack_from_pem(pem) else { return false };
    let Some((leaf, chain)) = certificates.split_first() else { return false };
    let is_issuer = |above: &X509| above.issued(leaf) == X509VerifyResult::OK;
    issuer.is_some_and(|pem| X509::from_pem(pem).is_ok()) || chain.iter().any(is_issuer)
}

/// Whether the first certificate of a PEM names a place to ask for its state (OCSP).
pub fn names_responder(pem: &[u8]) -> bool {
    let leaf = X509::from_pem(pem);
    leaf.is_ok_and(|leaf| leaf.ocsp_responders().is_ok_and(|places| !places.is_empty()))
}

fn context(level: u32) -> Result<SslContextBuilder, ErrorStack> {
    let mut context = SslContext::builder(SslMethod::tls_server())?;
    context.set_security_level(level);
    Ok(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bits: i64, level: u32, expected: Result<(), &str>) {
        let pem = super::super::make::certificate_of(bits);
        let got = try_certificate(&pem, level);
        let expected = expected.map_err(|reason| Refusal { what: "SSL certificate", reason: reason.into() });
        assert_eq!(got, expected, "{bits} {level}");
    }

    #[test]
    fn levels() {
        check(2048, 2, Ok(()));
        check(2048, 3, Err("ee key too small"));
        check(1024, 1, Ok(()));
        check(1024, 2, Err("ee key too small"));
    }

    #[test]
    fn issuers() {
        let pem = super::super::temporary_certificate().unwrap();
        assert!(!has_issuer(&pem, None));
        assert!(has_issuer(&[pem.as_slice(), &pem].concat(), None));
        assert!(has_issuer(&pem, Some(&pem)));
        assert!(!has_issuer(b"", Some(&pem)));
        assert!(!names_responder(&pem));
        assert_eq!(dh_is_strong(&pem, 2), None);
    }
}
