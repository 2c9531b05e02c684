//! The words of a `bind` line about TLS. Those about certificates and peers are also those of a
//! crt-list's brackets.

use ir::Bytes;
use ir::config::{CertEntry, TlsVersion, TlsVersions, Verify};
use syntax::Word;

use super::{BindDraft, BindKeyword, nothing};
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::given::Given;

/// A version as `ssl-min-ver` names it.
pub fn version(text: &[u8]) -> Option<TlsVersion> {
    match text {
        b"SSLv3" => Some(TlsVersion::Sslv3),
        b"TLSv1.0" => Some(TlsVersion::Tls10),
        b"TLSv1.1" => Some(TlsVersion::Tls11),
        b"TLSv1.2" => Some(TlsVersion::Tls12),
        b"TLSv1.3" => Some(TlsVersion::Tls13),
        _ => None,
    }
}

/// The words about versions as `force-…` and `no-…` name them.
const VERSIONS: [(&str, TlsVersion); 5] = [
    ("sslv3", TlsVersion::Sslv3),
    ("tlsv10", TlsVersion::Tls10),
    ("tlsv11", TlsVersion::Tls11),
    ("tlsv12", TlsVersion::Tls12),
    ("tlsv13", TlsVersion::Tls13),
];

/// `force-tlsv12`, `no-sslv3` and their like over what was there.
pub fn version_flag(flag: &str, now: TlsVersions) -> Option<TlsVersions> {
    let (way, name) = flag.split_once('-')?;
    let (_, version) = VERSIONS.iter().find(|(known, _)| *known == name)?;
    match way {
        "force" => Some(TlsVersions { min: Some(*version), max: Some(*version), ..now }),
        "no" => Some(TlsVersions { off: now.off | version.bit(), ..now }),
        _ => None,
    }
}

/// `ssl-min-ver` and `ssl-max-ver`
pub fn version_bound(versions: &mut TlsVersions, given: &Given<'_>) -> Checked<()> {
    let version = version(&given.value.text).ok_or_else(|| {
        given.fail("bad-version", format!("'{}' : unknown ssl/tls version", given.value.lossy()))
    })?;
    match given.word.text.starts_with(b"ssl-min") {
        true => versions.min = Some(version),
        false => versions.max = Some(version),
    }
    Ok(())
}

/// Comma-separated protocol names.
pub fn alpn(word: &Word, keyword: &str) -> Checked<Vec<Bytes>> {
    protocols(word).map_err(|long| {
        let text = format!("'{keyword}' : ALPN protocol name too long : '{long}'");
        Fail::new("bad-alpn", word.span, text)
    })
}

/// The same, of the old negotiation.
pub fn npn(given: &Given<'_>) -> Checked<Vec<Bytes>> {
    protocols(given.value)
        .map_err(|long| given.fail("bad-alpn", format!("'npn' : NPN protocol name too long : '{long}'")))
}

/// The names of a list, or the one that is too long.
fn protocols(word: &Word) -> Result<Vec<Bytes>, String> {
    let names: Vec<Bytes> = word.text.split(|byte| *byte == b',').map(<[u8]>::to_vec).collect();
    match names.iter().find(|name| name.len() > 255) {
        Some(long) => Err(String::from_utf8_lossy(long).into_owned()),
        None => Ok(names.into_iter().filter(|name| !name.is_empty()).collect()),
    }
}

pub fn verify(word: &Word) -> Checked<Verify> {
    match word.lossy().as_ref() {
        "none" => Ok(Verify::None),
        "optional" => Ok(Verify::Optional),
        "required" => Ok(Verify::Required),
        other => {
            let text = format!(
                "'verify' : unknown verify method '{other}', only 'none', 'optional', and 'required' are supported"
            );
            Err(Fail::new("bad-verify", word.span, text))
        }
    }
}

/// `on` or `off`, in an experimental configuration.
pub fn ktls(c: &Context<'_>, given: &Given<'_>) -> Checked<()> {
    if !c.experimental() {
        let text = "'ktls' directive is experimental, must be allowed via a global \
                    'expose-experimental-directives'";
        return Err(given.fail("experimental", text));
    }
    let value = given.value.text.to_ascii_lowercase();
    match value.as_slice() {
        b"on" | b"off" => Ok(()),
        _ => {
            let text =
                format!("'ktls' expects \"on\" or \"off\" as an argument, got '{}'.", given.value.lossy());
            Err(given.fail("bad-argument", text))
        }
    }
}

/// A file of authorities or revocations, below `ca-base`, that can be read.
pub fn ca_file(c: &mut Context<'_>, keyword: &str, word: &Word) -> Checked<Bytes> {
    let (path, told) = crate::certs::authorities(c, word);
    for one in told {
        c.push(one.at(diag::Place::Nowhere));
    }
    path.ok_or_else(|| {
        let path = crate::certs::below(c.ca_base.as_deref(), &word.text);
        let text = format!("'{keyword}' : unable to load {}", String::from_utf8_lossy(&path));
        Fail::new("no-file", word.span, text)
    })
}

fn certificates(c: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    let certs = load(c, draft, given.value)?;
    add(draft, certs);
    Ok(())
}

/// Certificates, with a warning about what the library does not take of them.
fn load(c: &mut Context<'_>, draft: &mut BindDraft, word: &Word) -> Checked<Vec<CertEntry>> {
    let (certs, told) = crate::certs::load(c, word)?;
    if !told.is_empty() {
        draft.warnings.push(Fail::new("weak-certificate", word.span, told));
    }
    Ok(certs)
}

fn add(draft: &mut BindDraft, certs: Vec<CertEntry>) {
    draft.line.has_certificates |= !certs.is_empty();
    draft.tls.certs.extend(certs);
}

fn crt_list(c: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    let certs = crate::crtlist::load(c, draft, given.value)?;
    add(draft, certs);
    Ok(())
}

fn default_crt(c: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    let certs = load(c, draft, given.value)?;
    draft.line.has_certificates |= !certs.is_empty();
    draft.line.default_crt = true;
    draft.tls.certs.splice(0..0, certs);
    Ok(())
}

/// The greatest number of an error of verification.
const MAX_ERROR: i32 = 94;

fn ignored_errors(given: &Given<'_>) -> Checked<Vec<Bytes>> {
    let list = given.value.lossy();
    let names = || list.split(',').filter(|name| !name.is_empty());
    for name in names().filter(|_| list != "all") {
        let text = if name.starts_with(|first: char| first.is_ascii_digit()) {
            let code = crate::numbers::wrapped(name.as_bytes());
            if (1..=MAX_ERROR).contains(&code) {
                continue;
            }
            format!("ID '{code}' out of range (1..{MAX_ERROR}) in error IDs list '{list}'")
        } else if ir::verify_errors::is_known(name) {
            continue;
        } else {
            format!("error constant '{name}' unknown in error IDs list '{list}'")
        };
        return Err(given.fail("bad-argument", format!("'{}' : {text}", given.name())));
    }
    Ok(names().map(|name| name.as_bytes().to_vec()).collect())
}

/// A file of at least three keys in base64, all of 48 or all of 80 bytes.
fn ticket_keys(c: &Context<'_>, given: &Given<'_>) -> Checked<Vec<u8>> {
    const LEAST: usize = 3;
    let path = given.value.lossy();
    let fail = |text: String| given.fail("bad-certificate", format!("'{path}' : {text}"));
    let text = c.read_file(&given.value.text);
    let text = text.map_err(|_| fail("unable to load ssl tickets keys file".into()))?;
    let (mut first, mut count) = (0, 0);
    for (index, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let length = base64_length(line)
            .ok_or_else(|| fail(format!("unable to decode base64 key on line {}", index + 1)))?;
        if !matches!(length, 48 | 80) || (first != 0 && length != first) {
            return Err(fail(format!("wrong sized key on line {}", index + 1)));
        }
        first = length;
        count += 1;
    }
    match count < LEAST {
        true => Err(fail(format!("please supply at least {LEAST} keys in the tls-tickets-file"))),
        false => Ok(text),
    }
}

/// How many bytes a text in base64 stands for; at most 80 fit.
fn base64_length(text: &[u8]) -> Option<usize> {
    let pads = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let is_valid = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let length = (text.len() / 4 * 3).checked_sub(pads)?;
    (text.len().is_multiple_of(4)
        && pads <= 2
        && length <= 80
        && text[..text.len() - pads].iter().all(is_valid))
    .then_some(length)
}

/// A flag `force-…` or `no-…` about versions.
const fn version_row(name: &'static str) -> BindKeyword {
    BindKeyword::flag(name, "Which TLS versions are spoken.", |_, draft, given| {
        let versions = version_flag(&given.name(), draft.tls.versions);
        draft.tls.versions = versions.unwrap_or(draft.tls.versions);
        Ok(())
    })
}

const CERTIFICATE: &str = "'{}' : missing certificate location";
const AUTHORITY: &str = "'{}' : missing CAfile path";
const CIPHERS: &str = "'{}' : missing cipher suite";
const VERSION: &str = "'{}' : missing the ssl/tls version";
const ERRORS: &str = "'{}' : missing error IDs list";
const SIGALGS: &str = "'{}' : missing signature algorithm list";

pub const ROWS: &[BindKeyword] = &[
    BindKeyword::flag("allow-0rtt", "Takes early data.", |_, draft, _| {
        draft.tls.allow_0rtt = true;
        Ok(())
    })
    .in_crt_list()
    .parsed(),
    BindKeyword::value(
        "alpn",
        "Protocols in order of preference.",
        "'{}' : missing the comma-delimited ALPN protocol suite",
        |_, draft, given| {
            draft.tls.alpn = Some(alpn(given.value, "alpn")?);
            draft.line.alpn.clone_from(&draft.tls.alpn);
            Ok(())
        },
    )
    .in_crt_list(),
    BindKeyword::value("ca-file", "Authorities of clients' certificates.", AUTHORITY, |c, draft, given| {
        draft.tls.ca_file = Some(ca_file(c, "ca-file", given.value)?);
        Ok(())
    })
    .in_crt_list(),
    BindKeyword::value("ca-verify-file", "Authorities that are not sent.", AUTHORITY, |c, draft, given| {
        draft.tls.ca_verify_file = Some(ca_file(c, "ca-verify-file", given.value)?);
        Ok(())
    })
    .in_crt_list(),
    BindKeyword::value(
        "ca-ignore-err",
        "Errors of authorities that are ignored.",
        ERRORS,
        |_, draft, given| {
            draft.tls.ca_ignore_err = ignored_errors(given)?;
            Ok(())
        },
    ),
    BindKeyword::value(
        "ca-sign-file",
        "The authority that generates certificates.",
        AUTHORITY,
        |c, draft, given| {
            draft.line.signs = Some(crate::certs::below(c.ca_base.as_deref(), &given.value.text));
            Ok(())
        },
    ),
    // HAProxy does nothing with it.
    BindKeyword::value("ca-sign-pass", "Its passphrase.", "'{}' : missing CAkey password", nothing),
    BindKeyword::value("ciphers", "Ciphers, TLS 1.2 and below.", CIPHERS, |_, draft, given| {
        draft.tls.ciphers = Some(given.value.text.clone());
        Ok(())
    })
    .in_crt_list(),
    BindKeyword::value("ciphersuites", "Ciphers, TLS 1.3.", CIPHERS, |_, draft, given| {
        draft.tls.ciphersuites = Some(given.value.text.clone());
        Ok(())
    })
    .in_crt_list(),
    BindKeyword::value("client-sigalgs", "Signature algorithms of clients.", SIGALGS, |_, draft, given| {
        draft.tls.client_sigalgs = Some(given.value.text.clone());
        Ok(())
    })
    .in_crt_list(),
    BindKeyword::value(
        "crl-file",
        "Revoked certificates.",
        "'{}' : missing CRLfile path",
        |c, draft, given| {
            draft.tls.crl_file = Some(ca_file(c, "crl-file", given.value)?);
            Ok(())
        },
    )
    .in_crt_list(),
    BindKeyword::value("crt", "A certificate, or a directory of them.", CERTIFICATE, certificates),
    BindKeyword::value(
        "crt-ignore-err",
        "Errors of certificates that are ignored.",
        ERRORS,
        |_, draft, given| {
            draft.tls.crt_ignore_err = ignored_errors(given)?;
            Ok(())
        },
    ),
    BindKeyword::value("crt-list", "A list of certificates.", CERTIFICATE, crt_list),
    BindKeyword::value("curves", "Curves.", "'{}' : missing curve suite", |_, draft, given| {
        draft.tls.curves = Some(given.value.text.clone());
        Ok(())
    })
    .in_crt_list(),
    BindKeyword::value("default-crt", "The certificate when no name matches.", CERTIFICATE, default_crt),
    BindKeyword::value("ecdhe", "The curve.", "'{}' : missing named curve", |_, draft, given| {
        draft.tls.ecdhe = Some(given.value.text.clone());
        Ok(())
    })
    .in_crt_list(),
    version_row("force-sslv3"),
    version_row("force-tlsv10"),
    version_row("force-tlsv11"),
    version_row("force-tlsv12"),
    version_row("force-tlsv13"),
    BindKeyword::flag("generate-certificates", "Generates certificates.", |_, draft, _| {
        draft.line.generates = true;
        Ok(())
    }),
    BindKeyword::value(
        "ktls",
        "Kernel TLS.",
        "'{}' expects \"on\" or \"off\" as an argument.",
        |c, _, given| ktls(c, given),
    )
    .parsed()
    .in_crt_list(),
    BindKeyword::flag("no-alpn", "No negotiation of the protocol.", |_, draft, _| {
        draft.tls.alpn = Some(Vec::new());
        Ok(())
    })
    .in_crt_list(),
    BindKeyword::flag("no-ca-names", "Does not send names of authorities.", |_, draft, _| {
        draft.tls.no_ca_names = true;
        Ok(())
    })
    .in_crt_list(),
    version_row("no-sslv3"),
    BindKeyword::flag("no-strict-sni", "Takes the default certificate for unknown names.", |_, draft, _| {
        draft.tls.strict_sni = false;
        Ok(())
    }),
    version_row("no-tlsv10"),
    version_row("no-tlsv11"),
    version_row("no-tlsv12"),
    version_row("no-tlsv13"),
    BindKeyword::flag("no-tls-tickets", "No session tickets.", |_, draft, _| {
        draft.tls.no_tls_tickets = true;
        Ok(())
    }),
    BindKeyword::value("sigalgs", "Signature algorithms.", SIGALGS, |_, draft, given| {
        draft.tls.sigalgs = Some(given.value.text.clone());
        Ok(())
    })
    .in_crt_list(),
    BindKeyword::flag("ssl", "TLS on this socket.", |_, draft, _| {
        draft.ssl = true;
        Ok(())
    }),
    BindKeyword::value("ssl-min-ver", "The lowest version.", VERSION, |_, draft, given| {
        version_bound(&mut draft.tls.versions, given)
    })
    .in_crt_list(),
    BindKeyword::value("ssl-max-ver", "The highest version.", VERSION, |_, draft, given| {
        version_bound(&mut draft.tls.versions, given)
    })
    .in_crt_list(),
    BindKeyword::flag("strict-sni", "Refuses names without a certificate.", |_, draft, _| {
        draft.tls.strict_sni = true;
        Ok(())
    }),
    BindKeyword::flag("tls-tickets", "Session tickets.", |_, draft, _| {
        draft.tls.no_tls_tickets = false;
        Ok(())
    }),
    BindKeyword::value(
        "tls-ticket-keys",
        "Keys of session tickets.",
        "'{}' : missing TLS ticket keys file path",
        |c, draft, given| {
            draft.tls.ticket_keys = Some(ticket_keys(c, given)?);
            Ok(())
        },
    ),
    BindKeyword::value(
        "verify",
        "Whether clients show a certificate.",
        "'{}' : missing verify method",
        |_, draft, given| {
            draft.tls.verify = verify(given.value)?;
            Ok(())
        },
    )
    .in_crt_list(),
    BindKeyword::value(
        "npn",
        "The old negotiation of protocols.",
        "'{}' : missing the comma-delimited NPN protocol suite",
        |_, _, given| npn(given).map(drop),
    )
    .parsed()
    .in_crt_list(),
    BindKeyword::flag("prefer-client-ciphers", "The client's order of ciphers counts.", |_, draft, _| {
        draft.tls.prefer_client_ciphers = true;
        Ok(())
    }),
];
