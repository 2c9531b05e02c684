//! `bind` lines: what their protocol and TLS need.

use diag::{Diagnostic, FileId, Span};
use ir::config::{Bind, CertEntry, CertSource, Mode, TlsBind, TlsVersion, TlsVersions, Verify};

use super::servers::is_usable;
use super::versions::{self, Versions};
use crate::certs;
use crate::context::Context;
use crate::draft::Draft;
use crate::keywords::bind::BindLine;
use crate::loader::TlsList;

fn span(bind: &Bind) -> Span {
    Span { file: FileId(bind.place.file), line: bind.place.line, col: 0, len: 0 }
}

/// The multiplexers of the sockets, and what they negotiate.
pub fn check_protocols(c: &mut Context<'_>, draft: &Draft) {
    let mode = draft.proxy.mode;
    for (line, bind) in lines(draft) {
        let at = span(bind);
        if let Some(proto) = bind.proto.as_ref().filter(|proto| !is_usable(proto, mode, false)) {
            let text = format!(
                "{} : MUX protocol '{}' is not usable for 'bind {}' at [{}].",
                draft.title(),
                String::from_utf8_lossy(proto),
                line.shown(),
                c.at(at)
            );
            c.push(Diagnostic::post_error("bad-proto", text).pointing(at));
        }
        let wants_h3 = line.alpn.iter().flatten().any(|name| name == b"h3");
        if mode == Mode::Http && bind.proto.is_none() && wants_h3 && !c.experimental() {
            let text = format!(
                "HTTP/3 on TCP listed via ALPN on frontend '{}' at [{}] relies on the experimental QMux \
                 protocol, must be allowed via a global 'expose-experimental-directives'.",
                draft.name(),
                c.at(at)
            );
            c.push(Diagnostic::post_error("experimental", text).pointing(at));
        }
    }
}

/// Each line with its first socket.
fn lines(draft: &Draft) -> impl Iterator<Item = (&BindLine, &Bind)> {
    draft.bind_lines.iter().filter_map(|line| Some((line, draft.proxy.binds.get(line.first)?)))
}

/// TLS, which HAProxy prepares after all proxies.
pub fn check_tls(c: &mut Context<'_>, draft: &mut Draft) {
    for index in 0..draft.bind_lines.len() {
        let line = draft.bind_lines[index].clone();
        let Some(bind) = draft.proxy.binds.get(line.first) else { continue };
        let Some(tls) = &bind.tls else { continue };
        let place = span(bind);
        let what = What {
            proxy: draft.name(),
            bind: format!("bind '{}' at [{}]", line.shown(), c.at(place)),
            place,
        };
        let mut tls = tls.clone();
        if certificates(c, &what, &mut tls, &line, draft.has_certificates) {
            check_versions(c, &what, &mut tls);
            settings(c, &what, &tls);
        }
        let end = draft.bind_lines.get(index + 1).map_or(draft.proxy.binds.len(), |next| next.first);
        for bind in &mut draft.proxy.binds[line.first..end] {
            if let Some(own) = &mut bind.tls {
                own.versions = tls.versions;
                own.signer.clone_from(&tls.signer);
            }
        }
    }
}

/// What messages name.
struct What {
    proxy: String,
    bind: String,
    place: Span,
}

impl What {
    fn warn(&self, c: &mut Context<'_>, code: &'static str, text: String) {
        let text = format!("Proxy '{}': {text}", self.proxy);
        c.push(Diagnostic::post_warning(code, text).pointing(self.place));
    }

    fn alert(&self, c: &mut Context<'_>, code: &'static str, text: String) {
        let text = format!("Proxy '{}': {text}", self.proxy);
        c.push(Diagnostic::post_error(code, text).pointing(self.place));
    }
}

/// Whether there are certificates enough to look at the rest.
fn certificates(
    c: &mut Context<'_>,
    what: &What,
    tls: &mut TlsBind,
    line: &BindLine,
    elsewhere: bool,
) -> bool {
    let bind = &what.bind;
    if tls.certs.is_empty() && !elsewhere {
        if !tls.strict_sni || line.generates {
            what.alert(c, "no-certificate", format!("no SSL certificate specified for {bind} (use 'crt')."));
            return false;
        }
        let text = format!("no SSL certificate specified for {bind}, ssl connections will fail (use 'crt').");
        what.warn(c, "no-certificate", text);
    }
    if line.generates {
        tls.signer = authority(c, what, line);
    }
    if tls.strict_sni && line.default_crt {
        let text = format!(
            "both 'default-crt' and 'strict-sni' keywords are used in {bind}, certificates won't be used as \
             fallback (use 'crt' instead)."
        );
        what.warn(c, "unused-option", text);
    }
    true
}

/// The certificate that signs those that are generated.
fn authority(c: &mut Context<'_>, what: &What, line: &BindLine) -> Option<CertSource> {
    let at = c.at(what.place);
    let Some(file) = &line.signs else {
        let text =
            format!("cannot enable certificate generation, no CA certificate File configured at [{at}].");
        what.alert(c, "no-certificate", text);
        return None;
    };
    let mut told = String::new();
    if certs::whole(c, file, &mut told).is_none() {
        let file = String::from_utf8_lossy(file);
        let text =
            format!("Failed to read CA certificate file '{file}' at [{at}]. Chain loading failed: {told}");
        what.alert(c, "bad-certificate", text);
    }
    c.certificates.get(file).cloned()
}

fn check_versions(c: &mut Context<'_>, what: &What, tls: &mut TlsBind) {
    let bind = &what.bind;
    for problem in versions::settle(&mut tls.versions, Some(TlsVersion::Tls12)) {
        let fix = "Use only 'ssl-min-ver' and 'ssl-max-ver' to fix.";
        match problem {
            Versions::Ignored => {
                what.warn(c, "bad-version", format!("no-sslv3/no-tlsv1x are ignored for {bind}. {fix}"));
            }
            Versions::Ambiguous(lowest, max) => {
                let (lowest, max) = (lowest.name(), max.name());
                let text = format!(
                    "Ambiguous configuration for {bind}: the ssl-min-ver value is not configured and the \
                     ssl-max-ver value is lower than the default ssl-min-ver value ({lowest}). Setting the \
                     ssl-min-ver to {max}. Use 'ssl-min-ver' to fix this."
                );
                what.warn(c, "bad-version", text);
            }
            Versions::Hole(version) => {
                let text = format!(
                    "SSL/TLS versions range not contiguous for {bind}. Hole find for {}. {fix}",
                    version.name()
                );
                what.warn(c, "bad-version", text);
            }
            Versions::None => {
                what.alert(c, "bad-version", format!("all SSL/TLS versions are disabled for {bind}."));
            }
        }
    }
}

/// Authorities, and lists of names that the TLS library must understand: one alert for all.
fn settings(c: &mut Context<'_>, what: &What, tls: &TlsBind) {
    let mut known = Vec::new();
    let mut told = told_of(c, what, &of_line(tls), &mut known);
    // HAProxy says it again for each certificate.
    let answers = |index: usize, entry: &CertEntry| index == 0 || entry.answers();
    for (_, entry) in tls.certs.iter().enumerate().filter(|(index, entry)| answers(*index, entry)) {
        told.extend(told_of(c, what, &of_entry(tls, entry), &mut known));
    }
    let Some((code, _)) = told.first() else { return };
    let all: Vec<String> = told.iter().map(|(_, text)| format!("Proxy '{}': {text}", what.proxy)).collect();
    c.push(Diagnostic::post_error(code, all.join("\n")).pointing(what.place));
}

/// What a context is made of.
struct Made<'a> {
    versions: TlsVersions,
    is_verified: bool,
    has_authorities: bool,
    /// The lists, with what messages call them.
    lists: [(TlsList, Option<&'a Vec<u8>>, &'static str); 6],
}

fn of_line(tls: &TlsBind) -> Made<'_> {
    Made {
        versions: tls.versions,
        is_verified: tls.verify != Verify::None,
        has_authorities: tls.ca_file.is_some() || tls.ca_verify_file.is_some(),
        lists: [
            (TlsList::Ciphers, tls.ciphers.as_ref(), "SSL cipher list"),
            (TlsList::Ciphersuites, tls.ciphersuites.as_ref(), "TLS 1.3 cipher suites"),
            (TlsList::Curves, tls.curves.as_ref(), "SSL curves list"),
            (TlsList::Curves, tls.ecdhe.as_ref().filter(|_| tls.curves.is_none()), "elliptic named curve"),
            (TlsList::Sigalgs, tls.sigalgs.as_ref(), "SSL Signature Algorithm list"),
            (TlsList::Sigalgs, tls.client_sigalgs.as_ref(), "SSL Signature Algorithm list"),
        ],
    }
}

/// The same, with what the certificate's line of a crt-list says.
fn of_entry<'a>(tls: &'a TlsBind, entry: &'a CertEntry) -> Made<'a> {
    let mut made = of_line(tls);
    let ecdhe = entry.ecdhe.as_ref().filter(|_| entry.curves.is_none());
    let own = [
        entry.ciphers.as_ref(),
        entry.ciphersuites.as_ref(),
        entry.curves.as_ref(),
        ecdhe,
        entry.sigalgs.as_ref(),
        entry.client_sigalgs.as_ref(),
    ];
    for (list, own) in made.lists.iter_mut().zip(own) {
        list.1 = own.or(list.1);
    }
    if let Some(own) = entry.versions {
        let (min, max) =
            (own.min.or(tls.versions.min).or(Some(TlsVersion::Tls12)), own.max.or(tls.versions.max));
        made.versions = TlsVersions { min, max, off: 0 };
    }
    made.is_verified = entry.verify.map_or(made.is_verified, |verify| verify != Verify::None);
    made.has_authorities |= entry.ca_file.is_some() || entry.ca_verify_file.is_some();
    made
}

/// Lists that were looked at.
type Known<'a> = Vec<(TlsList, &'a Vec<u8>, bool)>;

/// What is wrong with a context.
fn told_of<'a>(
    c: &Context<'_>,
    what: &What,
    made: &Made<'a>,
    known: &mut Known<'a>,
) -> Vec<(&'static str, String)> {
    let (bind, mut told) = (&what.bind, Vec::new());
    let TlsVersions { min, max, .. } = made.versions;
    if min.zip(max).is_some_and(|(min, max)| min > max) || max == Some(TlsVersion::Sslv3) {
        told.push(("bad-version", format!("all SSL/TLS versions are disabled for {bind}.")));
    }
    if made.is_verified && !made.has_authorities {
        told.push(("no-ca-file", format!("verify is enabled but no CA file specified for {bind}.")));
    }
    for (kind, list, name) in made.lists {
        let Some(list) = list else { continue };
        let seen = known.iter().find(|(other, text, _)| *other == kind && *text == list);
        let is_valid = seen.map(|(_, _, is_valid)| *is_valid).unwrap_or_else(|| {
            let is_valid = c.loader.tls_list_is_valid(kind, list);
            known.push((kind, list, is_valid));
            is_valid
        });
        if !is_valid {
            let list = String::from_utf8_lossy(list);
            told.push(("bad-ciphers", format!("unable to set {name} to '{list}' for {bind}.")));
        }
    }
    told
}
