//! `balance url_param`: a parameter of the query string leads to the same server. Left out:
//! `check_post`, a parameter of the body.

use crate::stream::Stream;

pub(super) fn hash(name: &[u8], stream: &Stream) -> Option<u32> {
    value(stream.req.query()?, name).map(base::hash::sdbm)
}

fn value<'a>(query: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    query.split(|b| *b == b'&').find_map(|param| param.strip_prefix(name)?.strip_prefix(b"="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let check = |query: &str, expected: Option<&str>| {
            assert_eq!(value(query.as_bytes(), b"id"), expected.map(str::as_bytes), "{query}");
        };
        check("id=7", Some("7"));
        check("a=b&id=&c", Some(""));
        check("idx=7&xid=8", None);
        check("id", None);
    }
}
