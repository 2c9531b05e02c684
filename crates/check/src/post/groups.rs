//! ACLs of `http_auth_group`: their patterns are groups of the userlist.

use diag::Diagnostic;
use ir::expr::{Acl, AclTest, Arg};

use crate::context::Context;
use crate::draft::Draft;

pub fn check(c: &mut Context<'_>, draft: &Draft) {
    let Some((fetch, _)) = c.registry.fetch(b"http_auth_group") else { return };
    for acl in &draft.proxy.acls {
        for test in acl.tests.iter().filter(|test| test.expr.fetch == fetch) {
            one(c, draft, acl, test);
        }
    }
}

fn one(c: &mut Context<'_>, draft: &Draft, acl: &Acl, test: &AclTest) {
    let Some(Arg::Userlist(list)) = test.expr.args.first() else { return };
    let Some(list) = c.config.userlists.get(list.index()) else { return };
    let Some(patterns) = c.config.pattern_lists.get(test.list.index()) else { return };
    let patterns = &patterns.patterns;
    let unknown = patterns.iter().filter(|group| !list.groups.contains(group));
    let mut wrong: Vec<String> =
        unknown.map(|group| format!("invalid group '{}'.", String::from_utf8_lossy(group))).collect();
    if patterns.is_empty() && test.files.is_empty() {
        wrong.push("no groups specified.".to_owned());
    }
    for what in wrong {
        let name = String::from_utf8_lossy(&acl.name);
        let text = format!("proxy {}: acl {name} http_auth_group(): {what}", draft.name());
        c.push(Diagnostic::post_error("unknown-name", text).pointing(draft.header));
    }
}
