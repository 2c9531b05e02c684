//! The words of a `server` line about checks.

use base::addr::Rules;
use diag::Diagnostic;

use super::{ServerDraft, ServerKeyword, nothing};
use crate::context::Context;
use crate::fail::Checked;
use crate::given::Given;
use crate::numbers::wrapped;

/// A number below this many milliseconds without a unit was hardly meant.
const SUSPICIOUS: u32 = 100;

/// A time between checks.
fn delay(c: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let (name, of) = (given.name(), draft.of());
    // HAProxy names `agent-inter` whatever the word is.
    let time = given
        .delay(&of, |found| format!("unexpected character '{found}' in 'agent-inter' argument {of}."))?;
    if let Some(extra) = time.extra {
        let text = base::time::extra_message(extra, &given.value.text);
        draft.told.push(c, Diagnostic::warning("time-extra", draft.told.at, text));
    }
    if time.value == 0 {
        return Err(given.fail("out-of-range", format!("invalid value 0 for argument '{name}' {of}.")));
    }
    let value = time.value;
    if value < SUSPICIOUS && given.value.text.iter().all(u8::is_ascii_digit) {
        let text = format!(
            "'{name} {value}' in server '{}' is suspiciously small for a value in milliseconds. Please use an \
             explicit unit ('{value}ms') if that was the intent.",
            draft.shown()
        );
        draft.told.warn(c, "suspicious-time", text);
    }
    Ok(())
}

fn positive(_: &mut Context<'_>, _: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    match wrapped(&given.value.text) > 0 {
        true => Ok(()),
        false => Err(given.fail("out-of-range", format!("'{}' has to be > 0.", given.name()))),
    }
}

/// `'observe' expects one of 'a', 'b' but got 'c'`
fn expects(given: &Given<'_>, words: &[&str], listed: &str) -> Checked<()> {
    given.one_of(words, || format!("'{}' expects {listed} but got '{}'", given.name(), given.value.lossy()))
}

fn observe(c: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    expects(given, &["none", "layer4", "layer7"], "one of 'none', 'layer4', 'layer7'")?;
    if given.value.is("layer7") && c.px.proxy.mode != ir::config::Mode::Http {
        draft.told.alert_only(c, "needs-http", "'layer7' can only be used in http proxies..");
    }
    Ok(())
}

fn on_error(_: &mut Context<'_>, _: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let words = ["fastinter", "fail-check", "sudden-death", "mark-down"];
    expects(given, &words, "one of 'fastinter', 'fail-check', 'sudden-death' or 'mark-down'")
}

fn port(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    draft.more.check_port = wrapped(&given.value.text);
    if !draft.more.own_agent_port {
        draft.more.agent_port = draft.more.check_port;
    }
    Ok(())
}

fn addr(c: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let found = crate::address::resolved(c, &given.value.text, given.value, &Rules::CONNECT);
    let name = given.name();
    let found = found.map_err(|fail| fail.wrap(|text| format!("'{name}' : {text}")))?;
    draft.more.check_address = found.into_iter().next();
    Ok(())
}

fn agent_addr(c: &mut Context<'_>, _: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let text = &given.value.text;
    match base::addr::literal(text, None).or_else(|| crate::address::find(c, text)) {
        Some(_) => Ok(()),
        None => {
            let text =
                format!("parsing agent-addr failed. Check if '{}' is correct address.", given.value.lossy());
            Err(given.fail("bad-address", text))
        }
    }
}

fn agent_port(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    draft.more.agent_port = wrapped(&given.value.text);
    draft.more.own_agent_port = true;
    Ok(())
}

fn healthcheck(c: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    if given.value.text.is_empty() {
        let text = format!("'{}' expects a healthcheck name as argument..", given.name());
        draft.told.alert_only(c, "missing-argument", text);
        return Ok(());
    }
    draft.more.healthcheck = Some(given.value.text.clone());
    Ok(())
}

const DELAY: &str = "'{}' expects a delay as argument.";
const INTEGER: &str = "'{}' expects an integer argument.";
const PORT: &str = "'{}' expects a port number as argument.";

pub const ROWS: &[ServerKeyword] = &[
    ServerKeyword::flag("check", "Checks the server.", |_, draft, _| {
        draft.server.check = true;
        Ok(())
    })
    .parsed(),
    ServerKeyword::flag("no-check", "Does not check the server.", |_, draft, _| {
        draft.server.check = false;
        Ok(())
    }),
    ServerKeyword::value("inter", "The time between checks.", DELAY, delay).parsed(),
    ServerKeyword::value("fastinter", "The time between checks while the state changes.", DELAY, delay)
        .parsed(),
    ServerKeyword::value("downinter", "The time between checks of a server that is down.", DELAY, delay)
        .parsed(),
    ServerKeyword::value("agent-inter", "The time between agent checks.", DELAY, delay).parsed(),
    ServerKeyword::value("rise", "Good checks until the server is up.", INTEGER, positive).parsed(),
    ServerKeyword::value("fall", "Bad checks until the server is down.", INTEGER, positive).parsed(),
    ServerKeyword::value("port", "The port of checks.", PORT, port).parsed(),
    ServerKeyword::value(
        "observe",
        "Checks by watching traffic.",
        "'{}' expects <mode> as argument.\n",
        observe,
    )
    .parsed(),
    ServerKeyword::value("on-error", "What happens on errors.", "", on_error).parsed(),
    ServerKeyword::value("on-marked-down", "What happens when the server goes down.", "", |_, _, given| {
        expects(given, &["shutdown-sessions"], "'shutdown-sessions'")
    })
    .parsed(),
    ServerKeyword::value("on-marked-up", "What happens when the server comes up.", "", |_, _, given| {
        expects(given, &["shutdown-backup-sessions"], "'shutdown-backup-sessions'")
    })
    .parsed(),
    ServerKeyword::value(
        "track",
        "Takes over another server's state.",
        "'track' expects [<proxy>/]<server> as argument.\n",
        |_, draft, given| {
            draft.more.track = Some(given.value.text.clone());
            Ok(())
        },
    )
    .parsed(),
    ServerKeyword::value("addr", "The address of checks.", "'{}' expects <ipv4|ipv6> as argument.", addr)
        .parsed(),
    ServerKeyword::value(
        "agent-addr",
        "The address of the agent.",
        "'{}' expects an address as argument.",
        agent_addr,
    )
    .parsed(),
    ServerKeyword::flag("agent-check", "Asks an agent.", |_, draft, _| {
        draft.more.agent = true;
        Ok(())
    })
    .parsed(),
    ServerKeyword::flag("no-agent-check", "Does not ask an agent.", |_, draft, _| {
        draft.more.agent = false;
        Ok(())
    })
    .parsed(),
    ServerKeyword::value("agent-port", "The port of the agent.", PORT, agent_port).parsed(),
    ServerKeyword::value(
        "agent-send",
        "What is sent to the agent.",
        "'{}' expects a string as argument.",
        nothing,
    )
    .parsed(),
    ServerKeyword::value(
        "check-pool-conn-name",
        "The connections of checks.",
        "'{}' : missing value",
        nothing,
    )
    .parsed(),
    ServerKeyword::value(
        "check-proto",
        "The protocol of checks.",
        "'{}' : missing value",
        |_, draft, given| {
            crate::keywords::bind::check_proto(given)?;
            draft.more.check_proto = Some(given.value.text.clone());
            Ok(())
        },
    )
    .parsed(),
    ServerKeyword::flag("check-reuse-pool", "Checks use idle connections.", nothing).parsed(),
    ServerKeyword::flag("no-check-reuse-pool", "Checks use their own connections.", nothing).parsed(),
    ServerKeyword::flag("check-send-proxy", "Checks send the PROXY protocol.", nothing).parsed(),
    ServerKeyword::flag("no-check-send-proxy", "Checks do not send the PROXY protocol.", nothing).parsed(),
    ServerKeyword::flag("check-via-socks4", "Checks go through the SOCKS4 proxy.", nothing).parsed(),
    ServerKeyword::value("healthcheck", "The checks of a section.", "", healthcheck).parsed(),
];
