//! `crt-list` files: `certificate [options] [filters]` a line (manual, 5.1). As in HAProxy, all
//! lines are read before the certificates are looked at, and a text that was told stays in front of
//! the next one.

pub mod inline;
mod line;

use diag::Span;
use ir::config::{CertEntry, CertSource, SniFilter, TlsBind, TlsVersions};
use ir::expr::Place;
use syntax::Word;

use crate::cert_words::{self, CertWords, Source};
use crate::certs::{self, trial::Beside};
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::keywords::bind::{self, BindDraft};
use crate::loader::PathKind;
use line::Cut;

/// A filter is shorter, without its marks.
const LONGEST_FILTER: usize = 16384;

/// A certificate of a list, and the line it stands in.
#[derive(Clone, Debug)]
pub struct Entry {
    cert: CertEntry,
    line: usize,
}

/// The certificates of a list, in its order. Warnings go into the draft of the `bind` line.
pub fn load(c: &mut Context<'_>, draft: &mut BindDraft, word: &Word) -> Checked<Vec<CertEntry>> {
    let kept = word.text.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let name = &word.text[..kept];
    let mut list = List { c, word, name, number: 0, text: String::new() };
    let entries = match list.c.crt_lists.get(name) {
        Some(known) => known.clone(),
        None => list.read().map_err(|text| introduced(word, &text))?,
    };
    list.c.crt_lists.insert(name.to_vec(), entries.clone());
    for entry in &entries {
        let is_usable = certs::trial::run(list.c, &entry.cert.source.path, &mut list.text);
        if !is_usable || !list.take_filters(entry) {
            let name = String::from_utf8_lossy(name);
            let text = format!("error processing line {} in file '{name}' : {}", entry.line, list.text);
            return Err(introduced(word, &text));
        }
    }
    if !list.text.is_empty() {
        draft.warnings.push(introduced(word, &list.text));
    }
    Ok(entries.into_iter().map(|entry| entry.cert).collect())
}

fn introduced(word: &Word, text: &str) -> Fail {
    Fail::new("bad-crt-list", word.span, format!("'crt-list' : {text}"))
}

/// A list while it is read.
struct List<'c, 'a> {
    c: &'c mut Context<'a>,
    word: &'c Word,
    name: &'c [u8],
    number: usize,
    /// What was told so far.
    text: String,
}

impl List<'_, '_> {
    /// All lines. The error is HAProxy's.
    fn read(&mut self) -> Result<Vec<Entry>, String> {
        let shown = String::from_utf8_lossy(self.name).into_owned();
        // A directory opens as well, and has no lines.
        if self.c.path_kind(self.name) == Ok(PathKind::Directory) {
            return Ok(Vec::new());
        }
        let text = self.c.read_file(self.name);
        let text = text.map_err(|error| format!("cannot open file '{shown}' : {error}"))?;
        let (mut entries, mut cut_off) = (Vec::<Entry>::new(), None);
        for line in line::lines(&text) {
            if let Some(at) = cut_off {
                return Err(self.told(&format!("Stray NUL character at position {at}.\n")));
            }
            self.number += 1;
            let (line, is_whole) = line.map_err(|text| self.told(text))?;
            if line.starts_with(b"#") || (is_whole && matches!(line, b"" | b"\r")) {
                continue;
            }
            cut_off = (!is_whole).then_some(line.len() + 1);
            let read = self.line(line)?;
            entries.extend(read);
        }
        match cut_off {
            Some(at) => {
                let text = "Missing LF on last line, file might have been truncated at position";
                Err(self.told(&format!("{text} {at}.\n")))
            }
            None => Ok(entries),
        }
    }

    /// A text with the place of the line.
    fn told(&self, text: &str) -> String {
        format!("parsing [{}:{}]: {text}", String::from_utf8_lossy(self.name), self.number)
    }

    fn line(&mut self, line: &[u8]) -> Result<Vec<Entry>, String> {
        let cut = line::cut(line).map_err(|text| self.told(text))?;
        let words: Vec<Word> = cut.words.iter().map(|word| made_up(word, self.word.span)).collect();
        let Some(path) = words.first() else { return Ok(Vec::new()) };
        if cut.open > 1 {
            self.text = self.told("malformated line, filters can't be between filename and options!");
        }
        let mut options = Options::new(self.word.span);
        let filters = self.options(&cut, &words, &mut options)?;
        let filters: Vec<SniFilter> = words.get(filters..).unwrap_or_default().iter().map(sni).collect();
        let path = certs::below(self.c.crt_base.as_deref(), &path.text);
        let sources = self.certificates(&path, &options.files)?;
        let entry = |(source, line)| {
            let cert = CertEntry { sni: filters.clone(), ..options.entry(source) };
            Entry { cert, line }
        };
        Ok(sources.into_iter().map(entry).collect())
    }

    /// Reads the words in brackets; gives the first one behind them.
    fn options(&mut self, cut: &Cut<'_>, words: &[Word], options: &mut Options) -> Result<usize, String> {
        let (mut at, mut failed) = (cut.open.max(1), None);
        while let Some(word) = words.get(at).filter(|_| at < cut.close) {
            if let Some(row) = bind::tls_keywords().find(|row| row.crt_list && word.is(row.name)) {
                if let Err(fail) = bind::set(self.c, row, &mut options.draft, &words[at..]) {
                    failed = Some(fail.message);
                }
                at += 1 + row.args;
                if at > cut.close {
                    return Err(self.told(&format!("ssl args out of '[]' for {}", word.lossy())));
                }
                options.note(self.c, row, self.word.span);
                continue;
            }
            let value = words.get(at + 1).map_or(b"".as_slice(), |value| &value.text);
            let start = self.told("").replace("]: ", "] :");
            match options.files.take(word, value, &start) {
                Some(told) => match (told?, &mut failed) {
                    (Some(warning), Some(failed)) => *failed = warning,
                    (Some(warning), None) => self.text = warning,
                    (None, _) => {}
                },
                None if failed.is_some() => {}
                None => return Err(self.told(&format!("unknown ssl keyword {}", word.lossy()))),
            }
            // HAProxy looks no further behind something wrong.
            if let Some(failed) = failed {
                return Err(failed);
            }
            options.files.source = Source::CrtList;
            at += 2;
        }
        options.files.warn_parsed(self.c, self.word.span);
        failed.map_or(Ok(at), Err)
    }

    /// The certificates that a path stands for, each with the number of its line.
    fn certificates(&mut self, path: &[u8], files: &CertWords) -> Result<Vec<(CertSource, usize)>, String> {
        if certs::is_known(self.c, path) {
            self.compare(path, files)?;
            return Ok(vec![(self.source(path), self.number)]);
        }
        let Err(error) = self.c.path_kind(path) else {
            match files.names_files() {
                true => self.named(path, files)?,
                // What is wrong is told when the certificate is looked at.
                false => drop(certs::whole(self.c, path, &mut self.text)),
            }
            self.c.cert_words.insert(path.to_vec(), files.clone());
            if let Some(section) = files.text("acme").filter(|section| !section.is_empty()) {
                let at = format!("{}:{}", String::from_utf8_lossy(self.name), self.number);
                self.c.acme_uses.entry(section.to_vec()).or_insert((self.word.span, at));
            }
            return Ok(vec![(self.source(path), self.number)]);
        };
        let sources = self.bundle(path, files)?;
        if sources.is_empty() {
            let shown = String::from_utf8_lossy(path);
            return Err(format!(
                "{}unable to stat SSL certificate from file '{shown}' : {error}.\n",
                self.text
            ));
        }
        Ok(sources)
    }

    /// What stands for a certificate, whether or not it could be read.
    fn source(&self, path: &[u8]) -> CertSource {
        let known = self.c.certificates.get(path).cloned();
        known.unwrap_or_else(|| CertSource { path: path.to_vec(), pem: Vec::new() })
    }

    /// Refuses a certificate that was read before with other words.
    fn compare(&self, path: &[u8], files: &CertWords) -> Result<(), String> {
        let words = certs::words_of(self.c, path);
        let Some(why) = words.difference(files, self.c.process.ocsp_updates) else { return Ok(()) };
        Err(format!(
            "'{}' in crt-list '{}' line {}, is already defined with incompatible parameters:\n {}{why}",
            String::from_utf8_lossy(path),
            String::from_utf8_lossy(self.name),
            self.number,
            self.text
        ))
    }

    /// `site.pem` that stands for `site.pem.rsa` and `site.pem.ecdsa`.
    fn bundle(&mut self, path: &[u8], files: &CertWords) -> Result<Vec<(CertSource, usize)>, String> {
        let (mut sources, mut is_refused) = (Vec::new(), false);
        for file in certs::bundled(self.c, path) {
            if !certs::is_known(self.c, &file) {
                if files.source != Source::Nowhere {
                    is_refused = true;
                    self.text.push_str(&format!(
                        "Can't load '{}'. Using crt-store keyword is not compatible with multi certificates bundle.\n",
                        String::from_utf8_lossy(path)
                    ));
                }
                certs::whole(self.c, &file, &mut self.text).ok_or_else(|| self.text.clone())?;
            }
            // HAProxy counts so behind the first one.
            let behind = if sources.is_empty() { 0 } else { 2 * sources.len() + 1 };
            sources.push((self.source(&file), self.number + behind));
        }
        if is_refused { Err(self.text.clone()) } else { Ok(sources) }
    }

    /// A certificate whose other files are named.
    fn named(&mut self, path: &[u8], files: &CertWords) -> Result<(), String> {
        let shown = String::from_utf8_lossy(path).into_owned();
        let mut told = self.text.clone();
        let unread = |why: &str| format!("{told}{why}\n '{shown}' cannot be read or parsed.");
        let pem = self.c.read_file(path).map_err(|_| unread(&format!("cannot open the file '{shown}'.")))?;
        cert_words::is_certificate(self.c, path, &pem).map_err(|text| unread(&text))?;
        let (mut pem, mut beside) = (pem, Beside::default());
        for word in ["key", "ocsp", "issuer", "sctl"] {
            let Some(value) = files.text(word) else { continue };
            let content = cert_words::file(self.c, word, value, value, &mut told);
            let Some(content) = content else { return Err(told) };
            match word {
                // The first key counts.
                "key" => pem = [content.as_slice(), b"\n", &pem].concat(),
                "ocsp" => beside.has_response = true,
                "issuer" => beside.issuer = Some(content),
                _ => {}
            }
        }
        self.c.beside.insert(path.to_vec(), beside);
        self.c.certificates.insert(path.to_vec(), CertSource { path: path.to_vec(), pem });
        Ok(())
    }

    /// Warns about filters that do nothing; false when one is too long.
    fn take_filters(&mut self, entry: &Entry) -> bool {
        let filters = &entry.cert.sni;
        let is_wild = |filter: &SniFilter| filter.name.starts_with(b"*");
        let mut texts = Vec::new();
        let mut are_taken = true;
        for filter in filters.iter().rev() {
            let is_nothing = filter.negated && is_wild(filter);
            if is_nothing && filter.name != b"*" {
                let name = String::from_utf8_lossy(&filter.name);
                texts.push(format!("crt-list: Unsupported exclusion (!) on a wildcard filter \"!{name}\""));
            }
            if !is_nothing && filter.name.len() - usize::from(is_wild(filter)) >= LONGEST_FILTER {
                are_taken = false;
                self.text.push_str("unable to create a sni context.\n");
                break;
            }
        }
        let negated = |filter: &SniFilter| filter.negated && !is_wild(filter) && !filter.name.is_empty();
        let wild = |filter: &SniFilter| !filter.negated && is_wild(filter) && filter.name != b"*";
        if are_taken && filters.iter().any(negated) && !filters.iter().any(wild) {
            let path = String::from_utf8_lossy(&entry.cert.source.path);
            texts.push(format!(
                "crt-list: negative filters on crt-list line \"{path}\" without a positive wildcard filter won't \
                 do anything!"
            ));
        }
        for text in texts {
            self.c.warn_tight("unused-filter", self.word.span, text);
        }
        are_taken
    }
}

/// What stands in the brackets of a line.
struct Options {
    draft: BindDraft,
    /// The words that were given.
    given: Vec<&'static str>,
    files: CertWords,
}

impl Options {
    fn new(span: Span) -> Self {
        Self {
            draft: BindDraft::bare(Place { file: span.file.0, line: span.line }),
            given: Vec::new(),
            files: CertWords::default(),
        }
    }

    /// Notes a word of `bind` lines that was read.
    fn note(&mut self, c: &mut Context<'_>, row: &bind::BindKeyword, span: Span) {
        if row.support == ir::spec::Support::Parsed || row.name == "allow-0rtt" {
            c.warn_parsed(row.name, span);
        }
        self.given.push(row.name);
    }

    fn entry(&self, source: CertSource) -> CertEntry {
        let TlsBind { alpn, ciphers, ciphersuites, ca_file, ca_verify_file, .. } = self.draft.tls.clone();
        let TlsBind { curves, sigalgs, crl_file, versions, verify, .. } = self.draft.tls.clone();
        let is_given = |names: &[&str]| self.given.iter().any(|given| names.contains(given));
        CertEntry {
            alpn,
            versions: is_given(&["ssl-min-ver", "ssl-max-ver"]).then_some(TlsVersions { ..versions }),
            ciphers,
            ciphersuites,
            ca_file,
            ca_verify_file,
            verify: is_given(&["verify"]).then_some(verify),
            curves,
            ecdhe: self.draft.tls.ecdhe.clone(),
            sigalgs,
            client_sigalgs: self.draft.tls.client_sigalgs.clone(),
            no_ca_names: self.draft.tls.no_ca_names,
            crl_file,
            ..certs::entry(source)
        }
    }
}

fn made_up(text: &[u8], span: Span) -> Word {
    Word { text: text.to_vec(), span, verbatim: None }
}

fn sni(filter: &Word) -> SniFilter {
    let negated = filter.text.starts_with(b"!");
    let name = filter.text.strip_prefix(b"!").unwrap_or(&filter.text);
    SniFilter { name: name.to_ascii_lowercase(), negated }
}
