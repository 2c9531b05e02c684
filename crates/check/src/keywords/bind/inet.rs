//! The words of a `bind` line about its TCP sockets.

use super::{BindDraft, BindKeyword};
use crate::context::Context;
use crate::fail::Checked;
use crate::given::Given;
use crate::numbers::wrapped;

/// The longest secret of a TCP signature.
pub const MAX_SECRET: usize = 80;

fn mss(_: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    let mss = wrapped(&given.value.text);
    if mss == 0 || mss.unsigned_abs() > 65535 {
        let text = "'mss' : expects an MSS with and absolute value between 1 and 65535";
        return Err(given.fail("out-of-range", text));
    }
    draft.bind.mss = Some(mss);
    Ok(())
}

fn save_syn(_: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    let is_number = given.value.text.first().is_some_and(u8::is_ascii_digit);
    if is_number && let Ok(kept @ 0..=2) = u8::try_from(wrapped(&given.value.text)) {
        draft.bind.save_syn = kept;
        return Ok(());
    }
    let text = "'tcp-ss' : TCP Save SYN option expects an integer argument from 0 to 2";
    Err(given.fail("out-of-range", text))
}

fn secret(_: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    if given.value.text.len() > MAX_SECRET {
        return Err(given.fail("out-of-range", too_long(given)));
    }
    draft.bind.md5_secret = Some(given.value.text.clone());
    Ok(())
}

fn namespace(c: &mut Context<'_>, draft: &mut BindDraft, given: &Given<'_>) -> Checked<()> {
    if crate::address::namespace_exists(c, &given.value.text) {
        draft.bind.namespace = Some(given.value.text.clone());
        return Ok(());
    }
    let text = format!("Cannot open namespace '{}'.", given.value.lossy());
    c.alert_bare("no-namespace", given.value.span, text);
    Err(given.fail("no-namespace", format!("error encountered while processing '{}'.", given.name())))
}

/// The message about a secret past [`MAX_SECRET`].
pub fn too_long(given: &Given<'_>) -> String {
    format!("'{}' : password too long (at most {MAX_SECRET} characters expected)", given.name())
}

/// `tcp-ut` of `bind` and `server` lines.
pub fn user_timeout(given: &Given<'_>) -> Checked<base::time::Time> {
    given.time(|_| format!("'{}' : expects a positive delay in milliseconds", given.name()))
}

pub const ROWS: &[BindKeyword] = &[
    BindKeyword::value(
        "cc",
        "The congestion control.",
        "'{}' : missing TCP congestion control algorithm",
        |_, draft, given| {
            draft.bind.congestion = Some(given.value.text.clone());
            Ok(())
        },
    ),
    BindKeyword::flag("defer-accept", "Accepts when data comes.", |_, draft, _| {
        draft.bind.defer_accept = true;
        Ok(())
    }),
    BindKeyword::value(
        "interface",
        "The interface to listen on.",
        "'{}' : missing interface name",
        |_, draft, given| {
            draft.bind.interface = Some(given.value.text.clone());
            Ok(())
        },
    ),
    BindKeyword::value("mss", "The largest TCP segment.", "'{}' : missing MSS value", mss),
    BindKeyword::value("namespace", "The network namespace.", "'{}' : missing namespace id", namespace),
    BindKeyword::value(
        "tcp-md5sig",
        "The TCP signature's secret.",
        "'{}' : missing TCP MD5 signature password",
        secret,
    ),
    BindKeyword::value("tcp-ss", "Keeps clients' SYN packets.", "", save_syn),
    BindKeyword::value(
        "tcp-ut",
        "How long sent data may stay unacknowledged.",
        "'{}' : missing TCP User Timeout value",
        |_, draft, given| {
            draft.bind.tcp_ut = Some(user_timeout(given)?.value);
            Ok(())
        },
    ),
    BindKeyword::flag("tfo", "TCP fast open.", |_, draft, _| {
        draft.bind.tcp_fast_open = true;
        Ok(())
    }),
    BindKeyword::flag("transparent", "Accepts connections to foreign addresses.", |_, draft, _| {
        draft.bind.transparent = true;
        Ok(())
    }),
    BindKeyword::flag("v4v6", "IPv6 sockets take IPv4 too.", |_, draft, _| {
        draft.bind.v4v6 = true;
        Ok(())
    }),
    BindKeyword::flag("v6only", "IPv6 sockets take IPv6 only.", |_, draft, _| {
        draft.bind.v6only = true;
        Ok(())
    }),
];
