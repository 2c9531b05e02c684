//! The names of actions: which row a word means, and how messages list them.

use ir::id::ActionId;
use ir::spec::{ActionSpec, RuleSet};
use syntax::Word;

use crate::context::Context;

/// The order in which HAProxy lists its actions. Lua's come behind them.
const ORDER: [&str; 76] = [
    "send-spoe-group",
    "wait-for-handshake",
    "set-retries",
    "set-log-level",
    "set-nice",
    "switch-mode",
    "use-service",
    "sc-add-gpc",
    "sc-inc-gpc",
    "sc-inc-gpc0",
    "sc-inc-gpc1",
    "sc-set-gpt",
    "sc-set-gpt0",
    "do-resolve",
    "cache-use",
    "cache-store",
    "add-acl",
    "add-header",
    "add-headers-bin",
    "allow",
    "auth",
    "capture",
    "del-acl",
    "del-header",
    "del-headers-bin",
    "del-map",
    "deny",
    "disable-l7-retry",
    "do-log",
    "early-hint",
    "normalize-uri",
    "pause",
    "redirect",
    "reject",
    "replace-header",
    "replace-path",
    "replace-pathq",
    "replace-uri",
    "replace-value",
    "return",
    "set-header",
    "set-headers-bin",
    "set-map",
    "set-method",
    "set-path",
    "set-pathq",
    "set-query",
    "set-status",
    "set-uri",
    "strict-mode",
    "tarpit",
    "track-sc0",
    "set-timeout",
    "wait-for-body",
    "set-var-fmt",
    "set-var",
    "unset-var",
    "attach-srv",
    "",
    "set-bc-mark",
    "set-bc-tos",
    "set-dst",
    "set-dst-port",
    "set-fc-mark",
    "set-fc-tos",
    "set-mark",
    "set-src",
    "set-src-port",
    "set-tos",
    "silent-drop",
    "set-bandwidth-limit",
    "set-priority-class",
    "set-priority-offset",
    "accept",
    "dgram-drop",
    "send-retry",
];
/// Where `do-log` stands in the lists of the rule sets that are not HTTP's.
const TCP_DO_LOG: usize = 58;

/// What the TCP sets know besides their lists.
const TCP_REQUEST: [&str; 6] =
    ["accept", "reject", "capture", TRACKING, "expect-proxy", "expect-netscaler-cip"];
const TCP_RESPONSE: [&str; 3] = ["accept", "reject", "close"];
/// How far a word may be from a name of its own length, and from one that words begin with.
const WHOLE: usize = 2;
const PREFIX: usize = 3;

const TRACKING: &str = "track-sc";

/// The action that the first word names. Actions with parentheses take any word that begins with
/// their name.
pub fn find(c: &Context<'_>, set: RuleSet, word: &Word) -> Option<(ActionId, &'static ActionSpec)> {
    if let Some(found) = c.registry.action(&word.text, set) {
        return Some(found);
    }
    if word.text.starts_with(TRACKING.as_bytes()) {
        return c.registry.action(b"track-sc0", set);
    }
    let fits = |spec: &&ActionSpec| spec.paren.is_some() && word.text.starts_with(spec.name.as_bytes());
    let best = c.registry.actions_in(set).filter(fits).max_by_key(|spec| spec.name.len())?;
    c.registry.action(best.name.as_bytes(), set)
}

/// The actions of a set as messages list them: `'allow', 'set-var(*)'`.
pub fn listed(c: &Context<'_>, set: RuleSet) -> String {
    let names = in_order(c, set).into_iter().map(|spec| match spec.paren {
        Some(_) => format!("'{}(*)'", spec.name),
        None if spec.name.starts_with(TRACKING) => format!("'{TRACKING}(*)'"),
        None => format!("'{}'", spec.name),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// The actions of a set in HAProxy's order, those that lists name.
fn in_order(c: &Context<'_>, set: RuleSet) -> Vec<&'static ActionSpec> {
    let is_tcp = is_tcp(set);
    let place = |spec: &ActionSpec| match spec.name {
        "do-log" if is_tcp => TCP_DO_LOG,
        name => ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len()),
    };
    let is_first = |spec: &&ActionSpec| spec.unlisted & set.bit() == 0 && !is_other_tracking(spec);
    let mut specs: Vec<_> = c.registry.actions_in(set).filter(is_first).collect();
    specs.sort_by_key(|spec| place(spec));
    specs
}

fn is_tcp(set: RuleSet) -> bool {
    use RuleSet::*;
    matches!(set, TcpConnection | TcpSession | TcpContent | TcpResponse | QuicInitial)
}

/// One of `track-sc1` and above: lists name them once.
fn is_other_tracking(spec: &ActionSpec) -> bool {
    spec.name.starts_with(TRACKING) && spec.name != "track-sc0"
}

/// The action that looks like the word.
pub fn suggestion(c: &Context<'_>, set: RuleSet, word: &[u8]) -> Option<&'static str> {
    let extra: &[&'static str] = match set {
        RuleSet::TcpConnection | RuleSet::TcpSession | RuleSet::TcpContent => &TCP_REQUEST,
        RuleSet::TcpResponse => &TCP_RESPONSE,
        _ => &[],
    };
    let names = in_order(c, set).into_iter().map(|spec| match spec.name {
        name if name.starts_with(TRACKING) => (TRACKING, PREFIX),
        name => (name, if spec.paren.is_some() { PREFIX } else { WHOLE }),
    });
    let names = names.chain(extra.iter().map(|name| (*name, WHOLE)));
    let found = base::word::best_match_with(word, names.map(|(name, far)| (name.as_bytes(), far)))?;
    std::str::from_utf8(found).ok().filter(|_| !word.is_empty())
}
