//! The words of a `server` line about its connections.

use base::addr::Rules;
use ir::config::{Foreign, Namespace, Source, WebSocket};
use syntax::Word;

use super::{ServerDraft, ServerKeyword};
use crate::context::Context;
use crate::fail::Checked;
use crate::given::Given;
use crate::keywords::bind::{MAX_SECRET, too_long, user_timeout};
use crate::numbers::wrapped;

fn proto(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    crate::keywords::bind::check_proto(given)?;
    draft.server.proto = Some(given.value.text.clone());
    Ok(())
}

fn source(c: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let addresses = crate::address::resolved(c, &given.value.text, given.value, &Rules::SERVER_SOURCE)
        .map_err(|error| error.wrap(|text| format!("'source {}' : {text}", given.value.lossy())))?;
    draft.server.link.source = crate::keywords::proxy::source_of(&addresses).map(Box::new);
    Ok(())
}

/// What the words behind `source` set; none where the address is no IP address.
fn set_source(draft: &mut ServerDraft, set: impl FnOnce(&mut Source)) {
    if let Some(source) = &mut draft.server.link.source {
        set(source);
    }
}

/// `usesrc` and `interface` behind `source`. What is wrong is told before the word that it is in.
fn source_options(c: &mut Context<'_>, draft: &mut ServerDraft, words: &[Word]) -> Result<usize, String> {
    let mut read = 0;
    while let [word, rest @ ..] = &words[read..] {
        let told = if word.is("usesrc") {
            use_source(c, draft, rest.first())
        } else if word.is("interface") {
            let device = rest.first().ok_or_else(|| "'server' : missing interface name.".to_owned());
            device.map(|device| set_source(draft, |source| source.device = Some(device.text.clone())))
        } else {
            break;
        };
        if let Err(text) = told {
            draft.told.alert(c, "usesrc", text);
            return Err(word.lossy().into_owned());
        }
        read += 2;
    }
    Ok(read)
}

/// The greatest distance from the last occurrence of a header.
const MAX_OCCURRENCE: i32 = 10;

fn use_source(c: &mut Context<'_>, draft: &mut ServerDraft, value: Option<&Word>) -> Result<(), String> {
    let Some(value) = value else {
        let text = "'usesrc' expects <addr>[:<port>], 'client', 'clientip', or 'hdr_ip(name,#)' as argument.";
        return Err(text.into());
    };
    let foreign = match value.text.as_slice() {
        b"client" => Some(Foreign::Client),
        b"clientip" => Some(Foreign::ClientIp),
        _ => None,
    };
    if foreign.is_some() {
        set_source(draft, |source| source.foreign = foreign);
        return Ok(());
    }
    let Some(header) = value.text.strip_prefix(b"hdr_ip(") else {
        let found = crate::address::resolved(c, &value.text, value, &Rules::CONNECT)
            .map_err(|fail| format!("'usesrc {}' : {}", value.lossy(), fail.message))?;
        let foreign =
            crate::keywords::proxy::source_of(&found).map(|source| Foreign::Address(source.address));
        set_source(draft, |source| source.foreign = foreign);
        return Ok(());
    };
    let end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b')');
    let header = header.trim_ascii_start();
    let name = &header[..header.iter().position(end).unwrap_or(header.len())];
    let occurrence = match header[name.len()..].trim_ascii_start() {
        [b',', number @ ..] => wrapped(number),
        _ => -1,
    };
    if occurrence < -MAX_OCCURRENCE {
        return Err(format!(
            "usesrc hdr_ip(name,num) does not support negative occurrences values smaller than {MAX_OCCURRENCE}."
        ));
    }
    draft.more.source_header = Some(name.to_vec());
    let foreign = Foreign::Header(name.to_ascii_lowercase(), occurrence);
    set_source(draft, |source| source.foreign = Some(foreign));
    Ok(())
}

fn usesrc(_: &mut Context<'_>, _: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    Err(given.fail("usesrc", "'usesrc' only allowed after a 'source' statement."))
}

fn pool_max_conn(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let value = wrapped(&given.value.text);
    if value < -1 {
        return Err(given.fail("out-of-range", "'pool-max-conn' must be >= -1"));
    }
    draft.server.pool_max_conn = value;
    Ok(())
}

fn max_reuse(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    draft.server.max_reuse = wrapped(&given.value.text);
    Ok(())
}

fn websocket(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    draft.server.websocket = match given.value.text.as_slice() {
        b"auto" => WebSocket::Auto,
        b"h1" => WebSocket::H1,
        b"h2" => WebSocket::H2,
        _ => {
            return Err(given.fail("bad-value", format!("'{}' has to be 'auto', 'h1' or 'h2'", given.name())));
        }
    };
    Ok(())
}

fn pool_purge_delay(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let time =
        given.time(|found| format!("unexpected character '{found}' in argument to <{}>.", given.name()))?;
    draft.server.pool_purge_delay = u64::from(time.value);
    Ok(())
}

fn idle_ping(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let of = draft.of();
    let other = |found| format!("unexpected character '{found}' in '{}' argument {of}.", given.name());
    let time = given.delay(&of, other)?;
    draft.server.link.idle_ping = Some(u64::from(time.value)).filter(|time| *time > 0);
    Ok(())
}

fn namespace(c: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    if given.value.is("*") {
        draft.server.link.namespace = Some(Namespace::Client);
        return Ok(());
    }
    if crate::address::namespace_exists(c, &given.value.text) {
        draft.server.link.namespace = Some(Namespace::Named(given.value.text.clone()));
        return Ok(());
    }
    Err(given.fail("no-namespace", format!("Cannot open namespace '{}'", given.value.lossy())))
}

fn socks4(c: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let name = given.name();
    let found = crate::address::resolved(c, &given.value.text, given.value, &Rules::CONNECT_PORT)
        .map_err(|fail| fail.wrap(|text| format!("'{name} {}' : {text}", given.value.lossy())))?;
    draft.server.link.socks4 = crate::keywords::proxy::source_of(&found).map(|found| found.address);
    Ok(())
}

fn secret(c: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    if given.value.text.len() > MAX_SECRET && draft.more.family == super::Family::Ip {
        draft.told.alert_only(c, "out-of-range", format!("{}.", too_long(given)));
    }
    draft.server.link.md5_secret = Some(given.value.text.clone());
    Ok(())
}

/// What `proxy-v2-options` may name.
/// `proxy-v2-options ssl,cert-cn,…`
fn proxy_options(c: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    for option in given.value.lossy().split(',') {
        let header = &mut draft.server.send_proxy;
        match option {
            "ssl" => add_ssl(draft, given.value),
            "cert-cn" => add_part(draft, given.value, tlv::SSL_CN, "%[ssl_c_s_dn(CN)]"),
            "cert-sig" => add_part(draft, given.value, tlv::SSL_SIG_ALG, "%[ssl_f_sig_alg]"),
            "cert-key" => {
                c.warn_parsed("cert-key", given.value.span);
                add_ssl(draft, given.value);
            }
            "ssl-cipher" => add_part(draft, given.value, tlv::SSL_CIPHER, "%[ssl_fc_cipher]"),
            "authority" => header.authority = true,
            "crc32c" => header.crc32c = true,
            "unique-id" => header.unique_id = true,
            _ => {
                let text = format!("'{option}' : proxy v2 option not implemented");
                return Err(given.fail("unknown-option", text));
            }
        }
    }
    draft.more.proxy_protocol = true;
    Ok(())
}

/// Types of TLVs inside the one about TLS.
mod tlv {
    pub const SSL_VERSION: u8 = 0x21;
    pub const SSL_CN: u8 = 0x22;
    pub const SSL_CIPHER: u8 = 0x23;
    pub const SSL_SIG_ALG: u8 = 0x24;
}

/// The header says whether and how the client's connection uses TLS.
fn add_ssl(draft: &mut ServerDraft, at: &Word) {
    if !draft.server.send_proxy.ssl {
        draft.server.send_proxy.ssl = true;
        let text = b"%[ssl_fc_protocol]".to_vec();
        draft.more.tlvs.push((true, tlv::SSL_VERSION, Word { text, ..at.clone() }));
    }
}

/// One thing more about TLS, which a log-format gives.
fn add_part(draft: &mut ServerDraft, at: &Word, kind: u8, format: &str) {
    add_ssl(draft, at);
    draft.more.tlvs.push((true, kind, Word { text: format.into(), ..at.clone() }));
}

/// `set-proxy-v2-tlv-fmt(<id>) <fmt>`
fn tlv_format(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let name = given.name();
    let mut kind = 0;
    if let Some((_, id)) = name.split_once('(') {
        let digits = id.trim_start();
        let (radix, digits) = match digits {
            hex if hex.starts_with("0x") || hex.starts_with("0X") => (16, &hex[2..]),
            octal if octal.starts_with('0') => (8, octal),
            other => (10, other),
        };
        let end = digits.find(|digit: char| !digit.is_digit(radix)).unwrap_or(digits.len());
        let fail = |text: &str| given.fail("bad-argument", format!("'{name}' : {text}"));
        let number =
            u64::from_str_radix(&digits[..end], radix).map_err(|_| fail("could not convert TLV ID"))?;
        if !digits[end..].starts_with(')') {
            return Err(fail("expects set-proxy-v2-tlv(<TLV ID>)"));
        }
        kind = u8::try_from(number).map_err(|_| fail("the maximum allowed TLV ID is 255"))?;
    }
    draft.more.tlvs.push((false, kind, given.value.clone()));
    Ok(())
}

/// `send-proxy` and its kin, and what turns them off again.
fn send_proxy(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let name = given.name();
    let (on, what) = name.strip_prefix("no-").map_or((true, name.as_str()), |what| (false, what));
    let header = &mut draft.server.send_proxy;
    match what {
        "send-proxy" => header.v1 = on,
        _ => header.v2 = on,
    }
    match what {
        "send-proxy-v2-ssl" if on => add_ssl(draft, given.word),
        "send-proxy-v2-ssl-cn" if on => add_part(draft, given.word, tlv::SSL_CN, "%[ssl_c_s_dn(CN)]"),
        "send-proxy-v2-ssl" | "send-proxy-v2-ssl-cn" => {
            header.ssl = false;
            draft.more.tlvs.retain(|(is_part, ..)| !is_part);
        }
        _ => {}
    }
    draft.more.proxy_protocol = on;
    Ok(())
}

const VALUE: &str = "'{}' expects <value> as argument.\n";

pub const ROWS: &[ServerKeyword] = &[
    ServerKeyword::value(
        "cc",
        "The congestion control.",
        "'{}' : missing TCP congestion control algorithm",
        |_, draft, given| {
            draft.server.link.congestion = Some(given.value.text.clone());
            Ok(())
        },
    ),
    ServerKeyword::value(
        "idle-ping",
        "How often idle HTTP/2 connections are pinged.",
        "'{}' expects an argument.",
        idle_ping,
    ),
    ServerKeyword::value("max-reuse", "Requests on a connection.", VALUE, max_reuse),
    ServerKeyword::value("namespace", "The network namespace.", "'{}' : expects <name> as argument", namespace),
    ServerKeyword::flag("send-proxy", "Sends the PROXY protocol, version 1.", send_proxy),
    ServerKeyword::flag("send-proxy-v2", "Sends the PROXY protocol, version 2.", send_proxy),
    ServerKeyword::flag("no-send-proxy", "Does not send the PROXY protocol.", send_proxy),
    ServerKeyword::flag("no-send-proxy-v2", "Does not send the PROXY protocol.", send_proxy),
    ServerKeyword::flag("tfo", "TCP fast open.", |_, draft, _| {
        draft.server.link.fast_open = true;
        Ok(())
    }),
    ServerKeyword::flag("no-tfo", "No TCP fast open.", |_, draft, _| {
        draft.server.link.fast_open = false;
        Ok(())
    }),
    ServerKeyword::value(
        "pool-conn-name",
        "Whose idle connections are used.",
        "'{}' expects <value> as argument",
        |_, draft, given| {
            draft.more.pool_conn_name = Some(given.value.clone());
            Ok(())
        },
    ),
    ServerKeyword::value("pool-low-conn", "Idle connections that are kept in reserve.", VALUE, |_, draft, given| {
        draft.server.pool_low_conn = u32::try_from(wrapped(&given.value.text)).unwrap_or(0);
        Ok(())
    }),
    ServerKeyword::value("pool-max-conn", "Idle connections that are kept.", VALUE, pool_max_conn),
    ServerKeyword::value("pool-purge-delay", "How often idle connections are closed.", VALUE, pool_purge_delay),
    ServerKeyword::value("proto", "The protocol, without negotiation.", "'{}' : missing value", proto),
    ServerKeyword::value("proxy-v2-options", "What the PROXY protocol carries.", "", proxy_options),
    ServerKeyword::flag("send-proxy-v2-ssl", "Sends the PROXY protocol with TLS.", send_proxy),
    ServerKeyword::flag("send-proxy-v2-ssl-cn", "Sends the PROXY protocol with TLS.", send_proxy),
    ServerKeyword::flag("no-send-proxy-v2-ssl", "Does not.", send_proxy),
    ServerKeyword::flag("no-send-proxy-v2-ssl-cn", "Does not.", send_proxy),
    ServerKeyword::value("set-proxy-v2-tlv-fmt", "What the PROXY protocol carries.", "", tlv_format)
        .listed(0),
    ServerKeyword::value(
        "socks4",
        "The SOCKS4 proxy.",
        "'{}' expects <addr>:<port> as argument.\n",
        socks4,
    ),
    ServerKeyword::value(
        "source",
        "The address to connect from.",
        "'{}' expects <addr>[:<port>[-<port>]], and optionally 'usesrc' <addr>, and 'interface' <name> as argument.\n",
        source,
    )
    .tail(source_options)
    .listed(-1),
    ServerKeyword::value(
        "tcp-md5sig",
        "The TCP signature's secret.",
        "'{}' : missing TCP MD5 signature password",
        secret,
    ),
    ServerKeyword::value(
        "tcp-ut",
        "How long sent data may stay unacknowledged.",
        "'{}' : missing TCP User Timeout value",
        |_, draft, given| {
            draft.server.link.user_timeout = user_timeout(given)?.value;
            Ok(())
        },
    ),
    ServerKeyword::flag("usesrc", "Whose address to connect from.", usesrc),
    ServerKeyword::value("ws", "The protocol of WebSockets.", "", websocket),
];
