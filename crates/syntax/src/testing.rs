//! What the tests of this crate share: words from text, and short forms of values.

use diag::{FileId, Span};

use crate::{Facts, Word, lex};

/// The words of a line without variables.
pub fn words(line: &str) -> Vec<Word> {
    let pieces = lex::split(line.as_bytes(), true, &|_| None).expect(line);
    let at = Span { file: FileId(0), line: 1, col: 0, len: 0 };
    let word = |piece| crate::reader::word(line.as_bytes(), at, piece);
    pieces.words.into_iter().map(word).collect()
}

/// The only word of a line, quoted where it has to be; a line of several is taken as one word.
pub fn word(line: &str) -> Word {
    match words(line).as_mut_slice() {
        [word] => word.clone(),
        _ => words(&format!("'{line}'")).remove(0),
    }
}

/// Short forms.
pub mod show {
    use crate::{ArgsEnd, Call, SampleExpr};

    /// `fetch[arg|arg] converter ! error`
    pub fn expr(expr: &SampleExpr) -> String {
        let mut out = call(&expr.fetch);
        for converter in &expr.converters {
            out = format!("{out} {}", call(converter));
        }
        match &expr.error {
            Some(error) => format!("{out} ! {}", error.message),
            None => out,
        }
    }

    /// `name[arg|arg]`, with `(` at the end when it is not closed.
    pub fn call(call: &Call) -> String {
        let name = call.name_lossy();
        if call.end == ArgsEnd::None {
            return name.into_owned();
        }
        let args: Vec<_> = call.args.iter().map(|a| String::from_utf8_lossy(&a.text)).collect();
        let end = if call.end == ArgsEnd::Closed { "]" } else { "(" };
        format!("{name}[{}{end}", args.join("|"))
    }
}

/// A process with a few facts.
pub struct Process;

impl Facts for Process {
    fn variable(&self, name: &[u8]) -> Option<Vec<u8>> {
        match name {
            b"FOOBAR" => Some(b"1".to_vec()),
            b"LIST" => Some(b"a  b c ".to_vec()),
            b"EMPTY" => Some(Vec::new()),
            _ => None,
        }
    }

    fn variable_names(&self) -> Vec<Vec<u8>> {
        vec![b"EMPTY".to_vec(), b"FOOBAR".to_vec(), b"LIST".to_vec()]
    }

    fn feature(&self, name: &[u8]) -> bool {
        name == b"OPENSSL"
    }

    fn version(&self) -> &str {
        "3.5-dev5-50872d-2"
    }

    fn openssl_version(&self) -> Option<u32> {
        Some(0x3000_0110)
    }

    fn ssl_library(&self) -> &str {
        "OpenSSL 3.0.17 1 Jul 2025"
    }

    fn awslc_api(&self) -> Option<u32> {
        None
    }

    fn enabled(&self, option: &[u8]) -> bool {
        option == b"POLL"
    }

    fn fips_mode(&self) -> bool {
        false
    }
}
