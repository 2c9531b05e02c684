//! Log-formats of a proxy: read when its mode is known.

use diag::{Diagnostic, Span};
use ir::config::LogPreset;
use ir::expr::LogFormat;
use syntax::Word;

use crate::context::Context;
use crate::draft::{Draft, Usage};
use crate::fail::Fail;
use crate::logformat::{self, Use};
use crate::places::Place;

/// `balance hash`
pub fn balance(c: &mut Context<'_>, draft: &mut Draft) {
    let Some(word) = draft.balance_hash.take() else { return };
    std::mem::swap(&mut c.px, draft);
    let checked = c.within(Usage::Balance, |c| {
        let expr = crate::expr::word(c, &word)?;
        crate::expr::require(c, &expr, Place::BE_SET_SRV, word.span)?;
        Ok::<_, Fail>(expr)
    });
    std::mem::swap(&mut c.px, draft);
    match checked {
        Ok(expr) => draft.proxy.balance.expr = Some(expr),
        Err(fail) => {
            let text = format!(
                "{} [{}]: failed to parse 'balance hash' expression '{}' in : {}.",
                draft.title(),
                c.at(draft.header),
                word.lossy(),
                fail.message
            );
            c.push(Diagnostic::post_error(fail.code, text).pointing(fail.span));
        }
    }
}

pub fn resolve(c: &mut Context<'_>, draft: &mut Draft) {
    let word = draft.log_format.take().or_else(|| preset(draft));
    if let Some(word) = word {
        let format = match parse(c, draft, &word, Usage::Log, "log-format") {
            Some(format) => format,
            None => {
                draft.proxy.log_preset = LogPreset::Default;
                LogFormat::default()
            }
        };
        draft.proxy.log_format = format;
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
    let (used, place) = match usage {
        Usage::UniqueId => (Use::Value, Place::FE_HRQ_HDR),
        _ => (Use::Log, Place::FE_LOG_END),
    };
    std::mem::swap(&mut c.px, draft);
    let parsed = c.within(usage, |c| logformat::check(c, word, used, place));
    std::mem::swap(&mut c.px, draft);
    match parsed {
        Ok(format) => Some(format),
        Err(fail) => {
            let text = format!("Parsing [{}]: failed to parse {name} : {}.", c.at(word.span), fail.message);
            c.push(Diagnostic::post_error(fail.code, text).pointing(fail.span));
            None
        }
    }
}
