//! What `load` lines of crt-stores and brackets of crt-lists say about a certificate's files.

use ir::Bytes;
use syntax::Word;

use crate::context::Context;

/// The words, and what their values are.
const WORDS: [(&str, Kind); 15] = [
    ("alias", Kind::Alias),
    ("crt", Kind::Text),
    ("key", Kind::Text),
    ("ocsp", Kind::Text),
    ("issuer", Kind::Text),
    ("sctl", Kind::Text),
    ("ocsp-update", Kind::Switch),
    ("jwt", Kind::Switch),
    ("acme", Kind::Text),
    ("domains", Kind::List),
    ("ips", Kind::List),
    ("generate-dummy", Kind::Switch),
    ("keytype", Kind::Text),
    ("bits", Kind::Number),
    ("curves", Kind::Text),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Alias,
    Text,
    List,
    Switch,
    Number,
}

/// Where the words of a certificate stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// It has none.
    #[default]
    Nowhere,
    CrtList,
    CrtStore,
}

/// The words by name; the last of a name counts.
#[derive(Clone, Debug, Default)]
pub struct CertWords {
    words: Vec<(&'static str, Bytes)>,
    pub source: Source,
}

impl CertWords {
    /// None yet.
    pub fn of(source: Source) -> Self {
        Self { words: Vec::new(), source }
    }

    /// Takes a word with its value. Gives `None` for a word that is none of these, else what there
    /// is to warn about, or the error, introduced by `start`.
    pub fn take(&mut self, name: &Word, value: &[u8], start: &str) -> Option<Result<Option<String>, String>> {
        let (name, kind) = WORDS.iter().find(|(known, _)| name.is(known))?;
        let cannot = |why: &str| {
            let value = String::from_utf8_lossy(value);
            Some(Err(format!("{start} cannot parse '{name}' value '{value}', {why}")))
        };
        let known = self.text(name).is_some();
        let warning = match kind {
            Kind::Alias if self.source == Source::CrtStore && value.starts_with(b"/") => {
                return cannot("'/' is forbidden as the first character.");
            }
            Kind::Switch if value != b"on" && value != b"off" => return cannot("'on' or 'off' is expected."),
            Kind::Number if !value.is_empty() && base::bytes::parse_i64(value).is_none() => {
                return cannot("an integer is expected.");
            }
            Kind::Text | Kind::List if known => Some(format!("'{name}' already specified, overwriting.")),
            _ => None,
        };
        self.words.push((name, value.to_vec()));
        Some(Ok(warning))
    }

    /// Sets a word that nobody wrote.
    pub fn set(&mut self, name: &'static str, value: Bytes) {
        self.words.push((name, value));
    }

    pub fn text(&self, name: &str) -> Option<&[u8]> {
        self.words.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.as_slice())
    }

    pub fn is_on(&self, name: &str) -> bool {
        self.text(name) == Some(b"on")
    }

    /// Whether files beside the certificate are named, so that none is looked for.
    pub fn names_files(&self) -> bool {
        ["key", "ocsp", "issuer", "sctl"].iter().any(|name| self.text(name).is_some())
    }

    /// Says what is accepted and not executed yet.
    pub fn warn_parsed(&self, c: &mut Context<'_>, span: diag::Span) {
        for name in ["ocsp", "issuer", "sctl"] {
            if self.text(name).is_some() {
                c.warn_parsed(name, span);
            }
        }
        if self.is_on("ocsp-update") {
            c.warn_parsed("ocsp-update", span);
        }
    }

    /// Why a certificate with these words cannot be used again with others: a line for each
    /// reason. `updates` is what `ocsp-update.mode` says.
    pub fn difference(&self, other: &Self, updates: bool) -> Option<String> {
        let mut text = match (self.source, other.source) {
            (Source::Nowhere | Source::CrtStore, Source::Nowhere) => return None,
            (Source::Nowhere, Source::CrtList) => {
                "Can't use the certificate previously defined without any keyword with these keywords:\n"
            }
            (Source::CrtList, Source::Nowhere) => {
                "Can't use the certificate previously defined with keywords without these keywords:\n"
            }
            _ => "",
        }
        .to_owned();
        for (name, kind) in WORDS.iter().filter(|(name, _)| *name != "crt") {
            let (before, now) = (self.text(name), other.text(name));
            let (before, now) = match kind {
                Kind::Text if before != now => (shown(before), shown(now)),
                Kind::Switch if *name == "ocsp-update" && on(before, updates) != on(now, updates) => {
                    (mode(before, updates), mode(now, updates))
                }
                _ => continue,
            };
            text.push_str(&format!("- different parameter '{name}' : previously {before} vs {now}\n"));
        }
        (!text.is_empty()).then_some(text)
    }
}

/// A value as messages show it.
fn shown(value: Option<&[u8]>) -> String {
    format!("'{}'", value.map_or("(null)".into(), String::from_utf8_lossy))
}

fn on(value: Option<&[u8]>, default: bool) -> bool {
    value.map_or(default, |value| value == b"on")
}

fn mode(value: Option<&[u8]>, default: bool) -> String {
    match value {
        Some(_) => shown(value),
        None => format!("'default' (ocsp-update.mode {})", if default { "on" } else { "off" }),
    }
}

/// The content of a file that a word names. What HAProxy says about another one is added to `told`, or
/// takes its place.
pub fn file(c: &Context<'_>, word: &str, value: &[u8], path: &[u8], told: &mut String) -> Option<Bytes> {
    let shown = String::from_utf8_lossy(path);
    let content = c.read_file(path).ok();
    let why = match (word, &content) {
        ("ocsp", None) => {
            "Error opening OCSP response file".clone_into(told);
            String::new()
        }
        ("key", Some(content)) if !crate::certs::has_key(content) => {
            format!("unable to load private key from file '{shown}' ({NO_KEY}).\n")
        }
        ("sctl", Some(content)) if !is_sct_list(content) => String::new(),
        ("issuer", Some(content)) if is_certificate(c, path, content).is_err() => {
            format!("'{shown}' cannot be read or parsed'.\n")
        }
        (_, Some(_)) => return content,
        (_, None) => String::new(),
    };
    told.push_str(&format!("{why} '{}' cannot be read or parsed.", String::from_utf8_lossy(value)));
    None
}

/// The TLS library's words for a file without a key.
const NO_KEY: &str = "error:1E08010C:DECODER routines::unsupported";

/// Whether a text begins with a certificate; the error is HAProxy's.
pub fn is_certificate(c: &Context<'_>, path: &[u8], pem: &[u8]) -> Result<(), String> {
    match c.loader.check_certificate(path, pem) {
        Err(text) if text.starts_with("unable to load") => Err(text),
        _ => Ok(()),
    }
}

/// A list of timestamps (RFC 6962, 3.3): its length in two bytes, then timestamps with theirs.
pub fn is_sct_list(content: &[u8]) -> bool {
    let Some(mut rest) = part(content).filter(|(_, behind)| behind.is_empty()).map(|(list, _)| list) else {
        return false;
    };
    while !rest.is_empty() {
        let Some((_, behind)) = part(rest) else { return false };
        rest = behind;
    }
    true
}

/// What a length in front of it says, and what is behind.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps() {
        let check = |list: &[u8], expected| assert_eq!(is_sct_list(list), expected, "{list:?}");
        check(b"\0\0", true);
        check(b"\0\x04\0\x02ab", true);
        check(b"\0\x04abcd", false);
        check(b"\0\x05\0\x02ab", false);
        check(b"\0", false);
    }
}
