//! The request target: which form goes with which method, whether it agrees with `host`, and the
//! scheme-based normalisation (RFC 9110, section 4.2.3) of absolute targets.

use super::error::Reason;
use super::fields::is_authority;
use crate::message::{Head, Span};
use std::ops::Range;

/// A target that cannot be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) reason: Reason,
    /// `option accept-unsafe-violations-in-http-request` lets it pass.
    pub(super) avoidable: bool,
}

const fn refused(reason: Reason) -> Result<(), Refused> {
    Err(Refused { reason, avoidable: false })
}

const fn unsafe_violation(reason: Reason) -> Result<(), Refused> {
    Err(Refused { reason, avoidable: true })
}

/// Checks the target's form against the method and its authority against `host`.
pub(super) fn check(method: &[u8], target: &[u8], host: Option<&[u8]>) -> Result<(), Refused> {
    let connect = method == b"CONNECT";
    match target.first() {
        None => refused(Reason::Target),
        Some(b'*') if target.len() == 1 && (method == b"OPTIONS" || !is_common(method)) => Ok(()),
        Some(b'/') if !connect => Ok(()),
        Some(b'*' | b'/') => refused(Reason::Target),
        Some(_) => {
            let parts = Parts::of(target);
            if connect == parts.has_scheme() {
                return refused(Reason::Target);
            }
            let authority = &target[parts.authority.clone()];
            if !is_authority(authority) {
                return unsafe_violation(Reason::Target);
            }
            if connect {
                check_connect(authority, host)
            } else {
                check_host(&target[..parts.scheme], authority, host)
            }
        }
    }
}

/// The methods HAProxy knows by number: only of these does it know that `*` makes no sense.
fn is_common(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"HEAD" | b"POST" | b"PUT" | b"DELETE" | b"TRACE" | b"CONNECT")
}

/// CONNECT needs a port, and `host` must name the same one, or none for a default port.
fn check_connect(authority: &[u8], host: Option<&[u8]>) -> Result<(), Refused> {
    let (name, Some(port)) = split_port(authority) else { return unsafe_violation(Reason::Target) };
    if port.is_empty() {
        return unsafe_violation(Reason::Target);
    }
    let Some(host) = host else { return Ok(()) };
    let (host_name, host_port) = split_port(host);
    let same_port = match host_port {
        Some(host_port) if !host_port.is_empty() => host_port == port,
        _ => is_default_port(b"", port),
    };
    if same_port && name.eq_ignore_ascii_case(host_name) { Ok(()) } else { unsafe_violation(Reason::Host) }
}

/// The authority and `host` must be the same, but for a default port.
fn check_host(scheme: &[u8], authority: &[u8], host: Option<&[u8]>) -> Result<(), Refused> {
    let Some(host) = host else { return Ok(()) };
    if authority.eq_ignore_ascii_case(host) {
        return Ok(());
    }
    let ((name, port), (host_name, host_port)) = (split_port(authority), split_port(host));
    let same = (port.is_some() || host_port.is_some())
        && [port, host_port].into_iter().flatten().all(|port| is_default_port(scheme, port))
        && name.eq_ignore_ascii_case(host_name);
    if same { Ok(()) } else { unsafe_violation(Reason::Host) }
}

/// Name and port. The port is empty where a colon ends the authority.
fn split_port(authority: &[u8]) -> (&[u8], Option<&[u8]>) {
    let digits = authority.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let start = authority.len() - digits;
    match start.checked_sub(1) {
        Some(colon) if authority[colon] == b':' => (&authority[..colon], Some(&authority[start..])),
        _ => (authority, None),
    }
}

/// Whether `port` may be left out: 80 for `http://`, 443 for `https://`, both for no scheme.
fn is_default_port(scheme: &[u8], port: &[u8]) -> bool {
    let is = |name: &[u8]| scheme.is_empty() || scheme.eq_ignore_ascii_case(name);
    port.is_empty() || port == b"80" && is(b"http://") || port == b"443" && is(b"https://")
}

/// `authority` without a port that its scheme (`http`, `https`, in any case) implies.
pub(crate) fn without_default_port<'a>(scheme: &[u8], authority: &'a [u8]) -> &'a [u8] {
    let default: &[u8] = if scheme.eq_ignore_ascii_case(b"http") {
        b":80"
    } else if scheme.eq_ignore_ascii_case(b"https") {
        b":443"
    } else {
        return authority;
    };
    authority.strip_suffix(default).or(authority.strip_suffix(b":")).unwrap_or(authority)
}

/// Where the parts of an absolute or authority form stand.
struct Parts {
    /// Length of the scheme with `://`; 0 for none.
    scheme: usize,
    /// Host and port, without user information.
    authority: Range<usize>,
}

impl Parts {
    fn of(target: &[u8]) -> Self {
        let scheme = scheme_len(target);
        let end = target[scheme..]
            .iter()
            .position(|byte| matches!(byte, b'/' | b'?' | b'#'))
            .map_or(target.len(), |at| scheme + at);
        let start = memchr::memrchr(b'@', &target[scheme..end]).map_or(scheme, |at| scheme + at + 1);
        Self { scheme, authority: start..end }
    }

    const fn has_scheme(&self) -> bool {
        self.scheme > 0
    }
}

fn scheme_len(target: &[u8]) -> usize {
    if !target.first().is_some_and(u8::is_ascii_alphabetic) {
        return 0;
    }
    let name = target
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')))
        .unwrap_or(target.len());
    if target[name..].starts_with(b"://") { name + 3 } else { 0 }
}

/// Drops the default port of an absolute target, gives it the path `/` if it has none, and puts
/// the resulting host into `host`; for CONNECT drops the default port of `host`. All of it in
/// place: `target` is where the target stands in the head's bytes, and the byte behind it is
/// free (it was the blank).
pub(super) fn normalize(head: &mut Head, target: Range<usize>) {
    let connect = head.method() == b"CONNECT";
    let bytes = &head.bytes()[target.clone()];
    if connect {
        normalize_connect_host(head);
        return;
    }
    if matches!(bytes.first(), None | Some(b'/' | b'*')) {
        return;
    }
    let parts = Parts::of(bytes);
    let (name, port) = split_port(&bytes[parts.authority.clone()]);
    let drops_port = port.is_some_and(|port| is_default_port(&bytes[..parts.scheme], port));
    let lacks_path = parts.authority.end == bytes.len() && head.method() != b"OPTIONS";
    if !drops_port && !lacks_path {
        return;
    }
    let host_start = target.start + parts.authority.start;
    let host_end = if drops_port { host_start + name.len() } else { target.start + parts.authority.end };
    let old = target.start + parts.authority.end..target.end;
    let mut end = host_end + old.len();
    let bytes = head.bytes_mut();
    bytes.copy_within(old, host_end);
    if lacks_path {
        bytes[end] = b'/';
        end += 1;
    }
    head.set_normal_target(Span::new(target.start..end));
    for index in 0..head.field_count() {
        if head.field(index).0 == b"host" {
            head.set_value_span(index, Span::new(host_start..host_end));
        }
    }
}

fn normalize_connect_host(head: &mut Head) {
    let Some(index) = head.fields().position(|(name, _)| name == b"host") else { return };
    let (name, port) = split_port(head.field(index).1);
    if port.is_some_and(|port| !port.is_empty() && is_default_port(b"", port)) {
        let len = name.len();
        let start = head.value_range(index).start;
        head.set_value_span(index, Span::new(start..start + len));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_ports_are_left_out() {
        let check = |scheme: &str, authority: &str, expected: &str| {
            let shown = without_default_port(scheme.as_bytes(), authority.as_bytes());
            assert_eq!(shown, expected.as_bytes(), "{scheme}://{authority}");
        };
        check("http", "a:80", "a");
        check("http", "a:443", "a:443");
        check("https", "a:443", "a");
        check("https", "[::1]:443", "[::1]");
        check("https", "a:", "a");
        check("ftp", "a:80", "a:80");
        check("http", "a:8080", "a:8080");
    }

    #[test]
    fn forms_and_hosts() {
        let check = |method: &str, target: &str, host: Option<&str>, expected: bool| {
            let verdict = check(method.as_bytes(), target.as_bytes(), host.map(str::as_bytes));
            assert_eq!(verdict.is_ok(), expected, "{method} {target} {host:?}: {verdict:?}");
        };
        check("GET", "/", Some("a"), true);
        check("GET", "admin", Some("a"), false);
        check("GET", "*", Some("a"), false);
        check("OPTIONS", "*", Some("a"), true);
        check("FOO", "*", Some("a"), true);
        check("OPTIONS", "**", Some("a"), false);
        check("GET", "http://a/", Some("b"), false);
        check("GET", "http://a/", Some("A"), true);
        check("GET", "http://a:80/", Some("a"), true);
        check("GET", "http://a:81/", Some("a"), false);
        check("GET", "http://a:80/", Some("a:81"), false);
        check("GET", "http://a/", Some("a:"), true);
        check("GET", "http://a/", Some("a:80"), true);
        check("GET", "http://u@a/", Some("a"), true);
        check("GET", "https://a:443/", Some("a"), true);
        check("GET", "https://a:80/", Some("a"), false);
        check("GET", "http://a,b/", None, false);
        check("GET", "http:///x", Some("a"), false);
        check("GET", "http:///x", Some(""), true);
        check("GET", "http://a:", Some("a"), true);
        check("GET", "a:80", None, false);
        check("GET", "http://[::1]:80/", Some("[::1]"), true);
        check("GET", "http:/a", Some("a"), false);
        check("GET", "1http://a", Some("a"), false);
        check("CONNECT", "a", Some("a"), false);
        check("CONNECT", "a:", None, false);
        check("CONNECT", "a:80", Some("a"), true);
        check("CONNECT", "a:81", Some("a"), false);
        check("CONNECT", "A:81", Some("a:81"), true);
        check("CONNECT", "a:81", Some("a:82"), false);
        check("CONNECT", "a:81", None, true);
        check("CONNECT", "/", None, false);
        check("CONNECT", "*", None, false);
        check("CONNECT", "http://a:80/", None, false);
        check("CONNECT", "a:80/x", None, true);
        check("CONNECT", "u@a:80", None, true);
    }
}
