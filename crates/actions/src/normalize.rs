//! `normalize-uri` (manual, section 4.4): rewrites the request's target in a normal form.

use ir::spec::{ActionArg, ActionOption};
use state::Stream;
use state::plan::{Args, Outcome};

use crate::row::{Action, sets};

const OPTIONS: &[ActionOption] = &[ActionOption::new("full", &[]), ActionOption::new("strict", &[])];
const FULL: usize = 0;
const STRICT: usize = 1;

pub const ROWS: &[Action] = &[Action::new(
    "normalize-uri",
    sets::REQUEST,
    &[ActionArg::Str],
    "Rewrites the target in a normal form",
    normalize_uri,
)
.options(OPTIONS)];

fn normalize_uri(stream: &mut Stream, args: &Args) -> Outcome {
    let strict = args.option(STRICT).is_some();
    stream.with_scratch(|stream, out| {
        let (Some(path), Some(whole)) = (stream.req.path(), stream.req.path_and_query()) else {
            return Outcome::Continue;
        };
        let rest = &whole[path.len()..];
        let mut valid = true;
        match args.str(0) {
            b"fragment-strip" => out.extend_from_slice(until(whole, b'#')),
            b"fragment-encode" => encode_fragment(whole, out),
            b"percent-to-uppercase" => valid = percents(whole, strict, out, to_uppercase),
            b"percent-decode-unreserved" => valid = percents(whole, strict, out, decode_unreserved),
            b"query-sort-by-name" => sort_query(whole, out),
            of_path => {
                match of_path {
                    // Only a rooted path has segments.
                    b"path-strip-dot" | b"path-strip-dotdot" if !path.starts_with(b"/") => {
                        out.extend_from_slice(path)
                    }
                    b"path-merge-slashes" => merge_slashes(path, out),
                    b"path-strip-dot" => strip_dot(path, out),
                    b"path-strip-dotdot" => strip_dotdot(path, args.option(FULL).is_some(), out),
                    _ => out.extend_from_slice(path),
                }
                out.extend_from_slice(rest);
            }
        }
        if !valid {
            return Outcome::Deny(400);
        }
        if *out != whole {
            stream.req.set_path_and_query(out);
        }
        Outcome::Continue
    })
}

fn until(text: &[u8], end: u8) -> &[u8] {
    &text[..memchr::memchr(end, text).unwrap_or(text.len())]
}

fn encode_fragment(text: &[u8], out: &mut Vec<u8>) {
    for (index, part) in text.split(|byte| *byte == b'#').enumerate() {
        if index > 0 {
            out.extend_from_slice(b"%23");
        }
        out.extend_from_slice(part);
    }
}

/// Gives the two digits of each escape to `write`. `false`: one is invalid, and that counts.
fn percents(text: &[u8], strict: bool, out: &mut Vec<u8>, write: fn([u8; 2], &mut Vec<u8>)) -> bool {
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match after {
            _ if *first != b'%' => out.push(*first),
            [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                write([*high, *low], out);
                rest = after;
            }
            _ if strict => return false,
            _ => out.push(b'%'),
        }
    }
    true
}

fn to_uppercase(pair: [u8; 2], out: &mut Vec<u8>) {
    out.extend([b'%', pair[0].to_ascii_uppercase(), pair[1].to_ascii_uppercase()]);
}

/// The unreserved characters of RFC 3986, section 2.3.
fn decode_unreserved(pair: [u8; 2], out: &mut Vec<u8>) {
    let digit = |byte| base::bytes::hex_digit(byte).unwrap_or(0);
    let byte = digit(pair[0]) << 4 | digit(pair[1]);
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        out.push(byte);
    } else {
        out.extend([b'%', pair[0], pair[1]]);
    }
}

fn merge_slashes(path: &[u8], out: &mut Vec<u8>) {
    for byte in path {
        if *byte != b'/' || out.last() != Some(&b'/') {
            out.push(*byte);
        }
    }
}

/// The segments behind the first slash, each with whether it is the last one.
fn segments(path: &[u8]) -> impl Iterator<Item = (&[u8], bool)> {
    let mut segments = path.strip_prefix(b"/").unwrap_or(path).split(|byte| *byte == b'/').peekable();
    std::iter::from_fn(move || segments.next().map(|segment| (segment, segments.peek().is_none())))
}

fn strip_dot(path: &[u8], out: &mut Vec<u8>) {
    out.push(b'/');
    for (segment, last) in segments(path) {
        if segment != b"." {
            out.extend_from_slice(segment);
            if !last {
                out.push(b'/');
            }
        }
    }
}

/// Takes each `..` away with the segment before it; `full` also those that have none.
fn strip_dotdot(path: &[u8], full: bool, out: &mut Vec<u8>) {
    out.push(b'/');
    for (segment, last) in segments(path) {
        if segment != b".." {
            out.extend_from_slice(segment);
        } else if out.len() > 1 && !out.ends_with(b"/../") {
            out.pop();
            while out.last().is_some_and(|byte| *byte != b'/') {
                out.pop();
            }
            continue;
        } else if full {
            continue;
        } else {
            out.extend_from_slice(b"../");
            continue;
        }
        if !last {
            out.push(b'/');
        }
    }
}

/// By the parameters' names; those of the same name keep their order.
fn sort_query(whole: &[u8], out: &mut Vec<u8>) {
    let Some(start) = memchr::memchr(b'?', whole).map(|at| at + 1) else {
        return out.extend_from_slice(whole);
    };
    let query = &whole[start..];
    // An end without a parameter is dropped.
    let listed = query.strip_suffix(b"&").unwrap_or(query);
    let mut params: Vec<&[u8]> = listed.split(|byte| *byte == b'&').collect();
    params.sort_by_key(|param| until(param, b'='));
    out.extend_from_slice(&whole[..start]);
    for (index, param) in params.into_iter().enumerate() {
        if index > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(param);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    fn check(normalizer: &str, cases: &[(&str, &str)]) {
        for (target, expected) in cases {
            let outcome = run(&format!("GET {target} HTTP/1.1"), &format!("normalize-uri {normalizer}"));
            let expected = match *expected {
                "400" => format!("Deny(400)\nGET {target}\n"),
                expected => format!("Continue\nGET {expected}\n"),
            };
            assert_eq!(outcome, expected, "{normalizer} on {target}");
        }
    }

    #[test]
    fn fragments() {
        check("fragment-encode", &[("/#foo", "/%23foo"), ("/a?b#c#d", "/a?b%23c%23d"), ("/a", "/a")]);
        check("fragment-strip", &[("/#foo", "/"), ("/a?b#c#d", "/a?b"), ("/a", "/a")]);
    }

    #[test]
    fn paths() {
        check("path-merge-slashes", &[("//", "/"), ("/foo//bar", "/foo/bar"), ("///a?//", "/a?//")]);
        check(
            "path-strip-dot",
            &[
                ("/.", "/"),
                ("/./bar/", "/bar/"),
                ("/a/./a", "/a/a"),
                ("/a/.", "/a/"),
                ("/.well-known/", "/.well-known/"),
                ("/a.?/./", "/a.?/./"),
                ("http://h?a", "http://h?a"),
            ],
        );
        check(
            "path-strip-dotdot",
            &[
                ("/foo/../", "/"),
                ("/foo/../bar/", "/bar/"),
                ("/foo/bar/../", "/foo/"),
                ("/foo/bar/..", "/foo/"),
                ("/../bar/", "/../bar/"),
                ("/bar/../../", "/../"),
                ("/..", "/../"),
                ("/foo//../", "/foo/"),
                ("/../../x", "/../../x"),
                ("/a../..b/", "/a../..b/"),
                ("/foo/%2E%2E/", "/foo/%2E%2E/"),
            ],
        );
        check(
            "path-strip-dotdot full",
            &[
                ("/../bar/", "/bar/"),
                ("/bar/../../", "/"),
                ("/../../a/../..", "/"),
                ("/foo/../bar/", "/bar/"),
            ],
        );
    }

    #[test]
    fn escapes() {
        check(
            "percent-decode-unreserved",
            &[
                ("/%61dmin", "/admin"),
                ("/foo%3Fbar=baz", "/foo%3Fbar=baz"),
                ("/%%36%36", "/%66"),
                ("/%ZZ?%7e", "/%ZZ?~"),
                ("/%6", "/%6"),
            ],
        );
        check(
            "percent-decode-unreserved strict",
            &[("/%%36%36", "400"), ("/%ZZ", "400"), ("/%6", "400"), ("/%61", "/a")],
        );
        check("percent-to-uppercase", &[("/%6f", "/%6F"), ("/%zz", "/%zz"), ("/a%aB?%ff", "/a%AB?%FF")]);
        check("percent-to-uppercase strict", &[("/%zz", "400"), ("/%6f", "/%6F")]);
    }

    #[test]
    fn queries() {
        check(
            "query-sort-by-name",
            &[
                ("/?c=3&a=1&b=2", "/?a=1&b=2&c=3"),
                ("/?aaa=3&a=1&aa=2", "/?a=1&aa=2&aaa=3"),
                ("/?a=3&b=4&a=1&b=5&a=2", "/?a=3&a=1&a=2&b=4&b=5"),
                ("/?b&aa", "/?aa&b"),
                ("/?b&a&", "/?a&b"),
                ("/?b&&a&&", "/?&&a&b"),
                ("/x", "/x"),
            ],
        );
    }
}
