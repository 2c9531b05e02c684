//! The words of a `server` line about its share of the load, its limits and its names.

use ir::config::HashKey;

use super::{ServerDraft, ServerKeyword, nothing};
use crate::context::Context;
use crate::fail::Checked;
use crate::given::Given;
use crate::numbers::wrapped;

/// C's `atol` where nothing below 0 means anything.
fn count(given: &Given<'_>) -> u32 {
    u32::try_from(wrapped(&given.value.text)).unwrap_or(0)
}

fn weight(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let weight = wrapped(&given.value.text);
    let valid = u32::try_from(weight).ok().filter(|weight| *weight <= 256);
    draft.server.weight = valid.ok_or_else(|| {
        let text = format!("weight of server {} is not within 0 and 256 ({weight}).", draft.shown());
        given.fail("out-of-range", text)
    })?;
    Ok(())
}

fn id(c: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let name = given.name();
    let id = crate::numbers::lenient(&given.value.text);
    let id = u32::try_from(id).ok().filter(|id| *id > 0).ok_or_else(|| {
        given.fail("out-of-range", format!("'{name}' : custom id has to be between 1 and 4294967295."))
    })?;
    if let Some((place, other)) = c.seen.server_ids.get(&id) {
        let shown = id.cast_signed();
        let at = c.at(*place);
        let text = format!("'{name}' : custom id {shown} already used at {at} ('server {other}')");
        return Err(given.fail("same-id", text));
    }
    draft.server.id = id;
    Ok(())
}

fn guid(c: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let owner = format!("server {}/{}", c.px.name(), draft.shown());
    let used = c.seen.guid(&given.value.text, owner);
    used.map_err(|text| given.fail("bad-argument", format!("'{}': {text}", given.name())))?;
    draft.server.guid = Some(given.value.text.clone());
    Ok(())
}

fn error_limit(_: &mut Context<'_>, _: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    positive(given)
}

fn positive(given: &Given<'_>) -> Checked<()> {
    match wrapped(&given.value.text) > 0 {
        true => Ok(()),
        false => Err(given.fail("out-of-range", format!("{} has to be > 0.", given.name()))),
    }
}

fn log_bufsize(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    draft.server.log.buffer = u64::try_from(wrapped(&given.value.text)).ok();
    positive(given)
}

fn log_proto(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    draft.server.log.octet_count = given.value.is("octet-count");
    given.one_of(&["legacy", "octet-count"], || {
        let (name, value) = (given.name(), given.value.lossy());
        format!("'{name}' expects one of 'legacy' or 'octet-count' but got '{value}'")
    })
}

fn hash_key(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    draft.server.hash_key = match given.value.lossy().as_ref() {
        "id32" => HashKey::Id32,
        "guid" => HashKey::Guid,
        "addr" => HashKey::Address,
        "addr-port" => HashKey::AddressPort,
        _ => HashKey::Id,
    };
    given.one_of(&["id", "id32", "guid", "addr", "addr-port"], || {
        format!("'{}' has to be 'id', 'id32', 'guid', 'addr', or 'addr-port'", given.name())
    })
}

fn slowstart(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let of = draft.of();
    if given.value.text.is_empty() {
        // The NUL that HAProxy finds ends its text.
        return Err(given.fail("bad-time", "unexpected character '"));
    }
    let time =
        given.delay(&of, |found| format!("unexpected character '{found}' in 'slowstart' argument {of}."));
    // HAProxy leaves out a word here.
    time.map(drop).map_err(|fail| fail.wrap(|text| text.strip_prefix("timer ").unwrap_or(text).to_owned()))
}

fn init_state(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    given.one_of(&["none", "fully-up", "up", "down", "fully-down"], || {
        format!(
            "'{}' expects one of 'none', 'fully-up', 'up', 'down', or 'fully-down' but got '{}'",
            given.name(),
            given.value.lossy()
        )
    })?;
    draft.more.init_state = !given.value.is("none");
    draft.server.starts_down = given.value.is("down") || given.value.is("fully-down");
    Ok(())
}

const INTEGER: &str = "'{}' expects an integer argument.";

pub const ROWS: &[ServerKeyword] = &[
    ServerKeyword::flag("backup", "Used when no other server is up.", |_, draft, _| {
        draft.server.backup = true;
        Ok(())
    }),
    ServerKeyword::flag("no-backup", "Used like the others.", |_, draft, _| {
        draft.server.backup = false;
        Ok(())
    }),
    ServerKeyword::value(
        "cookie",
        "The value of the persistence cookie.",
        "'{}' expects <value> as argument.\n",
        |_, draft, given| {
            draft.server.cookie = Some(given.value.text.clone());
            Ok(())
        },
    ),
    ServerKeyword::flag("disabled", "Not used at first.", |_, draft, _| {
        draft.server.disabled = true;
        Ok(())
    }),
    ServerKeyword::flag("enabled", "Used.", |_, draft, _| {
        draft.server.disabled = false;
        Ok(())
    }),
    ServerKeyword::value("error-limit", "Errors until something is done.", INTEGER, error_limit).parsed(),
    ServerKeyword::value(
        "guid",
        "A name that stays the same over reloads.",
        "'{}' : expects an argument",
        guid,
    )
    .parsed()
    .not_default(),
    ServerKeyword::value("hash-key", "What a consistent hash sees of the server.", "", hash_key),
    ServerKeyword::value(
        "id",
        "The number of the server in statistics.",
        "'{}' : expects an integer argument",
        id,
    )
    .not_default(),
    ServerKeyword::value("init-state", "How the server starts.", "", init_state),
    ServerKeyword::value("log-bufsize", "The buffer of a log server.", INTEGER, log_bufsize),
    ServerKeyword::value("log-proto", "The framing of a log server.", "", log_proto),
    ServerKeyword::value("maxconn", "Connections at a time.", "", |_, draft, given| {
        draft.server.maxconn = count(given);
        Ok(())
    }),
    ServerKeyword::value("maxqueue", "Requests that wait for the server.", "", |_, draft, given| {
        draft.server.maxqueue = count(given);
        Ok(())
    }),
    ServerKeyword::value("minconn", "Connections at a time under low load.", "", |_, draft, given| {
        draft.server.minconn = count(given);
        Ok(())
    }),
    ServerKeyword::flag("non-stick", "Not stored in tables.", |_, draft, _| {
        draft.server.non_stick = true;
        Ok(())
    }),
    ServerKeyword::flag("stick", "Stored in tables.", |_, draft, _| {
        draft.server.non_stick = false;
        Ok(())
    }),
    ServerKeyword::value(
        "redir",
        "Where the client itself fetches what it asks for by GET or HEAD.",
        "'{}' expects <prefix> as argument.\n",
        |_, draft, given| {
            draft.server.redir = Some(given.value.text.clone());
            Ok(())
        },
    ),
    ServerKeyword::value("shard", "The shard of a peer.", "", nothing).parsed(),
    ServerKeyword::value("slowstart", "How long the load grows.", "", slowstart).parsed(),
    ServerKeyword::flag("strict-maxconn", "Idle connections count.", |_, draft, _| {
        draft.server.strict_maxconn = true;
        Ok(())
    }),
    ServerKeyword::value("weight", "The share of the load.", "", weight),
];
