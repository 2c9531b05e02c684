//! `balance url_param`: a parameter of the query string leads to the same server, or one of the body
//! of a POST, as far as that is there.

use crate::stream::Stream;

pub(super) fn key<'a>(name: &[u8], stream: &'a Stream) -> Option<&'a [u8]> {
    let of_query = stream.req.query().and_then(|query| value(query, name));
    let body = (stream.req.method() == b"POST").then_some(&*stream.req_body.bytes);
    of_query.or_else(|| value(body?, name))
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
