//! Log-formats: aliases are known, expressions checked, flags folded into each node.

use diag::Span;
use ir::config::Mode;
use ir::expr::{Expr, FormatFlags, FormatNode, LogFormat};
use ir::sources::Sources;
use ir::spec::Support;
use syntax::{LogNode, LogTag, SampleExpr, Word};

use crate::context::Context;
use crate::draft::Usage;
use crate::fail::{Checked, Fail};
use crate::places::Place;

/// Where the format is used, which decides how its spaces are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `log-format` and its like: runs of spaces are one.
    Log,
    /// A header's value and the like: spaces are kept.
    Value,
    /// The value of a variable.
    Variable,
}

pub fn check(c: &mut Context<'_>, word: &Word, used: Use, place: Place) -> Checked<LogFormat> {
    let parsed = syntax::logformat::parse(word, used == Use::Log);
    let mut format = LogFormat { nodes: Vec::new(), text: word.text.clone() };
    let mut global = FormatFlags::default();
    for node in &parsed.nodes {
        match node {
            LogNode::Text(text) => push_text(&mut format.nodes, text),
            LogNode::Separator => push_text(&mut format.nodes, b" "),
            LogNode::Alias { tag, name, span } if name == b"o" => global = flags(c, tag, global, *span),
            LogNode::Alias { tag, name, span } => {
                let name = alias(c, name, *span)?;
                let flags = flags(c, tag, global, *span);
                format.nodes.push(FormatNode::Alias { name, flags });
            }
            LogNode::Expr { tag, expr } => {
                let checked = crate::expr::check(c, expr).map_err(|fail| in_sample(fail, expr))?;
                crate::expr::require(c, &checked, place, expr.span)?;
                if used != Use::Variable {
                    warn_buffers(c, &checked, expr.span);
                }
                let flags = flags(c, tag, global, expr.span);
                format.nodes.push(FormatNode::Expr { expr: checked, flags });
            }
        }
    }
    match parsed.error {
        Some(error) => Err(error.into()),
        None => Ok(format),
    }
}

/// HAProxy names the text from the expression on.
fn in_sample(fail: Fail, expr: &SampleExpr) -> Fail {
    let text = String::from_utf8_lossy(expr.fetch.source.get(expr.start..).unwrap_or_default());
    fail.wrap(|message| format!("failed to parse sample expression <{text}> : {message}"))
}

/// Streams of HTTP do not show the bytes of their connections.
fn warn_buffers(c: &mut Context<'_>, expr: &Expr, span: Span) {
    use ir::spec::RuleSet::{HttpAfterResponse, HttpRequest, HttpResponse};
    let Some(spec) = c.registry.fetches().get(expr.fetch.index()).copied() else { return };
    let is_told = match c.usage {
        Usage::UniqueId => true,
        Usage::Rule(HttpRequest | HttpResponse | HttpAfterResponse) => c.px.proxy.mode == Mode::Http,
        _ => false,
    };
    if is_told && spec.uses.meets(Sources::BUFFERS) {
        let text = format!("L6 sample fetch <{}> ignored in HTTP log-format string.", spec.name);
        c.warn("needs-tcp", span, text);
    }
}

/// Neighbouring texts are one node.
fn push_text(nodes: &mut Vec<FormatNode>, text: &[u8]) {
    match nodes.last_mut() {
        Some(FormatNode::Text(last)) => last.extend_from_slice(text),
        _ => nodes.push(FormatNode::Text(text.to_vec())),
    }
}

fn alias(c: &mut Context<'_>, name: &[u8], span: Span) -> Checked<&'static str> {
    let Some(spec) = c.registry.log_alias(name) else {
        let message = format!(
            "no such format alias '{}'. If you wanted to emit the '%' character verbatim, you need to use '%%'",
            String::from_utf8_lossy(name)
        );
        return Err(Fail::new("unknown-alias", span, message));
    };
    if spec.support == Support::Parsed {
        c.warn_parsed(spec.name, span);
    }
    Ok(spec.name)
}

/// The flags of a tag over those that hold for the whole format.
fn flags(c: &mut Context<'_>, tag: &LogTag, global: FormatFlags, span: Span) -> FormatFlags {
    let mut flags = global;
    for flag in &tag.flags {
        match flag.name.as_slice() {
            b"Q" => flags.quote = flag.on,
            b"X" => flags.hex = flag.on,
            b"E" => flags.escape = flag.on,
            b"M" => flags.mandatory = flag.on,
            b"json" | b"cbor" | b"bin" => c.warn_parsed("log-format encodings (json, cbor)", span),
            _ => {}
        }
    }
    flags
}
