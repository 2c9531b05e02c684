//! `ssl-f-use`: a crt-list that stands in a frontend, for all its `ssl` lines (manual, 4.2). HAProxy
//! reads the words of a line when it comes, and the certificates at the section's end, the last first.

use diag::{Diagnostic, Place, Span};
use ir::Bytes;
use ir::config::{CertEntry, CertSource};
use syntax::Word;

use super::{List, Options};
use crate::cert_words::{CertWords, Source};
use crate::certs;
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::keywords::bind;
use crate::line::Line;

/// A line.
#[derive(Clone, Debug)]
pub struct Inline {
    /// The path of `crt`.
    path: Option<Bytes>,
    files: CertWords,
    /// What holds for the certificate, whose source is still empty.
    entry: CertEntry,
    span: Span,
}

/// Reads a line.
pub fn read(c: &mut Context<'_>, line: &Line<'_>) -> Checked<Inline> {
    let mut options = Options::new(line.span);
    let (mut path, mut rest) = (None, line.args);
    while let Some(word) = rest.first() {
        let taken = if word.is("crt") {
            if path.is_some() {
                return Err(Fail::new("bad-certificate", word.span, "'crt' already specified, aborting."));
            }
            path = Some(certs::below(c.crt_base.as_deref(), value(rest)));
            2
        } else {
            option(c, &mut options, rest)?
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    options.files.warn_parsed(c, line.span);
    for name in ["acme", "generate-dummy"].into_iter().filter(|name| options.files.text(name).is_some()) {
        c.warn_parsed(name, line.span);
    }
    let entry = options.entry(CertSource { path: Vec::new(), pem: Vec::new() });
    Ok(Inline { path, files: options.files, entry, span: line.span })
}

/// Takes a word with its values; says how many these are.
fn option(c: &mut Context<'_>, options: &mut Options, words: &[Word]) -> Checked<usize> {
    let word = &words[0];
    if let Some(row) = bind::tls_keywords().find(|row| row.crt_list && word.is(row.name)) {
        bind::set(c, row, &mut options.draft, words)?;
        options.note(c, row, word.span);
        return Ok(1 + row.args);
    }
    let start = format!("parsing [{}] :", c.at(word.span));
    match options.files.take(word, value(words), &start) {
        Some(Ok(_)) => {}
        Some(Err(text)) => return Err(Fail::new("bad-certificate", word.span, text)),
        None => {
            let text = format!("unknown crt keyword '{}'", word.lossy());
            return Err(Fail::new("unknown-keyword", word.span, text));
        }
    }
    options.files.source = Source::CrtList;
    Ok(2)
}

fn value(words: &[Word]) -> &[u8] {
    words.get(1).map_or(b"", |word| &word.text)
}

/// Ends a section: gives its `ssl` lines the certificates.
pub fn close(c: &mut Context<'_>) {
    let (mut entries, mut told) = (Vec::new(), String::new());
    for line in std::mem::take(&mut c.px.certificates).into_iter().rev() {
        match certificates(c, &line, &mut told) {
            Ok(sources) => {
                entries.extend(sources.into_iter().map(|source| CertEntry { source, ..line.entry.clone() }))
            }
            Err(text) => {
                return c.alert(
                    "bad-certificate",
                    line.span,
                    text.strip_suffix('\n').unwrap_or(&text).to_owned(),
                );
            }
        }
    }
    let lines = c.px.proxy.binds.iter().filter_map(|bind| bind.tls.as_ref().map(|_| bind.place));
    let Some(place) = lines.min_by_key(|place| place.line) else { return };
    for entry in &entries {
        if !certs::trial::run(c, &entry.source.path, &mut told) {
            let name = String::from_utf8_lossy(&c.px.proxy.name);
            let text = format!("error processing line 0 in file '@{name}' : {}", told.trim_end());
            let span = Span { file: diag::FileId(place.file), line: place.line, col: 0, len: 0 };
            return c.push(Diagnostic::error("bad-certificate", span, text).at(Place::Nowhere));
        }
    }
    for tls in c.px.proxy.binds.iter_mut().filter_map(|bind| bind.tls.as_mut()) {
        tls.certs.extend(entries.iter().cloned());
    }
}

/// The certificates of a line; what else there is to tell is added to `told`.
fn certificates(c: &mut Context<'_>, line: &Inline, told: &mut String) -> Result<Vec<CertSource>, String> {
    let Some(path) = &line.path else {
        return Err("Trying to load a certificate but no 'crt' keyword specified.\n".to_owned());
    };
    let place = c.at(line.span);
    let file = place.rsplit_once(':').map_or(place.as_str(), |(file, _)| file);
    let number = usize::try_from(line.span.line).unwrap_or(0);
    let word = super::made_up(path, line.span);
    let mut list = List { c, word: &word, name: file.as_bytes(), number, text: std::mem::take(told) };
    let sources = list.certificates(path, &line.files)?;
    *told = list.text;
    Ok(sources.into_iter().map(|(source, _)| source).collect())
}
