//! Keys and certificates that the program makes itself: the account keys of ACME, and what stands
//! in for a certificate until there is a real one.

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509Name};

use super::error::first_reason;

/// HAProxy's stand-in is valid for a day.
const DAYS: u32 = 1;

/// A private key in PEM: RSA with so many bits, or one of a curve; P-384 where it is not said.
///
/// # Errors
/// The library's reason.
pub fn private_key(rsa_bits: Option<i64>, curve: Option<&str>) -> Result<Vec<u8>, String> {
    let made = key(rsa_bits, curve).and_then(|key| key.private_key_to_pem_pkcs8());
    made.map_err(|error| reason(&error))
}

/// A certificate signed with its own key, joined with the key in PEM.
///
/// # Errors
/// The library's reason.
pub fn temporary_certificate() -> Result<Vec<u8>, String> {
    key(None, None).and_then(signed).map_err(|error| reason(&error))
}

/// The same with an RSA key of so many bits.
#[cfg(test)]
pub fn certificate_of(bits: i64) -> Vec<u8> {
    key(Some(bits), None).and_then(signed).unwrap()
}

fn reason(error: &ErrorStack) -> String {
    first_reason(error).unwrap_or("unknown error").to_owned()
}

fn key(rsa_bits: Option<i64>, curve: Option<&str>) -> Result<PKey<Private>, ErrorStack> {
    if let Some(bits) = rsa_bits {
        return PKey::from_rsa(Rsa::generate(u32::try_from(bits).unwrap_or(0))?);
    }
    let curve = match curve {
        Some("P-256" | "prime256v1" | "secp256r1") => Nid::X9_62_PRIME256V1,
        Some("P-521" | "secp521r1") => Nid::SECP521R1,
        _ => Nid::SECP384R1,
    };
    PKey::from_ec_key(EcKey::generate(&*EcGroup::from_curve_name(curve)?)?)
}

fn signed(key: PKey<Private>) -> Result<Vec<u8>, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_nid(Nid::COMMONNAME, "expired")?;
    let name = name.build();
    let mut made = X509::builder()?;
    made.set_version(2)?;
    made.set_serial_number(&*BigNum::from_u32(1)?.to_asn1_integer()?)?;
    made.set_subject_name(&name)?;
    made.set_issuer_name(&name)?;
    made.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    made.set_not_after(&*Asn1Time::days_from_now(DAYS)?)?;
    made.set_pubkey(&key)?;
    made.sign(&key, MessageDigest::sha256())?;
    let mut pem = made.build().to_pem()?;
    pem.extend(key.private_key_to_pem_pkcs8()?);
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_certificates_go_with_their_keys() {
        super::super::check_pem("made", &temporary_certificate().unwrap()).unwrap();
    }

    #[test]
    fn keys() {
        for (bits, curve) in [(Some(2048), None), (None, None), (None, Some("P-256"))] {
            let pem = private_key(bits, curve).unwrap();
            assert!(PKey::private_key_from_pem(&pem).is_ok(), "{bits:?} {curve:?}");
        }
    }
}
