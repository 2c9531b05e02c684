//! Every example passes `-c`, and says nothing on the way.

use std::path::{Path, PathBuf};
use std::process::Command;

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// A folder with a certificate for `example.com`, which the TLS example names.
fn certificates() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("hxproxy-examples-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let key = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
    let mut name = X509NameBuilder::new().expect("a name");
    name.append_entry_by_text("CN", "example.com").expect("a name");
    let name = name.build();
    let mut certificate = X509::builder().expect("a certificate");
    certificate.set_version(2).expect("a version");
    certificate.set_subject_name(&name).expect("a subject");
    certificate.set_issuer_name(&name).expect("an issuer");
    certificate.set_pubkey(&key).expect("a key");
    certificate.set_not_before(&Asn1Time::days_from_now(0).expect("a day")).expect("a start");
    certificate.set_not_after(&Asn1Time::days_from_now(2).expect("a day")).expect("an end");
    certificate.sign(&key, MessageDigest::sha256()).expect("a signature");
    let mut pem = certificate.build().to_pem().expect("PEM");
    pem.extend(key.private_key_to_pem_pkcs8().expect("PEM"));
    std::fs::write(folder.join("example.com.pem"), pem).expect("a file");
    folder
}

/// Checks one file, with the maintenance switch as given.
fn check(file: &Path, certificates: &Path, maintenance: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_hxproxy"))
        .args(["-c", "-f"])
        .arg(file.file_name().expect("a name"))
        .current_dir(examples())
        .env("CERTS", certificates)
        .env("MAINTENANCE", maintenance)
        .output()
        .expect("hxproxy runs");
    let told = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)];
    assert_eq!(output.status.code(), Some(0), "{}: {told:?}", file.display());
    assert_eq!(told, ["Configuration file is valid\n", ""], "{}", file.display());
}

#[test]
fn all_examples_are_valid() {
    let certificates = certificates();
    let files = std::fs::read_dir(examples()).expect("the examples");
    let files: Vec<PathBuf> = files.map(|entry| entry.expect("a file").path()).collect();
    let files: Vec<&PathBuf> =
        files.iter().filter(|path| path.extension().is_some_and(|e| e == "cfg")).collect();
    assert!(files.len() >= 7, "{files:?}");
    for file in files {
        check(file, &certificates, "0");
        check(file, &certificates, "1");
    }
    std::fs::remove_dir_all(certificates).expect("a removed folder");
}
