//! What a proxy starts from: HAProxy's defaults, or those of a `defaults` section.

use ir::config::Proxy;
use ir::spec::RuleSet;

use crate::draft::{Draft, Inherited, Kind, Steps};

/// A proxy without a `defaults` section in front of it.
pub fn fresh(kind: Kind) -> Draft {
    let proxy = Proxy {
        is_frontend: kind.is_frontend(),
        is_backend: kind.is_backend(),
        retries: 3,
        max_session_srv_conns: 5,
        retry_on: ir::config::retry::CONN_FAILURE,
        ..Proxy::default()
    };
    Draft { proxy, kind, ..Draft::default() }
}

/// What stands for a proxy in a section that has none of its own: messages print C's missing text.
pub fn unnamed(kind: Kind) -> Draft {
    let mut draft = fresh(kind);
    draft.proxy.name = b"(null)".to_vec();
    draft
}

/// A proxy that takes over what a `defaults` section says. Its rules come first and keep the
/// ACLs they name; the names of these ACLs are not visible to the proxy's own lines.
pub fn from_defaults(defaults: &Draft, kind: Kind) -> Draft {
    let mut draft = defaults.clone();
    draft.kind = kind;
    draft.proxy.is_frontend = kind.is_frontend();
    draft.proxy.is_backend = kind.is_backend();
    draft.acl_names.clear();
    draft.inherited_rules = std::array::from_fn(|set| draft.proxy.rules[set].len());
    draft.inherited_names = draft.unresolved.len();
    draft.steps = Steps { tls: draft.steps.tls, ..Steps::default() };
    draft.pending.clear();
    draft.sticks.clear();
    draft.placed = 0;
    draft.finals = 0;
    draft.has_id = false;
    draft.used_as = None;
    draft.explicit_use = false;
    draft.implicit_use = false;
    draft.replaced = None;
    draft.proxy.description = None;
    draft.inherited = Inherited { timeouts: draft.proxy.timeouts, session_limit: draft.proxy.session_limit };
    if let Some(stats) = &mut draft.stats {
        stats.inherited = true;
    }
    draft.source_header = None;
    if !kind.takes_backend() {
        draft.http_only.cookie = false;
        draft.proxy.balance = Default::default();
        draft.balance_hash = None;
        draft.needs_state_file = false;
    }
    if !kind.takes_frontend() {
        draft.proxy.monitor_uri = None;
        draft.default_backend = None;
        draft.log_option = None;
        draft.log_format_sd = None;
        draft.error_log_format = None;
    }
    draft
}

/// Why a section of a kind cannot take over the rules of a `defaults` section. The first user of its
/// rules decides on which side they are.
pub fn refusal(defaults: &mut Draft, kind: Kind) -> Option<&'static str> {
    let has = |set: RuleSet| !defaults.proxy.rules[set as usize].is_empty();
    let (front, back) = (kind.is_frontend(), kind.is_backend());
    let captures =
        !defaults.proxy.request_captures.is_empty() || !defaults.proxy.response_captures.is_empty();
    if captures && (back || kind == Kind::Defaults) {
        return Some("backend or defaults sections cannot inherit from a defaults section defining captures");
    }
    if !RuleSet::ALL.iter().any(|set| *set != RuleSet::QuicInitial && has(*set)) {
        return None;
    }
    let side = defaults.used_as.get_or_insert(kind);
    match kind {
        Kind::Defaults => {
            Some("a defaults section cannot inherit from a defaults section defining TCP/HTTP rules")
        }
        Kind::Listen => {
            Some("a listen section cannot inherit from a defaults section defining TCP/HTTP rules")
        }
        _ if *side != kind => Some(
            "frontends and backends cannot inherit from the same defaults section if it defines TCP/HTTP rules",
        ),
        _ if !front && (has(RuleSet::TcpConnection) || has(RuleSet::TcpSession)) => Some(
            "a backend section cannot inherit from a defaults section defining 'tcp-request connection' or \
             'tcp-request session' rules",
        ),
        _ if !back && has(RuleSet::TcpResponse) => Some(
            "a frontend section cannot inherit from a defaults section defining 'tcp-response content' rules",
        ),
        _ => None,
    }
}
