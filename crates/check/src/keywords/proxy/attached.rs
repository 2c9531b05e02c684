//! What a proxy takes from elsewhere: a FastCGI application, certificates for all binds.

use super::{FL, LB};
use crate::context::Context;
use crate::crtlist::inline;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

fn certificate(c: &mut Context<'_>, line: &Line<'_>) {
    c.px.has_certificates = true;
    match inline::read(c, line) {
        Ok(read) => c.px.certificates.push(read),
        Err(fail) => c.fail(fail),
    }
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

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "use-fcgi-app",
        "The FastCGI application of the backend.",
        LB,
        "<name>",
        MANY,
        Set::Line(fcgi_app),
    )
    .own_side()
    .listed()
    .parsed(),
    Keyword::new(
        "ssl-f-use",
        "A certificate of the frontend.",
        FL,
        "[<sslbindconf>...]",
        MANY,
        Set::Line(certificate),
    )
    .own_side()
    .listed(),
];
