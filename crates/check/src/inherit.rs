//! What a proxy starts from: HAProxy's defaults, or those of a `defaults` section.

use ir::config::Proxy;

use crate::draft::{Draft, Inherited, Kind};

/// A proxy without a `defaults` section in front of it.
pub fn fresh(kind: Kind) -> Draft {
    let proxy = Proxy {
        is_frontend: kind.is_frontend(),
        is_backend: kind.is_backend(),
        retries: 3,
        retry_on: ir::config::retry::CONN_FAILURE,
        ..Proxy::default()
    };
    Draft { proxy, kind, ..Draft::default() }
}

/// A proxy that takes over what a `defaults` section says. Its rules come first and keep the
/// ACLs they name; the names of these ACLs are not visible to the proxy's own lines.
pub fn from_defaults(defaults: &Draft, kind: Kind) -> Draft {
    let mut draft = defaults.clone();
    draft.kind = kind;
    draft.proxy.is_frontend = kind.is_frontend();
    draft.proxy.is_backend = kind.is_backend();
    draft.acl_names.clear();
    draft.placed = 0;
    draft.finals = 0;
    draft.has_id = false;
    draft.explicit_use = false;
    draft.implicit_use = false;
    draft.proxy.description = None;
    draft.inherited = Inherited { timeouts: draft.proxy.timeouts, rate_limit: draft.rate_limit };
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
        draft.log_format_sd = None;
        draft.error_log_format = None;
    }
    draft
}
