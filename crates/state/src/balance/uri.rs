//! `balance uri`: the left part of the URI, or all of it, leads to the same server.

use crate::stream::Stream;

/// Which part of the URI is hashed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// The query string too.
    whole: bool,
    /// Without scheme and authority.
    path_only: bool,
    len: Option<usize>,
    /// Up to the slash after this many directories.
    depth: Option<usize>,
}

impl Part {
    pub fn new(args: &[&[u8]]) -> Self {
        let number = |name: &[u8]| {
            let at = args.iter().position(|arg| *arg == name)?;
            usize::try_from(base::bytes::parse_u64(args.get(at + 1)?)?).ok()
        };
        Self {
            whole: args.contains(&&b"whole"[..]),
            path_only: args.contains(&&b"path-only"[..]),
            len: number(b"len"),
            depth: number(b"depth"),
        }
    }

    fn cut<'a>(&self, uri: &'a [u8]) -> &'a [u8] {
        let uri = &uri[..self.len.map_or(uri.len(), |len| len.min(uri.len()))];
        let mut slashes = 0;
        let is_end = |byte: &u8| {
            slashes += usize::from(*byte == b'/');
            (*byte == b'/' && self.depth.is_some_and(|depth| slashes == depth + 1))
                || (*byte == b'?' && !self.whole)
        };
        let end = uri.iter().position(is_end);
        &uri[..end.unwrap_or(uri.len())]
    }
}

pub(super) fn key<'a>(part: &Part, stream: &'a Stream) -> Option<&'a [u8]> {
    let uri = if part.path_only { stream.req.path_and_query()? } else { stream.req.target() };
    (!uri.is_empty()).then(|| part.cut(uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let check = |args: &[&str], uri: &str, expected: &str| {
            let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
            assert_eq!(Part::new(&args).cut(uri.as_bytes()), expected.as_bytes(), "{args:?} {uri}");
        };
        check(&[], "/a/b?c", "/a/b");
        check(&["whole"], "/a/b?c", "/a/b?c");
        check(&["len", "3"], "/a/b?c", "/a/");
        check(&["depth", "1"], "/a/b/c?d", "/a");
        check(&["depth", "2", "whole"], "/a/b/c?d", "/a/b");
        check(&["depth", "9"], "/a?b", "/a");
    }
}
