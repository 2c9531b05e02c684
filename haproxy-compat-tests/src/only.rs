//! The line by which a case says which proxies it is true of:
//!
//! ```text
//! # only: hxproxy — the reason
//! # only: haproxy>=3.0 — the reason
//! ```
//!
//! hxproxy counts as the HAProxy version it claims, so the second form includes it.

use crate::Proxy;

/// Which proxies a case is true of, and why not of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Only {
    scope: Scope,
    /// The text behind the dash.
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Scope {
    Hxproxy,
    Since((u32, u32)),
}

impl Only {
    /// The condition in a case's text: `None` where it has no such line, an error where the line has
    /// another form or no reason.
    pub fn find(case: &str) -> Result<Option<Only>, String> {
        case.lines().find_map(|line| line.strip_prefix("# only:")).map(parse).transpose()
    }

    /// Whether the case is true of this proxy.
    pub fn allows(&self, proxy: &Proxy) -> bool {
        match self.scope {
            Scope::Hxproxy => proxy.is_hxproxy,
            Scope::Since(version) => proxy.version >= version,
        }
    }
}

fn parse(text: &str) -> Result<Only, String> {
    let malformed = || format!("`# only:{text}`: expected `hxproxy — reason` or `haproxy>=3.0 — reason`");
    let (scope, reason) = text.split_once('—').ok_or_else(malformed)?;
    let scope = match scope.trim() {
        "hxproxy" => Scope::Hxproxy,
        other => Scope::Since(other.strip_prefix("haproxy>=").and_then(version).ok_or_else(malformed)?),
    };
    let reason = reason.trim().to_owned();
    if reason.is_empty() { Err(malformed()) } else { Ok(Only { scope, reason }) }
}

fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::Only;
    use crate::Proxy;

    /// Whether a case with this text runs on haproxy 2.6, haproxy 3.5 and hxproxy.
    fn check(case: &str, expected: Result<[bool; 3], ()>) {
        let proxies = [(false, (2, 6)), (false, (3, 5)), (true, (3, 5))];
        let proxies = proxies.map(|(is_hxproxy, version)| Proxy { path: "p".into(), is_hxproxy, version });
        let allowed = Only::find(case)
            .map(|only| proxies.map(|proxy| only.as_ref().is_none_or(|only| only.allows(&proxy))))
            .map_err(drop);
        assert_eq!(allowed, expected, "{case}");
    }

    #[test]
    fn conditions() {
        check("varnishtest \"x\"\n", Ok([true, true, true]));
        check("varnishtest \"x\"\n\n# only: hxproxy — stricter\n", Ok([false, false, true]));
        check("# only: haproxy>=3.0 — new there\n", Ok([false, true, true]));
        check("# only: haproxy>=2.6 — as old as that\n", Ok([true, true, true]));
        check("# only: haproxy>=3.0\n", Err(()));
        check("# only: haproxy>=3.0 — \n", Err(()));
        check("# only: haproxy<3 — reason\n", Err(()));
        check("# only: nginx — reason\n", Err(()));
    }
}
