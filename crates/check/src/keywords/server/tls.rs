//! The words of a `server` line about TLS.

use ir::config::Verify;

use super::{ServerDraft, ServerKeyword, nothing};
use crate::context::Context;
use crate::fail::Checked;
use crate::given::Given;
use crate::keywords::bind::tls as bind_tls;

/// A file of authorities or revocations.
fn authorities(c: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<Vec<u8>> {
    let (path, told) = crate::certs::authorities(c, given.value);
    for one in told {
        draft.told.push(c, one);
    }
    path.ok_or_else(|| {
        let path = crate::certs::below(c.ca_base.as_deref(), &given.value.text);
        given.fail(
            "no-file",
            format!("'{}' : unable to load {}", given.name(), String::from_utf8_lossy(&path)),
        )
    })
}

fn verify(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    draft.more.tls.verify = Some(match given.value.lossy().as_ref() {
        "none" => Verify::None,
        "required" => Verify::Required,
        other => {
            let text = format!(
                "'verify' : unknown verify method '{other}', only 'none' and 'required' are supported"
            );
            return Err(given.fail("bad-verify", text));
        }
    });
    Ok(())
}

const fn version_row(name: &'static str) -> ServerKeyword {
    ServerKeyword::flag(name, "Which TLS versions are spoken.", |_, draft, given| {
        let versions = bind_tls::version_flag(&given.name(), draft.more.tls.versions);
        draft.more.tls.versions = versions.unwrap_or(draft.more.tls.versions);
        Ok(())
    })
}

const CIPHERS: &str = "'{}' : missing cipher suite";
const VERSION: &str = "'{}' : missing the ssl/tls version";
const SIGALGS: &str = "'{}' : missing signature algorithm list";
const ALPN: &str = "'{}' : missing the comma-delimited ALPN protocol suite";

pub const ROWS: &[ServerKeyword] = &[
    ServerKeyword::flag("allow-0rtt", "Sends early data.", nothing).parsed(),
    ServerKeyword::value("alpn", "Protocols in order of preference.", ALPN, |_, draft, given| {
        draft.more.tls.alpn = Some(bind_tls::alpn(given.value, "alpn")?);
        Ok(())
    }),
    ServerKeyword::value(
        "ca-file",
        "Authorities of the server's certificate.",
        "'{}' : missing CAfile path",
        |c, draft, given| {
            draft.more.tls.ca_file = Some(authorities(c, draft, given)?);
            Ok(())
        },
    ),
    ServerKeyword::value("check-alpn", "The protocol of checks.", ALPN, |_, _, given| {
        bind_tls::alpn(given.value, "check-alpn").map(drop)
    })
    .parsed(),
    ServerKeyword::value("check-sni", "The name of checks.", "'{}' : missing SNI", nothing).parsed(),
    ServerKeyword::flag("check-sni-auto", "The name of checks is the host.", nothing).parsed(),
    ServerKeyword::flag("check-ssl", "Checks use TLS.", |_, draft, _| {
        draft.more.check_ssl = Some(true);
        Ok(())
    })
    .parsed(),
    ServerKeyword::value("ciphers", "Ciphers, TLS 1.2 and below.", CIPHERS, |_, draft, given| {
        draft.more.tls.ciphers = Some(given.value.text.clone());
        Ok(())
    }),
    ServerKeyword::value("ciphersuites", "Ciphers, TLS 1.3.", CIPHERS, |_, draft, given| {
        draft.more.tls.ciphersuites = Some(given.value.text.clone());
        Ok(())
    }),
    ServerKeyword::value(
        "client-sigalgs",
        "Signature algorithms of our certificate.",
        SIGALGS,
        |_, draft, given| {
            draft.more.tls.client_sigalgs = Some(given.value.text.clone());
            Ok(())
        },
    ),
    ServerKeyword::value(
        "crl-file",
        "Revoked certificates.",
        "'{}' : missing CRLfile path",
        |c, draft, given| {
            draft.more.tls.crl_file = Some(authorities(c, draft, given)?);
            Ok(())
        },
    ),
    ServerKeyword::value(
        "curves",
        "Groups for key exchange.",
        "'{}' : missing curves list",
        |_, draft, given| {
            draft.more.tls.curves = Some(given.value.text.clone());
            Ok(())
        },
    ),
    ServerKeyword::value(
        "crt",
        "Our certificate.",
        "'{}' : missing certificate file path",
        |_, draft, given| {
            draft.more.crt = Some(given.value.clone());
            Ok(())
        },
    ),
    version_row("force-sslv3"),
    version_row("force-tlsv10"),
    version_row("force-tlsv11"),
    version_row("force-tlsv12"),
    version_row("force-tlsv13"),
    ServerKeyword::value(
        "ktls",
        "Kernel TLS.",
        "'{}' expects \"on\" or \"off\" as an argument.",
        |c, _, given| bind_tls::ktls(c, given),
    )
    .parsed(),
    ServerKeyword::flag("no-check-sni-auto", "It is not.", nothing).parsed(),
    ServerKeyword::flag("no-check-ssl", "Checks use no TLS.", |_, draft, _| {
        draft.more.check_ssl = Some(false);
        draft.more.tls.ciphers = None;
        Ok(())
    })
    .parsed(),
    ServerKeyword::flag("no-renegotiate", "Refuses renegotiation.", |_, draft, _| {
        draft.more.tls.no_renegotiation = true;
        Ok(())
    }),
    ServerKeyword::flag("no-sni-auto", "No name is asked for but that of 'sni'.", |_, draft, _| {
        draft.more.no_sni_auto = true;
        Ok(())
    }),
    ServerKeyword::flag("no-ssl", "No TLS towards the server.", |_, draft, _| {
        if draft.more.ssl != Some(true) {
            draft.more.tls.ciphers = None;
        }
        draft.more.ssl = Some(false);
        Ok(())
    }),
    ServerKeyword::flag("no-ssl-reuse", "Does not resume sessions.", |_, draft, _| {
        draft.more.tls.no_ssl_reuse = true;
        Ok(())
    }),
    version_row("no-sslv3"),
    version_row("no-tlsv10"),
    version_row("no-tlsv11"),
    version_row("no-tlsv12"),
    version_row("no-tlsv13"),
    ServerKeyword::flag("no-tls-tickets", "Uses no session tickets.", |_, draft, _| {
        draft.more.tls.no_tls_tickets = true;
        Ok(())
    }),
    ServerKeyword::value(
        "npn",
        "The old negotiation of protocols.",
        "'{}' : missing the comma-delimited NPN protocol suite",
        |_, _, given| bind_tls::npn(given).map(drop),
    )
    .parsed(),
    ServerKeyword::flag("renegotiate", "Allows renegotiation.", |_, draft, _| {
        draft.more.tls.no_renegotiation = false;
        Ok(())
    }),
    ServerKeyword::value("sigalgs", "Signature algorithms.", SIGALGS, |_, draft, given| {
        draft.more.tls.sigalgs = Some(given.value.text.clone());
        Ok(())
    }),
    ServerKeyword::value("sni", "The name asked for.", "'{}' : missing sni expression", |_, draft, given| {
        draft.more.sni = Some(given.value.clone());
        Ok(())
    }),
    ServerKeyword::flag("sni-auto", "Without 'sni' the name asked for is the host.", |_, draft, _| {
        draft.more.no_sni_auto = false;
        Ok(())
    }),
    ServerKeyword::flag("ssl", "TLS towards the server.", |c, draft, _| {
        draft.more.ssl = Some(true);
        let defaults = &c.config.global.ssl_default_server;
        if draft.more.tls.ciphers.is_none() {
            draft.more.tls.ciphers.clone_from(&defaults.ciphers);
        }
        Ok(())
    }),
    ServerKeyword::value("ssl-min-ver", "The lowest version.", VERSION, |_, draft, given| {
        bind_tls::version_bound(&mut draft.more.tls.versions, given)
    }),
    ServerKeyword::value("ssl-max-ver", "The highest version.", VERSION, |_, draft, given| {
        bind_tls::version_bound(&mut draft.more.tls.versions, given)
    }),
    ServerKeyword::flag("ssl-reuse", "Resumes sessions.", |_, draft, _| {
        draft.more.tls.no_ssl_reuse = false;
        Ok(())
    }),
    ServerKeyword::flag("tls-tickets", "Uses session tickets.", |_, draft, _| {
        draft.more.tls.no_tls_tickets = false;
        Ok(())
    }),
    ServerKeyword::value(
        "verify",
        "Whether the server's certificate is verified.",
        "'{}' : missing verify method",
        verify,
    ),
    ServerKeyword::value(
        "verifyhost",
        "The name the certificate must have.",
        "'{}' : missing hostname to verify against",
        |_, draft, given| {
            draft.more.tls.verifyhost = Some(given.value.text.clone());
            Ok(())
        },
    ),
];
