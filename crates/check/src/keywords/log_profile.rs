//! `log-profile` sections.

use diag::{Effect, Place};
use ir::config::{LogProfile, LogStep};
use ir::spec::{Section, Sections};
use syntax::Word;

use crate::context::Context;
use crate::draft::Usage;
use crate::fail::Checked;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::logformat::{self, Use};
use crate::section;

const HERE: Sections = Sections::one(Section::LogProfile);
const STEPS: [&str; 7] = ["accept", "request", "connect", "response", "close", "error", "any"];
/// Steps that actions bring.
const EXTRA_STEPS: [&str; 7] = [
    "http-req",
    "http-res",
    "http-after-res",
    "tcp-req-conn",
    "tcp-req-sess",
    "tcp-req-cont",
    "tcp-res-cont",
];

pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(name) = section::name(c, line) else { return false };
    if c.has_extra(line, 1, Effect::Fatal) {
        return true;
    }
    if section::refuse_name(c, line, name, Place::Parsing, Effect::Abort) {
        return false;
    }
    if let Some(place) = section::declare(c, Section::LogProfile, &name.text, line).first().copied() {
        section::same_name(c, line, "log-profile section", "another log-profile section", place);
    }
    let (name, place) = (name.text.clone(), line.place());
    c.config.log_profiles.push(LogProfile { name, place, ..LogProfile::default() });
    true
}

fn log_tag(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(tag) = line.arg(0) else {
        return c.alert("missing-argument", line.span, "'log-tag' expects a tag for use in syslog.");
    };
    if let Some(section) = c.config.log_profiles.last_mut() {
        section.log_tag = Some(tag.text.clone());
    }
}

fn on(c: &mut Context<'_>, line: &Line<'_>) {
    let known = |word: &&Word| STEPS.iter().chain(&EXTRA_STEPS).any(|step| word.is(step));
    let Some(step) = line.arg(0).filter(known) else {
        let text = "'on' expects a log step.\nexpected values are: 'accept', 'request', 'connect', 'response', \
                    'close', 'error' or 'any'.\nOr one of the additional log steps: 'http-req', 'http-res', 'http-after-res', \
                    'tcp-req-conn', 'tcp-req-sess', 'tcp-req-cont', 'tcp-res-cont'.";
        return c.alert_tight("unknown-step", line.span, text);
    };
    let old = c.config.log_profiles.last_mut().and_then(|section| {
        let at = section.steps.iter().position(|other| other.step == step.text)?;
        Some(section.steps.swap_remove(at))
    });
    let mut done = old.unwrap_or_else(|| LogStep { step: step.text.clone(), ..LogStep::default() });
    if set(c, line, &mut done)
        && let Some(section) = c.config.log_profiles.last_mut()
    {
        section.steps.push(done);
    }
}

/// Reads the words behind a step; false when they were refused.
fn set(c: &mut Context<'_>, line: &Line<'_>, step: &mut LogStep) -> bool {
    let start = format!("'on {}", line.lossy(0));
    let mut at = 1;
    while let Some(word) = line.arg(at) {
        let is_format = word.is("format");
        if word.is("drop") && at == 1 {
            step.drop = true;
            at += 1;
            continue;
        }
        if !is_format && !word.is("sd") {
            break;
        }
        step.drop = false;
        let Some(value) = line.arg(at + 1) else {
            let text = format!("{start} {}' expects a logformat string.", word.lossy());
            c.alert("missing-argument", word.span, text);
            return false;
        };
        let Some(format) = format_of(c, line, value) else { return false };
        match is_format {
            true => step.format = Some(format),
            false => step.sd = Some(format),
        }
        at += 2;
    }
    let complete = at > 1 && line.arg(at).is_none();
    if !complete {
        c.alert("bad-step", line.span, format!("{start}' expects 'drop', 'format' or 'sd'."));
    }
    complete
}

fn format_of(c: &mut Context<'_>, line: &Line<'_>, word: &Word) -> Option<ir::expr::LogFormat> {
    let checked: Checked<_> =
        c.within(Usage::Log, |c| logformat::check(c, word, Use::Log, crate::places::Place::FE_LOG_END));
    match checked {
        Ok(format) => Some(format),
        Err(fail) => {
            let text = format!("Parsing [{}]: failed to parse logformat: {}.", c.at(line.span), fail.message);
            c.alert_bare(fail.code, fail.span, text);
            None
        }
    }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "log-tag",
        "The program's name in the log lines.",
        HERE,
        "<string>",
        MANY,
        Set::Line(log_tag),
    ),
    Keyword::new(
        "on",
        "What is logged at a step.",
        HERE,
        "<step> [drop] [format <fmt>] [sd <fmt>]",
        MANY,
        Set::Line(on),
    ),
];
