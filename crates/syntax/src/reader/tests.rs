//! Files and messages as HAProxy 3.5 reads and words them.

use diag::render::text::{self, Header};
use diag::{Diagnostic, SourceMap};

use super::*;
use crate::Facts;
use crate::testing::Process;

/// A process whose environment grows with `setenv` lines.
#[derive(Default)]
struct Reading {
    set: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Facts for Reading {
    fn variable(&self, name: &[u8]) -> Option<Vec<u8>> {
        let set = self.set.iter().find(|(known, _)| known == name);
        set.map(|(_, value)| value.clone()).or_else(|| Process.variable(name))
    }

    fn variable_names(&self) -> Vec<Vec<u8>> {
        Process.variable_names()
    }

    fn feature(&self, name: &[u8]) -> bool {
        Process.feature(name)
    }

    fn version(&self) -> &str {
        "3.5.0"
    }

    fn openssl_version(&self) -> Option<u32> {
        Process.openssl_version()
    }

    fn ssl_library(&self) -> &str {
        ""
    }

    fn awslc_api(&self) -> Option<u32> {
        None
    }

    fn enabled(&self, option: &[u8]) -> bool {
        Process.enabled(option)
    }

    fn fips_mode(&self) -> bool {
        false
    }
}

impl Host for Reading {
    fn is_section(&self, keyword: &[u8]) -> bool {
        matches!(keyword, b"global" | b"defaults" | b"frontend")
    }

    fn line(&mut self, _section: Option<&Line>, line: &Line) {
        if let [keyword, name, value] = line.words.as_slice()
            && keyword.is("setenv")
        {
            self.set.push((name.text.clone(), value.text.clone()));
        }
    }
}

fn read(text: &[u8]) -> (File, Vec<Diagnostic>) {
    parse(FileId(0), "a.cfg", text, &mut Reading::default())
}

/// Sections as `header{line;line}`, words joined by `|`.
fn check(text: &str, expected: &str) {
    let (file, diags) = read(text.as_bytes());
    assert_eq!(diags, [], "{text}");
    let show = |line: &Line| {
        let words: Vec<_> = line.words.iter().map(Word::lossy).collect();
        words.join("|")
    };
    let mut out: String = file.orphans.iter().map(|line| show(line) + ";").collect();
    for section in &file.sections {
        let lines: Vec<_> = section.lines.iter().map(show).collect();
        out += &format!("{}{{{}}}", show(&section.header), lines.join(";"));
    }
    assert_eq!(out, expected, "{text}");
}

/// Messages without their `[LEVEL] (pid) : config : parsing [a.cfg:` part.
fn check_errors(text: impl AsRef<[u8]>, expected: &str) {
    let mut sources = SourceMap::new();
    sources.add("a.cfg", text.as_ref());
    let (_, diags) = read(text.as_ref());
    let mut out = String::new();
    for diagnostic in &diags {
        text::write(&mut out, Header { pid: 1, context: "" }, &sources, diagnostic);
    }
    let out = out.replace("[ALERT]    (1) : parsing [a.cfg:", "");
    assert_eq!(out, expected, "{}", String::from_utf8_lossy(text.as_ref()));
}

#[test]
fn sections() {
    check("", "");
    check("\n# nothing\n  \n", "");
    check("a b\nglobal\n x 'y z'\n\nfrontend f # c\n\tbind :80\n", "a|b;global{x|y z}frontend|f{bind|:80}");
    check("global\r\n x y\r\n", "global{x|y}");
    check("[scope]\nglobal\n[a.b-c] # ok\n x\n", "global{x}");
    check("global\n '' ignored\n x\n", "global{x}");
}

#[test]
fn environment() {
    check("global\n setenv A 1\n x \"$A\" \"${.LINE}\"\n", "global{setenv|A|1;x|1|3}");
    check(
        "frontend f\n x \"${.FILE}-${.SECTION}\"\nglobal\n x \"${.SECTION}\"\n",
        "frontend|f{x|a.cfg-f}global{x|global}",
    );
    check("global\n x \"${LIST[*]}\"\n", "global{x|a|b|c}");
}

#[test]
fn modifiers() {
    let (file, _) = read(b"global\n no option x\n default log\n option y\n");
    let modifier = |index: usize| {
        let (modifier, words) = file.sections[0].lines[index].modifier();
        (modifier, words[0].lossy().into_owned())
    };
    assert_eq!(modifier(0), (crate::Modifier::No, "option".to_owned()));
    assert_eq!(modifier(1), (crate::Modifier::Default, "log".to_owned()));
    assert_eq!(modifier(2), (crate::Modifier::None, "option".to_owned()));
}

#[test]
fn blocks() {
    check("global\n.if 1\n a\n.else\n b\n.endif\n c\n", "global{a;c}");
    check("global\n.if 0\n a\n.elif 1\n b\n.elif 1\n c\n.else\n d\n.endif\n", "global{b}");
    check("global\n.if 0\n a\n.elif 0\n b\n.else\n c\n.endif\n", "global{c}");
    check("global\n.if 0\n .if 1\n a\n .else\n b\n .endif\n.else\n c\n.endif\n", "global{c}");
    check("global\n.if 1\n .if 0\n a\n .else\n b\n .endif\n.else\n c\n.endif\n", "global{b}");
    check("global\n.if streq(\"$FOOBAR\",1) # yes\n a\n.endif\n", "global{a}");
    // What is left is neither checked for empty words nor for directives, nor evaluated.
    check("global\n.if 0\n a ''\n .foo\n .if zzz\n .endif\n .alert x\n.endif\n", "global{}");
    check("global\n.if \"$NONE\"\n a\n.endif\n", "global{}");
}

#[test]
fn block_errors() {
    check_errors(".if 1\nglobal\n", "2]: non-terminated '.if' block.\n");
    check_errors(".elif 1\nx\n", "1]: lone '.elif' with no matching '.if'.\n");
    check_errors(".else\nx\n", "1]: lone '.else' with no matching '.if'.\n");
    check_errors(".endif\nx", "1]: lone '.endif' with no matching '.if'.\n");
    check_errors(".if 0\n.else\n.elif 1\n", "3]: '.elif' after '.else' is not permitted.\n");
    check_errors(".if 0\n.else\n.else\n", "3]: '.else' after '.else' is not permitted.\n");
    check_errors(
        ".if 1\n .else x\n bogus\n",
        "2]: Unexpected argument 'x' for '.else'.\n2]: non-terminated '.if' block.\n",
    );
    check_errors(
        "global\n .foo bar\n .bar\n",
        "2]: unknown directive '.foo'.\n3]: unknown directive '.bar'.\n",
    );
    check_errors(".if 1\n".repeat(101), "100]: too many nested '.if', max is 100.\n");
    check_errors(
        ".if foo(1) && 1\nbogus\n",
        "1]: unparsable conditional expression 'foo(1) && 1' in '.if' at position 1:\n  \
         .if foo(1) && 1\n      ^\n",
    );
    check_errors(
        ".if 0\n.elif streq(a,b) x\n",
        "2]: unexpected character 'x' at the end of conditional expression 'streq(a,b) x' in \
         '.elif' at position 12:\n  .elif streq(a,b) x\n                   ^\n",
    );
}

#[test]
fn messages() {
    check_errors(
        "global\n .notice a b\n .warning \"x y\"\n .diag d\n .notice n\n .alert \"stop\"\n .alert no\n",
        "2]: Unexpected argument 'b' for '.notice'. Use quotes if the message should contain \
         spaces.\n\
         [WARNING]  (1) : parsing [a.cfg:3]: 'x y'.\n\
         [DIAG]     (1) : parsing [a.cfg:4]: 'd'.\n\
         [NOTICE]   (1) : parsing [a.cfg:5]: 'n'.\n\
         6]: 'stop'.\n\
         7]: 'no'.\n",
    );
}

#[test]
fn word_errors() {
    // CF-07
    check_errors(
        "\n http-request set-header X \"abc\n",
        "2]: unmatched quote at position 28:\n  http-request set-header X \"abc\n                            ^\n",
    );
    check_errors(
        "\tglobal \\x4 a\n",
        "1]: truncated or invalid hexadecimal sequence at position 9:\n  global \\x4 a\n         ^\n",
    );
    check_errors(
        " maxconn \"${FOOBAR\"\n maxconn \"${1A}\"\n maxconn \"${LIST[x]}\"\n",
        "1]: unmatched brace in environment variable name at position 12:\n  maxconn \"${FOOBAR\"\n            ^\n\
         2]: forbidden first char in environment variable name at position 13:\n  maxconn \"${1A}\"\n             ^\n\
         3]: truncated or invalid word expansion sequence at position 17:\n  maxconn \"${LIST[x]}\"\n                 ^\n",
    );
    // CF-05
    let words: String = (1..=100).map(|n| format!(" {n}")).collect();
    check_errors(
        format!("acl{words}\n"),
        "1]: too many words, truncating after word 64, position 182: <63>.\n",
    );
}

#[test]
fn empty_arguments() {
    let explanation = "Aborting to prevent all subsequent arguments from being silently ignored. \
                       If this is caused by an environment variable expansion, please have a look \
                       at section 2.3 of the configuration manual to find solutions to address \
                       this.\n";
    check_errors(
        "  maxconn \"${FOOBAX}\" x\n  nbthread \"$FOOBAX\"\n timeout connect ''\n",
        &format!(
            "1]: argument number 1 at position 14 is empty and marks the end of the argument \
             list:\n  maxconn \"${{FOOBAX}}\" x\n             ^\n{explanation}\
             [NOTICE]   (1) : Hint: maybe you meant FOOBAR instead ?\n\
             2]: argument number 1 at position 14 is empty and marks the end of the argument \
             list:\n  nbthread \"$FOOBAX\"\n             ^\n\
             [NOTICE]   (1) : Hint: maybe you meant FOOBAR instead ?\n\
             3]: argument number 2 at position 19 is empty and marks the end of the argument \
             list:\n  timeout connect ''\n                   ^\n"
        ),
    );
}

#[test]
fn file_errors() {
    // CF-04
    check_errors("# a\0b", "1]: Missing LF on last line, file might have been truncated at position 4.\n");
    check_errors(
        "global\n x",
        "2]: Missing LF on last line, file might have been truncated at position 3.\n",
    );
    check_errors("global\n maxcon\0nn 12\nfoo\n", "2]: Stray NUL character at position 8.\n");
    check_errors("[a\n", "1] : empty scope name is forbidden.\n");
    check_errors("[]\n", "1] : empty scope name is forbidden.\n");
    check_errors("[a b]\n", "1] : character ' ' is not permitted in a scope name.\n");
    check_errors("[ab] c\n", "1] : character 'c' is not permitted after scope declaration.\n");
    let many: String =
        (1..=50).map(|n| format!("{n}]: unmatched quote at position 1:\n  '\n  ^\n")).collect();
    check_errors("'\n".repeat(60), &format!("{many}51]: too many fatal errors (50), stopping now.\n"));
}

#[test]
fn places() {
    let (file, _) = read(b"global\n  x 'y z' w\\ v\n");
    let line = &file.sections[0].lines[0];
    assert_eq!((line.span.line, line.span.col, line.span.len), (2, 2, 12));
    let words: Vec<_> = line.words.iter().map(|w| (w.span.col, w.span.len, w.verbatim)).collect();
    assert_eq!(words, [(2, 1, Some(0)), (4, 5, Some(1)), (10, 4, None)]);
}

/// A line may be long, and any bytes end in words or messages.
#[test]
fn garbage() {
    let long = format!("acl a path {}\n", "a".repeat(70_000));
    let (file, diags) = read(long.as_bytes());
    assert_eq!((file.orphans.len(), diags.len()), (1, 0));
    const ALPHABET: &[u8] = b"a.if${}[*]-\\x0'\"#\n\0 ()&|!\xff";
    let mut seed = 1u32;
    for _ in 0..20_000 {
        let mut text = Vec::new();
        for _ in 0..40 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push(ALPHABET[(seed >> 16) as usize % ALPHABET.len()]);
        }
        let _ = read(&text);
    }
}

#[test]
fn plain_lines_are_passed_over() {
    let rows: [(&str, Option<(u32, &str)>); 9] = [
        ("a b\n c\n\n# d\nfrontend f\n", Some((5, "frontend"))),
        ("a\n b \"c\"\n", Some((2, "b"))),
        ("a\n.if 1\nb\n.endif\n", Some((3, "b"))),
        ("a\nb\\ c\n", Some((2, "b c"))),
        ("a\nb", Some((2, "b"))),
        ("a\nb \0\n", Some((2, "b"))),
        ("a#frontend\nfrontend#\n", Some((2, "frontend"))),
        ("a\n", None),
        ("", None),
    ];
    for (text, expected) in rows {
        let mut reader = Reader::new(FileId(0), "f", text.as_bytes());
        let (host, mut diags) = (Reading::default(), Vec::new());
        let wanted = |first: &[u8]| first == b"frontend";
        reader.skip_plain(wanted);
        let got = reader
            .next_line(&host, &mut diags)
            .map(|line| (line.span.line, String::from_utf8_lossy(&line.keyword().text).into_owned()));
        let got = got.as_ref().map(|(line, word)| (*line, word.as_str()));
        assert_eq!(got, expected, "{text:?}");
    }
}
