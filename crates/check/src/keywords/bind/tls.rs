//! The words of a `bind` line about TLS. Those about certificates and peers are also those of a
//! crt-list's brackets.

use ir::Bytes;
use ir::config::{TlsBind, TlsVersion, TlsVersions, Verify};
use syntax::Word;

use super::{BindDraft, BindKeyword};
use crate::context::Context;
use crate::fail::{Checked, Fail};

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

const VERSIONS: [(&str, TlsVersion, TlsVersion, TlsVersion); 5] = [
    ("sslv3", TlsVersion::Sslv3, TlsVersion::Tls10, TlsVersion::Sslv3),
    ("tlsv10", TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Sslv3),
    ("tlsv11", TlsVersion::Tls11, TlsVersion::Tls12, TlsVersion::Tls10),
    ("tlsv12", TlsVersion::Tls12, TlsVersion::Tls13, TlsVersion::Tls11),
    ("tlsv13", TlsVersion::Tls13, TlsVersion::Tls13, TlsVersion::Tls12),
];

/// `force-tlsv12`, `no-sslv3` and their like over what was there. Leaving a version out of the
/// middle is not possible: a range is kept, as the manual advises.
pub fn version_flag(flag: &str, now: TlsVersions) -> Option<TlsVersions> {
    let (way, name) = flag.split_once('-')?;
    let (_, own, next, before) = VERSIONS.iter().find(|(known, ..)| *known == name)?;
    match way {
        "force" => Some(TlsVersions { min: Some(*own), max: Some(*own) }),
        "no" if now.min.is_none_or(|min| min <= *own)
            && *own != TlsVersion::Tls13
            && now.max != Some(*own) =>
        {
            Some(TlsVersions { min: Some(*next), ..now })
        }
        "no" => Some(TlsVersions { max: Some(*before), ..now }),
        _ => None,
    }
}

fn set_version(tls: &mut TlsBind, word: &Word, is_min: bool) -> Checked<()> {
    let version = version(&word.text).ok_or_else(|| {
        Fail::new("bad-version", word.span, format!("'{}' : unknown ssl/tls version", word.lossy()))
    })?;
    match is_min {
        true => tls.versions.min = Some(version),
        false => tls.versions.max = Some(version),
    }
    Ok(())
}

/// Comma-separated protocol names.
pub fn alpn(word: &Word, keyword: &str) -> Checked<Vec<Bytes>> {
    let names: Vec<Bytes> =
        word.text.split(|byte| *byte == b',').filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect();
    if names.iter().any(|name| name.len() > 255) {
        let text = format!("'{keyword}' : ALPN protocol name too long : '{}'", word.lossy());
        return Err(Fail::new("bad-alpn", word.span, text));
    }
    Ok(names)
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

/// A file of authorities or revocations, below `ca-base`, that can be read.
pub fn ca_file(c: &Context<'_>, keyword: &str, word: &Word) -> Checked<Bytes> {
    let path = crate::certs::below(c.ca_base.as_deref(), &word.text);
    if path != b"@system-ca" && c.path_kind(&path).is_err() {
        let text = format!("'{keyword}' : unable to load {}", String::from_utf8_lossy(&path));
        return Err(Fail::new("no-file", word.span, text));
    }
    Ok(c.path(&path))
}

fn certificates(c: &mut Context<'_>, draft: &mut BindDraft, values: &[Word]) -> Checked<()> {
    let certs = crate::certs::load(c, &values[0])?;
    draft.tls.certs.extend(certs);
    Ok(())
}

fn crt_list(c: &mut Context<'_>, draft: &mut BindDraft, values: &[Word]) -> Checked<()> {
    let certs = crate::crtlist::load(c, &values[0])?;
    draft.tls.certs.extend(certs);
    Ok(())
}

fn default_crt(c: &mut Context<'_>, draft: &mut BindDraft, values: &[Word]) -> Checked<()> {
    let certs = crate::certs::load(c, &values[0])?;
    draft.tls.certs.splice(0..0, certs);
    Ok(())
}

fn ignored_errors(word: &Word) -> Vec<Bytes> {
    word.text.split(|byte| *byte == b',').map(<[u8]>::to_vec).collect()
}

/// A flag `force-…` or `no-…` about versions.
const fn version_row(
    name: &'static str,
    set: fn(&mut Context<'_>, &mut BindDraft, &[Word]) -> Checked<()>,
) -> BindKeyword {
    BindKeyword::new(name, "Which TLS versions are spoken.", 0, set)
}

fn apply(draft: &mut BindDraft, flag: &str) -> Checked<()> {
    draft.tls.versions = version_flag(flag, draft.tls.versions).unwrap_or(draft.tls.versions);
    Ok(())
}

pub const ROWS: &[BindKeyword] = &[
    BindKeyword::new("ssl", "TLS on this socket.", 0, |_, draft, _| {
        draft.ssl = true;
        Ok(())
    }),
    BindKeyword::new("crt", "A certificate, or a directory of them.", 1, certificates)
        .missing("missing certificate location"),
    BindKeyword::new("crt-list", "A list of certificates.", 1, crt_list)
        .missing("missing certificate location"),
    BindKeyword::new("default-crt", "The certificate when no name matches.", 1, default_crt)
        .missing("missing certificate location"),
    BindKeyword::new("alpn", "Protocols in order of preference.", 1, |_, draft, values| {
        draft.tls.alpn = Some(alpn(&values[0], "alpn")?);
        Ok(())
    })
    .in_crt_list()
    .missing("missing the comma-delimited ALPN protocol suite"),
    BindKeyword::new("no-alpn", "No negotiation of the protocol.", 0, |_, draft, _| {
        draft.tls.alpn = Some(Vec::new());
        Ok(())
    })
    .in_crt_list(),
    BindKeyword::new("ca-file", "Authorities of clients' certificates.", 1, |c, draft, values| {
        draft.tls.ca_file = Some(ca_file(c, "ca-file", &values[0])?);
        Ok(())
    })
    .in_crt_list()
    .missing("missing CAfile path"),
    BindKeyword::new("crl-file", "Revoked certificates.", 1, |c, draft, values| {
        draft.tls.crl_file = Some(ca_file(c, "crl-file", &values[0])?);
        Ok(())
    })
    .in_crt_list()
    .missing("missing CRLfile path"),
    BindKeyword::new("verify", "Whether clients show a certificate.", 1, |_, draft, values| {
        draft.tls.verify = verify(&values[0])?;
        Ok(())
    })
    .in_crt_list()
    .missing("missing verify method"),
    BindKeyword::new("ciphers", "Ciphers, TLS 1.2 and below.", 1, |_, draft, values| {
        draft.tls.ciphers = Some(values[0].text.clone());
        Ok(())
    })
    .in_crt_list()
    .missing("missing cipher suite"),
    BindKeyword::new("ciphersuites", "Ciphers, TLS 1.3.", 1, |_, draft, values| {
        draft.tls.ciphersuites = Some(values[0].text.clone());
        Ok(())
    })
    .in_crt_list()
    .missing("missing cipher suite"),
    BindKeyword::new("curves", "Curves.", 1, |_, draft, values| {
        draft.tls.curves = Some(values[0].text.clone());
        Ok(())
    })
    .in_crt_list()
    .missing("missing curve suite"),
    BindKeyword::new("ecdhe", "The curve.", 1, |_, draft, values| {
        draft.tls.curves = Some(values[0].text.clone());
        Ok(())
    })
    .in_crt_list()
    .missing("missing named curve"),
    BindKeyword::new("sigalgs", "Signature algorithms.", 1, |_, draft, values| {
        draft.tls.sigalgs = Some(values[0].text.clone());
        Ok(())
    })
    .in_crt_list()
    .missing("missing signature algorithm list"),
    BindKeyword::new("ssl-min-ver", "The lowest version.", 1, |_, draft, values| {
        set_version(&mut draft.tls, &values[0], true)
    })
    .in_crt_list()
    .missing("missing the ssl/tls version"),
    BindKeyword::new("ssl-max-ver", "The highest version.", 1, |_, draft, values| {
        set_version(&mut draft.tls, &values[0], false)
    })
    .in_crt_list()
    .missing("missing the ssl/tls version"),
    version_row("force-sslv3", |_, draft, _| apply(draft, "force-sslv3")),
    version_row("force-tlsv10", |_, draft, _| apply(draft, "force-tlsv10")),
    version_row("force-tlsv11", |_, draft, _| apply(draft, "force-tlsv11")),
    version_row("force-tlsv12", |_, draft, _| apply(draft, "force-tlsv12")),
    version_row("force-tlsv13", |_, draft, _| apply(draft, "force-tlsv13")),
    version_row("no-sslv3", |_, draft, _| apply(draft, "no-sslv3")),
    version_row("no-tlsv10", |_, draft, _| apply(draft, "no-tlsv10")),
    version_row("no-tlsv11", |_, draft, _| apply(draft, "no-tlsv11")),
    version_row("no-tlsv12", |_, draft, _| apply(draft, "no-tlsv12")),
    version_row("no-tlsv13", |_, draft, _| apply(draft, "no-tlsv13")),
    BindKeyword::new("strict-sni", "Refuses names without a certificate.", 0, |_, draft, _| {
        draft.tls.strict_sni = true;
        Ok(())
    }),
    BindKeyword::new(
        "no-strict-sni",
        "Takes the default certificate for unknown names.",
        0,
        |_, draft, _| {
            draft.tls.strict_sni = false;
            Ok(())
        },
    ),
    BindKeyword::new("no-tls-tickets", "No session tickets.", 0, |_, draft, _| {
        draft.tls.no_tls_tickets = true;
        Ok(())
    }),
    BindKeyword::new("tls-tickets", "Session tickets.", 0, |_, draft, _| {
        draft.tls.no_tls_tickets = false;
        Ok(())
    }),
    BindKeyword::new("prefer-client-ciphers", "The client's order of ciphers counts.", 0, |_, draft, _| {
        draft.tls.prefer_client_ciphers = true;
        Ok(())
    }),
    BindKeyword::new("allow-0rtt", "Takes early data.", 0, |_, draft, _| {
        draft.tls.allow_0rtt = true;
        Ok(())
    })
    .in_crt_list(),
    BindKeyword::new("ca-ignore-err", "Errors of authorities that are ignored.", 1, |_, draft, values| {
        draft.tls.ca_ignore_err = ignored_errors(&values[0]);
        Ok(())
    })
    .missing("missing error IDs list"),
    BindKeyword::new("crt-ignore-err", "Errors of certificates that are ignored.", 1, |_, draft, values| {
        draft.tls.crt_ignore_err = ignored_errors(&values[0]);
        Ok(())
    })
    .missing("missing error IDs list"),
    BindKeyword::parsed("ca-sign-file", "The authority that generates certificates.", 1),
    BindKeyword::parsed("ca-sign-pass", "Its passphrase.", 1),
    BindKeyword::parsed("ca-verify-file", "Authorities that are not sent.", 1).in_crt_list(),
    BindKeyword::parsed("client-sigalgs", "Signature algorithms of clients.", 1).in_crt_list(),
    BindKeyword::parsed("generate-certificates", "Generates certificates.", 0),
    BindKeyword::parsed("ktls", "Kernel TLS.", 1).in_crt_list(),
    BindKeyword::parsed("no-ca-names", "Does not send names of authorities.", 0).in_crt_list(),
    BindKeyword::parsed("npn", "The old negotiation of protocols.", 1).in_crt_list(),
    BindKeyword::parsed("tls-ticket-keys", "Keys of session tickets.", 1),
];
