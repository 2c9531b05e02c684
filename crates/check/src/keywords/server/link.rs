//! The words of a `server` line about its load and its connections.

use super::{ServerDraft, ServerKeyword};
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::numbers::lenient;
use syntax::Word;

fn fail(word: &Word, message: String) -> Fail {
    Fail::new("bad-argument", word.span, message)
}

fn number(word: &Word, name: &str) -> Checked<u32> {
    let value = base::bytes::parse_u64(&word.text).and_then(|n| u32::try_from(n).ok());
    value.ok_or_else(|| fail(word, format!("'{name}' expects an integer argument")))
}

fn weight(_: &mut Context<'_>, draft: &mut ServerDraft, values: &[Word]) -> Checked<()> {
    let weight = lenient(&values[0].text);
    draft.server.weight = u32::try_from(weight).ok().filter(|weight| *weight <= 256).ok_or_else(|| {
        let name = String::from_utf8_lossy(&draft.server.name);
        fail(&values[0], format!("weight of server {name} is not within 0 and 256 ({weight})."))
    })?;
    Ok(())
}

fn id(_: &mut Context<'_>, draft: &mut ServerDraft, values: &[Word]) -> Checked<()> {
    let id = base::bytes::parse_u64(&values[0].text).and_then(|id| u32::try_from(id).ok());
    draft.server.id = id
        .filter(|id| *id > 0)
        .ok_or_else(|| fail(&values[0], "'id' : custom id has to be between 1 and 4294967295.".into()))?;
    Ok(())
}

fn proto(_: &mut Context<'_>, draft: &mut ServerDraft, values: &[Word]) -> Checked<()> {
    if !["h1", "h2", "fcgi", "spop", "none"].iter().any(|name| values[0].is(name)) {
        return Err(fail(&values[0], format!("'proto' :  unknown MUX protocol '{}'", values[0].lossy())));
    }
    draft.server.proto = Some(values[0].text.clone());
    Ok(())
}

fn source(c: &mut Context<'_>, draft: &mut ServerDraft, values: &[Word]) -> Checked<()> {
    let rules = base::addr::Rules::SERVER_SOURCE;
    let addresses = crate::address::resolved(c, &values[0].text, &values[0], &rules)
        .map_err(|error| error.wrap(|text| format!("'source {}' : {text}\n", values[0].lossy())))?;
    draft.server.source = addresses.into_iter().next();
    Ok(())
}

fn pool_max_conn(_: &mut Context<'_>, draft: &mut ServerDraft, values: &[Word]) -> Checked<()> {
    let value = i32::try_from(lenient(&values[0].text)).ok().filter(|value| *value >= -1);
    draft.server.pool_max_conn =
        value.ok_or_else(|| fail(&values[0], "'pool-max-conn' must be >= -1".into()))?;
    Ok(())
}

fn pool_purge_delay(_: &mut Context<'_>, draft: &mut ServerDraft, values: &[Word]) -> Checked<()> {
    let time = base::time::parse(&values[0].text, base::time::Unit::Ms)
        .map_err(|_| fail(&values[0], "unexpected character in argument to <pool-purge-delay>.\n".into()))?;
    draft.server.pool_purge_delay = u64::from(time.value);
    Ok(())
}

fn init_addr(_: &mut Context<'_>, draft: &mut ServerDraft, values: &[Word]) -> Checked<()> {
    let mut may_miss = false;
    for method in values[0].lossy().split(',') {
        match method {
            // The state file that `last` reads is not there yet.
            "libc" | "last" => {}
            "none" => may_miss = true,
            other => match other.parse() {
                Ok(ip) => draft.init_addr.fallback = Some(ip),
                Err(_) => {
                    let text = format!(
                        "'init-addr' : unknown init-addr method '{other}', supported methods are 'libc', 'last', 'none'."
                    );
                    return Err(fail(&values[0], text));
                }
            },
        }
    }
    draft.init_addr.may_miss = Some(may_miss);
    Ok(())
}

const fn flag(
    name: &'static str,
    doc: &'static str,
    set: fn(&mut Context<'_>, &mut ServerDraft, &[Word]) -> Checked<()>,
) -> ServerKeyword {
    ServerKeyword::new(name, doc, 0, set)
}

pub const ROWS: &[ServerKeyword] = &[
    flag("backup", "Used when no other server is up.", |_, draft, _| {
        draft.server.backup = true;
        Ok(())
    }),
    flag("no-backup", "Used like the others.", |_, draft, _| {
        draft.server.backup = false;
        Ok(())
    }),
    flag("disabled", "Not used at first.", |_, draft, _| {
        draft.server.disabled = true;
        Ok(())
    }),
    flag("enabled", "Used.", |_, draft, _| {
        draft.server.disabled = false;
        Ok(())
    }),
    ServerKeyword::new("id", "The number of the server in statistics.", 1, id).not_default().missing("'{}' : expects an integer argument"),
    ServerKeyword::new("weight", "The share of the load.", 1, weight),
    ServerKeyword::new("maxconn", "Connections at a time.", 1, |_, draft, values| {
        draft.server.maxconn = number(&values[0], "maxconn")?;
        Ok(())
    }),
    ServerKeyword::new("minconn", "Connections at a time under low load.", 1, |_, draft, values| {
        draft.server.minconn = number(&values[0], "minconn")?;
        Ok(())
    }),
    ServerKeyword::new("maxqueue", "Requests that wait for the server.", 1, |_, draft, values| {
        draft.server.maxqueue = number(&values[0], "maxqueue")?;
        Ok(())
    }),
    ServerKeyword::new("cookie", "The value of the persistence cookie.", 1, |_, draft, values| {
        draft.server.cookie = Some(values[0].text.clone());
        Ok(())
    }),
    ServerKeyword::new("redir", "Where requests are redirected to.", 1, |_, draft, values| {
        draft.server.redir = Some(values[0].text.clone());
        Ok(())
    })
    .missing("'{}' expects <prefix> as argument.\n"),
    ServerKeyword::new("proto", "The protocol, without negotiation.", 1, proto).missing("'{}' : missing value"),
    flag("send-proxy", "Sends the PROXY protocol, version 1.", |_, draft, _| {
        draft.server.send_proxy = Some(1);
        Ok(())
    }),
    flag("send-proxy-v2", "Sends the PROXY protocol, version 2.", |_, draft, _| {
        draft.server.send_proxy = Some(2);
        Ok(())
    }),
    flag("no-send-proxy", "Does not send the PROXY protocol.", |_, draft, _| {
        draft.server.send_proxy = None;
        Ok(())
    }),
    flag("no-send-proxy-v2", "Does not send the PROXY protocol.", |_, draft, _| {
        draft.server.send_proxy = None;
        Ok(())
    }),
    ServerKeyword::new("source", "The address to connect from.", 1, source)
        .missing("'{}' expects <addr>[:<port>[-<port>]], and optionally 'usesrc' <addr>, and 'interface' <name> as argument.")
        .listed(Some(-1)),
    ServerKeyword::new("pool-max-conn", "Idle connections that are kept.", 1, pool_max_conn),
    ServerKeyword::new("pool-purge-delay", "How often idle connections are closed.", 1, pool_purge_delay),
    ServerKeyword::parsed("usesrc", "Whose address to connect from.", 1).listed(Some(0)),
    ServerKeyword::parsed("interface", "The interface to connect from.", 1).listed(None),
    ServerKeyword::parsed("pool-low-conn", "Idle connections that are not shared.", 1),
    ServerKeyword::parsed("pool-conn-name", "Whose idle connections are used.", 1),
    ServerKeyword::parsed("max-reuse", "Requests on a connection.", 1),
    ServerKeyword::parsed("strict-maxconn", "Idle connections count.", 0),
    ServerKeyword::parsed("send-proxy-v2-ssl", "Sends the PROXY protocol with TLS.", 0),
    ServerKeyword::parsed("send-proxy-v2-ssl-cn", "Sends the PROXY protocol with TLS.", 0),
    ServerKeyword::parsed("no-send-proxy-v2-ssl", "Does not.", 0),
    ServerKeyword::parsed("no-send-proxy-v2-ssl-cn", "Does not.", 0),
    ServerKeyword::parsed("proxy-v2-options", "What the PROXY protocol carries.", 1),
    ServerKeyword::parsed("set-proxy-v2-tlv-fmt", "What the PROXY protocol carries.", 1).listed(Some(0)),
    ServerKeyword::parsed("cc", "The congestion control.", 1),
    ServerKeyword::parsed("guid", "A name that stays the same over reloads.", 1).not_default(),
    ServerKeyword::parsed("hash-key", "What a hash sees of the server.", 1),
    ServerKeyword::parsed("idle-ping", "Pings idle connections.", 1),
    ServerKeyword::new("init-addr", "How the address is found at start.", 1, init_addr),
    ServerKeyword::parsed("init-state", "How the server starts.", 1),
    ServerKeyword::parsed("log-bufsize", "The buffer of a log server.", 1),
    ServerKeyword::parsed("log-proto", "The framing of a log server.", 1),
    ServerKeyword::parsed("namespace", "The network namespace.", 1),
    ServerKeyword::parsed("non-stick", "Not stored in tables.", 0),
    ServerKeyword::parsed("stick", "Stored in tables.", 0),
    ServerKeyword::parsed("resolve-net", "Networks that are preferred.", 1),
    ServerKeyword::parsed("resolve-opts", "How answers are used.", 1),
    ServerKeyword::parsed("resolve-prefer", "The family that is preferred.", 1),
    ServerKeyword {
        set: |_, draft, _| {
            draft.init_addr.has_resolvers = true;
            Ok(())
        },
        ..ServerKeyword::parsed("resolvers", "Who resolves the name.", 1)
    },
    ServerKeyword::parsed("shard", "The shard of a peer.", 1),
    ServerKeyword::parsed("slowstart", "How long the load grows.", 1),
    ServerKeyword::parsed("socks4", "The SOCKS4 proxy.", 1),
    ServerKeyword::parsed("tcp-md5sig", "The TCP signature's secret.", 1),
    ServerKeyword::parsed("tcp-ut", "How long sent data may stay unacknowledged.", 1),
    ServerKeyword::parsed("tfo", "TCP fast open.", 0),
    ServerKeyword::parsed("no-tfo", "No TCP fast open.", 0),
    ServerKeyword::parsed("ws", "The protocol of WebSockets.", 1),
];
