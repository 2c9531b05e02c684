//! What the fuzz targets of this crate run, on any bytes; `crates/hxproxy/tests/fuzz.rs` runs the same
//! functions on a stable toolchain.

use diag::{FileId, Span};
use syntax::{Facts, Host, Line, LogNode, Word};

/// Words of lines.
pub fn lexer(data: &[u8]) {
    let variable = |name: &[u8]| (name.len() < 3).then(|| b" a  b ".to_vec());
    for line in data.split(|byte| *byte == b'\n') {
        for comments in [true, false] {
            if let Ok(pieces) = syntax::lex::split(line, comments, &variable) {
                assert!(pieces.words.len() <= syntax::lex::MAX_WORDS);
                assert!(pieces.words.iter().all(|word| word.range.end <= line.len()));
            }
        }
    }
}

/// Lines of a file, and every grammar that their words may belong to.
pub fn parser(data: &[u8]) {
    let (file, _) = syntax::parse(FileId(0), "fuzz.cfg", data, &mut Nothing);
    let lines =
        file.sections.iter().flat_map(|section| std::iter::once(&section.header).chain(&section.lines));
    for line in file.orphans.iter().chain(lines) {
        let words = &line.words;
        let _ = syntax::acl::parse(words);
        let _ = syntax::cond::parse(words);
        let _ = syntax::sample::parse_words(words, &|_| true);
        for word in words {
            let _ = syntax::sample::parse_word(word);
            let _ = syntax::logformat::parse(word, true);
            let _ = syntax::logformat::parse(word, false);
            let _ = syntax::conditional::evaluate(&word.text, &Nothing);
            let _ = base::time::parse(&word.text, base::time::Unit::Ms);
            let _ = base::size::parse_u32(&word.text);
            let _ = base::addr::parse(&word.text, &base::addr::Rules::SERVER, &|_| None);
            let _ = base::addr::parse_log_target(&word.text, &|_| None);
        }
    }
}

/// One log-format.
pub fn logformat(data: &[u8]) {
    let word = one_word(data);
    for merges_spaces in [true, false] {
        let format = syntax::logformat::parse(&word, merges_spaces);
        assert!(format.nodes.len() <= data.len());
        for pair in format.nodes.windows(2) {
            let is_text = |node: &LogNode| matches!(node, LogNode::Text(_) | LogNode::Separator);
            assert!(pair[0] != pair[1] || !is_text(&pair[0]), "two texts in a row: {pair:?}");
        }
        for node in &format.nodes {
            assert!(merges_spaces || *node != LogNode::Separator);
            if let LogNode::Expr { expr, .. } = node {
                assert!(expr.start <= expr.end && expr.end <= data.len());
            }
        }
    }
}

/// One sample expression, as a word and as the words of a line.
pub fn expression(data: &[u8]) {
    let word = one_word(data);
    if let Ok(expr) = syntax::sample::parse_word(&word) {
        assert!(expr.start <= expr.end && expr.end <= data.len());
    }
    let words: Vec<Word> = data.split(|byte| *byte == b' ').map(one_word).collect();
    let _ = syntax::sample::parse_words(&words, &|_| true);
}

fn one_word(text: &[u8]) -> Word {
    Word { text: text.to_vec(), span: Span::default(), verbatim: None }
}

/// A world without variables, features and libraries.
struct Nothing;

impl Facts for Nothing {
    fn variable(&self, _name: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn variable_names(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn feature(&self, _name: &[u8]) -> bool {
        false
    }

    fn version(&self) -> &str {
        "3.5.0"
    }

    fn openssl_version(&self) -> Option<u32> {
        None
    }

    fn ssl_library(&self) -> &str {
        ""
    }

    fn awslc_api(&self) -> Option<u32> {
        None
    }

    fn enabled(&self, _option: &[u8]) -> bool {
        false
    }

    fn fips_mode(&self) -> bool {
        false
    }
}

impl Host for Nothing {
    fn is_section(&self, keyword: &[u8]) -> bool {
        matches!(keyword, b"global" | b"defaults" | b"listen" | b"frontend" | b"backend")
    }

    fn line(&mut self, _section: Option<&Line>, _line: &Line) {}
}
