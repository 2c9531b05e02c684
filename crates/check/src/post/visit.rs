//! Every expression of a proxy.

use ir::config::{Proxy, ServerTarget, SwitchTarget};
use ir::expr::{ActionValue, Expr, FormatNode, LogFormat};

/// Calls `each` on every expression of the proxy.
pub fn expressions(proxy: &mut Proxy, each: &mut dyn FnMut(&mut Expr)) {
    for test in proxy.acls.iter_mut().flat_map(|acl| &mut acl.tests) {
        each(&mut test.expr);
    }
    let replies = proxy.error_replies.iter_mut().map(|reply| &mut reply.rule);
    for rule in proxy.rules.iter_mut().flatten().chain(replies) {
        let options = rule.options.iter_mut().flat_map(|(_, values)| values);
        for value in rule.args.iter_mut().chain(options) {
            match value {
                ActionValue::Expr(expr) => each(expr),
                ActionValue::Fmt(format) => in_format(format, each),
                _ => {}
            }
        }
    }
    for switch in &mut proxy.switches {
        if let SwitchTarget::Dynamic(format) = &mut switch.target {
            in_format(format, each);
        }
    }
    for (target, _) in &mut proxy.use_servers {
        if let ServerTarget::Dynamic(format) = target {
            in_format(format, each);
        }
    }
    proxy.sticks.iter_mut().for_each(|stick| each(&mut stick.expr));
    in_format(&mut proxy.log_format, each);
    let others = [&mut proxy.log_format_sd, &mut proxy.error_log_format, &mut proxy.unique_id_format];
    for format in others.into_iter().flatten() {
        in_format(format, each);
    }
    if let Some(expr) = &mut proxy.balance.expr {
        each(expr);
    }
    for server in &mut proxy.servers {
        let sni = server.tls.as_mut().and_then(|tls| tls.sni.as_mut());
        sni.into_iter().chain(server.pool_conn_name.as_deref_mut()).for_each(&mut *each);
    }
}

fn in_format(format: &mut LogFormat, each: &mut dyn FnMut(&mut Expr)) {
    for node in &mut format.nodes {
        if let FormatNode::Expr { expr, .. } = node {
            each(expr);
        }
    }
}
