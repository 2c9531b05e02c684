//! Log-formats of a proxy: read when its mode is known.

use diag::{Diagnostic, Span};
use ir::config::{LogPreset, Mode};
use ir::expr::LogFormat;
use ir::sources::{Source, Sources};
use ir::spec::RuleSet;
use syntax::Word;

use crate::context::Context;
use crate::draft::{Draft, Usage};
use crate::logformat::{self, Use};
use crate::places::Place;

/// `balance hash`
pub fn balance(c: &mut Context<'_>, draft: &mut Draft) {
    if draft.proxy.mode == Mode::Log && draft.proxy.balance.algorithm == "log-hash" {
        return log_hash(c, draft);
    }
    let Some(word) = draft.balance_hash.take() else { return };
    if draft.proxy.mode == Mode::Log {
        return;
    }
    std::mem::swap(&mut c.px, draft);
    let checked = c.within(Usage::Balance, |c| crate::expr::word(c, &word));
    std::mem::swap(&mut c.px, draft);
    let start = format!("{} [{}]: ", draft.title(), c.at(draft.header));
    let expr = match checked {
        Ok(expr) => expr,
        Err(fail) => {
            let text = format!(
                "{start}failed to parse 'balance hash' expression '{}' in : {}.",
                word.lossy(),
                fail.message
            );
            c.push(Diagnostic::post_error(fail.code, text).pointing(fail.span));
            return;
        }
    };
    let uses = c.registry.fetches().get(expr.fetch.index()).map(|spec| (spec.uses, spec.contexts));
    if let Some((uses, _)) = uses.filter(|(_, contexts)| !Place::BE_SET_SRV.allows(*contexts)) {
        let text = format!(
            "{start}error detected while parsing 'balance hash' expression '{}' which requires information from {}, \
             which is not available here.",
            word.lossy(),
            uses.names()
        );
        c.push(Diagnostic::post_error("unavailable-fetch", text).pointing(word.span));
        return;
    }
    let reads_request = |(uses, _): (Sources, _)| uses.meets(Sources::of(&[Source::RequestBuffer]));
    if draft.proxy.mode == Mode::Http && uses.is_some_and(reads_request) {
        let text = format!(
            "{start}L6 sample fetch <{}> will be ignored in 'balance hash' expression in HTTP mode.",
            word.lossy()
        );
        c.push(Diagnostic::post_warning("needs-tcp", text).pointing(word.span));
    }
    draft.proxy.balance.expr = Some(expr);
}

/// The converters of `balance log-hash`: what they work on is the message.
fn log_hash(c: &mut Context<'_>, draft: &mut Draft) {
    let converters = draft.proxy.balance.args.first().cloned().unwrap_or_default();
    let text = [b"str(dummy),".as_slice(), &converters].concat();
    let word = Word { text, span: draft.header, verbatim: None };
    match c.within(Usage::Balance, |c| crate::expr::word(c, &word)) {
        Ok(expr) => draft.proxy.balance.expr = Some(expr),
        Err(fail) => {
            let text = format!(
                "log backend '{}': failed to initialize: {} (from converter list argument in \"balance log-hash\").",
                draft.name(),
                fail.message
            );
            c.push(Diagnostic::post_error(fail.code, text).pointing(word.span));
        }
    }
}

pub fn resolve(c: &mut Context<'_>, draft: &mut Draft) {
    let word = draft.log_format.take().or_else(|| preset(draft));
    if let Some(word) = word {
        let mut format = parse(c, draft, &word, Usage::Log, "log-format");
        if format.as_ref().is_none_or(|format| format.nodes.is_empty()) {
            draft.proxy.log_preset = LogPreset::Default;
        }
        // Flags alone are no format.
        if format.as_ref().is_some_and(|format| format.nodes.is_empty())
            && let Some(word) = preset(draft)
        {
            format = parse(c, draft, &word, Usage::Log, "log-format");
        }
        draft.proxy.log_format = format.unwrap_or_default();
    }
    if let Some(word) = draft.log_format_sd.take()
        && let Some(format) = parse(c, draft, &word, Usage::LogSd, "log-format-sd")
    {
        draft.log_format_sd = Some(word);
        draft.proxy.log_format_sd = Some(format);
    }
    if let Some(word) = draft.unique_id_format.take() {
        draft.proxy.unique_id_format = parse(c, draft, &word, Usage::UniqueId, "unique-id");
    }
    if let Some(word) = draft.error_log_format.take() {
        draft.proxy.error_log_format = parse(c, draft, &word, Usage::Log, "error-log-format");
    }
}

/// The format of `option httplog` and its like, or of no option at all, as if it were written.
fn preset(draft: &Draft) -> Option<Word> {
    let text = draft.proxy.log_preset.format(draft.proxy.mode).filter(|_| draft.kind.is_frontend())?;
    Some(Word { text: text.as_bytes().to_vec(), span: Span::default(), verbatim: None })
}

fn parse(c: &mut Context<'_>, draft: &mut Draft, word: &Word, usage: Usage, name: &str) -> Option<LogFormat> {
    let (is_frontend, is_backend) = (draft.kind.is_frontend(), draft.kind.is_backend());
    let (used, place) = match usage {
        Usage::UniqueId => (Use::UniqueId, Place::of_rules(RuleSet::HttpRequest, is_frontend, is_backend)),
        _ => (Use::Log, Place::FE_LOG_END),
    };
    let named = draft.unresolved.len();
    std::mem::swap(&mut c.px, draft);
    let parsed = c.within(usage, |c| logformat::check(c, word, used, place));
    std::mem::swap(&mut c.px, draft);
    match parsed {
        Ok(format) => Some(format),
        Err(fail) => {
            // Nothing more is told about the names in it.
            draft.unresolved.truncate(named);
            let text = format!("Parsing [{}]: failed to parse {name} : {}.", c.at(word.span), fail.message);
            c.push(Diagnostic::post_error(fail.code, text).pointing(fail.span));
            None
        }
    }
}
