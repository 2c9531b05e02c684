//! The words of a `server` line about checks.

use diag::{Diagnostic, Place};

use super::{ServerDraft, ServerKeyword};
use crate::context::Context;
use crate::fail::{Checked, Fail};
use syntax::Word;

/// A delay that is checked and not used yet.
fn delay(c: &mut Context<'_>, draft: &ServerDraft, word: &Word, keyword: &str) -> Checked<()> {
    let name = String::from_utf8_lossy(&draft.server.name);
    match base::time::parse(&word.text, base::time::Unit::Ms) {
        Ok(time) => {
            if let Some(extra) = time.extra {
                let text = base::time::extra_message(extra, &word.text);
                let text = format!("'server {}/{name}' : {text}", c.px.name());
                c.push(Diagnostic::warning("time-extra", word.span, text).at(Place::Line));
            }
            Ok(())
        }
        Err(base::time::TimeError::Over) => Err(Fail::new(
            "bad-time",
            word.span,
            format!(
                "timer overflow in argument <{}> to <{keyword}> of server {name}, maximum value is 2147483647 ms (~24.8 days).",
                word.lossy()
            ),
        )),
        // HAProxy names `agent-inter` whatever the keyword is.
        Err(base::time::TimeError::Unexpected(at)) => Err(Fail::new(
            "bad-time",
            word.span,
            format!(
                "unexpected character '{}' in 'agent-inter' argument of server {name}.",
                crate::numbers::character(&word.text, at)
            ),
        )),
    }
}

fn positive(word: &Word, keyword: &str) -> Checked<()> {
    if crate::numbers::lenient(&word.text) > 0 {
        return Ok(());
    }
    Err(Fail::new("out-of-range", word.span, format!("'{keyword}' has to be > 0.")))
}

fn one_of(word: &Word, keyword: &str, names: &[&str], listed: &str) -> Checked<()> {
    if names.iter().any(|name| word.is(name)) {
        return Ok(());
    }
    let text = format!("'{keyword}' expects {listed} but got '{}'", word.lossy());
    Err(Fail::new("bad-argument", word.span, text))
}

/// A keyword whose value is checked, and that nothing executes yet.
const fn checked(
    name: &'static str,
    doc: &'static str,
    set: fn(&mut Context<'_>, &mut ServerDraft, &[Word]) -> Checked<()>,
) -> ServerKeyword {
    let row = ServerKeyword::parsed(name, doc, 1);
    ServerKeyword { set, ..row }
}

const DELAY: &str = "'{}' expects a delay as argument.";

pub const ROWS: &[ServerKeyword] = &[
    ServerKeyword {
        set: |_, draft, _| {
            draft.server.check = true;
            Ok(())
        },
        ..ServerKeyword::parsed("check", "Checks the server.", 0)
    },
    ServerKeyword::new("no-check", "Does not check the server.", 0, |_, draft, _| {
        draft.server.check = false;
        Ok(())
    }),
    checked("inter", "The time between checks.", |c, draft, values| delay(c, draft, &values[0], "inter"))
        .missing(DELAY),
    checked("fastinter", "The time between checks while the state changes.", |c, draft, values| {
        delay(c, draft, &values[0], "fastinter")
    })
    .missing(DELAY),
    checked("downinter", "The time between checks of a server that is down.", |c, draft, values| {
        delay(c, draft, &values[0], "downinter")
    })
    .missing(DELAY),
    checked("agent-inter", "The time between agent checks.", |c, draft, values| {
        delay(c, draft, &values[0], "agent-inter")
    })
    .missing(DELAY),
    checked("rise", "Good checks until the server is up.", |_, _, values| positive(&values[0], "rise"))
        .missing("'{}' expects an integer argument."),
    checked("fall", "Bad checks until the server is down.", |_, _, values| positive(&values[0], "fall"))
        .missing("'{}' expects an integer argument."),
    checked("error-limit", "Errors until something is done.", |_, _, values| {
        positive(&values[0], "error-limit")
    })
    .missing("'{}' expects an integer argument."),
    checked("port", "The port of checks.", |_, _, _| Ok(()))
        .missing("'{}' expects a port number as argument."),
    checked("observe", "Checks by watching traffic.", |_, _, values| {
        one_of(&values[0], "observe", &["none", "layer4", "layer7"], "one of 'none', 'layer4', 'layer7'")
    }),
    checked("on-error", "What happens on errors.", |_, _, values| {
        let names = ["fastinter", "fail-check", "sudden-death", "mark-down"];
        one_of(
            &values[0],
            "on-error",
            &names,
            "one of 'fastinter', 'fail-check', 'sudden-death' or 'mark-down'",
        )
    }),
    checked("on-marked-down", "What happens when the server goes down.", |_, _, values| {
        one_of(&values[0], "on-marked-down", &["shutdown-sessions"], "'shutdown-sessions'")
    }),
    checked("on-marked-up", "What happens when the server comes up.", |_, _, values| {
        one_of(&values[0], "on-marked-up", &["shutdown-backup-sessions"], "'shutdown-backup-sessions'")
    }),
    ServerKeyword {
        set: |_, draft, _| {
            draft.track = true;
            Ok(())
        },
        ..ServerKeyword::parsed("track", "Takes over another server's state.", 1)
    }
    .missing("'{}' expects [<proxy>/]<server> as argument.\n"),
    ServerKeyword::parsed("addr", "The address of checks.", 1),
    ServerKeyword::parsed("agent-addr", "The address of the agent.", 1),
    ServerKeyword::parsed("agent-check", "Asks an agent.", 0),
    ServerKeyword::parsed("no-agent-check", "Does not ask an agent.", 0),
    ServerKeyword::parsed("agent-port", "The port of the agent.", 1),
    ServerKeyword::parsed("agent-send", "What is sent to the agent.", 1),
    ServerKeyword::parsed("check-alpn", "The protocol of checks.", 1),
    ServerKeyword::parsed("check-pool-conn-name", "The connections of checks.", 1),
    ServerKeyword::parsed("check-proto", "The protocol of checks.", 1),
    ServerKeyword::parsed("check-reuse-pool", "Checks use idle connections.", 0),
    ServerKeyword::parsed("no-check-reuse-pool", "Checks use their own connections.", 0),
    ServerKeyword::parsed("check-send-proxy", "Checks send the PROXY protocol.", 0),
    ServerKeyword::parsed("no-check-send-proxy", "Checks do not send the PROXY protocol.", 0),
    ServerKeyword::parsed("check-sni", "The name of checks.", 1),
    ServerKeyword::parsed("check-sni-auto", "The name of checks is the host.", 0),
    ServerKeyword::parsed("no-check-sni-auto", "It is not.", 0),
    ServerKeyword::parsed("check-ssl", "Checks use TLS.", 0),
    ServerKeyword::parsed("no-check-ssl", "Checks use no TLS.", 0),
    ServerKeyword::parsed("check-via-socks4", "Checks go through the SOCKS4 proxy.", 0),
    ServerKeyword::parsed("healthcheck", "The checks of a section.", 1),
];
