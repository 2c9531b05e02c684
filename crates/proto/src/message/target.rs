//! The parts of a request's target, and their edits: what HAProxy finds in each of its forms, in those
//! that only rules make too. What clients may send is judged in `h1::target`.

use std::ops::Range;

use super::{Head, Span};

impl Head {
    /// Where the path stands inside the target, up to the query.
    fn path_range(&self) -> Option<Range<usize>> {
        let target = self.target();
        let start = path_start(target)?;
        Some(start..question_mark(target, start))
    }

    /// The path without the query string, or `None` where the target has none.
    pub fn path(&self) -> Option<&[u8]> {
        Some(&self.target()[self.path_range()?])
    }

    /// The path with the query string.
    pub fn path_and_query(&self) -> Option<&[u8]> {
        path_and_query(self.target())
    }

    /// The query string behind `?`, which may be empty; `None` where there is no `?`. A target
    /// without a path may have one.
    pub fn query(&self) -> Option<&[u8]> {
        let target = self.target();
        target.get(question_mark(target, 0) + 1..)
    }

    /// The whole URI in parts: scheme, `://`, host and path where the scheme stands beside the target, else the
    /// target alone. The asterisk form has no path.
    pub fn uri(&self) -> [&[u8]; 4] {
        let target = self.target();
        if self.scheme.is_empty() {
            return [b"", b"", b"", target];
        }
        let host = self.get_all(b"host").next().unwrap_or_default();
        [self.slice(self.scheme), b"://", host, if target == b"*" { b"" } else { target }]
    }

    /// Makes the path the target, whose scheme stands beside it from now on.
    pub fn set_apart(&mut self, path: &[u8]) {
        let start = self.target.range().start;
        let scheme = base::bytes::find(self.target(), b"://").unwrap_or(0);
        self.scheme = Span::new(start..start + scheme);
        self.set_target(path);
    }

    /// Makes a target whose scheme stands beside it fit to be sent: what a rule left in front of its first slash
    /// counts to the authority, as in HAProxy, and no path is the root, or an asterisk where OPTIONS asks.
    pub fn mend_target(&mut self) {
        if self.scheme.is_empty() || self.target().first() == Some(&b'/') {
            return;
        }
        let target = self.target.range();
        match self.target().iter().position(|byte| b"/?#".contains(byte)) {
            Some(start) => self.target = Span::new(target.start + start..target.end),
            None if self.method() == b"OPTIONS" => self.set_target(b"*"),
            None => self.set_target(b"/"),
        }
    }

    /// Replaces the path and keeps scheme, authority and query. In a target without a path all that
    /// stands before the query is replaced.
    pub fn set_path(&mut self, path: &[u8]) {
        let old = self.path_range().unwrap_or_else(|| 0..question_mark(self.target(), 0));
        self.splice_target(old, path);
    }

    /// Replaces path and query and keeps scheme and authority. A target without a path is replaced
    /// whole.
    pub fn set_path_and_query(&mut self, path: &[u8]) {
        let start = path_start(self.target()).unwrap_or(0);
        self.splice_target(start..self.target().len(), path);
    }

    /// Replaces the query string. A question mark that is there stays, even before nothing.
    pub fn set_query(&mut self, query: &[u8]) {
        let target = self.target();
        let (mark, end) = (question_mark(target, 0), target.len());
        if mark < end {
            self.splice_target(mark + 1..end, query);
        } else if !query.is_empty() {
            self.splice_target(end..end, b"?");
            self.splice_target(end + 1..end + 1, query);
        }
    }

    /// Replaces the whole target. Where the new one has an authority, that is the host of all `host`
    /// fields, too. `false`: its authority is empty.
    pub fn set_uri(&mut self, uri: &[u8]) -> bool {
        self.set_target(uri);
        self.scheme = Span::default();
        let Some(authority) = authority(uri) else { return true };
        let host = if self.method() == b"CONNECT" { uri } else { &uri[authority] };
        for index in 0..self.field_count() {
            if !host.is_empty() && self.field(index).0 == b"host" {
                self.replace_value(index, host);
            }
        }
        !host.is_empty()
    }

    /// Puts a new `host` into a target that has an authority. `false`: its authority is empty.
    pub fn set_authority(&mut self, host: &[u8]) -> bool {
        match authority(self.target()) {
            Some(old) if old.is_empty() => false,
            Some(old) if self.target()[old.clone()] != *host => {
                self.splice_target(old, host);
                true
            }
            _ => true,
        }
    }

    /// Writes the target anew behind the buffer with `with` in place of `old`.
    fn splice_target(&mut self, old: Range<usize>, with: &[u8]) {
        let whole = self.target.range();
        let at = self.bytes.len();
        self.bytes.extend_from_within(whole.start..whole.start + old.start);
        self.bytes.extend_from_slice(with);
        self.bytes.extend_from_within(whole.start + old.end..whole.end);
        self.target = Span::new(at..self.bytes.len());
    }
}

/// Where the first question mark from `start` on stands, or the end.
fn question_mark(target: &[u8], start: usize) -> usize {
    memchr::memchr(b'?', &target[start..]).map_or(target.len(), |at| start + at)
}

/// Where the authority of a target begins: behind the scheme of an absolute form, if it has one.
/// `None` for what has no authority.
fn authority_start(target: &[u8]) -> Option<usize> {
    let in_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    match target.first()? {
        b'/' | b'*' => None,
        first if first.is_ascii_alphabetic() => {
            let scheme = target.iter().take_while(|byte| in_scheme(byte)).count();
            Some(if target[scheme..].starts_with(b"://") { scheme + 3 } else { 0 })
        }
        _ => Some(0),
    }
}

/// Where the authority ends that begins at `start`.
fn authority_end(target: &[u8], start: usize) -> usize {
    memchr::memchr3(b'/', b'?', b'#', &target[start..]).map_or(target.len(), |at| start + at)
}

/// The host and the port of an absolute form, or of a target that is nothing else.
fn authority(target: &[u8]) -> Option<Range<usize>> {
    let start = authority_start(target)?;
    let end = authority_end(target, start);
    let user = memchr::memrchr(b'@', &target[start..end]).map_or(0, |at| at + 1);
    Some(start + user..end)
}

/// Where the path of a target begins, behind scheme and authority; it is empty where a query
/// follows those at once. `None` for `*` and for an authority form.
fn path_start(target: &[u8]) -> Option<usize> {
    if target.first()? == &b'/' {
        return Some(0);
    }
    let start = authority_start(target).filter(|start| *start > 0)?;
    Some(authority_end(target, start)).filter(|end| *end < target.len())
}

/// The path with the query string of a target; see [`Head::path_and_query`].
pub fn path_and_query(target: &[u8]) -> Option<&[u8]> {
    path_start(target).map(|start| &target[start..])
}

#[cfg(test)]
mod tests {
    use super::super::{Head, Version};

    fn request(target: &str) -> Head {
        let mut head = Head::default();
        head.start_request(b"GET", target.as_bytes(), Version::Http11);
        head.add(b"host", b"old");
        head
    }

    #[test]
    fn parts() {
        let check = |target: &str, path: Option<&str>, query: Option<&str>| {
            let head = request(target);
            assert_eq!(head.path(), path.map(str::as_bytes), "path of {target}");
            assert_eq!(head.query(), query.map(str::as_bytes), "query of {target}");
        };
        check("/", Some("/"), None);
        check("/a/b?c=d", Some("/a/b"), Some("c=d"));
        check("/a?", Some("/a"), Some(""));
        check("/a#f?b", Some("/a#f"), Some("b"));
        check("http://h:80/x?y", Some("/x"), Some("y"));
        check("http://h?y", Some(""), Some("y"));
        check("x-y+z://k/l?m", Some("/l"), Some("m"));
        check("http://h", None, None);
        check("*", None, None);
        check("*?a", None, Some("a"));
        check("h:443", None, None);
        check("h/x?y", None, Some("y"));
        check("://h/x", None, None);
        check("?y", None, Some("y"));
        check("", None, None);
    }

    #[test]
    fn edits() {
        let check = |target: &str, edit: fn(&mut Head), expected: &str| {
            let mut head = request(target);
            edit(&mut head);
            assert_eq!(head.target(), expected.as_bytes(), "{target}");
        };
        check("/a?q", |h| h.set_path(b"/longer"), "/longer?q");
        check("http://h/a?q", |h| h.set_path(b"/b"), "http://h/b?q");
        check("u?v", |h| h.set_path(b"/b"), "/b?v");
        check("*", |h| h.set_path(b"/b"), "/b");
        check("http://h/a?q", |h| h.set_path_and_query(b"/b"), "http://h/b");
        check("u?v", |h| h.set_path_and_query(b"/b"), "/b");
        check("/a", |h| h.set_query(b"x=1"), "/a?x=1");
        check("/a", |h| h.set_query(b""), "/a");
        check("/a?b", |h| h.set_query(b"?c"), "/a??c");
        check("/a?b", |h| h.set_query(b""), "/a?");
        check("u?v", |h| h.set_query(b"c"), "u?c");
        check("", |h| h.set_query(b"c"), "?c");
    }

    #[test]
    fn beside_scheme_and_host() {
        let check = |method: &str, target: &str, uri: &str, mended: &str| {
            let mut head = Head::default();
            head.start_absolute(method.as_bytes(), [b"https", b"://", b"h", b"/"], Version::Http2);
            head.set_apart(target.as_bytes());
            head.add(b"host", b"h");
            assert_eq!(String::from_utf8_lossy(&head.uri().concat()), uri, "{target}");
            head.mend_target();
            assert_eq!(head.target(), mended.as_bytes(), "{method} {target}");
        };
        check("GET", "/a?b", "https://h/a?b", "/a?b");
        check("GET", "a/b", "https://ha/b", "/b");
        check("GET", "a?b", "https://ha?b", "?b");
        check("GET", "", "https://h", "/");
        check("GET", "*", "https://h", "/");
        check("OPTIONS", "", "https://h", "*");
        check("OPTIONS", "*", "https://h", "*");
        let mut head = request("a/b");
        head.mend_target();
        assert_eq!((head.target(), head.uri().concat()), (&b"a/b"[..], b"a/b".to_vec()));
    }

    #[test]
    fn hosts() {
        let of_uri = |method: &[u8], uri: &str, expected: Option<&str>| {
            let mut head = request("/");
            head.set_method(method);
            assert_eq!(head.set_uri(uri.as_bytes()), expected.is_some(), "{uri}");
            assert_eq!(head.get(b"host"), Some(expected.unwrap_or("old").as_bytes()), "{uri}");
        };
        of_uri(b"GET", "/a", Some("old"));
        of_uri(b"GET", "", Some("old"));
        of_uri(b"GET", "http://u@o:81/c", Some("o:81"));
        of_uri(b"GET", "u?v", Some("u"));
        of_uri(b"GET", "?v", None);
        of_uri(b"GET", "http:///", None);
        of_uri(b"CONNECT", "u?v", Some("u?v"));
        let of_host = |target: &str, expected: Option<&str>| {
            let mut head = request(target);
            assert_eq!(head.set_authority(b"new"), expected.is_some(), "{target}");
            assert_eq!(head.target(), expected.unwrap_or(target).as_bytes());
        };
        of_host("/a", Some("/a"));
        of_host("*", Some("*"));
        of_host("http://u@h:80/a?b", Some("http://u@new/a?b"));
        of_host("h:80", Some("new"));
        of_host("http:///a", None);
    }
}
