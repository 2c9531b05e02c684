//! `crt-list` files: `certificate [options] [filters]` a line (manual, 5.1).

use diag::Span;
use ir::config::{CertEntry, SniFilter, TlsVersions};
use syntax::Word;

use crate::certs;
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::keywords::bind::tls;

/// Options that are accepted and not executed yet, with their number of values.
const PARSED: [(&str, usize); 10] = [
    ("allow-0rtt", 0),
    ("no-ca-names", 0),
    ("crl-file", 1),
    ("client-sigalgs", 1),
    ("curves", 1),
    ("ecdhe", 1),
    ("ktls", 1),
    ("npn", 1),
    ("sigalgs", 1),
    ("ocsp-update", 1),
];

/// The certificates of a list, in its order.
pub fn load(c: &mut Context<'_>, word: &Word) -> Checked<Vec<CertEntry>> {
    let text = c.read_file(&word.text).map_err(|error| {
        Fail::new("no-file", word.span, format!("'crt-list' : cannot open file '{}' : {error}", word.lossy()))
    })?;
    let mut certs = Vec::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let list = List { c: &mut *c, word, number: number + 1 };
        if let Some(entry) = list.line(line)? {
            certs.push(entry);
        }
    }
    Ok(certs)
}

/// Words of a line.
type Words<'l> = Vec<&'l [u8]>;

/// One line of a list.
struct List<'c, 'a> {
    c: &'c mut Context<'a>,
    word: &'c Word,
    number: usize,
}

impl List<'_, '_> {
    fn fail(&self, text: &str) -> Fail {
        let text = format!("'crt-list' : parsing [{}:{}]: {text}", self.word.lossy(), self.number);
        Fail::new("bad-crt-list", self.word.span, text)
    }

    fn line(mut self, line: &[u8]) -> Checked<Option<CertEntry>> {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            return Ok(None);
        }
        if line.starts_with(b"[") {
            return Err(self.fail("file must start with a cert"));
        }
        let end =
            line.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'[').unwrap_or(line.len());
        let (name, rest) = (&line[..end], line[end..].trim_ascii());
        let (options, filters) = self.split(rest)?;
        let path = certs::below(self.c.crt_base.as_deref(), name);
        if let Err(error) = self.c.path_kind(&path) {
            let path = String::from_utf8_lossy(&path);
            let text = format!("'crt-list' : unable to stat SSL certificate from file '{path}' : {error}.");
            return Err(Fail::new("no-certificate", self.word.span, text));
        }
        let source = certs::source(self.c, &path, self.word)?;
        let mut entry = certs::entry(source);
        self.options(&mut entry, options)?;
        entry.sni = filters.iter().map(|filter| sni(filter)).collect();
        Ok(Some(entry))
    }

    /// The words in brackets and those behind them.
    fn split<'l>(&self, rest: &'l [u8]) -> Checked<(Words<'l>, Words<'l>)> {
        let words = |text: &'l [u8]| -> Vec<&'l [u8]> {
            text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect()
        };
        let Some(inner) = rest.strip_prefix(b"[") else {
            if rest.contains(&b'[') {
                return Err(self.fail("malformated line, filters can't be between filename and options!"));
            }
            return Ok((Vec::new(), words(rest)));
        };
        let Some(close) = inner.iter().position(|byte| *byte == b']') else {
            return Err(self.fail("missing ']'"));
        };
        Ok((words(&inner[..close]), words(&inner[close + 1..])))
    }

    fn options(&mut self, entry: &mut CertEntry, options: Vec<&[u8]>) -> Checked<()> {
        let mut words = options.into_iter().map(|text| made_up(text, self.word.span));
        while let Some(option) = words.next() {
            let missing = self.fail(&format!("missing value for '{}'", option.lossy()));
            let mut value = || words.next().ok_or_else(|| missing.clone());
            match option.lossy().as_ref() {
                "alpn" => entry.alpn = Some(tls::alpn(&value()?, "alpn")?),
                "no-alpn" => entry.alpn = Some(Vec::new()),
                "ciphers" => entry.ciphers = Some(value()?.text),
                "ciphersuites" => entry.ciphersuites = Some(value()?.text),
                "ca-file" => entry.ca_file = Some(tls::ca_file(self.c, "ca-file", &value()?)?),
                "ca-verify-file" => {
                    entry.ca_verify_file = Some(tls::ca_file(self.c, "ca-verify-file", &value()?)?);
                }
                "verify" => entry.verify = Some(tls::verify(&value()?)?),
                "ssl-min-ver" => self.bound(entry, &value()?, true)?,
                "ssl-max-ver" => self.bound(entry, &value()?, false)?,
                other => {
                    let Some((name, values)) = PARSED.iter().find(|(name, _)| *name == other) else {
                        return Err(self.fail(&format!("unknown ssl keyword {other}")));
                    };
                    if *values > 0 {
                        value()?;
                    }
                    self.c.warn_parsed(name, self.word.span);
                }
            }
        }
        Ok(())
    }

    fn bound(&self, entry: &mut CertEntry, word: &Word, is_min: bool) -> Checked<()> {
        let version = tls::version(&word.text)
            .ok_or_else(|| self.fail(&format!("'{}' : unknown ssl/tls version", word.lossy())))?;
        let versions = entry.versions.get_or_insert_with(TlsVersions::default);
        match is_min {
            true => versions.min = Some(version),
            false => versions.max = Some(version),
        }
        Ok(())
    }
}

fn made_up(text: &[u8], span: Span) -> Word {
    Word { text: text.to_vec(), span, verbatim: None }
}

fn sni(filter: &[u8]) -> SniFilter {
    let negated = filter.starts_with(b"!");
    let name = filter.strip_prefix(b"!").unwrap_or(filter);
    SniFilter { name: name.to_ascii_lowercase(), negated }
}
