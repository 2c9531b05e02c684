//! The lines of a `spoe-agent` section.

use base::time::{TimeError, Unit};

use super::super::log;
use super::{Engine, add_names, is_prefix_byte};
use crate::context::Context;
use crate::line::Line;

/// The least size of a frame; the greatest is the size of a buffer.
const MIN_FRAME: i64 = 256;

pub fn line(c: &mut Context<'_>, engine: &mut Engine, line: &Line<'_>) {
    let Some(agent) = engine.agent.as_mut() else { return };
    let keyword = line.keyword();
    match keyword.as_str() {
        "use-backend" => match line.arg(0) {
            None => c.alert("missing-argument", line.span, "'use-backend' expects a backend name."),
            Some(name) if !has_extra(c, line, 1) => agent.backend = Some(name.text.clone()),
            Some(_) => {}
        },
        "messages" => add_names(c, &mut agent.messages, line, "spoe-message"),
        "groups" => add_names(c, &mut agent.groups, line, "spoe-group"),
        "timeout" => agent.has_processing |= timeout(c, line),
        "option" => agent.has_prefix |= option(c, line),
        "maxconnrate" | "maxerrrate" | "max-frame-size" | "max-waiting-frames" => number(c, line),
        "register-var-names" if line.args.is_empty() => {
            let text = "'register-var-names' expects one or more variable names.";
            c.alert("missing-argument", line.span, text);
        }
        "register-var-names" => {}
        "log" => {
            let takes_all = line.is_no() || matches!(line.args, [word] if word.is("global"));
            if !takes_all && let Err(fail) = log::target(c, line, "or global") {
                c.alert(fail.code, fail.span, format!("log : {}", fail.message));
            }
        }
        _ => {
            let text = format!("unknown keyword '{keyword}' in spoe-agent section.");
            c.alert("unknown-keyword", line.span, text);
        }
    }
}

/// Whether there are more than `most` words; `alertif_too_many_args` names the keyword alone.
fn has_extra(c: &mut Context<'_>, line: &Line<'_>, most: usize) -> bool {
    let Some(extra) = line.arg(most) else { return false };
    let text = format!("'{}' cannot handle unexpected argument '{}'.", line.keyword(), extra.lossy());
    c.alert("extra-argument", extra.span, text);
    true
}

fn number(c: &mut Context<'_>, line: &Line<'_>) {
    let keyword = line.keyword();
    let Some(word) = line.arg(0) else {
        return c.alert("missing-argument", line.span, format!("'{keyword}' expects an integer argument."));
    };
    if !keyword.starts_with("max-") || has_extra(c, line, 1) || keyword != "max-frame-size" {
        return;
    }
    let max = i64::try_from(c.config.global.tune.bufsize).unwrap_or(i64::MAX) - 4;
    if !(MIN_FRAME..=max).contains(&crate::numbers::lenient(&word.text)) {
        let text =
            format!("'{keyword}' expects a positive integer argument in the range [{MIN_FRAME}, {max}].");
        c.alert("out-of-range", word.span, text);
    }
}

/// Whether it is the timeout of processing.
fn timeout(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(which) = line.arg(0) else {
        let text = "'timeout' expects 'hello', 'idle' and 'processing'.";
        c.alert("missing-argument", line.span, text);
        return false;
    };
    if has_extra(c, line, 2) || which.is("hello") || which.is("idle") {
        return false;
    }
    let shown = which.lossy();
    if !which.is("processing") {
        c.alert("unknown-keyword", which.span, format!("'timeout' supports 'processing' (got {shown})."));
        return false;
    }
    let Some(time) = line.arg(1) else {
        let text = format!("'timeout {shown}' expects an integer value (in milliseconds).");
        c.alert("missing-argument", line.span, text);
        return false;
    };
    match crate::numbers::parse_time(c, time, Unit::Ms) {
        Ok(_) => return true,
        Err(TimeError::Over) => {
            let text = format!(
                "timer overflow in argument <{}> to <timeout {shown}>, maximum value is 2147483647 ms (~24.8 days).",
                time.lossy()
            );
            c.alert_tight("bad-time", time.span, text);
        }
        Err(TimeError::Unexpected(at)) => {
            let found = crate::numbers::character(&time.text, at);
            c.alert("bad-time", time.span, format!("unexpected character '{found}' in 'timeout {shown}'."));
        }
    }
    false
}

/// Whether it is the prefix of variables.
fn option(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(option) = line.arg(0) else {
        c.alert_tight("missing-argument", line.span, "'option' expects an option name.");
        return false;
    };
    let shown = option.lossy();
    match shown.as_ref() {
        "pipelining" | "async" | "send-frag-payload" | "dontlog-normal" => {
            has_extra(c, line, 1);
        }
        _ if line.is_no() => {
            let text = format!("negation is not supported for option '{shown}'.");
            c.alert_tight("no-negation", option.span, text);
        }
        "force-set-var" | "continue-on-error" => {
            has_extra(c, line, 1);
        }
        "var-prefix" | "set-on-error" | "set-process-time" | "set-total-time" => {
            let Some(value) = line.arg(1) else {
                c.alert_tight("missing-argument", line.span, format!("'option {shown}' expects a value."));
                return false;
            };
            if has_extra(c, line, 2) {
                return false;
            }
            if !value.text.iter().all(is_prefix_byte) {
                let text = format!("'option {shown}' only supports [a-zA-Z0-9_.] chars.");
                c.alert_tight("bad-name", value.span, text);
                return false;
            }
            return shown == "var-prefix";
        }
        _ => c.alert_tight("unknown-option", option.span, format!("option '{shown}' is not supported.")),
    }
    false
}
