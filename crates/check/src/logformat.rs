//! Log-formats: aliases are known, expressions checked, flags folded into each node.

use diag::Span;
use ir::config::Mode;
use ir::expr::{Encoding, Expr, FormatCast, FormatFlags, FormatNode, LogFormat};
use ir::sources::Sources;
use ir::spec::Support;
use syntax::{LogCast, LogNode, LogTag, SampleExpr, Word};

use crate::context::Context;
use crate::draft::Usage;
use crate::fail::{Checked, Fail};
use crate::places::Place;

/// Where the format is used, which decides how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `log-format` and its like: runs of spaces are one, a missing value is `-`.
    Log,
    /// `unique-id-format`: runs of spaces are one, as a part of an HTTP message otherwise.
    UniqueId,
    /// A header's value and other parts of an HTTP message.
    Header,
    /// Anything else: text as it is.
    Value,
}

impl Use {
    const fn merges_spaces(self) -> bool {
        matches!(self, Self::Log | Self::UniqueId)
    }

    const fn flags(self) -> FormatFlags {
        FormatFlags {
            mandatory: matches!(self, Self::Log),
            http: matches!(self, Self::UniqueId | Self::Header),
            quote: false,
            hex: false,
            escape: false,
            encoding: None,
            binary: false,
            cast: None,
        }
    }
}

pub fn check(c: &mut Context<'_>, word: &Word, used: Use, place: Place) -> Checked<LogFormat> {
    let parsed = syntax::logformat::parse(word, used.merges_spaces());
    let mut format = LogFormat { text: word.text.clone(), ..LogFormat::default() };
    let mut defaults = used.flags();
    // What holds for all items: the flags that all `%o` have in common.
    let mut common: Option<FormatFlags> = None;
    for node in parsed.nodes {
        match node {
            LogNode::Text(text) => push_text(&mut format.nodes, text),
            LogNode::Separator => format.nodes.push(FormatNode::Space),
            LogNode::Alias { tag, name, .. } if name == b"o" => {
                defaults = flags(&tag, defaults);
                let before =
                    common.filter(|_| used.merges_spaces() || common != Some(FormatFlags::default()));
                common = Some(before.map_or(defaults, |before| both(before, defaults)));
            }
            LogNode::Alias { tag, name, span } => {
                let name = alias(c, &name, span)?;
                let flags = flags(&tag, defaults);
                format.nodes.push(FormatNode::Alias { name, key: tag.name.unwrap_or_default(), flags });
            }
            LogNode::Expr { tag, expr } => {
                let checked = crate::expr::check(c, &expr).map_err(|fail| in_sample(fail, &expr))?;
                crate::expr::require(c, &checked, place, expr.span)?;
                let flags = flags(&tag, defaults);
                if flags.http {
                    warn_buffers(c, &checked, expr.span);
                }
                let key = tag.name.unwrap_or_default();
                format.nodes.push(FormatNode::Expr { expr: checked, key, flags });
            }
        }
    }
    if let Some(error) = parsed.error {
        return Err(error.into());
    }
    settle(&mut format, common.unwrap_or_default());
    Ok(format)
}

/// The flags of two `%o` that hold for the whole.
fn both(one: FormatFlags, other: FormatFlags) -> FormatFlags {
    FormatFlags {
        quote: one.quote && other.quote,
        hex: one.hex && other.hex,
        escape: one.escape && other.escape,
        mandatory: one.mandatory && other.mandatory,
        encoding: one.encoding.filter(|_| one.encoding == other.encoding),
        binary: one.binary && other.binary,
        http: one.http && other.http,
        cast: None,
    }
}

/// An encoding of the whole is that of each item; parts of HTTP messages have none.
fn settle(format: &mut LogFormat, common: FormatFlags) {
    format.encoding = common.encoding.filter(|_| !common.http);
    format.binary = common.binary;
    for node in &mut format.nodes {
        let (FormatNode::Alias { flags, .. } | FormatNode::Expr { flags, .. }) = node else { continue };
        flags.binary = common.binary;
        flags.encoding = format.encoding.or(flags.encoding).filter(|_| !flags.http);
        flags.escape &= flags.encoding.is_none();
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
fn push_text(nodes: &mut Vec<FormatNode>, mut text: Vec<u8>) {
    match nodes.last_mut() {
        Some(FormatNode::Text(last)) => last.append(&mut text),
        _ => nodes.push(FormatNode::Text(text)),
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

/// The flags of a tag over those that hold before it.
fn flags(tag: &LogTag, before: FormatFlags) -> FormatFlags {
    let mut flags = before;
    for flag in &tag.flags {
        match flag.name.as_slice() {
            b"Q" => flags.quote = flag.on,
            b"X" => flags.hex = flag.on,
            b"E" => flags.escape = flag.on,
            b"M" => flags.mandatory = flag.on,
            b"bin" => flags.binary = flag.on,
            b"json" => encoding(&mut flags, Encoding::Json, flag.on),
            b"cbor" => encoding(&mut flags, Encoding::Cbor, flag.on),
            _ => {}
        }
    }
    flags.cast = tag.cast.map(|cast| match cast {
        LogCast::Str => FormatCast::Str,
        LogCast::Sint => FormatCast::Sint,
        LogCast::Bool => FormatCast::Bool,
        LogCast::Raw => FormatCast::Raw,
    });
    flags
}

/// The first encoding stays.
fn encoding(flags: &mut FormatFlags, named: Encoding, on: bool) {
    match flags.encoding {
        None if on => flags.encoding = Some(named),
        Some(have) if !on && have == named => flags.encoding = None,
        _ => {}
    }
}
