//! `balance hdr(name)`: a request header leads to the same server.

use crate::stream::Stream;

pub(super) fn key<'a>(name: &'a [u8], domain_only: bool, stream: &'a Stream) -> Option<&'a [u8]> {
    let field = stream.req.get(name)?;
    // The first value of a list.
    let value = field.split(|b| *b == b',').next()?.trim_ascii();
    if value.is_empty() {
        return None;
    }
    Some(if domain_only { domain(value) } else { value })
}

/// The name between the last two dots: `example` of `www.example.com`.
fn domain(host: &[u8]) -> &[u8] {
    match host.iter().rposition(|b| *b == b'.') {
        Some(end) => host[..end].rsplit(|b| *b == b'.').next().unwrap_or(b""),
        None => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains() {
        let check = |host: &str, expected: &str| assert_eq!(domain(host.as_bytes()), expected.as_bytes());
        check("www.example.com", "example");
        check("example.com", "example");
        check("localhost", "");
    }
}
