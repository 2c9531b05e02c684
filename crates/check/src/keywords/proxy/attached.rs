//! What a proxy takes from elsewhere: a FastCGI application, certificates for all binds.

use syntax::Word;

use super::{FL, LB};
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

/// The words of `ssl-f-use` that are followed by no value; all others have one.
const CERTIFICATE_FLAGS: [&str; 3] = ["allow-0rtt", "no-alpn", "no-ca-names"];

const CERTIFICATE_WORDS: [&str; 28] = [
    "alias",
    "alpn",
    "acme",
    "bits",
    "ca-file",
    "ca-verify-file",
    "ciphers",
    "ciphersuites",
    "client-sigalgs",
    "crl-file",
    "crt",
    "curves",
    "domains",
    "ecdhe",
    "generate-dummy",
    "ips",
    "issuer",
    "jwt",
    "key",
    "keytype",
    "ktls",
    "npn",
    "ocsp",
    "ocsp-update",
    "sctl",
    "sigalgs",
    "ssl-max-ver",
    "ssl-min-ver",
];

fn certificate(c: &mut Context<'_>, line: &Line<'_>) {
    c.px.has_certificates = true;
    if let Err(fail) = certificate_words(line).and_then(|file| certificate_file(c, line, file)) {
        c.fail(fail);
    }
}

/// The word of `crt`; none where the certificate is made or stands in a store.
fn certificate_words<'l>(line: &Line<'l>) -> Checked<Option<&'l Word>> {
    let mut words = line.args.iter();
    let mut file = None;
    let mut is_made = false;
    while let Some(word) = words.next() {
        if CERTIFICATE_FLAGS.iter().any(|flag| word.is(flag)) {
            continue;
        }
        if word.is("crt") && file.is_some() {
            return Err(Fail::new("bad-certificate", word.span, "'crt' already specified, aborting."));
        }
        if !word.is("verify") && !CERTIFICATE_WORDS.iter().any(|known| word.is(known)) {
            let text = format!("unknown crt keyword '{}'", word.lossy());
            return Err(Fail::new("unknown-keyword", word.span, text));
        }
        let value = words.next();
        is_made |= word.is("generate-dummy") || word.is("acme");
        if word.is("crt") {
            file = Some(value.unwrap_or(word));
        }
    }
    match file {
        None if !is_made => {
            let text = "Trying to load a certificate but no 'crt' keyword specified.\n";
            Err(Fail::new("missing-argument", line.span, text))
        }
        file => Ok(file.filter(|word| !is_made && !word.text.starts_with(b"@"))),
    }
}

fn certificate_file(c: &mut Context<'_>, line: &Line<'_>, file: Option<&Word>) -> Checked<()> {
    let Some(file) = file.filter(|_| c.px.kind.is_frontend()) else { return Ok(()) };
    let path = crate::certs::below(c.crt_base.as_deref(), &file.text);
    c.path_kind(&path).map(|_| ()).map_err(|error| {
        let path = String::from_utf8_lossy(&path);
        let text = format!("unable to stat SSL certificate from file '{path}' : {error}.\n");
        Fail::new("no-certificate", line.span, text)
    })
}

fn fcgi_app(c: &mut Context<'_>, line: &Line<'_>) {
    if !c.px.kind.is_backend() {
        let text = "'use-fcgi-app' only available in backend or listen section";
        return c.alert("wrong-side", line.span, text);
    }
    let Some(name) = line.arg(0) else {
        return c.alert("missing-argument", line.span, "'use-fcgi-app' expects <name> as argument");
    };
    match &c.px.fcgi_app {
        Some(other) if other.text != name.text => {
            c.alert("second-app", line.span, "'use-fcgi-app' : only one fcgi-app supported per backend");
        }
        _ => c.px.fcgi_app = Some(name.clone()),
    }
}

const fn row(
    name: &'static str,
    doc: &'static str,
    sections: ir::spec::Sections,
    usage: &'static str,
    set: fn(&mut Context<'_>, &Line<'_>),
) -> Keyword {
    Keyword::new(name, doc, sections, usage, MANY, Set::Line(set)).own_side().listed().parsed()
}

pub const ROWS: &[Keyword] = &[
    row("use-fcgi-app", "The FastCGI application of the backend.", LB, "<name>", fcgi_app),
    row("ssl-f-use", "A certificate of the frontend.", FL, "[<sslbindconf>...]", certificate),
];
