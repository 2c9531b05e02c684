//! HAProxy's form: `[ALERT]    (pid) : config : parsing [file:line] : message`.

use crate::{Diagnostic, Place, SourceMap};

/// What stands in front of every message.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    pub pid: u32,
    /// What the program was doing: `config` while the configuration is read and checked;
    /// empty when HAProxy's message has none.
    pub context: &'a str,
}

/// Writes one diagnostic with its final line end.
pub fn write(out: &mut String, header: Header<'_>, sources: &SourceMap, diagnostic: &Diagnostic) {
    line(out, header, diagnostic.severity.label(), &place(sources, diagnostic), &diagnostic.message);
    if let Some(excerpt) = &diagnostic.excerpt {
        out.push_str(excerpt);
        if !excerpt.ends_with('\n') {
            out.push('\n');
        }
    }
}

/// Writes a message that is no diagnostic in the same form, such as
/// `[NOTICE]   (pid) : haproxy version is …`.
pub fn line(out: &mut String, header: Header<'_>, label: &str, place: &str, message: &str) {
    // The label's field is ten bytes wide, brackets included.
    let label = format!("[{label}]");
    out.push_str(&format!("{label:<10} ({}) : ", header.pid));
    if !header.context.is_empty() {
        out.push_str(header.context);
        out.push_str(" : ");
    }
    out.push_str(place);
    out.push_str(message);
    out.push('\n');
}

fn place(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    let Some(span) = diagnostic.span else {
        return String::new();
    };
    let at = format!("[{}:{}]", sources.name(span.file), span.line);
    match diagnostic.place {
        Place::Parsing => format!("parsing {at} : "),
        Place::ParsingTight => format!("parsing {at}: "),
        Place::Line => format!("{at} : "),
        Place::LineParsing => format!("{at} : parsing {at} : "),
        Place::Nowhere => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Severity, Span};

    fn check(diagnostic: Diagnostic, expected: &str) {
        let mut sources = SourceMap::new();
        sources.add("a.cfg", "global\n bogus x\n");
        let mut out = String::new();
        write(&mut out, Header { pid: 77, context: "config" }, &sources, &diagnostic);
        assert_eq!(out, expected);
    }

    /// Lines as printed by HAProxy 2.6 and 3.5.
    #[test]
    fn forms() {
        let at = Span { line: 2, ..Span::default() };
        check(
            Diagnostic::error("x", at, "unknown keyword 'bogus' in 'global' section"),
            "[ALERT]    (77) : config : parsing [a.cfg:2] : unknown keyword 'bogus' in 'global' section\n",
        );
        check(
            Diagnostic::notice("x", at, "'hi'.").at(Place::ParsingTight),
            "[NOTICE]   (77) : config : parsing [a.cfg:2]: 'hi'.\n",
        );
        check(
            Diagnostic::warning("x", at, "'yo'.").at(Place::ParsingTight),
            "[WARNING]  (77) : config : parsing [a.cfg:2]: 'yo'.\n",
        );
        check(
            Diagnostic::error("x", at, "'server f/s' : unknown keyword 'y'").at(Place::Line),
            "[ALERT]    (77) : config : [a.cfg:2] : 'server f/s' : unknown keyword 'y'\n",
        );
        check(
            Diagnostic::error("x", at, "'server' not allowed").at(Place::LineParsing),
            "[ALERT]    (77) : config : [a.cfg:2] : parsing [a.cfg:2] : 'server' not allowed\n",
        );
        check(
            Diagnostic::error("x", at, "unmatched quote at position 2:")
                .at(Place::ParsingTight)
                .with_excerpt("  \"\n  ^"),
            "[ALERT]    (77) : config : parsing [a.cfg:2]: unmatched quote at position 2:\n  \"\n  ^\n",
        );
        check(
            Diagnostic::post_error("x", "Fatal errors found in configuration."),
            "[ALERT]    (77) : config : Fatal errors found in configuration.\n",
        );
        let remark = Diagnostic::remark("x", at, "hm");
        assert_eq!(remark.severity, Severity::Diag);
        check(remark, "[DIAG]     (77) : config : parsing [a.cfg:2] : hm\n");
    }

    #[test]
    fn without_context() {
        let mut out = String::new();
        line(&mut out, Header { pid: 5, context: "" }, "NOTICE", "", "haproxy version is 3.5");
        assert_eq!(out, "[NOTICE]   (5) : haproxy version is 3.5\n");
    }
}
