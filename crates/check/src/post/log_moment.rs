//! When the streams of a frontend log: HAProxy waits for what the formats of the whole proxy ask
//! for, those of its rules included.

use ir::config::{LogMoment, Proxy};
use ir::expr::{ActionValue, Expr, FormatNode, LogFormat};
use ir::sources::Sources;

use crate::context::Context;
use crate::draft::Draft;

/// Aliases of what is known when a stream begins.
const EARLY: &[&str] =
    &["H", "OG", "T", "Tl", "Ts", "b", "f", "ft", "lc", "ms", "pid", "t", "tr", "trg", "trl", "tsc"];
/// Aliases of the request.
const OF_REQUEST: &[&str] = &["HM", "HP", "HPO", "HQ", "HU", "HV", "r", "rt"];
/// Aliases of what only the end of the stream tells.
const OF_END: &[&str] = &[
    "B", "ID", "Ta", "Tc", "Td", "Th", "Ti", "TR", "Tq", "Tr", "Tt", "Tu", "Tw", "U", "ac", "bc", "bq", "fc",
    "rc", "sc", "sq", "ts",
];

pub fn choose(c: &Context<'_>, draft: &mut Draft) {
    let proxy = &draft.proxy;
    let asks =
        formats(proxy).flat_map(|format| &format.nodes).fold(Asks::default(), |asks, node| match node {
            FormatNode::Alias { name, .. } => asks.with_alias(name),
            FormatNode::Expr { expr, .. } => asks.with_expr(c, expr),
            FormatNode::Text(_) | FormatNode::Space => asks,
        });
    let captures = !proxy.request_captures.is_empty()
        || !proxy.response_captures.is_empty()
        || proxy.capture_cookie.is_some();
    draft.proxy.log_moment = match asks {
        Asks { end: true, .. } if !proxy.options.logasap => LogMoment::End,
        Asks { request: true, other: false, end: false } if !captures => LogMoment::Request,
        _ => LogMoment::Answer,
    };
}

#[derive(Clone, Copy, Debug, Default)]
struct Asks {
    request: bool,
    end: bool,
    other: bool,
}

impl Asks {
    fn with_alias(mut self, name: &str) -> Self {
        self.request |= OF_REQUEST.contains(&name);
        self.end |= OF_END.contains(&name);
        self.other |= ![EARLY, OF_REQUEST, OF_END].iter().any(|names| names.contains(&name));
        self
    }

    fn with_expr(mut self, c: &Context<'_>, expr: &Expr) -> Self {
        let fetch = c.registry.fetches().get(expr.fetch.index());
        self.end |= fetch.is_some_and(|fetch| fetch.uses.meets(Sources::END));
        self.other = true;
        self
    }
}

fn formats(proxy: &Proxy) -> impl Iterator<Item = &LogFormat> {
    let own = [&proxy.log_format_sd, &proxy.error_log_format, &proxy.unique_id_format];
    let rules = proxy.rules.iter().flatten().flat_map(|rule| {
        let options = rule.options.iter().flat_map(|(_, values)| values);
        rule.args.iter().chain(options).filter_map(|value| match value {
            ActionValue::Fmt(format) => Some(format),
            _ => None,
        })
    });
    std::iter::once(&proxy.log_format).chain(own.into_iter().flatten()).chain(rules)
}
