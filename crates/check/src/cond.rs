//! Conditions: names become ids, anonymous ACLs are added to the section.

use diag::Span;
use ir::expr::{Cond, CondTerm};
use ir::id::AclId;
use syntax::{AclRef, Word};

use crate::context::Context;
use crate::fail::{Checked, Fail};

/// The ACLs that are always there (manual, 7.4), and the words they stand for.
const PREDEFINED: [(&str, &[&str]); 23] = [
    ("TRUE", &["always_true"]),
    ("FALSE", &["always_false"]),
    ("LOCALHOST", &["src", "127.0.0.1/8", "::1"]),
    ("HTTP", &["req.proto_http"]),
    ("HTTP_1.0", &["req.ver", "1.0"]),
    ("HTTP_1.1", &["req.ver", "1.1"]),
    ("HTTP_2.0", &["req.ver", "2.0"]),
    ("HTTP_3.0", &["req.ver", "3.0"]),
    ("METH_CONNECT", &["method", "CONNECT"]),
    ("METH_DELETE", &["method", "DELETE"]),
    ("METH_GET", &["method", "GET", "HEAD"]),
    ("METH_HEAD", &["method", "HEAD"]),
    ("METH_OPTIONS", &["method", "OPTIONS"]),
    ("METH_POST", &["method", "POST"]),
    ("METH_PUT", &["method", "PUT"]),
    ("METH_TRACE", &["method", "TRACE"]),
    ("HTTP_URL_ABS", &["url_reg", "^[^/:]*://"]),
    ("HTTP_URL_SLASH", &["url_beg", "/"]),
    ("HTTP_URL_STAR", &["url", "*"]),
    ("HTTP_CONTENT", &["req.hdr_val(content-length)", "gt", "0"]),
    ("RDP_COOKIE", &["req.rdp_cookie_cnt", "gt", "0"]),
    ("REQ_CONTENT", &["req.len", "gt", "0"]),
    ("WAIT_END", &["wait_end"]),
];

/// Checks a condition with its `if` or `unless`.
pub fn check(c: &mut Context<'_>, words: &[Word]) -> Checked<Cond> {
    let parsed = syntax::cond::parse(words)?;
    let mut any = Vec::with_capacity(parsed.any.len());
    for list in &parsed.any {
        let mut terms = Vec::with_capacity(list.len());
        for term in list {
            let acl = match &term.acl {
                AclRef::Named(word) => find(c, &word.text, word.span)?,
                AclRef::Anonymous(words) => crate::acl::add_anonymous(c, words, term.span)?,
            };
            terms.push(CondTerm { acl, negated: term.negated });
        }
        any.push(terms);
    }
    match parsed.error {
        Some(error) => Err(error.into()),
        None => Ok(Cond { unless: parsed.unless, any }),
    }
}

/// The ACL of that name; a predefined one is added to the section.
pub fn find(c: &mut Context<'_>, name: &[u8], span: Span) -> Checked<AclId> {
    if let Some(id) = c.px.acl_names.get(name) {
        return Ok(*id);
    }
    let Some((_, words)) = PREDEFINED.iter().find(|(known, _)| known.as_bytes() == name) else {
        let message = format!("no such ACL : '{}'", String::from_utf8_lossy(name));
        return Err(Fail::new("unknown-acl", span, message));
    };
    let words: Vec<Word> = words.iter().map(|text| made_up(text, span)).collect();
    crate::acl::add(c, name, &words, span)
}

/// A word that stands nowhere in the source.
fn made_up(text: &str, span: Span) -> Word {
    Word { text: text.as_bytes().to_vec(), span, verbatim: None }
}
