//! Actions on the request's target.

use ir::spec::ActionArg;
use proto::message::Head;
use state::Stream;
use state::plan::{ActionValue, Args, Outcome};

use crate::room;
use crate::row::{Action, sets};

const FMT: &[ActionArg] = &[ActionArg::Fmt];
const REPLACE: &[ActionArg] = &[ActionArg::Regex, ActionArg::Fmt];

pub const ROWS: &[Action] = &[
    Action::new("set-path", sets::REQUEST, FMT, "Replaces the path, keeps the query string", set_path),
    Action::new("set-pathq", sets::REQUEST, FMT, "Replaces the path with the query string", set_pathq),
    Action::new("set-query", sets::REQUEST, FMT, "Replaces the query string", set_query),
    Action::new("set-uri", sets::REQUEST, FMT, "Replaces the whole target", set_uri),
    Action::new("replace-path", sets::REQUEST, REPLACE, "Replaces a path that matches", replace_path),
    Action::new(
        "replace-pathq",
        sets::REQUEST,
        REPLACE,
        "Replaces a path with its query string that matches",
        replace_pathq,
    ),
    Action::new("replace-uri", sets::REQUEST, REPLACE, "Replaces a whole target that matches", replace_uri),
];

/// Puts a new part into the target; `false`: it could not.
type Put = fn(&mut Head, &[u8]) -> bool;

const PATH: Put = |head, path| {
    head.set_path(path);
    true
};
const PATH_AND_QUERY: Put = |head, path| {
    head.set_path_and_query(path);
    true
};
const QUERY: Put = |head, query| {
    head.set_query(query);
    true
};

fn set_path(stream: &mut Stream, args: &Args) -> Outcome {
    set(stream, args, PATH)
}

fn set_pathq(stream: &mut Stream, args: &Args) -> Outcome {
    set(stream, args, PATH_AND_QUERY)
}

fn set_query(stream: &mut Stream, args: &Args) -> Outcome {
    set(stream, args, QUERY)
}

fn set_uri(stream: &mut Stream, args: &Args) -> Outcome {
    set(stream, args, Head::set_uri)
}

fn set(stream: &mut Stream, args: &Args, put: Put) -> Outcome {
    stream.with_scratch(|stream, text| {
        args.write(0, stream, text);
        change(stream, text, put)
    })
}

/// Puts a new part into the target, if it fits.
fn change(stream: &mut Stream, text: &[u8], put: Put) -> Outcome {
    let fits = room::has_room(stream, text.len().saturating_sub(stream.req.target().len()));
    if fits && put(&mut stream.req, text) { Outcome::Continue } else { room::failed(stream) }
}

fn replace_path(stream: &mut Stream, args: &Args) -> Outcome {
    replace(stream, args, |stream| stream.req.path(), PATH)
}

fn replace_pathq(stream: &mut Stream, args: &Args) -> Outcome {
    replace(stream, args, |stream| stream.req.path_and_query(), PATH_AND_QUERY)
}

fn replace_uri(stream: &mut Stream, args: &Args) -> Outcome {
    replace(stream, args, |stream| Some(whole_uri(stream)), Head::set_uri)
}

/// The whole URI, also of a target whose scheme stands beside it.
fn whole_uri(stream: &Stream) -> &[u8] {
    let parts = match stream.req.uri() {
        [b"", b"", b"", target] => return target,
        parts => parts,
    };
    let len = parts.iter().map(|part| part.len()).sum();
    let mut rest = parts.into_iter().flatten();
    // As many bytes as there are.
    stream.arena.alloc_slice_fill_with(len, |_| rest.next().copied().unwrap_or_default())
}

/// Where the part matches, the expanded template takes its whole place. An empty part matches nothing.
fn replace(stream: &mut Stream, args: &Args, part: fn(&Stream) -> Option<&[u8]>, put: Put) -> Outcome {
    let Some(ActionValue::Regex(regex)) = args.values.first() else { return Outcome::Continue };
    stream.with_scratch(|stream, text| {
        args.write(1, stream, text);
        let template = stream.arena.alloc_slice_copy(text);
        text.clear();
        let old = part(stream).filter(|old| !old.is_empty());
        let hit = old.is_some_and(|old| regex.expand_match(old, template, text));
        if hit { change(stream, text, put) } else { Outcome::Continue }
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    fn check(target: &str, rule: &str, expected: &str) {
        let all = run(&format!("GET {target} HTTP/1.1\nhost: h"), rule);
        assert_eq!(all, format!("Continue\nGET {expected}\n"), "{rule} on {target}");
    }

    #[test]
    fn setting() {
        check("/a?b", "set-path /c%[path]", "/c/a?b\nhost: h");
        check("/a?b", "set-pathq /c", "/c\nhost: h");
        check("/a?b", "set-query c=d", "/a?c=d\nhost: h");
        check("/a", "set-query c=d", "/a?c=d\nhost: h");
        check("/a", "set-query ?c", "/a??c\nhost: h");
        check("/a?b", "set-query %[req.hdr(none)]", "/a?\nhost: h");
        check("/a", "set-query %[req.hdr(none)]", "/a\nhost: h");
        check("/a?b", "set-uri /c?d", "/c?d\nhost: h");
        check("/a?b", "set-uri http://u@o:81/c", "http://u@o:81/c\nhost: o:81");
        check("*", "set-query a", "*?a\nhost: h");
        check("/a", "set-uri u:1", "u:1\nhost: u:1");
        check("/a", "set-uri u?v\nset-path /p", "/p?v\nhost: u");
        check("/a", "set-uri u?v\nset-query q", "u?q\nhost: u");
    }

    #[test]
    fn replacing() {
        check("/old/x?y", r"replace-path ^/old/(.*) /new/\1", "/new/x?y\nhost: h");
        check("/bab?b", "replace-path b X", "X?b\nhost: h");
        check("/a?b", "replace-path z X", "/a?b\nhost: h");
        check("/a?b", r"replace-pathq (.*)\?(.*) \1?\2&z", "/a?b&z\nhost: h");
        check("/a?b", r"replace-uri ^/a(.*) http://n/c\1", "http://n/c?b\nhost: n");
        check("*", "replace-path .* /x", "*\nhost: h");
        check("http://h?a", "replace-path .* /x", "http://h?a\nhost: h");
    }
}
