//! PEM files with a key, a certificate and its chain.

/// Loads a PEM as `-c` does: the first certificate is the leaf and must match the key; more
/// certificates are its chain; their place beside the key does not matter.
///
/// # Errors
/// HAProxy's message, without the place: `No Private Key found in '….key'.`
pub fn check_pem(path: &str, pem: &[u8]) -> Result<(), String> {
    let _ = (path, pem);
    todo!()
}

/// The names of the leaf certificate, in lower case: subjectAltName's DNS names, then the CN.
///
/// # Errors
/// As [`check_pem`].
pub fn certificate_names(path: &str, pem: &[u8]) -> Result<Vec<String>, String> {
    let _ = (path, pem);
    todo!()
}
