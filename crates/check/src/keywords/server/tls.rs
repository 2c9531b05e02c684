//! The words of a `server` line about TLS.

use ir::config::Verify;
use syntax::Word;

use super::{ServerDraft, ServerKeyword};
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::keywords::bind::tls as bind_tls;

fn ca_file(c: &mut Context<'_>, draft: &mut ServerDraft, values: &[Word]) -> Checked<()> {
    draft.tls.ca_file = Some(bind_tls::ca_file(c, "ca-file", &values[0])?);
    Ok(())
}

fn certificate(c: &mut Context<'_>, draft: &mut ServerDraft, values: &[Word]) -> Checked<()> {
    let certs = crate::certs::load(c, &values[0])?;
    draft.tls.crt = certs.into_iter().next().map(|entry| entry.source);
    Ok(())
}

fn verify(_: &mut Context<'_>, draft: &mut ServerDraft, values: &[Word]) -> Checked<()> {
    draft.tls.verify = Some(match values[0].lossy().as_ref() {
        "none" => Verify::None,
        "required" => Verify::Required,
        other => {
            let text = format!(
                "'verify' : unknown verify method '{other}', only 'none' and 'required' are supported"
            );
            return Err(Fail::new("bad-verify", values[0].span, text));
        }
    });
    Ok(())
}

fn version_bound(draft: &mut ServerDraft, word: &Word, is_min: bool) -> Checked<()> {
    let version = bind_tls::version(&word.text).ok_or_else(|| {
        Fail::new("bad-version", word.span, format!("'{}' : unknown ssl/tls version", word.lossy()))
    })?;
    match is_min {
        true => draft.tls.versions.min = Some(version),
        false => draft.tls.versions.max = Some(version),
    }
    Ok(())
}

fn apply(draft: &mut ServerDraft, flag: &str) -> Checked<()> {
    draft.tls.versions = bind_tls::version_flag(flag, draft.tls.versions).unwrap_or(draft.tls.versions);
    Ok(())
}

const fn flag(
    name: &'static str,
    doc: &'static str,
    set: fn(&mut Context<'_>, &mut ServerDraft, &[Word]) -> Checked<()>,
) -> ServerKeyword {
    ServerKeyword::new(name, doc, 0, set)
}

const VERSION: &str = "Which TLS versions are spoken.";

pub const ROWS: &[ServerKeyword] = &[
    flag("ssl", "TLS towards the server.", |_, draft, _| {
        draft.ssl = true;
        Ok(())
    }),
    flag("no-ssl", "No TLS towards the server.", |_, draft, _| {
        draft.ssl = false;
        Ok(())
    }),
    ServerKeyword::new("verify", "Whether the server's certificate is verified.", 1, verify)
        .missing("'{}' : missing verify method"),
    ServerKeyword::new("verifyhost", "The name the certificate must have.", 1, |_, draft, values| {
        draft.tls.verifyhost = Some(values[0].text.clone());
        Ok(())
    })
    .missing("'{}' : missing hostname to verify against"),
    ServerKeyword::new("ca-file", "Authorities of the server's certificate.", 1, ca_file)
        .missing("'{}' : missing CAfile path"),
    ServerKeyword::new("crl-file", "Revoked certificates.", 1, |c, draft, values| {
        draft.tls.crl_file = Some(bind_tls::ca_file(c, "crl-file", &values[0])?);
        Ok(())
    })
    .missing("'{}' : missing CRLfile path"),
    ServerKeyword::new("crt", "Our certificate.", 1, certificate)
        .missing("'{}' : missing certificate file path"),
    ServerKeyword::new("sni", "The name asked for.", 1, |_, draft, values| {
        draft.sni = Some(values[0].clone());
        Ok(())
    })
    .missing("'{}' : missing sni expression"),
    ServerKeyword::new("alpn", "Protocols in order of preference.", 1, |_, draft, values| {
        draft.tls.alpn = Some(bind_tls::alpn(&values[0], "alpn")?);
        Ok(())
    })
    .missing("'{}' : missing the comma-delimited ALPN protocol suite"),
    ServerKeyword::new("ciphers", "Ciphers, TLS 1.2 and below.", 1, |_, draft, values| {
        draft.tls.ciphers = Some(values[0].text.clone());
        Ok(())
    })
    .missing("'{}' : missing cipher suite"),
    ServerKeyword::new("ciphersuites", "Ciphers, TLS 1.3.", 1, |_, draft, values| {
        draft.tls.ciphersuites = Some(values[0].text.clone());
        Ok(())
    })
    .missing("'{}' : missing cipher suite"),
    ServerKeyword::new("ssl-min-ver", "The lowest version.", 1, |_, draft, values| {
        version_bound(draft, &values[0], true)
    })
    .missing("'{}' : missing the ssl/tls version"),
    ServerKeyword::new("ssl-max-ver", "The highest version.", 1, |_, draft, values| {
        version_bound(draft, &values[0], false)
    })
    .missing("'{}' : missing the ssl/tls version"),
    flag("force-sslv3", VERSION, |_, draft, _| apply(draft, "force-sslv3")),
    flag("force-tlsv10", VERSION, |_, draft, _| apply(draft, "force-tlsv10")),
    flag("force-tlsv11", VERSION, |_, draft, _| apply(draft, "force-tlsv11")),
    flag("force-tlsv12", VERSION, |_, draft, _| apply(draft, "force-tlsv12")),
    flag("force-tlsv13", VERSION, |_, draft, _| apply(draft, "force-tlsv13")),
    flag("no-sslv3", VERSION, |_, draft, _| apply(draft, "no-sslv3")),
    flag("no-tlsv10", VERSION, |_, draft, _| apply(draft, "no-tlsv10")),
    flag("no-tlsv11", VERSION, |_, draft, _| apply(draft, "no-tlsv11")),
    flag("no-tlsv12", VERSION, |_, draft, _| apply(draft, "no-tlsv12")),
    flag("no-tlsv13", VERSION, |_, draft, _| apply(draft, "no-tlsv13")),
    flag("no-ssl-reuse", "Does not resume sessions.", |_, draft, _| {
        draft.tls.no_ssl_reuse = true;
        Ok(())
    }),
    flag("ssl-reuse", "Resumes sessions.", |_, draft, _| {
        draft.tls.no_ssl_reuse = false;
        Ok(())
    }),
    ServerKeyword::parsed("allow-0rtt", "Sends early data.", 0),
    ServerKeyword::parsed("client-sigalgs", "Signature algorithms of our certificate.", 1),
    ServerKeyword::parsed("curves", "Curves.", 1),
    ServerKeyword::parsed("ktls", "Kernel TLS.", 1),
    ServerKeyword::parsed("npn", "The old negotiation of protocols.", 1),
    ServerKeyword::parsed("renegotiate", "Allows renegotiation.", 0),
    ServerKeyword::parsed("no-renegotiate", "Refuses renegotiation.", 0),
    ServerKeyword::parsed("sigalgs", "Signature algorithms.", 1),
    ServerKeyword::parsed("sni-auto", "The name asked for is the host.", 0),
    ServerKeyword::parsed("no-sni-auto", "It is not.", 0),
    ServerKeyword::parsed("tls-tickets", "Uses session tickets.", 0),
    ServerKeyword::parsed("no-tls-tickets", "Uses no session tickets.", 0),
];
