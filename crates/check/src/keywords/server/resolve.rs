//! The words of a `server` line about the name of its address.

use super::{Method, ServerDraft, ServerKeyword};
use crate::context::Context;
use crate::fail::Checked;
use crate::given::Given;

/// How many methods `init-addr` takes.
const MAX_METHODS: usize = 10;
/// How many networks `resolve-net` takes.
const MAX_NETWORKS: usize = 5;

fn init_addr(_: &mut Context<'_>, draft: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let name = given.name();
    let mut methods = Vec::new();
    for word in list(&given.value.lossy()) {
        let method = match word {
            "libc" => Method::Libc,
            "last" => Method::Last,
            "none" => Method::None,
            other => match other.parse() {
                Ok(_) if methods.iter().any(|method| matches!(method, Method::Ip(_))) => {
                    let text = format!("'{name}' : initial address already specified, cannot add '{other}'.");
                    return Err(given.fail("bad-argument", text));
                }
                Ok(ip) => Method::Ip(ip),
                Err(_) => {
                    let text = format!(
                        "'{name}' : unknown init-addr method '{other}', supported methods are 'libc', 'last', 'none'."
                    );
                    return Err(given.fail("bad-argument", text));
                }
            },
        };
        if methods.len() == MAX_METHODS {
            let text = format!("'{name}' : too many init-addr methods when trying to add '{word}'");
            return Err(given.fail("bad-argument", text));
        }
        methods.push(method);
    }
    draft.more.init_addr.methods = methods;
    Ok(())
}

/// The words of a comma list; nothing follows the last comma.
fn list(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_suffix(',').unwrap_or(text);
    text.split(',').filter(move |_| !text.is_empty())
}

fn networks(_: &mut Context<'_>, _: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let name = given.name();
    for (index, network) in list(&given.value.lossy()).enumerate() {
        let text = if index == MAX_NETWORKS {
            format!("'{name}' exceed {MAX_NETWORKS} networks.")
        } else if base::net::Network::parse(network.as_bytes()).is_none() {
            format!("'{name}' invalid network '{network}'.")
        } else {
            continue;
        };
        return Err(given.fail("bad-network", text));
    }
    Ok(())
}

fn options(_: &mut Context<'_>, _: &mut ServerDraft, given: &Given<'_>) -> Checked<()> {
    let options = ["allow-dup-ip", "ignore-weight", "prevent-dup-ip"];
    match list(&given.value.lossy()).find(|option| !options.contains(option)) {
        None => Ok(()),
        Some(other) => {
            let text = format!(
                "'{}' : unknown resolve-opts option '{other}', supported methods are 'allow-dup-ip', \
                 'ignore-weight', and 'prevent-dup-ip'.",
                given.name()
            );
            Err(given.fail("unknown-option", text))
        }
    }
}

pub const ROWS: &[ServerKeyword] = &[
    ServerKeyword::value("init-addr", "How the address is found at start.", "", init_addr),
    ServerKeyword::value(
        "resolve-net",
        "Networks that are preferred.",
        "'{}' expects a list of networks.",
        networks,
    )
    .parsed(),
    ServerKeyword::value("resolve-opts", "How answers are used.", "", options).parsed(),
    ServerKeyword::value("resolve-prefer", "The family that is preferred.", "", |_, _, given| {
        given.one_of(&["ipv4", "ipv6"], || {
            format!("'{}' expects either ipv4 or ipv6 as argument.", given.name())
        })
    })
    .parsed(),
    ServerKeyword::value("resolvers", "Who resolves the name.", "", |_, draft, given| {
        draft.more.resolvers = Some(given.value.text.clone());
        Ok(())
    })
    .parsed(),
];
