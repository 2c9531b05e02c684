//! The words of a `bind` line about its socket.

use super::{BindDraft, BindKeyword};
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::numbers::{bounded, lenient};
use syntax::Word;

const MAX: i64 = i32::MAX as i64;

fn u32_of(word: &Word, name: &str, max: i64) -> Checked<u32> {
    let value = bounded(word, 0, max, || format!("'{name}' : invalid value '{}'", word.lossy()))?;
    Ok(u32::try_from(value).unwrap_or(u32::MAX))
}

fn id(_: &mut Context<'_>, draft: &mut BindDraft, values: &[Word]) -> Checked<()> {
    let value = u32::try_from(lenient(&values[0].text)).ok().filter(|id| *id > 0);
    draft.bind.id =
        Some(value.ok_or_else(|| Fail::new("out-of-range", values[0].span, "custom id has to be > 0"))?);
    Ok(())
}

fn proto(_: &mut Context<'_>, draft: &mut BindDraft, values: &[Word]) -> Checked<()> {
    if !["h1", "h2", "none"].iter().any(|name| values[0].is(name)) {
        let text = format!("'proto' :  unknown MUX protocol '{}'", values[0].lossy());
        return Err(Fail::new("bad-proto", values[0].span, text));
    }
    draft.bind.proto = Some(values[0].text.clone());
    Ok(())
}

fn mode(_: &mut Context<'_>, draft: &mut BindDraft, values: &[Word]) -> Checked<()> {
    let text = std::str::from_utf8(&values[0].text).ok();
    let mode = text.and_then(|text| u32::from_str_radix(text, 8).ok());
    draft.bind.unix_mode = Some(mode.ok_or_else(|| {
        Fail::new("bad-mode", values[0].span, format!("'mode' : invalid value '{}'", values[0].lossy()))
    })?);
    Ok(())
}

fn user(c: &mut Context<'_>, draft: &mut BindDraft, values: &[Word]) -> Checked<()> {
    draft.bind.unix_uid = Some(c.loader.user_id(&values[0].text).ok_or_else(|| {
        Fail::new(
            "unknown-user",
            values[0].span,
            format!("'user' : unknown user name '{}'", values[0].lossy()),
        )
    })?);
    Ok(())
}

fn group(c: &mut Context<'_>, draft: &mut BindDraft, values: &[Word]) -> Checked<()> {
    draft.bind.unix_gid = Some(c.loader.group_id(&values[0].text).ok_or_else(|| {
        Fail::new(
            "unknown-group",
            values[0].span,
            format!("'group' : unknown group name '{}'", values[0].lossy()),
        )
    })?);
    Ok(())
}

fn mss(_: &mut Context<'_>, draft: &mut BindDraft, values: &[Word]) -> Checked<()> {
    let mss = i32::try_from(lenient(&values[0].text)).ok().filter(|mss| *mss != 0 && mss.abs() <= 65535);
    draft.bind.mss = Some(mss.ok_or_else(|| {
        Fail::new(
            "out-of-range",
            values[0].span,
            "'mss' : expects an MSS with and absolute value between 1 and 65535",
        )
    })?);
    Ok(())
}

fn tcp_ut(_: &mut Context<'_>, draft: &mut BindDraft, values: &[Word]) -> Checked<()> {
    let time = base::time::parse(&values[0].text, base::time::Unit::Ms).map_err(|_| {
        Fail::new("bad-time", values[0].span, "'tcp-ut' : expects a positive delay in milliseconds")
    })?;
    draft.bind.tcp_ut = Some(time.value);
    Ok(())
}

pub const ROWS: &[BindKeyword] = &[
    BindKeyword::new("accept-proxy", "Expects the PROXY protocol.", 0, |_, draft, _| {
        draft.bind.accept_proxy = true;
        Ok(())
    }),
    BindKeyword::new("backlog", "Connections that wait to be accepted.", 1, |_, draft, values| {
        draft.bind.backlog = Some(u32_of(&values[0], "backlog", MAX)?);
        Ok(())
    }),
    BindKeyword::new("defer-accept", "Accepts when data comes.", 0, |_, draft, _| {
        draft.bind.defer_accept = true;
        Ok(())
    }),
    BindKeyword::new("gid", "The group of a UNIX socket.", 1, |_, draft, values| {
        draft.bind.unix_gid = Some(u32_of(&values[0], "gid", MAX)?);
        Ok(())
    }),
    BindKeyword::new("group", "The group of a UNIX socket, by name.", 1, group).missing("missing group name"),
    BindKeyword::new("id", "The number of the socket in statistics.", 1, id).missing("missing value"),
    BindKeyword::new("interface", "The interface to listen on.", 1, |_, draft, values| {
        draft.bind.interface = Some(values[0].text.clone());
        Ok(())
    })
    .missing("missing interface name"),
    BindKeyword::new("maxconn", "The greatest number of connections.", 1, |_, draft, values| {
        let text = || format!("'maxconn' : invalid value {}, must be > 0", lenient(&values[0].text));
        draft.bind.maxconn = u32::try_from(bounded(&values[0], 0, MAX, text)?).unwrap_or(0);
        Ok(())
    })
    .missing("missing value"),
    BindKeyword::new("mode", "The access rights of a UNIX socket.", 1, mode)
        .missing("missing mode (octal integer expected)"),
    BindKeyword::new("mss", "The largest TCP segment.", 1, mss).missing("missing MSS value"),
    BindKeyword::new("name", "The name of the socket in statistics.", 1, |_, draft, values| {
        draft.bind.name = Some(values[0].text.clone());
        Ok(())
    })
    .missing("missing name"),
    BindKeyword::new("proto", "The protocol, without negotiation.", 1, proto),
    BindKeyword::new("tcp-ut", "How long sent data may stay unacknowledged.", 1, tcp_ut)
        .missing("missing TCP User Timeout value"),
    BindKeyword::new("tfo", "TCP fast open.", 0, |_, draft, _| {
        draft.bind.tcp_fast_open = true;
        Ok(())
    }),
    BindKeyword::new("transparent", "Accepts connections to foreign addresses.", 0, |_, draft, _| {
        draft.bind.transparent = true;
        Ok(())
    }),
    BindKeyword::new("uid", "The user of a UNIX socket.", 1, |_, draft, values| {
        draft.bind.unix_uid = Some(u32_of(&values[0], "uid", MAX)?);
        Ok(())
    }),
    BindKeyword::new("user", "The user of a UNIX socket, by name.", 1, user).missing("missing user name"),
    BindKeyword::new("v4v6", "IPv6 sockets take IPv4 too.", 0, |_, draft, _| {
        draft.bind.v4v6 = true;
        Ok(())
    }),
    BindKeyword::new("v6only", "IPv6 sockets take IPv6 only.", 0, |_, draft, _| {
        draft.bind.v6only = true;
        Ok(())
    }),
    BindKeyword::parsed("accept-netscaler-cip", "Expects the NetScaler protocol.", 1),
    BindKeyword::parsed("cc", "The congestion control.", 1),
    BindKeyword::parsed("expose-fd", "Whether sockets can be handed over.", 1),
    BindKeyword::parsed("guid-prefix", "Names that stay the same over reloads.", 1),
    BindKeyword::parsed("idle-ping", "Pings idle clients.", 1),
    BindKeyword::parsed("label", "A label.", 1),
    BindKeyword::parsed("level", "What the CLI may do.", 1),
    BindKeyword::parsed("namespace", "The network namespace.", 1),
    BindKeyword::parsed("nbconn", "Connections that are opened in reverse.", 1),
    BindKeyword::parsed("nice", "The priority.", 1),
    BindKeyword::parsed("process", "The threads of the socket.", 1),
    BindKeyword::parsed("severity-output", "How the CLI shows severities.", 1),
    BindKeyword::parsed("shards", "Into how many sockets the line is split.", 1),
    BindKeyword::parsed("tcp-md5sig", "The TCP signature's secret.", 1),
    BindKeyword::parsed("tcp-ss", "TCP save SYN.", 1),
    BindKeyword::parsed("thread", "The threads of the socket.", 1),
];
