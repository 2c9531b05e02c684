//! The words of a `bind` line about all its sockets: names, limits, rights, threads.

use ir::config::Shards;

use super::{BindDraft, BindKeyword, nothing, thread};
use crate::context::Context;
use crate::fail::Checked;
use crate::given::Given;
use crate::numbers::wrapped;

/// C's `atol`, not below `min`; `bound` is how the message says it.
fn at_least(given: &Given<'_>, min: i32, bound: &str) -> Checked<u32> {
    let value = wrapped(&given.value.text);
    let text = || format!("'{}' : invalid value {value}, must be {bound}", given.name());
    u32::try_from(value).ok().filter(|_| value >= min).ok_or_else(|| given.fail("out-of-range", text()))
}

/// C's `atol` as the system's own unsigned number.
fn number(given: &Given<'_>) -> u32 {
    wrapped(&given.value.text).cast_unsigned()
}

fn netscaler(_: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    match wrapped(&given.value.text) {
        0 => {
            let text = format!("'{}' : invalid value 0, must be >= 0", given.name());
            Err(given.fail("out-of-range", text))
        }
        magic => {
            draft.bind.netscaler_magic = Some(magic.cast_unsigned());
            Ok(())
        }
    }
}

fn id(c: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    let name = given.name();
    if draft.sockets != 1 {
        return Err(given.fail("bad-id", format!("'{name}' can only be used with a single socket")));
    }
    if given.value.text.is_empty() {
        let text = format!("'{name}' : expects an integer argument");
        return Err(given.fail("missing-argument", text));
    }
    let digits = given.value.text.strip_prefix(b"-").unwrap_or(&given.value.text);
    if !digits.iter().all(u8::is_ascii_digit) {
        let text = format!("'{name}' : expects an integer argument, found '{}'", given.value.lossy());
        return Err(given.fail("bad-number", text));
    }
    let Some(id) = u32::try_from(wrapped(&given.value.text)).ok().filter(|id| *id > 0) else {
        return Err(given.fail("out-of-range", format!("'{name}' : custom id has to be > 0")));
    };
    if let Some((place, text)) = c.seen.binds.get(&id) {
        let at = c.at(*place);
        let text = format!("'{name}' : custom id {id} already used at {at} ('bind {text}')");
        return Err(given.fail("same-id", text));
    }
    c.seen.binds.insert(id, (given.word.span, draft.line.shown()));
    draft.bind.id = Some(id);
    Ok(())
}

fn proto(_: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    check_proto(given)?;
    draft.bind.proto = Some(given.value.text.clone());
    Ok(())
}

/// The name of a multiplexer, of any side.
pub fn check_proto(given: &Given<'_>) -> Checked<()> {
    let known = ["h1", "h2", "fcgi", "spop", "none"];
    given.one_of(&known, || format!("'{}' :  unknown MUX protocol '{}'", given.name(), given.value.lossy()))
}

fn shards(_: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    let value = wrapped(&given.value.text);
    let shards = match given.value.text.as_slice() {
        b"by-thread" => Some(Shards::ByThread),
        b"by-group" => Some(Shards::ByGroup),
        _ => u16::try_from(value).ok().filter(|count| (1..=1024).contains(count)).map(Shards::Count),
    };
    if let Some(shards) = shards {
        draft.bind.shards = shards;
        return Ok(());
    }
    let text = format!("'shards' : invalid value {value}, allowed range is 1..1024 or 'by-thread'");
    Err(given.fail("out-of-range", text))
}

fn nbconn(c: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    let name = given.name();
    if !c.experimental() {
        let text = format!(
            "'{name}' is experimental, must be allowed via a global 'expose-experimental-directives'"
        );
        return Err(given.fail("experimental", text));
    }
    if !draft.is_reverse {
        let text = format!("'{name}' : only valid for reverse HTTP listeners.");
        return Err(given.fail("reverse-http", text));
    }
    if given.value.text.is_empty() {
        return Err(given.fail("missing-argument", format!("'{name}' : missing value.")));
    }
    let count = at_least(given, 1, "> 0.")?;
    if let Some(reverse) = &mut draft.bind.reverse {
        reverse.connections = count;
    }
    Ok(())
}

fn mode(_: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    let text = given.value.as_str();
    let mode = text.and_then(|text| u32::from_str_radix(text, 8).ok());
    draft.bind.unix_mode = Some(mode.ok_or_else(|| {
        let text = format!(
            "'{}' : missing or invalid mode '{}' (octal integer expected)",
            given.name(),
            given.value.lossy()
        );
        given.fail("bad-mode", text)
    })?);
    Ok(())
}

fn user(c: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    draft.bind.unix_uid = Some(c.loader.user_id(&given.value.text).ok_or_else(|| {
        given.fail("unknown-user", format!("'user' : unknown user name '{}'", given.value.lossy()))
    })?);
    Ok(())
}

fn group(c: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    draft.bind.unix_gid = Some(c.loader.group_id(&given.value.text).ok_or_else(|| {
        given.fail("unknown-group", format!("'group' : unknown group name '{}'", given.value.lossy()))
    })?);
    Ok(())
}

fn only(given: &Given<'_>, words: &[&str], listed: &str) -> Checked<()> {
    let text = || format!("'{}' only supports {listed} (got '{}')", given.name(), given.value.lossy());
    given.one_of(words, text)
}

fn process(_: &mut Context<'_>, _: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    let text = format!(
        "'process {}' on 'bind' lines is not supported anymore, please use 'thread' instead.",
        given.value.lossy()
    );
    Err(given.fail("removed", text))
}

const VALUE: &str = "'{}' : missing value";

pub const ROWS: &[BindKeyword] = &[
    BindKeyword::value("accept-netscaler-cip", "Expects the NetScaler protocol.", VALUE, netscaler),
    BindKeyword::flag("accept-proxy", "Expects the PROXY protocol.", |_, draft, _| {
        draft.bind.accept_proxy = true;
        Ok(())
    }),
    BindKeyword::value("backlog", "Connections that wait to be accepted.", VALUE, |_, draft, given| {
        draft.bind.backlog = Some(at_least(given, 0, "> 0")?);
        Ok(())
    }),
    BindKeyword::value(
        "guid-prefix",
        "Names that stay the same over reloads.",
        "'{}' : expects an argument",
        nothing,
    )
    .parsed()
    .for_reverse(),
    BindKeyword::value("id", "The number of the socket in statistics.", "", id).for_reverse(),
    BindKeyword::value(
        "idle-ping",
        "How often idle HTTP/2 clients are pinged.",
        "'{}' expects an argument.",
        |_, draft, given| {
            let other = |found| {
                format!("unexpected character '{found}' in '{}' argument on bind line.", given.name())
            };
            let time = given.delay("on bind line", other)?;
            draft.bind.idle_ping = Some(u64::from(time.value)).filter(|time| *time > 0);
            Ok(())
        },
    )
    .for_reverse(),
    BindKeyword::value("label", "A label.", "'{}' : missing label", nothing).parsed().for_reverse(),
    BindKeyword::value("maxconn", "The greatest number of connections.", VALUE, |_, draft, given| {
        draft.bind.maxconn = at_least(given, 0, ">= 0")?;
        Ok(())
    }),
    BindKeyword::value(
        "name",
        "The name of the socket in statistics.",
        "'{}' : missing name",
        |_, draft, given| {
            draft.bind.name = Some(given.value.text.clone());
            Ok(())
        },
    )
    .for_reverse(),
    BindKeyword::value("nbconn", "Connections that are opened in reverse.", "", nbconn).for_reverse(),
    BindKeyword::value("nice", "The priority of its tasks; all have the same here.", VALUE, |_, _, given| {
        let value = wrapped(&given.value.text);
        match (-1024..=1024).contains(&value) {
            true => Ok(()),
            false => {
                let text = format!("'nice' : invalid value {value}, allowed range is -1024..1024");
                Err(given.fail("out-of-range", text))
            }
        }
    }),
    BindKeyword::value("process", "The processes of the socket; removed.", "", process),
    BindKeyword::value("proto", "The protocol, without negotiation.", VALUE, proto),
    BindKeyword::value("shards", "Into how many sockets the line is split.", VALUE, shards),
    BindKeyword::value("thread", "The threads of the socket.", "", |_, draft, given| {
        let (groups, threads) = thread::check(given)?;
        draft.bind.threads = threads;
        match draft.is_reverse && groups > 1 {
            true => {
                let text = "'thread' : reverse HTTP bind cannot span multiple thread groups.";
                Err(given.fail("reverse-http", text))
            }
            false => Ok(()),
        }
    })
    .for_reverse(),
    BindKeyword::value("gid", "The group of a UNIX socket.", VALUE, |_, draft, given| {
        draft.bind.unix_gid = Some(number(given));
        Ok(())
    }),
    BindKeyword::value("group", "The group of a UNIX socket, by name.", "'{}' : missing group name", group),
    BindKeyword::value("mode", "The access rights of a UNIX socket.", "", mode),
    BindKeyword::value("uid", "The user of a UNIX socket.", VALUE, |_, draft, given| {
        draft.bind.unix_uid = Some(number(given));
        Ok(())
    }),
    BindKeyword::value("user", "The user of a UNIX socket, by name.", "'{}' : missing user name", user),
    BindKeyword::value(
        "expose-fd",
        "Whether sockets can be handed over.",
        "'{}' : missing fd type",
        |_, _, given| only(given, &["listeners"], "'listeners'"),
    )
    .parsed(),
    BindKeyword::value("level", "What the CLI may do.", "'{}' : missing level", |_, _, given| {
        only(given, &["user", "operator", "admin"], "'user', 'operator', and 'admin'")
    })
    .parsed(),
    BindKeyword::value(
        "severity-output",
        "How the CLI shows severities.",
        "'{}' : missing severity format",
        |_, _, given| only(given, &["none", "number", "string"], "'none', 'number', and 'string'"),
    )
    .parsed(),
];
